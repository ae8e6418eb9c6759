/* SPDX-License-Identifier: Apache-2.0 */
/* The one sentence about a score table: "得分 70～100 分，不低于 60 分：已符合". */
#include "calculator/score.h"

#include "calculator/words.h"

struct saying {
	const Policycalc__V1__ScoreAnswer *score;
	enum words_language language;
	struct text text; /* while it is open, nothing else is made in the arena */
};

static const char *either(const struct saying *saying, const char *zh, const char *en)
{
	return saying->language == WORDS_ZH ? zh : en;
}

static void put_either(struct saying *saying, const char *zh, const char *en)
{
	text_put_text(&saying->text, either(saying, zh, en));
}

static void say_points(struct saying *saying, int64_t least, int64_t most)
{
	text_put_char(&saying->text, ' ');
	text_put_signed(&saying->text, least);
	if (least != most) {
		put_either(saying, "～", " to ");
		text_put_signed(&saying->text, most);
	}
	put_either(saying, " 分", "");
}

/*
 * "，要求不低于 20 分，还差 5 分". Of 4 to 15 points only the best is 5 short: what is open may make
 * it more.
 */
static void say_short(struct saying *saying, int64_t needed, int64_t least, int64_t most)
{
	put_either(saying, "，要求不低于 ", ", at least ");
	text_put_signed(&saying->text, needed);
	put_either(saying, " 分，", " needed, ");
	if (least != most)
		put_either(saying, "至少", "at least ");
	put_either(saying, "还差 ", "");
	text_put_signed(&saying->text, needed - most);
	put_either(saying, " 分", " short");
}

static void say_label(struct saying *saying, const Policycalc__V1__Text *label)
{
	put_either(saying, "；", "; ");
	text_put_text(&saying->text, words_label(label, saying->language));
}

/* All that fails: the total, sub-scores, vetoes. */
static void say_failed(struct saying *saying)
{
	const Policycalc__V1__ScoreAnswer *score = saying->score;

	if (score->_pass_case == POLICYCALC__V1__SCORE_ANSWER___PASS_PASS &&
			score->most < score->pass)
		say_short(saying, score->pass, score->least, score->most);
	for (size_t i = 0; i < score->n_groups; i++) {
		const Policycalc__V1__ScoreGroupAnswer *group = score->groups[i];

		if (group->status != STATUS(NOT_MET))
			continue;
		say_label(saying, group->label);
		say_points(saying, group->least, group->most);
		if (group->_floor_case == POLICYCALC__V1__SCORE_GROUP_ANSWER___FLOOR_FLOOR)
			say_short(saying, group->floor, group->least, group->most);
	}
	for (size_t i = 0; i < score->n_vetoes; i++) {
		if (score->vetoes[i]->status != STATUS(NOT_MET))
			continue;
		say_label(saying, score->vetoes[i]->label);
		put_either(saying, "：不符合", ": not met");
	}
}

static bool say_pass(struct saying *saying)
{
	const Policycalc__V1__ScoreAnswer *score = saying->score;

	if (score->_pass_case == POLICYCALC__V1__SCORE_ANSWER___PASS_PASS) {
		put_either(saying, score->status == STATUS(MET) ? "，不低于 " : "，要求不低于 ",
				", at least ");
		text_put_signed(&saying->text, score->pass);
		put_either(saying, " 分", " needed");
		return true;
	}
	put_either(saying, "，及格分未见于来源",
			"; the score that passes is not in our sources");
	return false;
}

/* "；取决于 科技成果、研发投入" of the rows in a state; nothing when there are none. */
static void say_rows(struct saying *saying, Policycalc__V1__ScoreRowAnswer__State state,
		const char *lead)
{
	bool first = true;

	for (size_t i = 0; i < saying->score->n_rows; i++) {
		if (saying->score->rows[i]->state != state)
			continue;
		text_put_text(&saying->text, first ? lead : either(saying, "、", ", "));
		text_put_text(&saying->text,
				words_label(saying->score->rows[i]->label, saying->language));
		first = false;
	}
}

static void say_open(struct saying *saying)
{
	const Policycalc__V1__ScoreAnswer *score = saying->score;

	(void)say_pass(saying);
	put_either(saying, "：待定", ": open");
	say_rows(saying, POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_OPEN,
			either(saying, "，取决于 ", ", depends on "));
	say_rows(saying, POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_JUDGED,
			either(saying, "，须人工评定 ", ", people judge "));
	say_rows(saying, POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_NOT_IN_SOURCES,
			either(saying, "，来源未载明 ", ", not in our sources: "));
	for (size_t i = 0; i < score->n_vetoes; i++) {
		if (score->vetoes[i]->status == STATUS(UNKNOWN))
			say_label(saying, score->vetoes[i]->label);
	}
}

static const char *say(const Policycalc__V1__ScoreAnswer *score, enum words_language language,
		struct arena *arena)
{
	struct saying saying = { score, language, text_begin(arena) };

	put_either(&saying, "得分", "score");
	say_points(&saying, score->least, score->most);
	switch ((int)score->status) {
	case STATUS(MET):
		if (say_pass(&saying))
			put_either(&saying, "：已符合", ": met");
		break;
	case STATUS(NOT_MET):
		say_failed(&saying);
		break;
	case STATUS(ERROR):
		put_either(&saying, "：规则出错，须人工核实",
				": a rule failed; people must check");
		break;
	case STATUS(UNKNOWN):
	case STATUS(REVIEW):
	default:
		say_open(&saying);
		break;
	}
	return text_end(&saying.text);
}

bool score_say(struct arena *arena, Policycalc__V1__ScoreAnswer *score)
{
	score->sentence = words_text(
			arena, say(score, WORDS_ZH, arena), say(score, WORDS_EN, arena));
	return score->sentence != NULL;
}
