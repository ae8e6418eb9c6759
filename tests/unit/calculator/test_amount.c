/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts against a naive second calculation: random amounts of every shape, random partial profiles.
 * What is said of a partial profile holds the amount of every completion of it; of a complete one it
 * is that amount. Raising a cap or the base never lowers it.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "fixture.h"
#include "random.h"

#include "base/wide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MONEYS 3
#define FLAGS 3
#define NAMES (MONEYS + FLAGS)
#define MONEY_MOST 100000
#define PARTS_MOST 3
#define PPM 1000000
#define INSTANCES 300
#define PROFILES 12
#define COMPLETIONS 12

static const char *dictionary;

static unsigned instance_count(void)
{
	return getenv("POLICYCALC_LONG") ? INSTANCES * 10 : INSTANCES;
}

/* --- the model -------------------------------------------------------------------------------- */

enum figure_kind {
	FIGURE_CONSTANT,
	FIGURE_MONEY,
	FIGURE_PICK, /* e.f1 ? a : b */
};

struct figure {
	enum figure_kind kind;
	int64_t constant;
	unsigned name; /* of MONEY; of the flag */
	struct figure *yes, *no;
};

enum shape {
	SHAPE_RULE,
	SHAPE_RATE,
	SHAPE_BRACKETS,
	SHAPE_TIERS,
	SHAPE_COUNT,
};

struct part {
	struct figure *figure; /* rate, sum or limit */
	struct figure *end;    /* of a bracket; NULL: none */
	int flag;	       /* -1: always */
	bool of_year;
};

struct model {
	enum shape shape;
	struct figure *base, *rate;
	struct part parts[PARTS_MOST];
	size_t part_count;
	struct part caps[PARTS_MOST];
	size_t cap_count;
	bool highest;
	int rounding; /* 0 down, 1 half up, 2 up */
	int64_t unit;
	int months; /* 0: once */
	bool yearly;
};

/* @depth 0: a constant or an attribute. With @attributes, MONEY may be read. */
static struct figure *figure_make(
		struct arena *arena, unsigned most, bool attributes, unsigned depth)
{
	struct figure *figure = ARENA_NEW(arena, struct figure);
	unsigned pick = random_below(6);

	assert_non_null(figure);
	figure->constant = random_below(most);
	if (depth && pick < 2) {
		figure->kind = FIGURE_PICK;
		figure->name = random_below(FLAGS);
		figure->yes = figure_make(arena, most, attributes, depth - 1);
		figure->no = figure_make(arena, most, attributes, depth - 1);
	} else if (attributes && pick < 5) {
		figure->kind = FIGURE_MONEY;
		figure->name = random_below(MONEYS);
	}
	return figure;
}

static const char *figure_text(const struct figure *figure, bool money, struct arena *arena)
{
	switch (figure->kind) {
	case FIGURE_CONSTANT:
		/* Fen, written as a part of yuan, since bare figures are no money. */
		return money ? arena_format(arena, "money.mulDiv(yuan(1), %lld, 100, \"down\")",
					       (long long)figure->constant)
			     : arena_format(arena, "%lld", (long long)figure->constant);
	case FIGURE_MONEY:
		return arena_format(arena, "e.m%u", figure->name);
	case FIGURE_PICK:
	default:
		return arena_format(arena, "(e.f%u ? %s : %s)", figure->name,
				figure_text(figure->yes, money, arena),
				figure_text(figure->no, money, arena));
	}
}

/* Values: moneys first, then flags; -1 is unknown. */
static int64_t figure_value(const struct figure *figure, const int *values)
{
	switch (figure->kind) {
	case FIGURE_CONSTANT:
		return figure->constant;
	case FIGURE_MONEY:
		return values[figure->name];
	case FIGURE_PICK:
	default:
		return figure_value(values[MONEYS + figure->name] ? figure->yes : figure->no,
				values);
	}
}

static void part_make(struct part *part, struct arena *arena, unsigned most, bool attributes)
{
	part->figure = figure_make(arena, most, attributes, 1);
	part->flag = random_below(2) ? (int)random_below(FLAGS) : -1;
}

/* @plain: the base is e.m0, and nothing else reads it. */
static void model_make(struct model *model, struct arena *arena, bool plain)
{
	static const int terms[] = { 0, 0, 12, 24, 30 };

	memset(model, 0, sizeof(*model));
	model->shape = plain ? (enum shape)(SHAPE_RATE + random_below(2))
			     : (enum shape)random_below(SHAPE_COUNT);
	model->base = figure_make(arena, MONEY_MOST, !plain, 1);
	if (plain)
		*model->base = (struct figure){ .kind = FIGURE_MONEY };
	model->rate = figure_make(arena, PPM, false, 1);
	model->part_count = 1 + random_below(PARTS_MOST);
	for (size_t i = 0; i < model->part_count; i++) {
		struct part *part = &model->parts[i];

		if (model->shape == SHAPE_TIERS) {
			part_make(part, arena, MONEY_MOST, true);
			continue;
		}
		part_make(part, arena, PPM, false);
		if (i + 1 < model->part_count || random_below(2))
			part->end = figure_make(arena, MONEY_MOST, !plain, 1);
	}
	model->cap_count = random_below(PARTS_MOST + 1);
	model->highest = random_below(2);
	model->months = terms[random_below(5)];
	model->yearly = model->months > 12 && random_below(2);
	for (size_t i = 0; i < model->cap_count; i++) {
		part_make(&model->caps[i], arena, MONEY_MOST, !plain);
		model->caps[i].of_year = model->months > 12 && random_below(2);
	}
	model->rounding = (int)random_below(3);
	model->unit = random_below(2) ? 1 : 100;
}

static const char *model_lines(const struct model *model, struct arena *arena)
{
	static const char *const modes[] = { "DOWN", "HALF_UP", "UP" };
	const char *lines = "";

	for (unsigned i = 0; i < MONEYS; i++)
		lines = arena_format(arena, "%sattribute m%u MONEY from 0 to %d\n", lines, i,
				MONEY_MOST);
	for (unsigned i = 0; i < FLAGS; i++)
		lines = arena_format(arena, "%sattribute f%u FLAG\n", lines, i);
	lines = arena_format(arena, "%spolicy x\nwindow always\n", lines);
	if (model->shape == SHAPE_RULE)
		lines = arena_format(arena, "%spays %s\n", lines,
				figure_text(model->base, true, arena));
	if (model->shape == SHAPE_RATE || model->shape == SHAPE_BRACKETS)
		lines = arena_format(arena, "%sbase %s\n", lines,
				figure_text(model->base, true, arena));
	if (model->shape == SHAPE_RATE)
		lines = arena_format(arena, "%srate %s\n", lines,
				figure_text(model->rate, false, arena));
	for (size_t i = 0; i < model->part_count; i++) {
		const struct part *part = &model->parts[i];

		if (model->shape == SHAPE_BRACKETS)
			lines = arena_format(arena, "%sbracket %s%s rate %s\n", lines,
					part->end ? "to " : "",
					part->end ? figure_text(part->end, true, arena) : "",
					figure_text(part->figure, false, arena));
		if (model->shape == SHAPE_TIERS)
			lines = arena_format(arena,
					part->flag < 0 ? "%stier %s\n"
						       : "%stier %s when e.f%d\n",
					lines, figure_text(part->figure, true, arena),
					part->flag);
	}
	lines = arena_format(arena, "%scaps %s\n", lines, model->highest ? "highest" : "all");
	for (size_t i = 0; i < model->cap_count; i++) {
		const struct part *cap = &model->caps[i];

		lines = arena_format(arena, "%scap %s", lines,
				figure_text(cap->figure, true, arena));
		if (cap->flag >= 0)
			lines = arena_format(arena, "%s when e.f%d", lines, cap->flag);
		lines = arena_format(arena, "%s%s\n", lines, cap->of_year ? " of year" : "");
	}
	lines = arena_format(arena, "%sround %s %lld.%02lld元\n", lines, modes[model->rounding],
			(long long)model->unit / 100, (long long)model->unit % 100);
	if (model->months)
		lines = arena_format(arena, "%sterm %d %s\n", lines, model->months,
				model->yearly ? "yearly" : "");
	return lines;
}

/* --- naively ---------------------------------------------------------------------------------- */

/* In fen times a million. */
static wide_int model_sum(const struct model *model, const int *values)
{
	wide_int base = figure_value(model->base, values);
	wide_int sum = 0;
	wide_int from = 0;

	switch (model->shape) {
	case SHAPE_RULE:
		return base * PPM;
	case SHAPE_RATE:
		return base * figure_value(model->rate, values);
	case SHAPE_TIERS:
		for (size_t i = 0; i < model->part_count; i++) {
			const struct part *tier = &model->parts[i];
			wide_int own = figure_value(tier->figure, values) * (wide_int)PPM;

			if ((tier->flag < 0 || values[MONEYS + tier->flag]) && own > sum)
				sum = own;
		}
		return sum;
	case SHAPE_BRACKETS:
	case SHAPE_COUNT:
	default:
		for (size_t i = 0; i < model->part_count; i++) {
			const struct part *part = &model->parts[i];
			wide_int end = part->end ? figure_value(part->end, values) : base;

			end = end < base ? end : base;
			if (end <= from)
				continue;
			sum += (end - from) * figure_value(part->figure, values);
			from = end;
		}
		return sum;
	}
}

static int64_t model_round(const struct model *model, wide_int sum)
{
	wide_int step = (wide_int)model->unit * PPM;
	wide_int whole = sum / step;
	wide_int rest = sum % step;

	if ((model->rounding == 1 && rest * 2 >= step) || (model->rounding == 2 && rest))
		whole++;
	return (int64_t)(whole * model->unit);
}

/* The cap of the year, or of the whole; -1 when there is none. */
static int64_t model_cap(const struct model *model, const int *values, bool of_year)
{
	int64_t limit = -1;

	for (size_t i = 0; i < model->cap_count; i++) {
		const struct part *cap = &model->caps[i];
		int64_t own = figure_value(cap->figure, values);

		if (cap->of_year != of_year || (cap->flag >= 0 && !values[MONEYS + cap->flag]))
			continue;
		if (limit < 0 || (model->highest ? own > limit : own < limit))
			limit = own;
	}
	return limit;
}

struct paid {
	int64_t whole, year;
};

static int64_t lower(int64_t figure, int64_t limit)
{
	return limit >= 0 && limit < figure ? limit : figure;
}

static struct paid model_pays(const struct model *model, const int *values)
{
	wide_int sum = model_sum(model, values);
	int64_t months = model->months > 12 ? model->months : 12;
	int64_t year_cap = model_cap(model, values, true);
	int64_t cap = model_cap(model, values, false);
	struct paid paid;

	/* One rounding of the exact figure: times months by 12, in units of a twelfth. */
	paid.whole = model_round(model, sum);
	paid.year = paid.whole;
	if (model->yearly) {
		wide_int step = (wide_int)model->unit * PPM * 12;
		wide_int rest = sum * months % step;

		paid.whole = (int64_t)(sum * months / step * model->unit);
		if ((model->rounding == 1 && rest * 2 >= step) ||
				(model->rounding == 2 && rest))
			paid.whole += model->unit;
	}
	if (year_cap >= 0) {
		paid.year = lower(paid.year, year_cap);
		paid.whole = lower(paid.whole, year_cap * months / 12);
	}
	paid.whole = lower(paid.whole, cap);
	if (months == 12) {
		paid.year = paid.whole;
	} else if (model->yearly) {
		paid.year = lower(paid.year, paid.whole);
	} else {
		wide_int step = (wide_int)model->unit * months;
		wide_int even = (wide_int)paid.whole * 12;
		wide_int rest = even % step;
		int64_t share = (int64_t)(even / step * model->unit);

		if ((model->rounding == 1 && rest * 2 >= step) ||
				(model->rounding == 2 && rest))
			share += model->unit;
		paid.year = lower(paid.year, share);
	}
	return paid;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The answer for a profile; every tenth is asked twice, and the bytes compared. */
static struct amount_ends ask(struct ruleset *ruleset, const int *values)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	struct facts_sent sent = sent_of_profile(&profile);
	Policycalc__V1__MatchResponse *response;
	struct arena call;
	struct amount_ends ends;

	arena_init(&call, (size_t)8 << 20);
	for (unsigned i = 0; i < NAMES; i++) {
		if (values[i] < 0)
			continue;
		if (i < MONEYS)
			send_money(sent, arena_format(&call, "m%u", i), values[i], &call);
		else
			send_flag(sent, arena_format(&call, "f%u", i - MONEYS), values[i],
					&call);
	}
	response = fixture_match(ruleset, &profile, &call);
	ends = fixture_ends(response->answers[0]->amount);
	if (random_below(10) == 0) {
		size_t size = protobuf_c_message_get_packed_size(&response->base);
		Policycalc__V1__MatchResponse *again = fixture_match(ruleset, &profile, &call);
		uint8_t *first = arena_alloc(&call, size + 1);
		uint8_t *second = arena_alloc(&call, size + 1);

		assert_int_equal(protobuf_c_message_get_packed_size(&again->base), size);
		protobuf_c_message_pack(&response->base, first);
		protobuf_c_message_pack(&again->base, second);
		assert_memory_equal(first, second, size);
	}
	arena_fini(&call);
	return ends;
}

static void values_make(int *values, unsigned known)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (random_below(10) < known)
			values[i] = (int)random_below(i < MONEYS ? MONEY_MOST + 1 : 2);
		else
			values[i] = -1;
	}
}

static struct ruleset *ruleset_of(
		struct case_file *file, struct arena *arena, const char *lines)
{
	const char *mistake = NULL;
	struct ruleset *ruleset;

	memset(file, 0, sizeof(*file));
	fixture_read(file, arena, dictionary, lines);
	ruleset = fixture_compile(file, &mistake);
	if (!ruleset)
		print_error("%s\n%s\n", mistake ? mistake : "?", lines);
	assert_non_null(ruleset);
	return ruleset;
}

/* --- properties ------------------------------------------------------------------------------- */

static void contains_every_completion(void **state)
{
	unsigned bounded = 0, exact = 0, total = 0;

	(void)state;
	random_begin(20261126);
	for (unsigned n = 0; n < instance_count(); n++) {
		struct case_file file;
		struct model model;
		struct arena arena;
		struct ruleset *ruleset;
		const char *lines;

		arena_init(&arena, (size_t)16 << 20);
		model_make(&model, &arena, false);
		lines = model_lines(&model, &arena);
		ruleset = ruleset_of(&file, &arena, lines);
		for (unsigned round = 0; round < PROFILES; round++) {
			int values[NAMES];
			struct amount_ends partial;

			values_make(values, 1 + random_below(9));
			partial = ask(ruleset, values);
			total++;
			bounded += partial.bounded;
			exact += partial.least == partial.most;
			for (unsigned k = 0; k < COMPLETIONS; k++) {
				int complete[NAMES];
				struct paid paid;
				struct amount_ends ends;

				values_make(complete, 10);
				for (unsigned i = 0; i < NAMES; i++)
					complete[i] = values[i] < 0 ? complete[i] : values[i];
				paid = model_pays(&model, complete);
				if (paid.whole < partial.least || paid.whole > partial.most ||
						paid.year < partial.year_least ||
						paid.year > partial.year_most)
					print_error("%lld, %lld not within\n%s",
							(long long)paid.whole,
							(long long)paid.year, lines);
				assert_in_range(paid.whole, partial.least, partial.most);
				assert_in_range(paid.year, partial.year_least,
						partial.year_most);
				if (k > 0)
					continue;
				ends = ask(ruleset, complete);
				if (ends.least != paid.whole || ends.year_least != paid.year)
					print_error("%s", lines);
				assert_int_equal(ends.least, paid.whole);
				assert_int_equal(ends.most, paid.whole);
				assert_int_equal(ends.year_least, paid.year);
				assert_int_equal(ends.year_most, paid.year);
			}
		}
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	/* An interval from nothing to anything would hold every completion too. */
	print_message("bounded above %u%%, exact %u%%\n", bounded * 100 / total,
			exact * 100 / total);
	assert_true(bounded == total);
	assert_true(exact * 100 >= total * 20);
}

static void raising_never_lowers(void **state)
{
	(void)state;
	random_begin(20261127);
	for (unsigned n = 0; n < instance_count(); n++) {
		struct case_file files[2];
		struct ruleset *rulesets[2];
		struct model model;
		struct arena arena;
		struct figure *raised;

		arena_init(&arena, (size_t)16 << 20);
		model_make(&model, &arena, true);
		rulesets[0] = ruleset_of(&files[0], &arena, model_lines(&model, &arena));
		raised = figure_make(&arena, 1, false, 0);
		if (model.cap_count) {
			raised = model.caps[0].figure;
			raised = raised->kind == FIGURE_PICK ? raised->yes : raised;
		}
		if (raised->kind == FIGURE_CONSTANT)
			raised->constant += random_below(MONEY_MOST);
		rulesets[1] = ruleset_of(&files[1], &arena, model_lines(&model, &arena));
		for (unsigned round = 0; round < PROFILES; round++) {
			int values[NAMES];
			struct amount_ends before, after;

			values_make(values, 4 + random_below(7));
			before = ask(rulesets[0], values);
			after = ask(rulesets[1], values);
			assert_true(after.least >= before.least && after.most >= before.most);
			assert_true(after.year_least >= before.year_least &&
					after.year_most >= before.year_most);
			if (values[0] < 0)
				continue;
			values[0] += (int)random_below((unsigned)(MONEY_MOST - values[0]) + 1);
			after = ask(rulesets[0], values);
			assert_true(after.least >= before.least && after.most >= before.most);
			assert_true(after.year_least >= before.year_least &&
					after.year_most >= before.year_most);
		}
		ruleset_unref(rulesets[0]);
		ruleset_unref(rulesets[1]);
		arena_fini(&arena);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contains_every_completion),
		cmocka_unit_test(raising_never_lowers),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
