/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Room is set aside in steps of so much. */
#define RESERVE_STEP ((off_t)64 << 10)
#define SEQ "{\"seq\":"
#define PREV ",\"prev\":\""

static bool hash(const char *bytes, size_t size, char out[AUDIT_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(bytes, size, digest, &length, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < (AUDIT_HEX_SIZE - 1) / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return true;
}

/* --- opening --------------------------------------------------------------------------------- */

/* The last line must be one of ours; what stands behind it is torn. */
static bool take_tail(struct audit_file *file, const char *tail, size_t size, bool is_all,
		const char *path, struct error *err)
{
	const char *end = memrchr(tail, '\n', size);
	const char *start = end ? memrchr(tail, '\n', (size_t)(end - tail)) : NULL;
	size_t length;

	if (!end && is_all) {
		file->cut = (off_t)size;
		return true;
	}
	if (end && !start && is_all)
		start = tail - 1;
	length = end && start ? (size_t)(end - start - 1) : 0;
	if (length == 0 || length > AUDIT_LINE_MOST ||
			strncmp(start + 1, SEQ, strlen(SEQ)) != 0)
		return error_set(err, ERROR_INVALID,
				"%s: does not end with a line of an audit log", path);
	if (!hash(start + 1, length, file->head))
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s", path);
	file->seq = strtoull(start + 1 + strlen(SEQ), NULL, 10);
	file->cut = (off_t)(tail + size - end - 1);
	return true;
}

/* A machine that lost its power may leave zeros where bytes were on their way to the disk: they are torn, too. */
static bool skip_zeros(int descriptor, off_t *end)
{
	char block[4096];

	while (*end > 0) {
		off_t from = *end > (off_t)sizeof(block) ? *end - (off_t)sizeof(block) : 0;
		ssize_t size = pread(descriptor, block, (size_t)(*end - from), from);

		if (size != *end - from)
			return false;
		while (size > 0 && block[size - 1] == '\0')
			size--;
		*end = from + size;
		if (size > 0)
			break;
	}
	return true;
}

static bool read_tail(struct audit_file *file, const char *path, struct error *err)
{
	char tail[2 * AUDIT_LINE_MOST + 2];
	struct stat stat;
	off_t from, end;
	ssize_t size;

	if (fstat(file->descriptor, &stat) != 0)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return error_set(err, ERROR_INVALID, "%s: is no file", path);
	end = stat.st_size;
	if (!skip_zeros(file->descriptor, &end))
		return error_set(err, ERROR_IO, "%s: cannot be read", path);
	from = end > (off_t)sizeof(tail) ? end - (off_t)sizeof(tail) : 0;
	size = pread(file->descriptor, tail, (size_t)(end - from), from);
	if (size < 0 || size != end - from)
		return error_set(err, ERROR_IO, "%s: %s", path,
				size < 0 ? strerror(errno) : "cannot be read");
	memset(file->head, '0', AUDIT_HEX_SIZE - 1);
	if (size && !take_tail(file, tail, (size_t)size, from == 0, path, err))
		return false;
	file->cut += stat.st_size - end;
	file->size = stat.st_size - file->cut;
	return !file->cut || ftruncate(file->descriptor, file->size) == 0 ||
	       error_set(err, ERROR_IO, "%s: its torn last line cannot be taken off: %s", path,
			       strerror(errno));
}

/* That a new file has a name is on the disk when its folder is. */
static void sync_folder(const char *path)
{
	char copy[4096];
	int folder;

	if (strlen(path) >= sizeof(copy))
		return;
	folder = open(dirname(strcpy(copy, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	(void)fsync(folder);
	close(folder);
}

bool audit_file_open(struct audit_file *file, const char *path, struct error *err)
{
	*file = (struct audit_file){ .descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC,
						     0600) };
	if (file->descriptor < 0)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0) {
		error_set(err, ERROR_UNAVAILABLE, "%s: another process writes to it", path);
	} else if (read_tail(file, path, err)) {
		sync_folder(path);
		return true;
	}
	close(file->descriptor);
	file->descriptor = -1;
	return false;
}

void audit_file_close(struct audit_file *file)
{
	if (file->descriptor < 0)
		return;
	/* Gives back what was set aside. */
	if (file->reserved > file->size)
		(void)!ftruncate(file->descriptor, file->size);
	close(file->descriptor);
	file->descriptor = -1;
}

/* --- lines ----------------------------------------------------------------------------------- */

void audit_put_text(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			buffer_append_char(out, '\\');
		if (*c < 0x20)
			buffer_format(out, "\\u%04x", *c);
		else
			buffer_append_char(out, (char)*c);
	}
	buffer_append_char(out, '"');
}

void audit_batch_begin(struct audit_batch *batch, const struct audit_file *file)
{
	buffer_clear(&batch->bytes);
	batch->bytes.failed = false;
	batch->seq = file->seq;
	memcpy(batch->head, file->head, sizeof(batch->head));
}

uint64_t audit_batch_add(struct audit_batch *batch, const struct buffer *members)
{
	size_t start = batch->bytes.size;
	struct timespec now;
	struct tm utc;
	char time[32] = "";

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc))
		(void)strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	buffer_format(&batch->bytes, SEQ "%llu,\"time\":\"%s.%03dZ\",",
			(unsigned long long)++batch->seq, time, (int)(now.tv_nsec / 1000000));
	buffer_append(&batch->bytes, members->data ? members->data : "", members->size);
	buffer_format(&batch->bytes, PREV "%s\"}", batch->head);
	batch->bytes.failed |= members->failed;
	if (batch->bytes.failed || batch->bytes.size - start > AUDIT_LINE_MOST) {
		batch->bytes.failed = true;
		return 0;
	}
	batch->bytes.failed = !hash(
			batch->bytes.data + start, batch->bytes.size - start, batch->head);
	buffer_append_char(&batch->bytes, '\n');
	return batch->seq;
}

/* --- the disk -------------------------------------------------------------------------------- */

bool audit_file_reserve(struct audit_file *file, size_t size, struct error *err)
{
	off_t wanted = file->size + (off_t)size;

	if (wanted <= file->reserved)
		return true;
	wanted = (wanted / RESERVE_STEP + 1) * RESERVE_STEP;
	if (fallocate(file->descriptor, FALLOC_FL_KEEP_SIZE, file->size, wanted - file->size) ==
			0)
		file->reserved = wanted;
	else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return error_set(err, ERROR_IO, "no room for the audit log: %s",
				strerror(errno));
	/* A file system that sets nothing aside: it is seen when it is written. */
	return true;
}

bool audit_file_write(
		struct audit_file *file, const struct audit_batch *batch, struct error *err)
{
	size_t written = 0;

	if (batch->bytes.failed)
		return error_set(
				err, ERROR_MEMORY, "out of memory while writing the audit log");
	while (written < batch->bytes.size) {
		ssize_t step = pwrite(file->descriptor, batch->bytes.data + written,
				batch->bytes.size - written, file->size + (off_t)written);

		if (step < 0 && errno == EINTR)
			continue;
		if (step <= 0)
			break;
		written += (size_t)step;
	}
	if (written == batch->bytes.size && fdatasync(file->descriptor) == 0) {
		file->size += (off_t)written;
		file->seq = batch->seq;
		memcpy(file->head, batch->head, sizeof(file->head));
		return true;
	}
	error_set(err, ERROR_IO, "writing the audit log: %s", strerror(errno));
	/* Half a line must not stay: the next one would hang on to it. */
	(void)!ftruncate(file->descriptor, file->size);
	file->reserved = 0;
	return false;
}
