/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: what is written, what is owed when the disk is full, one file after another. */
#include "operations/audit.h"

#include "audit_folder.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Bytes that the disk has for a file; 0: as many as there are. */
static off_t disk_size;

/* Stands before libc's. */
int fallocate(int file, int mode, off_t offset, off_t length)
{
	(void)file;
	(void)mode;
	if (!disk_size || offset + length <= disk_size)
		return 0;
	errno = ENOSPC;
	return -1;
}

struct told {
	struct audit_record record; /* first */
	sem_t waiting;
	enum audit_outcome outcome;
	unsigned times;
};

static void on_told(struct audit_record *record, enum audit_outcome outcome)
{
	struct told *told = (struct told *)record;

	told->outcome = outcome;
	told->times++;
	sem_post(&told->waiting);
}

static enum audit_outcome append(struct audit *audit, struct told *told, enum audit_event event)
{
	told->record.event = event;
	told->record.identity = "an\"na\n";
	told->record.peer = "unix:";
	told->record.service = "a.B";
	told->record.method = "C";
	told->record.status = "OK";
	told->record.told = on_told;
	audit_append(audit, &told->record);
	sem_wait(&told->waiting);
	return told->outcome;
}

static void lines_are_chained(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct told told = { .times = 0 };
	char text[4096];

	(void)state;
	sem_init(&told.waiting, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct audit *audit = audit_open(path, "1", 0, &err);

		assert_non_null(audit);
		assert_int_equal(audit_line_count(audit), 4 * i + 1);
		assert_null(audit_open(path, "1", 0, &err)); /* held by one */
		assert_int_equal(append(audit, &told, AUDIT_BEGIN), AUDIT_WRITTEN);
		assert_int_equal(told.record.call, 4 * i + 2);
		assert_int_equal(append(audit, &told, AUDIT_END), AUDIT_WRITTEN);
		audit_close(audit);
		assert_int_equal(chain_check(), 4 * i + 4);
	}
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "\"identity\":\"an\\\"na\\u000a\""));
	audit_close(NULL);
}

static void a_full_disk(void **state)
{
	struct rlimit before, small;
	struct error err = { ERROR_NONE, "" };
	struct told first = { .times = 0 }, second = { .times = 0 }, third = { .times = 0 };
	struct audit *audit = audit_open(path, "1", 0, &err);
	char text[4096];

	(void)state;
	assert_non_null(audit);
	sem_init(&first.waiting, 0, 0);
	sem_init(&second.waiting, 0, 0);
	sem_init(&third.waiting, 0, 0);
	assert_int_equal(append(audit, &first, AUDIT_BEGIN), AUDIT_WRITTEN);
	(void)signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = read_log(text, sizeof(text)) + 10;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(append(audit, &second, AUDIT_BEGIN), AUDIT_FAILED);
	/* The end is owed, and told once. */
	assert_int_equal(append(audit, &first, AUDIT_END), AUDIT_FAILED);
	assert_int_equal(append(audit, &second, AUDIT_BEGIN), AUDIT_FAILED);
	assert_int_equal(first.times, 2);
	assert_int_equal(chain_check(), 2);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(append(audit, &second, AUDIT_BEGIN), AUDIT_WRITTEN);
	assert_int_equal(first.outcome, AUDIT_WRITTEN);
	assert_int_equal(first.times, 3);
	assert_int_equal(append(audit, &second, AUDIT_END), AUDIT_WRITTEN);
	audit_close(audit);
	assert_int_equal(chain_check(), 6);
	/* Owed until the end: lost, and told so. */
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	assert_int_equal(append(audit, &third, AUDIT_BEGIN), AUDIT_WRITTEN);
	small.rlim_cur = read_log(text, sizeof(text)) + 10;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(append(audit, &third, AUDIT_END), AUDIT_FAILED);
	audit_close(audit);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(third.outcome, AUDIT_LOST);
	assert_int_equal(chain_check(), 8);
}

/* Who is refused all day takes nothing of the room for the ends of what has begun. */
static void refusals_on_a_full_disk(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct told first = { .times = 0 }, refused = { .times = 0 };
	struct audit *audit = audit_open(path, "1", 0, &err);
	unsigned written = 0;
	struct stat stat_now;

	(void)state;
	assert_non_null(audit);
	sem_init(&first.waiting, 0, 0);
	sem_init(&refused.waiting, 0, 0);
	disk_size = 64 << 10;
	assert_int_equal(append(audit, &first, AUDIT_BEGIN), AUDIT_WRITTEN);
	while (written < 400 && append(audit, &refused, AUDIT_REFUSED) == AUDIT_WRITTEN)
		written++;
	assert_in_range(written, 50, 399);
	assert_int_equal(append(audit, &first, AUDIT_END), AUDIT_WRITTEN);
	assert_int_equal(stat(path, &stat_now), 0);
	assert_true(stat_now.st_size <= disk_size);
	disk_size = 0;
	audit_close(audit);
	assert_int_equal(chain_check(), written + 4);
}

static void put(const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (long)strlen(text));
	close(file);
}

static void what_a_log_ends_with(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct audit *audit;
	struct stat stat_now;
	char text[4096];

	(void)state;
	/* Torn in its first line. */
	put("{\"seq\":1,\"ti");
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
	assert_int_equal(chain_check(), 3);
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "\"file\":\"audit.log.torn-1\",\"bytes\":12,"));
	/* Zeros that a machine without power left. */
	assert_int_equal(stat(path, &stat_now), 0);
	assert_int_equal(truncate(path, stat_now.st_size + 20000), 0);
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
	assert_int_equal(chain_check(), 6);
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "\"file\":\"audit.log.torn-4\",\"bytes\":20000,"));
	put("something else\n");
	assert_null(audit_open(path, "1", 0, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(audit_open("/dev/null", "1", 0, &err));
	assert_null(audit_open("/nowhere/audit.log", "1", 0, &err));
	/* A key that others may read, or that is none. */
	unlink(path);
	assert_int_equal(chmod(key, 0644), 0);
	assert_null(audit_open(path, "1", 0, &err));
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(truncate(key, 5), 0);
	assert_null(audit_open(path, "1", 0, &err));
}

static void requests_are_keyed(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct audit *audit = audit_open(path, "1", 0, &err);
	unsigned char hashes[4][AUDIT_HASH_SIZE];
	static const char *const parts[][2] = { { "ab", "c" }, { "a", "bc" }, { "ab", "c" } };
	struct audit_hash *hash;

	(void)state;
	assert_non_null(audit);
	for (size_t i = 0; i < 3; i++) {
		hash = audit_hash_new(audit);
		assert_non_null(hash);
		for (size_t j = 0; j < 2; j++)
			audit_hash_add(hash, slice_from(parts[i][j]));
		audit_hash_end(hash, hashes[i]);
	}
	assert_memory_equal(hashes[0], hashes[2], AUDIT_HASH_SIZE);
	assert_memory_not_equal(hashes[0], hashes[1], AUDIT_HASH_SIZE);
	/* The key is kept: the same after a restart; another service has another. */
	audit_close(audit);
	for (size_t i = 0; i < 2; i++) {
		audit = audit_open(path, "1", 0, &err);
		hash = audit_hash_new(audit);
		audit_hash_add(hash, slice_from("ab"));
		audit_hash_add(hash, slice_from("c"));
		audit_hash_end(hash, hashes[3]);
		audit_close(audit);
		if (i == 0)
			assert_memory_equal(hashes[0], hashes[3], AUDIT_HASH_SIZE);
		else
			assert_memory_not_equal(hashes[0], hashes[3], AUDIT_HASH_SIZE);
		unlink(key);
	}
}

/* --- one file after another ------------------------------------------------------------------ */

static size_t count_older(void)
{
	char pattern[80];
	glob_t found;
	size_t count;

	(void)snprintf(pattern, sizeof(pattern), "%s.0*", path);
	count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return count;
}

static void files_follow_each_other(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct told told = { .times = 0 };
	char former[100], fresh_path[100], moved[100], text[4096];
	struct audit *audit;
	unsigned lines = 0;
	size_t older;

	(void)state;
	sem_init(&told.waiting, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		audit = audit_open(path, "1", 3000, &err);
		assert_non_null(audit);
		for (unsigned j = 0; j < 20; j++) {
			assert_int_equal(append(audit, &told, AUDIT_BEGIN), AUDIT_WRITTEN);
			assert_int_equal(append(audit, &told, AUDIT_END), AUDIT_WRITTEN);
		}
		audit_close(audit);
		older = count_older();
		lines += 42;
		assert_int_equal(chain_check(), lines + older);
	}
	assert_in_range(older, 6, 20);
	(void)snprintf(former, sizeof(former), "%s.000000000001", path);
	assert_in_range(read_file(former, text, sizeof(text)), 3000, 3999);
	/* The machine stopped when the full file had both names. */
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
	read_file(path, text, sizeof(text));
	(void)snprintf(former, sizeof(former), "%s.%012lu", path,
			strtoul(text + strlen("{\"seq\":"), NULL, 10));
	assert_int_equal(link(path, former), 0);
	(void)snprintf(fresh_path, sizeof(fresh_path), "%s.new", path);
	write_bytes(fresh_path, "{\"seq", 5);
	audit = audit_open(path, "1", 3000, &err);
	assert_non_null(audit);
	assert_int_equal(access(former, F_OK), -1);
	audit_close(audit);
	chain_check();
	/* One that cannot be put away grows on, and nothing is lost. */
	unlink(fresh_path);
	assert_int_equal(mkdir(fresh_path, 0700), 0);
	older = count_older();
	audit = audit_open(path, "1", 500, &err);
	assert_non_null(audit);
	for (unsigned j = 0; j < 5; j++)
		assert_int_equal(append(audit, &told, AUDIT_REFUSED), AUDIT_WRITTEN);
	assert_int_equal(count_older(), older);
	assert_int_equal(rmdir(fresh_path), 0);
	assert_int_equal(append(audit, &told, AUDIT_REFUSED), AUDIT_WRITTEN);
	assert_int_equal(count_older(), older + 1);
	audit_close(audit);
	chain_check();
	/* Without the newest it does not begin anew beside the others. */
	(void)snprintf(moved, sizeof(moved), "%s-away", path);
	assert_int_equal(rename(path, moved), 0);
	assert_null(audit_open(path, "1", 0, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(rename(moved, path), 0);
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
}

/* A log is opened, something begins and ends: each is told what became of it, and what was told stands there. */
static void without_memory(void **state)
{
	unsigned met = 0;

	(void)state;
	for (unsigned long nth = 1; met == nth - 1; nth++) {
		struct error err = { ERROR_NONE, "" };
		struct told told = { .times = 0 };
		unsigned lines = 2;
		struct audit *audit;

		assert_in_range(nth, 1, 100);
		assert_int_equal(fresh(NULL), 0);
		sem_init(&told.waiting, 0, 0);
		(void)memory_fail_nth(nth, (int)(nth % 2));
		audit = audit_open(path, "1", 0, &err);
		if (audit && append(audit, &told, AUDIT_BEGIN) == AUDIT_WRITTEN) {
			lines += 2;
			if (append(audit, &told, AUDIT_END) == AUDIT_FAILED)
				/* It is owed, and written when there is memory. */
				assert_int_equal(told.times, 2);
		}
		met += memory_fail_nth(0, 0) >= nth;
		if (audit) {
			audit_close(audit);
			assert_int_equal(told.outcome,
					lines == 4 ? AUDIT_WRITTEN : AUDIT_FAILED);
			assert_int_equal(chain_check(), lines);
		} else {
			assert_int_equal(err.code, ERROR_MEMORY);
		}
		/* Whoever could not open it can now. */
		audit = audit_open(path, "1", 0, &err);
		assert_non_null(audit);
		audit_close(audit);
		(void)chain_check();
	}
	assert_in_range(met, 3, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_are_chained, fresh),
		cmocka_unit_test_setup(a_full_disk, fresh),
		cmocka_unit_test_setup(refusals_on_a_full_disk, fresh),
		cmocka_unit_test_setup(what_a_log_ends_with, fresh),
		cmocka_unit_test_setup(requests_are_keyed, fresh),
		cmocka_unit_test_setup(files_follow_each_other, fresh),
		cmocka_unit_test_setup(without_memory, fresh),
	};
	int failed;

	if (!audit_folder_open())
		return 1;
	log_set_level(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	audit_folder_close();
	return failed;
}
