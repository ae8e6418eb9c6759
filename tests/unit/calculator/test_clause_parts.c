/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ruleset knows of the parts of its conditions: read off once, by whichever thread comes first, and nothing
 * in it that a day, a parameter or another revision may change.
 */
#include "base/buffer.h"
#include "base/memory.h"
#include "calculator/clause_parts.h"
#include "calculator/facts.h"
#include "proto/codec/codec.h"
#include "question_world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 4

static const char *dictionary;

static void world_init(struct question_world *world, const char *lines)
{
	question_world_init(world, dictionary, lines);
}

/* Part @at of the only condition of the policy at @index. */
static const struct clause_part *part_of(
		const struct question_world *world, size_t index, size_t at)
{
	const struct policy_parts *parts = policy_parts_get(world->ruleset, index);

	assert_non_null(parts);
	assert_true(at < parts->ends[0]);
	return parts->list[at];
}

static int slot_of(const struct question_world *world, const char *name)
{
	int slot = facts_find_attribute(world->ruleset, name);

	assert_true(slot >= 0);
	return slot;
}

/* --- what is read off --------------------------------------------------------------------------- */

static void knows_what_parts_read(void **state)
{
	struct question_world world;
	const struct clause_part *part;
	const struct part_table *table;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.staff >= 20 && e.srdi && "
			   "e.staff <= p.staff_most && e.tech_share >= 100000\n"
			   "policy b\nwindow always\nrequire e.srdi && "
			   "(e.staff >= 5 || e.staff == 3) && e.staff * 2 >= 10 && "
			   "date.addYears(e.registered_on, 2) <= as_of\n");
	part = part_of(&world, 0, 0);
	table = clause_part_table(part, slot_of(&world, "staff"));
	assert_int_equal(part->slot_count, 1);
	assert_int_equal(part->table_count, 1);
	assert_int_equal(part->slots[0], table->slot);
	assert_true(slot_bits_has(part->touched, table->slot));
	assert_true(slot_bits_has(part->missing, table->slot));
	assert_null(clause_part_table(part, slot_of(&world, "srdi")));
	assert_int_equal(table->point_count, 1);
	assert_int_equal(table->points[0].kind, PROBE_FROM);
	assert_int_equal(table->points[0].from, 20);
	/* A flag changes without a point. */
	table = clause_part_table(part_of(&world, 0, 1), slot_of(&world, "srdi"));
	assert_int_equal(table->point_count, 0);
	/* A parameter changes with the day; a quotient is derived. */
	assert_null(part_of(&world, 0, 2)->missing);
	assert_int_equal(part_of(&world, 0, 2)->table_count, 0);
	assert_int_equal(part_of(&world, 0, 2)->slot_count, 2);
	assert_null(part_of(&world, 0, 3)->missing);
	assert_true(slot_bits_has(part_of(&world, 0, 3)->touched, slot_of(&world, "staff")));
	/* Written alike in another policy; several points; one to be searched for; the day. */
	assert_ptr_equal(part_of(&world, 1, 0), part_of(&world, 0, 1));
	table = clause_part_table(part_of(&world, 1, 1), slot_of(&world, "staff"));
	assert_int_equal(table->point_count, 3);
	assert_non_null(part_of(&world, 1, 2)->missing);
	assert_int_equal(part_of(&world, 1, 2)->table_count, 0);
	assert_null(part_of(&world, 1, 3)->missing);
	assert_int_equal(clause_part_count(world.ruleset->clause_parts), 7);
	question_world_fini(&world);
}

/* Conditions of one part, and such that are asked whole. */
static void knows_what_has_none(void **state)
{
	struct question_world world;
	const struct policy_parts *parts;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.staff >= 20\n"
			   "exclude e.srdi && e.tech_sme\n"
			   "require e.srdi && e.tech_sme\n"
			   "exclude e.srdi\n"
			   "policy b\nwindow always\nsubject PROJECT\n"
			   "require e.srdi && e.tech_sme\n"
			   "policy c\nwindow always\ncovers 411282\nrequire 1 < 2\n");
	parts = policy_parts_get(world.ruleset, 0);
	assert_int_equal(policy_parts_first(parts, 0), 0);
	assert_int_equal(parts->ends[0], 1);
	assert_int_equal(parts->ends[1], 2);
	assert_int_equal(policy_parts_first(parts, 2), 2);
	assert_int_equal(parts->ends[2], 4);
	assert_int_equal(parts->ends[3], 5);
	assert_false(parts->list[2]->excludes);
	assert_true(parts->list[4]->excludes);
	assert_int_equal(parts->list[4]->slots[0], slot_of(&world, "srdi"));
	assert_int_equal(policy_parts_get(world.ruleset, 1)->ends[0], 0);
	parts = policy_parts_get(world.ruleset, 2);
	assert_int_equal(parts->ends[0], 0);
	assert_int_equal(parts->ends[1], 1);
	assert_int_equal(parts->list[0]->slot_count, 0);
	assert_null(parts->list[0]->missing);
	assert_ptr_equal(policy_parts_get(world.ruleset, 2), parts);
	question_world_fini(&world);
}

/* --- tables ------------------------------------------------------------------------------------- */

/* @result is what the part itself says with that value at @slot, and all else unknown. */
static void assert_says(const struct question_world *world, const struct clause_part *part,
		int slot, struct value value, const struct part_result *result)
{
	struct arena arena;
	struct value *values;
	struct value says;

	arena_init(&arena, (size_t)1 << 20);
	values = ARENA_NEW_ARRAY(&arena, struct value, world->ruleset->most_slots + 1);
	assert_non_null(values);
	values[slot] = value;
	says = rule_part_evaluate(part->clause->rule, part->node,
			&(struct evaluation){ values, world->ruleset->most_slots,
					world->ruleset->regions, &arena });
	if (says.kind == VALUE_BOOL) {
		assert_null(result->lacks);
		assert_int_equal(result->fails, says.boolean == part->excludes);
	} else {
		assert_int_equal(says.kind, VALUE_UNKNOWN);
		assert_non_null(result->lacks);
		assert_false(result->fails);
		assert_int_equal(says.missing.count, 1);
		assert_true(slot_bits_has(result->lacks, says.missing.slots[0]));
		assert_false(slot_bits_has(result->lacks, slot));
	}
	arena_fini(&arena);
}

/* Of every figure, the table says what the part does. */
static void tables_of_figures(void **state)
{
	static const char *const rules[] = { "require e.staff >= 20", "exclude e.staff >= 20",
		"require e.staff <= 20", "require 20 > e.staff", "require e.staff == 7",
		"require e.staff != 7", "exclude e.staff == 7 || e.staff > 30",
		"require !(e.staff >= 3 && e.staff < 9) || e.staff == 5",
		"require e.staff >= 10 ? e.staff < 40 : e.staff == 0",
		"require e.staff == 7 || e.staff == 8 || e.staff == 7",
		"require e.staff >= 20 || e.srdi", "exclude e.staff >= 20 && e.srdi",
		"require e.staff >= 10 ? e.srdi : e.tech_sme" };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct question_world world;
		const struct clause_part *part;
		const struct part_table *table;
		char lines[200];
		int slot;

		(void)snprintf(lines, sizeof(lines), "policy a\nwindow always\n%s\n", rules[i]);
		world_init(&world, lines);
		slot = slot_of(&world, "staff");
		part = part_of(&world, 0, 0);
		table = clause_part_table(part, slot);
		assert_non_null(table);
		assert_non_null(table->results);
		assert_true(table->bound_count > 0);
		for (int64_t figure = -3; figure < 60; figure++) {
			uint32_t at = 0;

			while (at < table->bound_count && table->bounds[at] <= figure)
				at++;
			assert_says(&world, part, slot,
					(struct value){ .kind = VALUE_INT, .integer = figure },
					&table->results[at]);
		}
		question_world_fini(&world);
	}
}

/* Whether part @at holds by its only table; as many results as @expected has letters, y, n or ? */
static void assert_table(const struct question_world *world, size_t at, const char *name,
		const char *expected)
{
	const struct clause_part *part = policy_parts_get(world->ruleset, 0)->list[at];
	const struct part_table *table = clause_part_table(part, slot_of(world, name));

	assert_non_null(table);
	assert_non_null(table->results);
	for (size_t i = 0; expected[i]; i++) {
		const struct part_result *result = &table->results[i];

		assert_int_equal(expected[i], result->lacks ? '?' : result->fails ? 'n' : 'y');
	}
}

static void tables_of_codes(void **state)
{
	struct question_world world;

	(void)state;
	world_init(&world, "attribute kind CODE choices a b c\n"
			   "attribute honours CODES choices a b c\n"
			   "policy a\nwindow always\nrequire e.kind in [\"a\", \"c\"]\n"
			   "exclude e.kind == \"b\"\n"
			   "require \"a\" in e.honours || \"b\" in e.honours\n"
			   "require e.srdi\nexclude e.srdi\n"
			   "require e.tech_sme || e.kind == \"c\"\n");
	assert_table(&world, 0, "kind", "yyn");
	assert_table(&world, 1, "kind", "ny");
	assert_table(&world, 2, "honours", "yyn");
	assert_table(&world, 3, "srdi", "ny");
	assert_table(&world, 4, "srdi", "yn");
	assert_table(&world, 5, "kind", "y?");
	assert_table(&world, 5, "tech_sme", "?y");
	question_world_fini(&world);
}

/* What may change otherwise, or is no yes or no, is asked. */
static void has_no_table(void **state)
{
	static const char *const rules[] = { "e.staff >= p.staff_most", "e.staff * 2 >= 10",
		"e.staff in [1, 2]", "e.kind.startsWith(\"a\")",
		"region.within(e.region, \"411200\")", "e.tech_share >= 3 || e.srdi",
		"date.addYears(e.registered_on, 2) <= as_of",
		"e.staff >= 3 || 1 / (e.staff - e.staff) > 0",
		"e.kind == \"a\" || e.kind == \"b\" || e.kind == \"a\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct question_world world;
		const struct clause_part *part;
		char lines[256];

		(void)snprintf(lines, sizeof(lines),
				"attribute kind CODE\n"
				"policy a\nwindow always\nrequire %s\n",
				rules[i]);
		world_init(&world, lines);
		part = part_of(&world, 0, 0);
		for (uint32_t k = 0; k < part->table_count; k++)
			assert_null(part->tables[k].results);
		question_world_fini(&world);
	}
}

/* --- days and revisions ------------------------------------------------------------------------- */

/* Where the classes of the staff begin. */
struct seen {
	size_t count;
	int64_t from[8];
};

static bool weigh(void *context, const struct question_answers *answers, uint32_t *out_weights)
{
	struct seen *seen = context;

	(void)out_weights;
	if (strcmp(answers->attribute->name, "staff") != 0)
		return false;
	seen->count = answers->count;
	for (size_t i = 0; i < answers->count && i < 8; i++)
		seen->from[i] = answers->classes[i].from;
	return false;
}

/* The staff is told apart at @bound on @day. */
static void assert_bound(struct question_world *world, const char *day, int64_t bound)
{
	struct seen seen = { 0 };
	struct question_priors priors = { weigh, &seen, 1 };

	world->request.as_of = (char *)day;
	(void)question_world_ask(world, "", &priors);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.from[1], bound);
}

static const char RISING[] = "parameter bound COUNT 20 until 2025-12-31\n"
			     "parameter bound COUNT 50 from 2026-01-01\n"
			     "policy a\nwindow always\nrequire e.srdi && e.staff >= p.bound\n";

/* Whichever day is asked about first, and whatever revision was there before. */
static void parameters_change_parts(void **state)
{
	struct question_world world, next;

	(void)state;
	world_init(&world, RISING);
	assert_bound(&world, "2026-06-01", 50);
	assert_bound(&world, "2025-06-01", 20);
	assert_bound(&world, "2026-06-01", 50);
	world_init(&next, "parameter bound COUNT 30\n"
			  "policy a\nwindow always\nrequire e.srdi && e.staff >= p.bound\n");
	assert_bound(&next, "2026-06-01", 30);
	assert_bound(&world, "2026-06-01", 50);
	question_world_fini(&next);
	question_world_fini(&world);
}

static bool is_asked(struct question_world *world, const char *day, const char *values)
{
	world->request.as_of = (char *)day;
	return question_world_ask(world, values, NULL)->question != NULL;
}

/* What fails on one day holds on another: of the day itself, and of a parameter. */
static void days_change_what_fails(void **state)
{
	struct question_world world;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && "
			   "date.addYears(e.registered_on, 2) <= as_of\n");
	assert_false(is_asked(&world, "2025-01-01", "registered_on = 2023-06-01"));
	assert_true(is_asked(&world, "2026-01-01", "registered_on = 2023-06-01"));
	assert_false(is_asked(&world, "2025-01-01", "registered_on = 2023-06-01"));
	question_world_fini(&world);
	world_init(&world, RISING);
	assert_true(is_asked(&world, "2025-06-01", "staff = 30"));
	assert_false(is_asked(&world, "2026-06-01", "staff = 30"));
	assert_true(is_asked(&world, "2025-06-01", "staff = 30"));
	question_world_fini(&world);
}

/* --- many threads, little memory ---------------------------------------------------------------- */

struct asker {
	struct question_world *world;
	struct arena arena;
	struct buffer bytes;
};

static void *on_ask(void *context)
{
	struct asker *asker = context;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct error err = { 0 };

	if (ruleset_next_question(asker->world->ruleset, &asker->world->request, NULL,
			    "2026-06-01", &asker->arena, &response, NULL, &err))
		(void)message_pack(&response->base, &asker->bytes);
	return NULL;
}

/* Several ask for the first time at once, and get what one gets. */
static void parts_are_shared(void **state)
{
	(void)state;
	for (int round = 0; round < 12; round++) {
		struct asker askers[THREADS];
		pthread_t threads[THREADS];
		struct question_world world;
		size_t size;

		world_init(&world,
				"policy a\nwindow always\nrequire e.srdi && e.staff >= 20\n"
				"policy b\nwindow always\nrequire e.tech_sme && e.staff >= 9\n"
				"policy c\nwindow always\nrequire e.srdi && "
				"e.staff <= p.staff_most\n");
		for (unsigned i = 0; i < THREADS; i++) {
			askers[i] = (struct asker){ .world = &world };
			arena_init(&askers[i].arena, (size_t)16 << 20);
			assert_int_equal(pthread_create(&threads[i], NULL, on_ask, &askers[i]),
					0);
		}
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		size = ruleset_size(world.ruleset);
		assert_int_equal(clause_part_count(world.ruleset->clause_parts), 5);
		for (unsigned i = 0; i < THREADS; i++) {
			assert_true(askers[i].bytes.size > 0);
			assert_int_equal(askers[i].bytes.size, askers[0].bytes.size);
			assert_memory_equal(askers[i].bytes.data, askers[0].bytes.data,
					askers[0].bytes.size);
		}
		/* Nothing is read off a second time. */
		(void)question_world_ask(&world, "", NULL);
		assert_int_equal(ruleset_size(world.ruleset), size);
		for (unsigned i = 0; i < THREADS; i++) {
			buffer_fini(&askers[i].bytes);
			arena_fini(&askers[i].arena);
		}
		question_world_fini(&world);
	}
}

/* Whichever allocation fails: no parts now, and all of them when there is memory again. */
static void parts_without_memory(void **state)
{
	struct question_world world;
	const struct policy_parts *parts = NULL;
	unsigned refused = 0;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && e.staff >= 20\n");
	for (unsigned long nth = 1; !parts; nth++) {
		(void)memory_fail_nth(nth, 1);
		parts = policy_parts_get(world.ruleset, 0);
		(void)memory_fail_nth(0, 0);
		assert_true(nth < 20);
		refused += !parts;
	}
	assert_true(refused > 0);
	assert_int_equal(parts->ends[0], 2);
	assert_int_equal(part_of(&world, 0, 1)->tables[0].points[0].from, 20);
	question_world_fini(&world);
}

/* Then the call ends, and the next one is answered. */
static void question_without_memory(void **state)
{
	struct question_world world;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct error err = { 0 };
	struct arena arena;
	unsigned refused = 0;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && e.staff >= 20\n");
	for (unsigned long nth = 1; !response; nth++) {
		bool ok;

		arena_init(&arena, (size_t)16 << 20);
		(void)memory_fail_nth(nth, 1);
		ok = ruleset_next_question(world.ruleset, &world.request, NULL, "2026-06-01",
				&arena, &response, NULL, &err);
		(void)memory_fail_nth(0, 0);
		assert_true(nth < 100);
		assert_int_equal(ok, response != NULL);
		if (ok)
			assert_string_equal(response->question->attributes[0]->key, "e.srdi");
		refused += !ok;
		arena_fini(&arena);
	}
	assert_true(refused > 0);
	question_world_fini(&world);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_parts_read),
		cmocka_unit_test(knows_what_has_none),
		cmocka_unit_test(tables_of_figures),
		cmocka_unit_test(tables_of_codes),
		cmocka_unit_test(has_no_table),
		cmocka_unit_test(parameters_change_parts),
		cmocka_unit_test(days_change_what_fails),
		cmocka_unit_test(parts_are_shared),
		cmocka_unit_test(parts_without_memory),
		cmocka_unit_test(question_without_memory),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
