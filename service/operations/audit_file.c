/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/audit_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Room is set aside in steps of so much. */
#define RESERVE_STEP ((off_t)64 << 10)

bool audit_hash_bytes(const char *bytes, size_t size, char out[AUDIT_HEX_SIZE])
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

bool audit_sync_folder(const char *path, struct error *err)
{
	char copy[AUDIT_PATH_MOST];
	int folder = -1;
	bool ok;

	if (snprintf(copy, sizeof(copy), "%s", path) < (int)sizeof(copy))
		folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = folder >= 0 && fsync(folder) == 0;
	if (!ok)
		error_set(err, ERROR_IO, "the folder of %s cannot be put on the disk: %s", path,
				strerror(errno));
	if (folder >= 0)
		close(folder);
	return ok;
}

bool audit_file_name(const char *path, uint64_t first, char out[AUDIT_PATH_MOST])
{
	return snprintf(out, AUDIT_PATH_MOST, "%s.%012llu", path, (unsigned long long)first) <
	       AUDIT_PATH_MOST;
}

/* A full file that has its new name and still the old one: the machine stopped in between. */
static bool finish_turn(const struct audit_file *file, struct error *err)
{
	char other[AUDIT_PATH_MOST];
	struct stat here, there;

	if (!audit_file_name(file->path, file->first, other) || stat(other, &there) != 0)
		return true;
	if (fstat(file->descriptor, &here) == 0 && here.st_dev == there.st_dev &&
			here.st_ino == there.st_ino)
		return unlink(other) == 0 ||
		       error_set(err, ERROR_IO, "%s: %s", other, strerror(errno));
	return error_set(err, ERROR_INVALID, "%s begins with the same line as %s", other,
			file->path);
}

/* @name is that of an older file of @log. */
static bool is_older(const char *name, const char *log)
{
	size_t size = strlen(log);

	return strncmp(name, log, size) == 0 && name[size] == '.' && name[size + 1] &&
	       strspn(name + size + 1, "0123456789") == strlen(name + size + 1);
}

/* A log goes on where it was: it does not begin anew beside its older files. */
static bool check_empty(const struct audit_file *file, struct error *err)
{
	const char *slash = strrchr(file->path, '/');
	char copy[AUDIT_PATH_MOST];
	const struct dirent *entry;
	bool is_alone = true;
	DIR *folder;
	int number;

	if (file->seq > 0)
		return true;
	memcpy(copy, file->path, sizeof(copy));
	number = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = number < 0 ? NULL : fdopendir(number);
	if (!folder) {
		error_set(err, ERROR_IO, "the folder of %s: %s", file->path, strerror(errno));
		if (number >= 0)
			(void)close(number);
		return false;
	}
	while (is_alone && (entry = readdir(folder)))
		is_alone = !is_older(entry->d_name, slash ? slash + 1 : file->path);
	closedir(folder);
	return is_alone || error_set(err, ERROR_INVALID,
					   "%s is missing or empty beside its older files: put "
					   "it back, or put those away to begin a new log",
					   file->path);
}

/* Held by us alone, and under its name still: its holder may have put it away between our opening and its letting go. */
static bool is_ours(const struct audit_file *file)
{
	struct stat here, there;

	return flock(file->descriptor, LOCK_EX | LOCK_NB) == 0 &&
	       fstat(file->descriptor, &here) == 0 && lstat(file->path, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

bool audit_file_open(struct audit_file *file, const char *path, struct error *err)
{
	*file = (struct audit_file){ .descriptor = -1 };
	if (snprintf(file->path, sizeof(file->path), "%s", path) >=
			(int)sizeof(file->path) - 32)
		return error_set(err, ERROR_INVALID, "%s: its name is too long", path);
	/* Behind a link the full file would stay in one folder and its successor begin in another. */
	file->descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->descriptor < 0 && errno == ELOOP)
		return error_set(err, ERROR_INVALID,
				"%s: is a symbolic link: name the file itself", path);
	if (file->descriptor < 0)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (!is_ours(file))
		error_set(err, ERROR_UNAVAILABLE, "%s: another process writes to it", path);
	else if (audit_tail_read(file, err) && check_empty(file, err) &&
			finish_turn(file, err) && audit_sync_folder(path, err))
		return true;
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
	batch->seq = batch->synced = file->seq;
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
	buffer_format(&batch->bytes, AUDIT_SEQ "%llu,\"time\":\"%s.%03dZ\",",
			(unsigned long long)++batch->seq, time, (int)(now.tv_nsec / 1000000));
	buffer_append(&batch->bytes, members->data ? members->data : "", members->size);
	buffer_format(&batch->bytes, AUDIT_SYNCED "%llu" AUDIT_PREV "%s\"}",
			(unsigned long long)batch->synced, batch->head);
	batch->bytes.failed |= members->failed;
	if (batch->bytes.failed || batch->bytes.size - start > AUDIT_LINE_MOST) {
		batch->bytes.failed = true;
		return 0;
	}
	batch->bytes.failed = !audit_hash_bytes(
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
	if (file->is_unsynced && !audit_sync_folder(file->path, err))
		return false;
	file->is_unsynced = false;
	if (file->is_ragged && ftruncate(file->descriptor, file->size) != 0)
		return error_set(err, ERROR_IO, "writing the audit log: %s", strerror(errno));
	file->is_ragged = false;
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
	file->is_ragged = ftruncate(file->descriptor, file->size) != 0;
	file->reserved = 0;
	return false;
}

/* --- one file after another ------------------------------------------------------------------ */

/* The first line of @next, which hangs on to the last of @file, and is on the disk. */
static bool say_continue(const struct audit_file *file, struct audit_file *next,
		const char *former, size_t room, struct error *err)
{
	struct audit_batch batch = { .seq = 0 };
	struct buffer members = { 0 };
	const char *slash = strrchr(former, '/');
	bool ok;

	next->seq = file->seq;
	next->first = file->seq + 1;
	memcpy(next->head, file->head, sizeof(next->head));
	buffer_append_text(&members, AUDIT_CONTINUE ",\"former\":");
	audit_put_text(&members, slash ? slash + 1 : former);
	audit_batch_begin(&batch, next);
	(void)audit_batch_add(&batch, &members);
	ok = audit_file_reserve(next, room, err) && audit_file_write(next, &batch, err);
	buffer_fini(&members);
	buffer_fini(&batch.bytes);
	return ok;
}

/*
 * The full file gets its second name before it loses the first: at no time there is no log. Until the folder is
 * on the disk nothing is written into the new one.
 */
bool audit_file_turn(struct audit_file *file, size_t room, struct error *err)
{
	struct audit_file next = { .descriptor = -1 };
	char former[AUDIT_PATH_MOST], fresh[AUDIT_PATH_MOST];
	bool ok = false;

	if (!audit_file_name(file->path, file->first, former) ||
			snprintf(fresh, sizeof(fresh), "%s.new", file->path) >=
					(int)sizeof(fresh))
		return error_set(err, ERROR_INVALID, "%s: its name is too long", file->path);
	memcpy(next.path, file->path, sizeof(next.path));
	(void)unlink(fresh);
	next.descriptor = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (next.descriptor < 0 || flock(next.descriptor, LOCK_EX | LOCK_NB) != 0)
		error_set(err, ERROR_IO, "%s: %s", fresh, strerror(errno));
	else if (say_continue(file, &next, former, room, err))
		ok = link(file->path, former) == 0 ||
		     error_set(err, ERROR_IO, "%s: %s", former, strerror(errno));
	if (ok && rename(fresh, file->path) != 0) {
		ok = error_set(err, ERROR_IO, "%s: %s", file->path, strerror(errno));
		(void)unlink(former);
	}
	if (!ok) {
		audit_file_close(&next);
		(void)unlink(fresh);
		return false;
	}
	next.is_unsynced = true;
	audit_file_close(file);
	*file = next;
	return true;
}
