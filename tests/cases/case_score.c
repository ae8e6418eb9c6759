/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score tables of a case file:
 *
 *     score evaluation pass p.least
 *     group growth [full 30] [floor p.growth_least]
 *     row staff full 20 [of growth] [judged]
 *     measure e.tech_share >= p.best 20, >= p.good 16[, otherwise 5]
 *     measure e.emerging yes 10, otherwise 5
 *     points e.rule_of_points
 *     veto row staff
 *     veto RULE
 *     require [ID:] score evaluation [or RULE]
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

static Policycalc__V1__ScoreTable *table_at_hand(struct case_file *file)
{
	if (!file->policy || file->policy->n_score_tables == 0)
		case_broken(file, "no score table is being written");
	return file->policy->score_tables[file->policy->n_score_tables - 1];
}

static Policycalc__V1__ScoreRow *row_at_hand(struct case_file *file)
{
	Policycalc__V1__ScoreTable *table = table_at_hand(file);

	if (table->n_rows == 0)
		case_broken(file, "no row is being written");
	return table->rows[table->n_rows - 1];
}

static void read_table(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreTable *table = CASE_NEW(
			file, Policycalc__V1__ScoreTable, policycalc__v1__score_table__init);

	table->id = case_word(file, &rest);
	table->label = case_bilingual(file, table->id, table->id);
	(void)case_cut(&rest, "pass ");
	table->pass = case_keep(file, case_trim(rest));
	case_append(file, &file->policy->score_tables, &file->policy->n_score_tables, table);
}

static void read_group(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreTable *table = table_at_hand(file);
	Policycalc__V1__ScoreGroup *group = CASE_NEW(
			file, Policycalc__V1__ScoreGroup, policycalc__v1__score_group__init);

	group->id = case_word(file, &rest);
	group->label = case_bilingual(file, group->id, group->id);
	(void)case_cut(&rest, "floor ");
	group->floor = case_keep(file, case_trim(rest));
	case_append(file, &table->groups, &table->n_groups, group);
}

static void read_row(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreTable *table = table_at_hand(file);
	Policycalc__V1__ScoreRow *row = CASE_NEW(
			file, Policycalc__V1__ScoreRow, policycalc__v1__score_row__init);
	char *word;

	row->id = case_word(file, &rest);
	row->label = case_bilingual(file, row->id, row->id);
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "full") == 0)
			row->full = atoi(case_word(file, &rest));
		else if (strcmp(word, "of") == 0)
			row->group = case_word(file, &rest);
		else if (strcmp(word, "judged") == 0)
			row->judged = true;
		else
			case_broken(file, "what is %s?", word);
	}
	case_append(file, &table->rows, &table->n_rows, row);
}

/* ">= p.best 20": the points are the last word. */
static Policycalc__V1__ScoreStep *read_step(struct case_file *file, char *text)
{
	static const char *const signs[] = { ">=", ">", "<=", "<", "yes" };
	Policycalc__V1__ScoreStep *step = CASE_NEW(
			file, Policycalc__V1__ScoreStep, policycalc__v1__score_step__init);
	char **bounds[] = { &step->at_least, &step->above, &step->at_most, &step->below };
	char *points = strrchr(text, ' ');

	if (!points)
		case_broken(file, "a step has points");
	step->points = case_keep(file, case_trim(points));
	*points = 0;
	for (size_t i = 0; i < 5; i++) {
		size_t size = strlen(signs[i]);

		if (strncmp(text, signs[i], size) != 0 || text[size] == '=')
			continue;
		if (i < 4)
			*bounds[i] = case_keep(file, case_trim(text + size));
		return step;
	}
	case_broken(file, "a step begins with >=, >, <=, < or yes");
}

static void read_measure(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreRow *row = row_at_hand(file);
	Policycalc__V1__ScoreMetric *metric = CASE_NEW(
			file, Policycalc__V1__ScoreMetric, policycalc__v1__score_metric__init);

	metric->attribute = case_word(file, &rest);
	while (*rest) {
		char *part = case_trim(case_cut(&rest, ", "));

		if (strncmp(part, "otherwise ", 10) == 0)
			metric->otherwise = case_keep(file, case_trim(part + 10));
		else
			case_append(file, &metric->steps, &metric->n_steps,
					read_step(file, part));
	}
	case_append(file, &row->alternatives, &row->n_alternatives, metric);
}

static void read_points(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreRow *row = row_at_hand(file);
	Policycalc__V1__ScoreMetric *metric = CASE_NEW(
			file, Policycalc__V1__ScoreMetric, policycalc__v1__score_metric__init);

	metric->rule = case_keep(file, case_trim(rest));
	case_append(file, &row->alternatives, &row->n_alternatives, metric);
}

static void read_veto(struct case_file *file, char *rest)
{
	Policycalc__V1__ScoreTable *table = table_at_hand(file);
	Policycalc__V1__ScoreVeto *veto = CASE_NEW(
			file, Policycalc__V1__ScoreVeto, policycalc__v1__score_veto__init);

	veto->id = arena_format(file->arena, "v%zu", table->n_vetoes + 1);
	if (!veto->id)
		case_broken(file, "out of memory");
	veto->label = case_bilingual(file, rest, rest);
	if (strncmp(rest, "row ", 4) == 0)
		veto->row = case_keep(file, case_trim(rest + 4));
	else
		veto->rule = case_keep(file, case_trim(rest));
	case_append(file, &table->vetoes, &table->n_vetoes, veto);
}

bool case_read_score(struct case_file *file, const char *keyword, char *rest)
{
	if (strcmp(keyword, "score") == 0)
		read_table(file, rest);
	else if (strcmp(keyword, "group") == 0)
		read_group(file, rest);
	else if (strcmp(keyword, "row") == 0)
		read_row(file, rest);
	else if (strcmp(keyword, "measure") == 0)
		read_measure(file, rest);
	else if (strcmp(keyword, "points") == 0)
		read_points(file, rest);
	else if (strcmp(keyword, "veto") == 0)
		read_veto(file, rest);
	else
		return false;
	return true;
}

bool case_read_score_condition(
		struct case_file *file, Policycalc__V1__Condition *condition, char *rest)
{
	if (strncmp(rest, "score ", 6) != 0)
		return false;
	rest += 6;
	condition->score_table = case_word(file, &rest);
	(void)case_cut(&rest, "or ");
	condition->direct_pass = case_keep(file, case_trim(rest));
	return true;
}

static const Policycalc__V1__ScoreAnswer *score_of(const Policycalc__V1__PolicyAnswer *answer)
{
	for (size_t i = 0; i < answer->n_conditions; i++) {
		if (answer->conditions[i]->score)
			return answer->conditions[i]->score;
	}
	return NULL;
}

static char *range_words(struct case_file *file, int64_t least, int64_t most)
{
	char *text = least == most ? arena_format(file->arena, "%lld", (long long)least)
				   : arena_format(file->arena, "%lld..%lld", (long long)least,
						     (long long)most);

	if (!text)
		case_broken(file, "out of memory");
	return text;
}

char *case_score_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__ScoreAnswer *score = score_of(answer);

	return score ? range_words(file, score->least, score->most) : case_keep(file, "none");
}

char *case_rows_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__ScoreAnswer *score = score_of(answer);
	char *text = case_keep(file, "");

	for (size_t i = 0; score && i < score->n_rows; i++) {
		const Policycalc__V1__ScoreRowAnswer *row = score->rows[i];
		const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
				&policycalc__v1__score_row_answer__state__descriptor,
				(int)row->state);

		text = arena_format(file->arena, "%s%s%s %s %s", text, i ? "; " : "", row->id,
				range_words(file, row->least, row->most),
				state->name + sizeof("STATE_") - 1);
		if (!text)
			case_broken(file, "out of memory");
	}
	return text;
}
