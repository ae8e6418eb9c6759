/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/narrow.h"

#include "base/memory.h"
#include "registry/column_pack.h"

#include <string.h>

void narrow_fini(struct narrow *narrow)
{
	memory_free(narrow->fits);
}

/* false when memory is short. */
static bool code_is_wanted(const struct narrow *narrow, struct slice code, bool *out_wanted)
{
	char text[32];
	struct arena arena;
	const char *industry;
	bool ok;

	*out_wanted = narrow->region &&
		      firm_region_is_within(narrow->catalog,
				      firm_region_of_code(narrow->catalog, code),
				      narrow->region);
	if (narrow->region || code.size >= sizeof(text))
		return true;
	memcpy(text, code.data, code.size);
	text[code.size] = '\0';
	arena_init(&arena, 4096);
	industry = firm_industry_code(narrow->catalog, text, &arena);
	*out_wanted = industry &&
		      strncmp(industry, narrow->industry, strlen(narrow->industry)) == 0;
	ok = !arena.exhausted;
	arena_fini(&arena);
	return ok;
}

static bool code_fits(struct narrow *narrow, const struct sweep_column *column, uint32_t number,
		bool *out_fits)
{
	bool is_wanted;

	if (number >= narrow->count) {
		size_t count = column->code_count + 256;
		uint8_t *grown = memory_resize(narrow->fits, count);

		if (!grown)
			return false;
		memset(grown + narrow->count, 0, count - narrow->count);
		narrow->fits = grown;
		narrow->count = count;
	}
	if (!narrow->fits[number]) {
		if (!code_is_wanted(narrow, column->code_texts[number], &is_wanted))
			return false;
		narrow->fits[number] = is_wanted ? 1 : 2;
	}
	*out_fits = narrow->fits[number] == 1;
	return true;
}

bool narrow_rows(struct narrow *narrow, const struct sweep_source *source, size_t want,
		uint64_t *rows, struct error *err)
{
	struct sweep_column column = { 0 };

	if (!source->column(source->context, want, &column, err))
		return false;
	for (unsigned row = 0; row < source->row_count; row++) {
		bool fits = false;

		if (!column_bit_has(rows, row))
			continue;
		if (column.known && column_bit_has(column.known, row) &&
				!code_fits(narrow, &column, column.codes[row], &fits))
			return error_set(err, ERROR_MEMORY, "out of memory while searching");
		if (!fits)
			rows[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
	return true;
}
