/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/render/guide.h"

#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc guide 编号... [选项]\n"
		"\n"
		"一项政策的办事流程；给出多项时合并为“一件事一次办”：共用的材料只交一次，\n"
		"可以同时办理的步骤并排进行。\n"
		"\n"
		"  --as-of 日期      按哪一天（系列名取当天有效的版本）\n"
		"  --revision N      用第 N 版目录\n"
		"  --format 格式     table（默认）、json、mermaid、dot 或 svg\n"
		"\n"
		"例：policycalc guide henan-srdi-loan-2022 --format svg > 流程图.svg\n";
static const char HELP_EN[] =
		"usage: policycalc guide ID... [options]\n"
		"\n"
		"The procedure of one policy; of several, merged into one errand: shared "
		"papers "
		"are handed\n"
		"in once, and steps that wait for none of each other run side by side.\n"
		"\n"
		"  --as-of DATE      day (a series gives the version in force on it)\n"
		"  --revision N      of the catalog\n"
		"  --format FORMAT   table (the default), json, mermaid, dot or svg\n"
		"\n"
		"Example: policycalc guide henan-srdi-loan-2022 --format svg > guide.svg\n";

static int guide_print(struct cli *cli, const Policycalc__V1__GetGuideResponse *guide)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, guide);
	if (strcmp(cli->format, "mermaid") == 0)
		(void)guide_print_mermaid(guide, &cli->style, &out);
	else if (strcmp(cli->format, "dot") == 0)
		(void)guide_print_dot(guide, &cli->style, &out);
	else if (strcmp(cli->format, "svg") == 0)
		(void)guide_print_svg(guide, &cli->style, true, &out);
	else
		(void)guide_print_text(guide, &cli->style, &out);
	return cli_write(cli, &out);
}

int command_guide(struct cli *cli, int argc, char **argv)
{
	static const char *const formats[] = { "mermaid", "dot", "svg", "text", NULL };
	const char *as_of = "", *revision = NULL;
	const struct cli_option list[] = {
		{ "--as-of", .text = &as_of },
		{ "--revision", .text = &revision },
	};
	Policycalc__V1__GetGuideRequest request = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;
	const Policycalc__V1__GetGuideResponse *response;
	long long number = 0;
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);
	if (code >= 0)
		return code;
	if (argc < 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要至少一个政策编号",
						"at least one policy id is needed"));
	if (revision && !cli_parse_number(revision, &number))
		return cli_usage(cli, "--revision N");
	request.policies = argv;
	request.n_policies = (size_t)argc;
	request.as_of = (char *)(uintptr_t)as_of;
	request.revision = number;
	code = cli_call(cli, "/policycalc.v1.CatalogService/GetGuide", &request.base,
			&policycalc__v1__get_guide_response__descriptor, &response);
	return code == CLI_OK ? guide_print(cli, response) : code;
}
