/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of what is told: every cell, what an amount must do to be news, windows; and that the
 * README shows the table that the function is. The first argument is the README.
 */
#include "push/delta.h"

#include "base/buffer.h"
#include "policycalc/v1/calculator_service.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word
#define TODAY 20000
#define OLD 6u
#define NEW 7u

static const char *readme;

static const struct told_amount TEN = { EXACTNESS(EXACT), 1000, 1000 };
static const struct told_amount TWENTY = { EXACTNESS(EXACT), 2000, 2000 };

/* --- the table, cell by cell ----------------------------------------------------------------- */

struct told_row {
	const char *name;
	struct told_state told;
};

static const struct told_row rows[] = {
	{ "nothing", { .kind = TOLD_NOTHING } },
	{ "ELIGIBLE, this version",
			{ .kind = TOLD_ELIGIBLE,
					.version = NEW,
					.amount = { EXACTNESS(EXACT), 1000, 1000 } } },
	{ "ELIGIBLE, an older version",
			{ .kind = TOLD_ELIGIBLE,
					.version = OLD,
					.amount = { EXACTNESS(EXACT), 1000, 1000 } } },
	{ "NEAR, this version", { .kind = TOLD_NEAR, .version = NEW } },
	{ "NEAR, an older version", { .kind = TOLD_NEAR, .version = OLD } },
	{ "LAPSED", { .kind = TOLD_LAPSED, .version = NEW } },
	{ "LAPSED, with the distance",
			{ .kind = TOLD_LAPSED, .version = NEW, .distance = true } },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *const columns[NOW_KIND_END] = {
	[NOW_ELIGIBLE] = "ELIGIBLE",
	[NOW_NEAR] = "near",
	[NOW_INELIGIBLE] = "INELIGIBLE",
	[NOW_UNDECIDED] = "NEEDS_…",
	[NOW_NOT_OPEN] = "NOT_OPEN",
	[NOW_GONE] = "gone",
};

static struct now_state now_of(enum now_kind kind)
{
	struct now_state now = { .kind = kind, .version = kind == NOW_GONE ? 0 : NEW };

	if (kind == NOW_ELIGIBLE)
		now.amount = TEN;
	return now;
}

/* What the table of the issue says, written down by hand: the kind, what is told then. */
struct expected {
	Policycalc__V1__DeltaKind kind;
	enum told_kind next;
	bool near;
	Policycalc__V1__DeltaEntry__LapseCause cause;
};
#define NONE(told)                                                                             \
	{                                                                                      \
		DELTA_KIND(UNSPECIFIED), TOLD_##told, false, LAPSE_CAUSE(UNSPECIFIED)          \
	}
#define NEWS(word, told)                                                                       \
	{                                                                                      \
		DELTA_KIND(word), TOLD_##told, false, LAPSE_CAUSE(UNSPECIFIED)                 \
	}
#define CLOSE                                                                                  \
	{                                                                                      \
		DELTA_KIND(NEWLY_NEAR), TOLD_NEAR, true, LAPSE_CAUSE(UNSPECIFIED)              \
	}
#define LOST                                                                                   \
	{                                                                                      \
		DELTA_KIND(LAPSED), TOLD_LAPSED, false, LAPSE_CAUSE(CONDITION)                 \
	}
#define LOST_NEAR                                                                              \
	{                                                                                      \
		DELTA_KIND(LAPSED), TOLD_LAPSED, true, LAPSE_CAUSE(CONDITION)                  \
	}
#define WITHDRAWN                                                                              \
	{                                                                                      \
		DELTA_KIND(LAPSED), TOLD_LAPSED, false, LAPSE_CAUSE(WITHDRAWN)                 \
	}

static const struct expected expected[ROW_COUNT][NOW_KIND_END] = {
	{ NEWS(NEWLY_ELIGIBLE, ELIGIBLE), CLOSE, NONE(NOTHING), NONE(NOTHING), NONE(NOTHING),
			NONE(NOTHING) },
	{ NONE(ELIGIBLE), LOST_NEAR, LOST, NONE(ELIGIBLE), NONE(NOTHING), WITHDRAWN },
	{ NEWS(VERSION_CHANGED, ELIGIBLE), LOST_NEAR, LOST, NONE(ELIGIBLE), NONE(ELIGIBLE),
			WITHDRAWN },
	{ NEWS(NEWLY_ELIGIBLE, ELIGIBLE), NONE(NEAR), NONE(NEAR), NONE(NEAR), NONE(NEAR),
			NONE(NEAR) },
	{ NEWS(NEWLY_ELIGIBLE, ELIGIBLE), CLOSE, NONE(NEAR), NONE(NEAR), NONE(NEAR),
			NONE(NEAR) },
	{ NEWS(NEWLY_ELIGIBLE, ELIGIBLE), CLOSE, NONE(LAPSED), NONE(LAPSED), NONE(LAPSED),
			NONE(LAPSED) },
	{ NEWS(NEWLY_ELIGIBLE, ELIGIBLE), NONE(LAPSED), NONE(LAPSED), NONE(LAPSED),
			NONE(LAPSED), NONE(LAPSED) },
};

static void every_cell(void **state)
{
	(void)state;
	for (size_t row = 0; row < ROW_COUNT; row++) {
		for (enum now_kind kind = 0; kind < NOW_KIND_END; kind++) {
			const struct expected *wanted = &expected[row][kind];
			struct now_state now = now_of(kind);
			struct delta found = delta_find(&rows[row].told, &now, TODAY);

			if (found.kind != wanted->kind || found.next.kind != wanted->next ||
					found.near != wanted->near ||
					found.cause != wanted->cause)
				fail_msg("told %s, now %s: %s", rows[row].name, columns[kind],
						delta_kind_name(found.kind));
			/* Told once, it is not told again. */
			found = delta_find(&found.next, &now, TODAY);
			if (found.kind != DELTA_KIND(UNSPECIFIED))
				fail_msg("told %s, now %s: told twice", rows[row].name,
						columns[kind]);
		}
	}
}

/* --- amounts --------------------------------------------------------------------------------- */

static Policycalc__V1__DeltaKind amount_news(
		struct told_amount told, struct told_amount amount, bool open)
{
	struct told_state state = { .kind = TOLD_ELIGIBLE, .version = NEW, .amount = told };
	struct now_state now = {
		.kind = NOW_ELIGIBLE, .version = NEW, .amount = amount, .amount_is_open = open
	};

	return delta_find(&state, &now, TODAY).kind;
}

static void an_amount_is_news(void **state)
{
	static const struct told_amount none = { 0 };
	static const struct told_amount lost = { EXACTNESS(NOT_COMPUTABLE), 0, 0 };
	static const struct told_amount wide = { EXACTNESS(RANGE), 500, 1500 };
	static const struct told_amount high = { EXACTNESS(RANGE), 1500, 3000 };
	static const struct told_amount up_to = { EXACTNESS(UP_TO), 0, 1000 };
	static const struct told_amount from_ten = { EXACTNESS(RANGE), 1000, 3000 };
	static const struct told_amount at_least = { EXACTNESS(AT_LEAST), 900, 0 };
	static const struct told_amount not_stated = { EXACTNESS(NOT_STATED), 0, 0 };
	const Policycalc__V1__DeltaKind news = DELTA_KIND(AMOUNT_CHANGED);
	const Policycalc__V1__DeltaKind quiet = DELTA_KIND(UNSPECIFIED);

	(void)state;
	assert_int_equal(amount_news(TEN, TEN, false), quiet);
	assert_int_equal(amount_news(TEN, TWENTY, false), news);
	assert_int_equal(amount_news(TEN, up_to, false), news);
	assert_int_equal(amount_news(wide, TEN, false), news);
	/* Something is no longer known: what was told may still be true. */
	assert_int_equal(amount_news(TEN, wide, true), quiet);
	assert_int_equal(amount_news(TEN, at_least, true), quiet);
	assert_int_equal(amount_news(TEN, lost, true), quiet);
	/* Also when it is just the least or the most of what may be. */
	assert_int_equal(amount_news(TEN, from_ten, true), quiet);
	assert_int_equal(amount_news(TEN, up_to, true), quiet);
	/* It cannot be any more. */
	assert_int_equal(amount_news(TEN, high, true), news);
	assert_int_equal(amount_news(TWENTY, wide, true), news);
	/* From no figure to one. */
	assert_int_equal(amount_news(lost, TEN, false), news);
	assert_int_equal(amount_news(lost, wide, true), news);
	assert_int_equal(amount_news(none, not_stated, false), quiet);
	assert_int_equal(amount_news(TEN, not_stated, false), news);
}

/* --- windows --------------------------------------------------------------------------------- */

static struct now_state closing_on(int32_t day)
{
	return (struct now_state){
		.kind = NOW_ELIGIBLE, .version = NEW, .amount = TEN, .window_end = day
	};
}

static void closing_is_told_once_a_window(void **state)
{
	struct told_state told = { .kind = TOLD_ELIGIBLE, .version = NEW, .amount = TEN };
	struct now_state now = closing_on(TODAY + 31);
	struct delta delta = delta_find(&told, &now, TODAY);

	(void)state;
	assert_int_equal(delta.kind, DELTA_KIND(UNSPECIFIED));
	delta = delta_find(&told, &now, TODAY + 1);
	assert_int_equal(delta.kind, DELTA_KIND(CLOSING_SOON));
	for (int32_t day = TODAY + 1; day <= TODAY + 31; day++)
		assert_int_equal(delta_find(&delta.next, &now, day).kind,
				DELTA_KIND(UNSPECIFIED));
	/* The window is put off: its new end is told when it comes near. */
	now = closing_on(TODAY + 100);
	assert_int_equal(delta_find(&delta.next, &now, TODAY + 31).kind,
			DELTA_KIND(UNSPECIFIED));
	assert_int_equal(delta_find(&delta.next, &now, TODAY + 70).kind,
			DELTA_KIND(CLOSING_SOON));
}

static void a_deadline_that_was_told_is_not_told_again(void **state)
{
	struct told_state nothing = { 0 };
	struct now_state now = closing_on(TODAY + 10);
	struct delta delta = delta_find(&nothing, &now, TODAY);

	(void)state;
	assert_int_equal(delta.kind, DELTA_KIND(NEWLY_ELIGIBLE));
	assert_int_equal(delta.next.window_end, TODAY + 10);
	assert_int_equal(
			delta_find(&delta.next, &now, TODAY + 1).kind, DELTA_KIND(UNSPECIFIED));
	/* Another amount does not bring the closing back, either. */
	now.amount = TWENTY;
	delta = delta_find(&delta.next, &now, TODAY + 1);
	assert_int_equal(delta.kind, DELTA_KIND(AMOUNT_CHANGED));
	assert_int_equal(
			delta_find(&delta.next, &now, TODAY + 2).kind, DELTA_KIND(UNSPECIFIED));
}

/* --- nothing to be had ------------------------------------------------------------------------ */

static void what_comes_to_nothing_is_told_to_nobody(void **state)
{
	static const struct told_amount nothing = { EXACTNESS(EXACT), 0, 0 };
	static const enum now_kind lost[] = { NOW_INELIGIBLE, NOW_GONE, NOW_NOT_OPEN };
	struct told_state untold = { 0 };
	struct told_state told = { .kind = TOLD_ELIGIBLE, .version = NEW, .amount = TEN };
	struct now_state now = closing_on(TODAY + 10);
	struct delta delta;
	struct delta later;

	(void)state;
	now.amount = nothing;
	delta = delta_find(&untold, &now, TODAY);
	assert_int_equal(delta.kind, DELTA_KIND(UNSPECIFIED));
	assert_int_equal(delta.next.kind, TOLD_ELIGIBLE);
	assert_int_equal(
			delta_find(&delta.next, &now, TODAY + 1).kind, DELTA_KIND(UNSPECIFIED));
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct now_state then = now_of(lost[i]);

		later = delta_find(&delta.next, &then, TODAY + 1);
		assert_int_equal(later.kind, DELTA_KIND(UNSPECIFIED));
		assert_int_equal(later.next.kind, TOLD_NOTHING);
	}
	/* A column is dropped: what was noted stays. */
	now = now_of(NOW_UNDECIDED);
	assert_int_equal(delta_find(&delta.next, &now, TODAY + 1).next.kind, TOLD_ELIGIBLE);
	/* Something comes of it: that is new. */
	now = now_of(NOW_ELIGIBLE);
	assert_int_equal(delta_find(&delta.next, &now, TODAY + 1).kind,
			DELTA_KIND(NEWLY_ELIGIBLE));
	now = now_of(NOW_NEAR);
	assert_int_equal(delta_find(&delta.next, &now, TODAY + 1).kind, DELTA_KIND(NEWLY_NEAR));
	/* Who was told a sum hears that nothing is left of it. */
	now = now_of(NOW_ELIGIBLE);
	now.amount = nothing;
	assert_int_equal(delta_find(&told, &now, TODAY).kind, DELTA_KIND(AMOUNT_CHANGED));
}

/* --- the README ------------------------------------------------------------------------------ */

static void cell_print(const struct told_state *told, enum now_kind kind, struct buffer *out)
{
	struct now_state now = now_of(kind);
	struct delta base = delta_find(told, &now, TODAY);
	struct delta amount, closing;
	bool any = false;

	now.amount = kind == NOW_ELIGIBLE ? TWENTY : now.amount;
	amount = delta_find(told, &now, TODAY);
	now = now_of(kind);
	now.window_end = TODAY + 5;
	closing = delta_find(told, &now, TODAY);
	if (base.kind) {
		buffer_format(out, "%s%s%s", delta_kind_name(base.kind),
				base.kind == DELTA_KIND(LAPSED) && base.near
						? " with the distance"
						: "",
				base.cause == LAPSE_CAUSE(WITHDRAWN) ? " (WITHDRAWN)" : "");
		any = true;
	}
	if (amount.kind != base.kind) {
		buffer_format(out, "%s%s if the amount differs", any ? "; " : "",
				delta_kind_name(amount.kind));
		any = true;
	}
	if (closing.kind != base.kind) {
		buffer_format(out, "%s%s once a window, within %d days of its end",
				any ? "; " : "", delta_kind_name(closing.kind),
				DELTA_CLOSING_DAYS);
		any = true;
	}
	if (!any)
		buffer_append_text(out, base.next.kind != told->kind
							? "– (told becomes nothing)"
							: "–");
}

static void the_readme_shows_the_table(void **state)
{
	struct buffer table = { 0 };
	struct buffer text = { 0 };
	char chunk[4096];
	size_t size;
	FILE *file = fopen(readme, "r");

	(void)state;
	assert_non_null(file);
	while ((size = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buffer_append(&text, chunk, size);
	fclose(file);
	buffer_append_text(&table, "| told \\ now |");
	for (enum now_kind kind = 0; kind < NOW_KIND_END; kind++)
		buffer_format(&table, " %s |", columns[kind]);
	buffer_append_text(&table, "\n|---|---|---|---|---|---|---|\n");
	for (size_t row = 0; row < ROW_COUNT; row++) {
		buffer_format(&table, "| %s |", rows[row].name);
		for (enum now_kind kind = 0; kind < NOW_KIND_END; kind++) {
			buffer_append_text(&table, " ");
			cell_print(&rows[row].told, kind, &table);
			buffer_append_text(&table, " |");
		}
		buffer_append_text(&table, "\n");
	}
	assert_false(table.failed || text.failed);
	if (!strstr(text.data, table.data))
		fail_msg("the README lacks this table:\n%s", table.data);
	buffer_fini(&table);
	buffer_fini(&text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(an_amount_is_news),
		cmocka_unit_test(closing_is_told_once_a_window),
		cmocka_unit_test(a_deadline_that_was_told_is_not_told_again),
		cmocka_unit_test(what_comes_to_nothing_is_told_to_nobody),
		cmocka_unit_test(the_readme_shows_the_table),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	readme = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
