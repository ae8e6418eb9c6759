/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/simulate_internal.h"

#include "base/date.h"
#include "base/memory.h"

#include <string.h>

/* Blocks a thread, in one step. */
#define BLOCKS_A_STEP 2

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
	simulate->seat_count = crew_seats(options->crew);
	simulate->seats = memory_alloc_zero(simulate->seat_count, sizeof(*simulate->seats));
	for (unsigned i = 0; simulate->seats && i < simulate->seat_count; i++)
		arena_init(&simulate->seats[i].row, ROW_MEMORY);
	if (!simulate->seats) {
		error_set(err, ERROR_MEMORY, "out of memory while simulating");
	} else if (!date_parse(slice_from(options->day), &date)) {
		simulate_violate(simulate, out_violations, "as_of",
				"is not a day in the form YYYY-MM-DD", err);
	} else if (region_find(simulate, out_violations, err) &&
			pairs_find(simulate, out_violations, err) &&
			side_begin(simulate, SIDE_BEFORE, options->current, err) &&
			side_begin(simulate, SIDE_AFTER, options->draft, err) &&
			(!options->steps || curve_begin(simulate, out_violations, err)) &&
			(sums_init(&simulate->sums, simulate, arena) ||
					arena_error(arena, err, "simulating"))) {
		return simulate;
	}
	simulate_free(simulate);
	return NULL;
}

void simulate_free(struct simulate *simulate)
{
	if (!simulate)
		return;
	for (unsigned i = 0; simulate->seats && i < simulate->seat_count; i++)
		simulate_seat_fini(&simulate->seats[i], simulate->pair_count);
	memory_free(simulate->seats);
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++)
		swept_fini(&simulate->swept[side]);
	swept_fini(&simulate->point);
	sums_fini(&simulate->sums, simulate->pair_count);
	ruleset_unref(simulate->options.current);
	ruleset_unref(simulate->options.draft);
	memory_free(simulate);
}

/* --- steps ------------------------------------------------------------------------------------ */

bool simulate_blocks(struct simulate *simulate, int64_t *block, crew_fn work, struct error *err)
{
	int64_t count = (simulate->options.last_id + COLUMN_ROWS - 1) / COLUMN_ROWS;
	int64_t first = *block;

	*block += (int64_t)simulate->seat_count * BLOCKS_A_STEP;
	if (*block > count)
		*block = count;
	return crew_run(simulate->options.crew, first, *block, work, simulate, err);
}

bool simulate_step(struct simulate *simulate, bool *out_more, struct error *err)
{
	bool has_pairs = simulate->pair_count > 0;

	*out_more = has_pairs && simulate->block * COLUMN_ROWS < simulate->options.last_id;
	if (*out_more)
		return simulate_blocks(simulate, &simulate->block, simulate_block, err);
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
		const struct pair_sums *pair = &simulate->sums.pairs[i];

		if (simulate->pairs[i].only_for_budget)
			continue;
		total->gaining += pair->change.gaining;
		total->losing += pair->change.losing;
		total->more += pair->change.more;
		total->less += pair->change.less;
		ok = side_join(total->before, &pair->sides[SIDE_BEFORE]) &&
		     side_join(total->after, &pair->sides[SIDE_AFTER]) &&
		     !__builtin_add_overflow(total->gain_fen, pair->change.gain_fen,
				     &total->gain_fen) &&
		     !__builtin_add_overflow(
				     total->loss_fen, pair->change.loss_fen, &total->loss_fen);
	}
	return ok ? total : NULL;
}

static Policycalc__V1__SimulatedPolicy *policy_make(const struct simulate *simulate,
		const struct pair *pair, struct pair_sums *sums)
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
	sums->change.before = &sums->sides[SIDE_BEFORE];
	sums->change.after = &sums->sides[SIDE_AFTER];
	policy->change = &sums->change;
	groups_sort(sums->groups);
	policy->regions = sums->groups[GROUP_REGION].list;
	policy->n_regions = sums->groups[GROUP_REGION].count;
	policy->industries = sums->groups[GROUP_INDUSTRY].list;
	policy->n_industries = sums->groups[GROUP_INDUSTRY].count;
	policy->sizes = sums->groups[GROUP_SIZE].list;
	policy->n_sizes = sums->groups[GROUP_SIZE].count;
	return policy;
}

static bool policies_fill(struct simulate *simulate, Policycalc__V1__Simulation *result)
{
	result->policies = ARENA_NEW_ARRAY(simulate->arena, Policycalc__V1__SimulatedPolicy *,
			simulate->pair_count + 1);
	for (size_t i = 0; result->policies && i < simulate->pair_count; i++) {
		result->policies[i] = policy_make(
				simulate, &simulate->pairs[i], &simulate->sums.pairs[i]);
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

	if (!sums_join(simulate, err))
		return NULL;
	if (!result)
		goto failed;
	policycalc__v1__simulation__init(result);
	result->revision = ruleset_revision(simulate->options.current);
	result->as_of = (char *)(uintptr_t)simulate->options.day;
	result->sequence = simulate->options.sequence;
	result->enterprises = simulate->sums.enterprises;
	result->gaining_enterprises = simulate->sums.gaining;
	result->losing_enterprises = simulate->sums.losing;
	result->refused = simulate->sums.refused;
	result->curve = simulate->curve;
	result->total = total_make(simulate);
	groups_sort(simulate->sums.groups);
	result->regions = simulate->sums.groups[GROUP_REGION].list;
	result->n_regions = simulate->sums.groups[GROUP_REGION].count;
	result->industries = simulate->sums.groups[GROUP_INDUSTRY].list;
	result->n_industries = simulate->sums.groups[GROUP_INDUSTRY].count;
	result->sizes = simulate->sums.groups[GROUP_SIZE].list;
	result->n_sizes = simulate->sums.groups[GROUP_SIZE].count;
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
