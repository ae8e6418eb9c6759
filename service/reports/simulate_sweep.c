/* SPDX-License-Identifier: Apache-2.0 */
/* One catalog over the registry: who has which verdict, and what it comes to for one of them. */
#include "reports/simulate_internal.h"

#include "base/memory.h"

#include <string.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

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
	if (swept->region && !region)
		return error_set(err, ERROR_PRECONDITION,
				"the catalog has no attribute \"%s\" to choose by",
				FIRM_REGION);
	if (region)
		swept->wants[count++] = (struct sweep_want){
			.attribute = region->name, .definition = region, .form = SWEEP_CODE
		};
	swept->all_want_count = count;
	return true;
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

	*swept = (struct swept){ .ruleset = ruleset, .region = region };
	swept->sweep = sweep_new(ruleset, &options, err);
	return swept->sweep && wants_make(swept, simulate, err);
}

void swept_fini(struct swept *swept)
{
	sweep_free(swept->sweep);
	ruleset_unref(swept->ruleset);
	*swept = (struct swept){ 0 };
}

/* --- one thread's part ------------------------------------------------------------------------ */

bool swept_seat_begin(struct swept_seat *seat, const struct swept *swept,
		const struct simulate *simulate, struct error *err)
{
	size_t count = sweep_policy_count(swept->sweep);

	*seat = (struct swept_seat){ .swept = swept };
	seat->narrow = (struct narrow){ .catalog = ruleset_catalog(swept->ruleset),
		.region = swept->region };
	seat->eligible = memory_alloc_zero(count + 1, sizeof(*seat->eligible));
	seat->review = memory_alloc_zero(count + 1, sizeof(*seat->review));
	if (!seat->eligible || !seat->review)
		return error_set(err, ERROR_MEMORY, "out of memory while simulating");
	seat->work = sweep_work_new(swept->sweep, err);
	seat->look = seat->work ? look_new(swept->sweep, err) : NULL;
	if (!seat->look)
		return false;
	seat->reader = column_reader_new(simulate->options.cache, simulate->options.sequence,
			swept->wants, swept->all_want_count, err);
	return seat->reader != NULL;
}

void swept_seat_fini(struct swept_seat *seat)
{
	column_reader_free(seat->reader);
	look_free(seat->look);
	sweep_work_free(seat->work);
	memory_free(seat->eligible);
	memory_free(seat->review);
	narrow_fini(&seat->narrow);
	*seat = (struct swept_seat){ 0 };
}

bool swept_block(struct swept_seat *seat, int64_t block, struct error *err)
{
	const struct swept *swept = seat->swept;

	if (!column_reader_enter(seat->reader, block, &seat->source, err))
		return false;
	memcpy(seat->asked, column_reader_present(seat->reader), sizeof(seat->asked));
	if (swept->region && !narrow_rows(&seat->narrow, &seat->source, swept->want_count,
					     seat->asked, err))
		return false;
	if (!sweep_block(seat->work, &seat->source, seat->asked, err))
		return false;
	for (size_t i = 0; i < sweep_policy_count(swept->sweep); i++) {
		memset(seat->eligible[i], 0, sizeof(seat->eligible[i]));
		memset(seat->review[i], 0, sizeof(seat->review[i]));
		(void)sweep_verdict(seat->work, i, VERDICT(ELIGIBLE), seat->eligible[i]);
		(void)sweep_verdict(seat->work, i, VERDICT(NEEDS_REVIEW), seat->review[i]);
	}
	return true;
}

bool swept_ask(struct swept_seat *seat, unsigned row, size_t policy,
		struct outcome *out_outcome, struct error *err)
{
	struct look_answer answer;

	*out_outcome = (struct outcome){ .verdict = VERDICT(UNSPECIFIED) };
	/* Who is not asked about on this side may have it nevertheless. */
	if (rows_has(seat->asked, row) && !rows_has(seat->eligible[policy], row) &&
			!rows_has(seat->review[policy], row))
		return true;
	if (!look_policy(seat->look, policy, &answer, err))
		return false;
	out_outcome->verdict = answer.verdict;
	if (!answer.pays)
		return true;
	out_outcome->sure = answer.first_year_least_fen;
	out_outcome->most = answer.first_year_most_fen;
	out_outcome->bounded = answer.exactness == EXACTNESS(EXACT) ||
			       answer.exactness == EXACTNESS(RANGE) ||
			       answer.exactness == EXACTNESS(UP_TO);
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

bool side_join(Policycalc__V1__SimulatedSide *side, const Policycalc__V1__SimulatedSide *add)
{
	side->eligible += add->eligible;
	side->needs_review += add->needs_review;
	side->needs_information += add->needs_information;
	side->unbounded += add->unbounded;
	return !__builtin_add_overflow(side->sure_fen, add->sure_fen, &side->sure_fen) &&
	       !__builtin_add_overflow(side->most_fen, add->most_fen, &side->most_fen);
}
