/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_file.h"

#include "base/memory.h"
#include "registry/column_descriptor.h"
#include "registry/column_record.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much may always be outdated. */
#define SLACK ((uint64_t)32 << 20)
#define COPY_SIZE ((size_t)1 << 20)
/* Ids of enterprises are dense: more blocks than this no file has. */
#define BLOCKS_MOST ((int64_t)1 << 20)

struct spot {
	uint64_t offset; /* 0: none */
	uint32_t size;
	uint32_t stamp;
	int64_t sequence;
};

struct column_file {
	pthread_mutex_t lock; /* guards all below */
	char *path;
	struct column_names *columns, *codes;
	size_t columns_written, codes_written;
	struct column_descriptor *descriptor;
	uint64_t size;
	uint64_t live;
	struct spot *spots;
	size_t spot_count;
};

/* --- writing ---------------------------------------------------------------------------------- */

static bool spots_reserve(struct column_file *file, int64_t block)
{
	size_t count = (size_t)block + 1;
	struct spot *grown;

	if (count <= file->spot_count)
		return true;
	count += count / 2;
	grown = memory_resize(file->spots, count * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + file->spot_count, 0, (count - file->spot_count) * sizeof(*grown));
	file->spots = grown;
	file->spot_count = count;
	return true;
}

static void spot_set(struct column_file *file, int64_t block, struct spot spot)
{
	file->live -= file->spots[block].size;
	file->live += spot.size;
	file->spots[block] = spot;
}

static bool file_begin(struct column_file *file, struct error *err)
{
	struct column_file_head head = column_file_head_make();

	if (ftruncate(file->descriptor->number, 0) != 0 ||
			!column_descriptor_write(file->descriptor, 0, &head, sizeof(head)))
		return column_error(err, "write", file->path, errno);
	file->size = sizeof(head);
	return true;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool file_is_ours(const struct column_file *file, struct error *err, bool *out_failed)
{
	struct column_file_head head;
	int got = column_descriptor_read(file->descriptor, 0, sizeof(head), &head);

	*out_failed = got < 0;
	if (got < 0)
		column_error(err, "read", file->path, errno);
	return got == 1 && column_file_head_is_ours(&head);
}

static bool names_take(const struct column_file *file, const struct column_record *record,
		uint64_t offset, struct column_names *names, size_t *written, bool *out_whole,
		struct error *err)
{
	struct buffer body = { 0 };
	size_t size = (size_t)record->size;
	bool ok = false;
	int got;

	*out_whole = false;
	if (!buffer_reserve(&body, size))
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
				file->path);
	got = column_descriptor_read(file->descriptor, offset, size, body.data);
	if (got < 0)
		column_error(err, "read", file->path, errno);
	else
		ok = got == 0 ||
		     column_record_take_names(record, (struct slice){ body.data, size }, names,
				     written, out_whole, err);
	buffer_fini(&body);
	return ok;
}

/* *out_whole: it makes sense. What cannot be read, or not be kept for short memory, is a failure, and no damage. */
static bool record_take(struct column_file *file, const struct column_record *record,
		uint64_t offset, bool *out_whole, struct error *err)
{
	*out_whole = false;
	switch (record->type) {
	case COLUMN_RECORD_COLUMNS:
		return names_take(file, record, offset, file->columns, &file->columns_written,
				out_whole, err);
	case COLUMN_RECORD_CODES:
		return names_take(file, record, offset, file->codes, &file->codes_written,
				out_whole, err);
	case COLUMN_RECORD_BLOCK:
		if (record->block < 0 || record->block >= BLOCKS_MOST ||
				record->size > UINT32_MAX)
			return true;
		if (!spots_reserve(file, record->block))
			return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
					file->path);
		spot_set(file, record->block,
				(struct spot){ offset, (uint32_t)record->size, record->checksum,
						record->sequence });
		*out_whole = true;
		return true;
	default:
		return true;
	}
}

static bool file_walk(struct column_file *file, struct error *err)
{
	struct stat status;
	uint64_t end;

	if (fstat(file->descriptor->number, &status) != 0)
		return column_error(err, "look at", file->path, errno);
	end = (uint64_t)status.st_size;
	file->size = sizeof(struct column_file_head);
	while (end - file->size >= sizeof(struct column_record)) {
		struct column_record record;
		uint64_t offset = file->size + sizeof(record);
		bool is_whole;
		int got = column_descriptor_read(
				file->descriptor, file->size, sizeof(record), &record);

		if (got < 0)
			return column_error(err, "read", file->path, errno);
		if (got == 0 || !column_record_is_whole(&record) || record.size > end - offset)
			break;
		if (!record_take(file, &record, offset, &is_whole, err))
			return false;
		if (!is_whole)
			break;
		file->size = offset + record.size;
	}
	if (file->size != end && ftruncate(file->descriptor->number, (off_t)file->size) != 0)
		return column_error(err, "cut", file->path, errno);
	return true;
}

struct column_file *column_file_open(const char *path, struct column_names *columns,
		struct column_names *codes, struct error *err)
{
	struct column_file *file = memory_alloc_zero(1, sizeof(*file));
	bool failed = false;

	if (!file) {
		error_set(err, ERROR_MEMORY, "out of memory while opening %s", path);
		return NULL;
	}
	pthread_mutex_init(&file->lock, NULL);
	file->columns = columns;
	file->codes = codes;
	file->path = memory_copy(path, strlen(path));
	if (!file->path)
		error_set(err, ERROR_MEMORY, "out of memory while opening %s", path);
	else
		file->descriptor = column_descriptor_open(path, 0, err);
	if (file->descriptor &&
			(file_is_ours(file, err, &failed) ? file_walk(file, err)
							  : !failed && file_begin(file, err)))
		return file;
	column_file_close(file);
	return NULL;
}

void column_file_close(struct column_file *file)
{
	if (!file)
		return;
	column_descriptor_unref(file->descriptor);
	pthread_mutex_destroy(&file->lock);
	memory_free(file->spots);
	memory_free(file->path);
	memory_free(file);
}

/* --- places ----------------------------------------------------------------------------------- */

bool column_file_find(struct column_file *file, int64_t block, struct column_place *out_place)
{
	bool found;

	pthread_mutex_lock(&file->lock);
	found = block >= 0 && (size_t)block < file->spot_count && file->spots[block].offset;
	if (found) {
		const struct spot *spot = &file->spots[block];

		atomic_fetch_add(&file->descriptor->references, 1);
		*out_place = (struct column_place){ file->descriptor, spot->offset, spot->size,
			spot->sequence };
	}
	pthread_mutex_unlock(&file->lock);
	return found;
}

void column_place_release(struct column_place *place)
{
	column_descriptor_unref(place->descriptor);
	*place = (struct column_place){ 0 };
}

bool column_place_read(const struct column_place *place, uint64_t offset, size_t size, void *to,
		struct error *err)
{
	if (offset > place->size || size > place->size - offset)
		return error_set(err, ERROR_INTERNAL, "the column cache is damaged");
	if (column_descriptor_read(place->descriptor, place->offset + offset, size, to) == 1)
		return true;
	return error_set(err, ERROR_IO, "cannot read the column cache: %s",
			errno ? strerror(errno) : "it has become shorter");
}

void column_file_drop(struct column_file *file, int64_t block, const struct column_place *place)
{
	pthread_mutex_lock(&file->lock);
	if ((size_t)block < file->spot_count && place->descriptor == file->descriptor &&
			place->offset == file->spots[block].offset)
		spot_set(file, block, (struct spot){ 0 });
	pthread_mutex_unlock(&file->lock);
}

bool column_file_verify(struct column_file *file, column_stamp_fn is_ours, void *context,
		struct error *err)
{
	int64_t asked = -1;
	uint32_t stamp = 0;
	bool is = false;

	/* Nobody else has the file yet. Images of one run have one snapshot. */
	for (size_t i = 0; i < file->spot_count; i++) {
		struct spot *spot = &file->spots[i];

		if (!spot->offset)
			continue;
		if ((spot->sequence != asked || spot->stamp != stamp) &&
				!is_ours(context, spot->sequence, spot->stamp, &is, err))
			return false;
		asked = spot->sequence;
		stamp = spot->stamp;
		if (!is)
			spot_set(file, (int64_t)i, (struct spot){ 0 });
	}
	return true;
}

struct column_file_state column_file_state(struct column_file *file)
{
	struct column_file_state state = { 0 };

	pthread_mutex_lock(&file->lock);
	state.size = file->size;
	state.live = file->live;
	for (size_t i = 0; i < file->spot_count; i++)
		state.blocks += file->spots[i].offset != 0;
	pthread_mutex_unlock(&file->lock);
	return state;
}

/* --- adding, and making room ------------------------------------------------------------------ */

static bool image_append(struct column_file *file, int64_t block, int64_t sequence,
		uint32_t stamp, struct slice image, struct error *err)
{
	struct column_record record = column_record_make(
			COLUMN_RECORD_BLOCK, block, sequence, image.size, stamp);
	struct buffer names = { 0 };
	size_t columns;
	size_t codes;
	uint64_t offset;
	bool ok;

	column_record_append_names(&names, COLUMN_RECORD_COLUMNS, file->columns,
			file->columns_written, &columns);
	column_record_append_names(
			&names, COLUMN_RECORD_CODES, file->codes, file->codes_written, &codes);
	buffer_append(&names, &record, sizeof(record));
	if (names.failed || !spots_reserve(file, block)) {
		buffer_fini(&names);
		return error_set(err, ERROR_MEMORY, "out of memory while keeping columns");
	}
	offset = file->size + names.size;
	/* What the walk would find goes last: a torn image has no head before it. */
	ok = column_descriptor_write(file->descriptor, offset, image.data, image.size) &&
	     column_descriptor_write(file->descriptor, file->size, names.data, names.size);
	buffer_fini(&names);
	if (!ok) {
		column_error(err, "write", file->path, errno);
		if (ftruncate(file->descriptor->number, (off_t)file->size) != 0)
			return error_prefix(err, "and cannot cut it either");
		return false;
	}
	file->size = offset + image.size;
	file->columns_written = columns;
	file->codes_written = codes;
	spot_set(file, block, (struct spot){ offset, (uint32_t)image.size, stamp, sequence });
	return true;
}

/* False when something cannot be read or written. */
static bool images_copy(struct column_file *to, const struct column_file *from, char *buffer)
{
	for (size_t i = 0; i < from->spot_count; i++) {
		const struct spot *spot = &from->spots[i];
		struct column_record record = column_record_make(COLUMN_RECORD_BLOCK,
				(int64_t)i, spot->sequence, spot->size, spot->stamp);
		uint64_t offset = to->size + sizeof(record);

		if (!spot->offset)
			continue;
		if (!column_descriptor_write(to->descriptor, to->size, &record, sizeof(record)))
			return false;
		for (uint64_t at = 0; at < spot->size; at += COPY_SIZE) {
			size_t size = spot->size - at < COPY_SIZE ? (size_t)(spot->size - at)
								  : COPY_SIZE;

			if (column_descriptor_read(from->descriptor, spot->offset + at, size,
					    buffer) != 1)
				return false;
			if (!column_descriptor_write(to->descriptor, offset + at, buffer, size))
				return false;
		}
		to->size = offset + spot->size;
		spot_set(to, (int64_t)i,
				(struct spot){ offset, spot->size, spot->stamp,
						spot->sequence });
	}
	return true;
}

/*
 * A copy of what counts, which takes the place of the file. Where it cannot be made nothing is lost but room, so that
 * nobody is told why.
 */
static void file_compact(struct column_file *file)
{
	struct column_file copy = { .columns = file->columns, .codes = file->codes };
	struct buffer names = { 0 };
	size_t size = strlen(file->path);
	char *buffer = memory_alloc(COPY_SIZE);
	bool ok = false;

	copy.path = memory_alloc(size + sizeof(".new"));
	if (!buffer || !copy.path || !spots_reserve(&copy, (int64_t)file->spot_count))
		goto out;
	memcpy(copy.path, file->path, size);
	memcpy(copy.path + size, ".new", sizeof(".new"));
	copy.descriptor = column_descriptor_open(copy.path, O_TRUNC, NULL);
	if (!copy.descriptor || !file_begin(&copy, NULL))
		goto out;
	column_record_append_names(
			&names, COLUMN_RECORD_COLUMNS, file->columns, 0, &copy.columns_written);
	column_record_append_names(
			&names, COLUMN_RECORD_CODES, file->codes, 0, &copy.codes_written);
	if (names.failed || !column_descriptor_write(
					    copy.descriptor, copy.size, names.data, names.size))
		goto out;
	copy.size += names.size;
	if (!images_copy(&copy, file, buffer) || rename(copy.path, file->path) != 0)
		goto out;
	column_descriptor_unref(file->descriptor);
	memory_free(file->spots);
	file->descriptor = copy.descriptor;
	file->spots = copy.spots;
	file->spot_count = copy.spot_count;
	file->size = copy.size;
	file->live = copy.live;
	file->columns_written = copy.columns_written;
	file->codes_written = copy.codes_written;
	copy.descriptor = NULL;
	copy.spots = NULL;
	ok = true;
out:
	if (!ok && copy.descriptor)
		(void)unlink(copy.path);
	column_descriptor_unref(copy.descriptor);
	memory_free(copy.spots);
	memory_free(copy.path);
	memory_free(buffer);
	buffer_fini(&names);
}

bool column_file_put(struct column_file *file, int64_t block, int64_t sequence, uint32_t stamp,
		struct slice image, struct error *err)
{
	bool ok;

	assert(block >= 0 && block < BLOCKS_MOST && image.size <= UINT32_MAX);
	pthread_mutex_lock(&file->lock);
	ok = image_append(file, block, sequence, stamp, image, err);
	/* Without room for a copy the file stays as long as it is. */
	if (ok && file->size > 2 * file->live + SLACK)
		file_compact(file);
	pthread_mutex_unlock(&file->lock);
	return ok;
}
