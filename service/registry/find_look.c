/* SPDX-License-Identifier: Apache-2.0 */
/* One enterprise looked at closely, and what its answer adds to the summary. */
#include "registry/find_internal.h"

#include <string.h>

typedef Policycalc__V1__FoundEnterprise found_message;
typedef Policycalc__V1__PolicyAnswer answer_message;

/* --- asking ----------------------------------------------------------------------------------- */

/* NULL with ERROR_INVALID when the catalog refuses the facts. */
static answer_message *ask(const struct find *find, bool near, struct arena *arena,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	char *policies[] = { find->policy->id };
	struct violations violations = { 0 };

	request.profile = (Policycalc__V1__Profile *)(uintptr_t)profile;
	request.as_of = (char *)(uintptr_t)find->day;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.policies = policies;
	request.n_policies = 1;
	request.near = near;
	if (!ruleset_match(find->options.ruleset, &request, find->day, arena, &response,
			    &violations, err))
		return NULL;
	return response->answers[0];
}

static void found_fill(const struct find *find, struct arena *arena,
		const Policycalc__V1__Profile *profile, answer_message *answer,
		found_message *found)
{
	const Policycalc__V1__Region *region;
	const char *industry = firm_code(profile, FIRM_INDUSTRY);

	policycalc__v1__found_enterprise__init(found);
	found->uscc = profile->uscc;
	found->region = (char *)(uintptr_t)firm_code(profile, FIRM_REGION);
	region = firm_region_of_code(find->catalog, slice_from(found->region));
	if (region)
		found->region_label = region->name;
	if (*industry)
		industry = firm_industry_code(find->catalog, industry, arena);
	found->industry = (char *)(uintptr_t)(industry ? industry : "");
	found->answer = answer;
}

/* --- one -------------------------------------------------------------------------------------- */

/* Behind its size, which is known when it is there. */
static bool found_append(
		const struct find *find, const found_message *found, struct buffer *bytes)
{
	size_t start = bytes->size;
	uint32_t size = 0;

	buffer_append(bytes, &size, sizeof(size));
	if (!find->options.pack(found, bytes) || bytes->failed)
		return false;
	size = (uint32_t)(bytes->size - start - sizeof(size));
	memcpy(bytes->data + start, &size, sizeof(size));
	return true;
}

static void found_rank(const struct find *find, const answer_message *answer, struct kept *kept)
{
	const Policycalc__V1__AmountAnswer *amount = answer->amount;

	if (find->request->sort == POLICYCALC__V1__FIND_SORT__FIND_SORT_AMOUNT) {
		kept->first = amount ? -amount->least_fen : 0;
		kept->second = amount ? -amount->most_fen : 0;
	} else if (answer->n_near) {
		kept->first = 1;
		kept->second = answer->near[0]->cost_ppm;
	} else {
		/* Who has it, then who is near, then all others by how far they are from a yes. */
		kept->first = answer->verdict == VERDICT(ELIGIBLE)
					      ? 0
					      : 2 + VERDICT(ELIGIBLE) -
								(int64_t)answer->verdict;
	}
}

static bool found_keep(const struct find *find, struct kept_heap *heap,
		const found_message *found, struct error *err)
{
	struct kept kept = { .id = found->id };
	struct buffer bytes = { 0 };

	found_rank(find, found->answer, &kept);
	if (!kept_wants(heap, kept.first, kept.second, kept.id))
		return true;
	if (find->options.pack(found, &bytes) && !bytes.failed) {
		kept.bytes = (struct slice){ bytes.data, bytes.size };
		if (kept_add(heap, &kept))
			return true;
	}
	buffer_fini(&bytes);
	return error_set(err, ERROR_MEMORY, "out of memory while keeping enterprises");
}

bool find_look(const struct find *find, struct find_seat *seat, struct find_piece *piece,
		const struct sweep_source *source, const struct find_row *row,
		struct error *err)
{
	struct find_sums *sums = &piece->sums;
	const Policycalc__V1__Profile *profile;
	struct error failure = { ERROR_NONE, "" };
	answer_message *answer;
	found_message found;

	arena_reset(&seat->row);
	if (!source->profile(source->context, row->row, &seat->row, &profile, err))
		return false;
	answer = ask(find, row->asks_near, &seat->row, profile, &failure);
	if (!answer && failure.code == ERROR_INVALID) {
		sums->refused++;
		return true;
	}
	if (!answer)
		return error_set(err, failure.code, "%s", failure.message);
	sums->near += answer->n_near > 0;
	if (row->only_if_near && answer->n_near == 0)
		return true;
	if (answer->verdict == VERDICT(ELIGIBLE) && answer->amount &&
			!find_add_sure(sums, answer->amount->least_fen))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	if (answer->verdict == VERDICT(NEEDS_INFORMATION) &&
			!find_note_lacks(sums, answer, err))
		return false;
	found_fill(find, &seat->row, profile, answer, &found);
	if (seat->row.exhausted)
		return arena_error(&seat->row, err, "telling an enterprise");
	found.id = row->id;
	sums->fitting++;
	if (find->request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_ID)
		return found_keep(find, &seat->heap, &found, err);
	sums->told++;
	return found_append(find, &found, &piece->found) ||
	       error_set(err, ERROR_MEMORY, "out of memory while searching");
}
