/* SPDX-License-Identifier: Apache-2.0 */
/* The firms of a block on both sides, and what they add to the sums of the thread that looks at them. */
#include "reports/simulate_internal.h"

#include <string.h>

#define SUMS_MEMORY ((size_t)64 << 20)

/* --- sums ------------------------------------------------------------------------------------- */

bool sums_init(struct sums *sums, const struct simulate *simulate, struct arena *arena)
{
	*sums = (struct sums){ .arena = arena };
	sums->pairs = ARENA_NEW_ARRAY(arena, struct pair_sums, simulate->pair_count + 1);
	for (size_t i = 0; sums->pairs && i < simulate->pair_count; i++) {
		struct pair_sums *pair = &sums->pairs[i];

		policycalc__v1__simulated_change__init(&pair->change);
		for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
			const Policycalc__V1__Policy *policy =
					simulate->pairs[i].policies[side];

			policycalc__v1__simulated_side__init(&pair->sides[side]);
			if (policy)
				pair->sides[side].policy_id = policy->id;
		}
	}
	return sums->pairs != NULL;
}

void sums_fini(struct sums *sums, size_t pair_count)
{
	for (size_t i = 0; sums->pairs && i < pair_count; i++)
		groups_fini(sums->pairs[i].groups);
	groups_fini(sums->groups);
}

static bool change_join(Policycalc__V1__SimulatedChange *change,
		const Policycalc__V1__SimulatedChange *add)
{
	change->gaining += add->gaining;
	change->losing += add->losing;
	change->more += add->more;
	change->less += add->less;
	return !__builtin_add_overflow(change->gain_fen, add->gain_fen, &change->gain_fen) &&
	       !__builtin_add_overflow(change->loss_fen, add->loss_fen, &change->loss_fen);
}

static bool pair_join(struct pair_sums *sums, const struct pair_sums *add, struct arena *arena,
		struct error *err)
{
	if (!side_join(&sums->sides[SIDE_BEFORE], &add->sides[SIDE_BEFORE]) ||
			!side_join(&sums->sides[SIDE_AFTER], &add->sides[SIDE_AFTER]) ||
			!change_join(&sums->change, &add->change))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	return groups_join(sums->groups, add->groups, arena, err);
}

bool sums_join(struct simulate *simulate, struct error *err)
{
	struct sums *sums = &simulate->sums;

	for (unsigned i = 0; i < simulate->seat_count; i++) {
		const struct sums *add = &simulate->seats[i].sums;

		if (!simulate->seats[i].has_begun)
			continue;
		sums->enterprises += add->enterprises;
		sums->refused += add->refused;
		sums->gaining += add->gaining;
		sums->losing += add->losing;
		for (size_t k = 0; k < simulate->pair_count; k++) {
			if (!pair_join(&sums->pairs[k], &add->pairs[k], sums->arena, err))
				return false;
		}
		if (!groups_join(sums->groups, add->groups, sums->arena, err))
			return false;
	}
	return true;
}

/* --- threads ---------------------------------------------------------------------------------- */

static bool seat_begin(
		struct simulate_seat *seat, const struct simulate *simulate, struct error *err)
{
	arena_init(&seat->arena, SUMS_MEMORY);
	seat->has_begun = sums_init(&seat->sums, simulate, &seat->arena);
	for (int side = SIDE_BEFORE; seat->has_begun && side < SIDE_COUNT; side++) {
		seat->outcomes[side] = ARENA_NEW_ARRAY(
				&seat->arena, struct outcome, simulate->pair_count + 1);
		if (!seat->outcomes[side])
			break;
		if (simulate->swept[side].sweep &&
				!swept_seat_begin(&seat->sides[side], &simulate->swept[side],
						simulate, err))
			return false;
	}
	return seat->outcomes[SIDE_AFTER] || arena_error(&seat->arena, err, "simulating");
}

void simulate_seat_fini(struct simulate_seat *seat, size_t pair_count)
{
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++)
		swept_seat_fini(&seat->sides[side]);
	swept_seat_fini(&seat->point);
	sums_fini(&seat->sums, pair_count);
	arena_fini(&seat->row);
	arena_fini(&seat->arena);
}

/* --- firms ------------------------------------------------------------------------------------ */

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

static bool pair_add(struct simulate_seat *seat, const struct pair *pair,
		struct pair_sums *sums, const struct firm_codes *codes,
		const struct outcome outcomes[SIDE_COUNT], struct error *err)
{
	if (!side_add(&sums->sides[SIDE_BEFORE], &outcomes[SIDE_BEFORE]) ||
			!side_add(&sums->sides[SIDE_AFTER], &outcomes[SIDE_AFTER]) ||
			!change_add(&sums->change, outcomes))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	if (outcomes[SIDE_BEFORE].verdict != VERDICT(ELIGIBLE) &&
			outcomes[SIDE_AFTER].verdict != VERDICT(ELIGIBLE))
		return true;
	return groups_add(sums->groups, codes, outcomes, &seat->arena, err) &&
	       (pair->only_for_budget || groups_add(seat->sums.groups, codes, outcomes,
							 &seat->arena, err));
}

/* What all pairs come to on one side. *out_refused: the catalog refuses the firm's facts. */
static bool side_ask(const struct simulate *simulate, struct simulate_seat *seat,
		enum side side, const Policycalc__V1__Profile *profile, unsigned row,
		bool *out_refused, struct error *err)
{
	struct swept_seat *swept = &seat->sides[side];

	if (swept->look &&
			(!look_enter(swept->look, profile, out_refused, err) || *out_refused))
		return *out_refused;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct pair *pair = &simulate->pairs[i];
		struct outcome *outcome = &seat->outcomes[side][i];

		*outcome = (struct outcome){ .bounded = true };
		if (pair->policies[side] &&
				!swept_ask(swept, row, pair->swept[side], outcome, err))
			return false;
	}
	return true;
}

static bool outcomes_add(const struct simulate *simulate, struct simulate_seat *seat,
		const struct firm_codes *codes, struct error *err)
{
	bool gains = false;
	bool loses = false;

	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct outcome outcomes[] = { seat->outcomes[SIDE_BEFORE][i],
			seat->outcomes[SIDE_AFTER][i] };
		const struct pair *pair = &simulate->pairs[i];
		struct pair_sums *sums = &seat->sums.pairs[i];
		int64_t gaining = sums->change.gaining;
		int64_t losing = sums->change.losing;

		if (!pair_add(seat, pair, sums, codes, outcomes, err))
			return false;
		gains |= !pair->only_for_budget && sums->change.gaining > gaining;
		loses |= !pair->only_for_budget && sums->change.losing > losing;
	}
	seat->sums.gaining += gains;
	seat->sums.losing += loses;
	return true;
}

static bool row_add(const struct simulate *simulate, struct simulate_seat *seat, unsigned row,
		struct error *err)
{
	struct swept_seat *swept =
			&seat->sides[seat->sides[SIDE_AFTER].look ? SIDE_AFTER : SIDE_BEFORE];
	const Policycalc__V1__Profile *profile;
	struct firm_codes codes;

	arena_reset(&seat->row);
	if (!swept->source.profile(swept->source.context, row, &seat->row, &profile, err))
		return false;
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
		bool refused = false;

		if (!side_ask(simulate, seat, (enum side)side, profile, row, &refused, err))
			return false;
		if (refused) {
			seat->sums.refused++;
			return true;
		}
	}
	return firm_codes_read(simulate, seat->sides[SIDE_AFTER].look, profile, &seat->row,
			       &codes, err) &&
	       outcomes_add(simulate, seat, &codes, err);
}

/* --- a block ---------------------------------------------------------------------------------- */

/* Whoever has, or may come to have, one of the policies on either side. */
static void rows_choose(const struct simulate *simulate, struct simulate_seat *seat,
		uint64_t out_rows[SWEEP_WORDS])
{
	memset(out_rows, 0, SWEEP_WORDS * sizeof(*out_rows));
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct pair *pair = &simulate->pairs[i];

		for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
			const struct swept_seat *swept = &seat->sides[side];
			size_t policy = pair->swept[side];
			uint64_t rows[SWEEP_WORDS];

			if (!pair->policies[side])
				continue;
			if (sweep_verdict(swept->work, policy, VERDICT(NEEDS_INFORMATION),
					    rows))
				seat->sums.pairs[i].sides[side].needs_information +=
						rows_count(rows, NULL);
			for (size_t k = 0; k < SWEEP_WORDS; k++)
				out_rows[k] |= swept->eligible[policy][k] |
					       swept->review[policy][k];
		}
	}
}

bool simulate_block(void *context, unsigned at, int64_t block, struct error *err)
{
	struct simulate *simulate = context;
	struct simulate_seat *seat = &simulate->seats[at];
	const struct swept_seat *last = NULL;
	uint64_t rows[SWEEP_WORDS];

	if (!seat->has_begun && !seat_begin(seat, simulate, err))
		return false;
	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
		struct swept_seat *swept = &seat->sides[side];

		if (!swept->look)
			continue;
		if (!swept_block(swept, block, err))
			return false;
		last = swept;
	}
	if (!last)
		return true;
	seat->sums.enterprises += rows_count(last->asked, NULL);
	rows_choose(simulate, seat, rows);
	for (unsigned row = 0; row < COLUMN_ROWS; row++) {
		if (rows_has(rows, row) && !row_add(simulate, seat, row, err))
			return false;
	}
	return true;
}
