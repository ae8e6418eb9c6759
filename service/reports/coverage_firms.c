/* SPDX-License-Identifier: Apache-2.0 */
/* Firms without R&D activity: why they count so, and what opens for them once they report it. */
#include "reports/coverage.h"

#include <string.h>

#define REASON(word) POLICYCALC__V1__UNCOVERED_REASON__UNCOVERED_REASON_##word

Policycalc__V1__UncoveredReason coverage_reason(const struct coverage_firm *firm, bool is_new)
{
	if (firm->stopped == KNOWN_YES)
		return REASON(STOPPED);
	if (firm->has_rd == KNOWN_NOT)
		return REASON(UNKNOWN);
	if (is_new)
		return REASON(NEW);
	switch (firm->spends) {
	case KNOWN_YES:
		return REASON(NOT_REPORTED);
	case KNOWN_NO:
		return REASON(NO_RD);
	case KNOWN_NOT:
	default:
		return REASON(EXPENSE_UNKNOWN);
	}
}

static bool firm_add(struct coverage_work *work, size_t i)
{
	const struct coverage_question *question = work->question;
	const struct coverage_firm *from = &question->firms[i];
	Policycalc__V1__UncoveredFirm *firm =
			ARENA_NEW(work->arena, Policycalc__V1__UncoveredFirm);
	bool is_new = work->before && !coverage_was_counted(question, from->uscc);

	if (!firm)
		return false;
	policycalc__v1__uncovered_firm__init(firm);
	firm->uscc = (char *)(uintptr_t)from->uscc;
	firm->unit = question->area->units[from->unit]->code;
	firm->industry = (char *)(uintptr_t)from->industry;
	firm->size = (char *)(uintptr_t)from->size;
	firm->contact_officer = (char *)(uintptr_t)from->contact_officer;
	firm->reason = coverage_reason(from, is_new);
	if (from->opening) {
		firm->opens = from->opening->policies;
		firm->n_opens = from->opening->count;
		firm->opening_fen = from->opening->sure_fen;
	}
	work->report->firms[work->report->n_firms++] = firm;
	return true;
}

/* Whether the firm at @i is one that its unit counts as without R&D activity. */
static bool is_uncovered(const struct coverage_question *question, size_t i)
{
	const struct coverage_firm *firm = &question->firms[i];

	return firm->unit >= 0 && firm->has_rd != KNOWN_YES &&
	       (i == 0 || !coverage_is_same(firm, firm - 1));
}

static void unit_add_opening(struct coverage_work *work, const struct coverage_firm *firm)
{
	Policycalc__V1__CoverageUnit *unit = work->by_unit[firm->unit];
	const struct opening *opening = firm->opening;

	if (__builtin_add_overflow(unit->opening_fen, opening->sure_fen, &unit->opening_fen))
		unit->opening_fen = INT64_MAX;
	unit->opening_firms += opening->sure_fen > 0;
	unit->opening_open_firms += opening->has_open;
}

bool coverage_make_firms(struct coverage_work *work)
{
	const struct coverage_question *question = work->question;
	Policycalc__V1__CoverageReport *report = work->report;
	size_t count = 0;

	for (size_t i = 0; i < question->firm_count; i++) {
		if (!is_uncovered(question, i))
			continue;
		count++;
		if (question->firms[i].opening)
			unit_add_opening(work, &question->firms[i]);
	}
	report->openings = question->openings;
	report->n_openings = question->opening_count;
	if (!question->names)
		return true;
	report->firms = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__UncoveredFirm *, count + 1);
	if (!report->firms)
		return false;
	/* By unit in rank order, then by code, which is the order of the firms. */
	for (size_t u = 0; u < report->n_units; u++)
		for (size_t i = 0; i < question->firm_count; i++)
			if (is_uncovered(question, i) &&
					work->by_unit[question->firms[i].unit] ==
							report->units[u] &&
					!firm_add(work, i))
				return false;
	return true;
}
