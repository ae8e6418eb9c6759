/* SPDX-License-Identifier: Apache-2.0 */
/* One catalog over the registry: who has which verdict, and what it comes to for one of them. */
#include "reports/simulate_internal.h"

#include <string.h>

static bool wants_make(struct swept *swept, const struct simulate *simulate, struct error *err)
{
	const struct sweep_want *wants = sweep_wants(swept->sweep, &swept->want_count);
	const Policycalc__V1__Attribute *region =
			ruleset_find_attribute(swept->ruleset, FIRM_REGION, "");
	size_t count = swept->want_count;

	swept->wants = ARENA_NEW_ARRAY(simulate->arena, struct sweep_want, count + 1);
	if (!swept->wants)
		return arena_error(simulate->arena, err, "simulating");
	if (count)
		memcpy(swept->wants, wants, count * sizeof(*wants));
	if (swept->narrow.region && !region)
		return error_set(err, ERROR_PRECONDITION,
				"the catalog has no attribute \"%s\" to choose by",
				FIRM_REGION);
	if (region)
		swept->wants[count++] = (struct sweep_want){
			.attribute = region->name, .definition = region, .form = SWEEP_CODE
		};
	swept->reader = column_reader_new(simulate->options.cache, simulate->options.sequence,
			swept->wants, count, err);
	return swept->reader != NULL;
}

bool swept_begin(struct swept *swept, const struct simulate *simulate, struct ruleset *ruleset,
		const Policycalc__V1__Region *region, const char *const *policies, size_t count,
		struct error *err)
{
	struct sweep_options options = {
		.day = simulate->options.day,
		.policies = policies,
		.policy_count = count,
	};

	*swept = (struct swept){ .ruleset = ruleset };
	swept->narrow = (struct narrow){ .catalog = ruleset_catalog(ruleset),
		.region = region };
	swept->sweep = sweep_new(ruleset, &options, err);
	if (!swept->sweep)
		return false;
	swept->work = sweep_work_new(swept->sweep, err);
	return swept->work && wants_make(swept, simulate, err);
}

void swept_fini(struct swept *swept)
{
	column_reader_free(swept->reader);
	sweep_work_free(swept->work);
	sweep_free(swept->sweep);
	narrow_fini(&swept->narrow);
	ruleset_unref(swept->ruleset);
	*swept = (struct swept){ 0 };
}

bool swept_block(struct swept *swept, int64_t block, uint64_t out_rows[SWEEP_WORDS],
		struct error *err)
{
	if (!column_reader_enter(swept->reader, block, &swept->source, err))
		return false;
	memcpy(out_rows, column_reader_present(swept->reader), SWEEP_WORDS * sizeof(*out_rows));
	if (swept->narrow.region && !narrow_rows(&swept->narrow, &swept->source,
						    swept->want_count, out_rows, err))
		return false;
	return sweep_block(swept->work, &swept->source, out_rows, err);
}

bool swept_ask(struct swept *swept, const char *day, const Policycalc__V1__Profile *profile,
		const char *const *policies, size_t count, struct arena *arena,
		struct outcome *out_outcomes, struct error *err)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct violations violations;

	request.profile = (Policycalc__V1__Profile *)(uintptr_t)profile;
	request.as_of = (char *)(uintptr_t)day;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.policies = (char **)(uintptr_t)policies;
	request.n_policies = count;
	if (!ruleset_match(swept->ruleset, &request, day, arena, &response, &violations, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__PolicyAnswer *answer = NULL;

		for (size_t k = 0; k < response->n_answers; k++) {
			if (strcmp(response->answers[k]->policy_id, policies[i]) == 0)
				answer = response->answers[k];
		}
		out_outcomes[i] = (struct outcome){ .verdict = VERDICT(UNSPECIFIED) };
		if (!answer)
			continue;
		out_outcomes[i].verdict = answer->verdict;
		if (!answer->amount)
			continue;
		out_outcomes[i].sure = answer->amount->first_year_least_fen;
		out_outcomes[i].most = answer->amount->first_year_most_fen;
		out_outcomes[i].bounded =
				answer->amount->exactness ==
						POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT ||
				answer->amount->exactness ==
						POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE ||
				answer->amount->exactness ==
						POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO;
	}
	return true;
}

bool side_add(Policycalc__V1__SimulatedSide *side, const struct outcome *outcome)
{
	bool is_sure = outcome->verdict == VERDICT(ELIGIBLE);

	if (!is_sure && outcome->verdict != VERDICT(NEEDS_REVIEW))
		return true;
	side->eligible += is_sure;
	side->needs_review += !is_sure;
	side->unbounded += !outcome->bounded;
	if (is_sure && __builtin_add_overflow(side->sure_fen, outcome->sure, &side->sure_fen))
		return false;
	return !outcome->bounded ||
	       !__builtin_add_overflow(side->most_fen, outcome->most, &side->most_fen);
}
