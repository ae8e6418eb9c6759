/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the files of a draft from a folder. */
#include "publish/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LARGEST ((off_t)1 << 20)
#define FILES_MOST 200000
#define NAME_LONGEST 200

struct file_list {
	struct draft_file *files;
	size_t count;
	size_t capacity;
	struct arena *arena;
};

static bool list_add(struct file_list *list, const char *path, struct slice content,
		struct error *err)
{
	if (list->count == FILES_MOST)
		return error_set(err, ERROR_LIMIT, "more than %d files", FILES_MOST);
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		struct draft_file *grown =
				ARENA_NEW_ARRAY(list->arena, struct draft_file, capacity);

		if (!grown)
			return arena_error(list->arena, err, "reading a catalog");
		if (list->count)
			memcpy(grown, list->files, list->count * sizeof(*grown));
		list->files = grown;
		list->capacity = capacity;
	}
	list->files[list->count++] = (struct draft_file){ .path = path, .content = content };
	return true;
}

/* The whole content of an open file of @size bytes; one that shrinks meanwhile is read as far.
 */
static bool read_content(int file, size_t size, struct arena *arena, struct slice *out_content,
		struct error *err)
{
	char *data = arena_alloc(arena, size + 1);
	size_t done = 0;

	if (!data)
		return arena_error(arena, err, "reading a catalog");
	while (done < size) {
		ssize_t got = read(file, data + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, ERROR_IO, "%s", strerror(errno));
		if (got == 0)
			break;
		done += (size_t)got;
	}
	data[done] = '\0';
	*out_content = (struct slice){ data, done };
	return true;
}

static bool read_file(struct file_list *list, int folder, const char *prefix, const char *name,
		struct error *err)
{
	struct slice content = { 0 };
	struct stat status;
	const char *path = arena_format(list->arena, "%s%s", prefix, name);
	int file = -1;
	bool ok = false;

	if (!path)
		return arena_error(list->arena, err, "reading a catalog");
	if (strlen(name) > NAME_LONGEST) {
		error_set(err, ERROR_INVALID, "the name is longer than %d bytes", NAME_LONGEST);
		goto out;
	}
	/* O_NONBLOCK: opening a pipe must not wait for its writer. */
	file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0) {
		error_set(err, errno == ELOOP ? ERROR_INVALID : ERROR_IO, "%s",
				errno == ELOOP ? "symbolic links are not followed"
					       : strerror(errno));
		goto out;
	}
	if (fstat(file, &status) != 0) {
		error_set(err, ERROR_IO, "%s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(err, ERROR_INVALID, "not a regular file");
		goto out;
	}
	if (status.st_size > FILE_LARGEST) {
		error_set(err, ERROR_LIMIT, "larger than 1 MiB");
		goto out;
	}
	ok = read_content(file, (size_t)status.st_size, list->arena, &content, err) &&
	     list_add(list, path, content, err);
out:
	if (file >= 0)
		(void)close(file);
	return ok || error_prefix(err, "%s", path);
}

/* By their ending; wrongly placed and misspelt ones too, so that the check can say so. */
static bool is_yaml_name(const char *name)
{
	size_t size = strlen(name);

	if (name[0] == '.')
		return false;
	return (size > 5 && strcmp(name + size - 5, ".yaml") == 0) ||
	       (size > 4 && strcmp(name + size - 4, ".yml") == 0);
}

/* Every YAML file right below @folder, which is closed. */
static bool read_folder(
		struct file_list *list, int folder, const char *prefix, struct error *err)
{
	DIR *stream = fdopendir(folder);
	struct dirent *entry;
	bool ok = true;

	if (!stream) {
		(void)close(folder);
		return error_set(err, ERROR_IO, "%s", strerror(errno));
	}
	for (errno = 0; ok && (entry = readdir(stream)); errno = 0)
		if (is_yaml_name(entry->d_name))
			ok = read_file(list, folder, prefix, entry->d_name, err);
	if (ok && errno)
		ok = error_set(err, ERROR_IO, "%s", strerror(errno));
	(void)closedir(stream);
	return ok;
}

static int on_compare_files(const void *left, const void *right)
{
	return strcmp(((const struct draft_file *)left)->path,
			((const struct draft_file *)right)->path);
}

bool draft_load(const char *directory, struct arena *arena, struct draft *out_draft,
		struct error *err)
{
	struct file_list list = { .arena = arena };
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int policies;
	int number;

	if (folder < 0) {
		number = errno;
		return error_set(err,
				number == ENOENT || number == ENOTDIR ? ERROR_NOT_FOUND
								      : ERROR_IO,
				"%s: %s", directory, strerror(number));
	}
	policies = openat(folder, "policies", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	number = errno;
	if (!read_folder(&list, folder, "", err)) {
		if (policies >= 0)
			(void)close(policies);
		return error_prefix(err, "%s", directory);
	}
	if (policies < 0)
		return error_set(err, number == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
				"%s: the folder policies: %s", directory, strerror(number));
	if (!read_folder(&list, policies, "policies/", err))
		return error_prefix(err, "%s", directory);
	if (list.count)
		qsort(list.files, list.count, sizeof(*list.files), on_compare_files);
	out_draft->files = list.files;
	out_draft->count = list.count;
	return true;
}
