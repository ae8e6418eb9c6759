/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/startup.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/thread.h"
#include "publish/publish.h"

#include <malloc.h>
#include <time.h>

/* What reading and checking the starter catalog may take. */
#define STARTER_MEMORY ((size_t)1 << 30)

struct startup {
	const char *starter;
	struct snapshot *snapshot;
	int64_t revision;
	FILE *findings;
	bool ok;
	struct error *err;
};

static void print_findings(
		const struct diagnostics *diagnostics, struct arena *arena, FILE *out)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];
		const char *excerpt = diagnostic_format_excerpt(diagnostic, arena);

		if (diagnostic->severity != DIAGNOSTIC_ERROR)
			continue;
		fprintf(out, "%s:%d:%d: error: %s\n", diagnostic->path, diagnostic->line,
				diagnostic->column, diagnostic->message);
		if (excerpt && excerpt[0])
			fprintf(out, "%s\n", excerpt);
	}
}

static bool publish_starter(struct startup *startup, struct catalog_store *store)
{
	struct timestamp now = { .seconds = time(NULL) };
	char now_text[40];
	struct publish_options options = {
		.author = "policycalcd",
		.note = "starter catalog",
		.now = now_text,
	};
	Policycalc__V1__Revision *revision;
	struct diagnostics diagnostics;
	struct arena arena;
	struct draft draft;
	bool unchanged;
	bool ok;

	timestamp_print(now, now_text);
	arena_init(&arena, STARTER_MEMORY);
	diagnostics_init(&diagnostics, &arena);
	ok = draft_load(startup->starter, &arena, &draft, startup->err) &&
	     draft_publish(store, &draft, &options, &arena, &diagnostics, &revision, &unchanged,
			     startup->err);
	if (!ok) {
		print_findings(&diagnostics, &arena, startup->findings);
		error_prefix(startup->err, "starter catalog %s", startup->starter);
	}
	arena_fini(&arena);
	return ok;
}

/* So that the first calls are answered as quickly as all others; without it they are answered, too. */
static void today_prepare(const struct ruleset *ruleset)
{
	struct timestamp now = { .seconds = time(NULL) };
	struct error unprepared = { 0 };
	char today[11];

	date_print(timestamp_to_date(now, DATE_CHINA_OFFSET), today);
	(void)ruleset_prepare(ruleset, today, &unprepared);
}

/* On the store's thread. */
static void on_startup(void *store, void *argument)
{
	struct startup *startup = argument;
	struct ruleset *ruleset;

	if (!catalog_store_current(store, &startup->revision, startup->err))
		return;
	if (startup->revision == 0 && startup->starter[0]) {
		if (!publish_starter(startup, store) ||
				!catalog_store_current(store, &startup->revision, startup->err))
			return;
	}
	if (startup->revision != 0) {
		uint64_t begun_us = clock_us();

		ruleset = ruleset_load(store, startup->revision, startup->err);
		if (!ruleset)
			return;
		today_prepare(ruleset);
		snapshot_set_load_us(startup->snapshot, clock_us() - begun_us);
		snapshot_set(startup->snapshot, ruleset);
		/* What the C library keeps of the way there would stay with the process for good. */
		(void)malloc_trim(0);
	}
	startup->ok = true;
	/* What is loaded from here on is loaded beside calls. */
	thread_step_back();
}

bool startup_load(struct store_thread *store, const char *starter, struct snapshot *snapshot,
		int64_t *out_revision, FILE *findings, struct error *err)
{
	struct startup startup = {
		.starter = starter,
		.snapshot = snapshot,
		.findings = findings,
		.err = err,
	};

	store_thread_call(store, on_startup, &startup);
	*out_revision = startup.revision;
	return startup.ok;
}
