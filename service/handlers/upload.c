/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/upload.h"

#include <string.h>

/* Contents, paths and places; blocks of the arena may stay half empty. */
#define UPLOAD_MEMORY (UPLOAD_TOTAL_MAX * 5 / 2)

/*
 * Catalogs take 12 to 17 bytes a byte of their files; many findings, or a simulation, take more of a
 * small one.
 */
#define CHECK_FACTOR 24
#define CHECK_LEAST ((size_t)512 << 20)

void upload_init(struct upload *upload)
{
	*upload = (struct upload){ 0 };
	arena_init(&upload->arena, UPLOAD_MEMORY);
}

void upload_fini(struct upload *upload)
{
	arena_fini(&upload->arena);
}

bool upload_path_is_good(const char *path, const char **out_why)
{
	size_t size = strlen(path);
	const char *part = path;

	*out_why = NULL;
	if (size == 0)
		*out_why = "a path must be given";
	else if (size > UPLOAD_PATH_MAX)
		*out_why = "must be at most 255 bytes";
	else if (path[0] == '/')
		*out_why = "must be relative";
	for (const char *next = path; !*out_why; next++) {
		size_t length = (size_t)(next - part);

		if ((unsigned char)*next >= 0x20 && *next != 0x7f && *next != '/') {
			if (*next == '\\')
				*out_why = "must part folders with /";
			continue;
		}
		if (*next != '/' && *next != '\0')
			*out_why = "must have no control characters";
		else if (length == 0)
			*out_why = "must have no empty part";
		else if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.')))
			*out_why = "must have no part . or ..";
		if (*next == '\0')
			break;
		part = next + 1;
	}
	return !*out_why;
}

static bool upload_grow(struct upload *upload, struct error *err)
{
	size_t capacity = upload->capacity ? upload->capacity * 2 : 64;
	struct draft_file *files;

	if (upload->draft.count < upload->capacity)
		return true;
	files = ARENA_NEW_ARRAY(&upload->arena, struct draft_file, capacity);
	if (!files)
		return arena_error(&upload->arena, err, "receiving a draft");
	if (upload->draft.count)
		memcpy(files, upload->draft.files, upload->draft.count * sizeof(*files));
	upload->draft.files = files;
	upload->capacity = capacity;
	return true;
}

bool upload_add(struct upload *upload, const Policycalc__V1__SourceFile *file,
		struct error *err)
{
	struct draft_file copy;
	const char *why;

	if (!file)
		return error_set(err, ERROR_INVALID, "file: a file must be given");
	if (!upload_path_is_good(file->path, &why))
		return error_set(err, ERROR_INVALID, "file.path: %s (file %zu)", why,
				upload->draft.count + 1);
	if (file->content.len > UPLOAD_FILE_MAX)
		return error_set(err, ERROR_LIMIT, "%s: a file may have 1 MiB", file->path);
	if (file->content.len > UPLOAD_TOTAL_MAX - upload->total)
		return error_set(err, ERROR_LIMIT, "a draft may have 256 MiB");
	if (upload->draft.count == UPLOAD_COUNT_MAX)
		return error_set(err, ERROR_LIMIT, "a draft may have %d files",
				UPLOAD_COUNT_MAX);
	if (!upload_grow(upload, err))
		return false;
	copy.path = arena_copy_text(&upload->arena, file->path);
	copy.content.data = arena_copy(
			&upload->arena, (const char *)file->content.data, file->content.len);
	copy.content.size = file->content.len;
	if (!copy.path || !copy.content.data)
		return arena_error(&upload->arena, err, "receiving a draft");
	upload->draft.files[upload->draft.count++] = copy;
	upload->total += file->content.len;
	return true;
}

size_t upload_check_memory(const struct upload *upload)
{
	size_t wanted = upload->total * CHECK_FACTOR;

	return wanted > CHECK_LEAST ? wanted : CHECK_LEAST;
}
