/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a search asks about: region, industry, size. */
#include "registry/find_internal.h"

static bool narrow_by_size(const struct find *find, struct arena *arena,
		const struct sweep_source *source, uint64_t *rows, struct error *err)
{
	for (unsigned row = 0; row < source->row_count; row++) {
		const Policycalc__V1__Profile *profile;
		enum firm_size size;

		if (!column_bit_has(rows, row))
			continue;
		arena_reset(arena);
		if (!source->profile(source->context, row, arena, &profile, err) ||
				!ruleset_firm_size(find->options.ruleset, profile, find->day,
						arena, &size, err))
			return false;
		if (size != find->size)
			rows[row / 64] &= ~(UINT64_C(1) << (row % 64));
	}
	return true;
}

bool find_narrow(const struct find *find, struct find_seat *seat,
		const struct sweep_source *source, uint64_t *rows, struct error *err)
{
	struct narrow *narrow = seat->narrow;

	if (find->region && !narrow_rows(&narrow[0], source, find->want_count, rows, err))
		return false;
	if (*find->industry &&
			!narrow_rows(&narrow[1], source, find->want_count + 1, rows, err))
		return false;
	return find->size == FIRM_SIZE_UNKNOWN ||
	       narrow_by_size(find, &seat->row, source, rows, err);
}
