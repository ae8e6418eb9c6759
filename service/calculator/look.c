/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/look_internal.h"

#include "base/memory.h"
#include "calculator/combine.h"
#include "calculator/near.h"

#include <assert.h>
#include <string.h>

/* What one enterprise may need while it is looked at; the first part is kept. */
#define ROW_BUDGET ((size_t)256 << 20)
#define ROW_ARENA ((size_t)1 << 20)
#define OWN_BUDGET ((size_t)256 << 20)

struct look *look_new(const struct sweep *sweep, struct error *err)
{
	struct look *look = memory_alloc_zero(1, sizeof(*look));

	if (!look) {
		error_set(err, ERROR_MEMORY, "no memory for looking at enterprises");
		return NULL;
	}
	look->sweep = sweep;
	look->ruleset = sweep->ruleset;
	arena_init(&look->own, OWN_BUDGET);
	arena_init(&look->arena, ROW_BUDGET);
	(void)arena_reserve(&look->arena, ROW_ARENA);
	look->outcomes = ARENA_NEW_ARRAY(
			&look->own, struct look_outcome, sweep->policy_count + 1);
	if (look->outcomes && look->arena.blocks && look_lacks_init(look) &&
			clause_memo_init(&look->memo, look->ruleset, &look->own))
		return look;
	look_free(look);
	error_set(err, ERROR_MEMORY, "no memory for looking at enterprises");
	return NULL;
}

void look_free(struct look *look)
{
	if (!look)
		return;
	look_lacks_fini(look);
	arena_fini(&look->arena);
	arena_fini(&look->own);
	memory_free(look);
}

bool look_enter(struct look *look, const Policycalc__V1__Profile *profile, bool *out_refused,
		struct error *err)
{
	struct findings findings = { .arena = &look->arena };

	arena_reset(&look->arena);
	clause_memo_advance(&look->memo);
	look->round++;
	look->facts = facts_read(look->ruleset, look->sweep->epoch, profile, look->sweep->as_of,
			false, &look->arena, &findings);
	if (!look->facts || look->arena.exhausted)
		return arena_error(&look->arena, err, "reading an enterprise");
	*out_refused = findings.violations.count > 0;
	return true;
}

struct arena *look_arena(struct look *look)
{
	return &look->arena;
}

/* --- what the profile says -------------------------------------------------------------------- */

int look_find(const struct look *look, const char *name)
{
	return facts_find_attribute(look->ruleset, name);
}

bool look_value(struct look *look, int at, struct profile_reading *out_reading,
		struct error *err)
{
	*out_reading = (struct profile_reading){ .text = "" };
	return at < 0 ||
	       facts_read_value(&look->facts->values[at], &look->arena, out_reading) ||
	       arena_error(&look->arena, err, "reading a profile");
}

enum firm_size look_size(const struct look *look)
{
	return facts_size(look->facts);
}

/* --- what a policy comes to ------------------------------------------------------------------- */

const struct outcome *look_outcome(struct look *look, size_t policy, bool amount)
{
	const struct sweep_policy *from = &look->sweep->policies[policy];
	const struct standing *standing = &look->sweep->epoch->standings[from->index];
	struct look_outcome *found = &look->outcomes[policy];

	assert(policy < look->sweep->policy_count);
	if (found->round == look->round && (found->amount || !amount))
		return &found->outcome;
	if (amount)
		outcome_compute_once(look->facts, &look->memo, from->rules, standing,
				&found->outcome);
	else
		outcome_judge_once(look->facts, &look->memo, from->rules, standing,
				&found->outcome);
	found->round = look->round;
	found->amount = amount;
	return look->arena.exhausted ? NULL : &found->outcome;
}

bool look_policy(struct look *look, size_t policy, struct look_answer *out_answer,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);
	struct amount_figures ends;

	if (!outcome)
		return arena_error(&look->arena, err, "asking the conditions");
	*out_answer = (struct look_answer){ .verdict = outcome->verdict,
		.pays = !outcome->amount.none };
	if (!out_answer->pays)
		return true;
	ends = amount_figures(look->facts, &outcome->amount);
	out_answer->exactness = ends.exactness;
	out_answer->least_fen = ends.least;
	out_answer->most_fen = ends.most;
	out_answer->first_year_least_fen = ends.year_least;
	out_answer->first_year_most_fen = ends.year_most;
	return true;
}

bool look_amount(struct look *look, size_t policy, Policycalc__V1__AmountAnswer **out_amount,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);

	*out_amount = NULL;
	if (outcome && outcome_amount(look->facts, outcome, out_amount))
		return true;
	return arena_error(&look->arena, err, "making the answer");
}

bool look_settled(struct look *look, size_t policy, char ***out_ids, size_t *out_count,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;

	if (!outcome || !settled_answer(look->facts, outcome, false, &answer))
		return arena_error(&look->arena, err, "making the answer");
	*out_ids = answer.settled_by;
	*out_count = answer.n_settled_by;
	return true;
}

bool look_amount_is_open(struct look *look, size_t policy, bool *out_open, struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);
	Policycalc__V1__AmountAnswer *amount = NULL;

	*out_open = false;
	if (outcome && !outcome->amount.missing)
		return true;
	if (!look_amount(look, policy, &amount, err))
		return false;
	*out_open = amount && amount->n_missing > 0;
	return true;
}

static Policycalc__V1__PolicyAnswer *answer_make(
		const struct look *look, const struct outcome *outcome)
{
	Policycalc__V1__PolicyAnswer *answer =
			ARENA_NEW(look->facts->arena, Policycalc__V1__PolicyAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__policy_answer__init(answer);
	head_answer(outcome, answer);
	if (!missing_answer(look->facts, outcome, answer) ||
			!settled_answer(look->facts, outcome, true, answer) ||
			!outcome_amount(look->facts, outcome, &answer->amount))
		return NULL;
	return answer;
}

bool look_answer(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer **out_answer,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);

	*out_answer = outcome ? answer_make(look, outcome) : NULL;
	return *out_answer || arena_error(&look->arena, err, "making the answer");
}

bool look_near(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer *answer,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, true);
	size_t index = look->sweep->policies[policy].index;

	return (outcome && near_answer(look->facts, outcome,
					   &look->sweep->epoch->standings[index], answer)) ||
	       arena_error(&look->arena, err, "making the answer");
}

bool look_statuses(struct look *look, size_t policy, Policycalc__V1__PolicyAnswer **out_answer,
		struct error *err)
{
	const struct outcome *outcome = look_outcome(look, policy, false);

	*out_answer = outcome ? outcome_statuses(look->facts, outcome) : NULL;
	return *out_answer || arena_error(&look->arena, err, "making the answer");
}

bool look_combine(struct look *look, const size_t *policies, size_t count, int64_t *out_sure,
		struct error *err)
{
	struct outcome *outcomes = ARENA_NEW_ARRAY(&look->arena, struct outcome, count + 1);

	for (size_t i = 0; outcomes && i < count; i++) {
		const struct outcome *outcome = look_outcome(look, policies[i], true);

		if (!outcome)
			outcomes = NULL;
		else
			outcomes[i] = *outcome;
	}
	if (outcomes && combine_sure(look->facts, outcomes, count, &look->arena, out_sure))
		return true;
	return arena_error(&look->arena, err, "making the answer");
}
