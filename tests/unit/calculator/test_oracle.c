/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second, naive matcher: random policies and random partial profiles, judged from the tables of
 * the rule language and the order of verdicts, and compared with the calculator. And a property: once
 * all is known, a verdict that was settled before is the same; and the reasons of a condition are
 * enough: with what they read and nothing else it stands as it did.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "fixture.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLAGS 6
#define COUNTS 4
#define NAMES (FLAGS + COUNTS)
#define CONDITIONS 2
#define DEPTH 2
#define LEAST_SHARE 10 /* percent of each verdict */

static const char *dictionary;

/* --- trees ------------------------------------------------------------------------------------ */

enum tree_kind {
	TREE_FLAG,	/* e.f3 */
	TREE_LEAST,	/* e.n1 >= 5 */
	TREE_PARAMETER, /* e.n1 >= p.known, or p.not_there */
	TREE_NOT,
	TREE_AND,
	TREE_OR,
	TREE_CHOICE, /* e.f3 ? left : right */
};

struct tree {
	enum tree_kind kind;
	unsigned name; /* of flags and counts */
	unsigned bound;
	bool stated; /* whether the parameter has a value */
	struct tree *left, *right;
};

/* T, F or unknown with the set of what is missing: attributes, and bit 63 for the parameter. */
enum three {
	THREE_NO,
	THREE_YES,
	THREE_UNKNOWN,
};

struct judged {
	enum three three;
	uint64_t missing;
};

#define PARAMETER_BIT (UINT64_C(1) << 63)
#define PARAMETER_VALUE 5

static struct tree *tree_make(struct arena *arena, unsigned depth)
{
	struct tree *tree = ARENA_NEW(arena, struct tree);
	unsigned pick = random_below(depth ? 11 : 5);

	assert_non_null(tree);
	tree->name = random_below(FLAGS);
	tree->bound = random_below(10);
	tree->stated = random_below(3) > 0;
	if (pick < 3) {
		tree->kind = TREE_FLAG;
	} else if (pick < 5) {
		tree->kind = pick == 3 ? TREE_LEAST : TREE_PARAMETER;
		tree->name = FLAGS + random_below(COUNTS);
	} else {
		tree->kind = pick == 5	 ? TREE_NOT
			     : pick < 8	 ? TREE_AND
			     : pick < 10 ? TREE_OR
					 : TREE_CHOICE;
		tree->left = tree_make(arena, depth - 1);
		if (tree->kind != TREE_NOT)
			tree->right = tree_make(arena, depth - 1);
	}
	return tree;
}

static const char *tree_text(const struct tree *tree, struct arena *arena)
{
	switch (tree->kind) {
	case TREE_FLAG:
		return arena_format(arena, "e.f%u", tree->name);
	case TREE_LEAST:
		return arena_format(arena, "e.n%u >= %u", tree->name - FLAGS, tree->bound);
	case TREE_PARAMETER:
		return arena_format(arena, "e.n%u >= p.%s", tree->name - FLAGS,
				tree->stated ? "stated" : "not_there");
	case TREE_NOT:
		return arena_format(arena, "!(%s)", tree_text(tree->left, arena));
	case TREE_CHOICE:
		return arena_format(arena, "(e.f%u ? (%s) : (%s))", tree->name,
				tree_text(tree->left, arena), tree_text(tree->right, arena));
	case TREE_AND:
	case TREE_OR:
	default:
		return arena_format(arena, "(%s) %s (%s)", tree_text(tree->left, arena),
				tree->kind == TREE_AND ? "&&" : "||",
				tree_text(tree->right, arena));
	}
}

/* @values: -1 is unknown. */
static struct judged tree_judge(const struct tree *tree, const int *values)
{
	struct judged left, right;
	enum three absorbing = tree->kind == TREE_AND ? THREE_NO : THREE_YES;
	bool known = tree->kind < TREE_NOT && values[tree->name] >= 0;
	uint64_t missing = tree->kind < TREE_NOT && !known ? UINT64_C(1) << tree->name : 0;

	switch (tree->kind) {
	case TREE_FLAG:
	case TREE_LEAST:
	case TREE_PARAMETER:
		if (tree->kind == TREE_PARAMETER && !tree->stated)
			return (struct judged){ THREE_UNKNOWN, missing | PARAMETER_BIT };
		if (!known)
			return (struct judged){ THREE_UNKNOWN, missing };
		if (tree->kind == TREE_FLAG)
			return (struct judged){ values[tree->name] ? THREE_YES : THREE_NO, 0 };
		return (struct judged){
			values[tree->name] >= (int)(tree->kind == TREE_LEAST ? tree->bound
									     : PARAMETER_VALUE)
					? THREE_YES
					: THREE_NO,
			0
		};
	case TREE_NOT:
		left = tree_judge(tree->left, values);
		if (left.three != THREE_UNKNOWN)
			left.three = left.three == THREE_YES ? THREE_NO : THREE_YES;
		return left;
	case TREE_CHOICE:
		if (values[tree->name] < 0)
			return (struct judged){ THREE_UNKNOWN, UINT64_C(1) << tree->name };
		return tree_judge(values[tree->name] ? tree->left : tree->right, values);
	case TREE_AND:
	case TREE_OR:
	default:
		left = tree_judge(tree->left, values);
		right = tree_judge(tree->right, values);
		if (left.three == absorbing || right.three == absorbing)
			return (struct judged){ absorbing, 0 };
		if (left.three == THREE_UNKNOWN || right.three == THREE_UNKNOWN)
			return (struct judged){ THREE_UNKNOWN, left.missing | right.missing };
		return left;
	}
}

/* --- policies --------------------------------------------------------------------------------- */

enum role {
	REQUIRE,
	EXCLUDE,
	REVIEW,
};

struct condition {
	enum role role;
	struct tree *tree; /* of REVIEW: met_if */
	struct tree *fails_if;
};

struct naive {
	Policycalc__V1__Verdict verdict;
	uint64_t missing;
	bool threshold, judgement;
};

#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

static Policycalc__V1__ConditionStatus condition_judge(
		const struct condition *condition, const int *values, struct naive *naive)
{
	struct judged judged = tree_judge(condition->tree, values);

	if (judged.three == THREE_UNKNOWN) {
		if (judged.missing & ~PARAMETER_BIT) {
			naive->missing |= judged.missing & ~PARAMETER_BIT;
			return STATUS(UNKNOWN);
		}
		naive->threshold = true;
		return STATUS(REVIEW);
	}
	if (condition->role == REVIEW) {
		if (judged.three == THREE_YES)
			return STATUS(MET);
		if (tree_judge(condition->fails_if, values).three == THREE_YES)
			return STATUS(NOT_MET);
		naive->judgement = true;
		return STATUS(REVIEW);
	}
	return (judged.three == THREE_YES) == (condition->role == REQUIRE) ? STATUS(MET)
									   : STATUS(NOT_MET);
}

static struct naive policy_judge(
		const struct condition *conditions, size_t count, const int *values)
{
	struct naive naive = { .verdict = VERDICT(ELIGIBLE) };
	bool failed = false, unknown = false, review = false;

	for (size_t i = 0; i < count; i++) {
		Policycalc__V1__ConditionStatus status =
				condition_judge(&conditions[i], values, &naive);

		failed |= status == STATUS(NOT_MET);
		unknown |= status == STATUS(UNKNOWN);
		review |= status == STATUS(REVIEW);
	}
	if (failed)
		naive.verdict = VERDICT(INELIGIBLE);
	else if (unknown)
		naive.verdict = VERDICT(NEEDS_INFORMATION);
	else if (review)
		naive.verdict = VERDICT(NEEDS_REVIEW);
	return naive;
}

/* --- comparing -------------------------------------------------------------------------------- */

struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct condition conditions[CONDITIONS];
	size_t count;
};

static const char *lines_make(struct instance *instance)
{
	struct arena *arena = &instance->arena;
	const char *lines = "parameter stated COUNT 5\nparameter not_there COUNT unknown\n";

	for (unsigned i = 0; i < NAMES; i++)
		lines = i < FLAGS ? arena_format(arena, "%sattribute f%u FLAG\n", lines, i)
				  : arena_format(arena, "%sattribute n%u COUNT\n", lines,
						    i - FLAGS);
	lines = arena_format(arena, "%spolicy x\nwindow always\n", lines);
	instance->count = 1 + random_below(CONDITIONS);
	for (size_t i = 0; i < instance->count; i++) {
		struct condition *condition = &instance->conditions[i];

		condition->role = random_below(2) ? REVIEW : (enum role)random_below(2);
		condition->tree = tree_make(arena, DEPTH);
		condition->fails_if = tree_make(arena, 1);
		lines = condition->role == REVIEW
					? arena_format(arena,
							  "%sreview met_if %s fails_if %s\n",
							  lines,
							  tree_text(condition->tree, arena),
							  tree_text(condition->fails_if, arena))
					: arena_format(arena, "%s%s %s\n", lines,
							  condition->role == REQUIRE
									  ? "require"
									  : "exclude",
							  tree_text(condition->tree, arena));
	}
	return lines;
}

static int value_make(unsigned name)
{
	return (int)random_below(name < FLAGS ? 2 : 10);
}

/* Some known, some not: -1. */
static void values_make(int *values)
{
	unsigned known = 3 + random_below(8);

	for (unsigned i = 0; i < NAMES; i++)
		values[i] = random_below(10) < known ? value_make(i) : -1;
}

static const Policycalc__V1__PolicyAnswer *ask(
		struct instance *instance, struct arena *call, const int *values)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	struct facts_sent sent = sent_of_profile(&profile);

	for (unsigned i = 0; i < NAMES; i++) {
		if (values[i] < 0)
			continue;
		if (i < FLAGS)
			send_flag(sent, arena_format(call, "f%u", i), values[i], call);
		else
			send_count(sent, arena_format(call, "n%u", i - FLAGS), values[i], call);
	}
	return fixture_match(instance->ruleset, &profile, call)->answers[0];
}

static uint64_t missing_bits(const Policycalc__V1__PolicyAnswer *answer)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < answer->n_missing; i++) {
		unsigned number = (unsigned)atoi(answer->missing[i] + 3);

		bits |= UINT64_C(1) << (answer->missing[i][2] == 'f' ? number : FLAGS + number);
		if (i > 0)
			assert_true(strcmp(answer->missing[i - 1], answer->missing[i]) < 0);
	}
	return bits;
}

/* --- reasons ---------------------------------------------------------------------------------- */

/* Words of people: in both languages, without a trace of the rule. */
static void assert_words(const Policycalc__V1__Text *text)
{
	static const char *const traces[] = { "e.", "p.", "i.", ">=", "<=", "&&", "||", "!(" };

	assert_non_null(text);
	assert_true(*text->zh && *text->en);
	for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++) {
		assert_null(strstr(text->zh, traces[i]));
		assert_null(strstr(text->en, traces[i]));
	}
}

/* The reasons stand as their condition does, or wait for what it waits for. */
static void assert_reasons(const Policycalc__V1__ConditionAnswer *condition)
{
	assert_words(condition->sentence);
	for (size_t i = 0; i < condition->n_reasons; i++) {
		const Policycalc__V1__Reason *reason = condition->reasons[i];

		assert_true(reason->n_reads > 0);
		assert_words(reason->sentence);
		if (condition->status == STATUS(MET) || condition->status == STATUS(NOT_MET))
			assert_int_equal(reason->status, condition->status);
		else if (!reason->given)
			assert_true(reason->status == STATUS(UNKNOWN) ||
					reason->status == STATUS(REVIEW));
	}
}

static bool tree_has_choice(const struct tree *tree)
{
	return tree && (tree->kind == TREE_CHOICE || tree_has_choice(tree->left) ||
				       tree_has_choice(tree->right));
}

/* What only chose the arm of a choice is told as given, before what the arm asks for. */
static void assert_given(const struct condition *condition, const int *values,
		const Policycalc__V1__ConditionAnswer *answer)
{
	bool judged = condition->role == REVIEW;
	size_t given = 0;

	for (size_t i = 0; i < answer->n_reasons; i++)
		given += answer->reasons[i]->given ? 1 : 0;
	if (answer->status == STATUS(MET) || answer->status == STATUS(NOT_MET))
		assert_true(given < answer->n_reasons);
	if (!tree_has_choice(condition->tree) &&
			!(judged && tree_has_choice(condition->fails_if)))
		assert_int_equal(given, 0);
	if (judged || condition->tree->kind != TREE_CHOICE || values[condition->tree->name] < 0)
		return;
	assert_true(given > 0);
	assert_true(answer->reasons[0]->given);
	assert_int_equal(answer->reasons[0]->attribute[2], 'f');
	assert_int_equal(atoi(answer->reasons[0]->attribute + 3), condition->tree->name);
}

/* What the reasons of @condition read, taken from @values; all else is unknown. */
static void keep_reads(
		const Policycalc__V1__ConditionAnswer *condition, const int *values, int *kept)
{
	for (unsigned i = 0; i < NAMES; i++)
		kept[i] = -1;
	for (size_t i = 0; i < condition->n_reasons; i++) {
		for (size_t k = 0; k < condition->reasons[i]->n_reads; k++) {
			const char *name = condition->reasons[i]->reads[k];
			unsigned at;

			if (*name != 'e')
				continue;
			at = (name[2] == 'f' ? 0 : FLAGS) + (unsigned)atoi(name + 3);
			kept[at] = values[at];
		}
	}
}

/* All that is told holds, and nothing else is needed for it. */
static void explain(struct instance *instance, const int *values)
{
	const Policycalc__V1__PolicyAnswer *answer;
	struct arena call;
	size_t failed = 0;

	arena_init(&call, (size_t)4 << 20);
	answer = ask(instance, &call, values);
	assert_words(answer->settled_sentence);
	for (size_t i = 0; i < answer->n_conditions; i++) {
		const Policycalc__V1__ConditionAnswer *condition = answer->conditions[i];
		int kept[NAMES];

		assert_reasons(condition);
		assert_given(&instance->conditions[i], values, condition);
		if (condition->status == STATUS(NOT_MET)) {
			assert_true(failed < answer->n_settled_by);
			assert_string_equal(answer->settled_by[failed++], condition->id);
			assert_int_equal(answer->n_missing, 0);
		}
		if (condition->status != STATUS(MET) && condition->status != STATUS(NOT_MET))
			continue;
		assert_true(condition->n_reasons > 0);
		keep_reads(condition, values, kept);
		assert_int_equal(ask(instance, &call, kept)->conditions[i]->status,
				condition->status);
	}
	assert_int_equal(answer->n_settled_by, failed);
	assert_int_equal(answer->verdict == VERDICT(INELIGIBLE), failed > 0);
	arena_fini(&call);
}

static void reasons_suffice(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 3000 : 300;

	(void)state;
	random_begin(20180101);
	for (unsigned n = 0; n < instances; n++) {
		struct instance instance;

		memset(&instance, 0, sizeof(instance));
		arena_init(&instance.arena, (size_t)16 << 20);
		fixture_read(&instance.file, &instance.arena, dictionary,
				lines_make(&instance));
		instance.ruleset = fixture_compile(&instance.file, NULL);
		assert_non_null(instance.ruleset);
		for (unsigned round = 0; round < 20; round++) {
			int values[NAMES];

			values_make(values);
			explain(&instance, values);
		}
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
}

static Policycalc__V1__Verdict compare(struct instance *instance, const int *values)
{
	struct naive naive = policy_judge(instance->conditions, instance->count, values);
	const Policycalc__V1__PolicyAnswer *answer;
	struct arena call;

	arena_init(&call, (size_t)4 << 20);
	answer = ask(instance, &call, values);
	assert_int_equal(answer->verdict, naive.verdict);
	assert_int_equal(missing_bits(answer),
			naive.verdict == VERDICT(NEEDS_INFORMATION) ? naive.missing : 0);
	assert_int_equal(answer->n_review_reasons, naive.threshold + naive.judgement);
	arena_fini(&call);
	return naive.verdict;
}

static void agrees(void **state)
{
	unsigned instances = getenv("POLICYCALC_LONG") ? 3000 : 300;
	unsigned verdicts[VERDICT(ELIGIBLE) + 1] = { 0 };
	unsigned total = 0;

	(void)state;
	random_begin(20221124);
	for (unsigned n = 0; n < instances; n++) {
		struct instance instance;

		memset(&instance, 0, sizeof(instance));
		arena_init(&instance.arena, (size_t)16 << 20);
		fixture_read(&instance.file, &instance.arena, dictionary,
				lines_make(&instance));
		instance.ruleset = fixture_compile(&instance.file, NULL);
		assert_non_null(instance.ruleset);
		for (unsigned round = 0; round < 20; round++) {
			int values[NAMES];
			Policycalc__V1__Verdict before, after;

			values_make(values);
			before = compare(&instance, values);
			for (unsigned i = 0; i < NAMES; i++) {
				if (values[i] < 0)
					values[i] = value_make(i);
			}
			after = compare(&instance, values);
			assert_true(after != VERDICT(NEEDS_INFORMATION) ||
					before == VERDICT(NEEDS_INFORMATION));
			if (before == VERDICT(ELIGIBLE) || before == VERDICT(INELIGIBLE))
				assert_int_equal(before, after);
			verdicts[before]++;
			total++;
		}
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
	for (int verdict = VERDICT(INELIGIBLE); verdict <= VERDICT(ELIGIBLE); verdict++) {
		if (verdict == VERDICT(NOT_OPEN))
			continue;
		print_message("verdict %d: %u%%\n", verdict, verdicts[verdict] * 100 / total);
		assert_true(verdicts[verdict] * 100 >= total * LEAST_SHARE);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(reasons_suffice),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
