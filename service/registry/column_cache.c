/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_internal.h"

#include "base/log.h"
#include "base/memory.h"
#include "proto/codec/codec.h"

#include <assert.h>
#include <string.h>

/* Two states of a registry are not committed in one second and again 136 years later. */
static bool stamp_of(struct column_cache *cache, int64_t sequence, uint32_t *out_stamp,
		struct error *err)
{
	int64_t stamp = 0;
	bool ok;

	pthread_mutex_lock(&cache->origin_lock);
	ok = cache->origin.stamp(cache->origin.context, sequence, &stamp, err);
	pthread_mutex_unlock(&cache->origin_lock);
	*out_stamp = (uint32_t)stamp;
	return ok;
}

static bool is_ours(void *context, int64_t sequence, uint32_t stamp, bool *out_is,
		struct error *err)
{
	uint32_t now;

	if (!stamp_of(context, sequence, &now, err))
		return false;
	*out_is = now == stamp;
	return true;
}

struct column_cache *column_cache_open(
		const char *path, const struct column_origin *origin, struct error *err)
{
	struct column_cache *cache = memory_alloc_zero(1, sizeof(*cache));
	struct error failure = { ERROR_NONE, "" };

	if (!cache) {
		error_set(err, ERROR_MEMORY, "out of memory while opening %s", path);
		return NULL;
	}
	cache->origin = *origin;
	pthread_mutex_init(&cache->origin_lock, NULL);
	pthread_mutex_init(&cache->lock, NULL);
	column_names_init(&cache->columns);
	column_names_init(&cache->codes);
	cache->file = column_file_open(path, &cache->columns, &cache->codes, &failure);
	if (!cache->file) {
		log_event(LOG_LEVEL_WARNING, "column_cache_not_opened",
				LOG_TEXT("message", failure.message));
		return cache;
	}
	if (column_file_verify(cache->file, is_ours, cache, err))
		return cache;
	column_cache_close(cache);
	return NULL;
}

void column_cache_close(struct column_cache *cache)
{
	if (!cache)
		return;
	column_file_close(cache->file);
	column_names_fini(&cache->columns);
	column_names_fini(&cache->codes);
	memory_free(cache->changes);
	pthread_mutex_destroy(&cache->lock);
	pthread_mutex_destroy(&cache->origin_lock);
	memory_free(cache);
}

struct column_file_state column_cache_state(struct column_cache *cache)
{
	return cache->file ? column_file_state(cache->file) : (struct column_file_state){ 0 };
}

void column_cache_counts(
		struct column_cache *cache, uint64_t *out_built, uint64_t *out_unwritten)
{
	*out_built = atomic_load(&cache->built);
	*out_unwritten = atomic_load(&cache->unwritten);
}

/* --- changes ---------------------------------------------------------------------------------- */

static bool change_find(struct column_cache *cache, int64_t block, int64_t sequence,
		struct block_change *out_change)
{
	bool found;

	pthread_mutex_lock(&cache->lock);
	found = (size_t)block < cache->change_count &&
		cache->changes[block].checked >= sequence;
	if (found)
		*out_change = cache->changes[block];
	pthread_mutex_unlock(&cache->lock);
	return found;
}

static bool change_keep(struct column_cache *cache, int64_t block, struct block_change change)
{
	bool ok = true;

	pthread_mutex_lock(&cache->lock);
	if ((size_t)block >= cache->change_count) {
		size_t count = (size_t)block + (size_t)block / 2 + 64;
		struct block_change *grown =
				memory_resize(cache->changes, count * sizeof(*grown));

		ok = grown != NULL;
		if (ok) {
			memset(grown + cache->change_count, 0,
					(count - cache->change_count) * sizeof(*grown));
			cache->changes = grown;
			cache->change_count = count;
		}
	}
	if (ok && cache->changes[block].checked < change.checked)
		cache->changes[block] = change;
	pthread_mutex_unlock(&cache->lock);
	return ok;
}

/* The last change of the block that is known of, and at least of those up to the snapshot. */
static bool last_change(struct column_reader *reader, int64_t *out_change, struct error *err)
{
	struct column_cache *cache = reader->cache;
	struct block_change change = { .checked = reader->sequence };
	bool ok;

	if (change_find(cache, reader->block, reader->sequence, &change)) {
		*out_change = change.change;
		return true;
	}
	pthread_mutex_lock(&cache->origin_lock);
	ok = cache->origin.block_sequence(
			cache->origin.context, reader->block, &change.change, err);
	pthread_mutex_unlock(&cache->origin_lock);
	if (!ok)
		return error_prefix(err, "looking for changes");
	if (change.change > change.checked)
		change.checked = change.change;
	*out_change = change.change;
	return change_keep(cache, reader->block, change) ||
	       error_set(err, ERROR_MEMORY, "out of memory while reading columns");
}

/* --- building --------------------------------------------------------------------------------- */

struct building {
	struct column_builder *builder;
	int64_t first_id;
};

static bool on_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct building *building = context;

	(void)changed_sequence;
	return column_builder_add(
			building->builder, (unsigned)(id - building->first_id), profile, err);
}

static bool image_build(struct column_reader *reader, struct error *err)
{
	struct column_cache *cache = reader->cache;
	struct building building = { .first_id = reader->block * COLUMN_ROWS + 1 };
	bool ok;

	building.builder = column_builder_new(&cache->columns, &cache->codes, err);
	if (!building.builder)
		return false;
	buffer_clear(&reader->bytes);
	pthread_mutex_lock(&cache->origin_lock);
	ok = cache->origin.scan(cache->origin.context, reader->sequence, building.first_id,
			COLUMN_ROWS, on_row, &building, err);
	pthread_mutex_unlock(&cache->origin_lock);
	ok = ok && column_builder_finish(building.builder, &reader->bytes, err);
	column_builder_free(building.builder);
	return ok;
}

bool column_reader_build(struct column_reader *reader, bool keep, struct error *err)
{
	struct column_cache *cache = reader->cache;
	struct error failure = { ERROR_NONE, "" };
	struct slice image;
	uint32_t stamp = 0;

	reader->has_bytes = false;
	if (!image_build(reader, err))
		return error_prefix(
				err, "making columns of block %lld", (long long)reader->block);
	image = (struct slice){ reader->bytes.data, reader->bytes.size };
	if (!column_image_read(image, image.size, &reader->image))
		return error_set(err, ERROR_INTERNAL, "columns that were made make no sense");
	reader->has_bytes = true;
	atomic_fetch_add(&cache->built, 1);
	keep = keep && cache->file;
	if (keep && !stamp_of(cache, reader->sequence, &stamp, err))
		return false;
	/* Without the file it is slower, not wrong. */
	if (keep &&
			!column_file_put(cache->file, reader->block, reader->sequence, stamp,
					image, &failure) &&
			atomic_fetch_add(&cache->unwritten, 1) == 0)
		log_event(LOG_LEVEL_WARNING, "column_cache_not_written",
				LOG_TEXT("message", failure.message));
	return true;
}

bool column_reader_repair(struct column_reader *reader, struct error *err)
{
	log_event(LOG_LEVEL_WARNING, "column_cache_damaged",
			LOG_NUMBER("block", reader->block));
	column_file_drop(reader->cache->file, reader->block, &reader->place);
	column_place_release(&reader->place);
	return column_reader_build(reader, true, err) && column_reader_resolve(reader, err);
}

/* --- entering --------------------------------------------------------------------------------- */

/* The front of the image in the file; *out_damaged when it is not as it was written. */
static bool front_read(struct column_reader *reader, bool *out_damaged, struct error *err)
{
	struct column_image_head head;
	size_t size;

	*out_damaged = reader->place.size < sizeof(head);
	if (*out_damaged)
		return true;
	if (!column_place_read(&reader->place, 0, sizeof(head), &head, err))
		return false;
	*out_damaged = head.count > COLUMNS_MOST ||
		       column_image_front(head.count) > reader->place.size;
	if (*out_damaged)
		return true;
	size = column_image_front(head.count);
	buffer_clear(&reader->front);
	if (!buffer_reserve(&reader->front, size))
		return error_set(err, ERROR_MEMORY, "out of memory while reading columns");
	if (!column_place_read(&reader->place, 0, size, reader->front.data, err))
		return false;
	reader->front.size = size;
	*out_damaged = !column_image_read((struct slice){ reader->front.data, size },
			reader->place.size, &reader->image);
	return true;
}

/* What the image in the file starts with: what cannot be read is as good as damaged. */
static bool image_open(struct column_reader *reader, struct error *err)
{
	bool damaged;

	if (!front_read(reader, &damaged, err) || damaged)
		return column_reader_repair(reader, err);
	return true;
}

static bool image_find(struct column_reader *reader, struct error *err)
{
	int64_t change = 0;

	if (reader->floor < INT64_MAX && reader->cache->file &&
			column_file_find(reader->cache->file, reader->block, &reader->place)) {
		if (reader->place.sequence >= reader->floor)
			return image_open(reader, err);
		column_place_release(&reader->place);
	}
	if (!last_change(reader, &change, err))
		return false;
	if (change > reader->sequence)
		return column_reader_build(reader, false, err);
	if (!reader->cache->file ||
			!column_file_find(reader->cache->file, reader->block, &reader->place))
		return column_reader_build(reader, true, err);
	if (reader->place.sequence < change) {
		column_place_release(&reader->place);
		return column_reader_build(reader, true, err);
	}
	return image_open(reader, err);
}

bool column_reader_enter_unchanged(struct column_reader *reader, int64_t block, int64_t floor,
		struct sweep_source *out_source, struct error *err)
{
	assert(block >= 0);
	reader->floor = floor;
	column_place_release(&reader->place);
	reader->has_bytes = false;
	reader->block = block;
	if (!image_find(reader, err) || !column_reader_resolve(reader, err)) {
		reader->block = -1;
		return false;
	}
	*out_source = (struct sweep_source){
		.context = reader,
		.row_count = reader->image.head.rows,
		.column = column_reader_column,
		.profile = column_reader_profile,
		.tells_series = true,
		.items = column_reader_items,
	};
	return true;
}

bool column_reader_enter(struct column_reader *reader, int64_t block,
		struct sweep_source *out_source, struct error *err)
{
	return column_reader_enter_unchanged(reader, block, INT64_MAX, out_source, err);
}

struct asking {
	struct arena *arena;
	const Policycalc__V1__Profile *profile;
};

static bool on_asked(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct asking *asking = context;
	struct buffer bytes = { 0 };

	(void)id;
	(void)changed_sequence;
	if (message_pack(&profile->base, &bytes))
		asking->profile = (const Policycalc__V1__Profile *)message_unpack(
				(struct slice){ bytes.data, bytes.size },
				&policycalc__v1__profile__descriptor, &message_limits_default,
				asking->arena, err);
	else
		error_set(err, ERROR_MEMORY, "out of memory while reading an enterprise");
	buffer_fini(&bytes);
	return asking->profile != NULL;
}

bool column_reader_ask(struct column_reader *reader, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	struct column_cache *cache = reader->cache;
	struct asking asking = { .arena = arena };
	bool ok;

	assert(reader->block >= 0);
	pthread_mutex_lock(&cache->origin_lock);
	ok = cache->origin.scan(cache->origin.context, reader->sequence,
			reader->block * COLUMN_ROWS + 1 + row, 1, on_asked, &asking, err);
	pthread_mutex_unlock(&cache->origin_lock);
	*out_profile = asking.profile;
	return ok;
}

int64_t column_cache_sequence(struct column_cache *cache, int64_t block)
{
	struct column_place place = { 0 };
	int64_t sequence = -1;

	if (cache->file && column_file_find(cache->file, block, &place))
		sequence = place.sequence;
	column_place_release(&place);
	return sequence;
}

const uint64_t *column_reader_present(const struct column_reader *reader)
{
	assert(reader->block >= 0);
	return reader->image.head.present;
}
