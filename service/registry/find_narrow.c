/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a search asks about: region, industry, size. */
#include "registry/find_internal.h"

#include "base/memory.h"

#include <string.h>

enum narrow {
	NARROW_REGION,
	NARROW_INDUSTRY,
};

static bool code_is_wanted(struct find *find, enum narrow which, struct slice code)
{
	char text[32];
	const char *industry;

	if (which == NARROW_REGION)
		return firm_region_is_within(find->catalog,
				firm_region_of_code(find->catalog, code), find->region);
	if (code.size >= sizeof(text))
		return false;
	memcpy(text, code.data, code.size);
	text[code.size] = '\0';
	industry = firm_industry_code(find->catalog, text, &find->row);
	return industry && strncmp(industry, find->industry, strlen(find->industry)) == 0;
}

/* Codes repeat: each is judged once. */
static bool code_fits(struct find *find, enum narrow which, const struct sweep_column *column,
		uint32_t number, bool *out_fits)
{
	if (number >= find->code_count[which]) {
		size_t count = column->code_count + 256;
		uint8_t *grown = memory_resize(find->code_fits[which], count);

		if (!grown)
			return false;
		memset(grown + find->code_count[which], 0, count - find->code_count[which]);
		find->code_fits[which] = grown;
		find->code_count[which] = count;
	}
	if (!find->code_fits[which][number])
		find->code_fits[which][number] =
				code_is_wanted(find, which, column->code_texts[number]) ? 1 : 2;
	*out_fits = find->code_fits[which][number] == 1;
	return true;
}

static bool narrow_by_code(struct find *find, const struct sweep_source *source,
		enum narrow which, uint64_t *rows, struct error *err)
{
	struct sweep_column column = { 0 };

	if (!source->column(source->context, find->want_count + (size_t)which, &column, err))
		return false;
	arena_reset(&find->row);
	for (unsigned row = 0; row < source->row_count; row++) {
		bool fits = false;

		if (!column_bit_has(rows, row))
			continue;
		if (column.known && column_bit_has(column.known, row) &&
				!code_fits(find, which, &column, column.codes[row], &fits))
			return error_set(err, ERROR_MEMORY, "out of memory while searching");
		if (!fits)
			rows[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
	return true;
}

static bool narrow_by_size(struct find *find, const struct sweep_source *source, uint64_t *rows,
		struct error *err)
{
	for (unsigned row = 0; row < source->row_count; row++) {
		const Policycalc__V1__Profile *profile;
		enum firm_size size;

		if (!column_bit_has(rows, row))
			continue;
		arena_reset(&find->row);
		if (!source->profile(source->context, row, &find->row, &profile, err) ||
				!ruleset_firm_size(find->options.ruleset, profile, find->day,
						&find->row, &size, err))
			return false;
		if (size != find->size)
			rows[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
	return true;
}

bool find_narrow(struct find *find, const struct sweep_source *source, uint64_t *rows,
		struct error *err)
{
	if (find->region && !narrow_by_code(find, source, NARROW_REGION, rows, err))
		return false;
	if (*find->industry && !narrow_by_code(find, source, NARROW_INDUSTRY, rows, err))
		return false;
	return find->size == FIRM_SIZE_UNKNOWN || narrow_by_size(find, source, rows, err);
}
