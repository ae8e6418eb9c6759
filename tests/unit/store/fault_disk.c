/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_disk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MOST 16
#define PATH_SIZE 512
#define SECTOR 512

/* A file as it is on the disk for sure. */
struct image {
	char path[PATH_SIZE];
	bool exists;
	bool is_made; /* since, so that its first sync also is one of the folder, as SQLite does it */
	char *bytes;
	size_t size;
};

static struct image images[FILES_MOST];
static size_t image_count;

/*
 * Reading a file here gives up the locks that this process has on it, as POSIX wants it: tests have one
 * process, and SQLite does not ask twice in exclusive locking mode.
 */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void fault_disk_forget(void)
{
	for (size_t i = 0; i < image_count; i++)
		free(images[i].bytes);
	image_count = 0;
}

static struct image *image_find(const char *path)
{
	for (size_t i = 0; i < image_count; i++) {
		if (strcmp(images[i].path, path) == 0)
			return &images[i];
	}
	return NULL;
}

static int path_open(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

/* What is in the file now. */
static struct image image_read(const char *path)
{
	struct image image = { .exists = false };
	int file = path_open(path, O_RDONLY);
	struct stat status;

	(void)snprintf(image.path, sizeof(image.path), "%s", path);
	if (file < 0)
		return image;
	must(fstat(file, &status) == 0, "fstat");
	image.exists = true;
	image.size = (size_t)status.st_size;
	image.bytes = malloc(image.size + 1);
	must(image.bytes && pread(file, image.bytes, image.size, 0) == (ssize_t)image.size,
			"pread");
	(void)close(file);
	return image;
}

static void image_write(const struct image *image)
{
	int file;

	if (!image->exists) {
		(void)unlink(image->path);
		return;
	}
	file = path_open(image->path, O_WRONLY | O_CREAT);
	must(file >= 0 && ftruncate(file, (off_t)image->size) == 0 &&
					pwrite(file, image->bytes, image->size, 0) ==
							(ssize_t)image->size,
			"writing back");
	(void)close(file);
}

static void image_set(const char *path, struct image now)
{
	struct image *image = image_find(path);

	if (!image) {
		must(image_count < FILES_MOST, "too many files");
		image = &images[image_count++];
		image->bytes = NULL;
	}
	free(image->bytes);
	*image = now;
}

void fault_disk_watch(const char *path)
{
	struct image *image = image_find(path);

	if (!image) {
		image_set(path, image_read(path));
		image = image_find(path);
	}
	image->is_made |= access(path, F_OK) != 0;
}

static void image_clear(struct image *image)
{
	free(image->bytes);
	image->bytes = NULL;
	image->size = 0;
	image->exists = false;
}

/* What is not in the folder any more is gone for good. */
static void folder_sync(void)
{
	for (size_t i = 0; i < image_count; i++) {
		if (access(images[i].path, F_OK) != 0)
			image_clear(&images[i]);
	}
}

void fault_disk_sync(const char *path)
{
	const struct image *image = image_find(path);

	if (image && image->is_made)
		folder_sync();
	image_set(path, image_read(path));
}

void fault_disk_delete(const char *path)
{
	struct image *image = image_find(path);

	if (image)
		image_clear(image);
}

void fault_disk_undo(const char *path)
{
	const struct image *image = image_find(path);

	/* Its name stays: whoever has it open goes on writing it. */
	if (image && image->exists)
		image_write(image);
	else if (image)
		must(truncate(path, 0) == 0, "truncate");
}

/* --- some of it is there ---------------------------------------------------------------------- */

static bool is_kept(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16 & 1) != 0;
}

/* Of the sectors that differ some are new; so is the size, or not. */
static void image_mix(struct image *image, const struct image *now, unsigned *seed)
{
	size_t size = is_kept(seed) ? now->size : image->size;
	char *mixed = calloc(1, size + 1);

	must(mixed != NULL, "calloc");
	for (size_t at = 0; at < size; at += SECTOR) {
		size_t length = size - at < SECTOR ? size - at : SECTOR;
		bool is_new = is_kept(seed);
		const struct image *from = is_new ? now : image;

		if (from->size > at)
			memcpy(mixed + at, from->bytes + at,
					from->size - at < length ? from->size - at : length);
	}
	free(image->bytes);
	image->bytes = mixed;
	image->size = size;
}

void fault_disk_fail(unsigned seed)
{
	for (size_t i = 0; i < image_count; i++) {
		struct image *image = &images[i];
		struct image now = image_read(image->path);

		if (seed && image->exists && now.exists)
			image_mix(image, &now, &seed);
		else if (seed && image->exists != now.exists && is_kept(&seed))
			image_set(image->path, image_read(image->path));
		image_write(image);
		free(now.bytes);
	}
}
