/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sifted by columns or asked one by one, the ledger is the same: two worlds with the same made-up
 * enterprises go through the same days, changes and wishes, and all their deliveries are compared. A
 * third is stopped in the middle of its runs, again and again, and must end like them. Once with
 * policies made for it, and once with the starter catalog.
 */
#include "effort.h"
#include "fixture.h"
#include "folder.h"
#include "profile_maker.h"
#include "push_world.h"
#include "starter.h"

#include "base/date.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORLDS 3

static const char *dictionary;
static const char *starter;

static const char POLICIES[] =
		"parameter few COUNT 20\n"
		"parameter share RATIO 10%\n"
		"policy jobs\n    window always\n    require e.staff >= p.few\n    pays "
		"wan(e.staff)\n"
		"policy rd\n    window 2026-03-01..2026-03-20\n    window "
		"2026-04-01..2026-04-30\n"
		"    require e.rd_expense >= p.rd_least\n    exclude e.dishonest\n"
		"    pays money.mulDiv(e.rd_expense, 100000, 1000000, \"down\")\n"
		"policy two\n    window always\n    require e.rd_expense >= p.rd_least\n"
		"    require e.staff <= p.staff_most\n    require e.region == \"411282\"\n"
		"policy old\n    series s\n    force 2020-01-01..2026-03-31\n    window "
		"always\n"
		"    require e.staff >= p.few\n"
		"policy new\n    series s\n    force 2026-04-01..\n    window always\n"
		"    require e.staff >= p.few\n    pays wan(2)\n"
		"policy technical\n    window always\n    require e.tech_share >= p.share\n"
		"policy titled\n    window always\n"
		"    require (\"srdi\" in e.titles && e.titles[\"srdi\"] >= as_of)\n"
		"    require e.staff >= p.few\n"
		"policy bonus\n    window always\n    require e.staff >= p.few\n"
		"    pays (\"srdi\" in e.titles && e.titles[\"srdi\"] >= as_of) ? wan(3) : "
		"wan(1)\n"
		"policy closing\n    window 2026-02-01..2026-05-25\n"
		"    require e.staff >= p.few\n"
		"policy asked\n    window always\n    require e.srdi\n    require e.staff >= "
		"p.few\n";

/* It may turn on any day, so that everybody whose columns are old is asked. */
static const char RESTLESS[] = "policy aged\n    window always\n"
			       "    require e.registered_on <= as_of - duration(\"8760h\")\n"
			       "    require e.staff >= p.few\n";

static uint64_t seed;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* An enterprise of that seed; a third of its facts are not known. */
static Policycalc__V1__Profile *firm_make(struct case_file *file, size_t number)
{
	static const char *const title_days[] = { "02-27", "03-02", "03-12", "03-20", "04-02",
		"04-22", "04-23", "04-24", "04-25", "04-27", "04-29", "05-01" };
	char text[400];
	int size = snprintf(text, sizeof(text), "region = %s",
			next_random() % 2 ? "411282" : "411224");
	Policycalc__V1__Profile *profile;

	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size, ", staff = %d",
				(int)(next_random() % 40));
	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size, ", tech_staff = %d",
				(int)(next_random() % 6));
	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size,
				", rd_expense@2025 = %d万元", (int)(next_random() % 200));
	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size, ", dishonest = %s",
				next_random() % 4 ? "false" : "true");
	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size, ", srdi = %s",
				next_random() % 2 ? "true" : "false");
	/* Titles that run out while runs go on. */
	if (next_random() % 3)
		size += snprintf(text + size, sizeof(text) - (size_t)size,
				", titles = srdi:2026-%s", title_days[next_random() % 12]);
	if (next_random() % 3)
		(void)snprintf(text + size, sizeof(text) - (size_t)size,
				", registered_on = 2025-%02d-%02d",
				3 + (int)(next_random() % 2), 1 + (int)(next_random() % 28));
	profile = fixture_profile(file, text);
	profile->uscc = arena_format(file->arena, "91411200MA40000%03zu", number);
	return profile;
}

static void set_day(struct push_world *world, int32_t day)
{
	world->now_ms = (int64_t)day * 86400000 + 7200000;
}

/* @since: the catalog of which only what differs is asked; NULL: all. */
static void run_day(struct push_world *world, struct ruleset *ruleset,
		const struct ruleset *since, bool changed, bool broken)
{
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	struct push_order order = {
		.request = &request,
		.ruleset = ruleset,
		.current_revision = ruleset_revision(ruleset),
	};
	Policycalc__V1__Run *run;
	struct arena arena;
	struct error err;
	int64_t id;

	order.since = since;
	request.changed_only = changed;
	request.since_revision = since ? ruleset_revision(since) : 0;
	arena_init(&arena, (size_t)64 << 20);
	if (!push_engine_start(world->engine, &order, &arena, &run, &err))
		fail_msg("%s", err.message);
	id = run->id;
	for (unsigned steps = 0; broken && world->engine && steps < 3; steps++) {
		int64_t unfinished, revision, before;

		for (unsigned i = 0; i < steps; i++)
			(void)push_world_step(world);
		push_world_restart(world);
		assert_true(push_engine_unfinished(
				world->engine, &unfinished, &revision, &before, &err));
		if (!unfinished)
			break;
		assert_int_equal(unfinished, id);
		if (!push_engine_resume(world->engine, id, ruleset, since, &err))
			fail_msg("%s", err.message);
	}
	push_world_drain(world);
	arena_fini(&arena);
}

static void wish_set(struct push_world *world, const char *uscc, bool out)
{
	Policycalc__V1__Subscription wish = POLICYCALC__V1__SUBSCRIPTION__INIT;
	struct error err;

	wish.uscc = (char *)(uintptr_t)uscc;
	wish.opted_out = out;
	wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY;
	assert_true(registry_set_subscription(world->registry, &wish, &err));
}

/* All deliveries, as text of keys, states and what they are about. */
static struct slice ledger_print(struct push_world *world, struct arena *arena)
{
	struct ledger_listing listing = { 0 };
	struct ledger_delivery *list;
	struct buffer text = { 0 };
	struct error err;
	size_t count;
	struct slice copy = { NULL, 0 };

	assert_true(ledger_store_list_deliveries(world->ledger_store, &listing, 100000, true,
			arena, &list, &count, &err));
	for (size_t i = 0; i < count; i++) {
		buffer_append(&text, list[i].key, sizeof(list[i].key));
		buffer_format(&text, " %d %d %d\n", list[i].state, (int)list[i].enterprise,
				list[i].attempts);
		buffer_append_slice(&text, list[i].digest);
		buffer_append_slice(&text, list[i].entries);
	}
	buffer_format(&text, "%zu", count);
	assert_false(text.failed);
	copy = (struct slice){ arena_copy(arena, text.data, text.size), text.size };
	assert_non_null(copy.data);
	buffer_fini(&text);
	return copy;
}

/* A registry that changes, and the days of its runs. */
struct story {
	struct ruleset *const *revisions;
	size_t revision_count;
	unsigned publish_every; /* steps; the step asks what differs, the next ones all */
	size_t firms;
	const int32_t *gaps; /* days from run to run */
	unsigned steps;
	int32_t day; /* of the first */
	void *context;
	Policycalc__V1__Profile *(*make)(void *context, size_t number, const char *day);
};

static void story_change(const struct story *story, struct push_world *worlds, unsigned step,
		int32_t day)
{
	size_t changes = step == 0 ? story->firms : next_random() % 30;
	char text[11];

	date_print(date_from_days(day), text);
	for (size_t k = 0; k < changes; k++) {
		size_t number = step == 0 ? k + 1 : 1 + next_random() % story->firms;
		const Policycalc__V1__Profile *firm = story->make(story->context, number, text);
		bool replace = next_random() % 3 == 0;

		for (size_t i = 0; i < WORLDS; i++) {
			set_day(&worlds[i], day);
			push_world_import(&worlds[i], story->revisions[0], firm, text, replace);
			if (number % 29 == 0)
				wish_set(&worlds[i], firm->uscc, step % 3 != 2);
		}
	}
}

/* Bytes of the ledger at the end. */
static size_t story_tell(const struct story *story)
{
	struct push_world worlds[WORLDS];
	struct arena arena;
	int32_t day = story->day;
	size_t told = 0;
	size_t revision = 0;

	arena_init(&arena, (size_t)512 << 20);
	for (size_t i = 0; i < WORLDS; i++) {
		push_world_init(&worlds[i], 2, i > 0);
		set_day(&worlds[i], day);
	}
	for (unsigned step = 0; step < story->steps; step++) {
		struct arena_mark mark = arena_mark(&arena);
		bool publishes = step > 0 && story->publish_every &&
				 step % story->publish_every == 0 &&
				 revision + 1 < story->revision_count;
		const struct ruleset *since = publishes ? story->revisions[revision] : NULL;

		day += story->gaps[step];
		story_change(story, worlds, step, day);
		revision += publishes;
		for (size_t i = 0; i < WORLDS; i++) {
			set_day(&worlds[i], day);
			run_day(&worlds[i], story->revisions[revision], since,
					!publishes && step % 5 == 4, i == 2);
		}
		for (size_t i = 1; i < WORLDS; i++) {
			struct slice alone = ledger_print(&worlds[0], &arena);
			struct slice other = ledger_print(&worlds[i], &arena);

			told = alone.size;
			if (!slice_equals(alone, other))
				fail_msg("step %u, world %zu: the ledgers differ", step, i);
		}
		arena_rewind(&arena, mark);
	}
	for (size_t i = 0; i < WORLDS; i++)
		push_world_fini(&worlds[i]);
	arena_fini(&arena);
	return told;
}

static Policycalc__V1__Profile *on_firm(void *context, size_t number, const char *day)
{
	(void)day;
	return firm_make(context, number);
}

/* What a revision puts in the place of something that the one before has. */
struct edit {
	const char *before, *after;
};

static const struct edit EDITS[] = {
	{ "policy jobs\n    window always\n    require e.staff >= p.few\n",
			"policy jobs\n    window always\n    require e.staff >= p.few - 2\n" },
	{ "pays wan(e.staff)", "pays wan(e.staff + 1)" },
	{ "parameter few COUNT 20", "parameter few COUNT 22" },
	{ "    require e.region == \"411282\"\n", "" },
	{ "policy asked\n    window always\n", "policy wanted\n    window always\n" },
	{ "? wan(3) : wan(1)", "? wan(3) : wan(2)" },
};
#define REVISIONS (1 + sizeof(EDITS) / sizeof(*EDITS))

static char *lines_edit(const char *lines, const struct edit *edit, struct arena *arena)
{
	const char *at = strstr(lines, edit->before);

	assert_non_null(at);
	return arena_format(arena, "%.*s%s%s", (int)(at - lines), lines, edit->after,
			at + strlen(edit->before));
}

static void made_up_ledgers_compare(bool restless, unsigned publish_every)
{
	static const int32_t gaps[] = { 0, 1, 0, 1, 3, 9, 1, 0, 8, 10, 1, 2, 20, 0, 1, 1, 1, 2,
		1, 0, 1 };
	struct case_file files[REVISIONS];
	struct ruleset *revisions[REVISIONS];
	struct arena arena;
	struct story story = {
		.revisions = revisions,
		.revision_count = REVISIONS,
		.publish_every = publish_every,
		.firms = effort(260, 260),
		.gaps = gaps,
		.steps = sizeof(gaps) / sizeof(*gaps),
		.day = 20510, /* 2026-02-26 */
		.context = &files[0],
		.make = on_firm,
	};
	const char *lines;

	arena_init(&arena, (size_t)512 << 20);
	lines = arena_format(&arena, "%s%s", POLICIES, restless ? RESTLESS : "");
	for (size_t i = 0; i < REVISIONS; i++) {
		if (i > 0)
			lines = lines_edit(lines, &EDITS[i - 1], &arena);
		fixture_read(&files[i], &arena, dictionary, lines);
		files[i].catalog.revision = 1 + (int64_t)i;
		revisions[i] = fixture_compile(&files[i], NULL);
		assert_non_null(revisions[i]);
	}
	for (unsigned i = 0; i < effort(1, 5); i++)
		assert_true(story_tell(&story) > story.firms * 38);
	for (size_t i = 0; i < REVISIONS; i++)
		ruleset_unref(revisions[i]);
	arena_fini(&arena);
}

/* Sanitizers see each kind of policy and of run once: with revisions, without a restless one, or the other way. */
static bool is_brief(void)
{
	return effort_step(2) > 1;
}

static void the_ledgers_are_the_same(void **state)
{
	(void)state;
	if (is_brief())
		skip();
	made_up_ledgers_compare(false, 0);
}

static void so_they_are_with_a_restless_policy(void **state)
{
	(void)state;
	made_up_ledgers_compare(true, 0);
}

static void so_they_are_when_policies_change(void **state)
{
	(void)state;
	made_up_ledgers_compare(false, 3);
	if (!is_brief())
		made_up_ledgers_compare(true, 2);
}

/* --- the starter catalog ---------------------------------------------------------------------- */

/* Within what the dictionary allows, so that an import takes it. */
static void value_cut(const struct catalog *catalog, Policycalc__V1__AttributeValue *sent)
{
	const Policycalc__V1__Attribute *attribute = NULL;
	Policycalc__V1__Value *value = sent->value;
	int64_t *figure = value->kind_case == POLICYCALC__V1__VALUE__KIND_MONEY_FEN
					  ? &value->money_fen
			  : value->kind_case == POLICYCALC__V1__VALUE__KIND_RATIO_PPM
					  ? &value->ratio_ppm
			  : value->kind_case == POLICYCALC__V1__VALUE__KIND_COUNT
					  ? &value->count
					  : NULL;

	for (size_t i = 0; !attribute && i < catalog->attribute_count; i++) {
		if (strcmp(catalog->attributes[i]->name, sent->name) == 0)
			attribute = catalog->attributes[i];
	}
	assert_non_null(attribute);
	if (figure && attribute->_minimum_case && *figure < attribute->minimum)
		*figure = attribute->minimum;
	if (figure && attribute->_maximum_case && *figure > attribute->maximum)
		*figure = attribute->maximum;
}

static Policycalc__V1__Profile *on_made(void *context, size_t number, const char *day)
{
	struct profile_maker *maker = context;
	Policycalc__V1__Profile *profile;
	size_t kept = 0;

	maker->day = day;
	/* Much is known of some, little of others. */
	maker->known = 35 + 15 * (unsigned)(number % 5);
	profile = maker_profile(maker);
	for (size_t i = 0; i < profile->n_attributes; i++) {
		Policycalc__V1__AttributeValue *sent = profile->attributes[i];
		bool twice = false;

		for (size_t k = 0; k < kept; k++)
			twice |= strcmp(profile->attributes[k]->name, sent->name) == 0 &&
				 strcmp(profile->attributes[k]->period, sent->period) == 0;
		if (!twice) {
			value_cut(maker->catalog, sent);
			profile->attributes[kept++] = sent;
		}
	}
	profile->n_attributes = kept;
	profile->uscc = arena_format(maker->arena, "91411200MA40000%03zu", number);
	return profile;
}

static void the_ledgers_of_the_starter_are_the_same(void **state)
{
	static const int32_t gaps[] = { 0, 1, 1, 0, 6, 1, 13, 1, 8, 1 };
	struct arena arena;
	struct ruleset *ruleset = NULL;
	struct profile_maker maker = { .arena = &arena, .seed = 3, .series = 10 };
	struct story story = {
		.revisions = &ruleset,
		.revision_count = 1,
		.firms = effort(220, 900),
		.gaps = gaps,
		.steps = sizeof(gaps) / sizeof(*gaps),
		.day = 20600, /* 2026-05-27 */
		.context = &maker,
		.make = on_made,
	};

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ruleset = starter_read(starter, &arena);
	maker.catalog = ruleset_catalog(ruleset);
	assert_true(story_tell(&story) > (size_t)story.firms * 45);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* Of a policy that people decide in the end nobody is near, however facts are changed. */
static void people_decide(void **state)
{
	static const char day[] = "2026-06-01";
	struct arena arena, call;
	struct profile_maker maker = { .arena = &call, .seed = 11, .series = 30, .day = day };
	const struct catalog *catalog;
	struct ruleset *ruleset;
	size_t decided = 0, misses = 0;

	(void)state;
	if (effort_is_of_threads())
		skip();
	arena_init(&arena, (size_t)1 << 30);
	arena_init(&call, (size_t)256 << 20);
	ruleset = starter_read(starter, &arena);
	catalog = maker.catalog = ruleset_catalog(ruleset);
	for (unsigned n = 0; n < effort(60, 1500); n++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		Policycalc__V1__MatchResponse *response;
		struct error err;

		arena_reset(&call);
		request.policies = ARENA_NEW_ARRAY(&call, char *, catalog->policy_count);
		for (size_t i = 0; i < catalog->policy_count; i++) {
			if (!ruleset_policy_may_fit(ruleset, catalog->policies[i], day))
				request.policies[request.n_policies++] =
						catalog->policies[i]->id;
		}
		decided = request.n_policies;
		request.profile = on_made(&maker, n, day);
		request.as_of = (char *)(uintptr_t)day;
		request.near = true;
		assert_true(ruleset_match(
				ruleset, &request, day, &call, &response, NULL, &err));
		for (size_t i = 0; i < response->n_answers; i++) {
			const Policycalc__V1__PolicyAnswer *answer = response->answers[i];

			assert_int_not_equal(answer->verdict,
					POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE);
			misses += answer->n_near;
			for (size_t k = 0; k < answer->n_near; k++)
				assert_int_not_equal(answer->near[k]->verdict,
						POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE);
		}
	}
	print_message("%zu of %zu policies are decided by people; %zu near misses\n", decided,
			catalog->policy_count, misses);
	assert_true(decided > 5 && decided < catalog->policy_count && misses > 10);
	ruleset_unref(ruleset);
	arena_fini(&call);
	arena_fini(&arena);
}

static int seeded(void **state)
{
	(void)state;
	seed = 88172645463325252u;
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_ledgers_are_the_same, seeded),
		cmocka_unit_test_setup(so_they_are_with_a_restless_policy, seeded),
		cmocka_unit_test_setup(so_they_are_when_policies_change, seeded),
		cmocka_unit_test_setup(the_ledgers_of_the_starter_are_the_same, seeded),
		cmocka_unit_test(people_decide),
	};

	folder_use_memory();
	if (argc != 3)
		return EXIT_FAILURE;
	dictionary = argv[1];
	starter = argv[2];
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
