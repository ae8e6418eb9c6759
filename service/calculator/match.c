/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from end to end: judged, read, asked, ordered, answered. All in the call's arena; an
 * arena that runs dry ends the call, never with half an answer.
 */
#include "calculator/match.h"

#include "calculator/candidates.h"
#include "calculator/combine.h"
#include "calculator/near.h"

#include <assert.h>
#include <string.h>

/* So many that are asked for by name need not everything that is derived. */
#define FEW_POLICIES 16

/* --- the request ------------------------------------------------------------------------------ */

static bool request_check(struct match *match, const char *today, struct error *err)
{
	const Policycalc__V1__MatchRequest *request = match->request;

	if (*request->as_of) {
		if (!date_parse(slice_from(request->as_of), &match->as_of))
			findings_violate(&match->findings, "as_of",
					"is not a day in the form YYYY-MM-DD");
	} else if (!date_parse(slice_from(today), &match->as_of)) {
		return error_set(err, ERROR_INTERNAL, "today is not a day");
	}
	if (request->limit < 0)
		findings_violate(&match->findings, "limit", "may not be negative");
	if ((int)request->view < 0 || request->view > POLICYCALC__V1__VIEW__VIEW_FULL)
		findings_violate(&match->findings, "view", "is no view");
	for (size_t i = 0; i < request->n_verdicts; i++) {
		if (request->verdicts[i] <= VERDICT(UNSPECIFIED) ||
				request->verdicts[i] > VERDICT(ELIGIBLE))
			findings_violate(&match->findings,
					arena_format(match->arena, "verdicts[%zu]", i),
					"is no verdict");
	}
	return true;
}

/* --- the outcomes ----------------------------------------------------------------------------- */

static bool is_wanted(const struct match *match, size_t index, bool by_id)
{
	const struct standing *standing = &match->epoch->standings[index];

	if (match->request->include_superseded || by_id)
		return true;
	return standing->state != STATE(SUPERSEDED) && standing->state != STATE(ENDED);
}

static void outcome_add(struct match *match, const struct facts *facts, size_t index)
{
	struct outcome *outcome = &match->outcomes[match->outcome_count++];

	outcome_compute(facts, &match->ruleset->policies[index],
			&match->epoch->standings[index], outcome);
	match_rank(match, outcome);
}

/* How many INELIGIBLE policies are told behind the others. */
static size_t ineligible_told(const struct match *match)
{
	size_t left = match->request->limit > 0 ? (size_t)match->request->limit : SIZE_MAX;

	if (!match_wants_verdict(match, VERDICT(INELIGIBLE)))
		return 0;
	for (size_t i = 0; i < match->ranked_count && left > 0; i++)
		left -= match_wants_verdict(match, match->ranked[i].verdict);
	return left;
}

/* The first INELIGIBLE ones in id order, as many as are told. */
static bool ineligible_add(struct match *match, const struct facts *facts)
{
	const struct ruleset *ruleset = match->ruleset;
	size_t count = ruleset->catalog.policy_count;
	size_t end = match->ranked_count;
	size_t left = ineligible_told(match);
	uint64_t *known = ARENA_NEW_ARRAY(match->arena, uint64_t, count / 64 + 1);

	if (!known)
		return false;
	for (size_t i = 0; i < end; i++)
		slot_bits_put(known, (int)(match->ranked[i].policy - ruleset->policies));
	for (size_t i = 0; i < count && left > 0; i++) {
		if (slot_bits_has(known, (int)i) || !is_wanted(match, i, false))
			continue;
		outcome_add(match, facts, i);
		left--;
		if (match->arena->exhausted)
			return false;
	}
	return true;
}

/* Only candidates are asked, and of the others those that are told. */
static bool candidates_compute(struct match *match, const struct facts *facts,
		const struct candidates *candidates)
{
	size_t count = match->ruleset->catalog.policy_count;
	size_t limit = (size_t)match->request->limit;
	size_t shown = match->request->include_superseded ? count : candidates->shown_count;

	if (!match_reserve(match, candidates->count + (limit < count ? limit : count)))
		return false;
	for (size_t i = 0; i < candidates->count; i++) {
		size_t index = candidate_policy(candidates, i);

		bool holds = candidate_holds(candidates, i);

		if (!is_wanted(match, index, false) || (holds && match_add_ready(match, index)))
			continue;
		outcome_add(match, facts, index);
		if (match->arena->exhausted)
			return false;
		if (holds)
			match_note_order(match, index);
	}
	match_sort(match);
	/* Some candidates are INELIGIBLE after all, and have their place among the others. */
	match_drop_ineligible(match);
	if (ineligible_told(match) > 0 && !ineligible_add(match, facts))
		return false;
	match->ruled_out = shown - match->ranked_count;
	return true;
}

static bool outcomes_compute(struct match *match, const struct facts *facts)
{
	size_t count = selections_count(&match->selections, match->ruleset);
	bool tells_all = match->request->limit == 0 &&
			 match_wants_verdict(match, VERDICT(INELIGIBLE));
	struct candidates candidates;

	if (!match->selections.list && !tells_all && candidates_find(facts, &candidates))
		return candidates_compute(match, facts, &candidates);
	if (!match_reserve(match, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct selection selection = selections_at(&match->selections, i);

		if (!is_wanted(match, selection.index, selection.by_id))
			continue;
		outcome_add(match, facts, selection.index);
		if (match->arena->exhausted)
			return false;
	}
	match_sort(match);
	return true;
}

/* --- the response ----------------------------------------------------------------------------- */

void match_count(const struct match *match, size_t out_counts[VERDICT(ELIGIBLE) + 1])
{
	(void)memset(out_counts, 0, (VERDICT(ELIGIBLE) + 1) * sizeof(*out_counts));
	for (size_t i = 0; i < match->ranked_count; i++)
		out_counts[match->ranked[i].verdict]++;
	out_counts[VERDICT(INELIGIBLE)] += match->ruled_out;
}

static bool counts_fill(const struct match *match, Policycalc__V1__MatchResponse *response)
{
	size_t counts[VERDICT(ELIGIBLE) + 1];

	match_count(match, counts);
	response->counts = ARENA_NEW_ARRAY(
			match->arena, Policycalc__V1__VerdictCount *, VERDICT(ELIGIBLE));
	if (!response->counts)
		return false;
	for (int verdict = VERDICT(ELIGIBLE); verdict > VERDICT(UNSPECIFIED); verdict--) {
		Policycalc__V1__VerdictCount *count;

		if (counts[verdict] == 0)
			continue;
		count = ARENA_NEW(match->arena, Policycalc__V1__VerdictCount);
		if (!count)
			return false;
		policycalc__v1__verdict_count__init(count);
		count->verdict = (Policycalc__V1__Verdict)verdict;
		count->count = (int32_t)counts[verdict];
		response->counts[response->n_counts++] = count;
	}
	return true;
}

bool match_wants_verdict(const struct match *match, Policycalc__V1__Verdict verdict)
{
	const Policycalc__V1__MatchRequest *request = match->request;

	for (size_t i = 0; i < request->n_verdicts; i++) {
		if (request->verdicts[i] == verdict)
			return true;
	}
	return request->n_verdicts == 0;
}

bool match_put_near(const struct match *match, const struct facts *facts,
		const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer)
{
	size_t index = (size_t)(outcome->policy - match->ruleset->policies);

	if (!match->request->near || match->request->view == POLICYCALC__V1__VIEW__VIEW_ID)
		return true;
	return near_answer(facts, outcome, &match->epoch->standings[index], answer);
}

static bool answers_fill(const struct match *match, const struct facts *facts,
		Policycalc__V1__MatchResponse *response)
{
	size_t most = match->ranked_count;

	if (match->request->limit > 0 && (size_t)match->request->limit < most)
		most = (size_t)match->request->limit;
	response->answers =
			ARENA_NEW_ARRAY(match->arena, Policycalc__V1__PolicyAnswer *, most + 1);
	if (!response->answers)
		return false;
	for (size_t i = 0; i < match->ranked_count && response->n_answers < most; i++) {
		const struct outcome *outcome = match->ranked[i].outcome;
		size_t index = (size_t)(outcome->policy - match->ruleset->policies);
		Policycalc__V1__PolicyAnswer *answer;

		if (!match_wants_verdict(match, outcome->verdict))
			continue;
		answer = match->statuses ? outcome_statuses(facts, outcome)
					 : outcome_answer(facts, outcome,
							   &match->epoch->standings[index],
							   match->request->view);
		if (!answer || !match_put_near(match, facts, outcome, answer))
			return false;
		response->answers[response->n_answers++] = answer;
	}
	return true;
}

static Policycalc__V1__MatchResponse *response_make(
		const struct match *match, const struct facts *facts)
{
	Policycalc__V1__MatchResponse *response =
			ARENA_NEW(match->arena, Policycalc__V1__MatchResponse);
	char *day = arena_alloc(match->arena, 11);

	if (!response || !day)
		return NULL;
	policycalc__v1__match_response__init(response);
	date_print(match->as_of, day);
	response->revision = ruleset_revision(match->ruleset);
	response->as_of = day;
	response->engine_version = (char *)POLICYCALC_VERSION;
	response->warnings = match->findings.warnings;
	response->n_warnings = match->findings.warning_count;
	if (!counts_fill(match, response) || !answers_fill(match, facts, response))
		return NULL;
	if (match->request->combine) {
		response->combination =
				combination_answer(facts, match->outcomes, match->ranked_count);
		if (!response->combination)
			return NULL;
	}
	return match->arena->exhausted ? NULL : response;
}

/*
 * The base attributes behind all that will be asked, where that is a few policies for themselves; NULL where it may be
 * more: all policies, near misses, which change facts, or a combination. false when memory is short.
 */
static bool reads_gather(const struct match *match, const uint64_t **out_reads)
{
	const struct ruleset *ruleset = match->ruleset;
	const struct selections *selections = &match->selections;
	uint64_t *reads;

	*out_reads = NULL;
	if (!selections->list || selections->count > FEW_POLICIES || match->request->near ||
			match->request->combine)
		return true;
	reads = ARENA_NEW_ARRAY(match->arena, uint64_t, ruleset->set_words);
	if (!reads)
		return false;
	for (size_t i = 0; i < selections->count; i++) {
		const struct policy_rules *policy =
				&ruleset->policies[selections->list[i].index];

		for (size_t k = 0; k < ruleset->set_words; k++)
			reads[k] |= policy->reads[k];
	}
	*out_reads = reads;
	return true;
}

static bool match_run(struct match *match, Policycalc__V1__MatchResponse **out_response,
		struct error *err)
{
	const uint64_t *reads;
	struct facts *facts;

	match->epoch = epoch_pin(match->ruleset, date_to_days(match->as_of));
	if (!match->epoch)
		return error_set(err, ERROR_MEMORY, "no memory for the epoch of the day");
	if (!reads_gather(match, &reads))
		return arena_error(match->arena, err, "reading the request");
	facts = facts_read_for(match->ruleset, match->epoch, match->request->profile,
			match->as_of, match->request->strict, reads, match->arena,
			&match->findings);
	if (!facts || match->arena->exhausted)
		return arena_error(match->arena, err, "reading the profile");
	if (match->findings.violations.count)
		return error_set(err, ERROR_INVALID, "%s: %s",
				match->findings.violations.list[0].field,
				match->findings.violations.list[0].description);
	if (!outcomes_compute(match, facts))
		return arena_error(match->arena, err, "asking the conditions");
	if (!match->encoder) {
		*out_response = response_make(match, facts);
		return *out_response || arena_error(match->arena, err, "making the answer");
	}
	if (match_encode(match, facts))
		return true;
	if (match->encoder->exceeded)
		return error_set(err, ERROR_LIMIT, "the answer is larger than the limit");
	return arena_error(match->arena, err, "making the answer");
}

/* Asks for what @match wants: see its first members. */
static bool request_answer(struct match *match, const char *today,
		Policycalc__V1__MatchResponse **out_response, struct violations *out_violations,
		struct error *err)
{
	bool ok;

	match->findings.arena = match->arena;
	match->as_of = (struct date){ 1970, 1, 1 };
	ok = request_check(match, today, err) &&
	     selections_read(match->ruleset, match->request->policies,
			     match->request->n_policies, match->arena, &match->selections,
			     err) &&
	     match_run(match, out_response, err);
	epoch_unpin(match->ruleset, match->epoch);
	if (out_violations)
		*out_violations = match->findings.violations;
	return ok;
}

bool ruleset_match(const struct ruleset *ruleset, const Policycalc__V1__MatchRequest *request,
		const char *today, struct arena *arena,
		Policycalc__V1__MatchResponse **out_response, struct violations *out_violations,
		struct error *err)
{
	struct match match = { .ruleset = ruleset, .request = request, .arena = arena };

	return request_answer(&match, today, out_response, out_violations, err);
}

bool ruleset_match_encode(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, const char *today,
		struct arena *arena, struct encoder *encoder, struct match_tally *out_tally,
		struct violations *out_violations, struct error *err)
{
	struct match_tally tally = { .near = 0 };
	struct match match = {
		.ruleset = ruleset,
		.request = request,
		.arena = arena,
		.encoder = encoder,
		.tally = out_tally ? out_tally : &tally,
	};

	*match.tally = tally;
	return request_answer(&match, today, NULL, out_violations, err);
}

bool ruleset_match_statuses(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__MatchResponse **out_response,
		struct error *err)
{
	struct match match = {
		.ruleset = ruleset, .request = request, .arena = arena, .statuses = true
	};

	return request_answer(&match, today, out_response, NULL, err);
}

bool ruleset_combine(const struct ruleset *ruleset,
		const Policycalc__V1__CombineRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__CombineResponse **out_response,
		struct violations *out_violations, struct error *err)
{
	Policycalc__V1__MatchRequest match = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *from = NULL;
	Policycalc__V1__CombineResponse *response;

	match.profile = request->profile;
	match.as_of = request->as_of;
	match.strict = request->strict;
	match.policies = request->policies;
	match.n_policies = request->n_policies;
	match.combine = true;
	/* The answers themselves are not wanted. */
	match.view = POLICYCALC__V1__VIEW__VIEW_ID;
	match.limit = 1;
	if (!ruleset_match(ruleset, &match, today, arena, &from, out_violations, err))
		return false;
	response = ARENA_NEW(arena, Policycalc__V1__CombineResponse);
	if (!response)
		return arena_error(arena, err, "making the answer");
	policycalc__v1__combine_response__init(response);
	response->revision = from->revision;
	response->as_of = from->as_of;
	response->engine_version = from->engine_version;
	response->combination = from->combination;
	response->warnings = from->warnings;
	response->n_warnings = from->n_warnings;
	*out_response = response;
	return true;
}
