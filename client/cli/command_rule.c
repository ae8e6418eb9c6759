/* SPDX-License-Identifier: Apache-2.0 */
/* Rule texts, evaluated here: lines of JSON, or one expression. */
#include "client/cli/cli.h"
#include "client/cli/rule_eval.h"

#include <stdio.h>
#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc rule eval 表达式 [--var 名称=值 ...]\n"
		"      policycalc rule eval --jsonl\n"
		"\n"
		"计算规则表达式（不需要服务）。\n"
		"  --var 名称=值  给出一个名称：整数、true、false、日期、文字，\n"
		"                 或 unknown:类型（如 unknown:int）\n"
		"  --jsonl        从标准输入每行读一个 JSON "
		"对象（expr、type_env、bindings），\n"
		"                 每行答一个：{\"value\"}、{\"unknown\"} 或 {\"error\"}\n";
static const char HELP_EN[] =
		"usage: policycalc rule eval EXPRESSION [--var NAME=VALUE ...]\n"
		"       policycalc rule eval --jsonl\n"
		"\n"
		"Evaluates rule texts (needs no service).\n"
		"  --var NAME=VALUE  binds a name: an integer, true, false, a date, a text,\n"
		"                    or unknown:TYPE (such as unknown:int)\n"
		"  --jsonl           reads one JSON object a line from standard input (expr,\n"
		"                    type_env, bindings) and answers each with a line:\n"
		"                    {\"value\"}, {\"unknown\"} or {\"error\"}\n";

static int eval_one(
		struct cli *cli, const char *expression, char *const *variables, size_t count)
{
	struct rule_variable *list = ARENA_NEW_ARRAY(&cli->arena, struct rule_variable, count);

	if (!list)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < count; i++) {
		char *equals = strchr(variables[i], '=');

		if (!equals || equals == variables[i])
			return cli_usage(cli, "--var %s: %s", variables[i],
					cli_word(cli, "不是 名称=值", "not NAME=VALUE"));
		list[i].name = arena_copy(
				&cli->arena, variables[i], (size_t)(equals - variables[i]));
		list[i].value = equals + 1;
		if (!list[i].name)
			return cli_out_of_memory(cli);
	}
	return command_rule_eval_one(
			expression, list, count, stdout, stderr, cli->style.english);
}

static int command_eval(struct cli *cli, int argc, char **argv)
{
	char **variables = ARENA_NEW_ARRAY(&cli->arena, char *, (size_t)argc + 1);
	size_t count = 0;
	bool jsonl = false;
	const struct cli_option list[] = { { "--jsonl", .flag = &jsonl } };
	int left = 0;
	int code;

	if (!variables)
		return cli_out_of_memory(cli);
	/* --var may stand several times, which options of one value cannot. */
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--var=", 6) == 0)
			variables[count++] = argv[i] + 6;
		else if (strcmp(argv[i], "--var") == 0 && i + 1 < argc)
			variables[count++] = argv[++i];
		else
			argv[left++] = argv[i];
	}
	argc = left;
	code = cli_options(cli, list, 1, HELP_ZH, HELP_EN, &argc, argv);
	if (code >= 0)
		return code;
	if (jsonl && argc == 0 && count == 0)
		return command_rule_eval_jsonl(stdin, stdout);
	if (jsonl || argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个表达式，或 --jsonl（--help 查看用法）",
						"one expression, or --jsonl (see --help)"));
	return eval_one(cli, argv[0], variables, count);
}

int command_rule(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = { { "eval", command_eval } };

	return cli_dispatch(cli, commands, 1, "rule ", HELP_ZH, HELP_EN, argc, argv);
}
