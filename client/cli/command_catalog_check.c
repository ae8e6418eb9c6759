/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a draft where it lies, with the service's own code and without the service. */
#include "client/cli/cli.h"
#include "client/render/text.h"
#include "publish/publish.h"

static const char HELP_ZH[] =
		"用法：policycalc catalog check 目录 [--strict]\n"
		"\n"
		"检查政策目录草稿：每个错误给出文件、行、列。有错误时退出码为 1。\n"
		"  --strict    警告也算错误\n"
		"JSON 为一个文档，与服务的 CheckCatalog 相同（消息为英文）。\n";
static const char HELP_EN[] =
		"usage: policycalc catalog check DIR [--strict]\n"
		"\n"
		"Checks a draft of the catalog: every mistake with file, line and column.\n"
		"Exit status 1 when there are errors.\n"
		"  --strict    warnings are errors\n"
		"JSON is one document, the same as the service's CheckCatalog.\n";

static void finding_print(struct cli *cli, const struct diagnostic *finding, struct buffer *out)
{
	char *excerpt = diagnostic_format_excerpt(finding, &cli->arena);

	text_append_clean(out, slice_from(finding->path));
	if (finding->line)
		buffer_format(out, ":%d", finding->line);
	if (finding->line && finding->column)
		buffer_format(out, ":%d", finding->column);
	buffer_format(out, ": %s: ",
			finding->severity == DIAGNOSTIC_ERROR
					? cli_word(cli, "错误", "error")
					: cli_word(cli, "警告", "warning"));
	text_append_clean(out, slice_from(cli_said(cli, finding->message, &cli->arena)));
	buffer_append_char(out, '\n');
	/* Two lines of its own making: the draft's line and the carets. */
	for (struct slice rest = slice_from(excerpt ? excerpt : ""); rest.size;) {
		const char *end = memchr(rest.data, '\n', rest.size);
		struct slice line = { rest.data, end ? (size_t)(end - rest.data) : rest.size };

		text_append_clean(out, line);
		buffer_append_char(out, '\n');
		line.size += end != NULL;
		rest = (struct slice){ rest.data + line.size, rest.size - line.size };
	}
}

/* The findings as the message that the service would send. */
static int findings_write_json(struct cli *cli, const struct diagnostics *diagnostics,
		const struct draft_summary *summary)
{
	Policycalc__V1__CheckCatalogResponse response =
			POLICYCALC__V1__CHECK_CATALOG_RESPONSE__INIT;
	Policycalc__V1__Finding *findings = ARENA_NEW_ARRAY(
			&cli->arena, Policycalc__V1__Finding, diagnostics->count);

	response.findings = ARENA_NEW_ARRAY(
			&cli->arena, Policycalc__V1__Finding *, diagnostics->count);
	if (!findings || !response.findings)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *from = &diagnostics->list[i];
		Policycalc__V1__Finding *to = &findings[i];

		policycalc__v1__finding__init(to);
		to->severity = from->severity == DIAGNOSTIC_ERROR
					       ? POLICYCALC__V1__SEVERITY__SEVERITY_ERROR
					       : POLICYCALC__V1__SEVERITY__SEVERITY_WARNING;
		to->path = (char *)(uintptr_t)from->path;
		to->message = (char *)(uintptr_t)from->message;
		to->line = from->line;
		to->column = from->column;
		to->excerpt = diagnostic_format_excerpt(from, &cli->arena);
		if (!to->excerpt)
			return cli_out_of_memory(cli);
		response.findings[response.n_findings++] = to;
	}
	response.error_count = (int32_t)diagnostics->error_count;
	response.warning_count = (int32_t)diagnostics->warning_count;
	response.policy_count = (int32_t)summary->policy_count;
	response.example_count = (int32_t)summary->example_count;
	return cli_write_json(cli, &response);
}

int command_catalog_check(struct cli *cli, int argc, char **argv)
{
	bool strict = false;
	const struct cli_option list[] = { { "--strict", .flag = &strict } };
	struct draft_summary summary = { 0 };
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct buffer out = { 0 };
	struct error err = { 0 };
	int code = cli_options(cli, list, 1, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个草稿目录", "one folder is needed"));
	diagnostics_init(&diagnostics, &cli->arena);
	if (!draft_load(argv[0], &cli->arena, &draft, &err))
		return cli_usage(cli, "%s", cli_said(cli, err.message, &cli->arena));
	if (!draft_check(&draft, strict, &cli->arena, &diagnostics, NULL, &summary, &err) &&
			diagnostics.error_count == 0)
		return cli_failure(cli, "%s", err.message);
	diagnostics_sort(&diagnostics);
	if (cli->json) {
		code = findings_write_json(cli, &diagnostics, &summary);
	} else {
		for (size_t i = 0; i < diagnostics.count; i++)
			finding_print(cli, &diagnostics.list[i], &out);
		buffer_format(&out,
				cli_word(cli,
						"%zu 个错误，%zu 个警告；%zu 项政策，运行了 "
						"%zu 个示例\n",
						"%zu errors, %zu warnings; %zu policies, %zu "
						"examples "
						"run\n"),
				diagnostics.error_count, diagnostics.warning_count,
				summary.policy_count, summary.example_count);
		code = cli_write(cli, &out);
	}
	if (code != CLI_OK)
		return code;
	return diagnostics.error_count ? CLI_FINDINGS : CLI_OK;
}
