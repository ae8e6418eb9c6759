/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each thread keeps the firms it sees, in memory of its own that becomes the report's; the order in
 * which they come says nothing, since they are sorted.
 */
#include "reports/coverage_rows.h"

#include "base/buffer.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

/* What one thread has seen. */
struct seat {
	bool has_begun;
	struct arena arena;
	struct coverage_firm *list;
	size_t count, capacity;
	Policycalc__V1__OpeningPolicy **openings; /* by policy of the catalog; NULL: none */
	int64_t enterprises, library_unknown, unread;
	struct opener *opener; /* NULL: nobody asks */
};

struct pass {
	struct report_work *work;
	const char *day;
	const struct catalog *catalog;
	struct opening_plan *plan; /* NULL: nobody asks what opens */
	bool names;		   /* what opens is told by firm, too */
	struct sweep_want *wants;  /* the plan's, then the library */
	size_t want_count;	   /* the plan's */
	bool has_library;
	struct seat *seats;
	size_t seat_count;
};

/* --- what opens ------------------------------------------------------------------------------- */

static int compare_ids(const void *key, const void *entry)
{
	const Policycalc__V1__Policy *const *policy = entry;

	return strcmp(key, (*policy)->id);
}

static bool opening_count(const struct catalog *catalog, struct seat *seat,
		const Policycalc__V1__OpenedPolicy *opened)
{
	Policycalc__V1__Policy **found = bsearch(opened->policy_id, catalog->policies,
			catalog->policy_count, sizeof(*catalog->policies), compare_ids);
	Policycalc__V1__OpeningPolicy **at = &seat->openings[found - catalog->policies];
	const Policycalc__V1__AmountAnswer *amount = opened->amount;

	if (!*at) {
		*at = ARENA_NEW(&seat->arena, Policycalc__V1__OpeningPolicy);
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

static const struct opening *opening_keep(const struct pass *pass, struct seat *seat,
		const struct opening *opening, struct error *err)
{
	struct opening *kept = ARENA_NEW(&seat->arena, struct opening);

	if (!kept)
		goto out_of_memory;
	*kept = *opening;
	kept->count = 0;
	kept->policies = ARENA_NEW_ARRAY(
			&seat->arena, Policycalc__V1__OpenedPolicy *, opening->count + 1);
	if (!kept->policies)
		goto out_of_memory;
	for (size_t i = 0; i < opening->count; i++) {
		if (!opening_count(pass->catalog, seat, opening->policies[i]))
			goto out_of_memory;
		if (!pass->names)
			continue;
		kept->policies[kept->count] =
				opened_copy(opening->policies[i], &seat->arena, err);
		if (!kept->policies[kept->count++])
			return NULL;
	}
	return kept;
out_of_memory:
	arena_error(&seat->arena, err, "keeping what opens");
	return NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool seat_begin(const struct pass *pass, struct seat *seat, struct error *err)
{
	seat->has_begun = true;
	arena_init(&seat->arena, COVERAGE_MEMORY);
	seat->openings = ARENA_NEW_ARRAY(&seat->arena, Policycalc__V1__OpeningPolicy *,
			pass->catalog->policy_count + 1);
	if (!seat->openings)
		return arena_error(&seat->arena, err, "keeping enterprises");
	if (pass->plan)
		seat->opener = opener_new(pass->plan, err);
	return !pass->plan || seat->opener;
}

static bool firms_add(struct seat *seat, const struct coverage_firm *firm)
{
	if (seat->count == seat->capacity) {
		size_t capacity = seat->capacity ? seat->capacity * 2 : 256;
		struct coverage_firm *list =
				ARENA_NEW_ARRAY(&seat->arena, struct coverage_firm, capacity);

		if (!list)
			return false;
		if (seat->count)
			memcpy(list, seat->list, seat->count * sizeof(*list));
		seat->list = list;
		seat->capacity = capacity;
	}
	seat->list[seat->count++] = *firm;
	return true;
}

static bool firm_ask(const struct pass *pass, struct seat *seat, unsigned row,
		const Policycalc__V1__Profile *profile, struct coverage_firm *firm,
		struct arena *scratch, struct error *err)
{
	struct opening opening;

	if (!opener_ask(seat->opener, row, profile, pass->names, scratch, &opening, err)) {
		/* A value that does not fit the catalog: nothing can be said of it. */
		if (err->code != ERROR_INVALID)
			return false;
		err->code = ERROR_NONE;
		seat->unread++;
		return true;
	}
	firm->opening = opening_keep(pass, seat, &opening, err);
	return firm->opening != NULL;
}

static bool on_firm(const struct pass *pass, struct seat *seat, unsigned row,
		const Policycalc__V1__Profile *profile, struct arena *scratch,
		struct error *err)
{
	struct coverage_firm firm;

	if (!firm_read(pass->work->base->ruleset, &pass->work->area, profile, pass->day,
			    scratch, &firm, err))
		return false;
	/* Of the whole country's firms only those of the area are kept. */
	if (firm.unit == PLACE_OUTSIDE ||
			(firm.unit == PLACE_UNKNOWN && firm.registered == PLACE_OUTSIDE))
		return true;
	firm.uscc = arena_copy_text(&seat->arena, firm.uscc);
	firm.industry = arena_copy_text(&seat->arena, firm.industry);
	firm.size = arena_copy_text(&seat->arena, firm.size);
	firm.contact_officer = arena_copy_text(&seat->arena, firm.contact_officer);
	if (seat->opener && firm.unit >= 0 && firm.has_rd != KNOWN_YES &&
			!firm_ask(pass, seat, row, profile, &firm, scratch, err))
		return false;
	return firms_add(seat, &firm) || arena_error(&seat->arena, err, "keeping enterprises");
}

/* Who is in the library, and of whom it is known. */
static bool library_read(const struct pass *pass, const struct rows_block *block,
		uint64_t out_known[SWEEP_WORDS], uint64_t out_in[SWEEP_WORDS],
		struct error *err)
{
	struct sweep_column column = { 0 };

	memset(out_known, 0, SWEEP_WORDS * sizeof(*out_known));
	memset(out_in, 0, SWEEP_WORDS * sizeof(*out_in));
	if (!pass->has_library)
		return true;
	if (!block->source.column(block->source.context, pass->want_count, &column, err))
		return false;
	for (size_t i = 0; column.known && i < SWEEP_WORDS; i++) {
		out_known[i] = column.known[i] & block->present[i];
		out_in[i] = out_known[i] & column.flags[i];
	}
	return true;
}

static bool on_block(
		void *context, unsigned at, const struct rows_block *block, struct error *err)
{
	const struct pass *pass = context;
	struct seat *seat = &pass->seats[at];
	uint64_t known[SWEEP_WORDS], in[SWEEP_WORDS];

	if ((!seat->has_begun && !seat_begin(pass, seat, err)) ||
			!library_read(pass, block, known, in, err))
		return false;
	if (seat->opener && rows_count(in, NULL) &&
			!opener_enter(seat->opener, &block->source, in, err))
		return false;
	seat->enterprises += rows_count(block->present, NULL);
	seat->library_unknown += rows_count(block->present, NULL) - rows_count(known, NULL);
	for (unsigned row = 0; row < block->source.row_count; row++) {
		const Policycalc__V1__Profile *profile;

		if (!rows_has(in, row))
			continue;
		arena_reset(block->scratch);
		if (!block->source.profile(block->source.context, row, block->scratch, &profile,
				    err) ||
				!on_firm(pass, seat, row, profile, block->scratch, err))
			return false;
	}
	return true;
}

/* --- a pass ----------------------------------------------------------------------------------- */

static bool wants_make(struct pass *pass, struct arena *arena)
{
	const struct sweep_want *wants = NULL;
	const Policycalc__V1__Attribute *library =
			ruleset_find_attribute(pass->work->base->ruleset, FIRM_LIBRARY, "");

	if (pass->plan)
		wants = sweep_wants(opening_plan_sweep(pass->plan), &pass->want_count);
	pass->wants = ARENA_NEW_ARRAY(arena, struct sweep_want, pass->want_count + 1);
	if (!pass->wants)
		return false;
	if (pass->want_count)
		memcpy(pass->wants, wants, pass->want_count * sizeof(*wants));
	/* Another catalog may not have it; then nobody is in the library. */
	pass->has_library =
			library && library->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG;
	if (pass->has_library)
		pass->wants[pass->want_count] = (struct sweep_want){
			.attribute = library->name, .definition = library, .form = SWEEP_FLAG
		};
	return true;
}

static bool firms_join(struct pass *pass, struct arena *arena, struct coverage_firms *out_firms)
{
	struct coverage_firms firms = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < pass->seat_count; i++)
		count += pass->seats[i].count;
	firms.list = ARENA_NEW_ARRAY(arena, struct coverage_firm, count + 1);
	for (size_t i = 0; firms.list && i < pass->seat_count; i++) {
		const struct seat *seat = &pass->seats[i];

		if (seat->count)
			memcpy(firms.list + firms.count, seat->list,
					seat->count * sizeof(*firms.list));
		firms.count += seat->count;
	}
	if (!firms.list)
		return false;
	coverage_sort(firms.list, firms.count);
	*out_firms = firms;
	return true;
}

/* Reads the firms into @arena; what the threads counted stays in their seats. */
static bool pass_run(struct pass *pass, int64_t sequence, struct arena *arena,
		struct coverage_firms *out_firms, struct error *err)
{
	struct report_work *work = pass->work;
	const struct rows_source *source = work->base->source;
	struct rows_visit visit = { .context = pass, .block = on_block };
	bool ok;

	pass->catalog = ruleset_catalog(work->base->ruleset);
	pass->seat_count = crew_seats(source->crew);
	pass->seats = ARENA_NEW_ARRAY(arena, struct seat, pass->seat_count);
	if (!pass->seats || !wants_make(pass, arena))
		return arena_error(arena, err, "keeping enterprises");
	visit.wants = pass->wants;
	visit.want_count = pass->want_count + pass->has_library;
	ok = rows_visit(source, sequence, work->last_id, &visit, &work->progress, err) &&
	     (firms_join(pass, arena, out_firms) ||
			     arena_error(arena, err, "keeping enterprises"));
	/* Texts live there. */
	for (size_t i = 0; i < pass->seat_count; i++) {
		opener_free(pass->seats[i].opener);
		arena_adopt(arena, &pass->seats[i].arena);
	}
	return ok && (!arena->exhausted || arena_error(arena, err, "keeping enterprises"));
}

bool coverage_rows_read(struct report_work *work, const struct coverage_month *month,
		struct arena *arena, struct coverage_firms *out_firms, struct error *err)
{
	struct pass pass = { .work = work, .day = month->day };

	return pass_run(&pass, month->sequence, arena, out_firms, err);
}

/* --- the report's own month ------------------------------------------------------------------- */

static int compare_openings(const void *a, const void *b)
{
	const Policycalc__V1__OpeningPolicy *const *left = a, *const *right = b;
	int64_t first = (*left)->eligible + (*left)->review + (*left)->undecided;
	int64_t second = (*right)->eligible + (*right)->review + (*right)->undecided;

	if (first != second)
		return first < second ? 1 : -1;
	return strcmp((*left)->policy_id, (*right)->policy_id);
}

static void opening_add(Policycalc__V1__OpeningPolicy *opening,
		const Policycalc__V1__OpeningPolicy *add)
{
	opening->eligible += add->eligible;
	opening->review += add->review;
	opening->undecided += add->undecided;
	opening->no_amount += add->no_amount;
	if (__builtin_add_overflow(opening->least_fen, add->least_fen, &opening->least_fen))
		opening->least_fen = INT64_MAX;
}

static bool openings_join(const struct pass *pass, struct arena *arena,
		struct coverage_question *question)
{
	size_t most = pass->catalog->policy_count;

	question->openings = ARENA_NEW_ARRAY(arena, Policycalc__V1__OpeningPolicy *, most + 1);
	for (size_t i = 0; question->openings && i < most; i++) {
		Policycalc__V1__OpeningPolicy *all = NULL;

		for (size_t k = 0; k < pass->seat_count; k++) {
			const struct seat *seat = &pass->seats[k];

			if (!seat->has_begun || !seat->openings[i])
				continue;
			if (all)
				opening_add(all, seat->openings[i]);
			else
				all = seat->openings[i];
		}
		if (all)
			question->openings[question->opening_count++] = all;
	}
	if (question->opening_count)
		qsort(question->openings, question->opening_count, sizeof(*question->openings),
				compare_openings);
	return question->openings != NULL;
}

bool coverage_rows_ask(struct report_work *work, struct coverage_question *question,
		struct arena *arena, struct coverage_firms *out_firms, struct error *err)
{
	struct pass pass = {
		.work = work, .day = question->months[0].day, .names = question->names
	};
	bool ok;

	pass.plan = opening_plan_new(work->base->ruleset, pass.day, err);
	ok = pass.plan && pass_run(&pass, question->months[0].sequence, arena, out_firms, err);
	opening_plan_free(pass.plan);
	if (!ok)
		return false;
	for (size_t i = 0; i < pass.seat_count; i++) {
		work->enterprises += pass.seats[i].enterprises;
		work->unread += pass.seats[i].unread;
		question->library_unknown += pass.seats[i].library_unknown;
	}
	return openings_join(&pass, arena, question) ||
	       arena_error(arena, err, "adding up what opens");
}
