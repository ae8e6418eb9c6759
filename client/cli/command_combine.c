/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/cli/dictionary.h"
#include "client/cli/profile_argument.h"
#include "client/render/combination.h"
#include "client/render/overview.h"

static const char HELP_ZH[] =
		"用法：policycalc combine [-f 档案] [--id 代码] [名称=值 ...] [选项]\n"
		"\n"
		"在一家企业可以享受的政策中，选出合计最多的组合：互斥的只取其一，共用的上限\n"
		"只计到上限。只合计给企业的资金、税收和利息（按今后十二个月）；贷款额度、股权、"
		"\n"
		"认定和给银行的补偿另列，不与资金相抵。\n"
		"\n"
		"  -f 档案           JSON 或 YAML 文件，- 为标准输入；名称=值 覆盖档案中的值\n"
		"  --id 代码         登记库中的企业（统一社会信用代码）；-f 和 名称=值 "
		"覆盖库中的值\n"
		"  --as-of 日期      按哪一天计算（YYYY-MM-DD，默认今天）\n"
		"  --policy 编号     只在这些政策中选（编号或系列；多项用逗号分隔）\n"
		"  --revision N      用第 N 版目录\n"
		"  --strict          未知的属性名算作错误\n"
		"  --format 格式     table 或 json\n"
		"\n"
		"值和档案的写法见 policycalc match --help。\n";
static const char HELP_EN[] =
		"usage: policycalc combine [-f PROFILE] [--id CODE] [name=value ...] "
		"[options]\n"
		"\n"
		"Of all that one enterprise can have, the combination that comes to most: of "
		"what\n"
		"excludes one another only one is taken, and shared caps truncate. Only money, "
		"tax\n"
		"and interest for the enterprise are added up (of the next twelve months); "
		"credit,\n"
		"equity, titles and compensation of banks are listed apart.\n"
		"\n"
		"  -f PROFILE        JSON or YAML file, - is standard input; name=value "
		"overrides it\n"
		"  --id CODE         an enterprise of the registry (USCC); -f and name=value "
		"override it\n"
		"  --as-of DATE      day of the question (YYYY-MM-DD, default today)\n"
		"  --policy ID       choose among these only (id or series; several with "
		"commas)\n"
		"  --revision N      of the catalog\n"
		"  --strict          unknown attribute names are errors\n"
		"  --format FORMAT   table or json\n"
		"\n"
		"How values and profiles are written: policycalc match --help.\n";

static int combine_print(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__CombineResponse *response)
{
	const struct render_dictionary names = { dictionary->attributes, dictionary->count };
	struct buffer out = { 0 };
	const struct canvas canvas = { &cli->style, &names, &out };

	if (cli->json)
		return cli_write_json(cli, response);
	(void)combination_print(response->combination, &names, &cli->style, &out);
	overview_print_basis(&canvas, response->as_of, response->revision);
	for (size_t i = 0; i < response->n_warnings; i++)
		(void)cli_usage(cli, "%s",
				cli_said(cli, response->warnings[i]->message, &cli->arena));
	return cli_write(cli, &out);
}

int command_combine(struct cli *cli, int argc, char **argv)
{
	const char *file = NULL;
	const char *id = NULL;
	const char *as_of = NULL;
	const char *policies = NULL;
	const char *revision_text = NULL;
	bool strict = false;
	const struct cli_option list[] = {
		{ "-f", .text = &file },
		{ "--id", .text = &id },
		{ "--as-of", .text = &as_of },
		{ "--policy", .text = &policies },
		{ "--revision", .text = &revision_text },
		{ "--strict", .flag = &strict },
	};
	Policycalc__V1__CombineRequest request = POLICYCALC__V1__COMBINE_REQUEST__INIT;
	const Policycalc__V1__CombineResponse *response;
	struct dictionary dictionary;
	long long revision = 0;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN,
			&argc, argv);

	if (code >= 0)
		return code;
	if (revision_text && !cli_parse_number(revision_text, &revision))
		return cli_usage(cli, "%s",
				cli_word(cli, "--revision 需要一个版本号",
						"--revision needs a number"));
	if (argc == 0 && !file && !id)
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
				cli, file, &dictionary, argc, argv, &request.profile);
	if (code != CLI_OK)
		return code;
	if (id)
		request.enterprise = (char *)(uintptr_t)id;
	request.revision = revision;
	request.strict = strict;
	if (as_of)
		request.as_of = (char *)(uintptr_t)as_of;
	if (policies && !policies_from_argument(
					cli, policies, &request.policies, &request.n_policies))
		return cli_out_of_memory(cli);
	code = cli_call(cli, "/policycalc.v1.CalculatorService/Combine", &request.base,
			&policycalc__v1__combine_response__descriptor, &response);
	return code == CLI_OK ? combine_print(cli, &dictionary, response) : code;
}
