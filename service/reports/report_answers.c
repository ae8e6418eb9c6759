/* SPDX-License-Identifier: Apache-2.0 */
/* Reports made of the answers about single firms: what blocks, and what money there is. */
#include "reports/blocked.h"
#include "reports/negatives.h"
#include "reports/report.h"
#include "reports/unclaimed.h"

#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

struct answers {
	struct report_work *work;
	Policycalc__V1__MatchRequest request;
	struct blocked *blocked;
	struct unclaimed *unclaimed;
	struct negatives *negatives;
};

/* Where a firm counts: where statistics report it, else where it is registered. */
static bool place_read(struct answers *answers, const Policycalc__V1__Profile *profile,
		struct arena *scratch, int *out_place, struct error *err)
{
	static const char *const names[] = { "statistical_region", "region" };
	const struct report_work *work = answers->work;
	struct profile_reading readings[2];

	if (!ruleset_read_values(work->base->ruleset, profile, work->day, names, 2, scratch,
			    readings, err))
		return false;
	*out_place = area_place(&work->area, readings[0].text);
	if (*out_place == PLACE_UNKNOWN)
		*out_place = area_place(&work->area, readings[1].text);
	return true;
}

static bool answers_add(struct answers *answers, int place,
		const Policycalc__V1__Profile *profile,
		const Policycalc__V1__MatchResponse *match, struct arena *scratch,
		struct error *err)
{
	bool ok;

	if (answers->negatives)
		return negatives_add(answers->negatives, profile, answers->work->day, match,
				scratch, err);
	ok = answers->blocked ? blocked_add(answers->blocked, match, scratch)
			      : unclaimed_add(answers->unclaimed, place, match);
	return ok || arena_error(answers->work->base->arena, err, "adding up answers");
}

/* Money is told in full; for all else it is enough how things stand. */
static bool answers_ask(const struct answers *answers, struct arena *scratch,
		Policycalc__V1__MatchResponse **out_match, struct error *err)
{
	const struct report_work *work = answers->work;

	if (answers->unclaimed)
		return ruleset_match(work->base->ruleset, &answers->request, work->day, scratch,
				out_match, NULL, err);
	return ruleset_match_statuses(work->base->ruleset, &answers->request, work->day,
			scratch, out_match, err);
}

static bool on_firm(void *context, const Policycalc__V1__Profile *profile,
		struct arena *scratch, struct error *err)
{
	struct answers *answers = context;
	struct report_work *work = answers->work;
	Policycalc__V1__MatchResponse *match;
	int place;

	if (!place_read(answers, profile, scratch, &place, err))
		return false;
	if (place == PLACE_OUTSIDE)
		return true;
	work->enterprises++;
	answers->request.profile = (Policycalc__V1__Profile *)(uintptr_t)profile;
	if (answers_ask(answers, scratch, &match, err))
		return answers_add(answers, place, profile, match, scratch, err);
	/* A value that does not fit the catalog: nothing can be said of it. */
	if (err->code != ERROR_INVALID)
		return false;
	err->code = ERROR_NONE;
	work->unread++;
	return true;
}

static bool answers_read(struct answers *answers, struct error *err)
{
	const struct rows_visit visit = { .context = answers, .row = on_firm };
	struct report_work *work = answers->work;

	answers->request.as_of = work->day;
	answers->request.policies = work->base->request->policies;
	answers->request.n_policies = work->base->request->n_policies;
	work->progress.total = work->last_id;
	return rows_visit(work->base->source, work->sequence, work->last_id, &visit,
			&work->progress, err);
}

bool report_make_blocked(struct report_work *work, Policycalc__V1__BlockedReport **out_report,
		struct error *err)
{
	struct arena *arena = work->base->arena;
	struct answers answers = { .work = work,
		.request = POLICYCALC__V1__MATCH_REQUEST__INIT };
	bool ok;

	answers.blocked = blocked_new(work->base->ruleset, arena);
	if (!answers.blocked)
		return arena_error(arena, err, "making the report");
	ok = answers_read(&answers, err);
	if (ok) {
		*out_report = blocked_report(answers.blocked);
		if (*out_report)
			(*out_report)->head = report_head_make(work);
		ok = (*out_report && (*out_report)->head) ||
		     arena_error(arena, err, "making the report");
	}
	blocked_fini(answers.blocked);
	return ok;
}

bool report_make_unclaimed(struct report_work *work,
		Policycalc__V1__UnclaimedReport **out_report, struct error *err)
{
	static Policycalc__V1__Verdict wanted[] = { VERDICT(ELIGIBLE) };
	struct arena *arena = work->base->arena;
	struct answers answers = { .work = work,
		.request = POLICYCALC__V1__MATCH_REQUEST__INIT };

	answers.unclaimed = unclaimed_new(work->base->ruleset, &work->area, arena);
	if (!answers.unclaimed)
		return arena_error(arena, err, "making the report");
	answers.request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	answers.request.verdicts = wanted;
	answers.request.n_verdicts = 1;
	answers.request.combine = true;
	if (!answers_read(&answers, err))
		return false;
	*out_report = unclaimed_report(answers.unclaimed);
	if (*out_report)
		(*out_report)->head = report_head_make(work);
	return (*out_report && (*out_report)->head) ||
	       arena_error(arena, err, "making the report");
}

bool report_make_push(struct report_work *work, Policycalc__V1__PushReport **out_report,
		struct error *err)
{
	static Policycalc__V1__Verdict wanted[] = { VERDICT(NEEDS_INFORMATION) };
	const struct report_base *base = work->base;
	struct answers answers = { .work = work,
		.request = POLICYCALC__V1__MATCH_REQUEST__INIT };
	Policycalc__V1__PushReport *report = ARENA_NEW(base->arena, Policycalc__V1__PushReport);

	answers.negatives = negatives_new(base->ruleset, base->arena);
	if (!report || !answers.negatives)
		return arena_error(base->arena, err, "making the report");
	policycalc__v1__push_report__init(report);
	answers.request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	answers.request.verdicts = wanted;
	answers.request.n_verdicts = 1;
	if (!answers_read(&answers, err) ||
			!base->told(base->told_context, &work->area, work->day, report, err))
		return false;
	report->head = report_head_make(work);
	if (!report->head || !negatives_report(answers.negatives, report))
		return arena_error(base->arena, err, "making the report");
	*out_report = report;
	return true;
}
