/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second, naive scorer (score_oracle.h): random tables and random partial profiles. It tries every
 * completion of what is unknown, row by row, and knows nothing of intervals; the calculator must come
 * to the same span, the same standing and the same rows that matter. Then the profile is completed
 * one attribute at a time: spans only shrink, and what was settled stays so.
 *
 * POLICYCALC_LONG=1 runs ten times as many.
 */
#include "effort.h"
#include "score_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define STATE(word) POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_##word

#define LEAST_SHARE 5 /* percent of each standing */

static const char *dictionary;

/* --- asking ----------------------------------------------------------------------------------- */

struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct table table;
};

static const char *name_text(int name, struct arena *arena)
{
	if (name >= VETO)
		return name == VETO ? "veto" : "direct";
	return arena_format(arena, "n%02d", name);
}

static const Policycalc__V1__PolicyAnswer *ask(
		struct instance *instance, struct arena *call, const int *values)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	struct facts_sent sent = sent_of_profile(&profile);

	for (int i = 0; i < NAMES; i++) {
		if (values[i] < 0)
			continue;
		if (i < VETO)
			send_count(sent, name_text(i, call), values[i], call);
		else
			send_flag(sent, name_text(i, call), values[i], call);
	}
	return fixture_match(instance->ruleset, &profile, call)->answers[0];
}

static uint64_t missing_bits(const Policycalc__V1__ConditionAnswer *condition)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < condition->n_missing; i++) {
		const char *name = condition->missing[i] + 2;

		if (*name == 'n')
			bits |= UINT64_C(1) << atoi(name + 1);
		else
			bits |= UINT64_C(1) << (*name == 'v' ? VETO : DIRECT);
	}
	return bits;
}

/* What the two do not agree about. */
static void instance_print(struct instance *instance, const int *values, const char *sentence)
{
	print_message("%s", table_lines(&instance->table, &instance->arena));
	for (int i = 0; i < NAMES; i++) {
		if (values[i] >= -1)
			print_message("%s = %d, ", name_text(i, &instance->arena), values[i]);
	}
	print_message("\n%s\n", sentence);
}

static Policycalc__V1__ConditionStatus compare(
		struct instance *instance, const int *values, int *out_least, int *out_most)
{
	const struct table *table = &instance->table;
	struct naive naive = naive_ask(table, values);
	uint64_t missing;
	Policycalc__V1__ConditionStatus status = naive_status(table, &naive, values, &missing);
	bool open;
	const Policycalc__V1__ConditionAnswer *condition;
	struct arena call;

	arena_init(&call, (size_t)4 << 20);
	condition = ask(instance, &call, values)->conditions[0];
	if (condition->score->least != naive.least || condition->score->most != naive.most ||
			condition->status != status || missing_bits(condition) != missing)
		instance_print(instance, values, condition->sentence->zh);
	assert_int_equal(condition->score->least, naive.least);
	assert_int_equal(condition->score->most, naive.most);
	assert_int_equal(condition->status, status);
	assert_int_equal(missing_bits(condition), missing);
	open = condition->score->status == STATUS(UNKNOWN) ||
	       condition->score->status == STATUS(REVIEW);
	for (int i = 0; i < table->row_count; i++) {
		const Policycalc__V1__ScoreRowAnswer *row = condition->score->rows[i];

		if (!(naive.sets[i] & (naive.sets[i] - 1)))
			assert_int_equal(row->state, STATE(KNOWN));
		else if (!open || !naive.matters[i])
			assert_int_equal(row->state, STATE(NEEDLESS));
		else
			assert_int_equal(row->state,
					table->rows[i].judged ? STATE(JUDGED) : STATE(OPEN));
	}
	*out_least = naive.least;
	*out_most = naive.most;
	arena_fini(&call);
	return status;
}

static void profile_complete(struct instance *instance, int *values,
		Policycalc__V1__ConditionStatus status, int least, int most)
{
	for (int i = 0; i < NAMES; i++) {
		Policycalc__V1__ConditionStatus next;
		int next_least, next_most;

		if (values[i] != -1)
			continue;
		values[i] = value_make(&instance->table, i);
		next = compare(instance, values, &next_least, &next_most);
		assert_true(next_least >= least && next_most <= most);
		if (status == STATUS(MET) || status == STATUS(NOT_MET))
			assert_int_equal(next, status);
		assert_true(next != STATUS(UNKNOWN) || status == STATUS(UNKNOWN));
		status = next;
		least = next_least;
		most = next_most;
	}
}

static void agrees(void **state)
{
	int instances = (int)effort(1000, 10000);
	unsigned counts[STATUS(ERROR) + 1] = { 0 };
	unsigned total = 0, settled_early = 0;

	(void)state;
	random_begin(20260601);
	for (int n = 0; n < instances; n++) {
		struct instance instance;

		memset(&instance, 0, sizeof(instance));
		arena_init(&instance.arena, (size_t)16 << 20);
		table_make(&instance.table);
		fixture_read(&instance.file, &instance.arena, dictionary,
				table_lines(&instance.table, &instance.arena));
		instance.ruleset = fixture_compile(&instance.file, NULL);
		assert_non_null(instance.ruleset);
		for (int round = 0; round < 8; round++) {
			unsigned known = random_below(11);
			int values[NAMES];
			bool partial = false;
			Policycalc__V1__ConditionStatus status;
			int least, most;

			for (int i = 0; i < NAMES; i++) {
				values[i] = value_make(&instance.table, i);
				if (values[i] != -2 && random_below(10) >= known)
					values[i] = -1;
				partial |= values[i] == -1 && i < VETO;
			}
			status = compare(&instance, values, &least, &most);
			counts[status]++;
			settled_early += partial &&
					 (status == STATUS(MET) || status == STATUS(NOT_MET));
			total++;
			profile_complete(&instance, values, status, least, most);
		}
		ruleset_unref(instance.ruleset);
		arena_fini(&instance.arena);
	}
	print_message("met %u%%, not met %u%%, unknown %u%%, review %u%%; settled before all "
		      "is "
		      "known %u%%\n",
			counts[STATUS(MET)] * 100 / total,
			counts[STATUS(NOT_MET)] * 100 / total,
			counts[STATUS(UNKNOWN)] * 100 / total,
			counts[STATUS(REVIEW)] * 100 / total, settled_early * 100 / total);
	for (int status = STATUS(MET); status <= STATUS(REVIEW); status++)
		assert_true(counts[status] * 100 >= total * LEAST_SHARE);
}

/* --- single tables ---------------------------------------------------------------------------- */

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *lines;
		const char *words;
	} cases[] = {
		{ "score t\nrow a full 5\nmeasure e.staff >= 1 5\nrequire score t",
				"pass is missing" },
		{ "score t pass 1\nrequire score t", "rows are missing" },
		{ "score t pass 1\nrow a full 5\nmeasure e.staff >= 1 5\nrequire score u",
				"no score table \"u\"" },
		{ "score t pass 1\nrow a full 5 of g\nmeasure e.staff >= 1 5\nrequire score t",
				"no group \"g\"" },
		{ "score t pass 1\nrow a full 0\nmeasure e.staff >= 1 5\nrequire score t",
				"full marks" },
		{ "score t pass 1\nrow a full 1001\nmeasure e.staff >= 1 5\nrequire score t",
				"full marks" },
		{ "score t pass 1\nrow a full 5\nrequire score t", "alternatives are missing" },
		{ "score t pass 1\nrow a full 5\nmeasure e.stuff >= 1 5\nrequire score t",
				"no attribute \"e.stuff\"; is \"e.staff\" meant?" },
		{ "score t pass 1\nrow a full 5\nmeasure e.region >= 1 5\nrequire score t",
				"cannot be measured" },
		{ "score t pass 1\nrow a full 5\nmeasure e.dishonest >= 1 5\nrequire score t",
				"it has no bound" },
		{ "score t pass 1\nrow a full 5\nmeasure e.staff yes 5\nrequire score t",
				"bound is missing" },
		{ "score t pass 1\nrow a full 5\nmeasure e.revenue >= p.staff_most 5\nrequire "
		  "score t",
				"expected" },
		{ "score t pass 1\nrow a full 5\nmeasure e.tech_share >= e.staff 5\nrequire "
		  "score t",
				"expected" },
		{ "score t pass 1\nrow a full 5\nmeasure e.staff >= 1 5\nveto row b\nrequire "
		  "score t",
				"no row \"b\"" },
		{ "score t pass p.rd_least\nrow a full 5\nmeasure e.staff >= 1 5\nrequire "
		  "score t",
				"expected" },
		{ "score t pass 1\nrow a full 5\nmeasure e.staff >= p.staff_most 5\nrequire "
		  "score t",
				NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena;
		struct case_file file;
		const char *mistake = NULL;
		struct ruleset *ruleset;

		arena_init(&arena, (size_t)16 << 20);
		fixture_read(&file, &arena, dictionary,
				arena_format(&arena, "policy x\n%s\n", cases[i].lines));
		ruleset = fixture_compile(&file, &mistake);
		if (cases[i].words && (ruleset || !strstr(mistake, cases[i].words)))
			fail_msg("case %zu: expected \"%s\", found \"%s\"", i, cases[i].words,
					ruleset ? "no mistake" : mistake);
		if (!cases[i].words && !ruleset)
			fail_msg("case %zu: %s", i, mistake);
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
}

static const Policycalc__V1__ScoreAnswer *score_of(
		struct ruleset *ruleset, struct case_file *file, const char *values)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;

	request.profile = fixture_profile(file, values);
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	assert_true(ruleset_match(
			ruleset, &request, "2026-01-01", file->arena, &response, NULL, NULL));
	return response->answers[0]->conditions[0]->score;
}

/* Step reached, the next one, and how far it is. */
static void rows_are_told(void **state)
{
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	const Policycalc__V1__ScoreAnswer *score;
	const Policycalc__V1__ScoreMetricAnswer *metric;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	fixture_read(&file, &arena, dictionary,
			"attribute cost MONEY\n"
			"attribute rd_share RATIO ratio rd_expense / revenue\n"
			"attribute rd_cost RATIO ratio rd_expense / cost\n"
			"parameter high RATIO 6% from 2020-01-01 source 办法\n"
			"parameter low RATIO 2%\n"
			"policy x\nscore t pass 60\n"
			"row staff full 20\nmeasure e.staff > p.staff_most 20, >= 100 10\n"
			"row rd full 50\nmeasure e.rd_share >= p.high 50, >= p.low 10\n"
			"measure e.rd_cost >= p.high 50, >= p.low 10\n"
			"row honest full 30\nmeasure e.dishonest yes 30\n"
			"require score t\n");
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	score = score_of(ruleset, &file,
			"staff = 300, rd_expense = 30元, revenue = 1000元, cost = 600元, "
			"dishonest = 否");
	assert_int_equal(score->least, 20);
	assert_int_equal(score->most, 20);
	assert_int_equal(score->full, 100);
	assert_int_equal(score->pass, 60);
	metric = score->rows[0]->alternatives[0];
	assert_string_equal(metric->observed->zh, "300人");
	assert_string_equal(metric->reached->required->zh, "≥ 100人");
	assert_int_equal(metric->reached->points, 10);
	assert_string_equal(metric->next->required->zh, "> 300人");
	assert_string_equal(metric->next->distance->zh, "1人");
	assert_string_equal(metric->next->parameter, "p.staff_most");
	assert_int_equal(metric->next->more, 10);
	/* Both quotients reach 2%; the first counts, each tells its own distance. */
	metric = score->rows[1]->alternatives[0];
	assert_true(metric->counted);
	assert_false(score->rows[1]->alternatives[1]->counted);
	assert_string_equal(metric->observed->en, "3%");
	assert_string_equal(metric->next->distance->en, "3%");
	assert_string_equal(metric->next->source->doc, "办法");
	assert_int_equal(metric->next->more, 40);
	assert_string_equal(score->rows[1]->alternatives[1]->next->distance->zh, "1%");
	assert_string_equal(score->rows[2]->alternatives[0]->next->required->zh, "是");
	assert_null(score->rows[2]->alternatives[0]->next->distance);
	/* At the best step there is no next one. */
	score = score_of(ruleset, &file, "staff = 301, rd_expense = 6元, revenue = 100元");
	assert_null(score->rows[0]->alternatives[0]->next);
	assert_null(score->rows[1]->alternatives[0]->next);
	assert_int_equal(score->rows[1]->state, STATE(KNOWN));
	assert_int_equal(score->rows[1]->least, 50);
	/* What is not known has neither step nor distance. */
	assert_null(score->rows[2]->alternatives[0]->observed);
	assert_null(score->rows[2]->alternatives[0]->reached);
	assert_null(score->rows[2]->alternatives[0]->next);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* A table of many rows, all open: the sums of sets stay cheap. */
static void wide_tables_are_bounded(void **state)
{
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	const char *names = "";
	const char *rows = "policy x\nscore t pass 500\n";
	const Policycalc__V1__ScoreAnswer *score;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	for (int i = 0; i < 50; i++) {
		names = arena_format(&arena, "%sattribute n%02d COUNT\n", names, i);
		rows = arena_format(&arena,
				"%srow r%02d full 20\nmeasure e.n%02d >= 9 20, >= 5 11, >= 1 "
				"3\n",
				rows, i, i);
	}
	fixture_read(&file, &arena, dictionary,
			arena_format(&arena, "%s%srequire score t\n", names, rows));
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	score = score_of(ruleset, &file, "n00 = 1");
	assert_int_equal(score->status, STATUS(UNKNOWN));
	assert_int_equal(score->least, 3);
	assert_int_equal(score->most, 983);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(rows_are_told),
		cmocka_unit_test(wide_tables_are_bounded),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
