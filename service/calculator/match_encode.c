/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The response as bytes, from its last field to its first. Each answer is made, encoded and forgotten:
 * the arena holds one at a time. The bytes are those of the message that match.c makes.
 */
#include "calculator/match.h"

#include "calculator/answer_parts.h"
#include "calculator/combine.h"

#include <string.h>

/* Numbers of fields, as in calculator_service.proto. */
enum response_field {
	RESPONSE_REVISION = 1,
	RESPONSE_AS_OF = 2,
	RESPONSE_ENGINE_VERSION = 3,
	RESPONSE_ANSWERS = 4,
	RESPONSE_COUNTS = 5,
	RESPONSE_WARNINGS = 6,
	RESPONSE_COMBINATION = 7,
};
enum answer_field {
	ANSWER_POLICY_ID = 1,
	ANSWER_VERDICT = 3,
	ANSWER_CONDITIONS_VERDICT = 4,
	ANSWER_AMOUNT = 10,
	ANSWER_ITEMS = 14,
	ANSWER_REVIEW_REASONS = 19,
	ANSWER_NEAR = 21,
	ANSWER_LAST = 25,
};
enum count_field {
	COUNT_VERDICT = 1,
	COUNT_COUNT = 2,
};

/* --- one answer ------------------------------------------------------------------------------- */

/* Whether answers may be told that say no more than the BASIC view of one policy alone. */
static bool tells_ready(const struct match *match)
{
	return match->encoder && match->request->view != POLICYCALC__V1__VIEW__VIEW_FULL &&
	       !match->request->near;
}

bool match_add_ready(struct match *match, size_t index)
{
	const struct ready *ready;
	int64_t order;

	/* A combination asks what the conditions came to. */
	if (!tells_ready(match) || match->request->combine ||
			!match->ruleset->policies[index].constant)
		return false;
	ready = ready_any(match->epoch->ready, index);
	if (ready)
		order = ready->order;
	else if (!ready_find_order(match->epoch->ready, index, &order))
		return false;
	match->ranked[match->ranked_count++] = (struct ranked){
		.verdict = VERDICT(ELIGIBLE),
		.order = order,
		.policy = &match->ruleset->policies[index],
		.ready = ready,
	};
	return true;
}

void match_note_order(const struct match *match, size_t index)
{
	const struct ranked *last = &match->ranked[match->ranked_count - 1];

	if (match->ruleset->policies[index].constant && last->verdict == VERDICT(ELIGIBLE))
		ready_note_order(match->epoch->ready, index, last->order);
}

static bool is_ready(const struct match *match, const struct outcome *outcome)
{
	return tells_ready(match) && outcome->policy->list == LIST_ENTERPRISE &&
	       outcome->verdict == VERDICT(ELIGIBLE) &&
	       outcome->conditions_verdict == VERDICT(ELIGIBLE) &&
	       ready_may_keep(&outcome->amount);
}

static void answer_tally(struct match_tally *tally, const Policycalc__V1__PolicyAnswer *answer)
{
	tally->near += answer->n_near > 0;
	for (size_t i = 0; i < answer->n_review_reasons; i++)
		tally->rule_errors += strcmp(answer->review_reasons[i], REVIEW_RULE_ERROR) == 0;
}

/* What lies between the parts that are there already comes out of the message. */
static bool answer_encode(const struct match *match, const struct facts *facts,
		const struct outcome *outcome, size_t index)
{
	struct encoder *encoder = match->encoder;
	const struct answer_parts *parts =
			answer_parts_get(match->ruleset, index, facts->arena);
	bool full = match->request->view == POLICYCALC__V1__VIEW__VIEW_FULL;
	Policycalc__V1__PolicyAnswer *answer = outcome_answer(
			facts, outcome, &match->epoch->standings[index], match->request->view);

	if (!parts || !answer || !match_put_near(match, facts, outcome, answer))
		return false;
	answer_tally(match->tally, answer);
	encode_fields(encoder, &answer->base, ANSWER_NEAR, ANSWER_LAST);
	encode_bytes(encoder, parts->summary);
	encode_fields(encoder, &answer->base, ANSWER_REVIEW_REASONS, ANSWER_REVIEW_REASONS);
	if (full)
		encode_bytes(encoder, parts->marks);
	encode_fields(encoder, &answer->base, ANSWER_AMOUNT, ANSWER_ITEMS);
	encode_bytes(encoder, parts->middle);
	encode_bytes(encoder, match->epoch->availabilities[index]);
	encode_number(encoder, ANSWER_CONDITIONS_VERDICT, answer->conditions_verdict);
	encode_number(encoder, ANSWER_VERDICT, answer->verdict);
	encode_bytes(encoder, parts->head);
	return true;
}

static bool ranked_encode(const struct match *match, const struct facts *facts,
		const struct ranked *ranked)
{
	struct encoder *encoder = match->encoder;
	const struct outcome *outcome = ranked->outcome;
	size_t index = (size_t)(ranked->policy - match->ruleset->policies);
	size_t size = encoder_size(encoder);
	const struct ready *ready = ranked->ready;
	struct arena_mark mark = arena_mark(facts->arena);
	struct outcome made;
	bool keeps;
	bool ok;

	if (match->request->view == POLICYCALC__V1__VIEW__VIEW_ID) {
		encode_number(encoder, ANSWER_VERDICT, ranked->verdict);
		encode_text(encoder, ANSWER_POLICY_ID, ranked->policy->policy->id);
		encode_close(encoder, RESPONSE_ANSWERS, size);
		return true;
	}
	if (!ready && !outcome) {
		outcome_compute(facts, ranked->policy, &match->epoch->standings[index], &made);
		if (facts->arena->exhausted)
			return false;
		outcome = &made;
	}
	keeps = !ready && is_ready(match, outcome);
	if (keeps)
		ready = ready_find(match->epoch->ready, index, &outcome->amount);
	if (ready) {
		encode_bytes(encoder,
				(struct slice){ (const char *)ready->bytes, ready->size });
		encode_close(encoder, RESPONSE_ANSWERS, size);
		return true;
	}
	ok = answer_encode(match, facts, outcome, index);
	arena_rewind(facts->arena, mark);
	if (ok && keeps && !encoder->failed)
		ready_keep(match->epoch->ready, index, outcome,
				(struct slice){ (const char *)encoder->at,
						encoder_size(encoder) - size });
	encode_close(encoder, RESPONSE_ANSWERS, size);
	return ok;
}

/* --- the response ----------------------------------------------------------------------------- */

/* Behind the last one that is told. */
static size_t ranked_end(const struct match *match)
{
	size_t left = match->request->limit > 0 ? (size_t)match->request->limit : SIZE_MAX;
	size_t end = 0;

	for (size_t i = 0; i < match->ranked_count && left > 0; i++) {
		if (!match_wants_verdict(match, match->ranked[i].verdict))
			continue;
		end = i + 1;
		left--;
	}
	return end;
}

static bool answers_encode(const struct match *match, const struct facts *facts)
{
	for (size_t i = ranked_end(match); i > 0; i--) {
		const struct ranked *ranked = &match->ranked[i - 1];

		if (match_wants_verdict(match, ranked->verdict) &&
				!ranked_encode(match, facts, ranked))
			return false;
	}
	return true;
}

/* ELIGIBLE comes first, so that it is written last. */
static void counts_encode(const struct match *match)
{
	struct encoder *encoder = match->encoder;
	size_t *counts = match->tally->verdicts;

	match_count(match, counts);
	for (unsigned verdict = VERDICT(UNSPECIFIED) + 1; verdict <= VERDICT(ELIGIBLE);
			verdict++) {
		size_t size = encoder_size(encoder);

		if (counts[verdict] == 0)
			continue;
		encode_number(encoder, COUNT_COUNT, counts[verdict]);
		encode_number(encoder, COUNT_VERDICT, verdict);
		encode_close(encoder, RESPONSE_COUNTS, size);
	}
}

static bool combination_encode(const struct match *match, const struct facts *facts)
{
	const Policycalc__V1__Combination *combination =
			combination_answer(facts, match->outcomes, match->ranked_count);
	size_t size = encoder_size(match->encoder);

	if (!combination)
		return false;
	encode_message(match->encoder, &combination->base);
	encode_close(match->encoder, RESPONSE_COMBINATION, size);
	return true;
}

bool match_encode(const struct match *match, const struct facts *facts)
{
	struct encoder *encoder = match->encoder;
	char day[11];

	if (match->request->combine && !combination_encode(match, facts))
		return false;
	for (size_t i = match->findings.warning_count; i > 0; i--) {
		size_t size = encoder_size(encoder);

		encode_message(encoder, &match->findings.warnings[i - 1]->base);
		encode_close(encoder, RESPONSE_WARNINGS, size);
	}
	counts_encode(match);
	if (!answers_encode(match, facts))
		return false;
	date_print(match->as_of, day);
	encode_text(encoder, RESPONSE_ENGINE_VERSION, POLICYCALC_VERSION);
	encode_text(encoder, RESPONSE_AS_OF, day);
	encode_number(encoder, RESPONSE_REVISION, (uint64_t)ruleset_revision(match->ruleset));
	return encoder_end(encoder) && !match->arena->exhausted;
}
