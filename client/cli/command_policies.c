/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/lib/list.h"
#include "client/render/table.h"
#include "client/render/text.h"
#include "proto/codec/value_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char LIST_HELP_ZH[] =
		"用法：policycalc policies [选项]\n"
		"\n"
		"  --search 词       编号、名称、摘要、关键词或部门中含有这些词\n"
		"  --kind 种类       loan subsidy award tax-relief refund fund recognition "
		"service\n"
		"  --level 层级      national province city county\n"
		"  --department 部门 部门名称含有这些字\n"
		"  --open            只列可以申请的\n"
		"  --as-of 日期      按哪一天\n"
		"  --revision N      用第 N 版目录\n"
		"\n"
		"JSON 为每行一项政策（NDJSON）。\n";
static const char LIST_HELP_EN[] = "usage: policycalc policies [options]\n"
				   "\n"
				   "  --search WORDS    that occur in id, title, summary, "
				   "keywords or departments\n"
				   "  --kind KIND       loan subsidy award tax-relief refund "
				   "fund recognition service\n"
				   "  --level LEVEL     national province city county\n"
				   "  --department NAME that the department's name contains\n"
				   "  --open            only those one may apply for\n"
				   "  --as-of DATE      on that day\n"
				   "  --revision N      of the catalog\n"
				   "\n"
				   "JSON is one policy a line (NDJSON).\n";
static const char ONE_HELP_ZH[] = "用法：policycalc policy 编号 [--as-of 日期] [--revision N]\n"
				  "\n"
				  "查看一项政策：依据、条件、金额、参数和存疑之处。\n"
				  "给出系列名时，取当天有效的版本。\n";
static const char ONE_HELP_EN[] =
		"usage: policycalc policy ID [--as-of DATE] [--revision N]\n"
		"\n"
		"Shows one policy: sources, conditions, amount, parameters, open points.\n"
		"A series gives the version in force on the day.\n";

/* "tax-relief", "TAX_RELIEF" or "KIND_TAX_RELIEF" as a value of the enum. */
static bool enum_parse(const ProtobufCEnumDescriptor *type, const char *prefix,
		const char *text, int *out)
{
	char name[64];
	size_t used = 0;

	for (; *text && used + 1 < sizeof(name); text++)
		name[used++] = *text == '-' ? '_' : (char)toupper((unsigned char)*text);
	name[used] = '\0';
	for (unsigned i = 0; i < type->n_values; i++) {
		const char *known = type->values[i].name;

		if (type->values[i].value != 0 &&
				(strcmp(known, name) == 0 ||
						strcmp(known + strlen(prefix), name) == 0)) {
			*out = type->values[i].value;
			return true;
		}
	}
	return false;
}

static int policies_print(struct cli *cli, Policycalc__V1__ListPoliciesRequest *request)
{
	const struct render_style *style = &cli->style;
	struct table table = { .columns = 4,
		.headings = { cli_word(cli, "编号", "id"), cli_word(cli, "层级", "level"),
				cli_word(cli, "种类", "kind"), cli_word(cli, "名称", "title") },
		.whole = { true } };
	const Policycalc__V1__ListPoliciesResponse *page;
	struct buffer out = { 0 };
	bool last = false;

	while (!last) {
		int code = cli_call(cli, "/policycalc.v1.CatalogService/ListPolicies",
				&request->base,
				&policycalc__v1__list_policies_response__descriptor, &page);

		if (code != CLI_OK) {
			buffer_fini(&out);
			table_fini(&table);
			return code;
		}
		for (size_t i = 0; i < page->n_policies; i++) {
			const Policycalc__V1__PolicySummary *policy = page->policies[i];
			const char *cells[] = { policy->id, word_level(style, policy->level),
				word_kind(style, policy->kind),
				word_text(style, policy->title) };

			if (cli->json && !cli_append_json_line(policy, &out))
				out.failed = true;
			table_add(&table, cells);
		}
		last = page_is_last(page->next_page_token, request->page_token);
		request->page_token = page->next_page_token;
		request->revision = page->revision;
	}
	if (!cli->json && !table_print(&table, style->width, style->colour, &out))
		out.failed = true;
	if (!cli->json)
		buffer_format(&out, cli_word(cli, "共 %zu 项\n", "%zu policies\n"), table.rows);
	table_fini(&table);
	return cli_write(cli, &out);
}

int command_policies(struct cli *cli, int argc, char **argv)
{
	const char *search = "", *department = "", *as_of = "";
	const char *kind = NULL, *level = NULL, *revision = NULL;
	bool open = false;
	const struct cli_option list[] = {
		{ "--search", .text = &search },
		{ "--kind", .text = &kind },
		{ "--level", .text = &level },
		{ "--department", .text = &department },
		{ "--as-of", .text = &as_of },
		{ "--revision", .text = &revision },
		{ "--open", .flag = &open },
	};
	Policycalc__V1__ListPoliciesRequest request =
			POLICYCALC__V1__LIST_POLICIES_REQUEST__INIT;
	long long number = 0;
	int value = 0;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), LIST_HELP_ZH,
			LIST_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return cli_usage(cli,
				cli_word(cli, "多余的参数 '%s'（查找请用 --search）",
						"'%s' is too much (use --search to search)"),
				argv[0]);
	if (revision && !cli_parse_number(revision, &number))
		return cli_usage(cli, "--revision N");
	if (kind && !enum_parse(&policycalc__v1__kind__descriptor, "KIND_", kind, &value))
		return cli_usage(cli,
				"--kind: loan subsidy award tax-relief refund fund recognition "
				"service");
	request.kind = (Policycalc__V1__Kind)value;
	value = 0;
	if (level && !enum_parse(&policycalc__v1__level__descriptor, "LEVEL_", level, &value))
		return cli_usage(cli, "--level: national province city county");
	request.level = (Policycalc__V1__Level)value;
	request.search = (char *)(uintptr_t)search;
	request.department = (char *)(uintptr_t)department;
	request.as_of = (char *)(uintptr_t)as_of;
	request.open = open;
	request.revision = number;
	request.page_size = 1000;
	return policies_print(cli, &request);
}

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

static void marks_print(const struct cli *cli, const char *heading,
		Policycalc__V1__Mark *const *marks, size_t count, struct buffer *out)
{
	if (count)
		buffer_format(out, "\n%s\n", heading);
	for (size_t i = 0; i < count; i++)
		line_print(cli, "  · ", word_text(&cli->style, marks[i]->text), out);
}

static void conditions_print(
		const struct cli *cli, const Policycalc__V1__Policy *policy, struct buffer *out)
{
	if (policy->n_conditions)
		buffer_format(out, "\n%s\n", cli_word(cli, "条件", "Conditions"));
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__Condition *condition = policy->conditions[i];
		const char *label = word_text(&cli->style, condition->label);
		const char *mark = condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE
						   ? cli_word(cli, "  [排除] ", "  [exclude] ")
				   : condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW
						   ? cli_word(cli, "  [评审] ", "  [review]  ")
						   : cli_word(cli, "  [要求] ", "  [require] ");

		line_print(cli, mark, *label ? label : condition->id, out);
		line_print(cli, "         ", condition->rule, out);
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
	}
}

static void policy_print(struct cli *cli, const Policycalc__V1__GetPolicyResponse *response,
		struct buffer *out)
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
	if (policy->amount)
		line_print(cli, cli_word(cli, "金额：", "amount: "),
				word_text(style, policy->amount->description), out);
	conditions_print(cli, policy, out);
	if (response->n_parameters)
		buffer_format(out, "\n%s\n", cli_word(cli, "参数", "Parameters"));
	for (size_t i = 0; i < response->n_parameters; i++)
		parameter_print(cli, response->parameters[i], out);
	marks_print(cli, cli_word(cli, "未核实", "Unverified"), policy->unverified,
			policy->n_unverified, out);
	marks_print(cli, cli_word(cli, "原文未明", "Ambiguous"), policy->ambiguous,
			policy->n_ambiguous, out);
	marks_print(cli, cli_word(cli, "资料缺失", "Missing facts"), policy->missing_facts,
			policy->n_missing_facts, out);
	if (policy->n_sources)
		buffer_format(out, "\n%s\n", cli_word(cli, "依据", "Sources"));
	for (size_t i = 0; i < policy->n_sources; i++)
		line_print(cli, "  · ", policy->sources[i]->doc, out);
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
	if (response->policy)
		policy_print(cli, response, &out);
	return cli_write(cli, &out);
}
