/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/cli/file.h"
#include "client/lib/answer_stream.h"
#include "client/lib/list.h"
#include "client/render/table.h"
#include "publish/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP_ZH[] =
		"用法：policycalc catalog check|publish|simulate|diff|log|export ...\n"
		"\n"
		"  check 目录 [--strict]      检查草稿（不需要服务）\n"
		"  simulate 目录 [选项]       草稿在登记库上的影响：谁新增、谁失去、花多少\n"
		"  publish 目录 [选项]        发布草稿为新版本\n"
		"  diff [旧] 新               两份目录有何不同（版本号或目录）\n"
		"  log                        列出已发布的版本\n"
		"  export [--revision N] 目录 导出一个版本的文件\n";
static const char HELP_EN[] =
		"usage: policycalc catalog check|publish|simulate|diff|log|export ...\n"
		"\n"
		"  check DIR [--strict]       check a draft (needs no service)\n"
		"  simulate DIR [options]     what a draft would change over the registry\n"
		"  publish DIR [options]      publish a draft as a new revision\n"
		"  diff [OLD] NEW             how two catalogs differ (revisions or folders)\n"
		"  log                        list revisions\n"
		"  export [--revision N] DIR  write the files of a revision\n";
static const char PUBLISH_HELP_ZH[] =
		"用法：policycalc catalog publish 目录 [--base N] [--author 谁] [--note 说明] "
		"[--strict]\n"
		"\n"
		"检查草稿并发布为新版本；内容没有变化时不产生新版本。\n"
		"  --base N    草稿所依据的版本（默认当前版本）；期间若有别人发布则拒绝\n";
static const char PUBLISH_HELP_EN[] =
		"usage: policycalc catalog publish DIR [--base N] [--author WHO] [--note WHY] "
		"[--strict]\n"
		"\n"
		"Checks a draft and makes it the new revision; unchanged content makes none.\n"
		"  --base N    the revision the draft was made from (default: the current "
		"one); refused\n"
		"              when somebody else has published since\n";
static const char LOG_HELP_ZH[] = "用法：policycalc catalog log\n\n列出已发布的版本，新的在前。"
				  "JSON 为每行一个版本（NDJSON）。\n";
static const char LOG_HELP_EN[] =
		"usage: policycalc catalog log\n\nLists revisions, newest first. "
		"JSON is one revision a line (NDJSON).\n";
static const char EXPORT_HELP_ZH[] = "用法：policycalc catalog export [--revision N] 目录\n"
				     "\n"
				     "把一个版本（默认当前版本）的文件写到目录中。\n";
static const char EXPORT_HELP_EN[] =
		"usage: policycalc catalog export [--revision N] DIR\n"
		"\n"
		"Writes the files of a revision (default: the current one) to DIR.\n";

static int current_revision(struct cli *cli, long long *out)
{
	Policycalc__V1__ListRevisionsRequest request =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;
	const Policycalc__V1__ListRevisionsResponse *response;
	int code;

	request.page_size = 1;
	code = cli_call(cli, "/policycalc.v1.CatalogService/ListRevisions", &request.base,
			&policycalc__v1__list_revisions_response__descriptor, &response);
	if (code == CLI_OK)
		*out = response->n_revisions ? response->revisions[0]->number : 0;
	return code;
}

struct publish_arguments {
	const char *author;
	const char *note;
	long long base;
	bool strict;
};

/* On a terminal, of drafts that take a while: how many files are sent; the rest is the service's. */
static void publish_show(const struct cli *cli, size_t sent, size_t count)
{
	if (count < 1000 || sent % 500 != 0 || !isatty(STDERR_FILENO))
		return;
	(void)fprintf(stderr,
			cli_word(cli, "\r已发送 %zu/%zu 个文件\033[K",
					"\r%zu of %zu files sent\033[K"),
			sent, count);
}

static void publish_show_waiting(const struct cli *cli, size_t count)
{
	if (count >= 1000 && isatty(STDERR_FILENO))
		(void)fputs(cli_word(cli, "\r文件已全部发送，服务正在检查并发布……\033[K",
					    "\rall files are sent, the service checks and "
					    "publishes "
					    "them ...\033[K"),
				stderr);
}

static void publish_show_nothing(size_t count)
{
	if (count >= 1000 && isatty(STDERR_FILENO))
		(void)fputs("\r\033[K", stderr);
}

/* Sends the draft, one file a message, and waits for what became of it. */
static int publish_send(struct cli *cli, const struct draft *draft,
		const struct publish_arguments *arguments,
		const Policycalc__V1__PublishCatalogResponse **out_response)
{
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	struct call *call = NULL;
	bool ok;
	int code = cli_start_call(cli, "/policycalc.v1.CatalogService/PublishCatalog", &call);

	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < draft->count; i++) {
		Policycalc__V1__PublishCatalogRequest request =
				POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

		file.path = (char *)(uintptr_t)draft->files[i].path;
		file.content.data = (uint8_t *)(uintptr_t)draft->files[i].content.data;
		file.content.len = draft->files[i].content.size;
		request.file = &file;
		request.base_revision = arguments->base;
		request.author = (char *)(uintptr_t)arguments->author;
		request.note = (char *)(uintptr_t)arguments->note;
		request.strict = arguments->strict;
		if (!call_send(call, &request.base))
			break;
		publish_show(cli, i, draft->count);
	}
	call_half_close(call);
	publish_show_waiting(cli, draft->count);
	ok = call_receive(call, &policycalc__v1__publish_catalog_response__descriptor,
			&cli->arena, &message, &status);
	publish_show_nothing(draft->count);
	call_free(call);
	if (!ok)
		return cli_status(cli, &status);
	*out_response = (const Policycalc__V1__PublishCatalogResponse *)message;
	if (!message || !(*out_response)->revision)
		return cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	return CLI_OK;
}

static int command_publish(struct cli *cli, int argc, char **argv)
{
	const char *user = getenv("USER");
	struct publish_arguments arguments = { .author = user ? user : "", .note = "" };
	const char *base = NULL;
	const struct cli_option list[] = {
		{ "--base", .text = &base },
		{ "--author", .text = &arguments.author },
		{ "--note", .text = &arguments.note },
		{ "--strict", .flag = &arguments.strict },
	};
	const Policycalc__V1__PublishCatalogResponse *response = NULL;
	struct draft draft = { 0 };
	struct buffer out = { 0 };
	struct error err;
	int code = cli_options(cli, list, 4, PUBLISH_HELP_ZH, PUBLISH_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个草稿目录", "one folder is needed"));
	if (base && !cli_parse_number(base, &arguments.base))
		return cli_usage(cli, "--base N");
	if (!draft_load(argv[0], &cli->arena, &draft, &err))
		return cli_usage(cli, "%s", cli_said(cli, err.message, &cli->arena));
	code = cli_connect(cli);
	if (code != CLI_OK)
		return code;
	code = base ? CLI_OK : current_revision(cli, &arguments.base);
	if (code == CLI_OK)
		code = publish_send(cli, &draft, &arguments, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	buffer_format(&out,
			response->unchanged
					? cli_word(cli, "内容没有变化，仍是第 %lld 版\n",
							  "unchanged: still revision %lld\n")
					: cli_word(cli, "已发布为第 %lld 版\n",
							  "published as revision %lld\n"),
			(long long)response->revision->number);
	return cli_write(cli, &out);
}

static int command_log(struct cli *cli, int argc, char **argv)
{
	struct table table = { .columns = 5,
		.headings = { "", "", "", "", "" },
		.right = { true, false, true, false, false } };
	Policycalc__V1__ListRevisionsRequest request =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;
	const Policycalc__V1__ListRevisionsResponse *page;
	struct buffer out = { 0 };
	bool last = false;
	int code = cli_options(cli, NULL, 0, LOG_HELP_ZH, LOG_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return cli_usage(cli, cli_word(cli, "多余的参数 '%s'", "'%s' is too much"),
				argv[0]);
	table.headings[0] = cli_word(cli, "版本", "revision");
	table.headings[1] = cli_word(cli, "发布时间", "published at");
	table.headings[2] = cli_word(cli, "政策数", "policies");
	table.headings[3] = cli_word(cli, "发布者", "author");
	table.headings[4] = cli_word(cli, "说明", "note");
	while (code < 0 && !last) {
		int result = cli_call(cli, "/policycalc.v1.CatalogService/ListRevisions",
				&request.base,
				&policycalc__v1__list_revisions_response__descriptor, &page);

		if (result != CLI_OK) {
			code = result;
			break;
		}
		for (size_t i = 0; i < page->n_revisions; i++) {
			const Policycalc__V1__Revision *revision = page->revisions[i];
			const char *cells[] = { arena_format(&cli->arena, "%lld",
								(long long)revision->number),
				cli_moment(cli, revision->published_at),
				arena_format(&cli->arena, "%d", (int)revision->policy_count),
				revision->author, revision->note };

			if (cli->json && !cli_append_json_line(revision, &out))
				out.failed = true;
			table_add(&table, cells);
		}
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
	}
	if (code < 0 && !cli->json &&
			!table_print(&table, cli->style.width, cli->style.colour, &out))
		out.failed = true;
	table_fini(&table);
	if (code < 0)
		return cli_write(cli, &out);
	buffer_fini(&out);
	return code;
}

static int command_export(struct cli *cli, int argc, char **argv)
{
	const char *revision = NULL;
	const struct cli_option list[] = { { "--revision", .text = &revision } };
	Policycalc__V1__ExportCatalogRequest request =
			POLICYCALC__V1__EXPORT_CATALOG_REQUEST__INIT;
	const Policycalc__V1__ExportCatalogResponse *response = NULL;
	struct answer_stream stream = { 0 };
	struct buffer out = { 0 };
	struct error err;
	long long number = 0;
	size_t count = 0;
	int code = cli_options(cli, list, 1, EXPORT_HELP_ZH, EXPORT_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个目录", "one folder is needed"));
	if (revision && !cli_parse_number(revision, &number))
		return cli_usage(cli, "--revision N");
	request.revision = number;
	code = cli_open_stream(cli, &stream, "/policycalc.v1.CatalogService/ExportCatalog",
			&request.base, &policycalc__v1__export_catalog_response__descriptor);
	while (code == CLI_OK) {
		code = cli_receive(cli, &stream, NULL, &response);
		if (code != CLI_OK || !response)
			break;
		number = response->revision;
		if (!response->file)
			continue;
		if (file_write_below(argv[0], response->file->path,
				    (struct slice){ (const char *)response->file->content.data,
						    response->file->content.len },
				    &err))
			count++;
		else
			code = cli_failure(cli, "%s", err.message);
	}
	answer_stream_close(&stream);
	if (code != CLI_OK)
		return code;
	buffer_format(&out,
			cli_word(cli, "第 %lld 版的 %zu 个文件已写到 %s\n",
					"revision %lld: %zu files written to %s\n"),
			number, count, argv[0]);
	return cli_write(cli, &out);
}

int command_catalog(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = {
		{ "check", command_catalog_check },
		{ "publish", command_publish },
		{ "log", command_log },
		{ "export", command_export },
		{ "diff", command_catalog_diff },
		{ "simulate", command_catalog_simulate },
	};

	return cli_dispatch(cli, commands, sizeof(commands) / sizeof(commands[0]), "catalog ",
			HELP_ZH, HELP_EN, argc, argv);
}
