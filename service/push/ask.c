/* SPDX-License-Identifier: Apache-2.0 */
#include "push/ask.h"

#include <assert.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define NEAR_SHARE 5 /* at most one part of so many */
#define YEAR_DAYS 365

/* --- near ------------------------------------------------------------------------------------ */

static uint64_t size_of(int64_t number)
{
	return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

static bool change_is_near(const Policycalc__V1__NearChange *change)
{
	uint64_t distance = size_of(change->distance);

	if (!*change->parameter || !change->target)
		return false;
	switch ((int)change->target->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		return distance <= size_of(change->target->money_fen) / NEAR_SHARE;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		return distance <= size_of(change->target->ratio_ppm) / NEAR_SHARE;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		return distance <= 1 || distance <= size_of(change->target->count) / NEAR_SHARE;
	case POLICYCALC__V1__VALUE__KIND_DATE:
		return distance <= YEAR_DAYS / NEAR_SHARE;
	case POLICYCALC__V1__VALUE__KIND__NOT_SET:
	case POLICYCALC__V1__VALUE__KIND_FLAG:
	case POLICYCALC__V1__VALUE__KIND_CODE:
	case POLICYCALC__V1__VALUE__KIND_CODES:
	case POLICYCALC__V1__VALUE__KIND_TEXT:
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
	case POLICYCALC__V1__VALUE__KIND_TITLES:
	default:
		return false;
	}
}

bool ask_is_near(const Policycalc__V1__NearMiss *near)
{
	if (near->n_stays_unknown || near->verdict != VERDICT(ELIGIBLE) || near->n_changes == 0)
		return false;
	for (size_t i = 0; i < near->n_changes; i++) {
		if (!change_is_near(near->changes[i]))
			return false;
	}
	return true;
}

/* The conditions that fail are all such as figures may turn. */
static bool may_be_near(struct ask *ask, size_t target, bool *out_may, struct error *err)
{
	const struct push_target *policy = &ask->scope->targets[target];
	char **ids;
	size_t count;

	*out_may = false;
	if (!policy->may_fit)
		return true;
	if (!look_settled(ask->look, ask->book->policies[target], &ids, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t size = strcspn(ids[i], "@");
		bool found = false;

		for (size_t k = 0; !found && k < policy->near_count; k++)
			found = strlen(policy->near_conditions[k]) == size &&
				memcmp(policy->near_conditions[k], ids[i], size) == 0;
		/* Of an item another one may be near: only what is the enterprise's settles it. */
		if (!found && ids[i][size] != '@')
			return true;
	}
	*out_may = count > 0;
	return true;
}

/* --- the policies ---------------------------------------------------------------------------- */

bool ask_book_init(struct ask_book *book, const struct push_scope *scope, const char *day,
		struct arena *arena, struct error *err)
{
	struct sweep_options options = { .day = day };
	const char **policies = ARENA_NEW_ARRAY(arena, const char *, scope->target_count + 1);

	*book = (struct ask_book){
		.policies = ARENA_NEW_ARRAY(arena, size_t, scope->target_count + 1),
	};
	if (!policies || !book->policies)
		return arena_error(arena, err, "preparing a run");
	/* Without a name it would be about all there are. */
	if (scope->target_count == 0)
		return true;
	for (size_t i = 0; i < scope->target_count; i++)
		policies[options.policy_count++] = scope->targets[i].policy->id;
	options.policies = policies;
	book->sweep = sweep_new(scope->ruleset, &options, err);
	if (!book->sweep)
		return false;
	for (size_t i = 0; i < sweep_policy_count(book->sweep); i++) {
		const struct push_target *target =
				push_scope_find(scope, sweep_policy(book->sweep, i)->id);

		assert(target);
		book->policies[target - scope->targets] = i;
	}
	return true;
}

void ask_book_fini(struct ask_book *book)
{
	sweep_free(book->sweep);
	book->sweep = NULL;
}

/* --- answers --------------------------------------------------------------------------------- */

static enum now_kind kind_of(Policycalc__V1__Verdict verdict)
{
	switch ((int)verdict) {
	case VERDICT(ELIGIBLE):
		return NOW_ELIGIBLE;
	case VERDICT(INELIGIBLE):
		return NOW_INELIGIBLE;
	case VERDICT(NOT_OPEN):
		return NOW_NOT_OPEN;
	case VERDICT(NEEDS_INFORMATION):
	case VERDICT(NEEDS_REVIEW):
	case VERDICT(UNSPECIFIED):
	default:
		return NOW_UNDECIDED;
	}
}

static bool ask_one(struct ask *ask, size_t target, struct error *err)
{
	const struct push_target *policy = &ask->scope->targets[target];
	size_t index = ask->book->policies[target];
	struct ask_answer *out = &ask->answers[target];
	struct look_answer answer;
	enum now_kind kind;

	if (!look_policy(ask->look, index, &answer, err))
		return false;
	kind = kind_of(answer.verdict);
	/* What is not decided is no news. */
	if (kind == NOW_UNDECIDED)
		return true;
	out->is_known = true;
	out->now = (struct now_state){
		.kind = kind,
		.version = policy->version,
		.window_end = policy->window_end,
	};
	if (kind == NOW_INELIGIBLE)
		return may_be_near(ask, target, &out->may_be_near, err);
	if (kind != NOW_ELIGIBLE || !answer.pays)
		return true;
	out->now.amount = (struct told_amount){
		.exactness = (uint8_t)answer.exactness,
		.least = answer.least_fen,
		.most = answer.most_fen,
	};
	return look_amount_is_open(ask->look, index, &out->now.amount_is_open, err);
}

static bool wants_any(const struct ask *ask, const bool *wanted)
{
	for (size_t i = 0; i < ask->scope->target_count; i++) {
		if (wanted[i])
			return true;
	}
	return false;
}

bool ask_all(struct ask *ask, const bool *wanted, struct error *err)
{
	bool refused;

	ask->answers = ARENA_NEW_ARRAY(
			ask->arena, struct ask_answer, ask->scope->target_count + 1);
	if (!ask->answers)
		return arena_error(ask->arena, err, "asking the policies");
	if (!wants_any(ask, wanted))
		return true;
	if (!look_enter(ask->look, ask->profile, &refused, err))
		return false;
	if (refused)
		return error_set(err, ERROR_INVALID, "the catalog refuses facts of a profile");
	for (size_t i = 0; i < ask->scope->target_count; i++) {
		if (wanted[i] && !ask_one(ask, i, err))
			return false;
	}
	return true;
}

bool ask_words(struct ask *ask, size_t target, struct error *err)
{
	return ask->answers[target].message ||
	       look_answer(ask->look, ask->book->policies[target],
			       &ask->answers[target].message, err);
}

bool ask_near(struct ask *ask, size_t target, struct error *err)
{
	struct ask_answer *answer = &ask->answers[target];

	if (!ask_words(ask, target, err) || !look_near(ask->look, ask->book->policies[target],
							    answer->message, err))
		return false;
	if (answer->message->n_near && ask_is_near(answer->message->near[0]))
		answer->now.kind = NOW_NEAR;
	return true;
}
