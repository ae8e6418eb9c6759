/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"
#include "client/cli/dictionary.h"
#include "client/cli/import_heading.h"
#include "client/cli/registry.h"
#include "client/render/table.h"
#include "client/render/text.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "proto/codec/value_text.h"

#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc registry import|get|status|counter|sample ...\n"
		"\n"
		"  import 文件 [选项]   导入企业数据（CSV、NDJSON）\n"
		"  get 代码 [选项]      查看一家企业：每项数据、谁提供、哪一天的\n"
		"  status               登记库的规模和最近的导入（也可写作 list）\n"
		"  counter add|import   登记年度工作指标（培训人次、对接次数）\n"
		"  sample N [选项]      生成虚构的企业数据，用于演示（不需要服务）\n";
static const char HELP_EN[] =
		"usage: policycalc registry import|get|status|counter|sample ...\n"
		"\n"
		"  import FILE [options] import enterprises (CSV, NDJSON)\n"
		"  get USCC [options]    show one enterprise: each value, whose, of which day\n"
		"  status                size of the registry and the last imports (also: "
		"list)\n"
		"  counter add|import    count towards the aims of the year\n"
		"  sample N [options]    make up enterprises, for demonstration (no service)\n";
static const char GET_HELP_ZH[] =
		"用法：policycalc registry get 统一社会信用代码 [--history] [--at N]\n"
		"\n"
		"查看登记库中的一家企业。\n"
		"  --history   也列出以前的数据：每次改动改了什么\n"
		"  --at N      按第 N 号快照时的情况（policycalc registry status 列出快照）\n";
static const char GET_HELP_EN[] =
		"usage: policycalc registry get USCC [--history] [--at N]\n"
		"\n"
		"Shows one enterprise of the registry.\n"
		"  --history   also what was known before: what each change changed\n"
		"  --at N      as it was known at snapshot N (policycalc registry status lists "
		"them)\n";
static const char STATUS_HELP_ZH[] = "用法：policycalc registry status\n"
				     "\n"
				     "登记库有多少企业、最新的快照、最近的导入（新的在前）。\n";
static const char STATUS_HELP_EN[] =
		"usage: policycalc registry status\n"
		"\n"
		"How many enterprises there are, the newest snapshot, the last imports (newest "
		"first).\n";

/* --- get -------------------------------------------------------------------------------------- */

static const Policycalc__V1__Attribute *attribute_find(
		const struct dictionary *dictionary, const char *name, const char *item_list)
{
	for (size_t i = 0; i < dictionary->count; i++)
		if (strcmp(dictionary->attributes[i]->name, name) == 0 &&
				strcmp(dictionary->attributes[i]->item_list, item_list) == 0)
			return dictionary->attributes[i];
	return NULL;
}

/* A value for people; of an attribute that the dictionary no longer has, "?". */
static const char *fact_text(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__AttributeValue *fact, const char *item_list)
{
	const Policycalc__V1__Attribute *attribute =
			attribute_find(dictionary, fact->name, item_list);
	const char *text = attribute && fact->value &&
							   value_fits_type(fact->value,
									   attribute->type)
					   ? value_print_text(fact->value, attribute, cli->lang,
							     &cli->arena)
					   : NULL;

	return text ? text : "?";
}

/* With a period beside it the label needs no year of its own. */
static const char *fact_label(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__AttributeValue *fact, const char *item_list)
{
	const Policycalc__V1__Attribute *attribute =
			attribute_find(dictionary, fact->name, item_list);
	const char *label = attribute ? word_text(&cli->style, attribute->label) : "";
	struct slice stem = label_without_year(slice_from(label));
	char *shorter;

	if (!*label)
		return fact->name;
	if (!*fact->period || !stem.size)
		return label;
	shorter = arena_copy(&cli->arena, stem.data, stem.size);
	return shorter ? shorter : label;
}

static void facts_print(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__GetEnterpriseResponse *response, struct buffer *out)
{
	const Policycalc__V1__Profile *profile = response->profile;
	struct table table = { .columns = 5,
		.headings = { cli_word(cli, "项目", "attribute"),
				cli_word(cli, "期间", "period"), cli_word(cli, "值", "value"),
				cli_word(cli, "提供者", "supplier"),
				cli_word(cli, "日期", "day") },
		.whole = { false, true, false, false, true } };

	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *fact = profile->attributes[i];
		const Policycalc__V1__FactOrigin *origin =
				i < response->n_origins ? response->origins[i] : NULL;
		const char *value = fact_text(cli, dictionary, fact, "");
		const char *cells[] = { fact_label(cli, dictionary, fact, ""), fact->period,
			value, origin ? origin->supplier : "", origin ? origin->date : "" };

		for (size_t k = 0; k < response->n_not_on_list; k++)
			if (strcmp(response->not_on_list[k], fact->name) == 0)
				cells[2] = arena_format(&cli->arena, "%s%s", value,
						cli_word(cli, "（不在名单）", " (not listed)"));
		table_add(&table, cells);
	}
	if (!table_print(&table, cli->style.width, cli->style.colour, out))
		out->failed = true;
	table_fini(&table);
}

static void items_print(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__Profile *profile, struct buffer *out)
{
	for (size_t i = 0; i < profile->n_items; i++) {
		const Policycalc__V1__Item *item = profile->items[i];

		buffer_append_char(out, '\n');
		buffer_append_text(out, word_list(&cli->style, item->list));
		buffer_append_char(out, ' ');
		text_append_clean(out, slice_from(item->id));
		buffer_append_char(out, '\n');
		for (size_t k = 0; k < item->n_attributes; k++) {
			const Policycalc__V1__AttributeValue *fact = item->attributes[k];
			char *line = arena_format(&cli->arena, "  %s%s%s：%s",
					fact_label(cli, dictionary, fact, item->list),
					*fact->period ? " " : "", fact->period,
					fact_text(cli, dictionary, fact, item->list));

			text_append_wrapped(out, slice_from(line), cli->style.width, 4);
			buffer_append_char(out, '\n');
		}
	}
}

static const Policycalc__V1__AttributeValue *fact_find(const Policycalc__V1__Profile *profile,
		const Policycalc__V1__AttributeValue *like)
{
	for (size_t i = 0; i < profile->n_attributes; i++)
		if (strcmp(profile->attributes[i]->name, like->name) == 0 &&
				strcmp(profile->attributes[i]->period, like->period) == 0)
			return profile->attributes[i];
	return NULL;
}

static void change_add(struct cli *cli, const struct dictionary *dictionary,
		struct table *table, const Policycalc__V1__AttributeValue *before,
		const Policycalc__V1__AttributeValue *after, const char *when)
{
	const Policycalc__V1__AttributeValue *fact = before ? before : after;
	const char *cells[] = { when, fact_label(cli, dictionary, fact, ""), fact->period,
		before ? fact_text(cli, dictionary, before, "") : "",
		after ? fact_text(cli, dictionary, after, "") : "" };

	if (!before || !after || strcmp(cells[3], cells[4]) != 0)
		table_add(table, cells);
}

/* What each change changed, newest first. */
static void history_print(struct cli *cli, const struct dictionary *dictionary,
		const Policycalc__V1__GetEnterpriseResponse *response, struct buffer *out)
{
	const Policycalc__V1__Profile *after = response->profile;
	struct table table = { .columns = 5,
		.headings = { cli_word(cli, "快照", "snapshot"),
				cli_word(cli, "项目", "attribute"),
				cli_word(cli, "期间", "period"),
				cli_word(cli, "改动前", "before"),
				cli_word(cli, "改动后", "after") },
		.whole = { true, false, true } };

	for (size_t i = 0; i < response->n_versions; i++) {
		const Policycalc__V1__EnterpriseVersion *version = response->versions[i];
		const Policycalc__V1__Profile *before = version->profile;
		char *when = arena_format(
				&cli->arena, "%lld", (long long)(version->until_sequence + 1));

		if (!before)
			continue;
		for (size_t k = 0; k < after->n_attributes; k++)
			change_add(cli, dictionary, &table,
					fact_find(before, after->attributes[k]),
					after->attributes[k], when);
		for (size_t k = 0; k < before->n_attributes; k++)
			if (!fact_find(after, before->attributes[k]))
				change_add(cli, dictionary, &table, before->attributes[k], NULL,
						when);
		after = before;
	}
	buffer_append_char(out, '\n');
	if (table.rows && !table_print(&table, cli->style.width, cli->style.colour, out))
		out->failed = true;
	if (!table.rows)
		buffer_append_text(out, cli_word(cli, "没有更早的数据\n",
							"nothing was known before\n"));
	table_fini(&table);
}

static int command_get(struct cli *cli, int argc, char **argv)
{
	const char *at = NULL;
	bool history = false;
	const struct cli_option list[] = { { "--at", .text = &at },
		{ "--history", .flag = &history } };
	Policycalc__V1__GetEnterpriseRequest request =
			POLICYCALC__V1__GET_ENTERPRISE_REQUEST__INIT;
	const Policycalc__V1__GetEnterpriseResponse *response;
	struct dictionary dictionary;
	struct buffer out = { 0 };
	long long sequence = 0;
	int code = cli_options(cli, list, 2, GET_HELP_ZH, GET_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个统一社会信用代码",
						"one unified social credit code is needed"));
	if (at && !cli_parse_number(at, &sequence))
		return cli_usage(cli, "--at N");
	request.uscc = argv[0];
	request.sequence = sequence;
	request.history = history;
	code = cli_call(cli, REGISTRY_PATH "GetEnterprise", &request.base,
			&policycalc__v1__get_enterprise_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	if (!response->profile)
		return cli_failure(cli, "%s", cli_word(cli, "服务没有答复", "no answer came"));
	code = dictionary_load(cli, 0, &dictionary);
	if (code != CLI_OK)
		return code;
	buffer_format(&out, cli_word(cli, "%s  快照 %lld\n\n", "%s  snapshot %lld\n\n"),
			response->profile->uscc, (long long)response->sequence);
	facts_print(cli, &dictionary, response, &out);
	items_print(cli, &dictionary, response->profile, &out);
	if (history)
		history_print(cli, &dictionary, response, &out);
	if (cli->arena.exhausted)
		out.failed = true;
	return cli_write(cli, &out);
}

/* --- status ----------------------------------------------------------------------------------- */

/* In front of the supplier, where it is not cut off. */
static const char *import_mark(
		const struct cli *cli, const Policycalc__V1__ImportRecord *record)
{
	bool broken = !*record->finished_at;

	if (record->sample && broken)
		return cli_word(cli, "（虚构、中断）", "(made up, broke off) ");
	if (record->sample)
		return cli_word(cli, "（虚构）", "(made up) ");
	return broken ? cli_word(cli, "（中断）", "(broke off) ") : "";
}

static void imports_print(struct cli *cli, const Policycalc__V1__GetRegistryResponse *response,
		struct buffer *out)
{
	struct table table = { .columns = 8,
		.headings = { cli_word(cli, "编号", "no."), cli_word(cli, "提供者", "supplier"),
				cli_word(cli, "日期", "day"), cli_word(cli, "开始", "begun"),
				cli_word(cli, "行", "rows"), cli_word(cli, "变化", "changed"),
				cli_word(cli, "退回", "rejected"),
				cli_word(cli, "快照", "snapshot") },
		.right = { true, false, false, false, true, true, true, true },
		.whole = { true, false, true, true, true, true, true, true } };

	for (size_t i = 0; i < response->n_imports; i++) {
		const Policycalc__V1__ImportRecord *record = response->imports[i];
		const char *cells[8] = { arena_format(&cli->arena, "%lld",
							 (long long)record->id),
			arena_format(&cli->arena, "%s%s", import_mark(cli, record),
					record->supplier),
			record->date, cli_moment(cli, record->started_at),
			arena_format(&cli->arena, "%lld", (long long)record->rows),
			arena_format(&cli->arena, "%lld", (long long)record->changed),
			arena_format(&cli->arena, "%lld", (long long)record->rejected),
			arena_format(&cli->arena, "%lld", (long long)record->sequence) };

		table_add(&table, cells);
	}
	if (table.rows && !table_print(&table, cli->style.width, cli->style.colour, out))
		out->failed = true;
	table_fini(&table);
}

static int command_status(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__GetRegistryRequest request = POLICYCALC__V1__GET_REGISTRY_REQUEST__INIT;
	const Policycalc__V1__GetRegistryResponse *response;
	struct buffer out = { 0 };
	int code = cli_options(cli, NULL, 0, STATUS_HELP_ZH, STATUS_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return cli_usage(cli, cli_word(cli, "多余的参数 '%s'", "'%s' is too much"),
				argv[0]);
	code = cli_call(cli, REGISTRY_PATH "GetRegistry", &request.base,
			&policycalc__v1__get_registry_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	buffer_format(&out,
			cli_word(cli, "登记库有 %lld 家企业，最新快照 %lld\n",
					"%lld enterprises, newest snapshot %lld\n"),
			(long long)response->enterprise_count, (long long)response->sequence);
	if (response->n_imports)
		buffer_append_char(&out, '\n');
	imports_print(cli, response, &out);
	if (cli->arena.exhausted)
		out.failed = true;
	return cli_write(cli, &out);
}

int command_registry(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = {
		{ "import", command_registry_import },
		{ "get", command_get },
		{ "status", command_status },
		{ "list", command_status },
		{ "counter", command_registry_counter },
		{ "sample", command_registry_sample },
	};

	return cli_dispatch(cli, commands, sizeof(commands) / sizeof(commands[0]), "registry ",
			HELP_ZH, HELP_EN, argc, argv);
}
