/* SPDX-License-Identifier: Apache-2.0 */
/* A score table on a terminal of 80 columns, to the letter. */
#include "client/render/score.h"
#include "client/render/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATE(word) POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_##word
#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define TEXT(zh, en)                                                                           \
	{                                                                                      \
		PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor), (char *)(zh),      \
				(char *)(en)                                                   \
	}

static Policycalc__V1__Text labels[] = { TEXT("科技人员指标", "Technical staff"),
	TEXT("研发投入指标", "R&D"), TEXT("科技成果指标", "Results"),
	TEXT("专家评定", "Experts") };
static Policycalc__V1__Text intensity =
		TEXT("研发投入占营业收入比例", "R&D expense to revenue");
static Policycalc__V1__Text cost = TEXT("研发投入占成本费用比例", "R&D expense to costs");
static Policycalc__V1__Text share = TEXT("27%", "27%");
static Policycalc__V1__Text rd = TEXT("4.5%", "4.5%");
static Policycalc__V1__Text bounds[] = { TEXT("≥ 30%", "≥ 30%"), TEXT("≥ 5%", "≥ 5%") };
static Policycalc__V1__Text group_label = TEXT("创新能力", "Innovation");
static Policycalc__V1__Text veto_label =
		TEXT("科技人员指标得分不得为0分", "Technical staff must not score 0");

/* The messages of one table, filled in place. */
struct sample {
	Policycalc__V1__ScoreAnswer score;
	Policycalc__V1__ScoreRowAnswer rows[4], *row_list[4];
	Policycalc__V1__ScoreMetricAnswer metrics[3], *staff[1], *both[2];
	Policycalc__V1__ScoreStepAnswer steps[2];
	Policycalc__V1__ScoreGroupAnswer group, *group_list[1];
	Policycalc__V1__ScoreVetoAnswer veto, *veto_list[1];
};

static void row_fill(struct sample *sample, size_t at, int64_t least, int64_t most,
		int64_t full, Policycalc__V1__ScoreRowAnswer__State state)
{
	Policycalc__V1__ScoreRowAnswer *row = &sample->rows[at];

	policycalc__v1__score_row_answer__init(row);
	row->label = &labels[at];
	row->least = least;
	row->most = most;
	row->full = full;
	row->state = state;
	sample->row_list[at] = row;
}

static void metric_fill(struct sample *sample, size_t at, Policycalc__V1__Text *label,
		Policycalc__V1__Text *observed, bool counted)
{
	Policycalc__V1__ScoreMetricAnswer *metric = &sample->metrics[at];

	policycalc__v1__score_metric_answer__init(metric);
	metric->label = label;
	metric->observed = observed;
	metric->counted = counted;
}

static void sample_fill(struct sample *sample)
{
	row_fill(sample, 0, 16, 16, 20, STATE(KNOWN));
	row_fill(sample, 1, 30, 30, 50, STATE(KNOWN));
	row_fill(sample, 2, 0, 24, 30, STATE(OPEN));
	row_fill(sample, 3, 0, 10, 10, STATE(JUDGED));
	metric_fill(sample, 0, &labels[0], &share, true);
	metric_fill(sample, 1, &intensity, &rd, true);
	metric_fill(sample, 2, &cost, NULL, false);
	for (size_t i = 0; i < 2; i++) {
		policycalc__v1__score_step_answer__init(&sample->steps[i]);
		sample->steps[i].required = &bounds[i];
		sample->steps[i].more = i ? 10 : 4;
		sample->metrics[i].next = &sample->steps[i];
	}
	sample->staff[0] = &sample->metrics[0];
	sample->both[0] = &sample->metrics[1];
	sample->both[1] = &sample->metrics[2];
	sample->rows[0].alternatives = sample->staff;
	sample->rows[0].n_alternatives = 1;
	sample->rows[1].alternatives = sample->both;
	sample->rows[1].n_alternatives = 2;
	policycalc__v1__score_group_answer__init(&sample->group);
	sample->group.label = &group_label;
	sample->group.least = 30;
	sample->group.most = 54;
	sample->group.full = 80;
	sample->group._floor_case = POLICYCALC__V1__SCORE_GROUP_ANSWER___FLOOR_FLOOR;
	sample->group.floor = 20;
	sample->group.status = STATUS(MET);
	sample->group_list[0] = &sample->group;
	policycalc__v1__score_veto_answer__init(&sample->veto);
	sample->veto.label = &veto_label;
	sample->veto.status = STATUS(MET);
	sample->veto_list[0] = &sample->veto;
	policycalc__v1__score_answer__init(&sample->score);
	sample->score.rows = sample->row_list;
	sample->score.n_rows = 4;
	sample->score.groups = sample->group_list;
	sample->score.n_groups = 1;
	sample->score.vetoes = sample->veto_list;
	sample->score.n_vetoes = 1;
	sample->score.least = 46;
	sample->score.most = 80;
	sample->score.full = 110;
	sample->score._pass_case = POLICYCALC__V1__SCORE_ANSWER___PASS_PASS;
	sample->score.pass = 60;
	sample->score.status = STATUS(UNKNOWN);
}

/* clang-format off: as it stands on the terminal */
static const char CHINESE[] =
		"  指标           现状                           得分  满分  下一档\n"
		"  ─────────────  ───────────────────────────  ──────  ────  ─────────────\n"
		"  科技人员指标   27%                              16    20  ≥ 30% 加 4 分\n"
		"  研发投入指标   研发投入占营业收入比例 4.5%      30    50  ≥ 5% 加 10 分\n"
		"  科技成果指标   未知                          0～24    30  待补充\n"
		"  专家评定       未知                          0～10    10  须人工评定\n"
		"  小计 创新能力  不低于 20 分                 30～54    80  符合\n"
		"  合计           不低于 60 分                 46～80   110  待补充\n"
		"  科技人员指标得分不得为0分：符合\n";
/* clang-format on */

static void check_lines(const char *text, size_t width)
{
	while (*text) {
		size_t size = strcspn(text, "\n");

		assert_true(text_width((struct slice){ text, size }) <= width);
		text += size + 1;
	}
}

static bool has(const struct buffer *out, const char *words)
{
	if (strstr(out->data, words))
		return true;
	print_error("no \"%s\" in\n%s", words, out->data);
	return false;
}

static void test_chinese(void **state)
{
	struct sample sample;
	struct render_style style = { .width = 80 };
	struct buffer out = { 0 };

	(void)state;
	sample_fill(&sample);
	assert_true(score_print(&sample.score, &style, 2, &out));
	check_lines(out.data, 80);
	assert_string_equal(out.data, CHINESE);
	buffer_fini(&out);
	/* On a narrow terminal the words give way, the figures stay. */
	style.width = 60;
	assert_true(score_print(&sample.score, &style, 6, &out));
	check_lines(out.data, 60);
	assert_true(has(&out, "46～80"));
	assert_true(has(&out, "…"));
	buffer_fini(&out);
}

static void test_english(void **state)
{
	struct sample sample;
	struct render_style style = { .width = 80, .english = true };
	struct buffer out = { 0 };

	(void)state;
	sample_fill(&sample);
	sample.score.status = STATUS(NOT_MET);
	sample.veto.status = STATUS(NOT_MET);
	sample.rows[2].state = STATE(NEEDLESS);
	assert_true(score_print(&sample.score, &style, 6, &out));
	check_lines(out.data, 80);
	assert_true(has(&out, "R&D expense to revenue 4.5%"));
	assert_true(has(&out, "≥ 5%: +10"));
	assert_true(has(&out, "irrelevant"));
	assert_true(has(&out, "people judge"));
	assert_true(has(&out, "of Innovation"));
	assert_true(has(&out, "      total"));
	assert_true(has(&out, "      Technical staff must not score 0: not met\n"));
	buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chinese),
		cmocka_unit_test(test_english),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
