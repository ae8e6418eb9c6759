/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of codes: values that answer every test of the rules alike.
 *
 * What could be the value is put up as a candidate: the choices of the dictionary, the counties and
 * zones of the region table, the codes that rules name and one that none of them names. Candidates
 * with the same answers to all tests are one class. Each asker is asked once for each different set of
 * answers to its own tests.
 */
#include "calculator/question.h"

#include <string.h>

#define CLASSES_MOST 256
#define OTHER "~" /* follows no code, is begun by none */

struct codes {
	struct questionnaire *questionnaire;
	const struct unit *unit;
	bool regions;
	const struct probe_point **tests; /* each once */
	size_t test_count;
	size_t *others; /* the numbers of those that are not PROBE_EQUAL */
	size_t other_count;
	size_t *table; /* by hash: their numbers from 1 on */
	size_t table_mask;
	size_t *test_at;   /* by point: which of them it is */
	size_t words;	   /* of a set of tests */
	uint64_t *truth;   /* by class: which tests hold */
	uint64_t *weights; /* by test: of the classes in which it holds */
	struct value *values;
	struct question_class *faces;
	size_t count;
};

static bool points_equal(const struct probe_point *a, const struct probe_point *b)
{
	return a->kind == b->kind && slice_equals(a->code, b->code);
}

/* Where the number of the test that @point is stands in the table, from 1 on, or belongs. */
static size_t *test_place(const struct codes *codes, const struct probe_point *point)
{
	size_t at = (slice_hash(point->code) + (uint64_t)point->kind) & codes->table_mask;

	while (codes->table[at] && !points_equal(codes->tests[codes->table[at] - 1], point))
		at = (at + 1) & codes->table_mask;
	return &codes->table[at];
}

/* The number of the test that @point is; it becomes the last one when there is none like it. */
static size_t test_put(struct codes *codes, const struct probe_point *point)
{
	size_t *place = test_place(codes, point);

	if (!*place) {
		codes->tests[codes->test_count++] = point;
		*place = codes->test_count;
		if (point->kind != PROBE_EQUAL)
			codes->others[codes->other_count++] = codes->test_count - 1;
	}
	return *place - 1;
}

/* Whether the test holds, which is no PROBE_EQUAL. */
static bool test_holds(
		const struct codes *codes, const struct probe_point *test, struct slice code)
{
	const struct region_table *regions = codes->questionnaire->ruleset->regions;
	struct slice kind;

	switch (test->kind) {
	case PROBE_PREFIX:
		return slice_starts_with(code, test->code);
	case PROBE_WITHIN:
		return regions && region_within(regions, code, test->code) == REGION_YES;
	case PROBE_KIND:
		return regions && region_kind(regions, code, &kind) &&
		       slice_equals_text(kind, "ZONE");
	case PROBE_EQUAL:
	case PROBE_FROM:
	default:
		return false;
	}
}

static void truth_put(uint64_t *truth, size_t test)
{
	truth[test / 64] |= UINT64_C(1) << (test % 64);
}

static bool truths_equal(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

/* The class of @code; ->count when there is none yet: then its tests stand behind the others. */
static size_t class_find(const struct codes *codes, struct slice code)
{
	uint64_t *truth = codes->truth + codes->count * codes->words;
	size_t equal = *test_place(
			codes, &(struct probe_point){ .kind = PROBE_EQUAL, .code = code });
	size_t at = 0;

	memset(truth, 0, codes->words * sizeof(*truth));
	if (equal)
		truth_put(truth, equal - 1);
	for (size_t i = 0; i < codes->other_count; i++) {
		if (test_holds(codes, codes->tests[codes->others[i]], code))
			truth_put(truth, codes->others[i]);
	}
	while (at < codes->count &&
			!truths_equal(codes->truth + at * codes->words, truth, codes->words))
		at++;
	return at;
}

static size_t on_class_of(const void *context, struct slice code)
{
	return class_find(context, code.size ? code : SLICE_LITERAL(OTHER));
}

/* Takes @code as a class of its own unless one like it is there. */
static void candidate_add(struct codes *codes, struct slice code, struct value value)
{
	if (codes->count == CLASSES_MOST || class_find(codes, code) < codes->count)
		return;
	codes->values[codes->count] = value;
	/* A code that a rule names is no text of its own. */
	codes->faces[codes->count++] = (struct question_class){
		.code = slice_equals_text(code, OTHER) ? ""
						       : arena_copy(&codes->questionnaire->work,
									 code.data, code.size)
	};
}

/* A value of the attribute's type that holds @code and nothing else. */
static struct value value_holding(const struct codes *codes, struct slice code)
{
	struct arena *arena = &codes->questionnaire->work;
	struct value *items;
	struct value value = { .kind = VALUE_STRING, .text = code };
	bool titles = codes->unit->place->attribute->type == VALUE_TYPE(TITLES);

	if (!titles && codes->unit->place->attribute->type != VALUE_TYPE(CODES))
		return value;
	items = ARENA_NEW_ARRAY(arena, struct value, 2);
	if (!items)
		return (struct value){ .kind = VALUE_UNKNOWN };
	items[0] = value;
	items[1] = value_from_date("9999-12-31");
	value = (struct value){ .kind = titles ? VALUE_MAP : VALUE_LIST };
	value.list.items = items;
	value.list.count = 1;
	return value;
}

static void candidates_of_regions(struct codes *codes)
{
	const struct catalog *catalog = &codes->questionnaire->ruleset->catalog;

	for (size_t i = 0; i < catalog->region_count; i++) {
		const Policycalc__V1__Region *region = catalog->regions[i];

		/* Answers are counties and zones; cities without any in the table stand for theirs. */
		if (region->kind >= POLICYCALC__V1__REGION_KIND__REGION_KIND_DISTRICT)
			candidate_add(codes, slice_from(region->code),
					value_holding(codes, slice_from(region->code)));
	}
}

/* Codes that rules name, and one within each prefix that is none of the others. */
static void candidates_of_tests(struct codes *codes)
{
	struct arena *arena = &codes->questionnaire->work;

	for (size_t i = 0; i < codes->test_count; i++) {
		struct slice code = codes->tests[i]->code;
		const char *within = arena_format(arena, "%.*s" OTHER, SLICE_PRINT(code));

		if (codes->tests[i]->kind != PROBE_EQUAL &&
				codes->tests[i]->kind != PROBE_PREFIX)
			continue;
		if (codes->tests[i]->kind == PROBE_PREFIX && within)
			code = slice_from(within);
		candidate_add(codes, code, value_holding(codes, code));
	}
	candidate_add(codes, SLICE_LITERAL(OTHER), value_holding(codes, SLICE_LITERAL(OTHER)));
}

static void candidates_find(struct codes *codes)
{
	const Policycalc__V1__Attribute *attribute = codes->unit->place->attribute;
	bool several = attribute->type == VALUE_TYPE(CODES) ||
		       attribute->type == VALUE_TYPE(TITLES);

	if (several) {
		/* None at all; of choices each alone; others look like none. */
		struct value none = value_holding(codes, SLICE_LITERAL(OTHER));

		none.list.count = 0;
		candidate_add(codes, SLICE_LITERAL(OTHER), none);
	}
	if (codes->regions) {
		candidates_of_regions(codes);
		return;
	}
	for (size_t i = 0; i < attribute->n_choices; i++) {
		struct slice code = slice_from(attribute->choices[i]->code);

		candidate_add(codes, code, value_holding(codes, code));
	}
	if (attribute->n_choices == 0)
		candidates_of_tests(codes);
}

/* --- which policies to ask -------------------------------------------------------------------- */

/* The tests of one asker, as a set. */
static void own_tests(const struct codes *codes, const struct point_run *run, uint64_t *own)
{
	memset(own, 0, codes->words * sizeof(*own));
	for (size_t i = run->first; i < run->first + run->count; i++)
		own[codes->test_at[i] / 64] |= UINT64_C(1) << (codes->test_at[i] % 64);
}

static bool classes_look_alike(
		const struct codes *codes, size_t a, size_t b, const uint64_t *own)
{
	const uint64_t *left = codes->truth + a * codes->words;
	const uint64_t *right = codes->truth + b * codes->words;

	for (size_t i = 0; i < codes->words; i++) {
		if ((left[i] ^ right[i]) & own[i])
			return false;
	}
	return true;
}

/* false: memory is short. */
static bool tests_weigh(struct codes *codes, const struct answers *answers)
{
	codes->weights = ARENA_NEW_ARRAY(
			&codes->questionnaire->work, uint64_t, codes->words * 64);
	for (size_t k = 0; codes->weights && k < codes->count; k++) {
		for (size_t w = 0; w < codes->words; w++) {
			uint64_t bits = codes->truth[k * codes->words + w];

			for (; bits; bits &= bits - 1)
				codes->weights[w * 64 + (size_t)__builtin_ctzll(bits)] +=
						answers->weights[k];
		}
	}
	return codes->weights;
}

/* What a part is known to come to with each code that it looks for, and without any, weighed. */
static void codes_note(const struct codes *codes, size_t asker, struct answers *answers)
{
	const struct part_result *results = answers->askers[asker].table->results;
	const struct point_run *run = &answers->askers[asker].points;
	uint64_t left = answers->total;

	for (size_t i = 0; i < run->count; i++) {
		uint64_t weight = codes->weights[codes->test_at[run->first + i]];

		asker_note(answers, asker, &results[i], weight);
		left -= weight;
	}
	asker_note(answers, asker, &results[run->count], left);
}

/* Asked once for each different set of answers to its own tests. */
static void jobs_make(
		const struct codes *codes, size_t asker, uint64_t *own, struct answers *answers)
{
	size_t first = answers->job_count;

	own_tests(codes, &answers->askers[asker].points, own);
	for (size_t k = 0; k < codes->count; k++) {
		size_t i = first;

		while (i < answers->job_count &&
				!classes_look_alike(codes, answers->jobs[i].answer, k, own))
			i++;
		if (i == answers->job_count)
			answers->jobs[answers->job_count++] =
					(struct job){ (uint32_t)k, (uint32_t)asker, 0, NULL };
		answers->jobs[i].weight += answers->weights[k];
	}
}

static bool tests_gather(struct codes *codes, const struct points *points)
{
	struct arena *arena = &codes->questionnaire->work;

	codes->tests = arena_alloc(
			arena, (points->count + 1) * sizeof(const struct probe_point *));
	codes->others = arena_alloc(arena, (points->count + 1) * sizeof(*codes->others));
	codes->test_at = arena_alloc(arena, (points->count + 1) * sizeof(*codes->test_at));
	codes->table_mask = 1;
	while (codes->table_mask < 2 * points->count)
		codes->table_mask = 2 * codes->table_mask + 1;
	codes->table = ARENA_NEW_ARRAY(arena, size_t, codes->table_mask + 1);
	if (!codes->tests || !codes->others || !codes->test_at || !codes->table)
		return false;
	for (size_t i = 0; i < points->count; i++)
		codes->test_at[i] = test_put(codes, &points->list[i]);
	codes->words = codes->test_count / 64 + 1;
	codes->truth = arena_alloc(
			arena, (CLASSES_MOST + 1) * codes->words * sizeof(*codes->truth));
	codes->values = arena_alloc(arena, (CLASSES_MOST + 1) * sizeof(*codes->values));
	codes->faces = arena_alloc(arena, (CLASSES_MOST + 1) * sizeof(*codes->faces));
	return !arena->exhausted;
}

bool answers_find_codes(struct questionnaire *questionnaire, const struct question *question,
		const struct points *points, struct answers *answers)
{
	struct arena *arena = &questionnaire->work;
	const struct unit *unit = &questionnaire->units[question->units[0]];
	struct codes codes = {
		.questionnaire = questionnaire,
		.unit = unit,
		.regions = strcmp(unit->place->attribute->choice_table, "regions") == 0,
	};
	uint64_t *own;

	if (!tests_gather(&codes, points))
		return false;
	candidates_find(&codes);
	if (codes.count == 0 || arena->exhausted)
		return !arena->exhausted;
	own = ARENA_NEW_ARRAY(arena, uint64_t, codes.words);
	answers->count = codes.count;
	answers->values = codes.values;
	answers->faces = codes.faces;
	answers->weights = ARENA_NEW_ARRAY(arena, uint32_t, codes.count);
	answers->jobs = arena_alloc(arena,
			(codes.count * answers->asker_count + 1) * sizeof(*answers->jobs));
	if (!own || !answers->weights || !answers->jobs)
		return false;
	answers_weigh(questionnaire, unit, &(struct classifier){ on_class_of, &codes },
			answers);
	if (!tests_weigh(&codes, answers))
		return false;
	for (size_t i = 0; i < answers->asker_count; i++) {
		const struct part_table *table = answers->askers[i].table;

		if (table && table->results)
			codes_note(&codes, i, answers);
		else
			jobs_make(&codes, i, own, answers);
	}
	return true;
}
