/* SPDX-License-Identifier: Apache-2.0 */
/* report: the reports over the registry, for the monthly meeting. */
#include "client/cli/cli.h"
#include "client/cli/profile_argument.h"
#include "client/cli/progress.h"
#include "client/lib/answer_stream.h"
#include "client/lib/report_parts.h"
#include "client/render/report.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc report coverage|blocked|unclaimed|push [选项]\n"
		"\n"
		"  coverage    规上工业企业研发活动覆盖情况（每月按县市区排名）\n"
		"  blocked     哪个条件挡住多少企业，补齐哪项数据能使多少结论确定\n"
		"  unclaimed   各县（市、区）企业可享的政策资金\n"
		"  push        告知了谁、谁已收到；缺少负面信息使多少企业未定\n"
		"\n"
		"  --as-of 日期       截止日，如 2026-10 或 2026-10-31（默认今天）\n"
		"  --snapshot N       用第 N "
		"号快照（默认截止日终了时的快照）；截止日、快照和目录\n"
		"                     版本相同，报表逐字节相同\n"
		"  --revision N       用第 N 版目录\n"
		"  --region 地区      报告哪个市（县）的情况\n"
		"  --policy 编号      只看这些政策（逗号分隔；coverage 不用）\n"
		"  --part 表          csv 输出哪张表（见下）\n"
		"  coverage 的选项：\n"
		"  --target 80%       目标（默认按目录所载；目录未载按 100% 计差距，\n"
		"                     不列通报表扬、批评名单）\n"
		"  --names            列出未覆盖企业名单（内部使用）\n"
		"  --expect 444/328   统计部门的规上数和有研发数；不符则拒绝出具\n"
		"  --draft            合计与全市数不符时也出具，标为草稿\n"
		"  --signed 姓名      签发人\n"
		"\n"
		"--format 还可以是 csv 和 html（可打印的一页，不联网）。csv 的表：\n"
		"  coverage   units notices trend firms openings assignments counters\n"
		"  blocked    conditions attributes verdicts\n"
		"  unclaimed  units policies\n"
		"  push       policies units negatives\n";
static const char HELP_EN[] =
		"usage: policycalc report coverage|blocked|unclaimed|push [options]\n"
		"\n"
		"  coverage    R&D coverage of industry above designated size, ranked by "
		"county\n"
		"  blocked     which condition keeps how many out, which data item would "
		"settle\n"
		"  unclaimed   money that enterprises can have, by county\n"
		"  push        who was told, who received it; what negative data is missing\n"
		"\n"
		"  --as-of DATE       cut-off, such as 2026-10 or 2026-10-31 (default: today)\n"
		"  --snapshot N       of the registry (default: that of the end of the "
		"cut-off\n"
		"                     day); the same day, snapshot and revision give the same "
		"bytes\n"
		"  --revision N       of the catalog\n"
		"  --region REGION    whose report\n"
		"  --policy ID        only these policies (with commas; not for coverage)\n"
		"  --part TABLE       which table csv prints (below)\n"
		"  for coverage:\n"
		"  --target 80%       the aim (default: as the catalog states, else 100%,\n"
		"                     and then nobody is praised or criticised)\n"
		"  --names            also name uncovered enterprises (restricted)\n"
		"  --expect 444/328   the statistics bureau's numbers; refused when others "
		"come "
		"out\n"
		"  --draft            also when the units do not add up; marked as a draft\n"
		"  --signed NAME      who signs\n"
		"\n"
		"--format may also be csv and html (a page to print, without network). "
		"Tables:\n"
		"  coverage   units notices trend firms openings assignments counters\n"
		"  blocked    conditions attributes verdicts\n"
		"  unclaimed  units policies\n"
		"  push       policies units negatives\n";

struct report_options {
	const char *as_of, *snapshot, *revision, *region, *policies, *part;
	const char *target, *expect, *signed_by;
	bool names, draft;
};

/* --- the request ------------------------------------------------------------------------------ */

static bool kind_parse(const char *text, Policycalc__V1__ReportKind *out_kind)
{
	static const struct {
		const char *name;
		Policycalc__V1__ReportKind kind;
	} kinds[] = {
		{ "coverage", POLICYCALC__V1__REPORT_KIND__REPORT_KIND_COVERAGE },
		{ "blocked", POLICYCALC__V1__REPORT_KIND__REPORT_KIND_BLOCKED },
		{ "unclaimed", POLICYCALC__V1__REPORT_KIND__REPORT_KIND_UNCLAIMED },
		{ "push", POLICYCALC__V1__REPORT_KIND__REPORT_KIND_PUSH },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(text, kinds[i].name) == 0) {
			*out_kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool number_parse(const char *text, int64_t *out)
{
	long long number = 0;

	if (text && (!cli_parse_number(text, &number) || number < 1))
		return false;
	*out = number;
	return true;
}

/* "80%"; "80" means the same. */
static bool target_parse(const char *text, Policycalc__V1__GetReportRequest *request)
{
	char percent[32];
	long long ppm;
	struct error err;

	if (strlen(text) > 16)
		return false;
	(void)snprintf(percent, sizeof(percent), "%s%s", text, strchr(text, '%') ? "" : "%");
	if (!unit_parse_ratio(slice_from(percent), &ppm, &err) || ppm < 0 || ppm > 1000000)
		return false;
	request->_target_ppm_case = POLICYCALC__V1__GET_REPORT_REQUEST___TARGET_PPM_TARGET_PPM;
	request->target_ppm = ppm;
	return true;
}

/* "444/328". */
static bool expect_parse(const char *text, Policycalc__V1__GetReportRequest *request)
{
	const char *slash = strchr(text, '/');
	char total[24];
	long long first, second;

	if (!slash || (size_t)(slash - text) >= sizeof(total))
		return false;
	memcpy(total, text, (size_t)(slash - text));
	total[slash - text] = '\0';
	if (!cli_parse_number(total, &first) || !cli_parse_number(slash + 1, &second))
		return false;
	request->_expected_total_case =
			POLICYCALC__V1__GET_REPORT_REQUEST___EXPECTED_TOTAL_EXPECTED_TOTAL;
	request->expected_total = first;
	request->_expected_covered_case =
			POLICYCALC__V1__GET_REPORT_REQUEST___EXPECTED_COVERED_EXPECTED_COVERED;
	request->expected_covered = second;
	return true;
}

static int request_fill(struct cli *cli, const struct report_options *options,
		Policycalc__V1__GetReportRequest *request)
{
	bool is_coverage = request->kind == POLICYCALC__V1__REPORT_KIND__REPORT_KIND_COVERAGE;

	if (!number_parse(options->snapshot, &request->sequence))
		return cli_usage(cli, "--snapshot N");
	if (!number_parse(options->revision, &request->revision))
		return cli_usage(cli, "--revision N");
	if (!is_coverage && (options->target || options->names || options->expect ||
					    options->draft || options->signed_by))
		return cli_usage(cli, "%s",
				cli_word(cli,
						"--target、--names、--expect、--draft、--"
						"signed 只用于 "
						"coverage",
						"--target, --names, --expect, --draft and "
						"--signed are "
						"for coverage only"));
	if (is_coverage && options->policies)
		return cli_usage(cli, "%s",
				cli_word(cli, "coverage 不用 --policy",
						"--policy is not for coverage"));
	if (options->target && !target_parse(options->target, request))
		return cli_usage(cli, "%s",
				cli_word(cli, "--target 需要 0% 至 100% 的比例，如 80%",
						"--target needs a ratio of 0% to 100%, such as "
						"80%"));
	if (options->expect && !expect_parse(options->expect, request))
		return cli_usage(cli, "%s",
				cli_word(cli, "--expect 需要“规上数/有研发数”，如 444/328",
						"--expect needs TOTAL/COVERED, such as "
						"444/328"));
	if (options->policies && !policies_from_argument(cli, options->policies,
						 &request->policies, &request->n_policies))
		return cli_out_of_memory(cli);
	request->as_of = (char *)(uintptr_t)options->as_of;
	request->region = (char *)(uintptr_t)options->region;
	request->names = options->names;
	request->draft = options->draft;
	if (options->signed_by)
		request->signed_by = (char *)(uintptr_t)options->signed_by;
	return CLI_OK;
}

/* --- the call --------------------------------------------------------------------------------- */

/* As cli_receive(); a refusal is left for others to say where @out_refused is not NULL. */
static int part_receive(struct cli *cli, struct answer_stream *stream,
		struct progress *progress, bool *out_refused,
		Policycalc__V1__GetReportResponse **out_part)
{
	struct call_status status = { 0 };
	ProtobufCMessage *message;

	if (answer_stream_receive(stream, &message, &status)) {
		*out_part = (Policycalc__V1__GetReportResponse *)message;
		return CLI_OK;
	}
	progress_fini(progress);
	if (!out_refused || status.code != PCALC_FAILED_PRECONDITION)
		return cli_status(cli, &status);
	call_status_fini(&status);
	*out_refused = true;
	return CLI_FINDINGS;
}

static int report_receive(struct cli *cli, const Policycalc__V1__GetReportRequest *request,
		struct answer_stream *stream, struct report_parts *parts, bool *out_refused)
{
	Policycalc__V1__GetReportResponse *part = NULL;
	struct progress progress;
	int code;

	code = cli_open_stream(cli, stream, "/policycalc.v1.RegistryService/GetReport",
			&request->base, &policycalc__v1__get_report_response__descriptor);
	progress_init(&progress, 1, cli->style.english);
	while (code == CLI_OK) {
		code = part_receive(cli, stream, &progress, out_refused, &part);
		if (code != CLI_OK || !part)
			break;
		if (part->part_case == POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PROGRESS) {
			progress.total = (uint64_t)part->progress->total;
			progress_advance(&progress, (uint64_t)part->progress->done,
					part->progress->done);
			continue;
		}
		stream->keeps = true;
		if (!report_parts_take(parts, &stream->arenas[stream->current], part))
			code = cli_out_of_memory(cli);
	}
	progress_fini(&progress);
	if (code == CLI_OK && !parts->report)
		code = cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	return code;
}

/* --- a refusal in words ----------------------------------------------------------------------- */

static int64_t assignment_count(const Policycalc__V1__CoverageReport *report,
		Policycalc__V1__AssignmentKind kind)
{
	for (size_t i = 0; i < report->n_assignments; i++)
		if (report->assignments[i]->kind == kind)
			return report->assignments[i]->count;
	return 0;
}

/*
 * The service refuses in English; a draft has the figures that stand behind it. Where there is no draft
 * either, its own words are all there is.
 */
static int refusal_tell(struct cli *cli, const Policycalc__V1__GetReportRequest *refused)
{
	Policycalc__V1__GetReportRequest request = *refused;
	struct answer_stream stream = { 0 };
	struct report_parts parts = { 0 };
	const Policycalc__V1__CoverageReport *report;
	const Policycalc__V1__CoverageCount *sum, *city;
	int code;

	request.draft = true;
	request.names = false;
	code = report_receive(cli, &request, &stream, &parts, NULL);
	report = code == CLI_OK ? parts.report->coverage : NULL;
	sum = report ? report->sum : NULL;
	city = report && report->city ? report->city->count : NULL;
	if (sum && city && (sum->total != city->total || sum->covered != city->covered))
		(void)cli_failure(cli,
				"各单位合计 %lld 家（有研发活动 %lld 家），全市 %lld 家（%lld "
				"家），不一致，不能出具：%lld 家缺统计归属地，%lld "
				"家的统计归属"
				"地不属于任何单位；请补齐统计归属地，或加 --draft "
				"出草稿查看",
				(long long)sum->total, (long long)sum->covered,
				(long long)city->total, (long long)city->covered,
				(long long)assignment_count(report,
						POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_MISSING),
				(long long)assignment_count(report,
						POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_NO_UNIT));
	else if (city)
		(void)cli_failure(cli,
				"全市 %lld 家，其中有研发活动 %lld 家，与 --expect 给出的不符，"
				"不能出具；请核对统计部门的数，或加 --draft 出草稿查看",
				(long long)city->total, (long long)city->covered);
	answer_stream_close(&stream);
	return code == CLI_OK ? CLI_FINDINGS : code;
}

/* --- the command ------------------------------------------------------------------------------ */

static int report_write(struct cli *cli, const struct report_options *options,
		const Policycalc__V1__GetReportResponse *response)
{
	struct registry_report report = { 0 };
	struct buffer out = { 0 };
	bool is_known = true;

	switch ((int)response->part_case) {
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE:
		report.coverage = response->coverage;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_BLOCKED:
		report.blocked = response->blocked;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_UNCLAIMED:
		report.unclaimed = response->unclaimed;
		break;
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PUSH:
		report.push = response->push;
		break;
	default:
		return cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	}
	if (cli->json)
		return cli_write_json(cli, response);
	if (strcmp(cli->format, "html") == 0)
		out.failed |= !report_print_page(&report, &cli->style, &cli->arena, &out);
	else if (strcmp(cli->format, "csv") == 0)
		out.failed |= !report_print_csv(&report, options->part, &cli->style,
				&cli->arena, &out, &is_known);
	else
		out.failed |= !report_print_tables(&report, &cli->style, &cli->arena, &out);
	if (!is_known) {
		buffer_fini(&out);
		return cli_usage(cli,
				cli_word(cli, "这种报表没有表 '%s'（--help 列出）",
						"this report has no table '%s' (see --help)"),
				options->part);
	}
	return cli_write(cli, &out);
}

int command_report(struct cli *cli, int argc, char **argv)
{
	static const char *const formats[] = { "csv", "html", NULL };
	struct report_options options = { .as_of = "", .region = "", .part = "" };
	const struct cli_option list[] = {
		{ "--as-of", .text = &options.as_of },
		{ "--snapshot", .text = &options.snapshot },
		{ "--revision", .text = &options.revision },
		{ "--region", .text = &options.region },
		{ "--policy", .text = &options.policies },
		{ "--part", .text = &options.part },
		{ "--target", .text = &options.target },
		{ "--expect", .text = &options.expect },
		{ "--signed", .text = &options.signed_by },
		{ "--names", .flag = &options.names },
		{ "--draft", .flag = &options.draft },
	};
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	struct answer_stream stream = { 0 };
	struct report_parts parts = { 0 };
	bool refused = false;
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);
	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "report coverage|blocked|unclaimed|push");
	if (!kind_parse(argv[0], &request.kind))
		return cli_usage(cli,
				cli_word(cli, "没有报表 '%s'：coverage blocked unclaimed push",
						"no report '%s': coverage blocked unclaimed "
						"push"),
				argv[0]);
	if (*options.part && strcmp(cli->format, "csv") != 0)
		return cli_usage(cli, "%s",
				cli_word(cli, "--part 只用于 --format csv",
						"--part is for --format csv only"));
	code = request_fill(cli, &options, &request);
	if (code != CLI_OK)
		return code;
	/* A whole registry takes its time, and tells how far it is. */
	if (!cli->timeout)
		cli->timeout = "0";
	code = report_receive(cli, &request, &stream, &parts,
			request.kind == POLICYCALC__V1__REPORT_KIND__REPORT_KIND_COVERAGE &&
							!request.draft && !cli->style.english
					? &refused
					: NULL);
	if (refused)
		code = refusal_tell(cli, &request);
	if (code == CLI_OK)
		code = report_write(cli, &options, parts.report);
	answer_stream_close(&stream);
	return code;
}
