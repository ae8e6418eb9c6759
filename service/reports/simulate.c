/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/simulate_internal.h"

#include "base/date.h"
#include "base/memory.h"

#include <string.h>

#define ROW_MEMORY ((size_t)64 << 20)

bool simulate_violate(struct simulate *simulate, struct violations *violations,
		const char *field, const char *description, struct error *err)
{
	struct violation *list = ARENA_NEW(simulate->arena, struct violation);

	if (!list)
		return arena_error(simulate->arena, err, "reading the request");
	*list = (struct violation){ field, description };
	*violations = (struct violations){ list, 1 };
	return error_set(err, ERROR_INVALID, "%s: %s", field, description);
}

/* --- begin ------------------------------------------------------------------------------------ */

static bool region_find(
		struct simulate *simulate, struct violations *violations, struct error *err)
{
	struct ruleset *const rulesets[] = { simulate->options.current,
		simulate->options.draft };

	for (int side = SIDE_BEFORE; *simulate->options.region && side < SIDE_COUNT; side++) {
		simulate->region[side] = firm_region_find(
				ruleset_catalog(rulesets[side]), simulate->options.region);
		if (!simulate->region[side])
			return simulate_violate(simulate, violations, "region",
					side == SIDE_BEFORE ? "the current catalog has no such "
							      "region"
							    : "the draft has no such region",
					err);
	}
	return true;
}

/* The ids of one side; each pair learns its place, which is that of its id. */
static const char **side_policies(struct simulate *simulate, enum side side, size_t *out_count)
{
	const char **ids = ARENA_NEW_ARRAY(
			simulate->arena, const char *, simulate->pair_count + 1);

	*out_count = 0;
	for (size_t i = 0; ids && i < simulate->pair_count; i++) {
		if (simulate->pairs[i].policies[side])
			ids[(*out_count)++] = simulate->pairs[i].policies[side]->id;
	}
	return ids;
}

static bool side_begin(struct simulate *simulate, enum side side, struct ruleset *ruleset,
		struct error *err)
{
	size_t count;
	const char **ids = side_policies(simulate, side, &count);

	if (!ids)
		return arena_error(simulate->arena, err, "simulating");
	/* Without a policy there is nothing to sweep: none means all to a sweep. */
	if (count == 0)
		return true;
	if (!swept_begin(&simulate->swept[side], simulate, ruleset_ref(ruleset),
			    simulate->region[side], ids, count, err))
		return false;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		struct pair *pair = &simulate->pairs[i];

		for (size_t k = 0; pair->policies[side] &&
				   k < sweep_policy_count(simulate->swept[side].sweep);
				k++) {
			if (strcmp(sweep_policy(simulate->swept[side].sweep, k)->id,
					    pair->policies[side]->id) == 0)
				pair->swept[side] = k;
		}
	}
	return true;
}

struct simulate *simulate_new(const struct simulate_options *options, struct arena *arena,
		struct violations *out_violations, struct error *err)
{
	struct simulate *simulate = memory_alloc_zero(1, sizeof(*simulate));
	struct date date;

	*out_violations = (struct violations){ 0 };
	if (!simulate) {
		error_set(err, ERROR_MEMORY, "out of memory while simulating");
		return NULL;
	}
	simulate->options = *options;
	simulate->arena = arena;
	ruleset_ref(options->current);
	ruleset_ref(options->draft);
	arena_init(&simulate->row, ROW_MEMORY);
	if (!date_parse(slice_from(options->day), &date)) {
		simulate_violate(simulate, out_violations, "as_of",
				"is not a day in the form YYYY-MM-DD", err);
	} else if (region_find(simulate, out_violations, err) &&
			pairs_find(simulate, out_violations, err) &&
			side_begin(simulate, SIDE_BEFORE, options->current, err) &&
			side_begin(simulate, SIDE_AFTER, options->draft, err) &&
			(!options->steps || curve_begin(simulate, out_violations, err))) {
		return simulate;
	}
	simulate_free(simulate);
	return NULL;
}

void simulate_free(struct simulate *simulate)
{
	if (!simulate)
		return;
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++)
		swept_fini(&simulate->swept[side]);
	swept_fini(&simulate->point);
	for (size_t i = 0; i < simulate->pair_count; i++)
		groups_fini(simulate->pairs[i].groups);
	groups_fini(simulate->groups);
	arena_fini(&simulate->row);
	ruleset_unref(simulate->options.current);
	ruleset_unref(simulate->options.draft);
	memory_free(simulate);
}

/* --- a block ---------------------------------------------------------------------------------- */

/* Rows of a verdict, of one pair on one side. */
static void verdict_rows(const struct simulate *simulate, const struct pair *pair,
		enum side side, Policycalc__V1__Verdict verdict, uint64_t out_rows[SWEEP_WORDS])
{
	memset(out_rows, 0, SWEEP_WORDS * sizeof(*out_rows));
	if (pair->policies[side])
		(void)sweep_verdict(simulate->swept[side].work, pair->swept[side], verdict,
				out_rows);
}

static int64_t rows_count(const uint64_t rows[SWEEP_WORDS])
{
	int64_t count = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		count += __builtin_popcountll(rows[i]);
	return count;
}

/* Whoever has, or may come to have, one of the policies on either side. */
static void rows_choose(struct simulate *simulate, uint64_t out_rows[SWEEP_WORDS])
{
	memset(out_rows, 0, SWEEP_WORDS * sizeof(*out_rows));
	for (size_t i = 0; i < simulate->pair_count; i++) {
		struct pair *pair = &simulate->pairs[i];

		for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
			uint64_t rows[SWEEP_WORDS];

			verdict_rows(simulate, pair, (enum side)side,
					VERDICT(NEEDS_INFORMATION), rows);
			pair->sides[side].needs_information += rows_count(rows);
			for (int verdict = VERDICT(NEEDS_REVIEW); verdict <= VERDICT(ELIGIBLE);
					verdict++) {
				verdict_rows(simulate, pair, (enum side)side,
						(Policycalc__V1__Verdict)verdict, rows);
				for (size_t k = 0; k < SWEEP_WORDS; k++)
					out_rows[k] |= rows[k];
			}
		}
	}
}

/* The outcomes of all pairs on one side, in the order of the pairs. */
static bool side_ask(struct simulate *simulate, enum side side,
		const Policycalc__V1__Profile *profile, struct outcome *out_outcomes,
		struct error *err)
{
	size_t count;
	size_t next = 0;
	const char **ids =
			ARENA_NEW_ARRAY(&simulate->row, const char *, simulate->pair_count + 1);
	struct outcome *outcomes = ARENA_NEW_ARRAY(
			&simulate->row, struct outcome, simulate->pair_count + 1);

	if (!ids || !outcomes)
		return arena_error(&simulate->row, err, "simulating");
	count = 0;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		if (simulate->pairs[i].policies[side])
			ids[count++] = simulate->pairs[i].policies[side]->id;
	}
	if (count && !swept_ask(&simulate->swept[side], simulate->options.day, profile, ids,
				     count, &simulate->row, outcomes, err))
		return false;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		out_outcomes[i] = (struct outcome){ .bounded = true };
		if (simulate->pairs[i].policies[side])
			out_outcomes[i] = outcomes[next++];
	}
	return true;
}

static bool change_add(Policycalc__V1__SimulatedChange *change,
		const struct outcome outcomes[SIDE_COUNT])
{
	bool before = outcomes[SIDE_BEFORE].verdict == VERDICT(ELIGIBLE);
	bool after = outcomes[SIDE_AFTER].verdict == VERDICT(ELIGIBLE);
	int64_t was = before ? outcomes[SIDE_BEFORE].sure : 0;
	int64_t is = after ? outcomes[SIDE_AFTER].sure : 0;

	change->gaining += after && !before;
	change->losing += before && !after;
	change->more += before && after && is > was;
	change->less += before && after && is < was;
	/* Neither is negative, so that the differences have room. */
	if (is > was)
		return !__builtin_add_overflow(change->gain_fen, is - was, &change->gain_fen);
	return !__builtin_add_overflow(change->loss_fen, was - is, &change->loss_fen);
}

static bool pair_add(struct simulate *simulate, struct pair *pair,
		const struct firm_codes *codes, const struct outcome outcomes[SIDE_COUNT],
		struct error *err)
{
	if (!side_add(&pair->sides[SIDE_BEFORE], &outcomes[SIDE_BEFORE]) ||
			!side_add(&pair->sides[SIDE_AFTER], &outcomes[SIDE_AFTER]) ||
			!change_add(&pair->change, outcomes))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	if (outcomes[SIDE_BEFORE].verdict != VERDICT(ELIGIBLE) &&
			outcomes[SIDE_AFTER].verdict != VERDICT(ELIGIBLE))
		return true;
	return groups_add(pair->groups, codes, outcomes, simulate->arena, err) &&
	       (pair->only_for_budget || groups_add(simulate->groups, codes, outcomes,
							 simulate->arena, err));
}

static bool row_add(struct simulate *simulate, unsigned row, struct error *err)
{
	struct swept *swept = &simulate->swept[simulate->swept[SIDE_AFTER].sweep ? SIDE_AFTER
										 : SIDE_BEFORE];
	const Policycalc__V1__Profile *profile;
	struct outcome *sides[SIDE_COUNT];
	struct error failure = { ERROR_NONE, "" };
	struct firm_codes codes;
	bool gains = false;
	bool loses = false;

	arena_reset(&simulate->row);
	if (!swept->source.profile(swept->source.context, row, &simulate->row, &profile, err))
		return false;
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
		sides[side] = ARENA_NEW_ARRAY(
				&simulate->row, struct outcome, simulate->pair_count + 1);
		if (!sides[side])
			return arena_error(&simulate->row, err, "simulating");
		if (side_ask(simulate, (enum side)side, profile, sides[side], &failure))
			continue;
		if (failure.code != ERROR_INVALID)
			return error_set(err, failure.code, "%s", failure.message);
		simulate->refused++;
		return true;
	}
	if (!firm_codes_read(simulate, profile, &simulate->row, &codes, err))
		return false;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct outcome outcomes[] = { sides[SIDE_BEFORE][i],
			sides[SIDE_AFTER][i] };
		struct pair *pair = &simulate->pairs[i];
		int64_t gaining = pair->change.gaining;
		int64_t losing = pair->change.losing;

		if (!pair_add(simulate, pair, &codes, outcomes, err))
			return false;
		gains |= !pair->only_for_budget && pair->change.gaining > gaining;
		loses |= !pair->only_for_budget && pair->change.losing > losing;
	}
	simulate->gaining += gains;
	simulate->losing += loses;
	return true;
}

static bool block_step(struct simulate *simulate, struct error *err)
{
	uint64_t asked[SWEEP_WORDS] = { 0 };
	uint64_t rows[SWEEP_WORDS];
	int64_t block = simulate->block++;

	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
		if (simulate->swept[side].sweep &&
				!swept_block(&simulate->swept[side], block, asked, err))
			return false;
	}
	simulate->enterprises += rows_count(asked);
	rows_choose(simulate, rows);
	for (unsigned row = 0; row < COLUMN_ROWS; row++) {
		if (column_bit_has(rows, row) && !row_add(simulate, row, err))
			return false;
	}
	return true;
}

bool simulate_step(struct simulate *simulate, bool *out_more, struct error *err)
{
	bool has_pairs = simulate->pair_count > 0;

	*out_more = has_pairs && simulate->block * COLUMN_ROWS < simulate->options.last_id;
	if (*out_more)
		return block_step(simulate, err);
	return !simulate->curve || curve_step(simulate, out_more, err);
}

void simulate_progress(const struct simulate *simulate, int64_t *out_done, int64_t *out_total)
{
	int64_t last = simulate->options.last_id;
	int64_t points = simulate->curve ? (int64_t)simulate->curve->n_points : 0;
	int64_t done = simulate->block * COLUMN_ROWS;

	done = done < last ? done : last;
	*out_done = done + (int64_t)simulate->next_point * last;
	*out_total = last + points * last;
}

/* --- the result ------------------------------------------------------------------------------- */

static bool total_add(
		Policycalc__V1__SimulatedSide *total, const Policycalc__V1__SimulatedSide *side)
{
	total->eligible += side->eligible;
	total->needs_review += side->needs_review;
	total->needs_information += side->needs_information;
	total->unbounded += side->unbounded;
	return !__builtin_add_overflow(total->sure_fen, side->sure_fen, &total->sure_fen) &&
	       !__builtin_add_overflow(total->most_fen, side->most_fen, &total->most_fen);
}

static Policycalc__V1__SimulatedChange *total_make(struct simulate *simulate)
{
	Policycalc__V1__SimulatedChange *total =
			ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedChange);
	bool ok = total != NULL;

	if (!total)
		return NULL;
	policycalc__v1__simulated_change__init(total);
	total->before = ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedSide);
	total->after = ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedSide);
	if (!total->before || !total->after)
		return NULL;
	policycalc__v1__simulated_side__init(total->before);
	policycalc__v1__simulated_side__init(total->after);
	for (size_t i = 0; ok && i < simulate->pair_count; i++) {
		const struct pair *pair = &simulate->pairs[i];

		if (pair->only_for_budget)
			continue;
		total->gaining += pair->change.gaining;
		total->losing += pair->change.losing;
		total->more += pair->change.more;
		total->less += pair->change.less;
		ok = total_add(total->before, &pair->sides[SIDE_BEFORE]) &&
		     total_add(total->after, &pair->sides[SIDE_AFTER]) &&
		     !__builtin_add_overflow(total->gain_fen, pair->change.gain_fen,
				     &total->gain_fen) &&
		     !__builtin_add_overflow(
				     total->loss_fen, pair->change.loss_fen, &total->loss_fen);
	}
	return ok ? total : NULL;
}

static Policycalc__V1__SimulatedPolicy *policy_make(
		const struct simulate *simulate, struct pair *pair)
{
	Policycalc__V1__SimulatedPolicy *policy =
			ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedPolicy);
	const Policycalc__V1__Policy *from = pair->policies[SIDE_AFTER]
							     ? pair->policies[SIDE_AFTER]
							     : pair->policies[SIDE_BEFORE];

	if (!policy)
		return NULL;
	policycalc__v1__simulated_policy__init(policy);
	policy->series = (char *)(uintptr_t)pair->series;
	policy->title = from->title;
	policy->unchanged = pair->only_for_budget;
	pair->change.before = &pair->sides[SIDE_BEFORE];
	pair->change.after = &pair->sides[SIDE_AFTER];
	policy->change = &pair->change;
	groups_sort(pair->groups);
	policy->regions = pair->groups[GROUP_REGION].list;
	policy->n_regions = pair->groups[GROUP_REGION].count;
	policy->industries = pair->groups[GROUP_INDUSTRY].list;
	policy->n_industries = pair->groups[GROUP_INDUSTRY].count;
	policy->sizes = pair->groups[GROUP_SIZE].list;
	policy->n_sizes = pair->groups[GROUP_SIZE].count;
	return policy;
}

static bool policies_fill(struct simulate *simulate, Policycalc__V1__Simulation *result)
{
	result->policies = ARENA_NEW_ARRAY(simulate->arena, Policycalc__V1__SimulatedPolicy *,
			simulate->pair_count + 1);
	for (size_t i = 0; result->policies && i < simulate->pair_count; i++) {
		result->policies[i] = policy_make(simulate, &simulate->pairs[i]);
		if (!result->policies[i])
			return false;
		result->n_policies++;
	}
	return result->policies != NULL;
}

Policycalc__V1__Simulation *simulate_result(struct simulate *simulate, struct error *err)
{
	Policycalc__V1__Simulation *result =
			ARENA_NEW(simulate->arena, Policycalc__V1__Simulation);

	if (!result)
		goto failed;
	policycalc__v1__simulation__init(result);
	result->revision = ruleset_revision(simulate->options.current);
	result->as_of = (char *)(uintptr_t)simulate->options.day;
	result->sequence = simulate->options.sequence;
	result->enterprises = simulate->enterprises;
	result->gaining_enterprises = simulate->gaining;
	result->losing_enterprises = simulate->losing;
	result->refused = simulate->refused;
	result->curve = simulate->curve;
	result->total = total_make(simulate);
	groups_sort(simulate->groups);
	result->regions = simulate->groups[GROUP_REGION].list;
	result->n_regions = simulate->groups[GROUP_REGION].count;
	result->industries = simulate->groups[GROUP_INDUSTRY].list;
	result->n_industries = simulate->groups[GROUP_INDUSTRY].count;
	result->sizes = simulate->groups[GROUP_SIZE].list;
	result->n_sizes = simulate->groups[GROUP_SIZE].count;
	if (result->total && policies_fill(simulate, result) && budgets_fill(simulate, result))
		return result;
	if (!simulate->arena->exhausted) {
		error_set(err, ERROR_LIMIT, "the amounts add up to more than can be told");
		return NULL;
	}
failed:
	arena_error(simulate->arena, err, "adding up a simulation");
	return NULL;
}
