/* SPDX-License-Identifier: Apache-2.0 */
/* Rule texts, evaluated here: lines of JSON, or one expression that becomes such a line. */
#include "client/cli/cli.h"
#include "client/cli/rule_eval.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc rule eval 表达式 [--var 名称=值 ...]\n"
		"      policycalc rule eval --jsonl\n"
		"\n"
		"计算规则表达式（不需要服务）。\n"
		"  --var 名称=值  给出一个名称：整数、true、false 或文字\n"
		"  --jsonl        从标准输入每行读一个 JSON "
		"对象（expr、type_env、bindings），\n"
		"                 每行答一个：{\"value\"}、{\"unknown\"} 或 {\"error\"}\n";
static const char HELP_EN[] =
		"usage: policycalc rule eval EXPRESSION [--var NAME=VALUE ...]\n"
		"       policycalc rule eval --jsonl\n"
		"\n"
		"Evaluates rule texts (needs no service).\n"
		"  --var NAME=VALUE  binds a name: an integer, true, false or a text\n"
		"  --jsonl           reads one JSON object a line from standard input (expr,\n"
		"                    type_env, bindings) and answers each with a line:\n"
		"                    {\"value\"}, {\"unknown\"} or {\"error\"}\n";

/* Adds "name=value" to the two tables of a line. */
static bool variable_add(json_t *types, json_t *bindings, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *value = equals ? equals + 1 : "";
	bool integer = *value && strspn(value + (*value == '-'), "0123456789") ==
						 strlen(value + (*value == '-'));
	bool boolean = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
	const char *type = integer ? "int" : boolean ? "bool" : "string";
	json_t *bound;

	if (!equals || equals == text)
		return false;
	bound = boolean ? json_pack("{s:b}", type, *value == 't')
			: json_pack("{s:s}", type, value);
	return json_array_append_new(types,
			       json_pack("{s:s%, s:s}", "name", text, (size_t)(equals - text),
					       "type", type)) == 0 &&
	       json_object_setn_new(bindings, text, (size_t)(equals - text), bound) == 0;
}

static int eval_one(
		struct cli *cli, const char *expression, char *const *variables, size_t count)
{
	json_t *types = json_array();
	json_t *bindings = json_object();
	json_t *line = NULL;
	char *text = NULL;
	FILE *in = NULL;
	int code = CLI_OK;

	for (size_t i = 0; code == CLI_OK && i < count; i++)
		if (!variable_add(types, bindings, variables[i]))
			code = cli_usage(cli, "--var %s: %s", variables[i],
					cli_word(cli, "不是 名称=值", "not NAME=VALUE"));
	if (code != CLI_OK)
		goto out;
	line = json_pack("{s:s, s:O, s:O}", "expr", expression, "type_env", types, "bindings",
			bindings);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	in = text ? fmemopen(text, strlen(text), "r") : NULL;
	code = in ? command_rule_eval_jsonl(in, stdout)
		  : cli_usage(cli, "%s",
				    cli_word(cli, "表达式不是有效的 UTF-8 文字",
						    "the expression is not UTF-8 text"));
out:
	if (in)
		(void)fclose(in);
	free(text);
	json_decref(line);
	json_decref(types);
	json_decref(bindings);
	return code;
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
