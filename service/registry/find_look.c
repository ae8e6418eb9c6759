/* SPDX-License-Identifier: Apache-2.0 */
/* One enterprise looked at closely, and what its answer adds to the summary. */
#include "registry/find_internal.h"

#include "base/memory.h"

#include <string.h>

typedef Policycalc__V1__FoundEnterprise found_message;
typedef Policycalc__V1__PolicyAnswer answer_message;

/* --- asking ----------------------------------------------------------------------------------- */

/* NULL with ERROR_INVALID when the catalog refuses the facts. */
static answer_message *ask(
		struct find *find, const Policycalc__V1__Profile *profile, struct error *err)
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
	request.near = find->request->near;
	if (!ruleset_match(find->options.ruleset, &request, find->day, &find->row, &response,
			    &violations, err))
		return NULL;
	return response->answers[0];
}

static void found_fill(struct find *find, const Policycalc__V1__Profile *profile,
		answer_message *answer, found_message *found)
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
		industry = firm_industry_code(find->catalog, industry, &find->row);
	found->industry = (char *)(uintptr_t)(industry ? industry : "");
	found->answer = answer;
}

/* --- lacks ------------------------------------------------------------------------------------ */

static struct lack *lack_of(struct find *find, struct slice name)
{
	uintptr_t at = (uintptr_t)map_find(&find->lack_numbers, name);
	struct lack *lack;

	if (at)
		return &find->lacks[at - 1];
	if (find->lack_count == find->lack_capacity) {
		size_t capacity = find->lack_capacity ? find->lack_capacity * 2 : 32;
		struct lack *grown = memory_resize(find->lacks, capacity * sizeof(*grown));

		if (!grown)
			return NULL;
		find->lacks = grown;
		find->lack_capacity = capacity;
	}
	lack = &find->lacks[find->lack_count];
	*lack = (struct lack){ .name = arena_copy(find->arena, name.data, name.size) };
	if (!lack->name || !map_put(&find->lack_numbers, slice_from(lack->name),
					   (void *)(uintptr_t)(find->lack_count + 1)))
		return NULL;
	find->lack_count++;
	return lack;
}

/* "i.invested@projects/p1" lacks "i.invested@projects", as every other item does. */
static struct slice lack_name(const char *missing)
{
	struct slice name = slice_from(missing);
	const char *item = memchr(name.data, '/', name.size);

	if (item)
		name.size = (size_t)(item - name.data);
	return name;
}

bool find_note_lacks(struct find *find, const answer_message *answer, struct error *err)
{
	bool alone = true;

	for (size_t i = 1; i < answer->n_missing; i++)
		alone = alone && slice_equals(lack_name(answer->missing[i]),
						 lack_name(answer->missing[0]));
	for (size_t i = 0; i < answer->n_missing; i++) {
		struct slice name = lack_name(answer->missing[i]);
		struct lack *lack;
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = slice_equals(lack_name(answer->missing[k]), name);
		if (again)
			continue;
		lack = lack_of(find, name);
		if (!lack)
			return error_set(err, ERROR_MEMORY, "out of memory while searching");
		lack->count++;
		lack->alone += alone;
	}
	return true;
}

/* --- one -------------------------------------------------------------------------------------- */

static bool found_tell(struct find *find, const found_message *found, struct error *err)
{
	const answer_message *answer = found->answer;
	const Policycalc__V1__AmountAnswer *amount = answer->amount;
	int64_t first;
	int64_t second = 0;

	find->fitting++;
	if (find->request->sort <= POLICYCALC__V1__FIND_SORT__FIND_SORT_ID) {
		find->told++;
		return find->options.found(find->options.context, found, err);
	}
	if (find->request->sort == POLICYCALC__V1__FIND_SORT__FIND_SORT_AMOUNT) {
		first = amount ? -amount->least_fen : 0;
		second = amount ? -amount->most_fen : 0;
	} else if (answer->n_near) {
		first = 1;
		second = answer->near[0]->cost_ppm;
	} else {
		/* Who has it, then who is near, then all others by how far they are from a yes. */
		first = answer->verdict == VERDICT(ELIGIBLE)
					? 0
					: 2 + VERDICT(ELIGIBLE) - (int64_t)answer->verdict;
	}
	return kept_add(&find->heap, first, second, found, err);
}

static bool sure_add(struct find *find, const answer_message *answer)
{
	return answer->verdict != VERDICT(ELIGIBLE) || !answer->amount ||
	       !__builtin_add_overflow(
			       find->sure_fen, answer->amount->least_fen, &find->sure_fen);
}

bool find_look(struct find *find, const struct sweep_source *source, int64_t block,
		unsigned row, bool only_if_near, struct error *err)
{
	const Policycalc__V1__Profile *profile;
	struct error failure = { ERROR_NONE, "" };
	answer_message *answer;
	found_message found;

	arena_reset(&find->row);
	if (!source->profile(source->context, row, &find->row, &profile, err))
		return false;
	answer = ask(find, profile, &failure);
	if (!answer && failure.code == ERROR_INVALID) {
		find->refused++;
		return true;
	}
	if (!answer)
		return error_set(err, failure.code, "%s", failure.message);
	find->near += answer->n_near > 0;
	if (only_if_near && answer->n_near == 0)
		return true;
	if (!sure_add(find, answer))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	if (answer->verdict == VERDICT(NEEDS_INFORMATION) &&
			!find_note_lacks(find, answer, err))
		return false;
	found_fill(find, profile, answer, &found);
	found.id = block * COLUMN_ROWS + row + 1;
	return found_tell(find, &found, err);
}
