/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: what is written, what is owed when the disk is full, and what a log may end with. */
#include "operations/audit.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
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

static char folder[] = "/tmp/policycalc-audit-XXXXXX";
static char path[64], key[64];

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

static size_t read_log(char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length;

	assert_non_null(file);
	length = fread(out, 1, size - 1, file);
	out[length] = '\0';
	fclose(file);
	return length;
}

/* The number of lines, all of which hang together. */
static unsigned chain_check(void)
{
	static char text[1 << 17];
	char head[65];
	unsigned count = 0;

	memset(head, '0', 64);
	head[64] = '\0';
	read_log(text, sizeof(text));
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		const char *prev;

		*end = '\0';
		prev = strstr(line, "\"prev\":\"");
		assert_non_null(prev);
		assert_memory_equal(prev + 8, head, 64);
		assert_int_equal(EVP_Digest(line, strlen(line), digest, NULL, EVP_sha256(),
						 NULL),
				1);
		for (size_t i = 0; i < 32; i++)
			(void)snprintf(head + 2 * i, 3, "%02x", digest[i]);
		count++;
	}
	return count;
}

static int fresh(void **state)
{
	(void)state;
	unlink(path);
	unlink(key);
	return 0;
}

static void lines_are_chained(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct told told = { .times = 0 };
	char text[4096];

	(void)state;
	sem_init(&told.waiting, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct audit *audit = audit_open(path, "1", &err);

		assert_non_null(audit);
		assert_int_equal(audit_line_count(audit), 4 * i + 1);
		assert_null(audit_open(path, "1", &err)); /* held by one */
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
	struct audit *audit = audit_open(path, "1", &err);
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
	audit = audit_open(path, "1", &err);
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
	struct audit *audit = audit_open(path, "1", &err);
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
	audit = audit_open(path, "1", &err);
	assert_non_null(audit);
	audit_close(audit);
	assert_int_equal(chain_check(), 2);
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "\"cut\":12"));
	/* Zeros that a machine without power left. */
	assert_int_equal(stat(path, &stat_now), 0);
	assert_int_equal(truncate(path, stat_now.st_size + 20000), 0);
	audit = audit_open(path, "1", &err);
	assert_non_null(audit);
	audit_close(audit);
	assert_int_equal(chain_check(), 4);
	read_log(text, sizeof(text));
	assert_non_null(strstr(text, "\"cut\":20000"));
	put("something else\n");
	assert_null(audit_open(path, "1", &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(audit_open("/dev/null", "1", &err));
	assert_null(audit_open("/nowhere/audit.log", "1", &err));
	/* A key that others may read, or that is none. */
	unlink(path);
	assert_int_equal(chmod(key, 0644), 0);
	assert_null(audit_open(path, "1", &err));
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(truncate(key, 5), 0);
	assert_null(audit_open(path, "1", &err));
}

static void requests_are_keyed(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct audit *audit = audit_open(path, "1", &err);
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
		audit = audit_open(path, "1", &err);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_are_chained, fresh),
		cmocka_unit_test_setup(a_full_disk, fresh),
		cmocka_unit_test_setup(refusals_on_a_full_disk, fresh),
		cmocka_unit_test_setup(what_a_log_ends_with, fresh),
		cmocka_unit_test_setup(requests_are_keyed, fresh),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/audit.log", folder);
	(void)snprintf(key, sizeof(key), "%s/audit.log.key", folder);
	log_set_level(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	unlink(key);
	rmdir(folder);
	return failed;
}
