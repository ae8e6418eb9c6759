/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random catalogs under random partial profiles: the index finds of each policy what the conjunction of
 * its rules, evaluated one by one, comes to. Only of open policies it may say nothing, and these must be
 * few enough for the rest to be a test.
 *
 * With POLICYCALC_LONG it goes over more than 10^7 pairs.
 */
#include "block_world.h"
#include "effort.h"

#include "base/memory.h"
#include "rules/match_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POLICIES_MOST = 700, RULES_MOST = 4, PROFILES = 48 };
/* Of blocks enough that those without a hit are left out beforehand, see match_find.c. */
enum { PLAIN_POLICIES = 6000, PLAIN_PROFILES = 32 };

enum truth { FALSE, NEITHER, TRUE, OPEN, TRUTHS };

static const char *const truth_names[TRUTHS] = { "false", "neither", "true", "open" };

struct policy {
	const struct rule *rules[RULES_MOST];
	const char *texts[RULES_MOST];
	unsigned count;
};

struct catalog {
	struct arena arena;
	struct scope *scope;
	struct region_table *regions;
	struct value values[SLOTS]; /* parameters, and the profile at hand */
	struct evaluation bound;
	struct policy policies[PLAIN_POLICIES];
	uint32_t literals[PLAIN_POLICIES];
	unsigned policy_count;
	bool plain; /* see plain_rule_make() */
	struct match_index *index;
	struct match_work *work;
};

static unsigned long seen[TRUTHS]; /* what the rules come to */
static unsigned long told[TRUTHS]; /* what the index says */

/* What rows tell whole, borders and all, so that no policy is open: then other loops find what holds. */
static const char *plain_rule_make(struct arena *arena)
{
	static const char *const relations[] = { "==", "<", "<=", ">", ">=" };
	const char *relation = relations[random_below(5)];
	int bound = (int)random_below(4000) - 2000;

	switch (random_below(6)) {
	case 0:
		return arena_format(arena, "e.f%u", random_below(FLAGS));
	case 1:
		return arena_format(arena, "e.c%u in [\"%s\", \"%s\"]", random_below(2),
				random_code(), random_code());
	case 2:
		return arena_format(
				arena, "\"%s\" in e.l%u", random_code(), random_below(LISTS));
	case 3:
		return arena_format(
				arena, "(e.n%d %s %d || e.f0)", NUMBERS - 1, relation, bound);
	default:
		return arena_format(arena, "e.n%d %s %d", NUMBERS - 1, relation, bound);
	}
}

static void rules_make(struct catalog *catalog, struct atoms *atoms)
{
	for (unsigned i = 0; i < catalog->policy_count; i++) {
		struct policy *policy = &catalog->policies[i];
		uint32_t literals[RULES_MOST];

		policy->count = 1 + random_below(RULES_MOST);
		for (unsigned k = 0; k < policy->count; k++) {
			policy->texts[k] =
					catalog->plain ? plain_rule_make(&catalog->arena)
						       : block_rule_make(&catalog->arena,
									 (int)random_below(3));
			policy->rules[k] = block_rule_compile(
					&catalog->arena, catalog->scope, policy->texts[k]);
			assert_true(atoms_add_rule(atoms, policy->rules[k], &literals[k]));
			if (!catalog->plain && random_below(4) == 0)
				literals[k] = atoms_negate(atoms, literals[k]);
			else
				continue;
			policy->texts[k] = arena_format(
					&catalog->arena, "!(%s)", policy->texts[k]);
			policy->rules[k] = block_rule_compile(
					&catalog->arena, catalog->scope, policy->texts[k]);
		}
		assert_true(atoms_add_all(
				atoms, literals, policy->count, &catalog->literals[i]));
	}
}

/* The same index with its 1st, 2nd, 3rd ... allocation failing, until it comes through. */
static void failures_try(const struct atoms *atoms, const struct match_index_options *options)
{
	struct match_index *index = NULL;
	struct match_work *work = NULL;

	for (unsigned long nth = 1; !work; nth++) {
		(void)memory_fail_nth(nth, 0);
		index = match_index_new(atoms, options);
		work = index ? match_work_new(index) : NULL;
		(void)memory_fail_nth(0, 0);
		match_work_free(work);
		match_index_free(index);
		assert_true(nth < 100000);
	}
}

static void catalog_init(
		struct catalog *catalog, unsigned policy_count, unsigned cells_most, bool plain)
{
	struct match_text texts[CODES * BLOCK_CODES];
	struct match_index_options options = { .literals = catalog->literals,
		.policy_count = policy_count,
		.slot_count = SLOTS,
		.texts = texts,
		.cells_most = cells_most };
	struct atoms *atoms;
	bool room = random_below(2);

	memset(catalog, 0, sizeof(*catalog));
	arena_init(&catalog->arena, (size_t)1 << 30);
	catalog->policy_count = policy_count;
	catalog->plain = plain;
	catalog->scope = block_scope_make(&catalog->arena);
	catalog->regions = block_regions_make();
	block_bounds_make(catalog->values);
	catalog->bound = (struct evaluation){ catalog->values, SLOTS,
		random_below(10) ? catalog->regions : NULL, &catalog->arena };
	atoms = atoms_new(&catalog->bound);
	assert_non_null(atoms);
	if (random_below(3))
		assert_true(atoms_set_apart(atoms, random_below(2) ? policy_count : 0,
				room ? match_index_room(policy_count) / (1 + random_below(4))
				     : 0));
	rules_make(catalog, atoms);
	for (unsigned i = 0; i < CODES * BLOCK_CODES && random_below(4); i++)
		texts[options.text_count++] =
				(struct match_text){ FIRST_CODE + (int)(i / BLOCK_CODES),
					slice_from(block_codes[i % BLOCK_CODES]) };
	if (!plain && random_below(10) == 0)
		failures_try(atoms, &options);
	if (room)
		options.room = &atoms->arena;
	catalog->index = match_index_new(atoms, &options);
	atoms_free(atoms);
	assert_non_null(catalog->index);
	catalog->work = match_work_new(catalog->index);
	assert_non_null(catalog->work);
}

static void catalog_fini(struct catalog *catalog)
{
	match_work_free(catalog->work);
	match_index_free(catalog->index);
	scope_free(catalog->scope);
	region_table_free(catalog->regions);
	arena_fini(&catalog->arena);
}

static enum truth naive(const struct catalog *catalog, const struct policy *policy)
{
	enum truth truth = TRUE;

	for (unsigned i = 0; i < policy->count && truth != FALSE; i++) {
		struct value value = rule_evaluate(policy->rules[i], &catalog->bound);

		if (value.kind != VALUE_BOOL)
			truth = NEITHER;
		else if (!value.boolean)
			truth = FALSE;
	}
	return truth;
}

/* As the index is given it. */
static struct match_value value_put(
		const struct catalog *catalog, int slot, const struct value *value)
{
	struct match_value made = { .state = MATCH_KNOWN };

	switch ((int)value->kind) {
	case VALUE_BOOL:
		made.integer = value->boolean;
		break;
	case VALUE_INT:
		made.integer = value->integer;
		break;
	case VALUE_TIMESTAMP:
		made.integer = value->timestamp.seconds;
		break;
	case VALUE_STRING:
		made.code = match_index_code(catalog->index, slot, value->text);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		for (size_t i = 0; i < value->list.count; i++) {
			size_t at = i * (value->kind == VALUE_MAP ? 2 : 1);
			uint32_t code = match_index_code(
					catalog->index, slot, value->list.items[at].text);

			if (code != MATCH_CODE_NONE)
				made.codes |= UINT64_C(1) << code;
		}
		break;
	default:
		made.state = MATCH_UNKNOWN;
		break;
	}
	return made;
}

static void list_note(enum truth *truths, const uint32_t *list, size_t count, enum truth truth)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(truths[list[i]], FALSE);
		truths[list[i]] = truth;
	}
}

static void profile_compare(struct catalog *catalog)
{
	static const unsigned lacking[] = { 0, 5, 33, 80 };
	unsigned missing = lacking[random_below(4)];
	struct match_value values[SLOTS] = { 0 };
	enum truth truths[PLAIN_POLICIES] = { FALSE };
	struct match_found found;

	for (int slot = 0; slot < FIRST_OTHER; slot++) {
		struct value *value = &catalog->values[slot];

		*value = (struct value){ .kind = VALUE_UNKNOWN };
		if (random_below(100) >= missing)
			*value = block_value_make(&catalog->arena, slot);
		else if (!catalog->plain && random_below(8) == 0 && slot < FIRST_QUOTIENT)
			*value = (struct value){ .kind = VALUE_ERROR, .error = "broken" };
		values[slot] = value_put(catalog, slot, value);
	}
	match_index_find(catalog->work, values, &found);
	list_note(truths, found.eligible, found.eligible_count, TRUE);
	list_note(truths, found.undecided, found.undecided_count, NEITHER);
	list_note(truths, found.open, found.open_count, OPEN);
	for (unsigned i = 0; i < catalog->policy_count; i++) {
		enum truth expected = naive(catalog, &catalog->policies[i]);

		seen[expected]++;
		told[truths[i]]++;
		if (truths[i] == OPEN || truths[i] == expected)
			continue;
		for (unsigned k = 0; k < catalog->policies[i].count; k++)
			print_message("  %s\n", catalog->policies[i].texts[k]);
		fail_msg("policy %u is %s, and the index says %s", i, truth_names[expected],
				truth_names[truths[i]]);
	}
	assert_false(catalog->arena.exhausted);
}

static void agrees(void **state)
{
	unsigned catalogs = effort(24, 600);
	static const unsigned cells[] = { 0, 0, 3, 8 };
	static struct catalog catalog;
	unsigned long total = 0;

	(void)state;
	for (unsigned n = 0; n < catalogs; n++) {
		catalog_init(&catalog,
				MATCH_INDEX_LEAST +
						random_below(POLICIES_MOST - MATCH_INDEX_LEAST),
				cells[random_below(4)], false);
		for (unsigned i = 0; i < PROFILES; i++)
			profile_compare(&catalog);
		catalog_fini(&catalog);
	}
	for (unsigned i = 0; i < OPEN; i++)
		total += seen[i];
	print_message("%lu pairs", total);
	for (unsigned i = 0; i < TRUTHS; i++)
		print_message("; %s %.1f%%, told %.1f%%", truth_names[i],
				100.0 * (double)seen[i] / (double)total,
				100.0 * (double)told[i] / (double)total);
	print_message("\n");
	assert_true(told[OPEN] < total / 2);
	for (unsigned i = 0; i < OPEN; i++)
		assert_true(told[i] > total / 100);
}

/* Many policies, none of them open, with few values lacking and with many. */
static void plain_agrees(void **state)
{
	static struct catalog catalog;
	unsigned long open = told[OPEN];

	(void)state;
	catalog_init(&catalog, PLAIN_POLICIES, 8, true);
	for (unsigned i = 0; i < effort(PLAIN_PROFILES, 40 * PLAIN_PROFILES); i++)
		profile_compare(&catalog);
	catalog_fini(&catalog);
	assert_int_equal(told[OPEN], open);
}

/* Few policies are not worth an index: every one is open. */
static void few_are_open(void **state)
{
	static struct catalog catalog;
	struct match_value values[SLOTS] = { 0 };
	struct match_found found;

	(void)state;
	catalog_init(&catalog, MATCH_INDEX_LEAST - 1, 0, false);
	match_index_find(catalog.work, values, &found);
	assert_int_equal(found.open_count, MATCH_INDEX_LEAST - 1);
	assert_int_equal(found.eligible_count + found.undecided_count, 0);
	for (uint32_t i = 0; i < found.open_count; i++)
		assert_int_equal(found.open[i], i);
	assert_false(match_index_reads(catalog.index, FIRST_FLAG));
	catalog_fini(&catalog);
}

/*
 * A million policies have their room, and as much again for what they ask; that none of it is touched costs little. The index
 * of such a one is made in tests/bench.
 */
static void million_has_room(void **state)
{
	struct evaluation bound = { 0 };
	struct atoms *atoms = atoms_new(&bound);
	size_t count = 1000000;

	(void)state;
	assert_non_null(atoms);
	assert_true(atoms_set_apart(atoms, count, match_index_room(count)));
	assert_non_null(arena_alloc(&atoms->arena, match_index_room(2 * count)));
	atoms_free(atoms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(plain_agrees),
		cmocka_unit_test(few_are_open),
		cmocka_unit_test(million_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
