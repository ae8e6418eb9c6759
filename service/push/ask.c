/* SPDX-License-Identifier: Apache-2.0 */
#include "push/ask.h"

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
static bool may_be_near(
		const struct push_target *target, const Policycalc__V1__PolicyAnswer *answer)
{
	if (!target->may_fit)
		return false;
	for (size_t i = 0; i < answer->n_settled_by; i++) {
		size_t size = strcspn(answer->settled_by[i], "@");
		bool found = false;

		for (size_t k = 0; !found && k < target->near_count; k++)
			found = strlen(target->near_conditions[k]) == size &&
				memcmp(target->near_conditions[k], answer->settled_by[i],
						size) == 0;
		/* Of an item another one may be near: only what is the enterprise's settles it. */
		if (!found && answer->settled_by[i][size] != '@')
			return false;
	}
	return answer->n_settled_by > 0;
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

static void answer_take(struct ask_answer *out, const struct push_target *target,
		const Policycalc__V1__PolicyAnswer *answer, bool full)
{
	enum now_kind kind = kind_of(answer->verdict);

	out->answer = answer;
	out->is_full = full;
	out->now = (struct now_state){
		.kind = kind,
		.version = target->version,
		.window_end = target->window_end,
	};
	if (answer->amount && kind == NOW_ELIGIBLE) {
		out->now.amount = (struct told_amount){
			.exactness = (uint8_t)answer->amount->exactness,
			.least = answer->amount->least_fen,
			.most = answer->amount->most_fen,
		};
		out->now.amount_is_open = answer->amount->n_missing > 0;
	}
	out->may_be_near = kind == NOW_INELIGIBLE && may_be_near(target, answer);
}

static bool is_near(const Policycalc__V1__PolicyAnswer *answer)
{
	return answer->n_near > 0 && ask_is_near(answer->near[0]);
}

/* Asks about the targets wanted; NULL: all. */
static bool ask_some(
		struct ask *ask, const bool *wanted, bool full, bool near, struct error *err)
{
	static Policycalc__V1__Verdict decided[] = { VERDICT(INELIGIBLE), VERDICT(NOT_OPEN),
		VERDICT(ELIGIBLE) };
	const struct push_scope *scope = ask->scope;
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;

	request.policies = ARENA_NEW_ARRAY(ask->arena, char *, scope->target_count + 1);
	if (!request.policies)
		return arena_error(ask->arena, err, "asking the policies");
	for (size_t i = 0; i < scope->target_count; i++) {
		if (!wanted || wanted[i])
			request.policies[request.n_policies++] = scope->targets[i].policy->id;
	}
	if (request.n_policies == 0)
		return true;
	request.profile = (Policycalc__V1__Profile *)(uintptr_t)ask->profile;
	request.as_of = (char *)(uintptr_t)ask->day;
	request.view = full ? POLICYCALC__V1__VIEW__VIEW_FULL
			    : POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.near = near;
	/* What is not decided is no news: its answer need not be made. */
	if (!full) {
		request.verdicts = decided;
		request.n_verdicts = sizeof(decided) / sizeof(decided[0]);
	}
	if (!ruleset_match(scope->ruleset, &request, ask->day, ask->arena, &response, NULL,
			    err))
		return false;
	for (size_t i = 0; i < response->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = response->answers[i];
		const struct push_target *target = push_scope_find(scope, answer->policy_id);
		struct ask_answer *out = &ask->answers[target - scope->targets];
		bool was_near = out->now.kind == NOW_NEAR;

		if (was_near && !near)
			continue;
		answer_take(out, target, answer, full);
		if (near && is_near(answer))
			out->now.kind = NOW_NEAR;
	}
	return true;
}

bool ask_all(struct ask *ask, const bool *wanted, struct error *err)
{
	ask->answers = ARENA_NEW_ARRAY(
			ask->arena, struct ask_answer, ask->scope->target_count + 1);
	if (!ask->answers)
		return arena_error(ask->arena, err, "asking the policies");
	return ask_some(ask, wanted, false, false, err);
}

bool ask_near(struct ask *ask, const bool *wanted, struct error *err)
{
	return ask_some(ask, wanted, false, true, err);
}

bool ask_full(struct ask *ask, const bool *wanted, struct error *err)
{
	size_t count = ask->scope->target_count;
	bool *plain = ARENA_NEW_ARRAY(ask->arena, bool, count + 1);
	bool *near = ARENA_NEW_ARRAY(ask->arena, bool, count + 1);

	if (!plain || !near)
		return arena_error(ask->arena, err, "asking the policies");
	for (size_t i = 0; i < count; i++) {
		bool is_near_now = ask->answers[i].now.kind == NOW_NEAR;

		plain[i] = wanted[i] && !ask->answers[i].is_full && !is_near_now;
		near[i] = wanted[i] && !ask->answers[i].is_full && is_near_now;
	}
	return ask_some(ask, plain, true, false, err) && ask_some(ask, near, true, true, err);
}
