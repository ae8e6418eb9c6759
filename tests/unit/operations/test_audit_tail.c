/* SPDX-License-Identifier: Apache-2.0 */
/* What a log ends with when the power went: what was told is there, what is torn is kept, what was changed is found. */
#include "audit_folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "operations/audit.h"
#include "operations/audit_file.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* A log of two batches that were told, and a third that was on its way to the disk. */
struct scene {
	char bytes[8192];
	size_t told, size; /* bytes that were told; all */
	size_t ends[16];   /* where each line ends */
	unsigned told_lines, lines;
};

static void make_scene(struct scene *scene)
{
	struct error err = { ERROR_NONE, "" };
	struct audit_batch batch = { .seq = 0 };
	struct buffer members = { 0 };
	struct audit_file file;

	assert_true(audit_file_open(&file, path, &err));
	for (unsigned i = 0; i < 3; i++) {
		scene->told = (size_t)file.size;
		scene->told_lines = (unsigned)file.seq;
		audit_batch_begin(&batch, &file);
		for (unsigned j = 0; j < 3; j++) {
			buffer_clear(&members);
			buffer_format(&members, "\"event\":\"close\",\"line\":%u", 3 * i + j);
			assert_int_equal(audit_batch_add(&batch, &members), 3 * i + j + 1);
		}
		assert_true(audit_file_write(&file, &batch, &err));
	}
	audit_file_close(&file);
	buffer_fini(&members);
	buffer_fini(&batch.bytes);
	scene->size = read_file(path, scene->bytes, sizeof(scene->bytes));
	scene->lines = 0;
	for (size_t i = 0; i < scene->size; i++)
		if (scene->bytes[i] == '\n')
			scene->ends[scene->lines++] = i + 1;
	assert_int_equal(scene->lines, 9);
}

/* What is on the disk now is opened: whole lines before @damage stay, what follows is set aside as it is. */
static void check_cut(const struct scene *scene, const char *left, size_t size, size_t damage)
{
	struct error err = { ERROR_NONE, "" };
	unsigned kept = 0;
	size_t kept_size, side_size = 0;
	char now[8192], side[8192], side_path[80];
	struct audit_file file;
	struct audit_torn torn;
	bool has_side;

	while (kept < scene->lines && scene->ends[kept] <= damage)
		kept++;
	kept_size = kept ? scene->ends[kept - 1] : 0;
	assert_true(kept >= scene->told_lines);
	write_bytes(path, left, size);
	(void)snprintf(side_path, sizeof(side_path), "%s.torn-%u", path, kept + 1);
	unlink(side_path);
	if (!audit_file_open(&file, path, &err))
		fail_msg("cut at %zu: %s", damage, err.message);
	assert_int_equal(file.seq, kept);
	assert_int_equal(file.size, kept_size);
	has_side = audit_tail_find_torn(&file, kept + 1, &torn, &err);
	audit_file_close(&file);
	assert_int_equal(read_file(path, now, sizeof(now)), kept_size);
	assert_memory_equal(now, scene->bytes, kept_size);
	assert_int_equal(has_side, size > kept_size);
	if (has_side) {
		side_size = read_file(side_path, side, sizeof(side));
		assert_int_equal(torn.size, side_size);
		assert_int_equal(side_size, size - kept_size);
		assert_memory_equal(side, left + kept_size, side_size);
	}
}

/* At every byte of the last batch: its end lost, its end zeros, its start zeros, a hole of zeros. */
static void power_cuts(void **state)
{
	struct scene scene;
	char left[8192];

	(void)state;
	make_scene(&scene);
	for (size_t at = scene.told; at <= scene.size; at++) {
		size_t hole = scene.size - at < 64 ? scene.size - at : 64;

		check_cut(&scene, scene.bytes, at, at);
		memcpy(left, scene.bytes, scene.size);
		memset(left + at, 0, scene.size - at);
		check_cut(&scene, left, scene.size, at);
		memcpy(left, scene.bytes, scene.size);
		memset(left + scene.told, 0, at - scene.told);
		check_cut(&scene, left, scene.size, at > scene.told ? scene.told : scene.size);
		memcpy(left, scene.bytes, scene.size);
		memset(left + at, 0, hole);
		check_cut(&scene, left, scene.size, at);
		/* And cut off behind the hole. */
		check_cut(&scene, left, at + hole, at);
	}
}

static void check_refused(const char *left, size_t size)
{
	struct error err = { ERROR_NONE, "" };
	char now[8192], pattern[80];
	struct audit_file file;
	glob_t found;

	write_bytes(path, left, size);
	assert_false(audit_file_open(&file, path, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(read_file(path, now, sizeof(now)), size);
	assert_memory_equal(now, left, size);
	(void)snprintf(pattern, sizeof(pattern), "%s.torn*", path);
	assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
	globfree(&found);
}

/* What was told is never taken for torn: whatever byte of it is changed, the log is not touched. */
static void changes_are_no_cuts(void **state)
{
	struct scene scene;
	char left[8192];
	size_t middle;

	(void)state;
	make_scene(&scene);
	for (size_t at = 0; at < scene.told; at++) {
		memcpy(left, scene.bytes, scene.size);
		left[at] = '\0';
		check_refused(left, scene.size);
		left[at] = scene.bytes[at] == 'x' ? 'y' : 'x';
		check_refused(left, scene.size);
	}
	/* Of the last batch, a line that is whole, but another: no power cut does that. */
	for (size_t at = scene.ends[6]; at < scene.ends[7] - 1; at++) {
		memcpy(left, scene.bytes, scene.size);
		left[at] = scene.bytes[at] == 'x' ? 'y' : 'x';
		check_refused(left, scene.size);
	}
	/* A line that is not there any more. */
	middle = scene.ends[4] - scene.ends[3];
	memcpy(left, scene.bytes, scene.ends[3]);
	memcpy(left + scene.ends[3], scene.bytes + scene.ends[4], scene.size - scene.ends[4]);
	check_refused(left, scene.size - middle);
	middle = scene.ends[0];
	check_refused(scene.bytes + middle, scene.size - middle);
}

/* The power goes again while it is told of: at every byte. All that was set aside has its line in the end. */
static void cut_again(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct scene scene;
	char again[8192], text[16384];
	size_t size, start;
	struct audit *audit;
	struct audit_file file;

	(void)state;
	make_scene(&scene);
	start = scene.ends[6];
	write_bytes(path, scene.bytes, start + 50);
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
	assert_int_equal(chain_check(), 10); /* torn, open, close */
	/* Without the line of the close. */
	size = read_file(path, again, sizeof(again));
	while (again[size - 2] != '\n')
		size--;
	size--;
	for (size_t at = start; at <= size; at += at < size && at + 7 > size ? size - at : 7) {
		unsigned told = 0;

		fresh(NULL);
		write_bytes(path, scene.bytes, start + 50);
		/* It was set aside, and the log shortened, when the machine stopped. */
		assert_true(audit_file_open(&file, path, &err));
		audit_file_close(&file);
		write_bytes(path, again, at);
		audit = audit_open(path, "1", 0, &err);
		assert_non_null(audit);
		audit_close(audit);
		(void)chain_check();
		read_log(text, sizeof(text));
		assert_non_null(strstr(text, "\"file\":\"audit.log.torn-8\",\"bytes\":50,"));
		for (const char *line = text; (line = strstr(line, "\"torn\"")); line++)
			told++;
		/* What was whole of the second, or at a line's end, is not torn. */
		assert_in_range(told, 1, 2);
	}
}

/* What a version wrote whose lines say nothing of the disk: @lines of them, as one batch; their bytes. */
static size_t write_before(char *bytes, size_t room, size_t *ends, unsigned lines)
{
	char head[AUDIT_HEX_SIZE];
	size_t size = 0;

	memset(head, '0', AUDIT_HEX_SIZE - 1);
	head[AUDIT_HEX_SIZE - 1] = '\0';
	for (unsigned line = 0; line < lines; line++) {
		size_t last = size;

		size += (size_t)snprintf(bytes + size, room - size,
				"{\"seq\":%u,\"time\":\"2026-03-01T04:05:06.789Z\","
				"\"event\":\"close\",\"prev\":\"%s\"}\n",
				line + 1, head);
		assert_true(audit_hash_bytes(bytes + last, size - last - 1, head));
		ends[line] = size;
	}
	return size;
}

/* Wherever the process was killed, it goes on. */
static void a_log_of_before(void **state)
{
	struct error err = { ERROR_NONE, "" };
	char bytes[4096];
	size_t ends[4], size, last;

	(void)state;
	size = write_before(bytes, sizeof(bytes), ends, 4);
	last = ends[2];
	for (size_t at = last; at <= size; at++) {
		struct audit *audit;
		unsigned torn = at > last && at < size;

		fresh(NULL);
		write_bytes(path, bytes, at);
		audit = audit_open(path, "1", 0, &err);
		if (!audit)
			fail_msg("cut at %zu: %s", at, err.message);
		audit_close(audit);
		/* It says open and close, and what was torn. */
		assert_int_equal(chain_check(), (at == size ? 4 : 3) + torn + 2);
	}
}

/* Its last batch may be torn anywhere, like one of ours: zeros from @from on, and up to @until. */
static void check_before(
		const char *bytes, size_t size, const size_t *ends, size_t from, size_t until)
{
	struct error err = { ERROR_NONE, "" };
	struct audit *audit;
	char left[4096], side[4096], side_path[80];
	size_t kept_size;
	unsigned kept = 0;

	while (ends[kept] <= from)
		kept++;
	kept_size = kept ? ends[kept - 1] : 0;
	memcpy(left, bytes, size);
	memset(left + from, 0, until - from);
	fresh(NULL);
	write_bytes(path, left, size);
	audit = audit_open(path, "1", 0, &err);
	if (!audit)
		fail_msg("zeros from %zu to %zu: %s", from, until, err.message);
	audit_close(audit);
	assert_int_equal(chain_check(), kept + 3); /* torn, open, close */
	(void)snprintf(side_path, sizeof(side_path), "%s.torn-%u", path, kept + 1);
	assert_int_equal(read_file(side_path, side, sizeof(side)), size - kept_size);
	assert_memory_equal(side, left + kept_size, size - kept_size);
}

static void a_batch_of_before(void **state)
{
	struct error err = { ERROR_NONE, "" };
	char bytes[4096], left[4096];
	size_t ends[5], size, length;
	struct audit *audit;

	(void)state;
	size = write_before(bytes, sizeof(bytes), ends, 5);
	for (size_t from = ends[1]; from < size; from += 5) {
		size_t until = size - from < 64 ? size : from + 64;

		check_before(bytes, size, ends, from, size);
		check_before(bytes, size, ends, from, until);
		check_before(bytes, size, ends, ends[1], from + 1);
	}
	/* Once ours has gone on behind it, it was all on the disk. */
	fresh(NULL);
	write_bytes(path, bytes, size);
	audit = audit_open(path, "1", 0, &err);
	assert_non_null(audit);
	audit_close(audit);
	length = read_file(path, left, sizeof(left));
	memset(left + ends[3] + 20, 0, 10);
	check_refused(left, length);
}

/* What lies further back than any batch was there: zeros in it are somebody's. */
static void long_before(void **state)
{
	static char bytes[1 << 16];
	static size_t ends[AUDIT_BATCH_MOST + 2];
	struct error err = { ERROR_NONE, "" };
	struct audit_file file;
	size_t size;

	(void)state;
	size = write_before(bytes, sizeof(bytes), ends, AUDIT_BATCH_MOST + 2);
	memset(bytes + ends[0] + 20, 0, 10);
	write_bytes(path, bytes, size);
	assert_false(audit_file_open(&file, path, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_non_null(strstr(err.message, "line 2 is not what was written"));
}

/* A link is refused: the file that it leads to would be put away here, and go on there. */
static void a_link_is_no_log(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct scene scene;
	struct audit_file file;
	char there[80], bytes[8192];

	(void)state;
	make_scene(&scene);
	(void)snprintf(there, sizeof(there), "%s.elsewhere", path);
	assert_int_equal(rename(path, there), 0);
	assert_int_equal(symlink(there, path), 0);
	assert_false(audit_file_open(&file, path, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_non_null(strstr(err.message, "is a symbolic link: name the file itself"));
	assert_int_equal(read_file(there, bytes, sizeof(bytes)), scene.size);
	assert_memory_equal(bytes, scene.bytes, scene.size);
	assert_true(audit_file_open(&file, there, &err));
	audit_file_close(&file);
}

/* What happens between a file's opening and its being held. */
static struct audit_file *turned;

/* Stands before libc's. */
int flock(int file, int operation)
{
	struct audit_file *holder = turned;
	struct error err;

	turned = NULL;
	if (holder)
		assert_true(audit_file_turn(holder, 0, &err));
	return (int)syscall(SYS_flock, file, operation);
}

/* The holder puts the file away and lets go of it just then: nobody else writes to it, or takes it away. */
static void put_away_while_opened(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct scene scene;
	struct audit_file holder, other;
	char older[80], bytes[8192];

	(void)state;
	make_scene(&scene);
	assert_true(audit_file_open(&holder, path, &err));
	turned = &holder;
	assert_false(audit_file_open(&other, path, &err));
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
	(void)snprintf(older, sizeof(older), "%s.000000000001", path);
	assert_int_equal(read_file(older, bytes, sizeof(bytes)), scene.size);
	assert_memory_equal(bytes, scene.bytes, scene.size);
	audit_file_close(&holder);
	assert_int_equal(chain_check(), scene.lines + 1);
}

/* What a power cut tore is not lost for want of memory: who cannot open the log now opens it later. */
static void without_memory(void **state)
{
	struct scene scene;
	bool met = true;

	(void)state;
	make_scene(&scene);
	for (unsigned long nth = 1; met; nth++) {
		struct error err = { ERROR_NONE, "" };
		struct audit *audit;

		assert_in_range(nth, 1, 100);
		assert_int_equal(fresh(NULL), 0);
		write_bytes(path, scene.bytes, scene.size - 10);
		(void)memory_fail_nth(nth, (int)(nth % 2));
		audit = audit_open(path, "1", 0, &err);
		met = memory_fail_nth(0, 0) >= nth;
		if (!audit) {
			assert_true(met);
			assert_int_equal(err.code, ERROR_MEMORY);
			audit = audit_open(path, "1", 0, &err);
		}
		assert_non_null(audit);
		audit_close(audit);
		/* It says what was torn, once, open and close. */
		assert_int_equal(chain_check(), scene.lines - 1 + 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(power_cuts, fresh),
		cmocka_unit_test_setup(changes_are_no_cuts, fresh),
		cmocka_unit_test_setup(cut_again, fresh),
		cmocka_unit_test_setup(a_log_of_before, fresh),
		cmocka_unit_test_setup(a_batch_of_before, fresh),
		cmocka_unit_test_setup(long_before, fresh),
		cmocka_unit_test_setup(a_link_is_no_log, fresh),
		cmocka_unit_test_setup(put_away_while_opened, fresh),
		cmocka_unit_test_setup(without_memory, fresh),
	};
	int failed;

	if (!audit_folder_open())
		return 1;
	/* It would tell of every cut. */
	log_set_level(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	audit_folder_close();
	return failed;
}
