/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_run.h"
#include "client/cli/profile_argument.h"
#include "client/cli/progress.h"
#include "client/cli/registry.h"
#include "client/render/table.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WARNINGS_SHOWN 20

static const char HELP_ZH[] =
		"用法：policycalc registry import 文件 [选项]\n"
		"\n"
		"把企业数据导入登记库：按统一社会信用代码新增或更新，没有写的保持原样。\n"
		"文件是 CSV（.csv、.tsv）或 NDJSON（.ndjson、.jsonl），- 表示标准输入。\n"
		"\n"
		"  --supplier 文字    数据由谁提供，如 三门峡市税务局\n"
		"  --as-of 日期       数据是哪一天的（默认今天）\n"
		"  --complete 名称    这些属性的完整名单（可多个，用逗号分开）：不在文件里\n"
		"                     的企业即为“否”\n"
		"  --replace          文件没有写的值作废，而不是保留\n"
		"  --dry-run          只检查，不改动\n"
		"  --strict           有不认识的列就不导入\n"
		"  --rejects 文件     退回的行写到哪里（默认 文件.rejects.csv）\n"
		"  --encoding 编码    utf-8、gb18030 或 auto（默认）\n"
		"  --delimiter 字符   分隔符（默认按表头判断：逗号、tab、分号、|）\n"
		"\n"
		"表头：属性名或名称（policycalc attributes 列出），可带年度和单位，如\n"
		"  统一社会信用代码,注册地,营业收入@2025(万元),研发投入（2024年）(万元)\n"
		"单元格：200万元、40%、是、否、2018-06-01、灵宝市；多个用分号分开；称号写作\n"
		"  srdi:2027-12-31；空白或“未知”表示没有提供。\n"
		"项目、贷款、人员等逐项数据请用 NDJSON：每行一家企业，形式同 match -f。\n"
		"退回文件写明行、列、原因，并附原来的行，改好后可以直接再导入。\n"
		"\n"
		"退出码：0 全部导入；1 有退回的行；2 用法或表头有误；3 服务或网络故障\n";
static const char HELP_EN[] =
		"usage: policycalc registry import FILE [options]\n"
		"\n"
		"Imports enterprises: adds and changes by unified social credit code; what is "
		"not\n"
		"said is kept. FILE is CSV (.csv, .tsv) or NDJSON (.ndjson, .jsonl); - is "
		"stdin.\n"
		"\n"
		"  --supplier TEXT    who supplies the values\n"
		"  --as-of DATE       the day they hold for (default: today)\n"
		"  --complete NAMES   the file is the whole list of these attributes (commas\n"
		"                     between): false for every enterprise that is not on it\n"
		"  --replace          values that the file does not mention are forgotten\n"
		"  --dry-run          check everything, change nothing\n"
		"  --strict           refuse columns that mean nothing\n"
		"  --rejects FILE     where rejected rows go (default FILE.rejects.csv)\n"
		"  --encoding NAME    utf-8, gb18030 or auto (default)\n"
		"  --delimiter CHAR   default: comma, tab, semicolon or |, by the headings\n"
		"\n"
		"Headings are names or labels of attributes (policycalc attributes lists "
		"them),\n"
		"with period and unit where needed: uscc,region,revenue@2025(万元),staff\n"
		"Cells: 200万元, 40%, true, false, 2018-06-01, codes or their labels; several "
		"with\n"
		"semicolons between; titles as srdi:2027-12-31; empty or \"unknown\": not "
		"said.\n"
		"Items (projects, loans, hires) come as NDJSON: one enterprise a line, in the "
		"form\n"
		"that match -f reads.\n"
		"The rejects file tells line, column and reason before the row itself; mended, "
		"it\n"
		"can be imported as it is.\n"
		"\n"
		"Exit status: 0 all imported; 1 rows were rejected; 2 wrong usage or headings; "
		"3\n"
		"service or network failure\n";

/* --- what is printed -------------------------------------------------------------------------- */

static json_t *findings_json(Policycalc__V1__RowFinding *const *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array,
				json_pack("{s:I, s:s, s:s, s:s}", "line",
						(json_int_t)list[i]->row, "field",
						list[i]->field, "reason", list[i]->reason,
						"message", list[i]->message));
	return array;
}

/* One document; NULL when memory is short. */
static json_t *result_json(
		const struct import_request *request, const struct import_result *result)
{
	static const Policycalc__V1__ImportEnterprisesResponse none =
			POLICYCALC__V1__IMPORT_ENTERPRISES_RESPONSE__INIT;
	const Policycalc__V1__ImportEnterprisesResponse *response =
			result->response ? result->response : &none;
	json_t *reasons = json_object();
	json_t *left = json_array();

	for (size_t i = 0; i < result->tally_count; i++)
		(void)json_object_set_new(reasons, result->tallies[i].reason,
				json_integer(result->tallies[i].count));
	for (size_t i = 0; i < result->left_count; i++)
		(void)json_array_append_new(
				left, json_stringn(result->left[i].data, result->left[i].size));
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:I, "
			 "s:o, "
			 "s:o, s:I, s:I, s:I}",
			"file", request->path, "supplier", result->supplier, "date",
			request->date, "dry_run", (int)request->dry_run, "incomplete",
			(int)result->incomplete, "rows", (json_int_t)result->rows, "inserted",
			(json_int_t)response->inserted, "updated",
			(json_int_t)response->updated, "unchanged",
			(json_int_t)response->unchanged, "rejected",
			(json_int_t)result->rejected, "reasons", reasons, "rejects_file",
			result->rejects_written ? result->rejects_path : "", "warning_count",
			(json_int_t)response->warning_count, "warnings",
			findings_json(response->warnings, response->n_warnings), "left_columns",
			left, "sequence", (json_int_t)response->sequence, "import_id",
			(json_int_t)response->import_id, "milliseconds",
			(json_int_t)result->milliseconds);
}

static int result_print_json(const struct cli *cli, const struct import_request *request,
		const struct import_result *result)
{
	json_t *document = result_json(request, result);
	char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
	struct buffer out = { 0 };

	if (text)
		buffer_format(&out, "%s\n", text);
	free(text);
	json_decref(document);
	return text ? cli_write(cli, &out) : cli_out_of_memory(cli);
}

static void warnings_print(const struct cli *cli, const struct import_result *result)
{
	const Policycalc__V1__ImportEnterprisesResponse *response = result->response;

	for (size_t i = 0; i < response->n_warnings && i < WARNINGS_SHOWN; i++)
		(void)cli_usage(cli, cli_word(cli, "第 %lld 行：%s%s%s", "line %lld: %s%s%s"),
				(long long)response->warnings[i]->row,
				response->warnings[i]->field,
				*response->warnings[i]->field ? ": " : "",
				response->warnings[i]->message);
	if (response->warning_count > WARNINGS_SHOWN)
		(void)cli_usage(cli,
				cli_word(cli,
						"……共 %lld 处提醒（--format json 列出前 1000 "
						"处）",
						"... %lld warnings in all (--format json lists "
						"the "
						"first 1,000)"),
				(long long)response->warning_count);
}

static void count_add(struct table *table, const char *name, int64_t count)
{
	char text[32];
	const char *cells[] = { name, text };

	(void)snprintf(text, sizeof(text), "%lld", (long long)count);
	table_add(table, cells);
}

static int result_print_table(const struct cli *cli, const struct import_request *request,
		const struct import_result *result)
{
	const Policycalc__V1__ImportEnterprisesResponse *response = result->response;
	struct table table = { .columns = 2,
		.headings = { cli_word(cli, "导入结果", "result"),
				cli_word(cli, "行", "rows") },
		.right = { false, true } };
	double seconds = (double)result->milliseconds / 1000;
	struct buffer out = { 0 };
	char spent[24];

	count_add(&table, cli_word(cli, "读到", "read"), result->rows);
	if (response) {
		count_add(&table, cli_word(cli, "新增", "new"), response->inserted);
		count_add(&table, cli_word(cli, "有变化", "changed"), response->updated);
		count_add(&table, cli_word(cli, "无变化", "unchanged"), response->unchanged);
		count_add(&table, cli_word(cli, "提醒", "warnings"), response->warning_count);
	}
	count_add(&table, cli_word(cli, "退回", "rejected"), result->rejected);
	for (size_t i = 0; i < result->tally_count; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "  %s", result->tallies[i].reason);
		count_add(&table, name, result->tallies[i].count);
	}
	if (!table_print(&table, cli->style.width, cli->style.colour, &out))
		out.failed = true;
	table_fini(&table);
	progress_print_time(result->milliseconds / 1000, spent);
	buffer_format(&out,
			cli_word(cli, "用时 %s，每秒 %.0f 行\n",
					"took %s, %.0f rows a second\n"),
			spent, seconds > 0 ? (double)result->rows / seconds : 0);
	if (result->rejects_written)
		buffer_format(&out, cli_word(cli, "退回的行：%s\n", "the rejected rows: %s\n"),
				result->rejects_path);
	if (result->unlisted)
		buffer_format(&out,
				cli_word(cli, "其中 %lld 行服务没有逐一说明\n",
						"%lld of them the service did not list\n"),
				(long long)result->unlisted);
	if (request->dry_run)
		buffer_append_text(
				&out, cli_word(cli, "只做了检查，没有改动登记库\n",
						      "only checked: nothing was changed\n"));
	else if (response && response->import_id)
		buffer_format(&out,
				cli_word(cli, "导入编号 %lld，快照 %lld\n",
						"import %lld, snapshot %lld\n"),
				(long long)response->import_id, (long long)response->sequence);
	return cli_write(cli, &out);
}

static int result_print(const struct cli *cli, const struct import_request *request,
		const struct import_result *result)
{
	int code;

	if (result->response && !cli->json)
		warnings_print(cli, result);
	code = cli->json ? result_print_json(cli, request, result)
			 : result_print_table(cli, request, result);
	if (code == CLI_OK && result->incomplete)
		(void)cli_usage(cli, "%s",
				cli_word(cli,
						"有退回的行，名单就不完整：没有把不在文件里的企"
						"业记为"
						"“否”。已读的行可能已导入；改好后请整份重新导"
						"入",
						"with rejected rows the list is not complete: "
						"nobody "
						"was said not to be on it. Rows before may "
						"have been "
						"imported; mend the file and import it again "
						"whole"));
	if (code != CLI_OK)
		return code;
	return result->rejected || result->incomplete ? CLI_FINDINGS : CLI_OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static bool delimiter_parse(const char *text, char *out_delimiter)
{
	if (strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0)
		text = "\t";
	*out_delimiter = text[0];
	return text[0] > 0 && !text[1] && text[0] != '"' && text[0] != '\n' && text[0] != '\r';
}

/* Today in China. */
static struct date today(void)
{
	return timestamp_to_date((struct timestamp){ .seconds = (int64_t)time(NULL) },
			DATE_CHINA_OFFSET);
}

int command_registry_import(struct cli *cli, int argc, char **argv)
{
	struct import_request request = { 0 };
	struct import_result result = { 0 };
	const char *as_of = NULL, *complete = NULL, *encoding = NULL, *delimiter = NULL;
	const struct cli_option list[] = {
		{ "--supplier", .text = &request.supplier },
		{ "--as-of", .text = &as_of },
		{ "--complete", .text = &complete },
		{ "--rejects", .text = &request.rejects },
		{ "--encoding", .text = &encoding },
		{ "--delimiter", .text = &delimiter },
		{ "--strict", .flag = &request.strict },
		{ "--dry-run", .flag = &request.dry_run },
		{ "--replace", .flag = &request.replace },
	};
	char date[11];
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN,
			&argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个文件（--help 说明形式）",
						"one file is needed (--help tells the form)"));
	request.path = argv[0];
	request.day = today();
	if (as_of && !date_parse(slice_from(as_of), &request.day))
		return cli_usage(cli, "%s",
				cli_word(cli, "--as-of 需要一个日期，如 2026-03-01",
						"--as-of needs a day such as 2026-03-01"));
	date_print(request.day, date);
	request.date = date;
	if (encoding && !encoding_parse(encoding, &request.encoding))
		return cli_usage(cli, "--encoding utf-8|gb18030|auto");
	if (delimiter && !delimiter_parse(delimiter, &request.delimiter))
		return cli_usage(cli, "%s",
				cli_word(cli, "--delimiter 需要一个字符，或 tab",
						"--delimiter needs one character, or tab"));
	if (complete && !policies_from_argument(cli, complete, &request.complete,
					&request.complete_count))
		return cli_out_of_memory(cli);
	code = import_run(cli, &request, &result);
	return code == CLI_OK ? result_print(cli, &request, &result) : code;
}
