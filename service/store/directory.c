/* SPDX-License-Identifier: Apache-2.0 */
#include "store/directory.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct directory {
	int lock; /* descriptor of DIR/lock, or -1 */
	char path[PATH_MAX];
};

static bool directory_error(struct error *err, const char *doing, const char *path, int number)
{
	enum error_code code = error_code_of_system(number);

	if (number == EACCES || number == EPERM || number == EROFS)
		code = ERROR_PERMISSION;
	else if (number == ENOTDIR || number == ENOENT || number == ELOOP ||
			number == ENAMETOOLONG)
		code = ERROR_PRECONDITION;
	return error_set(err, code, "cannot %s %s: %s", doing, path, strerror(number));
}

static bool directory_make(const char *path, struct error *err)
{
	struct stat status;

	if (mkdir(path, 0700) == 0)
		return true;
	if (errno != EEXIST)
		return directory_error(err, "make the data folder", path, errno);
	if (stat(path, &status) != 0)
		return directory_error(err, "look at the data folder", path, errno);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_PRECONDITION, "%s is not a folder", path);
	return true;
}

/* Who holds the lock, as it wrote itself; 0 when it has not yet. */
static long directory_read_holder(int lock)
{
	char text[32];
	ssize_t size = pread(lock, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return 0;
	text[size] = '\0';
	return strtol(text, NULL, 10);
}

static bool directory_write_holder(int lock, const char *path, struct error *err)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)size, 0) != size)
		return directory_error(
				err, "write the lock file in", path, errno ? errno : EIO);
	return true;
}

static bool directory_lock(struct directory *directory, struct error *err)
{
	char path[PATH_MAX + 8];
	long holder;

	(void)snprintf(path, sizeof(path), "%s/lock", directory->path);
	directory->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (directory->lock < 0)
		return directory_error(err, "open", path, errno);
	if (flock(directory->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return directory_error(err, "lock", path, errno);
		holder = directory_read_holder(directory->lock);
		if (holder <= 0)
			return error_set(err, ERROR_UNAVAILABLE,
					"%s is in use by another process, which holds %s",
					directory->path, path);
		return error_set(err, ERROR_UNAVAILABLE,
				"%s is in use by process %ld, which holds %s", directory->path,
				holder, path);
	}
	return directory_write_holder(directory->lock, directory->path, err);
}

struct directory *directory_open(const char *path, struct error *err)
{
	struct directory *directory;

	if (!*path) {
		error_set(err, ERROR_INVALID, "the data folder has no name");
		return NULL;
	}
	if (!directory_make(path, err))
		return NULL;
	directory = memory_alloc_zero(1, sizeof(*directory));
	if (!directory) {
		error_set(err, ERROR_MEMORY, "no memory to open the data folder %s", path);
		return NULL;
	}
	directory->lock = -1;
	if (!realpath(path, directory->path)) {
		directory_error(err, "resolve the data folder", path, errno);
		goto failed;
	}
	if (access(directory->path, R_OK | W_OK | X_OK) != 0) {
		directory_error(err, "write to the data folder", directory->path, errno);
		goto failed;
	}
	if (!directory_lock(directory, err))
		goto failed;
	return directory;
failed:
	directory_close(directory);
	return NULL;
}

void directory_close(struct directory *directory)
{
	if (!directory)
		return;
	/* The lock file stays: removing it would let two processes lock two files of one name.
	 */
	if (directory->lock >= 0)
		(void)close(directory->lock);
	memory_free(directory);
}

const char *directory_path(const struct directory *directory)
{
	return directory->path;
}
