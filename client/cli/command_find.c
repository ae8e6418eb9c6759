/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc find: which enterprises have a policy, nearly have it, or of which it is not known. */
#include "client/cli/dictionary.h"
#include "client/cli/progress.h"
#include "client/lib/answer_stream.h"
#include "client/render/find.h"
#include "policycalc/v1/find.pb-c.h"

#include <stdio.h>
#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc find 政策 [选项]\n"
		"\n"
		"在登记库中找出符合一项政策的企业；给出系列名时，取当天有效的版本。\n"
		"\n"
		"  --near          也列出接近符合的企业和差距\n"
		"  --only-near     只列出接近符合的企业，差距小的在前\n"
		"  --undecided     也列出待定的企业（缺数据或须人工审核）和缺少的数据\n"
		"  --region 地区   只看注册在这个地区（代码或名称，含下级）的企业\n"
		"  --industry 行业 只看这个行业：C、C31、3130\n"
		"  --size 规模     micro small medium large not-covered\n"
		"  --sort 顺序     "
		"id（默认，边找边列）amount（金额大的在前）distance（差距小的在前）\n"
		"  --limit N       最多列出 N 家（按 amount、distance 默认 1000，最多 10000）\n"
		"  --as-of 日期    按哪一天\n"
		"  --snapshot N    按登记库的第 N 个快照\n"
		"  --revision N    用第 N 版目录\n"
		"  --format 格式   table json（每行一家，最后一行是汇总）csv\n";
static const char HELP_EN[] =
		"usage: policycalc find POLICY [options]\n"
		"\n"
		"Finds the enterprises of the registry that have a policy. A series gives the\n"
		"version in force on the day.\n"
		"\n"
		"  --near          also those that nearly have it, and what they are away "
		"from\n"
		"  --only-near     only those that nearly have it, nearest first\n"
		"  --undecided     also those of which it is not known, and what they lack\n"
		"  --region PLACE  only those registered there or below: a code or a name\n"
		"  --industry CODE only this industry: C, C31, 3130\n"
		"  --size SIZE     micro small medium large not-covered\n"
		"  --sort ORDER    id (as they are found), amount (largest first), distance\n"
		"                  (nearest first)\n"
		"  --limit N       at most N (by amount and distance 1000, at most 10000)\n"
		"  --as-of DATE    on that day\n"
		"  --snapshot N    of the registry\n"
		"  --revision N    of the catalog\n"
		"  --format FORMAT table, json (one a line, the summary last), csv\n";

static const char *const formats[] = { "csv", NULL };
static const char *const sizes[] = { "", "micro", "small", "medium", "large", "not-covered" };
static const char *const sorts[] = { "", "id", "amount", "distance" };

struct find_arguments {
	bool near, only_near, undecided;
	const char *region, *industry, *size, *sort, *limit, *as_of, *snapshot, *revision;
};

/* What has come, on its way to stdout. */
struct finding {
	struct cli *cli;
	struct canvas canvas;
	struct buffer out;
	struct progress progress;
	bool has_heading;
};

static int word_index(const char *const *words, size_t count, const char *text)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(words[i], text) == 0)
			return (int)i;
	}
	return -1;
}

static int request_fill(const struct cli *cli, const struct find_arguments *arguments,
		Policycalc__V1__Verdict verdicts[3],
		Policycalc__V1__FindEnterprisesRequest *request)
{
	long long number;
	int index;

	request->near = arguments->near;
	request->only_near = arguments->only_near;
	if (arguments->only_near && arguments->undecided)
		return cli_usage(cli, "%s",
				cli_word(cli, "--only-near 与 --undecided 不能同时用",
						"--only-near and --undecided exclude each "
						"other"));
	if (arguments->only_near && !arguments->sort)
		request->sort = POLICYCALC__V1__FIND_SORT__FIND_SORT_DISTANCE;
	request->region = (char *)(uintptr_t)arguments->region;
	request->industry = (char *)(uintptr_t)arguments->industry;
	request->as_of = (char *)(uintptr_t)arguments->as_of;
	if (arguments->undecided) {
		verdicts[0] = POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE;
		verdicts[1] = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION;
		verdicts[2] = POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW;
		request->verdicts = verdicts;
		request->n_verdicts = 3;
	}
	if (arguments->size) {
		index = word_index(sizes, sizeof(sizes) / sizeof(*sizes), arguments->size);
		if (index < 0)
			return cli_usage(cli, "--size: micro small medium large not-covered");
		request->size = (Policycalc__V1__FirmSize)index;
	}
	if (arguments->sort) {
		index = word_index(sorts, sizeof(sorts) / sizeof(*sorts), arguments->sort);
		if (index < 0)
			return cli_usage(cli, "--sort: id amount distance");
		request->sort = (Policycalc__V1__FindSort)index;
	}
	if (arguments->limit) {
		if (!cli_parse_number(arguments->limit, &number) || number < 1 ||
				number > INT32_MAX)
			return cli_usage(cli, "--limit N");
		request->limit = (int32_t)number;
	}
	if (arguments->snapshot) {
		if (!cli_parse_number(arguments->snapshot, &number))
			return cli_usage(cli, "--snapshot N");
		request->sequence = number;
	}
	if (arguments->revision) {
		if (!cli_parse_number(arguments->revision, &number))
			return cli_usage(cli, "--revision N");
		request->revision = number;
	}
	return CLI_OK;
}

/* --- what comes ------------------------------------------------------------------------------- */

static void heading_print(struct finding *finding)
{
	if (finding->has_heading || finding->cli->json)
		return;
	finding->has_heading = true;
	if (strcmp(finding->cli->format, "csv") == 0)
		find_print_csv_heading(&finding->cli->style, &finding->out);
	else
		find_print_heading(&finding->canvas);
}

static void part_print(
		struct finding *finding, const Policycalc__V1__FindEnterprisesResponse *part)
{
	bool is_csv = strcmp(finding->cli->format, "csv") == 0;
	bool is_found = part->part_case ==
			POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_FOUND;

	if (finding->cli->json) {
		if (!cli_append_json_line(part, &finding->out))
			finding->out.failed = true;
		return;
	}
	heading_print(finding);
	if (is_found && is_csv)
		find_print_csv(&finding->cli->style, part->found, &finding->out);
	else if (is_found)
		find_print_found(&finding->canvas, part->found);
	else if (!is_csv)
		find_print_summary(&finding->canvas, part->summary);
}

static int part_take(
		struct finding *finding, const Policycalc__V1__FindEnterprisesResponse *part)
{
	int code;

	switch ((int)part->part_case) {
	case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_PROGRESS:
		finding->progress.total = (uint64_t)part->progress->total;
		progress_advance(&finding->progress, (uint64_t)part->progress->done,
				part->progress->done);
		return CLI_OK;
	case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_FOUND:
	case POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_SUMMARY:
		part_print(finding, part);
		break;
	default:
		return CLI_OK;
	}
	if (part->part_case == POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_FOUND &&
			finding->out.size < 16384)
		return CLI_OK;
	progress_fini(&finding->progress);
	code = cli_write(finding->cli, &finding->out);
	finding->out = (struct buffer){ 0 };
	return code;
}

static int parts_receive(struct finding *finding, struct answer_stream *stream)
{
	const Policycalc__V1__FindEnterprisesResponse *part = NULL;
	bool has_summary = false;
	int code;

	for (;;) {
		code = cli_receive(finding->cli, stream, &finding->progress, &part);
		if (code != CLI_OK || !part)
			break;
		has_summary = has_summary ||
			      part->part_case ==
					      POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_SUMMARY;
		code = part_take(finding, part);
		if (code != CLI_OK)
			break;
	}
	if (code == CLI_OK && !has_summary)
		code = cli_failure(finding->cli, "%s",
				cli_word(finding->cli, "答复不完整：没有汇总",
						"the answer has no summary"));
	return code;
}

static int find_run(struct cli *cli, const Policycalc__V1__FindEnterprisesRequest *request,
		const struct dictionary *dictionary)
{
	const struct render_dictionary names = { dictionary->attributes, dictionary->count };
	struct finding finding = { .cli = cli };
	struct answer_stream stream = { 0 };
	int code;

	finding.canvas = (struct canvas){ &cli->style, &names, &finding.out };
	progress_init(&finding.progress, 0, cli->style.english);
	code = cli_open_stream(cli, &stream, "/policycalc.v1.RegistryService/FindEnterprises",
			&request->base, &policycalc__v1__find_enterprises_response__descriptor);
	if (code == CLI_OK)
		code = parts_receive(&finding, &stream);
	progress_fini(&finding.progress);
	answer_stream_close(&stream);
	buffer_fini(&finding.out);
	return code;
}

int command_find(struct cli *cli, int argc, char **argv)
{
	struct find_arguments arguments = { .region = "", .industry = "", .as_of = "" };
	const struct cli_option list[] = {
		{ "--near", .flag = &arguments.near },
		{ "--only-near", .flag = &arguments.only_near },
		{ "--undecided", .flag = &arguments.undecided },
		{ "--region", .text = &arguments.region },
		{ "--industry", .text = &arguments.industry },
		{ "--size", .text = &arguments.size },
		{ "--sort", .text = &arguments.sort },
		{ "--limit", .text = &arguments.limit },
		{ "--as-of", .text = &arguments.as_of },
		{ "--snapshot", .text = &arguments.snapshot },
		{ "--revision", .text = &arguments.revision },
	};
	Policycalc__V1__FindEnterprisesRequest request =
			POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
	Policycalc__V1__Verdict verdicts[3];
	struct dictionary dictionary = { 0 };
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);
	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一项政策的编号或系列名",
						"one policy or series is needed"));
	code = request_fill(cli, &arguments, verdicts, &request);
	if (code != CLI_OK)
		return code;
	request.policy = argv[0];
	/* What is lacking is told by its name. */
	if (arguments.undecided && !cli->json && strcmp(cli->format, "table") == 0)
		code = dictionary_load(cli, request.revision, &dictionary);
	return code == CLI_OK ? find_run(cli, &request, &dictionary) : code;
}
