/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two catalogs compared. Two revisions are compared by the service; a folder is read and compared
 * here, with the files of the revision when the other side is one.
 */
#include "client/cli/cli.h"
#include "client/render/diff.h"
#include "publish/diff.h"
#include "publish/publish.h"

#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc catalog diff [旧] 新\n"
		"\n"
		"用文字说明两份政策目录的不同：门槛、比例、日期、条件……各由多少改为多少，\n"
		"以及参数改动影响哪些政策。旧、新可以是版本号（0 为当前版本）或草稿目录；\n"
		"只给一个时与当前版本比较。\n"
		"\n"
		"有不同时退出码为 1。两边都是目录时不需要服务。\n"
		"例：policycalc catalog diff 3 4        policycalc catalog diff 我的草稿/\n";
static const char HELP_EN[] =
		"usage: policycalc catalog diff [OLD] NEW\n"
		"\n"
		"Tells in words how two catalogs differ: thresholds, rates, dates, conditions, "
		"from what\n"
		"to what, and which policies a changed parameter affects. OLD and NEW are "
		"revision numbers\n"
		"(0: the current one) or folders of a draft; with one of them, it is compared "
		"with the\n"
		"current revision.\n"
		"\n"
		"Exit status 1 when they differ. Two folders need no service.\n"
		"Examples: policycalc catalog diff 3 4    policycalc catalog diff my-draft/\n";

/* The files of a revision, as the service has them. */
static int revision_read(struct cli *cli, long long number, struct draft *out_draft,
		int64_t *out_revision)
{
	Policycalc__V1__ExportCatalogRequest request =
			POLICYCALC__V1__EXPORT_CATALOG_REQUEST__INIT;
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	size_t capacity = 64;
	int code = CLI_OK;
	struct call *call = NULL;

	request.revision = number;
	code = cli_start_call(cli, "/policycalc.v1.CatalogService/ExportCatalog", &call);
	if (code != CLI_OK)
		return code;
	if (call_send(call, &request.base))
		call_half_close(call);
	out_draft->files = ARENA_NEW_ARRAY(&cli->arena, struct draft_file, capacity);
	while (out_draft->files) {
		const Policycalc__V1__ExportCatalogResponse *response;
		struct draft_file *file;

		if (!call_receive(call, &policycalc__v1__export_catalog_response__descriptor,
				    &cli->arena, &message, &status)) {
			code = cli_status(cli, &status);
			break;
		}
		response = (const Policycalc__V1__ExportCatalogResponse *)message;
		if (!response)
			break;
		*out_revision = response->revision;
		if (!response->file)
			continue;
		if (out_draft->count == capacity) {
			struct draft_file *grown = ARENA_NEW_ARRAY(
					&cli->arena, struct draft_file, capacity * 2);

			if (grown)
				memcpy(grown, out_draft->files, capacity * sizeof(*grown));
			out_draft->files = grown;
			capacity *= 2;
			if (!grown)
				break;
		}
		file = &out_draft->files[out_draft->count++];
		file->path = response->file->path;
		file->content = (struct slice){ (const char *)response->file->content.data,
			response->file->content.len };
	}
	call_free(call);
	return out_draft->files ? code : cli_out_of_memory(cli);
}

/* One side as a catalog; a draft with mistakes cannot be compared. */
static int side_read(struct cli *cli, const char *name, struct catalog **out_catalog)
{
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct error err = { 0 };
	int64_t revision = 0;
	long long number;
	int code = CLI_OK;

	if (cli_parse_number(name, &number))
		code = revision_read(cli, number, &draft, &revision);
	else if (!draft_load(name, &cli->arena, &draft, &err))
		code = cli_usage(cli, "%s", cli_said(cli, err.message, &cli->arena));
	if (code != CLI_OK)
		return code;
	diagnostics_init(&diagnostics, &cli->arena);
	*out_catalog = draft_check(&draft, false, &cli->arena, &diagnostics, NULL, NULL, &err);
	if (!*out_catalog)
		return cli_usage(cli,
				cli_word(cli, "%s 有 %zu 个错误，请先用 catalog check 检查",
						"%s has %zu errors: see catalog check first"),
				name, diagnostics.error_count);
	(*out_catalog)->revision = revision;
	return CLI_OK;
}

static int compare_here(struct cli *cli, char **names,
		const Policycalc__V1__DiffRevisionsResponse **out_diff)
{
	struct catalog *catalogs[2];
	struct error err;

	for (size_t i = 0; i < 2; i++) {
		int code = side_read(cli, names[i], &catalogs[i]);

		if (code != CLI_OK)
			return code;
	}
	*out_diff = catalog_diff(catalogs[0], catalogs[1], &cli->arena, &err);
	return *out_diff ? CLI_OK : cli_failure(cli, "%s", err.message);
}

int command_catalog_diff(struct cli *cli, int argc, char **argv)
{
	static char current[] = "0";
	const Policycalc__V1__DiffRevisionsResponse *diff;
	struct buffer out = { 0 };
	long long numbers[2];
	char *names[2];
	int code = cli_options(cli, NULL, 0, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc < 1 || argc > 2)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个或两个版本号或目录",
						"one or two revisions or folders are needed"));
	names[0] = argc == 2 ? argv[0] : current;
	names[1] = argv[argc - 1];
	if (argc == 1 && cli_parse_number(names[1], &numbers[1])) {
		names[0] = argv[0];
		names[1] = current;
	}
	if (cli_parse_number(names[0], &numbers[0]) &&
			cli_parse_number(names[1], &numbers[1]) && numbers[0] > 0) {
		Policycalc__V1__DiffRevisionsRequest request =
				POLICYCALC__V1__DIFF_REVISIONS_REQUEST__INIT;

		request.from_revision = numbers[0];
		request.to_revision = numbers[1];
		code = cli_call(cli, "/policycalc.v1.CatalogService/DiffRevisions",
				&request.base,
				&policycalc__v1__diff_revisions_response__descriptor, &diff);
	} else {
		code = compare_here(cli, names, &diff);
	}
	if (code != CLI_OK)
		return code;
	if (cli->json)
		code = cli_write_json(cli, diff);
	else
		code = diff_print(diff, &cli->style, &out) ? cli_write(cli, &out)
							   : cli_out_of_memory(cli);
	if (code != CLI_OK)
		return code;
	return diff->n_changes ? CLI_FINDINGS : CLI_OK;
}
