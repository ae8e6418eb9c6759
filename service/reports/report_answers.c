/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports made of the answers about single firms: what blocks, what money there is, and what is lacking.
 *
 * Of each block a sweep tells who stands how with every policy. Then each firm is read once, for where
 * it counts, for whether the catalog takes its facts, and for what the sweep does not tell of it.
 */
#include "reports/blocked.h"
#include "reports/negatives.h"
#include "reports/report.h"
#include "reports/unclaimed.h"

#define KIND(word) POLICYCALC__V1__REPORT_KIND__REPORT_KIND_##word

/* What one thread may add up. */
#define SEAT_MEMORY ((size_t)256 << 20)

struct seat {
	struct arena arena; /* of its sums */
	struct sweep_work *work;
	struct look *look;
	int region, statistical_region; /* in the look */
	struct blocked *blocked;
	struct unclaimed *unclaimed;
	struct negatives *negatives;
	int64_t enterprises, unread;
};

struct answers {
	struct report_work *work;
	Policycalc__V1__ReportKind kind;
	struct sweep *sweep;
	struct seat *seats;
	size_t seat_count;
};

/* --- threads ---------------------------------------------------------------------------------- */

static bool seat_begin(struct answers *answers, struct seat *seat, struct error *err)
{
	const struct report_work *work = answers->work;
	bool ok = false;

	arena_init(&seat->arena, SEAT_MEMORY);
	seat->work = sweep_work_new(answers->sweep, err);
	seat->look = seat->work ? look_new(answers->sweep, err) : NULL;
	if (!seat->look)
		return false;
	seat->region = look_find(seat->look, "region");
	seat->statistical_region = look_find(seat->look, "statistical_region");
	if (answers->kind == KIND(BLOCKED))
		ok = (seat->blocked = blocked_new(answers->sweep, &seat->arena)) != NULL;
	else if (answers->kind == KIND(UNCLAIMED))
		ok = (seat->unclaimed = unclaimed_new(
				      answers->sweep, &work->area, &seat->arena)) != NULL;
	else
		ok = (seat->negatives = negatives_new(work->base->ruleset, answers->sweep,
				      &seat->arena)) != NULL;
	return ok || arena_error(&seat->arena, err, "making the report");
}

static void seat_end(struct seat *seat)
{
	blocked_fini(seat->blocked);
	negatives_fini(seat->negatives);
	look_free(seat->look);
	sweep_work_free(seat->work);
	arena_fini(&seat->arena);
}

/* --- firms ------------------------------------------------------------------------------------ */

/* Where a firm counts: where statistics report it, else where it is registered. */
static bool place_read(const struct answers *answers, struct seat *seat, int *out_place,
		struct error *err)
{
	const struct area *area = &answers->work->area;
	struct profile_reading reading;

	if (!look_value(seat->look, seat->statistical_region, &reading, err))
		return false;
	*out_place = area_place(area, reading.text);
	if (*out_place != PLACE_UNKNOWN)
		return true;
	if (!look_value(seat->look, seat->region, &reading, err))
		return false;
	*out_place = area_place(area, reading.text);
	return true;
}

static bool block_enter(struct seat *seat, const struct rows_block *block, struct error *err)
{
	if (seat->blocked)
		return blocked_enter_block(seat->blocked, seat->work, block, err);
	if (seat->unclaimed)
		unclaimed_enter_block(seat->unclaimed, seat->work);
	else
		negatives_enter_block(seat->negatives, seat->work);
	return true;
}

static bool firm_add(struct seat *seat, int place, unsigned row, struct error *err)
{
	if (seat->blocked)
		return blocked_add_firm(seat->blocked, seat->look, seat->work, row, err);
	if (seat->unclaimed)
		return unclaimed_add_firm(seat->unclaimed, place, seat->look, row, err);
	return negatives_add_firm(seat->negatives, seat->look, seat->work, row, err);
}

/* *out_counts: its answers count. */
static bool on_firm(const struct answers *answers, struct seat *seat,
		const struct rows_block *block, unsigned row, bool *out_counts,
		struct error *err)
{
	const Policycalc__V1__Profile *profile;
	bool refused;
	int place;

	*out_counts = false;
	arena_reset(block->scratch);
	if (!block->source.profile(block->source.context, row, block->scratch, &profile, err) ||
			!look_enter(seat->look, profile, &refused, err) ||
			!place_read(answers, seat, &place, err))
		return false;
	if (place == PLACE_OUTSIDE)
		return true;
	seat->enterprises++;
	/* A value that does not fit the catalog: nothing can be said of it. */
	seat->unread += refused;
	*out_counts = !refused;
	return refused || firm_add(seat, place, row, err);
}

static bool on_block(
		void *context, unsigned at, const struct rows_block *block, struct error *err)
{
	struct answers *answers = context;
	struct seat *seat = &answers->seats[at];
	uint64_t counted[SWEEP_WORDS] = { 0 };

	if (!seat->look && !seat_begin(answers, seat, err))
		return false;
	if (!sweep_block(seat->work, &block->source, block->present, err) ||
			!block_enter(seat, block, err))
		return false;
	for (unsigned row = 0; row < block->source.row_count; row++) {
		bool counts;

		if (!rows_has(block->present, row))
			continue;
		if (!on_firm(answers, seat, block, row, &counts, err))
			return false;
		if (counts)
			rows_put(counted, row);
	}
	if (seat->blocked)
		blocked_add_block(seat->blocked, seat->work, counted);
	return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Sums of all threads that had work, at least one; which of them did it says nothing. */
struct sums {
	struct blocked **blocked;
	struct unclaimed **unclaimed;
	struct negatives **negatives;
	size_t count;
};

static bool sums_gather(struct answers *answers, struct sums *sums, struct error *err)
{
	struct report_work *work = answers->work;
	struct arena *arena = work->base->arena;
	size_t count = answers->seat_count;

	sums->blocked = ARENA_NEW_ARRAY(arena, struct blocked *, count);
	sums->unclaimed = ARENA_NEW_ARRAY(arena, struct unclaimed *, count);
	sums->negatives = ARENA_NEW_ARRAY(arena, struct negatives *, count);
	if (!sums->blocked || !sums->unclaimed || !sums->negatives)
		return arena_error(arena, err, "making the report");
	for (size_t i = count; i-- > 0;) {
		struct seat *seat = &answers->seats[i];

		if (!seat->look && (i > 0 || sums->count > 0))
			continue;
		if (!seat->look && !seat_begin(answers, seat, err))
			return false;
		sums->blocked[sums->count] = seat->blocked;
		sums->unclaimed[sums->count] = seat->unclaimed;
		sums->negatives[sums->count++] = seat->negatives;
		work->enterprises += seat->enterprises;
		work->unread += seat->unread;
	}
	return true;
}

static bool answers_read(struct answers *answers, struct error *err)
{
	struct report_work *work = answers->work;
	const struct rows_source *source = work->base->source;
	struct rows_visit visit = { .context = answers, .block = on_block };

	visit.wants = sweep_wants(answers->sweep, &visit.want_count);
	work->progress.total = work->last_id;
	return rows_visit(source, work->sequence, work->last_id, &visit, &work->progress, err);
}

static bool answers_begin(struct answers *answers, struct report_work *work,
		Policycalc__V1__ReportKind kind, struct error *err)
{
	const struct report_base *base = work->base;
	const struct sweep_options options = {
		.day = work->day,
		.policies = (const char *const *)base->request->policies,
		.policy_count = base->request->n_policies,
		.conditions = kind != KIND(UNCLAIMED),
	};

	*answers = (struct answers){ .work = work, .kind = kind };
	answers->seat_count = crew_seats(base->source->crew);
	answers->seats = ARENA_NEW_ARRAY(base->arena, struct seat, answers->seat_count);
	if (!answers->seats)
		return arena_error(base->arena, err, "making the report");
	answers->sweep = sweep_new(base->ruleset, &options, err);
	return answers->sweep != NULL;
}

static void answers_end(struct answers *answers)
{
	for (size_t i = 0; answers->seats && i < answers->seat_count; i++)
		seat_end(&answers->seats[i]);
	sweep_free(answers->sweep);
}

/* Fills *@out_report, all but its head, with what the answers add up to. */
typedef bool (*answers_fn)(const struct report_work *work, const struct sums *sums,
		void *out_report, Policycalc__V1__ReportHead *head);

static bool report_make_answers(struct report_work *work, Policycalc__V1__ReportKind kind,
		answers_fn fill, void *out_report, struct error *err)
{
	struct answers answers;
	struct sums sums = { 0 };
	Policycalc__V1__ReportHead *head;
	bool ok = answers_begin(&answers, work, kind, err) && answers_read(&answers, err) &&
		  sums_gather(&answers, &sums, err);

	if (ok) {
		head = report_head_make(work);
		ok = (head && fill(work, &sums, out_report, head)) ||
		     arena_error(work->base->arena, err, "making the report");
	}
	answers_end(&answers);
	return ok;
}

static bool blocked_fill(const struct report_work *work, const struct sums *sums,
		void *out_report, Policycalc__V1__ReportHead *head)
{
	Policycalc__V1__BlockedReport *report = blocked_report(
			sums->blocked, sums->count, work->base->ruleset, work->base->arena);

	if (report)
		report->head = head;
	*(Policycalc__V1__BlockedReport **)out_report = report;
	return report != NULL;
}

bool report_make_blocked(struct report_work *work, Policycalc__V1__BlockedReport **out_report,
		struct error *err)
{
	return report_make_answers(work, KIND(BLOCKED), blocked_fill, out_report, err);
}

static bool unclaimed_fill(const struct report_work *work, const struct sums *sums,
		void *out_report, Policycalc__V1__ReportHead *head)
{
	Policycalc__V1__UnclaimedReport *report =
			unclaimed_report(sums->unclaimed, sums->count, work->base->arena);

	if (report)
		report->head = head;
	*(Policycalc__V1__UnclaimedReport **)out_report = report;
	return report != NULL;
}

bool report_make_unclaimed(struct report_work *work,
		Policycalc__V1__UnclaimedReport **out_report, struct error *err)
{
	return report_make_answers(work, KIND(UNCLAIMED), unclaimed_fill, out_report, err);
}

static bool push_fill(const struct report_work *work, const struct sums *sums, void *out_report,
		Policycalc__V1__ReportHead *head)
{
	Policycalc__V1__PushReport *report = out_report;

	report->head = head;
	return negatives_report(sums->negatives, sums->count, work->base->arena, report);
}

bool report_make_push(struct report_work *work, Policycalc__V1__PushReport **out_report,
		struct error *err)
{
	const struct report_base *base = work->base;
	Policycalc__V1__PushReport *report = ARENA_NEW(base->arena, Policycalc__V1__PushReport);

	if (!report)
		return arena_error(base->arena, err, "making the report");
	policycalc__v1__push_report__init(report);
	if (!report_make_answers(work, KIND(PUSH), push_fill, report, err) ||
			!base->told(base->told_context, &work->area, work->day, report, err))
		return false;
	*out_report = report;
	return true;
}
