/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push: runs. command_push_deliveries.c has what becomes of what they tell. */
#include "client/cli/command_push.h"

#include "client/cli/progress.h"
#include "client/lib/answer_stream.h"
#include "client/lib/list.h"
#include "client/render/push.h"

#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc push "
		"run|watch|list|show|cancel|deliveries|confirm|pull|ack\n"
		"                     subscribe|dead|status\n"
		"\n"
		"  run [选项]          全库匹配，把新内容写入消息台账（只推送新内容，一次）\n"
		"  watch [N]           看一次推送的进度，直到结束\n"
		"  list                列出各次推送，新的在前\n"
		"  show [N]            一次推送的结果\n"
		"  cancel N            停止一次推送（已写入的保留）\n"
		"  deliveries [选项]   列出消息及其状态\n"
		"  confirm [选项]      主管部门二次确认（或不同意）\n"
		"  pull [选项]         领取消息（带租约），可导出 NDJSON、CSV\n"
		"  ack [选项]          确认送达，或退回\n"
		"  subscribe 代码 ...  企业愿意接收什么、多久一次\n"
		"  dead [选项]         退信：列出、重新发出、搁置\n"
		"  status              各状态的份数，推送接口的状况\n";
static const char HELP_EN[] =
		"usage: policycalc push "
		"run|watch|list|show|cancel|deliveries|confirm|pull|ack\n"
		"                     subscribe|dead|status\n"
		"\n"
		"  run [options]         match the registry; what is new goes to the ledger, "
		"once\n"
		"  watch [N]             how a run goes, until it has ended\n"
		"  list                  list runs, newest first\n"
		"  show [N]              what a run found\n"
		"  cancel N              stop a run (what it told stays)\n"
		"  deliveries [options]  list deliveries and their states\n"
		"  confirm [options]     a department confirms (or refuses) what is held\n"
		"  pull [options]        take deliveries on a lease; exports NDJSON and CSV\n"
		"  ack [options]         they were delivered, or go back\n"
		"  subscribe USCC ...    what an enterprise wants to be told, and how often\n"
		"  dead [options]        dead letters: list them, send them again, drop them\n"
		"  status                how many wait, and how the webhook does\n";
static const char RUN_HELP_ZH[] =
		"用法：policycalc push run [选项]\n"
		"\n"
		"  --policy 编号...     只看这些政策（编号或系列，可写多个）\n"
		"  --changed            只看上次推送以来有变化的企业\n"
		"  --since-revision N   只看与第 N 版目录不同的政策\n"
		"  --full               全部政策、全部企业（默认）\n"
		"  --dry-run            只统计，不发送\n"
		"  --as-of 日期         按哪一天（过去或将来的日期只统计）\n"
		"  --revision N         用第 N 版目录（旧版只统计）\n"
		"  --note 说明          记在这次推送上\n"
		"  --no-wait            开始后不等待\n";
static const char RUN_HELP_EN[] =
		"usage: policycalc push run [options]\n"
		"\n"
		"  --policy ID...       only these policies (ids or series)\n"
		"  --changed            only enterprises that changed since the last run\n"
		"  --since-revision N   only policies that differ from revision N\n"
		"  --full               all policies and enterprises (the default)\n"
		"  --dry-run            count, tell nothing\n"
		"  --as-of DATE         on that day (a past or coming day only counts)\n"
		"  --revision N         of the catalog (an old one only counts)\n"
		"  --note TEXT          kept with the run\n"
		"  --no-wait            start it, and do not wait for its end\n";
static const char WATCH_HELP_ZH[] =
		"用法：policycalc push watch [N]\n"
		"\n"
		"看第 N 次（默认最近一次）推送的进度，直到结束。JSON 为每步一行（NDJSON）。\n";
static const char WATCH_HELP_EN[] = "usage: policycalc push watch [N]\n"
				    "\n"
				    "Shows how run N (the newest) goes, until it has ended. "
				    "JSON is one step a line.\n";
static const char LIST_HELP_ZH[] = "用法：policycalc push list\n"
				   "\n"
				   "列出各次推送，新的在前。JSON 为每行一次（NDJSON）。\n";
static const char LIST_HELP_EN[] =
		"usage: policycalc push list\n"
		"\n"
		"Lists runs, newest first. JSON is one run a line (NDJSON).\n";
static const char SHOW_HELP_ZH[] = "用法：policycalc push show [N]\n"
				   "\n"
				   "第 N 次（默认最近一次）推送的结果。\n";
static const char SHOW_HELP_EN[] = "usage: policycalc push show [N]\n"
				   "\n"
				   "What run N (the newest) found.\n";
static const char CANCEL_HELP_ZH[] = "用法：policycalc push cancel N\n"
				     "\n"
				     "停止第 N 次推送；已写入的保留。\n";
static const char CANCEL_HELP_EN[] = "usage: policycalc push cancel N\n"
				     "\n"
				     "Stops run N; what it told stays told.\n";

int push_too_much(const struct cli *cli, const char *argument)
{
	return cli_usage(cli, cli_word(cli, "多余的参数 '%s'", "'%s' is too much"), argument);
}

int push_others_tell(
		struct cli *cli, Policycalc__V1__DeliveryStatus *const *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)cli_usage(cli, "%.64s: %s", others[i]->key, others[i]->reason);
	return count ? CLI_FINDINGS : CLI_OK;
}

int push_count_write(struct cli *cli, const void *response, int64_t count, const char *zh,
		const char *en)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, response);
	buffer_format(&out, cli_word(cli, "%s %lld 份\n", "%s %lld\n"), cli_word(cli, zh, en),
			(long long)count);
	return cli_write(cli, &out);
}

int push_call(struct cli *cli, const char *name, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *out_response)
{
	const char *path = arena_format(&cli->arena, PUSH_PATH "%s", name);

	return path ? cli_call(cli, path, request, type, out_response) : cli_out_of_memory(cli);
}

static int run_write(struct cli *cli, const Policycalc__V1__Run *run)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, run);
	if (!run_print(&cli->style, run, &out))
		out.failed = true;
	return cli_write(cli, &out);
}

/* --- watching --------------------------------------------------------------------------------- */

/*
 * Receives until the run has ended; the last word is *out_run, which lives as long as @stream, to be
 * closed by the caller. With @lines each is a line of NDJSON.
 */
static int watch(struct cli *cli, int64_t id, bool lines, struct answer_stream *stream,
		const Policycalc__V1__Run **out_run)
{
	Policycalc__V1__WatchRunRequest request = POLICYCALC__V1__WATCH_RUN_REQUEST__INIT;
	const Policycalc__V1__WatchRunResponse *response = NULL;
	struct progress progress;
	int code;

	request.id = id;
	*out_run = NULL;
	code = cli_open_stream(cli, stream, PUSH_PATH "WatchRun", &request.base,
			&policycalc__v1__watch_run_response__descriptor);
	progress_init(&progress, 0, cli->style.english);
	while (code == CLI_OK) {
		struct buffer out = { 0 };

		code = cli_receive(cli, stream, &progress, &response);
		if (code != CLI_OK || !response || !response->run)
			break;
		*out_run = response->run;
		progress.total = (uint64_t)response->run->total;
		progress_advance(&progress, (uint64_t)response->run->done, response->run->done);
		if (!lines)
			continue;
		progress_fini(&progress);
		if (!cli_append_json_line(response, &out))
			out.failed = true;
		code = cli_write(cli, &out);
	}
	progress_fini(&progress);
	if (code == CLI_OK && !*out_run)
		code = cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	return code;
}

/* A run that has not come to its end has failed. */
static int run_code(const Policycalc__V1__Run *run)
{
	return run->state == POLICYCALC__V1__RUN__STATE__STATE_FAILED ? CLI_FAILURE : CLI_OK;
}

static int command_watch(struct cli *cli, int argc, char **argv)
{
	struct answer_stream stream = { 0 };
	const Policycalc__V1__Run *run;
	long long id = 0;
	int code = cli_options(cli, NULL, 0, WATCH_HELP_ZH, WATCH_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc > 1)
		return push_too_much(cli, argv[1]);
	if (argc == 1 && !cli_parse_number(argv[0], &id))
		return cli_usage(cli, "push watch N");
	code = watch(cli, id, cli->json, &stream, &run);
	if (code == CLI_OK && !cli->json)
		code = run_write(cli, run);
	if (code == CLI_OK)
		code = run_code(run);
	answer_stream_close(&stream);
	return code;
}

/* --- run -------------------------------------------------------------------------------------- */

struct run_arguments {
	const char *policy, *since, *as_of, *revision, *note;
	bool changed, full, dry, no_wait;
};

static bool policies_add(struct cli *cli, const char *text,
		Policycalc__V1__StartRunRequest *request, size_t most)
{
	char *rest = arena_copy_text(&cli->arena, text);

	while (rest && *rest && request->n_policies < most) {
		char *end = strchr(rest, ',');

		if (end)
			*end = '\0';
		if (*rest)
			request->policies[request->n_policies++] = rest;
		rest = end ? end + 1 : rest + strlen(rest);
	}
	return rest != NULL;
}

static int request_fill(struct cli *cli, const struct run_arguments *arguments, int argc,
		char **argv, Policycalc__V1__StartRunRequest *request)
{
	size_t most = 1000;
	long long number;

	if (arguments->full && (arguments->policy || arguments->since || arguments->changed))
		return cli_usage(cli, "%s",
				cli_word(cli,
						"--full 不能与 "
						"--policy、--changed、--since-revision 同用",
						"--full goes with neither --policy, --changed "
						"nor "
						"--since-revision"));
	if (argc > 0 && !arguments->policy)
		return push_too_much(cli, argv[0]);
	request->policies = ARENA_NEW_ARRAY(&cli->arena, char *, most);
	if (!request->policies)
		return cli_out_of_memory(cli);
	if (arguments->policy && !policies_add(cli, arguments->policy, request, most))
		return cli_out_of_memory(cli);
	for (int i = 0; i < argc; i++) {
		if (!policies_add(cli, argv[i], request, most))
			return cli_out_of_memory(cli);
	}
	if (arguments->since) {
		if (!cli_parse_number(arguments->since, &number) || number < 1)
			return cli_usage(cli, "--since-revision N");
		request->since_revision = number;
	}
	if (arguments->revision) {
		if (!cli_parse_number(arguments->revision, &number) || number < 1)
			return cli_usage(cli, "--revision N");
		request->revision = number;
	}
	request->changed_only = arguments->changed;
	request->dry_run = arguments->dry;
	request->as_of = (char *)(uintptr_t)arguments->as_of;
	request->note = (char *)(uintptr_t)arguments->note;
	return CLI_OK;
}

static int command_run(struct cli *cli, int argc, char **argv)
{
	struct run_arguments arguments = { .as_of = "", .note = "" };
	const struct cli_option list[] = {
		{ "--policy", .text = &arguments.policy },
		{ "--changed", .flag = &arguments.changed },
		{ "--since-revision", .text = &arguments.since },
		{ "--full", .flag = &arguments.full },
		{ "--dry-run", .flag = &arguments.dry },
		{ "--as-of", .text = &arguments.as_of },
		{ "--revision", .text = &arguments.revision },
		{ "--note", .text = &arguments.note },
		{ "--no-wait", .flag = &arguments.no_wait },
	};
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	const Policycalc__V1__StartRunResponse *started;
	struct answer_stream stream = { 0 };
	const Policycalc__V1__Run *run;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), RUN_HELP_ZH,
			RUN_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	code = request_fill(cli, &arguments, argc, argv, &request);
	if (code == CLI_OK)
		code = push_call(cli, "StartRun", &request.base,
				&policycalc__v1__start_run_response__descriptor, &started);
	if (code != CLI_OK)
		return code;
	if (!started->run)
		return cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	if (arguments.no_wait)
		return run_write(cli, started->run);
	code = watch(cli, started->run->id, false, &stream, &run);
	if (code == CLI_OK)
		code = run_write(cli, run);
	if (code == CLI_OK)
		code = run_code(run);
	answer_stream_close(&stream);
	return code;
}

/* --- list, show, cancel ----------------------------------------------------------------------- */

/* Every page of runs, into @list. */
static int runs_read(struct cli *cli, struct list *list)
{
	Policycalc__V1__ListRunsRequest request = POLICYCALC__V1__LIST_RUNS_REQUEST__INIT;
	const Policycalc__V1__ListRunsResponse *page;
	bool last = false;

	request.page_size = 1000;
	while (!last) {
		int code = push_call(cli, "ListRuns", &request.base,
				&policycalc__v1__list_runs_response__descriptor, &page);

		if (code != CLI_OK)
			return code;
		if (!list_add_page(list, page->runs, page->n_runs))
			return cli_out_of_memory(cli);
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
	}
	return CLI_OK;
}

static int command_list(struct cli *cli, int argc, char **argv)
{
	struct list list = { 0 };
	struct buffer out = { 0 };
	int code = cli_options(cli, NULL, 0, LIST_HELP_ZH, LIST_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return push_too_much(cli, argv[0]);
	arena_init(&list.arena, LIST_BUDGET);
	code = runs_read(cli, &list);
	for (size_t i = 0; code == CLI_OK && cli->json && i < list.count; i++) {
		if (!cli_append_json_line(list.items[i], &out))
			out.failed = true;
	}
	if (code == CLI_OK && !cli->json &&
			!runs_print(&cli->style, (Policycalc__V1__Run *const *)list.items,
					list.count, &out))
		out.failed = true;
	arena_fini(&list.arena);
	return code == CLI_OK ? cli_write(cli, &out) : code;
}

static int command_show(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__GetRunRequest request = POLICYCALC__V1__GET_RUN_REQUEST__INIT;
	const Policycalc__V1__GetRunResponse *response;
	long long id = 0;
	int code = cli_options(cli, NULL, 0, SHOW_HELP_ZH, SHOW_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc > 1)
		return push_too_much(cli, argv[1]);
	if (argc == 1 && !cli_parse_number(argv[0], &id))
		return cli_usage(cli, "push show N");
	request.id = id;
	code = push_call(cli, "GetRun", &request.base,
			&policycalc__v1__get_run_response__descriptor, &response);
	return code == CLI_OK && response->run ? run_write(cli, response->run) : code;
}

static int command_cancel(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__CancelRunRequest request = POLICYCALC__V1__CANCEL_RUN_REQUEST__INIT;
	const Policycalc__V1__CancelRunResponse *response;
	long long id = 0;
	int code = cli_options(cli, NULL, 0, CANCEL_HELP_ZH, CANCEL_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1 || !cli_parse_number(argv[0], &id))
		return cli_usage(cli, "push cancel N");
	request.id = id;
	code = push_call(cli, "CancelRun", &request.base,
			&policycalc__v1__cancel_run_response__descriptor, &response);
	return code == CLI_OK && response->run ? run_write(cli, response->run) : code;
}

int command_push(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = {
		{ "run", command_run },
		{ "watch", command_watch },
		{ "list", command_list },
		{ "show", command_show },
		{ "cancel", command_cancel },
		{ "deliveries", command_push_deliveries },
		{ "confirm", command_push_confirm },
		{ "pull", command_push_pull },
		{ "ack", command_push_ack },
		{ "subscribe", command_push_subscribe },
		{ "dead", command_push_dead },
		{ "status", command_push_status },
	};

	return cli_dispatch(cli, commands, sizeof(commands) / sizeof(commands[0]), "push ",
			HELP_ZH, HELP_EN, argc, argv);
}
