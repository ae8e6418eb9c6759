/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flips of rules over a small world: a table of what they are, and random arithmetic held against
 * walking figure by figure to the nearest that turns the rule.
 */
#include "rules/flip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { A, B, F, G, CODE, CODES, TITLES, DAY, DERIVED, SUM, RATIO, P, SLOTS };

#define NOON INT64_C(1767196800) /* of some day */
#define LEAST (-40)
#define MOST 40

struct world {
	struct arena arena;
	struct scope *scope;
	struct value values[SLOTS];
	const struct rule *derived, *sum;
	struct evaluation evaluation;
	struct flip_world face;
};

static const struct scope_ratio ratio = { .num_slot = A, .den_slot = B };

static void derive(struct world *world)
{
	world->values[DERIVED] = rule_evaluate(world->derived, &world->evaluation);
	world->values[SUM] = rule_evaluate(world->sum, &world->evaluation);
}

/* F goes only up, G only down; all others both ways. */
static bool reach(void *context, int slot, struct flip_reach *out_reach)
{
	(void)context;
	out_reach->up = slot != G;
	out_reach->down = slot != F;
	out_reach->least = LEAST;
	out_reach->most = MOST;
	out_reach->has_until = true;
	out_reach->until = NOON;
	return true;
}

static const struct rule *behind(void *context, int slot)
{
	const struct world *world = context;

	return slot == DERIVED ? world->derived : slot == SUM ? world->sum : NULL;
}

static void set(void *context, int slot, struct value value)
{
	struct world *world = context;

	world->values[slot] = value;
	derive(world);
}

static void scope_put(struct world *world, const char *name, const struct type *type, int slot)
{
	struct scope_name entry = { .name = slice_from(name),
		.type = type,
		.dimension = DIMENSION_FREE,
		.role = slot == P ? SCOPE_PARAMETER : SCOPE_ATTRIBUTE,
		.slot = slot,
		.ratio = slot == RATIO ? &ratio : NULL };

	assert_true(scope_add(world->scope, &entry));
}

static const struct rule *compile(struct world *world, const char *text)
{
	struct rule_options options = { .path = "test" };
	struct diagnostics diagnostics;
	const struct rule *rule;

	diagnostics_init(&diagnostics, &world->arena);
	rule = rule_compile(
			slice_from(text), world->scope, &options, &world->arena, &diagnostics);
	if (!rule)
		print_message("%s: %s\n", text, diagnostics.list[0].message);
	assert_non_null(rule);
	return rule;
}

static struct value number(int64_t integer)
{
	return (struct value){ .kind = VALUE_INT, .integer = integer };
}

static struct value text(const char *code)
{
	return (struct value){ .kind = VALUE_STRING, .text = slice_from(code) };
}

static void world_init(struct world *world)
{
	static struct value codes[1], titles[2];

	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, (size_t)64 << 20);
	world->scope = scope_new();
	assert_non_null(world->scope);
	scope_put(world, "a", &type_int, A);
	scope_put(world, "b", &type_int, B);
	scope_put(world, "f", &type_bool, F);
	scope_put(world, "g", &type_bool, G);
	scope_put(world, "code", &type_string, CODE);
	scope_put(world, "codes", &type_list_string, CODES);
	scope_put(world, "titles", &type_map_string_timestamp, TITLES);
	scope_put(world, "day", &type_timestamp, DAY);
	scope_put(world, "derived", &type_bool, DERIVED);
	scope_put(world, "sum", &type_int, SUM);
	scope_put(world, "ratio", &type_int, RATIO);
	scope_put(world, "p", &type_int, P);
	world->derived = compile(world, "a >= 10 && f");
	world->sum = compile(world, "a + b");
	codes[0] = text("x");
	titles[0] = text("x");
	titles[1] = (struct value){ .kind = VALUE_TIMESTAMP, .timestamp = { .seconds = NOON } };
	world->values[A] = number(5);
	world->values[B] = number(20);
	world->values[F] = (struct value){ .kind = VALUE_BOOL };
	world->values[G] = (struct value){ .kind = VALUE_BOOL, .boolean = true };
	world->values[CODE] = text("x");
	world->values[CODES] = (struct value){ .kind = VALUE_LIST, .list = { codes, 1 } };
	world->values[TITLES] = (struct value){ .kind = VALUE_MAP, .list = { titles, 1 } };
	world->values[DAY] = titles[1];
	world->values[P] = number(30);
	world->evaluation = (struct evaluation){
		.values = world->values, .value_count = SLOTS, .arena = &world->arena
	};
	world->face = (struct flip_world){ .context = world,
		.evaluation = &world->evaluation,
		.reach = reach,
		.behind = behind,
		.set = set };
	derive(world);
}

static void world_fini(struct world *world)
{
	scope_free(world->scope);
	arena_fini(&world->arena);
}

/* "a=10/10 f=yes codes+y": slot, target, and for figures the threshold. */
static const char *flips_text(struct world *world, const struct flip *flips, size_t count)
{
	static const char *const names[] = { "a", "b", "f", "g", "code", "codes", "titles",
		"day" };
	const char *out = "";

	for (size_t i = 0; i < count; i++) {
		const struct flip *flip = &flips[i];
		const char *name = names[flip->slot];
		const char *one;

		switch ((int)flip->target.kind) {
		case VALUE_BOOL:
			one = arena_format(&world->arena, "%s=%s", name,
					flip->target.boolean ? "yes" : "no");
			break;
		case VALUE_INT:
			one = arena_format(&world->arena, "%s=%lld/%lld", name,
					(long long)flip->target.integer,
					(long long)flip->threshold);
			break;
		case VALUE_TIMESTAMP:
			one = arena_format(&world->arena, "%s%+lldd", name,
					(long long)(flip->target.timestamp.seconds - NOON) /
							86400);
			break;
		default:
			one = arena_format(&world->arena, "%s%c%.*s", name,
					flip->slot == CODE ? '='
					: flip->removes	   ? '-'
							   : '+',
					(int)flip->target.text.size, flip->target.text.data);
			break;
		}
		out = arena_format(&world->arena, "%s%s%s", out, i ? " " : "", one);
	}
	return out;
}

static void table(void **state)
{
	static const struct {
		const char *rule;
		bool want;
		const char *flips;
	} cases[] = {
		/* a is 5, b is 20, p is 30; f is no and only goes up, g is yes and only goes down. */
		{ "a >= 10", true, "a=10/10" },
		{ "a > 10", true, "a=11/10" },
		{ "10 < a", true, "a=11/10" },
		{ "a <= 3", true, "a=3/3" },
		{ "a < 3", true, "a=2/3" },
		{ "a == 7", true, "a=7/7" },
		{ "a != 5", true, "a=6/5 a=4/5" },
		{ "a >= p", true, "a=30/30" },
		{ "a >= 5", true, "" },
		{ "a >= 5", false, "a=4/5" },
		{ "!(a >= 5)", true, "a=4/5" },
		{ "a >= 41", true, "" }, /* out of reach */
		{ "f", true, "f=yes" },
		{ "g", false, "g=no" },
		{ "f || g", false, "g=no" },
		{ "!f && !g", true, "g=no" },
		{ "a >= 10 || f", true, "a=10/10 f=yes" },
		/* Both are needed, so that the one with fewer ways is enough to go on from. */
		{ "(a >= 10 || f) && b >= 25", true, "b=25/25" },
		{ "a >= 41 && f", true, "" },
		{ "f ? a >= 10 : b >= 25", true, "b=25/25 f=yes" },
		/* Arithmetic between: exact to the whole figure. */
		{ "a + b >= 30", true, "a=10/10 b=25/25" },
		{ "a - b > -10", true, "a=11/11 b=14/14" },
		{ "3 * a >= 22", true, "a=8/8" },
		{ "a / 3 >= 5", true, "a=15/15" },
		{ "money.mulDiv(a, 10, 3, \"up\") >= 20", true, "a=6/6" },
		{ "money.mulDiv(a, 10, 3, \"down\") >= 20", true, "a=6/6" },
		{ "money.mulDiv(a, 1, 3, \"half_up\") >= 3", true, "a=8/8" },
		{ "a >= b", true, "a=20/20 b=5/5" },
		/* A quotient: 5 / 20 is 25%. */
		{ "ratio >= 260000", true, "a=6/6 b=19/19" },
		{ "ratio < 250000", true, "a=4/4 b=21/21" },
		/* What is derived turns by what it is made of. */
		{ "derived", true, "a=10/10" },
		{ "sum >= 28", true, "a=8/8 b=23/23" },
		/* Codes. */
		{ "code == \"y\"", true, "code=y" },
		{ "code in [\"y\", \"z\"]", true, "code=y code=z" },
		{ "\"y\" in codes", true, "codes+y" },
		{ "\"x\" in codes", false, "codes-x" },
		{ "\"y\" in titles", true, "titles+y" },
		{ "titles[\"x\"] > timestamp(\"2030-01-01T00:00:00+08:00\")", true,
				"titles+x" },
		{ "titles[\"x\"] >= timestamp(\"2030-01-01T00:00:00+08:00\")", true,
				"titles+x" },
		{ "day > timestamp(\"2026-01-02T00:00:00+08:00\")", true, "day+2d" },
	};
	struct world world;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct flip flips[FLIPS_MOST];
		size_t count;
		struct value before[SLOTS];
		const char *found;

		world_init(&world);
		memcpy(before, world.values, sizeof(before));
		count = rule_flips(compile(&world, cases[i].rule), cases[i].want, true,
				&world.face, flips);
		found = flips_text(&world, flips, count);
		if (strcmp(found, cases[i].flips) != 0)
			print_message("%s to be %d\n", cases[i].rule, cases[i].want);
		assert_string_equal(found, cases[i].flips);
		/* Trying leaves everything as it was. */
		for (int slot = 0; slot < DERIVED; slot++)
			assert_memory_equal(&before[slot], &world.values[slot],
					sizeof(before[slot]));
		world_fini(&world);
	}
}

/* What is not known is not changed, and settles nothing when it must be known. */
static void unknown(void **state)
{
	struct flip flips[FLIPS_MOST];
	struct world world;

	(void)state;
	world_init(&world);
	world.values[F] = (struct value){ 0 };
	derive(&world);
	assert_int_equal(rule_flips(compile(&world, "f"), true, true, &world.face, flips), 0);
	assert_int_equal(rule_flips(compile(&world, "a >= 10 && f"), true, true, &world.face,
					 flips),
			0);
	/* "Not known to be no" is reached without f. */
	assert_int_equal(rule_flips(compile(&world, "a >= 10 && f"), true, false, &world.face,
					 flips),
			1);
	assert_int_equal(rule_flips(compile(&world, "f || a >= 10"), true, true, &world.face,
					 flips),
			1);
	world_fini(&world);
}

/* --- against walking -------------------------------------------------------------------------- */

static uint64_t seed = 20261127;

static unsigned random_below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % limit;
}

/* Monotone in a: sums, products with a constant, mulDiv, a quotient, and derived sums. */
static const char *side_make(struct world *world, unsigned depth)
{
	struct arena *arena = &world->arena;

	switch (depth ? random_below(7) : random_below(3)) {
	case 0:
		return "a";
	case 1:
		return "sum";
	case 2:
		return arena_format(arena, "(a + %u)", random_below(9));
	case 3:
		return arena_format(arena, "(%s * %u)", side_make(world, depth - 1),
				1 + random_below(4));
	case 4:
		return arena_format(arena, "money.mulDiv(%s, %u, %u, \"%s\")",
				side_make(world, depth - 1), 1 + random_below(9),
				1 + random_below(9),
				(const char *const[]){
						"down", "half_up", "up" }[random_below(3)]);
	case 5:
		return arena_format(arena, "(%s / %u)", side_make(world, depth - 1),
				1 + random_below(5));
	default:
		return arena_format(arena, "(%u - %s)", random_below(50),
				side_make(world, depth - 1));
	}
}

/* The nearest figures of a at which the rule is true, on either side; MOST + 1: none. */
static void walk(struct world *world, const struct rule *rule, int64_t *out_up,
		int64_t *out_down)
{
	int64_t from = world->values[A].integer;
	int64_t found[2] = { MOST + 1, MOST + 1 };

	for (int side = 0; side < 2; side++) {
		for (int64_t at = from; at <= MOST && at >= LEAST; at += side ? -1 : 1) {
			struct value value;

			set(world, A, number(at));
			value = rule_evaluate(rule, &world->evaluation);
			if (value.kind == VALUE_BOOL && value.boolean) {
				found[side] = at;
				break;
			}
		}
	}
	set(world, A, number(from));
	*out_up = found[0];
	*out_down = found[1];
}

static void nearest(void **state)
{
	static const char *const relations[] = { "<", "<=", ">", ">=" };
	unsigned turned = 0, total = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		struct flip flips[FLIPS_MOST];
		struct world world;
		const struct rule *rule;
		int64_t up, down;
		size_t count;
		const char *written;

		world_init(&world);
		set(&world, A, number((int64_t)random_below(2 * MOST + 1) + LEAST));
		set(&world, B, number(random_below(20)));
		written = random_below(4) == 0 ? arena_format(&world.arena, "ratio %s %u",
								 relations[random_below(4)],
								 random_below(3000000))
					       : arena_format(&world.arena, "%s %s %u",
								 side_make(&world, 2),
								 relations[random_below(4)],
								 random_below(60));
		rule = compile(&world, written);
		walk(&world, rule, &up, &down);
		count = rule_flips(rule, true, true, &world.face, flips);
		total++;
		for (size_t i = 0; i < count; i++) {
			if (flips[i].slot != A)
				continue;
			if (flips[i].target.integer != up && flips[i].target.integer != down)
				print_message("%s at %lld\n", written,
						(long long)world.values[A].integer);
			assert_true(flips[i].target.integer == up ||
					flips[i].target.integer == down);
			turned++;
			up = down = MOST + 1;
		}
		/* A rule that is true needs none; one that a would turn must have one. An error at
		 * the start (a zero divisor) is not walked away from by arithmetic. */
		{
			struct value now = rule_evaluate(rule, &world.evaluation);

			if (now.kind == VALUE_BOOL && !now.boolean &&
					(up <= MOST || down <= MOST))
				fail_msg("%s at %lld: missed %lld or %lld", written,
						(long long)world.values[A].integer,
						(long long)up, (long long)down);
		}
		world_fini(&world);
	}
	print_message("%u rules, %u%% turned by a\n", total, turned * 100 / total);
	assert_true(turned * 10 >= total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(unknown),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
