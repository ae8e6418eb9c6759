/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_workload.h"

#include "base/diagnostics.h"
#include "generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define VALUE_TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define CODES_MOST 128

/* A column of all enterprises, and what a block of it looks like. */
struct whole_column {
	uint64_t *known, *flags;
	int64_t *integers;
	uint32_t *codes;
	uint32_t *starts; /* SWEEP_ROWS + 1 a block, counted from its first entry */
	uint64_t *firsts; /* by block: that entry */
};

struct workload {
	struct workload_options options;
	struct arena arena;
	struct ruleset *ruleset;
	struct made_policy *policies;
	struct made_policy *ordered;
	struct made_enterprise *enterprises;
	bool *known; /* by enterprise and attribute */
	struct whole_column columns[MADE_COUNT];
	struct slice texts[MADE_COUNT][CODES_MOST];
	long block;
	const struct sweep *sweep; /* whose wants these are: */
	int want_attributes[MADE_COUNT];
};

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static char *policy_print(const struct made_policy *policy, struct arena *arena)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = checked(open_memstream(&text, &size));
	char *copy;

	made_policy_print(policy, out);
	(void)fclose(out);
	copy = checked(arena_copy(arena, text, size));
	free(text);
	return copy;
}

static Policycalc__V1__Attribute *attribute_make(int a, struct arena *arena)
{
	Policycalc__V1__Attribute *attribute =
			checked(ARENA_NEW(arena, Policycalc__V1__Attribute));

	policycalc__v1__attribute__init(attribute);
	attribute->name = (char *)made_name(a);
	attribute->period = POLICYCALC__V1__PERIOD__PERIOD_POINT;
	attribute->type = made_type(a) == MADE_CODE   ? VALUE_TYPE(CODE)
			  : made_type(a) == MADE_FLAG ? VALUE_TYPE(FLAG)
			  : made_type(a) == MADE_TAGS ? VALUE_TYPE(CODES)
			  : made_is_money(a)	      ? VALUE_TYPE(MONEY)
			  : made_is_ratio(a)	      ? VALUE_TYPE(RATIO)
						      : VALUE_TYPE(COUNT);
	return attribute;
}

static Policycalc__V1__Policy *policy_make(
		long number, const struct made_policy *policy, struct arena *arena)
{
	Policycalc__V1__Policy *made = checked(ARENA_NEW(arena, Policycalc__V1__Policy));
	Policycalc__V1__Condition *condition =
			checked(ARENA_NEW(arena, Policycalc__V1__Condition));

	policycalc__v1__policy__init(made);
	policycalc__v1__condition__init(condition);
	made->id = checked(arena_format(arena, "w%06ld", number));
	made->window_always = true;
	made->conditions = checked(ARENA_NEW_ARRAY(arena, Policycalc__V1__Condition *, 1));
	made->conditions[0] = condition;
	made->n_conditions = 1;
	condition->id = (char *)"rule";
	condition->role = POLICYCALC__V1__ROLE__ROLE_REQUIRE;
	condition->rule = policy_print(policy, arena);
	return made;
}

static void ruleset_make(struct workload *workload)
{
	size_t count = (size_t)workload->options.policy_count;
	struct catalog catalog = { .content_hash = "", .attribute_count = MADE_COUNT };
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena, (size_t)4 << 30);
	diagnostics_init(&diagnostics, &arena);
	catalog.attributes = checked(
			ARENA_NEW_ARRAY(&arena, Policycalc__V1__Attribute *, MADE_COUNT));
	catalog.policies = checked(ARENA_NEW_ARRAY(&arena, Policycalc__V1__Policy *, count));
	catalog.policy_count = count;
	for (int a = 0; a < MADE_COUNT; a++)
		catalog.attributes[a] = attribute_make(a, &arena);
	for (size_t i = 0; i < count; i++)
		catalog.policies[i] = policy_make((long)i, &workload->policies[i], &arena);
	workload->ruleset = ruleset_new(&catalog, NULL, NULL, &diagnostics, &err);
	if (!workload->ruleset) {
		(void)fprintf(stderr, "%s: %s\n", err.message,
				diagnostics.count ? diagnostics.list[0].message : "");
		exit(1);
	}
	arena_fini(&arena);
}

/* --- enterprises ------------------------------------------------------------------------------- */

static int enterprise_compare(const void *a, const void *b)
{
	const struct made_enterprise *left = a;
	const struct made_enterprise *right = b;

	if (left->values[MADE_COUNTY] != right->values[MADE_COUNTY])
		return left->values[MADE_COUNTY] < right->values[MADE_COUNTY] ? -1 : 1;
	return (left->values[MADE_INDUSTRY] > right->values[MADE_INDUSTRY]) -
	       (left->values[MADE_INDUSTRY] < right->values[MADE_INDUSTRY]);
}

static void enterprises_make(struct workload *workload, const struct generator *generator)
{
	const struct workload_options *options = &workload->options;
	size_t count = (size_t)options->enterprise_count;
	uint64_t random = options->seed + 1;

	workload->enterprises = checked(calloc(count, sizeof(struct made_enterprise)));
	for (size_t i = 0; i < count; i++)
		generator_enterprise(generator, i, &workload->enterprises[i]);
	if (options->sorted)
		qsort(workload->enterprises, count, sizeof(struct made_enterprise),
				enterprise_compare);
	workload->known = checked(calloc(count * MADE_COUNT, sizeof(bool)));
	for (size_t i = 0; i < count * MADE_COUNT; i++)
		workload->known[i] = generator_random(&random, 100) >= options->unknown;
}

#define LARGE_PAGE ((size_t)2 << 20)

/*
 * Zeroed, and in large pages where the machine has them: a registry of 10^7 in pages of 4 KB measures
 * how the machine looks up pages.
 */
static void *column_alloc(size_t count, size_t size)
{
	size_t bytes = (count * size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *memory;

	if (count * size < LARGE_PAGE)
		return checked(calloc(count, size));
	memory = checked(aligned_alloc(LARGE_PAGE, bytes));
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	return memset(memory, 0, bytes);
}

static void column_make(struct workload *workload, int a)
{
	struct whole_column *column = &workload->columns[a];
	size_t count = (size_t)workload->options.enterprise_count;
	size_t blocks = (count + SWEEP_ROWS - 1) / SWEEP_ROWS;
	size_t entries = 0;

	column->known = column_alloc(blocks * SWEEP_WORDS, sizeof(uint64_t));
	column->flags = column_alloc(blocks * SWEEP_WORDS, sizeof(uint64_t));
	for (size_t i = 0; i < count; i++)
		entries += made_type(a) == MADE_TAGS
					   ? (size_t)__builtin_popcountll(
							     (uint64_t)workload->enterprises[i]
									     .values[a])
					   : 1;
	if (made_type(a) == MADE_NUMBER)
		column->integers = column_alloc(blocks * SWEEP_ROWS, sizeof(int64_t));
	if (made_type(a) == MADE_CODE || made_type(a) == MADE_TAGS)
		column->codes = column_alloc(entries + SWEEP_ROWS, sizeof(uint32_t));
	if (made_type(a) == MADE_TAGS) {
		column->starts = column_alloc(blocks * (SWEEP_ROWS + 1), sizeof(uint32_t));
		column->firsts = column_alloc(blocks + 1, sizeof(uint64_t));
	}
	entries = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t value = workload->enterprises[i].values[a];
		uint64_t bit = UINT64_C(1) << (i % 64);
		size_t block = i / SWEEP_ROWS;

		if (workload->known[i * MADE_COUNT + (size_t)a])
			column->known[i / 64] |= bit;
		if (column->integers)
			column->integers[i] = value * made_unit(a);
		else if (made_type(a) == MADE_FLAG)
			column->flags[i / 64] |= value ? bit : 0;
		else if (made_type(a) == MADE_CODE)
			column->codes[i] = (uint32_t)value;
		if (!column->starts)
			continue;
		if (i % SWEEP_ROWS == 0)
			column->firsts[block] = entries;
		column->starts[block * (SWEEP_ROWS + 1) + i % SWEEP_ROWS] =
				(uint32_t)(entries - column->firsts[block]);
		for (uint64_t left = (uint64_t)value; left; left &= left - 1)
			column->codes[entries++] = (uint32_t)__builtin_ctzll(left);
		column->starts[block * (SWEEP_ROWS + 1) + i % SWEEP_ROWS + 1] =
				(uint32_t)(entries - column->firsts[block]);
	}
	for (int v = 0; v < made_code_count(a) && made_type(a) >= MADE_CODE; v++) {
		char text[16];

		workload->texts[a][v] = slice_from(checked(
				arena_copy_text(&workload->arena, made_code(a, v, text))));
	}
}

static int attribute_find(const char *name)
{
	int a = 0;

	while (strcmp(made_name(a), name) != 0)
		a++;
	return a;
}

static bool on_column(void *context, size_t number, struct sweep_column *out_column,
		struct error *err)
{
	struct workload *workload = context;
	int a = workload->want_attributes[number];
	const struct whole_column *column = &workload->columns[a];
	size_t block = (size_t)workload->block;
	size_t first = block * SWEEP_ROWS;

	(void)err;
	*out_column = (struct sweep_column){ .known = column->known + block * SWEEP_WORDS,
		.flags = column->flags + block * SWEEP_WORDS,
		.code_texts = workload->texts[a],
		.code_count = (size_t)made_code_count(a),
		.code_table = (uint64_t)a + 1 };
	if (column->integers)
		out_column->integers = column->integers + first;
	if (column->codes)
		out_column->codes = column->codes +
				    (column->firsts ? column->firsts[block] : first);
	if (column->starts)
		out_column->starts = column->starts + block * (SWEEP_ROWS + 1);
	return true;
}

static bool on_profile(void *context, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	struct workload *workload = context;

	(void)err;
	*out_profile = workload_profile(
			workload, workload->block * SWEEP_ROWS + (long)row, arena);
	return true;
}

/* What stands where a sweep stood before may be another. */
static void wants_find(struct workload *workload, const struct sweep *sweep)
{
	size_t count;
	const struct sweep_want *wants = sweep_wants(sweep, &count);

	if (workload->sweep == sweep && workload->block > 0)
		return;
	for (size_t i = 0; i < count; i++)
		workload->want_attributes[i] = attribute_find(wants[i].attribute);
	workload->sweep = sweep;
}

void workload_source(struct workload *workload, const struct sweep *sweep, long block,
		struct sweep_source *out_source)
{
	long left = workload->options.enterprise_count - block * SWEEP_ROWS;

	workload->block = block;
	wants_find(workload, sweep);
	*out_source = (struct sweep_source){ .context = workload,
		.row_count = left < SWEEP_ROWS ? (unsigned)left : SWEEP_ROWS,
		.column = on_column,
		.profile = on_profile };
}

static Policycalc__V1__Value *value_make(int a, int64_t from, struct arena *arena)
{
	Policycalc__V1__Value *value = checked(ARENA_NEW(arena, Policycalc__V1__Value));
	char text[16];

	policycalc__v1__value__init(value);
	if (made_type(a) == MADE_FLAG) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = from != 0;
	} else if (made_type(a) == MADE_CODE) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = checked(arena_copy_text(arena, made_code(a, (int)from, text)));
	} else if (made_type(a) == MADE_TAGS) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value->codes = checked(ARENA_NEW(arena, Policycalc__V1__CodeList));
		policycalc__v1__code_list__init(value->codes);
		value->codes->codes = checked(ARENA_NEW_ARRAY(arena, char *, 64));
		for (uint64_t left = (uint64_t)from; left; left &= left - 1)
			value->codes->codes[value->codes->n_codes++] = checked(arena_copy_text(
					arena, made_code(a, __builtin_ctzll(left), text)));
	} else if (made_is_money(a)) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = from * made_unit(a);
	} else if (made_is_ratio(a)) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = from * made_unit(a);
	} else {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = from;
	}
	return value;
}

Policycalc__V1__Profile *workload_profile(
		const struct workload *workload, long enterprise, struct arena *arena)
{
	const struct made_enterprise *from = &workload->enterprises[enterprise];
	Policycalc__V1__Profile *profile = checked(ARENA_NEW(arena, Policycalc__V1__Profile));

	policycalc__v1__profile__init(profile);
	profile->attributes = checked(
			ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, MADE_COUNT));
	for (int a = 0; a < MADE_COUNT; a++) {
		Policycalc__V1__AttributeValue *value;

		if (!workload->known[enterprise * MADE_COUNT + a])
			continue;
		value = checked(ARENA_NEW(arena, Policycalc__V1__AttributeValue));
		policycalc__v1__attribute_value__init(value);
		value->name = (char *)made_name(a);
		value->value = value_make(a, from->values[a], arena);
		profile->attributes[profile->n_attributes++] = value;
	}
	return profile;
}

/* --- the straight loop ------------------------------------------------------------------------- */

/* The clauses of each policy, those that few meet first. */
static void policies_order(struct workload *workload)
{
	long sample = workload->options.enterprise_count < 1000
				      ? workload->options.enterprise_count
				      : 1000;
	long step = workload->options.enterprise_count / sample;

	for (long i = 0; i < workload->options.policy_count; i++) {
		struct made_policy *policy = &workload->ordered[i];
		int met[8] = { 0 };

		*policy = workload->policies[i];
		for (int c = 0; c < policy->count; c++) {
			for (long j = 0; j < sample; j++)
				met[c] += made_clause_holds(&policy->clauses[c],
						&workload->enterprises[j * step]);
		}
		for (int c = 1; c < policy->count; c++) {
			for (int k = c; k > 0 && met[k - 1] > met[k]; k--) {
				struct made_clause clause = policy->clauses[k];
				int count = met[k];

				policy->clauses[k] = policy->clauses[k - 1];
				met[k] = met[k - 1];
				policy->clauses[k - 1] = clause;
				met[k - 1] = count;
			}
		}
	}
}

uint64_t workload_mix(long policy, long enterprise)
{
	uint64_t x = (uint64_t)policy * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)enterprise + 1;

	x ^= x >> 29;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	return x ^ (x >> 32);
}

uint64_t workload_loop(
		const struct workload *workload, long first, long count, uint64_t *out_matches)
{
	uint64_t sum = 0;
	uint64_t matches = 0;

	for (long j = first; j < first + count; j++) {
		const struct made_enterprise *enterprise = &workload->enterprises[j];

		for (long i = 0; i < workload->options.policy_count; i++) {
			const struct made_policy *policy = &workload->ordered[i];
			int c = 0;

			while (c < policy->count &&
					made_clause_holds(&policy->clauses[c], enterprise))
				c++;
			if (c < policy->count)
				continue;
			sum += workload_mix(i, j);
			matches++;
		}
	}
	*out_matches = matches;
	return sum;
}

/* --- life -------------------------------------------------------------------------------------- */

struct workload *workload_new(const struct workload_options *options)
{
	struct workload *workload = checked(calloc(1, sizeof(*workload)));
	size_t count = (size_t)options->policy_count;
	struct generator generator;

	workload->options = *options;
	arena_init(&workload->arena, (size_t)64 << 20);
	generator_init(&generator, options->seed, NULL);
	workload->policies = checked(calloc(count, sizeof(struct made_policy)));
	workload->ordered = checked(calloc(count, sizeof(struct made_policy)));
	for (size_t i = 0; i < count; i++)
		generator_policy(&generator, i, &workload->policies[i]);
	enterprises_make(workload, &generator);
	generator_fini(&generator);
	policies_order(workload);
	ruleset_make(workload);
	for (int a = 0; a < MADE_COUNT; a++)
		column_make(workload, a);
	return workload;
}

void workload_free(struct workload *workload)
{
	for (int a = 0; a < MADE_COUNT; a++) {
		free(workload->columns[a].known);
		free(workload->columns[a].flags);
		free(workload->columns[a].integers);
		free(workload->columns[a].codes);
		free(workload->columns[a].starts);
		free(workload->columns[a].firsts);
	}
	ruleset_unref(workload->ruleset);
	free(workload->policies);
	free(workload->ordered);
	free(workload->enterprises);
	free(workload->known);
	arena_fini(&workload->arena);
	free(workload);
}

struct workload *workload_share(const struct workload *workload)
{
	struct workload *shared = checked(malloc(sizeof(*shared)));

	*shared = *workload;
	shared->sweep = NULL;
	return shared;
}

void workload_unshare(struct workload *shared)
{
	free(shared);
}

const struct ruleset *workload_ruleset(const struct workload *workload)
{
	return workload->ruleset;
}
