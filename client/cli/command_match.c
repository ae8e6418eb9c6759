/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/command_match.h"

#include "client/cli/dictionary.h"
#include "client/cli/profile_argument.h"
#include "client/render/brief.h"
#include "client/render/combination.h"
#include "client/render/near.h"
#include "client/render/overview.h"

#include <stdio.h>
#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc match [-f 档案] [--id 代码] [名称=值 ...] [选项]\n"
		"\n"
		"按一家企业的情况匹配政策。没有给出的一律视为“不知道”，不当作零或“否”。\n"
		"\n"
		"  -f 档案           JSON 或 YAML 文件，- 为标准输入；名称=值 覆盖档案中的值\n"
		"  --id 代码         登记库中的企业（统一社会信用代码）；-f 和 名称=值 "
		"覆盖库中的值\n"
		"  --as-of 日期      按哪一天计算（YYYY-MM-DD，默认今天）\n"
		"  --explain         说明：能享受的和理由、该补充什么、不符合的原因\n"
		"  --near            差多少就符合：只改动一两项、可以做到的；以及离门槛不远、"
		"须留意的\n"
		"  --combine         再给出可以同时享受的最佳组合（同 policycalc combine）\n"
		"  --all             也列出不符合、未开放和已被取代的政策；和 --explain "
		"同用时逐条说明\n"
		"  --policy 编号     只看这一项（编号或系列；多项用逗号分隔）\n"
		"  --revision N      用第 N 版目录\n"
		"  --strict          未知的属性名算作错误\n"
		"  --format 格式     table、json 或 html（政策体检报告，一页可打印）\n"
		"\n"
		"值的写法按属性类型：revenue=3800万元 main_business_share=88% staff=120 "
		"rd_budget_filed=是 "
		"region=灵宝市\n"
		"  某一年的值：rd_expense@2024=380万元     "
		"项目：projects.p1.completed_investment=200万元\n"
		"  统一社会信用代码和日期：uscc=… date=2026-03-01\n"
		"\n"
		"档案（YAML；JSON 同形，其中整数按最小单位：分、百万分之一）：\n"
		"  uscc: 9141…\n"
		"  date: 2026-03-01\n"
		"  attributes: {region: 灵宝市, revenue: 3800万元, \"rd_expense@2024\": "
		"380万元}\n"
		"  projects: {p1: {completed_investment: 200万元}}    # 空列表 [] 表示“没有”\n"
		"  complete_lists: [loans]                            # 这些清单已全部列出\n";
static const char HELP_EN[] =
		"usage: policycalc match [-f PROFILE] [--id CODE] [name=value ...] [options]\n"
		"\n"
		"Matches one enterprise against the policies. What is not given is unknown: "
		"never zero,\n"
		"never \"no\".\n"
		"\n"
		"  -f PROFILE        JSON or YAML file, - is standard input; name=value "
		"overrides it\n"
		"  --id CODE         an enterprise of the registry (USCC); -f and name=value "
		"override it\n"
		"  --as-of DATE      day of the question (YYYY-MM-DD, default today)\n"
		"  --explain         what it gets and why, what to tell to learn more, what "
		"it misses\n"
		"                    and why\n"
		"  --near            what would have to change to be eligible (one or two "
		"facts "
		"the firm can\n"
		"                    change), and which threshold is close ahead\n"
		"  --combine         also the best combination, as policycalc combine prints "
		"it\n"
		"  --all             also policies that do not fit, are not open or "
		"superseded; with\n"
		"                    --explain every policy and condition\n"
		"  --policy ID       only this one (id or series; several with commas)\n"
		"  --revision N      of the catalog\n"
		"  --strict          unknown attribute names are errors\n"
		"  --format FORMAT   table, json or html (a report to print and hand over)\n"
		"\n"
		"Values are written by the attribute's type: revenue=3800万元 staff=120 "
		"main_business_share=88%\n"
		"rd_budget_filed=true region=灵宝市; of one year: rd_expense@2024=380万元; of "
		"an item:\n"
		"projects.p1.completed_investment=200万元; also uscc=... and date=2026-03-01.\n"
		"\n"
		"A profile in YAML (JSON has the same shape; its integers are in the base "
		"unit: fen, ppm):\n"
		"  uscc: 9141...\n"
		"  date: 2026-03-01\n"
		"  attributes: {region: 灵宝市, revenue: 3800万元, \"rd_expense@2024\": "
		"380万元}\n"
		"  projects: {p1: {completed_investment: 200万元}}    # an empty list [] means "
		"none\n"
		"  complete_lists: [loans]                            # these lists are "
		"complete\n";

struct match_options {
	const char *file;
	const char *id;
	const char *as_of;
	const char *policies;
	const char *revision;
	bool all;
	bool explain;
	bool near;
	bool combine;
	bool strict;
	bool html;
	const Policycalc__V1__Profile *profile;
};

static size_t count_of(
		const Policycalc__V1__MatchResponse *response, Policycalc__V1__Verdict verdict)
{
	for (size_t i = 0; i < response->n_counts; i++)
		if (response->counts[i]->verdict == verdict)
			return (size_t)response->counts[i]->count;
	return 0;
}

/* The table lists what the verdicts asked for; near misses stand behind it. */
static int match_print_tables(struct cli *cli, const struct match_options *options,
		const struct render_dictionary *names,
		const Policycalc__V1__MatchResponse *response, struct buffer *out)
{
	Policycalc__V1__MatchResponse listed = *response;

	listed.n_answers = 0;
	listed.answers = ARENA_NEW_ARRAY(
			&cli->arena, Policycalc__V1__PolicyAnswer *, response->n_answers + 1);
	if (!listed.answers)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < response->n_answers; i++) {
		if (options->all || options->policies ||
				response->answers[i]->verdict !=
						POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE)
			listed.answers[listed.n_answers++] = response->answers[i];
	}
	(void)match_print_table(&listed, &cli->style, out);
	(void)match_print_near(response, names, &cli->style, out);
	return CLI_OK;
}

static int match_print(struct cli *cli, const struct match_options *options,
		const struct dictionary *dictionary,
		const Policycalc__V1__MatchResponse *response)
{
	const struct render_dictionary names = { dictionary->attributes, dictionary->count };
	struct buffer out = { 0 };
	const struct canvas canvas = { &cli->style, &names, &out };
	size_t hidden;
	int code;

	if (cli->json)
		return cli_write_json(cli, response);
	if (options->html)
		return match_write_html(cli, options->profile, &names, response);
	if (options->explain) {
		if (options->all || options->policies)
			(void)match_print_explanation(response, &names, &cli->style, &out);
		else
			(void)match_print_brief(response, &names, &cli->style, &out);
		if (response->combination)
			(void)combination_print(
					response->combination, &names, &cli->style, &out);
		overview_print_disclaimer(&canvas);
		return cli_write(cli, &out);
	}
	code = match_print_tables(cli, options, &names, response, &out);
	if (code != CLI_OK)
		return code;
	hidden = count_of(response, POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE) +
		 count_of(response, POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN);
	/* What was named is listed whatever its verdict. */
	if (!options->all && !options->policies && hidden)
		buffer_format(&out,
				cli_word(cli,
						"另有 %zu 项不符合或未开放（--all "
						"列出，--explain 说明原因）\n",
						"%zu more do not fit or are not open (--all "
						"lists "
						"them, --explain says why)\n"),
				hidden);
	if (response->combination)
		(void)combination_print(response->combination, &names, &cli->style, &out);
	overview_print_basis(&canvas, response->as_of, response->revision);
	for (size_t i = 0; i < response->n_warnings; i++)
		(void)cli_usage(cli, "%s",
				cli_said(cli, response->warnings[i]->message, &cli->arena));
	return cli_write(cli, &out);
}

int command_match(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__Verdict wanted[] = {
		POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION,
		POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW,
		POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE, /* for near misses */
	};
	static const char *const formats[] = { "html", NULL };
	struct match_options options = { 0 };
	const struct cli_option list[] = {
		{ "-f", .text = &options.file },
		{ "--id", .text = &options.id },
		{ "--as-of", .text = &options.as_of },
		{ "--policy", .text = &options.policies },
		{ "--revision", .text = &options.revision },
		{ "--all", .flag = &options.all },
		{ "--explain", .flag = &options.explain },
		{ "--near", .flag = &options.near },
		{ "--combine", .flag = &options.combine },
		{ "--strict", .flag = &options.strict },
	};
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	const Policycalc__V1__MatchResponse *response;
	struct dictionary dictionary;
	long long revision = 0;
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);

	if (code >= 0)
		return code;
	if (options.revision && !cli_parse_number(options.revision, &revision))
		return cli_usage(cli, "%s",
				cli_word(cli, "--revision 需要一个版本号",
						"--revision needs a number"));
	if (argc == 0 && !options.file && !options.id)
		return cli_usage(cli, "%s",
				cli_word(cli,
						"请用 -f 档案、--id 代码 或 名称=值 "
						"说明企业情况（--help "
						"查看用法）",
						"describe the enterprise with -f PROFILE, "
						"--id CODE or name=value (see --help)"));
	code = dictionary_load(cli, revision, &dictionary);
	if (code == CLI_OK)
		code = profile_from_arguments(
				cli, options.file, &dictionary, argc, argv, &request.profile);
	if (code != CLI_OK)
		return code;
	if (options.id)
		request.enterprise = (char *)(uintptr_t)options.id;
	request.revision = revision;
	request.strict = options.strict;
	options.profile = request.profile;
	options.html = strcmp(cli->format, "html") == 0;
	if (options.html && options.id) {
		code = match_read_known(cli, options.id, &options.profile);
		if (code != CLI_OK)
			return code;
	}
	/* The report tells all: why not, how near, and every verdict. */
	options.explain |= options.html;
	request.near = options.near || options.html;
	request.combine = options.combine || options.html;
	request.include_superseded = options.all;
	request.view = options.explain ? POLICYCALC__V1__VIEW__VIEW_FULL
				       : POLICYCALC__V1__VIEW__VIEW_BASIC;
	if (options.as_of)
		request.as_of = (char *)(uintptr_t)options.as_of;
	if (!options.all && !options.explain) {
		request.verdicts = wanted;
		request.n_verdicts = sizeof(wanted) / sizeof(wanted[0]) - !options.near;
	}
	if (options.policies) {
		request.n_verdicts = 0;
		if (!policies_from_argument(cli, options.policies, &request.policies,
				    &request.n_policies))
			return cli_out_of_memory(cli);
	}
	code = cli_call(cli, "/policycalc.v1.CalculatorService/Match", &request.base,
			&policycalc__v1__match_response__descriptor, &response);
	return code == CLI_OK ? match_print(cli, &options, &dictionary, response) : code;
}
