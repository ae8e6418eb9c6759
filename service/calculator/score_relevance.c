/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of an undecided table can still change its result.
 *
 * A row matters when the others can come out so that the table passes with the row at its most and
 * fails with it at its least. The others are taken as independent of one another, each with the very
 * points it may come to (20, 16, 12 ... and nothing between), so that their sums are sets of points:
 *
 *     others of the row's own group        u
 *     all else, other groups at or above   r
 *     their floors
 *
 *     the total turns    u + r + most >= pass > u + r + least,  u + most >= floor
 *     the floor turns    u + most >= floor > u + least,         u + r + most >= pass
 *     the veto turns     least = 0 < most,  u + most >= floor,  u + r + most >= pass
 *
 * Everything here grows with the points of each row, so that most and least stand for all between.
 */
#include "calculator/score_internal.h"

#include <string.h>

struct sums {
	const struct facts *facts;
	const struct score_rules *rules;
	struct score_result *result;
	size_t words;
	uint64_t *scratch;
};

static bool values_have(const uint64_t *values, int64_t from, int64_t to)
{
	for (int64_t points = from < 0 ? 0 : from; points <= to; points++) {
		if ((values[points / 64] >> (points % 64)) & 1)
			return true;
	}
	return false;
}

/* Points below 128, as one number: nearly all tables have a hundred. */
__extension__ typedef unsigned __int128 small_set;

static small_set small_set_of(const struct sums *sums, const uint64_t *set)
{
	return sums->words > 1 ? (small_set)set[1] << 64 | set[0] : set[0];
}

static void small_set_add(
		const struct sums *sums, uint64_t *set, const uint64_t *values, bool not_zero)
{
	small_set before = small_set_of(sums, set);
	small_set after = 0;

	for (size_t word = 0; word < sums->words; word++) {
		uint64_t rest = values[word];

		if (word == 0 && not_zero)
			rest &= ~UINT64_C(1);
		for (; rest; rest &= rest - 1)
			after |= before << (64 * word + (unsigned)__builtin_ctzll(rest));
	}
	set[0] = (uint64_t)after;
	if (sums->words > 1)
		set[1] = (uint64_t)(after >> 64);
}

/* @set becomes all sums of one of its points and one of @values. */
static void set_add(struct sums *sums, uint64_t *set, const uint64_t *values, bool not_zero)
{
	if (sums->words <= 2) {
		small_set_add(sums, set, values, not_zero);
		return;
	}
	memset(sums->scratch, 0, sums->words * sizeof(*set));
	for (size_t word = 0; word < sums->words; word++) {
		uint64_t rest = values[word];

		if (word == 0 && not_zero)
			rest &= ~UINT64_C(1);
		for (; rest; rest &= rest - 1) {
			unsigned bits = (unsigned)__builtin_ctzll(rest);

			for (size_t i = sums->words; i-- > word;) {
				uint64_t shifted = set[i - word] << bits;

				if (bits && i > word)
					shifted |= set[i - word - 1] >> (64 - bits);
				sums->scratch[i] |= shifted;
			}
		}
	}
	memcpy(set, sums->scratch, sums->words * sizeof(*set));
}

static uint64_t *set_zero(struct sums *sums)
{
	uint64_t *set = ARENA_NEW_ARRAY(sums->facts->arena, uint64_t, sums->words);

	if (set)
		set[0] = 1;
	return set;
}

/* Drops the points below @least. */
static void set_raise(struct sums *sums, uint64_t *set, int64_t least)
{
	for (int64_t points = 0; points < least && points < (int64_t)sums->words * 64; points++)
		set[points / 64] &= ~(UINT64_C(1) << (points % 64));
}

static bool set_has(const struct sums *sums, const uint64_t *set, int64_t from, int64_t to)
{
	int64_t last = (int64_t)sums->words * 64 - 1;

	return values_have(set, from, to < last ? to : last);
}

/* The sums of a group's rows but @without. */
static uint64_t *group_sums(struct sums *sums, int group, size_t without)
{
	uint64_t *set = set_zero(sums);

	for (size_t i = 0; set && i < sums->rules->row_count; i++) {
		if (sums->rules->rows[i].group == group && i != without)
			set_add(sums, set, sums->result->rows[i].values,
					sums->rules->rows[i].not_zero);
	}
	return set;
}

static int64_t limit_least(const struct score_limit *limit)
{
	return limit->least_known ? limit->span.least : 0;
}

/* A threshold that only our sources lack does not turn, whatever the rows come to. */
static bool limit_turns(const struct sums *sums, const struct score_limit *limit,
		int64_t *out_least, int64_t *out_most)
{
	bool open = limit->missing && facts_set_has_attributes(sums->facts, limit->missing);

	*out_least = limit_least(limit);
	*out_most = limit->most_known ? limit->span.most : SCORE_FULL_MOST;
	return (limit->least_known && limit->most_known) || open;
}

static bool row_matters(struct sums *sums, size_t at)
{
	static const struct score_limit none = { .least_known = true, .most_known = true };
	const struct score_row_result *row = &sums->result->rows[at];
	int group = sums->rules->rows[at].group;
	const struct score_limit *floor =
			group < 0 ? &none : &sums->result->groups[group].floor;
	int64_t least = row->points.least, most = row->points.most;
	int64_t pass_least, pass_most, floor_least, floor_most;
	bool pass_turns = limit_turns(sums, &sums->result->pass, &pass_least, &pass_most);
	bool floor_turns = limit_turns(sums, floor, &floor_least, &floor_most);
	uint64_t *own = group_sums(sums, group, at);
	uint64_t *rest = set_zero(sums);
	uint64_t *all;

	if (!own || !rest)
		return true;
	for (int other = -1; other < (int)sums->rules->group_count; other++) {
		uint64_t *set = other == group ? NULL : group_sums(sums, other, at);

		if (!set)
			continue;
		if (other >= 0)
			set_raise(sums, set, limit_least(&sums->result->groups[other].floor));
		set_add(sums, rest, set, false);
	}
	set_raise(sums, own, floor_least - most);
	all = set_zero(sums);
	if (!all)
		return true;
	set_add(sums, all, own, false);
	set_add(sums, all, rest, false);
	if (pass_turns && set_has(sums, all, pass_least - most, pass_most - least - 1))
		return true;
	if (sums->rules->rows[at].not_zero && least == 0 && most > 0 &&
			set_has(sums, all, pass_least - most, INT64_MAX))
		return true;
	if (!floor_turns)
		return false;
	/* Only sums of the own group that leave the floor behind with the row at its least. */
	memset(all, 0, sums->words * sizeof(*all));
	for (int64_t points = 0;
			points < floor_most - least && points < (int64_t)sums->words * 64;
			points++)
		all[points / 64] |= own[points / 64] & (UINT64_C(1) << (points % 64));
	set_add(sums, all, rest, false);
	return set_has(sums, all, pass_least - most, INT64_MAX);
}

void score_find_relevant(const struct facts *facts, const struct score_rules *rules,
		struct score_result *result)
{
	struct sums sums = {
		.facts = facts,
		.rules = rules,
		.result = result,
		.words = (size_t)rules->full / 64 + 1,
	};

	sums.scratch = ARENA_NEW_ARRAY(facts->arena, uint64_t, sums.words);
	for (size_t i = 0; sums.scratch && i < rules->row_count; i++) {
		struct score_row_result *row = &result->rows[i];

		row->relevant = row->points.least < row->points.most && row_matters(&sums, i);
	}
}
