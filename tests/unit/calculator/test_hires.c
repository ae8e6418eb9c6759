/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum over items that are granted once a person: random hires of whom the person, the pay or
 * whether they qualify is not known, against a naive sum of every completion.
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

#define COMPLETIONS 12

static const char *dictionary;

static unsigned instance_count(void)
{
	return getenv("POLICYCALC_LONG") ? 3000 : 300;
}

#define HIRES_MOST 5
#define PEOPLE 4

struct hire {
	int person;   /* -1: unknown */
	int graduate; /* 0, 1, -1 */
	int pay;      /* -1: unknown */
};

static const char hire_lines[] = "policy x\nwindow always\nsubject HIRE\nonce per person\n"
				 "require i.graduate\npays i.pay\ncap yuan(20) of total\n";
#define TOTAL_CAP 2000

static int64_t hires_pay(const struct hire *hires, size_t count)
{
	int64_t sum = 0;

	for (int person = 0; person < PEOPLE; person++) {
		int64_t most = 0;

		for (size_t i = 0; i < count; i++) {
			if (hires[i].person == person && hires[i].graduate &&
					hires[i].pay > most)
				most = hires[i].pay;
		}
		sum += most;
	}
	return sum < TOTAL_CAP ? sum : TOTAL_CAP;
}

static struct amount_ends hires_ask(struct case_file *file, struct ruleset *ruleset,
		const struct hire *hires, size_t count, Policycalc__V1__Verdict *out_verdict)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__Item items[HIRES_MOST];
	Policycalc__V1__Item *list[HIRES_MOST];
	Policycalc__V1__MatchResponse *response;
	struct amount_ends ends = { 0 };
	struct arena call;

	arena_init(&call, (size_t)8 << 20);
	profile.items = list;
	profile.n_items = count;
	for (size_t i = 0; i < count; i++) {
		const char *text = "";

		policycalc__v1__item__init(&items[i]);
		items[i].list = (char *)"hires";
		if (hires[i].person >= 0)
			text = arena_format(&call, "person = %d, ", hires[i].person);
		if (hires[i].graduate >= 0)
			text = arena_format(&call, "%sgraduate = %s, ", text,
					hires[i].graduate ? "是" : "否");
		if (hires[i].pay >= 0)
			text = arena_format(&call, "%spay = %d.%02d元", text,
					hires[i].pay / 100, hires[i].pay % 100);
		case_read_values(file, "hires", (char *)text, &items[i].attributes,
				&items[i].n_attributes);
		list[i] = &items[i];
	}
	response = fixture_match(ruleset, &profile, &call);
	*out_verdict = response->answers[0]->verdict;
	if (response->answers[0]->amount)
		ends = fixture_ends(response->answers[0]->amount);
	arena_fini(&call);
	return ends;
}

static void items_contain_every_completion(void **state)
{
	struct case_file file;
	struct arena arena;
	struct ruleset *ruleset;
	unsigned ranges = 0;

	(void)state;
	random_begin(20261128);
	arena_init(&arena, (size_t)256 << 20);
	fixture_read(&file, &arena, dictionary, hire_lines);
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	for (unsigned n = 0; n < instance_count(); n++) {
		struct hire hires[HIRES_MOST];
		size_t count = 1 + random_below(HIRES_MOST);
		Policycalc__V1__Verdict verdict;
		struct amount_ends partial;

		for (size_t i = 0; i < count; i++) {
			hires[i].person = random_below(3) ? (int)random_below(PEOPLE) : -1;
			hires[i].graduate = random_below(3) ? random_below(4) > 0 : -1;
			hires[i].pay = random_below(3) ? (int)random_below(1001) : -1;
		}
		partial = hires_ask(&file, ruleset, hires, count, &verdict);
		ranges += partial.least != partial.most;
		for (unsigned k = 0; k < COMPLETIONS; k++) {
			struct hire complete[HIRES_MOST];
			struct amount_ends ends;
			int64_t paid;

			for (size_t i = 0; i < count; i++) {
				complete[i] = hires[i];
				if (hires[i].person < 0)
					complete[i].person = (int)random_below(PEOPLE);
				if (hires[i].graduate < 0)
					complete[i].graduate = (int)random_below(2);
				if (hires[i].pay < 0)
					complete[i].pay = (int)random_below(1001);
			}
			ends = hires_ask(&file, ruleset, complete, count, &verdict);
			paid = hires_pay(complete, count);
			if (verdict != POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE)
				continue;
			assert_int_equal(ends.least, paid);
			assert_int_equal(ends.most, paid);
			assert_in_range(paid, partial.least, partial.most);
		}
	}
	assert_true(ranges * 4 >= instance_count());
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_contain_every_completion),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
