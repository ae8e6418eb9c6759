/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coverage report out of the registry: firms of the library at the cut-off, at the end of the
 * month before, of the last December and of the twelve months. A snapshot that is that of another
 * month, too, is read once.
 */
#include "base/buffer.h"
#include "base/date.h"
#include "proto/codec/codec.h"
#include "reports/firm.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

/* Firms of one snapshot. */
struct firms {
	struct coverage_firm *list;
	size_t count, capacity;
};

struct coverage_read {
	struct report_work *work;
	struct coverage_question question;
	struct arena *arena;
	const char *day; /* of the pass at hand */
	struct firms *firms;
	bool is_now;
	int64_t last_now;			  /* rows of the pass about the cut-off */
	Policycalc__V1__OpeningPolicy **openings; /* by policy of the catalog; NULL: none */
	const struct catalog *catalog;
};

/* --- months ----------------------------------------------------------------------------------- */

/* The month @back before that of @day, with its last day; back 0 ends on the day itself. */
static void month_set(struct coverage_month *month, const char *day, int back)
{
	struct date date = { 1970, 1, 1 };

	(void)date_parse(slice_from(day), &date);
	if (back > 0) {
		date.day = 1;
		(void)date_add_months(date, -back, &date);
		date.day = date_days_in_month(date.year, date.month);
	}
	date_print(date, month->day);
	(void)snprintf(month->month, sizeof(month->month), "%.7s", month->day);
}

static bool month_find(const struct coverage_read *read, struct coverage_month *month,
		struct error *err)
{
	const struct rows_source *source = read->work->base->source;
	int64_t last_id;

	if (!source->state(source->context, report_day_end(month->day), &month->sequence,
			    &last_id, err))
		return false;
	/* Later than the report itself it can only be when the report is asked for again. */
	if (month->sequence > read->work->sequence)
		month->sequence = read->work->sequence;
	return true;
}

static bool months_find(struct coverage_read *read, struct error *err)
{
	struct coverage_question *question = &read->question;
	int to_december = 0;

	for (int i = 0; i < COVERAGE_MONTHS; i++) {
		month_set(&question->months[i], read->work->day, i);
		if (i > 0 && !month_find(read, &question->months[i], err))
			return false;
	}
	question->months[0].sequence = read->work->sequence;
	to_december = atoi(read->work->day + strlen("YYYY-"));
	month_set(&question->december, read->work->day, to_december);
	return month_find(read, &question->december, err);
}

/* Values of a month that came after its end. */
static bool note_late(void *context, const struct rows_import *import, struct error *err)
{
	struct coverage_read *read = context;

	(void)err;
	for (size_t i = 1; i < COVERAGE_MONTHS; i++) {
		struct coverage_month *month = &read->question.months[i];

		month->revised |= month->sequence && import->sequence > month->sequence &&
				  import->sequence <= read->work->sequence &&
				  strcmp(import->day, month->day) <= 0;
	}
	return true;
}

/* --- what opens ------------------------------------------------------------------------------- */

static int compare_ids(const void *key, const void *entry)
{
	const Policycalc__V1__Policy *const *policy = entry;

	return strcmp(key, (*policy)->id);
}

static bool opening_count(
		struct coverage_read *read, const Policycalc__V1__OpenedPolicy *opened)
{
	const struct catalog *catalog = read->catalog;
	Policycalc__V1__Policy **found = bsearch(opened->policy_id, catalog->policies,
			catalog->policy_count, sizeof(*catalog->policies), compare_ids);
	Policycalc__V1__OpeningPolicy **at = &read->openings[found - catalog->policies];
	const Policycalc__V1__AmountAnswer *amount = opened->amount;

	if (!*at) {
		*at = ARENA_NEW(read->arena, Policycalc__V1__OpeningPolicy);
		if (!*at)
			return false;
		policycalc__v1__opening_policy__init(*at);
		(*at)->policy_id = (*found)->id;
		(*at)->title = (*found)->title;
	}
	(*at)->review += opened->verdict == VERDICT(NEEDS_REVIEW);
	(*at)->undecided += opened->verdict == VERDICT(NEEDS_INFORMATION);
	if (opened->verdict != VERDICT(ELIGIBLE))
		return true;
	(*at)->eligible++;
	if (!amount || (amount->exactness != EXACTNESS(EXACT) &&
				       amount->exactness != EXACTNESS(RANGE) &&
				       amount->exactness != EXACTNESS(AT_LEAST)))
		(*at)->no_amount++;
	else if (__builtin_add_overflow((*at)->least_fen, amount->least_fen, &(*at)->least_fen))
		(*at)->least_fen = INT64_MAX;
	return true;
}

/* The message in the report's own memory: it outlives the firm it was made for. */
static Policycalc__V1__OpenedPolicy *opened_copy(const Policycalc__V1__OpenedPolicy *opened,
		struct arena *arena, struct error *err)
{
	struct buffer bytes = { 0 };
	ProtobufCMessage *copy = NULL;

	if (message_pack(&opened->base, &bytes))
		copy = message_unpack((struct slice){ bytes.data, bytes.size },
				&policycalc__v1__opened_policy__descriptor,
				&message_limits_default, arena, err);
	else
		error_set(err, ERROR_MEMORY, "out of memory while keeping what opens");
	buffer_fini(&bytes);
	return (Policycalc__V1__OpenedPolicy *)copy;
}

static const struct opening *opening_keep(
		struct coverage_read *read, const struct opening *opening, struct error *err)
{
	struct opening *kept = ARENA_NEW(read->arena, struct opening);

	if (!kept)
		goto out_of_memory;
	*kept = *opening;
	kept->count = 0;
	kept->policies = ARENA_NEW_ARRAY(
			read->arena, Policycalc__V1__OpenedPolicy *, opening->count + 1);
	if (!kept->policies)
		goto out_of_memory;
	for (size_t i = 0; i < opening->count; i++) {
		if (!opening_count(read, opening->policies[i]))
			goto out_of_memory;
		if (!read->question.names)
			continue;
		kept->policies[kept->count] =
				opened_copy(opening->policies[i], read->arena, err);
		if (!kept->policies[kept->count++])
			return NULL;
	}
	return kept;
out_of_memory:
	arena_error(read->arena, err, "keeping what opens");
	return NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* On the registry's thread. */
static bool is_of_library(void *context, const Policycalc__V1__Profile *profile)
{
	struct coverage_read *read = context;
	enum known known = firm_in_library(profile);

	if (read->is_now) {
		read->work->enterprises++;
		read->question.library_unknown += known == KNOWN_NOT;
	}
	return known == KNOWN_YES;
}

static bool firms_add(
		struct firms *firms, const struct coverage_firm *firm, struct arena *arena)
{
	if (firms->count == firms->capacity) {
		size_t capacity = firms->capacity ? firms->capacity * 2 : 256;
		struct coverage_firm *list =
				ARENA_NEW_ARRAY(arena, struct coverage_firm, capacity);

		if (!list)
			return false;
		if (firms->count)
			memcpy(list, firms->list, firms->count * sizeof(*list));
		firms->list = list;
		firms->capacity = capacity;
	}
	firms->list[firms->count++] = *firm;
	return true;
}

static bool on_firm(void *context, const Policycalc__V1__Profile *profile,
		struct arena *scratch, struct error *err)
{
	struct coverage_read *read = context;
	const struct ruleset *ruleset = read->work->base->ruleset;
	struct coverage_firm firm;
	struct opening opening;

	if (!firm_read(ruleset, &read->work->area, profile, read->day, scratch, &firm, err))
		return false;
	/* Of the whole country's firms only those of the area are kept. */
	if (firm.unit == PLACE_OUTSIDE ||
			(firm.unit == PLACE_UNKNOWN && firm.registered == PLACE_OUTSIDE))
		return true;
	firm.uscc = arena_copy_text(read->arena, firm.uscc);
	firm.industry = arena_copy_text(read->arena, firm.industry);
	firm.size = arena_copy_text(read->arena, firm.size);
	firm.contact_officer = arena_copy_text(read->arena, firm.contact_officer);
	if (read->is_now && firm.unit >= 0 && firm.has_rd != KNOWN_YES) {
		if (!opening_ask(ruleset, profile, read->day, scratch, &opening, err)) {
			/* A value that does not fit the catalog: nothing can be said of it. */
			if (err->code != ERROR_INVALID)
				return false;
			err->code = ERROR_NONE;
			read->work->unread++;
		} else {
			firm.opening = opening_keep(read, &opening, err);
			if (!firm.opening)
				return false;
		}
	}
	return firms_add(read->firms, &firm, read->arena) ||
	       arena_error(read->arena, err, "keeping enterprises");
}

static bool pass(struct coverage_read *read, struct coverage_month *month, struct firms *firms,
		struct error *err)
{
	const struct rows_visit visit = { read, is_of_library, on_firm };

	read->day = month->day;
	read->firms = firms;
	return rows_visit(read->work->base->source, month->sequence, read->work->last_id,
			&visit, &read->work->progress, err);
}

/* --- the passes ------------------------------------------------------------------------------- */

/* A month before @at that was counted from the same snapshot, or NULL. */
static const struct coverage_month *month_alike(
		const struct coverage_question *question, size_t at, int64_t sequence)
{
	for (size_t i = 1; i < at; i++)
		if (question->months[i].sequence == sequence)
			return &question->months[i];
	return NULL;
}

static void tallies_share(struct coverage_month *month, const struct coverage_month *from)
{
	month->city = from->city;
	month->units = from->units;
}

/* Counts a month; its firms are kept in @keep, or forgotten. */
static bool month_count(struct coverage_read *read, struct coverage_month *month,
		struct firms *keep, struct error *err)
{
	struct arena *report = read->arena;
	struct arena own;
	struct firms firms = { 0 };
	bool ok;

	arena_init(&own, (size_t)1 << 30);
	if (!keep)
		read->arena = &own;
	ok = pass(read, month, keep ? keep : &firms, err);
	if (ok) {
		coverage_sort(keep ? keep->list : firms.list, keep ? keep->count : firms.count);
		ok = coverage_count(&read->work->area, keep ? keep->list : firms.list,
				     keep ? keep->count : firms.count, month, report) ||
		     arena_error(report, err, "counting enterprises");
	}
	read->arena = report;
	arena_fini(&own);
	return ok;
}

static int64_t pass_count(const struct coverage_question *question)
{
	int64_t passes = 1;

	for (size_t i = 1; i < COVERAGE_MONTHS; i++)
		passes += question->months[i].sequence &&
			  !month_alike(question, i, question->months[i].sequence);
	return passes +
	       (question->december.sequence && !month_alike(question, COVERAGE_MONTHS,
							       question->december.sequence));
}

static bool passes_run(struct coverage_read *read, struct error *err)
{
	struct coverage_question *question = &read->question;
	const struct coverage_month *alike;
	struct firms now = { 0 }, before = { 0 };

	read->is_now = true;
	if (!pass(read, &question->months[0], &now, err))
		return false;
	read->is_now = false;
	coverage_sort(now.list, now.count);
	for (size_t i = 1; i < COVERAGE_MONTHS; i++) {
		struct coverage_month *month = &question->months[i];

		alike = month_alike(question, i, month->sequence);
		if (month->sequence && alike)
			tallies_share(month, alike);
		else if (month->sequence &&
				!month_count(read, month, i == 1 ? &before : NULL, err))
			return false;
	}
	alike = month_alike(question, COVERAGE_MONTHS, question->december.sequence);
	if (question->december.sequence && alike)
		tallies_share(&question->december, alike);
	else if (question->december.sequence &&
			!month_count(read, &question->december, NULL, err))
		return false;
	question->firms = now.list;
	question->firm_count = now.count;
	question->before = before.list;
	question->before_count = before.count;
	return true;
}

/* --- what the catalog states of the region ---------------------------------------------------- */

static const Policycalc__V1__ParameterValue *region_parameter(
		const struct report_work *work, const char *name)
{
	const char *full =
			arena_format(work->base->arena, "%s_%s", name, work->area.region->code);

	return full ? report_parameter(work, full) : NULL;
}

static void question_set(struct coverage_read *read)
{
	const Policycalc__V1__GetReportRequest *request = read->work->base->request;
	struct coverage_question *question = &read->question;
	const Policycalc__V1__ParameterValue *start =
			region_parameter(read->work, "rd_coverage_start");
	const Policycalc__V1__ParameterValue *target =
			region_parameter(read->work, "rd_coverage_target");

	question->area = &read->work->area;
	question->start_permille = -1;
	if (start && start->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM) {
		question->start_permille = (int32_t)(start->ratio_ppm / 1000);
		question->start_source = start->source;
	}
	question->target_ppm = 1000000;
	if (request->_target_ppm_case) {
		question->target_ppm = request->target_ppm;
	} else if (target &&
			target->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM) {
		question->target_ppm = target->ratio_ppm;
		question->target_source = target->source;
	}
	question->expected_total = request->_expected_total_case ? request->expected_total : -1;
	question->expected_covered =
			request->_expected_covered_case ? request->expected_covered : -1;
	question->draft = request->draft;
	question->names = request->names;
	question->signed_by = request->signed_by;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_openings(const void *a, const void *b)
{
	const Policycalc__V1__OpeningPolicy *const *left = a, *const *right = b;
	int64_t first = (*left)->eligible + (*left)->review + (*left)->undecided;
	int64_t second = (*right)->eligible + (*right)->review + (*right)->undecided;

	if (first != second)
		return first < second ? 1 : -1;
	return strcmp((*left)->policy_id, (*right)->policy_id);
}

static void openings_sort(struct coverage_read *read)
{
	size_t count = 0;

	for (size_t i = 0; i < read->catalog->policy_count; i++)
		if (read->openings[i])
			read->openings[count++] = read->openings[i];
	if (count)
		qsort(read->openings, count, sizeof(*read->openings), compare_openings);
	read->question.openings = read->openings;
	read->question.opening_count = count;
}

bool report_make_coverage(struct report_work *work, Policycalc__V1__CoverageReport **out_report,
		struct error *err)
{
	const struct report_base *base = work->base;
	struct coverage_read *read = ARENA_NEW(base->arena, struct coverage_read);
	Policycalc__V1__CoverageReport *report;

	if (!read)
		return arena_error(base->arena, err, "making the report");
	read->work = work;
	read->arena = base->arena;
	read->catalog = ruleset_catalog(base->ruleset);
	read->openings = ARENA_NEW_ARRAY(base->arena, Policycalc__V1__OpeningPolicy *,
			read->catalog->policy_count + 1);
	if (!read->openings)
		return arena_error(base->arena, err, "making the report");
	question_set(read);
	if (!months_find(read, err) ||
			!base->source->imports(base->source->context, note_late, read, err))
		return false;
	work->progress.total = pass_count(&read->question) * work->last_id;
	if (!passes_run(read, err))
		return false;
	openings_sort(read);
	if (!coverage_report(&read->question, base->arena, &report, err) ||
			!firm_describe(base->ruleset, report, base->arena, err) ||
			!report_make_counters(work, report, err))
		return false;
	report->opening_assumption = (Policycalc__V1__Text *)(uintptr_t)&opening_assumption;
	report->head = report_head_make(work);
	if (!report->head)
		return arena_error(base->arena, err, "making the report");
	*out_report = report;
	return true;
}
