/* SPDX-License-Identifier: Apache-2.0 */
/* One request from end to end: judged, read, asked, scored, answered. */
#include "calculator/question.h"

#define SKIPPED_MOST 1000
#define CHOICES_MOST 1000

/* What is worked out for one question lives there; a call has its own budget beside it. */
#define WORK_BUDGET ((size_t)64 << 20)

static bool request_check(
		struct questionnaire *questionnaire, const char *today, struct error *err)
{
	const Policycalc__V1__NextQuestionRequest *request = questionnaire->request;
	struct findings *findings = &questionnaire->findings;

	if (*request->as_of) {
		if (!date_parse(slice_from(request->as_of), &questionnaire->as_of))
			findings_violate(findings, "as_of",
					"is not a day in the form YYYY-MM-DD");
	} else if (!date_parse(slice_from(today), &questionnaire->as_of)) {
		return error_set(err, ERROR_INTERNAL, "today is not a day");
	}
	if (request->n_skipped > SKIPPED_MOST)
		findings_violate(findings, "skipped", "holds more than 1000 keys");
	if (request->enough_ppm < 0 || request->enough_ppm > QUESTION_PPM)
		findings_violate(findings, "enough_ppm", "is from 0 to 1000000");
	if (request->choice_limit < 0 || request->choice_limit > CHOICES_MOST)
		findings_violate(findings, "choice_limit", "is from 0 to 1000");
	if (request->choice_offset < 0)
		findings_violate(findings, "choice_offset", "may not be negative");
	return true;
}

/* Closed, ended and superseded policies are asked about only when they are asked for. */
static bool is_wanted(const struct questionnaire *questionnaire, struct selection selection)
{
	const struct standing *standing = &questionnaire->epoch->standings[selection.index];

	if (questionnaire->request->include_superseded || selection.by_id)
		return true;
	return standing->state != STATE(SUPERSEDED) && standing->state != STATE(ENDED) &&
	       standing->state != STATE(CLOSED);
}

static bool outcomes_compute(struct questionnaire *questionnaire)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	size_t count = selections_count(&questionnaire->selections, ruleset);

	questionnaire->outcomes =
			ARENA_NEW_ARRAY(questionnaire->arena, struct outcome, count + 1);
	if (!questionnaire->outcomes ||
			!clause_memo_init(
					&questionnaire->memo, ruleset, questionnaire->arena) ||
			!questionnaire_begin_parts(questionnaire))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct selection selection = selections_at(&questionnaire->selections, i);

		if (!is_wanted(questionnaire, selection))
			continue;
		outcome_compute_once(questionnaire->facts, &questionnaire->memo,
				&ruleset->policies[selection.index],
				&questionnaire->epoch->standings[selection.index],
				&questionnaire->outcomes[questionnaire->outcome_count++]);
	}
	return !questionnaire->arena->exhausted;
}

static bool questionnaire_run(struct questionnaire *questionnaire,
		Policycalc__V1__NextQuestionResponse **out_response, struct error *err)
{
	const Policycalc__V1__NextQuestionRequest *request = questionnaire->request;
	struct arena *arena = questionnaire->arena;

	questionnaire->epoch =
			epoch_pin(questionnaire->ruleset, date_to_days(questionnaire->as_of));
	if (!questionnaire->epoch)
		return error_set(err, ERROR_MEMORY, "no memory for the epoch of the day");
	questionnaire->facts = facts_read(questionnaire->ruleset, questionnaire->epoch,
			request->profile, questionnaire->as_of, request->strict, arena,
			&questionnaire->findings);
	if (!questionnaire->facts || arena->exhausted)
		return arena_error(arena, err, "reading the profile");
	if (questionnaire->findings.violations.count)
		return error_set(err, ERROR_INVALID, "%s: %s",
				questionnaire->findings.violations.list[0].field,
				questionnaire->findings.violations.list[0].description);
	if (!outcomes_compute(questionnaire))
		return arena_error(arena, err, "asking the conditions");
	questionnaire_gather(questionnaire);
	if (arena->exhausted || !questionnaire_score(questionnaire))
		return arena_error(arena, err, "weighing the questions");
	*out_response = questionnaire_answer(questionnaire);
	return *out_response || arena_error(arena, err, "making the answer");
}

bool ruleset_next_question(const struct ruleset *ruleset,
		const Policycalc__V1__NextQuestionRequest *request,
		const struct question_priors *priors, const char *today, struct arena *arena,
		Policycalc__V1__NextQuestionResponse **out_response,
		struct violations *out_violations, struct error *err)
{
	struct questionnaire questionnaire = {
		.ruleset = ruleset,
		.request = request,
		.priors = priors,
		.arena = arena,
		.findings = { .arena = arena },
		.as_of = { 1970, 1, 1 },
	};
	bool ok;

	arena_init(&questionnaire.work, WORK_BUDGET);
	ok = request_check(&questionnaire, today, err) &&
	     selections_read(ruleset, request->policies, request->n_policies, arena,
			     &questionnaire.selections, err) &&
	     questionnaire_run(&questionnaire, out_response, err);
	arena_fini(&questionnaire.work);
	epoch_unpin(ruleset, questionnaire.epoch);
	if (out_violations)
		*out_violations = questionnaire.findings.violations;
	return ok;
}
