/* SPDX-License-Identifier: Apache-2.0 */
/* registry counter: counters of the city's aims, one by one or from a file. */
#include "client/cli/csv.h"
#include "client/cli/file.h"
#include "client/cli/registry.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MOST 10000
#define MARK "\xef\xbb\xbf"

static const char HELP_ZH[] =
		"用法：policycalc registry counter add 指标 日期 数量 --source 来源 [--region "
		"地区]\n"
		"      policycalc registry counter import 文件.csv [--source 来源] [--region "
		"地区]\n"
		"\n"
		"登记年度工作指标（如 training 培训人次、matching "
		"四项对接次数），列入研发覆盖报表的\n"
		"附录。指标须是目录中的参数 "
		"counter_指标_地区代码。同一天再次登记的，以后登记的为准。\n"
		"文件（UTF-8）的表头：指标,日期,数量,来源（或 name,date,value,source）。\n";
static const char HELP_EN[] =
		"usage: policycalc registry counter add NAME DATE VALUE --source WHO [--region "
		"R]\n"
		"       policycalc registry counter import FILE.csv [--source WHO] [--region "
		"R]\n"
		"\n"
		"Counts towards the aims of the year (such as training, matching), for the "
		"appendix of\n"
		"the coverage report. The catalog must have a parameter counter_NAME_REGION. A "
		"later\n"
		"entry for the same day takes the place of the earlier one.\n"
		"The file (UTF-8) begins with name,date,value,source.\n";

struct entries {
	Policycalc__V1__CounterEntry **list;
	size_t count;
};

static bool value_parse(struct slice text, int64_t *out)
{
	char digits[24];
	long long number;

	if (text.size == 0 || text.size >= sizeof(digits))
		return false;
	memcpy(digits, text.data, text.size);
	digits[text.size] = '\0';
	if (!cli_parse_number(digits, &number))
		return false;
	*out = number;
	return true;
}

static Policycalc__V1__CounterEntry *entry_add(
		struct cli *cli, struct entries *entries, const char *region)
{
	Policycalc__V1__CounterEntry *entry =
			ARENA_NEW(&cli->arena, Policycalc__V1__CounterEntry);

	if (!entries->list)
		entries->list = ARENA_NEW_ARRAY(
				&cli->arena, Policycalc__V1__CounterEntry *, ENTRIES_MOST);
	if (!entry || !entries->list)
		return NULL;
	policycalc__v1__counter_entry__init(entry);
	entry->region = (char *)(uintptr_t)region;
	entries->list[entries->count++] = entry;
	return entry;
}

static int entries_send(struct cli *cli, const struct entries *entries)
{
	Policycalc__V1__AddCountersRequest request = POLICYCALC__V1__ADD_COUNTERS_REQUEST__INIT;
	const Policycalc__V1__AddCountersResponse *response;
	struct buffer out = { 0 };
	int code;

	request.entries = entries->list;
	request.n_entries = entries->count;
	code = cli_call(cli, REGISTRY_PATH "AddCounters", &request.base,
			&policycalc__v1__add_counters_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	buffer_format(&out,
			cli_word(cli, "登记 %lld 条，快照 %lld\n",
					"%lld entries, snapshot %lld\n"),
			(long long)response->count, (long long)response->sequence);
	return cli_write(cli, &out);
}

static int command_add(
		struct cli *cli, int argc, char **argv, const char *source, const char *region)
{
	struct entries entries = { 0 };
	Policycalc__V1__CounterEntry *entry;

	if (argc != 3 || !source)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要：指标 日期 数量 --source 来源",
						"needed: NAME DATE VALUE --source WHO"));
	entry = entry_add(cli, &entries, region);
	if (!entry)
		return cli_out_of_memory(cli);
	entry->name = argv[0];
	entry->date = argv[1];
	entry->source = (char *)(uintptr_t)source;
	if (!value_parse(slice_from(argv[2]), &entry->value))
		return cli_usage(cli,
				cli_word(cli, "数量需要整数：'%s'", "'%s' is no whole number"),
				argv[2]);
	return entries_send(cli, &entries);
}

/* --- from a file ------------------------------------------------------------------------------ */

enum column {
	COLUMN_NAME,
	COLUMN_DATE,
	COLUMN_VALUE,
	COLUMN_SOURCE,
	COLUMN_COUNT,
};

struct table_reader {
	struct slice rest;
	size_t columns[COLUMN_COUNT]; /* where they stand; SIZE_MAX: nowhere */
};

static ssize_t on_read(void *context, void *data, size_t size)
{
	struct slice *rest = context;
	size_t taken = rest->size < size ? rest->size : size;

	if (taken)
		memcpy(data, rest->data, taken);
	rest->data += taken;
	rest->size -= taken;
	return (ssize_t)taken;
}

static bool headings_take(struct table_reader *reader, const struct csv_row *row)
{
	static const char *const names[COLUMN_COUNT][2] = { { "name", "指标" },
		{ "date", "日期" }, { "value", "数量" }, { "source", "来源" } };

	for (size_t k = 0; k < COLUMN_COUNT; k++) {
		reader->columns[k] = SIZE_MAX;
		for (size_t i = 0; i < row->field_count; i++)
			if (slice_equals_text(row->fields[i], names[k][0]) ||
					slice_equals_text(row->fields[i], names[k][1]))
				reader->columns[k] = i;
	}
	return reader->columns[COLUMN_NAME] != SIZE_MAX &&
	       reader->columns[COLUMN_DATE] != SIZE_MAX &&
	       reader->columns[COLUMN_VALUE] != SIZE_MAX;
}

static char *cell_copy(struct cli *cli, const struct table_reader *reader,
		const struct csv_row *row, enum column column, const char *otherwise)
{
	size_t at = reader->columns[column];

	if (at >= row->field_count || row->fields[at].size == 0)
		return arena_copy_text(&cli->arena, otherwise);
	return arena_copy(&cli->arena, row->fields[at].data, row->fields[at].size);
}

static int row_take(struct cli *cli, const struct table_reader *reader,
		const struct csv_row *row, const char *source, const char *region,
		struct entries *entries)
{
	Policycalc__V1__CounterEntry *entry;
	char *value;

	/* An empty line is no entry. */
	if (row->flaw == CSV_WHOLE && row->field_count == 1 && row->fields[0].size == 0)
		return CLI_OK;
	if (row->flaw != CSV_WHOLE || entries->count == ENTRIES_MOST)
		return cli_usage(cli,
				cli_word(cli, "第 %lld 行读不懂，或多于 10000 行",
						"line %lld cannot be read, or there are more "
						"than "
						"10,000"),
				(long long)row->line);
	entry = entry_add(cli, entries, region);
	if (!entry)
		return cli_out_of_memory(cli);
	entry->name = cell_copy(cli, reader, row, COLUMN_NAME, "");
	entry->date = cell_copy(cli, reader, row, COLUMN_DATE, "");
	entry->source = cell_copy(cli, reader, row, COLUMN_SOURCE, source);
	value = cell_copy(cli, reader, row, COLUMN_VALUE, "");
	if (!entry->name || !entry->date || !entry->source || !value)
		return cli_out_of_memory(cli);
	if (!value_parse(slice_from(value), &entry->value))
		return cli_usage(cli,
				cli_word(cli, "第 %lld 行：数量需要整数",
						"line %lld: no whole number"),
				(long long)row->line);
	return CLI_OK;
}

static int rows_read(struct cli *cli, struct slice text, const char *source, const char *region,
		struct entries *entries)
{
	struct table_reader reader = { .rest = text };
	struct csv_reader csv;
	struct csv_row row;
	struct error err;
	bool more = false;
	int code = CLI_OK;

	if (slice_starts_with(text, SLICE_LITERAL(MARK)))
		reader.rest = (struct slice){ text.data + 3, text.size - 3 };
	csv_reader_init(&csv, on_read, &reader.rest, ',');
	if (!csv_reader_next(&csv, &row, &more, &err))
		code = cli_usage(cli, "%s", err.message);
	else if (!more || row.flaw != CSV_WHOLE || !headings_take(&reader, &row))
		code = cli_usage(cli, "%s",
				cli_word(cli, "表头需要：指标,日期,数量,来源",
						"the headings must be: "
						"name,date,value,source"));
	while (code == CLI_OK && more) {
		if (!csv_reader_next(&csv, &row, &more, &err))
			code = cli_usage(cli, "%s", err.message);
		else if (more)
			code = row_take(cli, &reader, &row, source, region, entries);
	}
	csv_reader_fini(&csv);
	return code;
}

static int command_import(
		struct cli *cli, int argc, char **argv, const char *source, const char *region)
{
	struct entries entries = { 0 };
	struct buffer text = { 0 };
	struct error err;
	int code;

	if (argc != 1)
		return cli_usage(
				cli, "%s", cli_word(cli, "需要一个文件", "one file is needed"));
	if (!file_read(argv[0], &text, &err)) {
		buffer_fini(&text);
		return cli_usage(cli, "%s", err.message);
	}
	code = rows_read(cli, (struct slice){ text.data ? text.data : "", text.size },
			source ? source : "", region, &entries);
	buffer_fini(&text);
	if (code != CLI_OK)
		return code;
	return entries_send(cli, &entries);
}

int command_registry_counter(struct cli *cli, int argc, char **argv)
{
	const char *source = NULL, *region = "";
	const struct cli_option list[] = {
		{ "--source", .text = &source },
		{ "--region", .text = &region },
	};
	int code = cli_options(cli, list, 2, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc && strcmp(argv[0], "add") == 0)
		return command_add(cli, argc - 1, argv + 1, source, region);
	if (argc && strcmp(argv[0], "import") == 0)
		return command_import(cli, argc - 1, argv + 1, source, region);
	return cli_usage(cli, "registry counter add|import");
}
