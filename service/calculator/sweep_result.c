/* SPDX-License-Identifier: Apache-2.0 */
/* What the last block of a sweep came to. */
#include "calculator/sweep_internal.h"

#include "rules/plane.h"

#include <assert.h>
#include <string.h>

static bool plane_tell(const uint64_t *plane, uint64_t *out_rows)
{
	if (!plane || !plane_any(plane))
		return false;
	memcpy(out_rows, plane, SWEEP_WORDS * sizeof(*plane));
	return true;
}

bool sweep_verdict(const struct sweep_work *work, size_t policy,
		Policycalc__V1__Verdict verdict, uint64_t *out_rows)
{
	const struct sweep_result *result = &work->results[policy];
	const uint64_t *planes[3] = { result->eligible, result->asked, result->review };
	bool open = work->plans[policy].open;
	uint64_t rows[SWEEP_WORDS];
	uint64_t eligible[SWEEP_WORDS];

	assert(work->done && policy < work->sweep->policy_count);
	if (verdict == VERDICT(ELIGIBLE) && result->packed) {
		if (!open || !result->packed[0])
			return false;
		plane_unpack(result->packed, out_rows);
		return true;
	}
	if (result->packed) {
		plane_unpack(result->packed, eligible);
		planes[0] = eligible;
	}
	if (verdict == VERDICT(ELIGIBLE))
		return open && plane_tell(planes[0], out_rows);
	if (verdict == VERDICT(NEEDS_INFORMATION))
		return open && plane_tell(planes[1], out_rows);
	if (verdict == VERDICT(NEEDS_REVIEW))
		return open && plane_tell(planes[2], out_rows);
	if (verdict != VERDICT(INELIGIBLE) && verdict != VERDICT(NOT_OPEN))
		return false;
	if (verdict == VERDICT(NOT_OPEN) && open)
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t other = 0;

		for (size_t k = 0; k < 3; k++)
			other |= planes[k] ? planes[k][i] : 0;
		rows[i] = verdict == VERDICT(NOT_OPEN) ? other : work->rows[i] & ~other;
	}
	return plane_tell(rows, out_rows);
}

size_t sweep_verdict_rows(const struct sweep_work *work, size_t policy,
		Policycalc__V1__Verdict verdict, uint16_t *out_rows)
{
	const uint64_t *packed = work->results[policy].packed;
	uint64_t room[PLANE_PACKED_MOST];
	uint64_t rows[SWEEP_WORDS];

	assert(work->done && policy < work->sweep->policy_count);
	_Static_assert(SWEEP_LIST_MOST == PLANE_LIST_MOST, "the room of a list");
	if (verdict == VERDICT(ELIGIBLE) && packed)
		return work->plans[policy].open ? plane_list(packed, out_rows) : 0;
	if (!sweep_verdict(work, policy, verdict, rows))
		return 0;
	(void)plane_pack(rows, room);
	return plane_list(room, out_rows);
}

bool sweep_condition_status(const struct sweep_work *work, size_t policy, size_t condition,
		Policycalc__V1__ConditionStatus status, uint64_t *out_rows)
{
	assert(work->done && work->sweep->conditions);
	assert(condition < sweep_condition_count(work->sweep, policy));
	if ((size_t)status >= SWEEP_STATUSES)
		return false;
	return plane_tell(work->results[policy].conditions[condition * SWEEP_STATUSES +
							   (size_t)status],
			out_rows);
}
