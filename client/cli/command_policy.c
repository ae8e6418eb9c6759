/* SPDX-License-Identifier: Apache-2.0 */
/* One policy, with all that its editor has to check against the document. */
#include "client/cli/cli.h"
#include "client/cli/dictionary.h"
#include "client/render/exclusion.h"
#include "client/render/text.h"
#include "proto/codec/value_choice.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <string.h>

static const char ONE_HELP_ZH[] =
		"用法：policycalc policy 编号 [--as-of 日期] [--revision N]\n"
		"\n"
		"查看一项政策：何时何地适用、条件、金额、互斥、参数，各自的依据，\n"
		"以及存疑之处。\n"
		"给出系列名时，取当天有效的版本。\n";
static const char ONE_HELP_EN[] =
		"usage: policycalc policy ID [--as-of DATE] [--revision N]\n"
		"\n"
		"Shows one policy: when and where it holds, conditions, amount, exclusions,\n"
		"parameters, each with its source, and open points.\n"
		"A series gives the version in force on the day.\n";

/* "label: text" wrapped under itself; nothing when the text is empty. */
static void line_print(
		const struct cli *cli, const char *label, const char *text, struct buffer *out)
{
	size_t indent = text_width(slice_from(label));
	size_t width = cli->style.width > indent + 10 ? cli->style.width - indent : 10;

	if (!*text)
		return;
	buffer_append_text(out, label);
	text_append_wrapped(out, slice_from(text), width, indent);
	buffer_append_char(out, '\n');
}

/* As above of what @text holds, which is freed. */
static void line_finish(const struct cli *cli, const char *label, struct buffer *text,
		struct buffer *out)
{
	out->failed |= text->failed;
	line_print(cli, label, text->data ? text->data : "", out);
	buffer_fini(text);
}

/* "《办法》（文号）第七条", beneath what it is the source of. */
static void source_print(const struct cli *cli, const char *label,
		const Policycalc__V1__Source *source, struct buffer *out)
{
	struct buffer text = { 0 };

	source_append(&cli->style, source, &text);
	line_finish(cli, label, &text, out);
}

static void heading_print(
		const struct cli *cli, const char *zh, const char *en, struct buffer *out)
{
	buffer_format(out, "\n%s\n", cli_word(cli, zh, en));
}

static void marks_print(const struct cli *cli, const char *heading,
		Policycalc__V1__Mark *const *marks, size_t count, struct buffer *out)
{
	if (count)
		buffer_format(out, "\n%s\n", heading);
	for (size_t i = 0; i < count; i++)
		line_print(cli, "  · ", word_text(&cli->style, marks[i]->text), out);
}

/* "规则：e.staff >= 20" of each rule that there is. */
static void rule_print(const struct cli *cli, const char *indent, const char *zh,
		const char *en, const char *rule, struct buffer *out)
{
	struct buffer text = { 0 };

	if (*rule)
		buffer_format(&text, "%s%s", cli_word(cli, zh, en), rule);
	line_finish(cli, indent, &text, out);
}

static void conditions_print(
		const struct cli *cli, const Policycalc__V1__Policy *policy, struct buffer *out)
{
	static const char indent[] = "         ";

	if (policy->n_conditions)
		heading_print(cli, "条件", "Conditions", out);
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__Condition *condition = policy->conditions[i];
		const char *label = word_text(&cli->style, condition->label);
		const char *mark = condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE
						   ? cli_word(cli, "  [排除] ", "  [exclude] ")
				   : condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW
						   ? cli_word(cli, "  [评审] ", "  [review]  ")
						   : cli_word(cli, "  [要求] ", "  [require] ");

		line_print(cli, mark, *label ? label : condition->id, out);
		rule_print(cli, indent, "", "", condition->rule, out);
		rule_print(cli, indent, "评分表：", "score table: ", condition->score_table,
				out);
		rule_print(cli, indent, "直通：", "direct pass: ", condition->direct_pass, out);
		rule_print(cli, indent, "不必评审即符合：", "met if: ", condition->met_if, out);
		rule_print(cli, indent, "不必评审即不符合：", "fails if: ", condition->fails_if,
				out);
		source_print(cli, cli_word(cli, "         依据：", "         source: "),
				condition->source, out);
	}
}

/* The figure of a parameter as people write it. */
static const char *figure_print(struct cli *cli, const Policycalc__V1__Parameter *parameter,
		const Policycalc__V1__ParameterValue *figure)
{
	Policycalc__V1__Attribute like = POLICYCALC__V1__ATTRIBUTE__INIT;
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;
	const char *text;

	like.type = parameter->type;
	like.unit = parameter->unit;
	switch ((int)figure->kind_case) {
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN:
		value.kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value.money_fen = figure->money_fen;
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM:
		value.kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value.ratio_ppm = figure->ratio_ppm;
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT:
		value.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value.count = figure->count;
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_FLAG:
		value.kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value.flag = figure->flag;
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_CODES:
		value.kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value.codes = figure->codes;
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_DATE:
		return figure->date;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_CODE:
		return figure->code;
	default:
		return cli_word(cli, "未载明", "not stated");
	}
	text = value_print_text(&value, &like, cli->lang, &cli->arena);
	return text ? text : "";
}

/* "2022-09-08起" and the like; empty when there is nothing to say. */
static const char *days_print(struct cli *cli, const Policycalc__V1__ParameterValue *figure)
{
	const char *until = figure->until;
	bool has_until = *until && strcmp(until, "not_stated") != 0;

	if (strcmp(figure->from, "not_stated") == 0)
		return has_until ? arena_format(&cli->arena,
						   cli_word(cli, "（至%s）", " (until %s)"),
						   until)
				 : "";
	return has_until ? arena_format(&cli->arena, cli_word(cli, "（%s至%s）", " (%s to %s)"),
					   figure->from, until)
			 : arena_format(&cli->arena, cli_word(cli, "（%s起）", " (from %s)"),
					   figure->from);
}

/* The name, and below it what it means and each of its figures with its days. */
static void parameter_print(
		struct cli *cli, const Policycalc__V1__Parameter *parameter, struct buffer *out)
{
	line_print(cli, "  p.", parameter->name, out);
	line_print(cli, "    ", word_text(&cli->style, parameter->label), out);
	for (size_t i = 0; i < parameter->n_values; i++) {
		const char *days = days_print(cli, parameter->values[i]);
		const char *line = arena_format(&cli->arena, "%s%s",
				figure_print(cli, parameter, parameter->values[i]),
				days ? days : "");

		line_print(cli, cli_word(cli, "    ＝ ", "    = "), line ? line : "", out);
		source_print(cli, cli_word(cli, "       依据：", "      source: "),
				parameter->values[i]->source, out);
	}
}

/* --- when and where --------------------------------------------------------------------------- */

static const char *day_word(const struct cli *cli, const char *day)
{
	return strcmp(day, "not_stated") == 0 ? cli_word(cli, "未载明", "not stated") : day;
}

/* "2026-01-01 至 2027-12-31"; without an end "2026-01-01 起". */
static void range_print(const struct cli *cli, const char *label,
		const Policycalc__V1__DateRange *range, struct buffer *out)
{
	struct buffer text = { 0 };

	if (!range)
		return;
	buffer_append_text(&text, day_word(cli, range->from));
	if (*range->known_by)
		buffer_format(&text, cli_word(cli, "（不晚于 %s）", " (not later than %s)"),
				range->known_by);
	if (*range->until)
		buffer_format(&text, cli_word(cli, " 至 %s", " to %s"),
				day_word(cli, range->until));
	else
		buffer_append_text(&text, cli_word(cli, " 起", " on"));
	line_finish(cli, label, &text, out);
}

static void windows_print(
		const struct cli *cli, const Policycalc__V1__Policy *policy, struct buffer *out)
{
	const char *label = cli_word(cli, "申报：", "apply: ");

	for (size_t i = 0; i < policy->n_windows; i++)
		range_print(cli, label, policy->windows[i], out);
	if (policy->window_always)
		line_print(cli, label, cli_word(cli, "随时", "at any time"), out);
	if (policy->window_not_stated)
		line_print(cli, label,
				cli_word(cli, "时间未载明（按可以申报计算）",
						"not stated when (taken to be open)"),
				out);
}

/* The codes with their names, as the dictionary has them for @attribute. */
static void codes_append(const struct cli *cli, const struct dictionary *dictionary,
		const char *attribute, char *const *codes, size_t count, struct buffer *text)
{
	const Policycalc__V1__Attribute *found = NULL;

	for (size_t i = 0; i < dictionary->count; i++)
		if (strcmp(dictionary->attributes[i]->name, attribute) == 0)
			found = dictionary->attributes[i];
	for (size_t i = 0; i < count; i++) {
		const char *label = found ? choice_label(found, codes[i], cli->lang) : codes[i];

		buffer_format(text, "%s%s", i ? cli_word(cli, "、", ", ") : "", codes[i]);
		if (strcmp(label, codes[i]) != 0)
			buffer_format(text, " %s", label);
	}
}

static void region_print(const struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__RegionScope *region, struct buffer *out)
{
	struct buffer text = { 0 };

	if (!region || region->n_covers == 0)
		return;
	codes_append(cli, dictionary, "region", region->covers, region->n_covers, &text);
	if (region->by == POLICYCALC__V1__REGION_SCOPE__BY__BY_STATISTICAL)
		buffer_append_text(&text,
				cli_word(cli, "（按统计归属地）", " (by place in statistics)"));
	if (region->zones == POLICYCALC__V1__REGION_SCOPE__ZONES__ZONES_EXCLUDE)
		buffer_append_text(&text, cli_word(cli, "（不含功能区）", " (without zones)"));
	line_finish(cli, cli_word(cli, "地区：", "region: "), &text, out);
}

static void industry_print(const struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__IndustryScope *industry, struct buffer *out)
{
	struct buffer text = { 0 };

	if (!industry)
		return;
	codes_append(cli, dictionary, "industry", industry->include, industry->n_include,
			&text);
	if (industry->n_exclude) {
		buffer_append_text(&text, text.size ? cli_word(cli, "；不含 ", "; without ")
						    : cli_word(cli, "不含 ", "without "));
		codes_append(cli, dictionary, "industry", industry->exclude,
				industry->n_exclude, &text);
	}
	line_finish(cli, cli_word(cli, "行业：", "industry: "), &text, out);
}

/* --- how much, and beside what ---------------------------------------------------------------- */

static void cap_print(const struct cli *cli, const Policycalc__V1__Cap *cap, struct buffer *out)
{
	const char *label = word_text(&cli->style, cap->label);
	struct buffer text = { 0 };

	if (*label)
		buffer_format(&text, "%s%s", label, cli_word(cli, "：", ": "));
	buffer_append_text(&text, cap->none	    ? cli_word(cli, "不封顶", "none")
				  : cap->not_stated ? cli_word(cli, "未载明", "not stated")
						    : cap->limit_rule);
	if (*cap->when_rule)
		buffer_format(&text, cli_word(cli, "，当 %s", " when %s"), cap->when_rule);
	line_finish(cli, cli_word(cli, "  上限：", "  cap: "), &text, out);
	source_print(cli, cli_word(cli, "    依据：", "    source: "), cap->source, out);
}

static void amount_print(
		const struct cli *cli, const Policycalc__V1__Amount *amount, struct buffer *out)
{
	if (!amount)
		return;
	heading_print(cli, "金额", "Amount", out);
	line_print(cli, "  ", word_text(&cli->style, amount->description), out);
	if (amount->not_stated)
		line_print(cli, "  ", cli_word(cli, "未载明", "not stated"), out);
	rule_print(cli, "  ", "规则：", "rule: ", amount->rule, out);
	rule_print(cli, "  ", "基数：", "base: ", amount->base_rule, out);
	rule_print(cli, "  ", "比例：", "rate: ", amount->rate_rule, out);
	for (size_t i = 0; i < amount->n_brackets; i++) {
		const Policycalc__V1__Bracket *bracket = amount->brackets[i];
		struct buffer text = { 0 };

		if (*bracket->up_to_rule)
			buffer_format(&text, cli_word(cli, "至 %s：", "up to %s: "),
					bracket->up_to_rule);
		buffer_append_text(&text, bracket->rate_rule);
		line_finish(cli, cli_word(cli, "  分段：", "  part: "), &text, out);
	}
	for (size_t i = 0; i < amount->n_tiers; i++) {
		const Policycalc__V1__Tier *tier = amount->tiers[i];
		struct buffer text = { 0 };

		buffer_append_text(&text, tier->amount_rule);
		if (*tier->when_rule)
			buffer_format(&text, cli_word(cli, "，当 %s", " when %s"),
					tier->when_rule);
		line_finish(cli, cli_word(cli, "  分档：", "  tier: "), &text, out);
	}
	rule_print(cli, "  ", "数量：", "quantity: ", amount->quantity_rule, out);
	rule_print(cli, "  ", "单价：", "of each: ", amount->unit_amount_rule, out);
	for (size_t i = 0; i < amount->n_caps; i++)
		cap_print(cli, amount->caps[i], out);
	source_print(cli, cli_word(cli, "  依据：", "  source: "), amount->source, out);
}

static void exclusions_print(
		const struct cli *cli, const Policycalc__V1__Policy *policy, struct buffer *out)
{
	if (policy->n_exclusions)
		heading_print(cli, "互斥", "Exclusions", out);
	for (size_t i = 0; i < policy->n_exclusions; i++) {
		struct buffer text = { 0 };

		buffer_format(&text, cli_word(cli, "%s 组：", "group %s: "),
				policy->exclusions[i]->group);
		exclusion_append_rule(&cli->style, policy->exclusions[i], &text);
		line_finish(cli, "  · ", &text, out);
		exclusion_append_unchecked(&cli->style, policy->exclusions[i], &text);
		line_finish(cli, "    ", &text, out);
		source_print(cli, cli_word(cli, "    依据：", "    source: "),
				policy->exclusions[i]->source, out);
	}
}

static void policy_print(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__GetPolicyResponse *response, struct buffer *out)
{
	const Policycalc__V1__Policy *policy = response->policy;
	const struct render_style *style = &cli->style;

	line_print(cli, "", word_text(style, policy->title), out);
	line_print(cli, cli_word(cli, "编号：", "id: "), policy->id, out);
	line_print(cli, cli_word(cli, "文号：", "document: "), policy->document_number, out);
	line_print(cli, cli_word(cli, "层级：", "level: "), word_level(style, policy->level),
			out);
	line_print(cli, cli_word(cli, "种类：", "kind: "), word_kind(style, policy->kind), out);
	for (size_t i = 0; i < policy->n_departments; i++)
		line_print(cli, cli_word(cli, "部门：", "department: "), policy->departments[i],
				out);
	line_print(cli, cli_word(cli, "摘要：", "summary: "), word_text(style, policy->summary),
			out);
	range_print(cli, cli_word(cli, "有效期：", "in force: "), policy->in_force, out);
	windows_print(cli, policy, out);
	range_print(cli, cli_word(cli, "计算期：", "counting period: "),
			policy->counting_period, out);
	region_print(cli, dictionary, policy->region, out);
	industry_print(cli, dictionary, policy->industry, out);
	conditions_print(cli, policy, out);
	amount_print(cli, policy->amount, out);
	exclusions_print(cli, policy, out);
	if (response->n_parameters)
		heading_print(cli, "参数", "Parameters", out);
	for (size_t i = 0; i < response->n_parameters; i++)
		parameter_print(cli, response->parameters[i], out);
	marks_print(cli, cli_word(cli, "未核实", "Unverified"), policy->unverified,
			policy->n_unverified, out);
	marks_print(cli, cli_word(cli, "原文未明", "Ambiguous"), policy->ambiguous,
			policy->n_ambiguous, out);
	marks_print(cli, cli_word(cli, "资料缺失", "Missing facts"), policy->missing_facts,
			policy->n_missing_facts, out);
	if (policy->n_sources)
		heading_print(cli, "依据", "Sources", out);
	for (size_t i = 0; i < policy->n_sources; i++)
		source_print(cli, "  · ", policy->sources[i], out);
}

int command_policy(struct cli *cli, int argc, char **argv)
{
	const char *as_of = "", *revision = NULL;
	const struct cli_option list[] = {
		{ "--as-of", .text = &as_of },
		{ "--revision", .text = &revision },
	};
	Policycalc__V1__GetPolicyRequest request = POLICYCALC__V1__GET_POLICY_REQUEST__INIT;
	const Policycalc__V1__GetPolicyResponse *response;
	struct dictionary dictionary;
	struct buffer out = { 0 };
	long long number = 0;
	int code = cli_options(cli, list, 2, ONE_HELP_ZH, ONE_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个政策编号", "one policy id is needed"));
	if (revision && !cli_parse_number(revision, &number))
		return cli_usage(cli, "--revision N");
	request.id = argv[0];
	request.as_of = (char *)(uintptr_t)as_of;
	request.revision = number;
	code = cli_call(cli, "/policycalc.v1.CatalogService/GetPolicy", &request.base,
			&policycalc__v1__get_policy_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	code = dictionary_load(cli, response->revision, &dictionary);
	if (code != CLI_OK)
		return code;
	if (response->policy)
		policy_print(cli, &dictionary, response, &out);
	return cli_write(cli, &out);
}
