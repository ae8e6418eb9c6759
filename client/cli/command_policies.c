/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/lib/list.h"
#include "client/render/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char LIST_HELP_ZH[] =
		"用法：policycalc policies [选项]\n"
		"\n"
		"  --search 词       编号、名称、摘要、关键词或部门中含有这些词\n"
		"  --kind 种类       loan subsidy award tax-relief refund fund recognition "
		"service\n"
		"  --level 层级      national province city county\n"
		"  --department 部门 部门名称含有这些字\n"
		"  --open            只列可以申请的\n"
		"  --as-of 日期      按哪一天\n"
		"  --revision N      用第 N 版目录\n"
		"\n"
		"JSON 为每行一项政策（NDJSON）。\n";
static const char LIST_HELP_EN[] = "usage: policycalc policies [options]\n"
				   "\n"
				   "  --search WORDS    that occur in id, title, summary, "
				   "keywords or departments\n"
				   "  --kind KIND       loan subsidy award tax-relief refund "
				   "fund recognition service\n"
				   "  --level LEVEL     national province city county\n"
				   "  --department NAME that the department's name contains\n"
				   "  --open            only those one may apply for\n"
				   "  --as-of DATE      on that day\n"
				   "  --revision N      of the catalog\n"
				   "\n"
				   "JSON is one policy a line (NDJSON).\n";
/* "tax-relief", "TAX_RELIEF" or "KIND_TAX_RELIEF" as a value of the enum. */
static bool enum_parse(const ProtobufCEnumDescriptor *type, const char *prefix,
		const char *text, int *out)
{
	char name[64];
	size_t used = 0;

	for (; *text && used + 1 < sizeof(name); text++)
		name[used++] = *text == '-' ? '_' : (char)toupper((unsigned char)*text);
	name[used] = '\0';
	for (unsigned i = 0; i < type->n_values; i++) {
		const char *known = type->values[i].name;

		if (type->values[i].value != 0 &&
				(strcmp(known, name) == 0 ||
						strcmp(known + strlen(prefix), name) == 0)) {
			*out = type->values[i].value;
			return true;
		}
	}
	return false;
}

static int policies_print(struct cli *cli, Policycalc__V1__ListPoliciesRequest *request)
{
	const struct render_style *style = &cli->style;
	struct table table = { .columns = 4,
		.headings = { cli_word(cli, "编号", "id"), cli_word(cli, "层级", "level"),
				cli_word(cli, "种类", "kind"), cli_word(cli, "名称", "title") },
		.whole = { true } };
	const Policycalc__V1__ListPoliciesResponse *page;
	struct buffer out = { 0 };
	bool last = false;

	while (!last) {
		int code = cli_call(cli, "/policycalc.v1.CatalogService/ListPolicies",
				&request->base,
				&policycalc__v1__list_policies_response__descriptor, &page);

		if (code != CLI_OK) {
			buffer_fini(&out);
			table_fini(&table);
			return code;
		}
		for (size_t i = 0; i < page->n_policies; i++) {
			const Policycalc__V1__PolicySummary *policy = page->policies[i];
			const char *cells[] = { policy->id, word_level(style, policy->level),
				word_kind(style, policy->kind),
				word_text(style, policy->title) };

			if (cli->json && !cli_append_json_line(policy, &out))
				out.failed = true;
			table_add(&table, cells);
		}
		last = page_is_last(page->next_page_token, request->page_token);
		request->page_token = page->next_page_token;
		request->revision = page->revision;
	}
	if (!cli->json && !table_print(&table, style->width, style->colour, &out))
		out.failed = true;
	if (!cli->json)
		buffer_format(&out, cli_word(cli, "共 %zu 项\n", "%zu policies\n"), table.rows);
	table_fini(&table);
	return cli_write(cli, &out);
}

int command_policies(struct cli *cli, int argc, char **argv)
{
	const char *search = "", *department = "", *as_of = "";
	const char *kind = NULL, *level = NULL, *revision = NULL;
	bool open = false;
	const struct cli_option list[] = {
		{ "--search", .text = &search },
		{ "--kind", .text = &kind },
		{ "--level", .text = &level },
		{ "--department", .text = &department },
		{ "--as-of", .text = &as_of },
		{ "--revision", .text = &revision },
		{ "--open", .flag = &open },
	};
	Policycalc__V1__ListPoliciesRequest request =
			POLICYCALC__V1__LIST_POLICIES_REQUEST__INIT;
	long long number = 0;
	int value = 0;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), LIST_HELP_ZH,
			LIST_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return cli_usage(cli,
				cli_word(cli, "多余的参数 '%s'（查找请用 --search）",
						"'%s' is too much (use --search to search)"),
				argv[0]);
	if (revision && !cli_parse_number(revision, &number))
		return cli_usage(cli, "--revision N");
	if (kind && !enum_parse(&policycalc__v1__kind__descriptor, "KIND_", kind, &value))
		return cli_usage(cli,
				"--kind: loan subsidy award tax-relief refund fund recognition "
				"service");
	request.kind = (Policycalc__V1__Kind)value;
	value = 0;
	if (level && !enum_parse(&policycalc__v1__level__descriptor, "LEVEL_", level, &value))
		return cli_usage(cli, "--level: national province city county");
	request.level = (Policycalc__V1__Level)value;
	request.search = (char *)(uintptr_t)search;
	request.department = (char *)(uintptr_t)department;
	request.as_of = (char *)(uintptr_t)as_of;
	request.open = open;
	request.revision = number;
	request.page_size = 1000;
	return policies_print(cli, &request);
}
