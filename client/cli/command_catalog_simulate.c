/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc catalog simulate: a draft held against the current catalog, over the registry. */
#include "client/cli/cli.h"
#include "client/cli/progress.h"
#include "client/render/simulate.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "publish/publish.h"

#include <stdio.h>
#include <string.h>

#define POLICIES_MOST 100

static const char HELP_ZH[] =
		"用法：policycalc catalog simulate 目录 [选项]\n"
		"\n"
		"把草稿和当前目录放到登记库上比较：谁新增、谁失去、花多少钱，按县区、行业、规模"
		"；\n"
		"什么也不改变。\n"
		"\n"
		"  --as-of 日期      按哪一天\n"
		"  --policy 编号,... "
		"只看这些政策（编号或系列，逗号分开）；默认看答复可能不同的\n"
		"  --region 地区     只看注册在这个地区（代码或名称，含下级）的企业\n"
		"  --sensitivity p.名称=从:到:步长\n"
		"                    草稿的一个参数取不同值时的结果，如\n"
		"                    p.smx_transformation_min=100万元:300万元:50万元\n"
		"  --format 格式     table json html svg（svg 只画参数曲线）\n";
static const char HELP_EN[] =
		"usage: policycalc catalog simulate DIR [options]\n"
		"\n"
		"Holds a draft against the current catalog over the registry: who gains, who "
		"loses,\n"
		"what it costs, by region, industry and size. Changes nothing.\n"
		"\n"
		"  --as-of DATE      on that day\n"
		"  --policy ID,...   only these, ids or series; without it those that may "
		"answer\n"
		"                    differently\n"
		"  --region PLACE    only enterprises registered there or below\n"
		"  --sensitivity p.NAME=FROM:TO:STEP\n"
		"                    the draft with other values of a parameter, such as\n"
		"                    p.smx_transformation_min=100万元:300万元:50万元\n"
		"  --format FORMAT   table, json, html, svg (the curve alone)\n";

static const char *const formats[] = { "html", "svg", NULL };

struct simulate_arguments {
	const char *as_of, *policies, *region, *sensitivity;
};

/* "p.name=from:to:step" in parts. */
static bool steps_parse(
		struct cli *cli, const char *text, Policycalc__V1__ParameterSteps *out_steps)
{
	char *copy = arena_copy_text(&cli->arena, text);
	char *parts[3];
	char *next;

	if (!copy || !(next = strchr(copy, '=')))
		return false;
	*next++ = '\0';
	for (size_t i = 0; i < 3; i++) {
		char *end = strchr(next, ':');

		if ((end == NULL) != (i == 2))
			return false;
		parts[i] = next;
		if (end) {
			*end = '\0';
			next = end + 1;
		}
	}
	out_steps->parameter = copy;
	out_steps->from = parts[0];
	out_steps->to = parts[1];
	out_steps->step = parts[2];
	return *copy != '\0';
}

static bool policies_parse(
		struct cli *cli, const char *text, Policycalc__V1__SimulateRequest *request)
{
	char *copy = arena_copy_text(&cli->arena, text);
	char *rest = copy;
	char *name;

	request->policies = ARENA_NEW_ARRAY(&cli->arena, char *, POLICIES_MOST);
	if (!copy || !request->policies)
		return false;
	while ((name = strsep(&rest, ","))) {
		if (!*name || request->n_policies == POLICIES_MOST)
			return false;
		request->policies[request->n_policies++] = name;
	}
	return true;
}

/* Sends the draft, one file a message; the first says what is asked. */
static void draft_send(struct call *call, const struct draft *draft,
		Policycalc__V1__SimulateRequest *request)
{
	for (size_t i = 0; i < draft->count; i++) {
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

		file.path = (char *)(uintptr_t)draft->files[i].path;
		file.content.data = (uint8_t *)(uintptr_t)draft->files[i].content.data;
		file.content.len = draft->files[i].content.size;
		request->file = &file;
		if (!call_send(call, &request->base))
			break;
		policycalc__v1__simulate_request__init(request);
	}
	call_half_close(call);
}

static int answer_receive(struct cli *cli, struct call *call,
		const Policycalc__V1__Simulation **out_simulation)
{
	struct call_status status = { 0 };
	struct progress progress;
	int code = -1;

	progress_init(&progress, 0, cli->style.english);
	*out_simulation = NULL;
	while (code < 0) {
		const Policycalc__V1__SimulateResponse *response;
		ProtobufCMessage *message = NULL;

		if (!call_receive(call, &policycalc__v1__simulate_response__descriptor,
				    &cli->arena, &message, &status)) {
			progress_fini(&progress);
			return cli_status(cli, &status);
		}
		response = (const Policycalc__V1__SimulateResponse *)message;
		if (!response) {
			code = *out_simulation ? CLI_OK : CLI_FAILURE;
		} else if (response->part_case ==
				POLICYCALC__V1__SIMULATE_RESPONSE__PART_PROGRESS) {
			progress.total = (uint64_t)response->progress->total;
			progress_advance(&progress, (uint64_t)response->progress->done,
					response->progress->done);
		} else if (response->part_case ==
				POLICYCALC__V1__SIMULATE_RESPONSE__PART_SIMULATION) {
			*out_simulation = response->simulation;
		}
	}
	progress_fini(&progress);
	if (code == CLI_FAILURE)
		return cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	return code;
}

static int simulation_print(struct cli *cli, const Policycalc__V1__Simulation *simulation)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, simulation);
	if (strcmp(cli->format, "svg") == 0)
		(void)simulate_print_svg(simulation->curve, &cli->style, &out);
	else if (strcmp(cli->format, "html") == 0)
		(void)simulate_print_html(simulation, &cli->style, &out);
	else
		(void)simulate_print_text(simulation, &cli->style, &out);
	return cli_write(cli, &out);
}

static int simulate_run(struct cli *cli, const char *folder,
		Policycalc__V1__SimulateRequest *request, bool wants_curve)
{
	const Policycalc__V1__Simulation *simulation;
	struct draft draft = { 0 };
	struct call *call = NULL;
	struct error err;
	int code;

	if (!draft_load(folder, &cli->arena, &draft, &err))
		return cli_usage(cli, "%s", cli_said(cli, err.message, &cli->arena));
	if (draft.count == 0)
		return cli_usage(cli, "%s",
				cli_word(cli, "目录里没有文件", "the folder has no files"));
	code = cli_start_call(cli, "/policycalc.v1.CatalogService/Simulate", &call);
	if (code != CLI_OK)
		return code;
	draft_send(call, &draft, request);
	code = answer_receive(cli, call, &simulation);
	call_free(call);
	if (code != CLI_OK)
		return code;
	if (wants_curve && !simulation->curve)
		return cli_failure(cli, "%s",
				cli_word(cli, "答复里没有曲线", "the answer has no curve"));
	return simulation_print(cli, simulation);
}

int command_catalog_simulate(struct cli *cli, int argc, char **argv)
{
	struct simulate_arguments arguments = { .as_of = "", .region = "" };
	const struct cli_option list[] = {
		{ "--as-of", .text = &arguments.as_of },
		{ "--policy", .text = &arguments.policies },
		{ "--region", .text = &arguments.region },
		{ "--sensitivity", .text = &arguments.sensitivity },
	};
	Policycalc__V1__SimulateRequest request = POLICYCALC__V1__SIMULATE_REQUEST__INIT;
	Policycalc__V1__ParameterSteps steps = POLICYCALC__V1__PARAMETER_STEPS__INIT;
	bool is_svg;
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);
	if (code >= 0)
		return code;
	is_svg = strcmp(cli->format, "svg") == 0;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个草稿目录", "one folder is needed"));
	if (is_svg && !arguments.sensitivity)
		return cli_usage(cli, "%s",
				cli_word(cli, "--format svg 需要 --sensitivity",
						"--format svg needs --sensitivity"));
	if (arguments.sensitivity && !steps_parse(cli, arguments.sensitivity, &steps))
		return cli_usage(cli, "--sensitivity p.NAME=FROM:TO:STEP");
	if (arguments.policies && !policies_parse(cli, arguments.policies, &request))
		return cli_usage(cli, "--policy ID,ID,...");
	request.as_of = (char *)(uintptr_t)arguments.as_of;
	request.region = (char *)(uintptr_t)arguments.region;
	request.sensitivity = arguments.sensitivity ? &steps : NULL;
	return simulate_run(cli, argv[0], &request, is_svg);
}
