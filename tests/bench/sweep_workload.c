/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_workload.h"

#include "workload.h"

#include "base/diagnostics.h"

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
	policy_t *policies;
	policy_t *ordered;
	ent_t *enterprises;
	bool *known; /* by enterprise and attribute */
	struct whole_column columns[NATTR];
	struct slice texts[NATTR][CODES_MOST];
	long block;
	const struct sweep *sweep;
};

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static bool is_money(int a)
{
	return a == A_REVENUE || a == A_RD_EXPENSE || a == A_TAX || a == A_ASSETS ||
	       a == A_INVEST || a == A_EQUIP || a == A_EXPORT || a == A_REGCAP;
}

static bool is_ratio(int a)
{
	return a == A_RD_INTENSITY || a == A_RD_STAFF || a == A_COLLEGE || a == A_DEBT ||
	       a == A_GROWTH || a == A_MAINSHARE;
}

static int64_t unit_of(int a)
{
	return is_money(a) ? 1000000 : is_ratio(a) ? 1000 : 1;
}

/* --- policies as text -------------------------------------------------------------------------- */

static void bound_write(FILE *out, int a, bool least, int32_t bound)
{
	if (is_money(a))
		(void)fprintf(out, "e.%s %s wan(%d)", ADEF[a].name, least ? ">=" : "<=", bound);
	else if (is_ratio(a) && !least)
		(void)fprintf(out, "e.%s < %lld", ADEF[a].name, ((long long)bound + 1) * 1000);
	else
		(void)fprintf(out, "e.%s %s %lld", ADEF[a].name,
				least ? ">=" : "<=", (long long)bound * unit_of(a));
}

static void values_write(FILE *out, const atom_t *atom)
{
	const char *joint = "[";
	char text[16];

	for (int v = 0; v < ADEF[atom->attr].nval; v++) {
		if (!((atom->m[v >> 6] >> (v & 63)) & 1))
			continue;
		(void)fprintf(out, "%s\"%s\"", joint, val_name(atom->attr, v, text));
		joint = ", ";
	}
	(void)fprintf(out, "]");
}

static void atom_write(FILE *out, const atom_t *atom)
{
	const char *name = ADEF[atom->attr].name;
	const char *joint = "(";
	char text[16];

	switch (atom->op) {
	case OP_GE:
		bound_write(out, atom->attr, true, atom->lo);
		break;
	case OP_LE:
		bound_write(out, atom->attr, false, atom->hi);
		break;
	case OP_BETWEEN:
		(void)fprintf(out, "(");
		bound_write(out, atom->attr, true, atom->lo);
		(void)fprintf(out, " && ");
		bound_write(out, atom->attr, false, atom->hi);
		(void)fprintf(out, ")");
		break;
	case OP_BOOL:
		(void)fprintf(out, "%se.%s", atom->lo ? "" : "!", name);
		break;
	case OP_IN:
		(void)fprintf(out, "e.%s in ", name);
		values_write(out, atom);
		break;
	case OP_TAG_ANY:
		values_write(out, atom);
		(void)fprintf(out, ".exists(t, t in e.%s)", name);
		break;
	default:
		for (int v = 0; v < ADEF[atom->attr].nval; v++) {
			if (!((atom->m[0] >> v) & 1))
				continue;
			(void)fprintf(out, "%s\"%s\" in e.%s", joint,
					val_name(atom->attr, v, text), name);
			joint = " && ";
		}
		(void)fprintf(out, ")");
		break;
	}
}

static char *policy_print(const policy_t *policy, struct arena *arena)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = checked(open_memstream(&text, &size));
	char *copy;

	for (int c = 0; c < policy->n; c++) {
		const clause_t *clause = &policy->c[c];
		bool negated = clause->kind == C_NOT || clause->kind == C_NOTAND;

		(void)fprintf(out, "%s%s(", c ? " && " : "", negated ? "!" : "");
		for (int x = 0; x < clause->n; x++) {
			if (x)
				(void)fprintf(out, clause->kind == C_OR ? " || " : " && ");
			atom_write(out, &clause->a[x]);
		}
		(void)fprintf(out, ")");
	}
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
	attribute->name = (char *)ADEF[a].name;
	attribute->period = POLICYCALC__V1__PERIOD__PERIOD_POINT;
	attribute->type = ADEF[a].t == T_STR	? VALUE_TYPE(CODE)
			  : ADEF[a].t == T_BOOL ? VALUE_TYPE(FLAG)
			  : ADEF[a].t == T_TAGS ? VALUE_TYPE(CODES)
			  : is_money(a)		? VALUE_TYPE(MONEY)
			  : is_ratio(a)		? VALUE_TYPE(RATIO)
						: VALUE_TYPE(COUNT);
	return attribute;
}

static Policycalc__V1__Policy *policy_make(
		long number, const policy_t *policy, struct arena *arena)
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
	struct catalog catalog = { .content_hash = "", .attribute_count = NATTR };
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct arena arena;

	arena_init(&arena, (size_t)4 << 30);
	diagnostics_init(&diagnostics, &arena);
	catalog.attributes =
			checked(ARENA_NEW_ARRAY(&arena, Policycalc__V1__Attribute *, NATTR));
	catalog.policies = checked(ARENA_NEW_ARRAY(&arena, Policycalc__V1__Policy *, count));
	catalog.policy_count = count;
	for (int a = 0; a < NATTR; a++)
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
	const ent_t *left = a;
	const ent_t *right = b;

	if (left->v[A_COUNTY] != right->v[A_COUNTY])
		return left->v[A_COUNTY] < right->v[A_COUNTY] ? -1 : 1;
	return (left->v[A_INDUSTRY] > right->v[A_INDUSTRY]) -
	       (left->v[A_INDUSTRY] < right->v[A_INDUSTRY]);
}

static void enterprises_make(struct workload *workload)
{
	const struct workload_options *options = &workload->options;
	size_t count = (size_t)options->enterprise_count;
	rng_t random = { options->seed + 1 };

	workload->enterprises = checked(calloc(count, sizeof(ent_t)));
	for (size_t i = 0; i < count; i++)
		gen_ent(options->seed, i, &workload->enterprises[i]);
	if (options->sorted)
		qsort(workload->enterprises, count, sizeof(ent_t), enterprise_compare);
	workload->known = checked(calloc(count * NATTR, sizeof(bool)));
	for (size_t i = 0; i < count * NATTR; i++)
		workload->known[i] = rng_n(&random, 100) >= options->unknown;
}

static void column_make(struct workload *workload, int a)
{
	struct whole_column *column = &workload->columns[a];
	size_t count = (size_t)workload->options.enterprise_count;
	size_t blocks = (count + SWEEP_ROWS - 1) / SWEEP_ROWS;
	size_t entries = 0;

	column->known = checked(calloc(blocks * SWEEP_WORDS, sizeof(uint64_t)));
	column->flags = checked(calloc(blocks * SWEEP_WORDS, sizeof(uint64_t)));
	for (size_t i = 0; i < count; i++)
		entries += ADEF[a].t == T_TAGS
					   ? (size_t)__builtin_popcountll(
							     (uint64_t)workload->enterprises[i]
									     .v[a])
					   : 1;
	if (ADEF[a].t == T_INT)
		column->integers = checked(calloc(blocks * SWEEP_ROWS, sizeof(int64_t)));
	if (ADEF[a].t == T_STR || ADEF[a].t == T_TAGS)
		column->codes = checked(calloc(entries + SWEEP_ROWS, sizeof(uint32_t)));
	if (ADEF[a].t == T_TAGS) {
		column->starts = checked(calloc(blocks * (SWEEP_ROWS + 1), sizeof(uint32_t)));
		column->firsts = checked(calloc(blocks + 1, sizeof(uint64_t)));
	}
	entries = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t value = workload->enterprises[i].v[a];
		uint64_t bit = UINT64_C(1) << (i % 64);
		size_t block = i / SWEEP_ROWS;

		if (workload->known[i * NATTR + (size_t)a])
			column->known[i / 64] |= bit;
		if (column->integers)
			column->integers[i] = value * unit_of(a);
		else if (ADEF[a].t == T_BOOL)
			column->flags[i / 64] |= value ? bit : 0;
		else if (ADEF[a].t == T_STR)
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
	for (int v = 0; v < ADEF[a].nval && ADEF[a].t >= T_STR; v++) {
		char text[16];

		workload->texts[a][v] = slice_from(checked(
				arena_copy_text(&workload->arena, val_name(a, v, text))));
	}
}

static int attribute_find(const char *name)
{
	int a = 0;

	while (strcmp(ADEF[a].name, name) != 0)
		a++;
	return a;
}

static bool on_column(void *context, size_t number, struct sweep_column *out_column,
		struct error *err)
{
	struct workload *workload = context;
	size_t want_count;
	int a = attribute_find(sweep_wants(workload->sweep, &want_count)[number].attribute);
	const struct whole_column *column = &workload->columns[a];
	size_t block = (size_t)workload->block;
	size_t first = block * SWEEP_ROWS;

	(void)err;
	*out_column = (struct sweep_column){ .known = column->known + block * SWEEP_WORDS,
		.flags = column->flags + block * SWEEP_WORDS,
		.code_texts = workload->texts[a],
		.code_count = (size_t)ADEF[a].nval };
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

void workload_source(struct workload *workload, const struct sweep *sweep, long block,
		struct sweep_source *out_source)
{
	long left = workload->options.enterprise_count - block * SWEEP_ROWS;

	workload->block = block;
	workload->sweep = sweep;
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
	if (ADEF[a].t == T_BOOL) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = from != 0;
	} else if (ADEF[a].t == T_STR) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = checked(arena_copy_text(arena, val_name(a, (int)from, text)));
	} else if (ADEF[a].t == T_TAGS) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value->codes = checked(ARENA_NEW(arena, Policycalc__V1__CodeList));
		policycalc__v1__code_list__init(value->codes);
		value->codes->codes = checked(ARENA_NEW_ARRAY(arena, char *, 64));
		for (uint64_t left = (uint64_t)from; left; left &= left - 1)
			value->codes->codes[value->codes->n_codes++] = checked(arena_copy_text(
					arena, val_name(a, __builtin_ctzll(left), text)));
	} else if (is_money(a)) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = from * unit_of(a);
	} else if (is_ratio(a)) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = from * unit_of(a);
	} else {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = from;
	}
	return value;
}

Policycalc__V1__Profile *workload_profile(
		const struct workload *workload, long enterprise, struct arena *arena)
{
	const ent_t *from = &workload->enterprises[enterprise];
	Policycalc__V1__Profile *profile = checked(ARENA_NEW(arena, Policycalc__V1__Profile));

	policycalc__v1__profile__init(profile);
	profile->attributes = checked(
			ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, NATTR));
	for (int a = 0; a < NATTR; a++) {
		Policycalc__V1__AttributeValue *value;

		if (!workload->known[enterprise * NATTR + a])
			continue;
		value = checked(ARENA_NEW(arena, Policycalc__V1__AttributeValue));
		policycalc__v1__attribute_value__init(value);
		value->name = (char *)ADEF[a].name;
		value->value = value_make(a, from->v[a], arena);
		profile->attributes[profile->n_attributes++] = value;
	}
	return profile;
}

/* --- the straight loop ------------------------------------------------------------------------- */

static bool clause_holds(const clause_t *clause, const ent_t *enterprise)
{
	bool holds = atom_eval(&clause->a[0], enterprise);

	switch (clause->kind) {
	case C_OR:
		for (int x = 1; x < clause->n && !holds; x++)
			holds = atom_eval(&clause->a[x], enterprise);
		return holds;
	case C_NOT:
		return !holds;
	case C_NOTAND:
		return !(holds && atom_eval(&clause->a[1], enterprise));
	default:
		return holds;
	}
}

/* The clauses of each policy, those that few meet first. */
static void policies_order(struct workload *workload)
{
	long sample = workload->options.enterprise_count < 1000
				      ? workload->options.enterprise_count
				      : 1000;
	long step = workload->options.enterprise_count / sample;

	for (long i = 0; i < workload->options.policy_count; i++) {
		policy_t *policy = &workload->ordered[i];
		int met[8] = { 0 };

		*policy = workload->policies[i];
		for (int c = 0; c < policy->n; c++) {
			for (long j = 0; j < sample; j++)
				met[c] += clause_holds(&policy->c[c],
						&workload->enterprises[j * step]);
		}
		for (int c = 1; c < policy->n; c++) {
			for (int k = c; k > 0 && met[k - 1] > met[k]; k--) {
				clause_t clause = policy->c[k];
				int count = met[k];

				policy->c[k] = policy->c[k - 1];
				met[k] = met[k - 1];
				policy->c[k - 1] = clause;
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
		const ent_t *enterprise = &workload->enterprises[j];

		for (long i = 0; i < workload->options.policy_count; i++) {
			const policy_t *policy = &workload->ordered[i];
			int c = 0;

			while (c < policy->n && clause_holds(&policy->c[c], enterprise))
				c++;
			if (c < policy->n)
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
	gen_t generator;

	workload->options = *options;
	arena_init(&workload->arena, (size_t)64 << 20);
	gen_init(&generator, options->seed);
	workload->policies = checked(calloc(count, sizeof(policy_t)));
	workload->ordered = checked(calloc(count, sizeof(policy_t)));
	for (size_t i = 0; i < count; i++)
		gen_policy(&generator, i, &workload->policies[i]);
	for (int a = 0; a <= A_HIRES; a++)
		free(generator.q[a]);
	enterprises_make(workload);
	policies_order(workload);
	ruleset_make(workload);
	for (int a = 0; a < NATTR; a++)
		column_make(workload, a);
	return workload;
}

void workload_free(struct workload *workload)
{
	for (int a = 0; a < NATTR; a++) {
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

const struct ruleset *workload_ruleset(const struct workload *workload)
{
	return workload->ruleset;
}
