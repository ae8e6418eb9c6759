/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log ends with. Lines are written in batches, and nobody is told of a line before its batch is on the disk.
 * A power cut in between may leave any part of the batch: the size without the bytes (zeros), the end without the
 * beginning. So only the last batch can be torn, and a batch is bounded: what is read is its most, and a line or
 * two before it, from which the chain is followed to the first line that does not hang on.
 *
 *     …│ anchor │ whole lines │ first that is not │ what follows │
 *                              └── torn: it holds zeros, or has no end; and nothing behind it says that it was
 *                                  on the disk. Else somebody changed it, and nothing is touched.
 *
 * What is torn goes into a file of its own first, then off the log, and a line of the log tells of it.
 */
#include "operations/audit_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW ((off_t)(AUDIT_BATCH_MOST + 2) * (AUDIT_LINE_MOST + 1))
#define HEX (AUDIT_HEX_SIZE - 1)

struct tail {
	char *bytes;
	size_t size;
	off_t from; /* where in the file it begins */
};

struct line {
	const char *at;
	size_t size; /* without its line feed */
	uint64_t seq, synced;
	const char *prev; /* HEX digits */
};

static bool parse_number(const char **at, const char *end, uint64_t *out)
{
	const char *start = *at;

	*out = 0;
	while (*at < end && **at >= '0' && **at <= '9' && *out < UINT64_MAX / 100)
		*out = *out * 10 + (uint64_t)(*(*at)++ - '0');
	return *at > start;
}

static bool starts_with(const char *at, const char *end, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(end - at) >= size && memcmp(at, text, size) == 0;
}

/* Of our form, and without zeros: what stands between the number and the end is the writer's. */
static bool parse_line(const char *at, const char *end, struct line *out)
{
	const size_t foot = strlen(AUDIT_PREV) + HEX + 2;
	const char *synced;
	size_t size = (size_t)(end - at);

	*out = (struct line){ .at = at, .size = size };
	if (size > AUDIT_LINE_MOST || memchr(at, '\0', size) ||
			!starts_with(at, end, AUDIT_SEQ))
		return false;
	at += strlen(AUDIT_SEQ);
	if (!parse_number(&at, end, &out->seq) || (size_t)(end - at) < foot ||
			!starts_with(end - foot, end, AUDIT_PREV) ||
			memcmp(end - 2, "\"}", 2) != 0)
		return false;
	out->prev = end - 2 - HEX;
	/* A line of a version that did not say so: what is further back than a batch was there. */
	out->synced = out->seq > AUDIT_BATCH_MOST ? out->seq - AUDIT_BATCH_MOST : 0;
	synced = memmem(at, size - (size_t)(at - out->at), AUDIT_SYNCED, strlen(AUDIT_SYNCED));
	if (synced) {
		synced += strlen(AUDIT_SYNCED);
		return parse_number(&synced, end, &out->synced);
	}
	return true;
}

/* --- what is torn ---------------------------------------------------------------------------- */

/* @at is where line @seq should stand. Zeros aside, it begins as that line does. */
static bool is_torn_line(const char *at, const char *end, bool has_end, uint64_t seq)
{
	char start[40];
	size_t size = (size_t)(end - at);

	(void)snprintf(start, sizeof(start), AUDIT_SEQ "%llu,", (unsigned long long)seq);
	for (size_t i = 0; i < size && start[i]; i++)
		if (at[i] != start[i] && at[i] != '\0')
			return false;
	return !has_end || memchr(at, '\0', size) != NULL;
}

/* Whether what follows @at tells that line @seq was on the disk. */
static bool was_synced(const char *at, const char *end, uint64_t seq)
{
	const char *feed;
	struct line line;

	for (; (feed = memchr(at, '\n', (size_t)(end - at))); at = feed + 1)
		if (parse_line(at, feed, &line) && line.synced >= seq)
			return true;
	return false;
}

/* Whole under its name, or not there. */
static bool write_file(const char *path, const char *bytes, size_t size)
{
	char fresh[AUDIT_PATH_MOST + 8];
	size_t written = 0;
	bool ok;
	int file;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlink(fresh);
	file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return false;
	while (written < size) {
		ssize_t step = write(file, bytes + written, size - written);

		if (step < 0 && errno == EINTR)
			continue;
		if (step <= 0)
			break;
		written += (size_t)step;
	}
	ok = written == size && fsync(file) == 0;
	close(file);
	return ok && rename(fresh, path) == 0;
}

/* It is not there, or the same: of a start that was cut off before it shortened the log. */
static bool is_free_for(const char *path, const char *bytes, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t at = 0;
	char block[4096];
	ssize_t step;
	bool ok;

	if (file < 0)
		return errno == ENOENT;
	while ((step = read(file, block, sizeof(block))) > 0) {
		if ((size_t)step > size - at || memcmp(block, bytes + at, (size_t)step) != 0)
			break;
		at += (size_t)step;
	}
	ok = step == 0 && at == size;
	close(file);
	return ok;
}

static bool torn_name(const struct audit_file *file, uint64_t seq, char out[AUDIT_PATH_MOST])
{
	return snprintf(out, AUDIT_PATH_MOST, "%s.torn-%llu", file->path,
			       (unsigned long long)seq) < AUDIT_PATH_MOST;
}

static bool set_aside(
		struct audit_file *file, const char *bytes, size_t size, struct error *err)
{
	char path[AUDIT_PATH_MOST];
	uint64_t seq = file->seq;

	do {
		if (!torn_name(file, ++seq, path))
			return error_set(err, ERROR_INVALID, "%s: its name is too long",
					file->path);
	} while (!is_free_for(path, bytes, size) && seq < file->seq + 1000);
	if (!write_file(path, bytes, size))
		return error_set(err, ERROR_IO, "%s: what a power cut tore cannot be kept: %s",
				path, strerror(errno));
	if (!audit_sync_folder(path, err))
		return false;
	if (ftruncate(file->descriptor, file->size) != 0 || fsync(file->descriptor) != 0)
		return error_set(err, ERROR_IO, "%s: its torn end cannot be taken off: %s",
				file->path, strerror(errno));
	return true;
}

bool audit_tail_find_torn(const struct audit_file *file, uint64_t seq, struct audit_torn *out,
		struct error *err)
{
	char path[AUDIT_PATH_MOST];
	const unsigned long refusals = memory_refusals();
	struct stat stat;
	char *bytes = NULL;
	int side = torn_name(file, seq, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
					      : -1;
	bool ok = false;

	if (side < 0)
		return false;
	if (fstat(side, &stat) == 0 && stat.st_size <= WINDOW)
		bytes = memory_alloc((size_t)stat.st_size + 1);
	if (bytes && read(side, bytes, (size_t)stat.st_size) == stat.st_size &&
			audit_hash_bytes(bytes, (size_t)stat.st_size, out->hash)) {
		const char *slash = strrchr(path, '/');

		ok = true;
		out->size = (uint64_t)stat.st_size;
		(void)snprintf(out->name, sizeof(out->name), "%s", slash ? slash + 1 : path);
	} else {
		error_set(err, memory_refusals() == refusals ? ERROR_IO : ERROR_MEMORY,
				"%s: cannot be read", path);
	}
	memory_free(bytes);
	close(side);
	return ok;
}

/* --- the chain ------------------------------------------------------------------------------- */

static bool not_ours(const struct audit_file *file, struct error *err)
{
	return error_set(err, ERROR_INVALID, "%s: does not end with a line of an audit log",
			file->path);
}

static bool was_changed(const struct audit_file *file, uint64_t seq, struct error *err)
{
	return error_set(err, ERROR_INVALID,
			"%s: line %llu is not what was written (see policycalc audit verify); "
			"without this file, and those beside it, a new log begins",
			file->path, (unsigned long long)seq);
}

/* Where the chain is known: at the start, or behind a line that was on the disk before the last batch. */
static bool find_anchor(struct audit_file *file, const struct tail *tail, const char **at,
		struct error *err)
{
	const char *end = tail->bytes + tail->size;
	const char *start = tail->bytes, *feed;
	struct line line;

	memset(file->head, '0', HEX);
	file->head[HEX] = '\0';
	if (tail->from > 0) {
		feed = memchr(start, '\n', tail->size);
		start = feed ? feed + 1 : end;
	}
	*at = start;
	feed = memchr(start, '\n', (size_t)(end - start));
	if (!feed || !parse_line(start, feed, &line))
		return tail->from == 0 || not_ours(file, err);
	/* The first line of the first file hangs on nothing. */
	if (tail->from == 0 && line.seq == 1 && memcmp(line.prev, file->head, HEX) == 0)
		return true;
	if (tail->from == 0 &&
			!memmem(line.at, line.size, AUDIT_CONTINUE, strlen(AUDIT_CONTINUE)))
		return not_ours(file, err);
	memcpy(file->head, line.prev, HEX);
	file->seq = line.seq - 1;
	return true;
}

/* Follows the chain from @at; *@at is the first byte that is not of it. */
static bool follow(struct audit_file *file, const struct tail *tail, const char **at,
		struct error *err)
{
	const char *end = tail->bytes + tail->size, *feed;
	struct line line;

	while ((feed = memchr(*at, '\n', (size_t)(end - *at))) &&
			parse_line(*at, feed, &line)) {
		if (line.seq != file->seq + 1 || memcmp(line.prev, file->head, HEX) != 0)
			return was_changed(file, file->seq + 1, err);
		if (!audit_hash_bytes(line.at, line.size, file->head))
			return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
					file->path);
		file->seq = line.seq;
		*at = feed + 1;
	}
	return true;
}

static bool take_tail(struct audit_file *file, const struct tail *tail, struct error *err)
{
	const char *end = tail->bytes + tail->size, *at, *feed;

	if (!find_anchor(file, tail, &at, err) || !follow(file, tail, &at, err))
		return false;
	file->size = tail->from + (at - tail->bytes);
	if (at == end)
		return true;
	feed = memchr(at, '\n', (size_t)(end - at));
	if (!is_torn_line(at, feed ? feed : end, feed != NULL, file->seq + 1))
		return not_ours(file, err);
	if (was_synced(at, end, file->seq + 1))
		return was_changed(file, file->seq + 1, err);
	return set_aside(file, at, (size_t)(end - at), err);
}

/* The number of the first line, which names the file when it is full. */
static bool read_first(struct audit_file *file, struct error *err)
{
	char start[40] = "";
	const char *at = start + strlen(AUDIT_SEQ);

	file->first = file->seq + 1;
	if (file->size == 0)
		return true;
	if (pread(file->descriptor, start, sizeof(start) - 1, 0) < 0)
		return error_set(err, ERROR_IO, "%s: %s", file->path, strerror(errno));
	return (starts_with(start, start + sizeof(start), AUDIT_SEQ) &&
			       parse_number(&at, start + sizeof(start), &file->first)) ||
	       error_set(err, ERROR_INVALID, "%s: does not begin with a line of an audit log",
			       file->path);
}

bool audit_tail_read(struct audit_file *file, struct error *err)
{
	struct tail tail = { NULL, 0, 0 };
	struct stat stat;
	bool ok;

	if (fstat(file->descriptor, &stat) != 0)
		return error_set(err, ERROR_IO, "%s: %s", file->path, strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return error_set(err, ERROR_INVALID, "%s: is no file", file->path);
	tail.from = stat.st_size > WINDOW ? stat.st_size - WINDOW : 0;
	tail.size = (size_t)(stat.st_size - tail.from);
	tail.bytes = memory_alloc(tail.size + 1);
	if (!tail.bytes)
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
				file->path);
	if (pread(file->descriptor, tail.bytes, tail.size, tail.from) != (ssize_t)tail.size)
		ok = error_set(err, ERROR_IO, "%s: cannot be read", file->path);
	else
		ok = take_tail(file, &tail, err) && read_first(file, err);
	memory_free(tail.bytes);
	return ok;
}
