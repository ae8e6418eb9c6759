/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a block's columns and profiles, for one thread. */
#include "registry/column_internal.h"

#include "base/memory.h"
#include "calculator/period.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct column_reader *column_reader_new(struct column_cache *cache, int64_t sequence,
		const struct sweep_want *wants, size_t want_count, struct error *err)
{
	struct column_reader *reader = memory_alloc_zero(1, sizeof(*reader));

	if (reader)
		reader->wants = memory_alloc_zero(want_count + 1, sizeof(*reader->wants));
	if (!reader || !reader->wants) {
		memory_free(reader);
		error_set(err, ERROR_MEMORY, "out of memory while reading columns");
		return NULL;
	}
	reader->cache = cache;
	reader->sequence = sequence;
	reader->want_count = want_count;
	reader->block = -1;
	for (size_t i = 0; i < want_count; i++) {
		reader->wants[i].want = &wants[i];
		reader->wants[i].name = COLUMN_NAME_NONE;
	}
	return reader;
}

void column_reader_free(struct column_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->want_count; i++) {
		struct column_want *want = &reader->wants[i];

		memory_free(want->integers);
		memory_free(want->codes);
		memory_free(want->starts);
		memory_free(want->texts);
		buffer_fini(&want->packed);
	}
	column_place_release(&reader->place);
	buffer_fini(&reader->front);
	buffer_fini(&reader->bytes);
	buffer_fini(&reader->section);
	memory_free(reader->wants);
	memory_free(reader);
}

/* --- names of wants --------------------------------------------------------------------------- */

int column_kind_of_type(Policycalc__V1__ValueType type)
{
	switch ((int)type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		return COLUMN_MONEY;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		return COLUMN_RATIO;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		return COLUMN_COUNT;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE:
		return COLUMN_DATE;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG:
		return COLUMN_FLAG;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE:
		return COLUMN_CODE;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TEXT:
		return COLUMN_TEXT;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES:
		return COLUMN_CODE_LIST;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES:
		return COLUMN_TITLE_LIST;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES:
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES:
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT_SERIES:
		return COLUMN_SERIES;
	default:
		return 0;
	}
}

static bool want_resolve(
		struct column_reader *reader, struct column_want *want, struct error *err)
{
	const struct sweep_want *fact = want->want;
	int kind = column_kind_of_type(fact->definition->type);
	struct buffer text = { 0 };
	struct arena arena;
	const char *period = "";

	if (!kind)
		return true;
	arena_init(&arena, 4096);
	buffer_append_char(&text, (char)kind);
	buffer_append_text(&text, fact->attribute);
	/* A series carries its periods itself. */
	if (fact->periodic && kind != COLUMN_SERIES) {
		period = period_print(fact->definition->period, fact->period, &arena);
		buffer_append_char(&text, '@');
		buffer_append_text(&text, period ? period : "");
	}
	if (period && !text.failed)
		want->name = column_names_find(&reader->cache->columns,
				(struct slice){ text.data, text.size });
	else
		error_set(err, ERROR_MEMORY, "out of memory while reading columns");
	period = text.failed ? NULL : period;
	buffer_fini(&text);
	arena_fini(&arena);
	return period != NULL;
}

bool column_reader_resolve(struct column_reader *reader, struct error *err)
{
	size_t count;

	(void)column_names_list(&reader->cache->columns, &count);
	if (count == reader->columns_seen)
		return true;
	for (size_t i = 0; i < reader->want_count; i++) {
		if (reader->wants[i].name == COLUMN_NAME_NONE &&
				!want_resolve(reader, &reader->wants[i], err))
			return false;
	}
	reader->columns_seen = count;
	return true;
}

/* --- bytes ------------------------------------------------------------------------------------ */

bool column_reader_section(struct column_reader *reader, const struct column_entry *entry,
		struct buffer *room, const char **out_packed, bool *out_damaged,
		struct error *err)
{
	struct error ignored;

	*out_damaged = false;
	if (reader->has_bytes) {
		*out_packed = reader->bytes.data + entry->offset;
		return true;
	}
	buffer_clear(room);
	/* A byte more: a section without any has an address, too. */
	if (!buffer_reserve(room, (size_t)entry->size + 1))
		return error_set(err, ERROR_MEMORY, "out of memory while reading columns");
	*out_damaged = !column_place_read(&reader->place, entry->offset, entry->size,
				       room->data, &ignored) ||
		       column_checksum(0, (struct slice){ room->data, entry->size }) !=
				       entry->checksum;
	*out_packed = room->data;
	return true;
}

/* All of the image, each section checked, into ->bytes. */
static bool image_load(struct column_reader *reader, struct error *err)
{
	bool damaged;
	struct error ignored;

	if (reader->has_bytes)
		return true;
	buffer_clear(&reader->bytes);
	if (!buffer_reserve(&reader->bytes, reader->place.size))
		return error_set(err, ERROR_MEMORY, "out of memory while reading columns");
	damaged = !column_place_read(
			&reader->place, 0, reader->place.size, reader->bytes.data, &ignored);
	for (uint32_t i = 0; !damaged && i <= reader->image.head.count; i++) {
		const struct column_entry *entry = &reader->image.entries[i];

		damaged = column_checksum(0, (struct slice){ reader->bytes.data + entry->offset,
							     entry->size }) != entry->checksum;
	}
	damaged = damaged ||
		  !column_image_is_sound(&reader->image,
				  (struct slice){ reader->bytes.data, reader->place.size });
	if (damaged)
		return column_reader_repair(reader, err);
	/* The front was checked; its entries stay where they were read. */
	reader->bytes.size = reader->place.size;
	reader->has_bytes = true;
	return true;
}

bool column_reader_profile(void *context, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	struct column_reader *reader = context;
	const struct slice *columns;
	const struct slice *codes;
	size_t column_count;
	size_t code_count;

	if (!image_load(reader, err))
		return false;
	if (row >= reader->image.head.rows || !column_bit_has(reader->image.head.present, row))
		return error_set(err, ERROR_INTERNAL, "there is no such row in the columns");
	columns = column_names_list(&reader->cache->columns, &column_count);
	codes = column_names_list(&reader->cache->codes, &code_count);
	*out_profile = column_image_profile(&reader->image,
			(struct slice){ reader->bytes.data, reader->bytes.size }, columns,
			column_count, codes, code_count, row, arena, err);
	return *out_profile != NULL;
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool room_make(void **room, size_t *has, size_t count, size_t size)
{
	void *grown;

	if (*has >= count)
		return true;
	grown = memory_resize(*room, count * size);
	if (!grown)
		return false;
	*room = grown;
	*has = count;
	return true;
}

static bool want_reserve(struct column_want *want, enum column_form form, size_t entries)
{
	bool is_run = form != COLUMN_FIGURES && form != COLUMN_BITS;
	bool has_integers = form == COLUMN_TITLES || want->want->form == SWEEP_INTEGER;
	bool has_codes = is_run || want->want->form == SWEEP_CODE;

	if (has_integers && !room_make((void **)&want->integers, &want->integer_room, entries,
					    sizeof(*want->integers)))
		return false;
	if (has_codes && !room_make((void **)&want->codes, &want->code_room, entries,
					 sizeof(*want->codes)))
		return false;
	if (is_run && !want->starts)
		want->starts = memory_alloc((COLUMN_ROWS + 1) * sizeof(*want->starts));
	if (form == COLUMN_TEXTS && !want->texts)
		want->texts = memory_alloc(COLUMN_ROWS * sizeof(*want->texts));
	return (!is_run || want->starts) && (form != COLUMN_TEXTS || want->texts);
}

/* Texts are their own table: row i has number i. */
static void texts_unpack(struct column_want *want, const struct column_run_view *view,
		unsigned rows, struct sweep_column *out)
{
	for (unsigned row = 0; row < rows; row++) {
		uint32_t from;
		uint32_t until;

		column_run_at(view, row, &from, &until);
		want->codes[row] = row;
		want->texts[row] = (struct slice){ view->texts.data + from,
			until > from ? until - from - 1 : 0 };
	}
	out->codes = want->codes;
	out->code_texts = want->texts;
	out->code_count = rows;
	out->code_table = 0;
}

static void runs_unpack(struct column_want *want, const struct column_run_view *view,
		unsigned rows, struct sweep_column *out)
{
	for (unsigned row = 0; row < rows; row++)
		column_run_at(view, row, &want->starts[row], &want->starts[row + 1]);
	if (view->count) {
		memcpy(want->codes, view->codes, view->count * sizeof(*want->codes));
		if (want->integers)
			memcpy(want->integers, view->days,
					view->count * sizeof(*want->integers));
	}
	out->codes = want->codes;
	out->starts = want->starts;
	out->integers = want->integers;
}

/* false: the bytes make no sense, or memory is short (*out_short). */
static bool want_unpack(struct column_reader *reader, struct column_want *want,
		const struct column_entry *entry, const char *packed, struct sweep_column *out,
		bool *out_short)
{
	unsigned rows = reader->image.head.rows;
	struct column_run_view view = { 0 };
	bool is_run = entry->form != COLUMN_FIGURES && entry->form != COLUMN_BITS;

	*out_short = false;
	if (is_run && !column_view_runs(entry, packed, rows, &view))
		return false;
	if (!want_reserve(want, (enum column_form)entry->form,
			    view.count > COLUMN_ROWS ? view.count : COLUMN_ROWS)) {
		*out_short = true;
		return false;
	}
	column_unpack_known(entry, packed, rows, want->known);
	out->known = want->known;
	out->code_texts = column_names_list(&reader->cache->codes, &out->code_count);
	out->code_table = reader->cache->codes.number;
	if (entry->form == COLUMN_TEXTS) {
		texts_unpack(want, &view, rows, out);
	} else if (is_run) {
		runs_unpack(want, &view, rows, out);
	} else if (entry->form == COLUMN_BITS) {
		column_unpack_flags(entry, packed, rows, want->flags);
		out->flags = want->flags;
	} else if (want->want->form == SWEEP_CODE) {
		column_unpack_codes(entry, packed, rows, want->codes);
		out->codes = want->codes;
	} else {
		column_unpack_figures(entry, packed, rows, want->integers);
		out->integers = want->integers;
	}
	return true;
}

bool column_reader_column(
		void *context, size_t index, struct sweep_column *out, struct error *err)
{
	struct column_reader *reader = context;
	struct column_want *want = &reader->wants[index];

	/* Once, and after a damage once more: what was just built is whole. */
	for (int attempt = 0; attempt < 2; attempt++) {
		const struct column_entry *entry =
				want->name == COLUMN_NAME_NONE
						? NULL
						: column_image_find(&reader->image, want->name);
		const char *packed;
		bool damaged;
		bool is_short = false;

		*out = (struct sweep_column){ 0 };
		if (!entry)
			return true;
		if (!column_reader_section(reader, entry,
				    entry->form == COLUMN_TEXTS ? &want->packed
								: &reader->section,
				    &packed, &damaged, err))
			return false;
		if (!damaged && want_unpack(reader, want, entry, packed, out, &is_short))
			return true;
		if (is_short)
			return error_set(err, ERROR_MEMORY,
					"out of memory while reading columns");
		/* Others may have borrowed from whole bytes, which are right by their checksums. */
		if (reader->has_bytes)
			break;
		if (!column_reader_repair(reader, err))
			return false;
	}
	return error_set(err, ERROR_INTERNAL, "columns that were made make no sense");
}

/* --- items ------------------------------------------------------------------------------------ */

/* The rows of a mark, in @room; NULL in @out_rows: none. */
static bool mark_read(struct column_reader *reader, enum column_kind kind, const char *list,
		uint64_t *room, const uint64_t **out_rows, struct error *err)
{
	char text[40];
	int size = snprintf(text, sizeof(text), "%c%s", (char)kind, list);
	uint32_t name = column_names_find(
			&reader->cache->columns, (struct slice){ text, (size_t)size });
	const struct column_entry *entry;
	const char *packed;
	bool damaged;

	*out_rows = NULL;
	if (name == COLUMN_NAME_NONE)
		return true;
	for (int attempt = 0; attempt < 2; attempt++) {
		entry = column_image_find(&reader->image, name);
		if (!entry)
			return true;
		if (!column_reader_section(
				    reader, entry, &reader->section, &packed, &damaged, err))
			return false;
		if (!damaged) {
			column_unpack_known(entry, packed, reader->image.head.rows, room);
			*out_rows = room;
			return true;
		}
		if (!column_reader_repair(reader, err))
			return false;
	}
	return error_set(err, ERROR_INTERNAL, "columns that were made make no sense");
}

bool column_reader_items(void *context, const char *list, struct sweep_items *out_items,
		struct error *err)
{
	struct column_reader *reader = context;
	struct column_items *items = NULL;

	for (size_t i = 0; i < COLUMN_LISTS && !items; i++) {
		if (!*reader->items[i].list || strcmp(reader->items[i].list, list) == 0)
			items = &reader->items[i];
	}
	assert(items && strlen(list) < sizeof(items->list));
	strcpy(items->list, list);
	return mark_read(reader, COLUMN_ITEMS, list, items->some, &out_items->some, err) &&
	       mark_read(reader, COLUMN_COMPLETE, list, items->complete, &out_items->complete,
			       err);
}
