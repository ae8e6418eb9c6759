/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_fixture.h"

#include "folder.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

static const char ATTRIBUTES[] =
		"attributes:\n"
		"  - name: region\n"
		"    type: CODE\n"
		"    period: POINT\n"
		"    label: {zh: 注册地, en: Region}\n"
		"    question: {zh: 企业注册在哪里？}\n"
		"    choice_table: regions\n"
		"    sensitivity: PUBLIC\n"
		"  - name: industry\n"
		"    type: CODE\n"
		"    period: POINT\n"
		"    label: {zh: 行业, en: Industry}\n"
		"    question: {zh: 哪个行业？}\n"
		"    choice_table: industries\n"
		"    sensitivity: PUBLIC\n"
		"  - name: staff\n"
		"    type: COUNT\n"
		"    unit: {zh: 人}\n"
		"    minimum: 0\n"
		"    maximum: 1000000\n"
		"    period: POINT\n"
		"    label: {zh: 职工人数, en: Staff}\n"
		"    question: {zh: 有多少职工？}\n"
		"    sensitivity: CONFIDENTIAL\n"
		"    mutable: true\n"
		"    direction: UP\n"
		"  - name: rd_expense\n"
		"    type: MONEY\n"
		"    minimum: 0\n"
		"    period: YEAR\n"
		"    label: {zh: 研发费用, en: R&D expense}\n"
		"    question: {zh: 上年度研发费用是多少？}\n"
		"    sensitivity: CONFIDENTIAL\n"
		"  - name: revenue\n"
		"    type: MONEY\n"
		"    period: YEAR\n"
		"    label: {zh: 营业收入, en: Revenue}\n"
		"    question: {zh: 上年度营业收入是多少？}\n"
		"    sensitivity: CONFIDENTIAL\n"
		"  - name: rd_ratio\n"
		"    type: RATIO\n"
		"    period: YEAR\n"
		"    label: {zh: 研发投入强度, en: R&D intensity}\n"
		"    sensitivity: CONFIDENTIAL\n"
		"    kept_for: {zh: 报表, en: Reports}\n"
		"    derived:\n"
		"      ratio: {num: rd_expense, den: revenue, when_den_zero: unknown}\n"
		"  - name: kind\n"
		"    type: CODE\n"
		"    period: POINT\n"
		"    label: {zh: 类型, en: Kind}\n"
		"    question: {zh: 哪一类？}\n"
		"    choices:\n"
		"      - {code: firm, label: {zh: 企业}}\n"
		"      - {code: shop, label: {zh: 个体}}\n"
		"    sensitivity: PUBLIC\n";

static const char PARAMETERS[] = "parameters:\n"
				 "  - name: least_staff\n"
				 "    type: COUNT\n"
				 "    label: {zh: 人数下限}\n"
				 "    values:\n"
				 "      - from: 2020-01-01\n"
				 "        until: 2023-12-31\n"
				 "        count: 5\n"
				 "        source: {doc: 办法, confidence: SEED}\n"
				 "      - from: 2024-01-01\n"
				 "        count: 10\n"
				 "        source: {doc: 新办法, confidence: SEED}\n"
				 "  - name: rate\n"
				 "    type: RATIO\n"
				 "    label: {zh: 比例}\n"
				 "    values:\n"
				 "      - from: not_stated\n"
				 "        ratio_ppm: 10%\n"
				 "        source: {doc: 办法, confidence: SEED}\n"
				 "  - name: most\n"
				 "    type: MONEY\n"
				 "    label: {zh: 上限}\n"
				 "    values:\n"
				 "      - from: 2020-01-01\n"
				 "        money_fen: 50万元\n"
				 "        source: {doc: 办法, confidence: SEED}\n";

static const char REGIONS[] = "regions:\n"
			      "  - code: \"410000\"\n"
			      "    name: {zh: 河南省}\n"
			      "    kind: PROVINCE\n"
			      "  - code: \"411200\"\n"
			      "    name: {zh: 三门峡市}\n"
			      "    kind: CITY\n"
			      "    parent: \"410000\"\n"
			      "  - code: \"411282\"\n"
			      "    name: {zh: 灵宝市}\n"
			      "    kind: COUNTY_CITY\n"
			      "    parent: \"411200\"\n";

static const char INDUSTRIES[] = "industries:\n"
				 "  - code: C\n"
				 "    name: {zh: 制造业}\n"
				 "  - code: C31\n"
				 "    name: {zh: 非金属矿物制品业}\n"
				 "    parent: C\n";

static const char FACTS[] = "facts:\n"
			    "  - entry: T1\n"
			    "    fact: 至少 10 人\n"
			    "    fields: [parameters.least_staff.values.1.count,\n"
			    "      policies.rd-2024.conditions.staff.rule]\n"
			    "  - entry: T1\n"
			    "    fact: 材料要盖章\n"
			    "    reason: 办事细节，不影响判断\n";

static const char RD_2024[] =
		"id: rd-2024\n"
		"series: rd\n"
		"title: {zh: 研发补助}\n"
		"summary: {zh: 按研发费用的一成补助}\n"
		"level: CITY\n"
		"kind: SUBSIDY\n"
		"departments: [科技局]\n"
		"sources:\n"
		"  - {doc: 新办法, confidence: GOVERNMENT_PAGE, url: "
		"\"https://www.smx.gov.cn/a\"}\n"
		"in_force: {from: 2024-01-01}\n"
		"window_always: true\n"
		"region: {covers: [\"411200\"]}\n"
		"conditions:\n"
		"  - id: staff\n"
		"    role: REQUIRE\n"
		"    label: {zh: 人数}\n"
		"    rule: e.staff >= p.least_staff\n"
		"    source: {doc: 新办法, confidence: SEED}\n"
		"  - id: honest\n"
		"    role: REVIEW\n"
		"    label: {zh: 信用}\n"
		"    met_if: e.kind == \"firm\"\n"
		"    source: {doc: 新办法, confidence: SEED}\n"
		"amount:\n"
		"  beneficiary: ENTERPRISE\n"
		"  nature: CASH\n"
		"  base_rule: e.rd_expense\n"
		"  rate_rule: p.rate\n"
		"  caps:\n"
		"    - limit_rule: p.most\n"
		"      scope: ENTERPRISE_YEAR\n"
		"  source: {doc: 新办法, confidence: SEED}\n"
		"exclusions:\n"
		"  - {group: rd, basis: ENTERPRISE_YEAR, outside: [{zh: 别处的补助}]}\n"
		"shared_cap: pool\n"
		"guide:\n"
		"  materials:\n"
		"    - {code: form, name: {zh: 申请表}}\n"
		"  steps:\n"
		"    - {id: apply, title: {zh: 申请}, materials: [form]}\n"
		"    - {id: pay, title: {zh: 拨付}, after: [apply]}\n"
		"examples:\n"
		"  - title: {zh: 可以}\n"
		"    profile: {staff: 10人, region: 灵宝市, kind: firm, rd_expense: 100万元}\n"
		"    as_of: 2024-06-01\n"
		"    expect: {verdict: ELIGIBLE, amount_fen: 10万元}\n"
		"  - title: {zh: 不行}\n"
		"    profile: {staff: 9人, region: 灵宝市}\n"
		"    as_of: 2024-06-01\n"
		"    expect: {verdict: INELIGIBLE, not_met: [staff]}\n"
		"  - title: {zh: 还缺}\n"
		"    profile: {region: 灵宝市, kind: firm}\n"
		"    as_of: 2024-06-01\n"
		"    expect: {verdict: NEEDS_INFORMATION, missing: [staff]}\n"
		"ambiguous:\n"
		"  - {text: {zh: 是否含劳务派遣，原文未明}, field: conditions.staff}\n"
		"fact_id: T1\n";

static const char SHARED_CAPS[] = "shared_caps:\n"
				  "  - id: pool\n"
				  "    label: {zh: 资金上限}\n"
				  "    limit: most\n"
				  "    basis: ENTERPRISE_YEAR\n"
				  "    source: {doc: 新办法, confidence: SEED}\n";

static const char RD_2020[] = "id: rd-2020\n"
			      "series: rd\n"
			      "title: {zh: 研发补助（旧）}\n"
			      "summary: {zh: 旧办法}\n"
			      "level: CITY\n"
			      "kind: SUBSIDY\n"
			      "departments: [科技局]\n"
			      "sources:\n"
			      "  - {doc: 办法, confidence: SEED, date: 2020-01-01}\n"
			      "in_force: {from: 2020-01-01, until: 2023-12-31}\n"
			      "windows:\n"
			      "  - {from: 2021-03-01, until: 2021-04-30}\n"
			      "  - {from: 2022-03-01, until: 2022-04-30}\n"
			      "industry: {include: [C31, C3130]}\n"
			      "conditions:\n"
			      "  - id: staff\n"
			      "    role: REQUIRE\n"
			      "    label: {zh: 人数}\n"
			      "    rule: e.staff >= p.least_staff\n"
			      "    source: {doc: 办法, confidence: SEED}\n"
			      "amount:\n"
			      "  beneficiary: ENTERPRISE\n"
			      "  nature: CASH\n"
			      "  not_stated: true\n"
			      "  source: {doc: 办法, confidence: SEED}\n"
			      "examples:\n"
			      "  - profile: {staff: 4人}\n"
			      "    as_of: 2021-03-15\n"
			      "    expect: {verdict: INELIGIBLE}\n"
			      "  - profile: {staff: 5人}\n"
			      "    as_of: 2021-03-15\n"
			      "    expect: {verdict: NEEDS_INFORMATION, missing: [industry]}\n"
			      "  - profile: {staff: 5人, industry: C3130}\n"
			      "    as_of: 2021-03-15\n"
			      "    expect: {verdict: ELIGIBLE, amount_not_stated: true}\n"
			      "  - profile: {staff: 5人, industry: C3130}\n"
			      "    as_of: 2021-05-15\n"
			      "    expect: {verdict: NOT_OPEN}\n"
			      "  - profile: {staff: 4人}\n"
			      "    as_of: 2021-05-15\n"
			      "    expect: {verdict: INELIGIBLE, amount_not_stated: false}\n";

static const struct {
	const char *path;
	const char *text;
} files[] = {
	{ "attributes.yaml", ATTRIBUTES },
	{ "facts.yaml", FACTS },
	{ "industries.yaml", INDUSTRIES },
	{ "parameters.yaml", PARAMETERS },
	{ "policies/rd-2020.yaml", RD_2020 },
	{ "policies/rd-2024.yaml", RD_2024 },
	{ "regions.yaml", REGIONS },
	{ "shared_caps.yaml", SHARED_CAPS },
};
#define FILE_COUNT (sizeof(files) / sizeof(*files))
#define FILES_MOST (FILE_COUNT + 8)

void fixture_reset(struct fixture *fixture)
{
	arena_reset(&fixture->arena);
	fixture->draft.files = ARENA_NEW_ARRAY(&fixture->arena, struct draft_file, FILES_MOST);
	assert_non_null(fixture->draft.files);
	fixture->draft.count = 0;
	for (size_t i = 0; i < FILE_COUNT; i++)
		fixture_add(fixture, files[i].path, files[i].text);
}

int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return 1;
	if (!folder_make(NULL, "publish", fixture->folder, sizeof(fixture->folder))) {
		free(fixture);
		return 1;
	}
	arena_init(&fixture->arena, (size_t)512 << 20);
	fixture_reset(fixture);
	*state = fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	folder_remove(fixture->folder);
	arena_fini(&fixture->arena);
	free(fixture);
	return 0;
}

struct draft_file *fixture_file(struct fixture *fixture, const char *path)
{
	for (size_t i = 0; i < fixture->draft.count; i++)
		if (strcmp(fixture->draft.files[i].path, path) == 0)
			return &fixture->draft.files[i];
	fail_msg("no file %s", path);
	return NULL;
}

void fixture_replace(
		struct fixture *fixture, const char *path, const char *old, const char *new)
{
	struct draft_file *file = fixture_file(fixture, path);
	const char *at = strstr(file->content.data, old);

	if (!at)
		fail_msg("no \"%s\" in %s", old, path);
	file->content.data = arena_format(&fixture->arena, "%.*s%s%s",
			(int)(at - file->content.data), file->content.data, new,
			at + strlen(old));
	assert_non_null(file->content.data);
	file->content.size = strlen(file->content.data);
}

void fixture_add(struct fixture *fixture, const char *path, const char *text)
{
	assert_true(fixture->draft.count < FILES_MOST);
	fixture->draft.files[fixture->draft.count++] =
			(struct draft_file){ .path = path, .content = slice_from(text) };
}

void fixture_remove(struct fixture *fixture, const char *path)
{
	struct draft_file *file = fixture_file(fixture, path);

	*file = fixture->draft.files[--fixture->draft.count];
}

struct catalog *fixture_check(struct fixture *fixture, bool strict, struct error *err)
{
	*err = (struct error){ 0 };
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	return draft_check(&fixture->draft, strict, &fixture->arena, &fixture->diagnostics,
			NULL, NULL, err);
}

int fixture_line(struct fixture *fixture, const char *path, const char *text)
{
	const char *content = fixture_file(fixture, path)->content.data;
	const char *at = strstr(content, text);
	int line = 1;

	if (!at)
		fail_msg("no \"%s\" in %s", text, path);
	for (const char *c = content; c < at; c++)
		line += *c == '\n';
	return line;
}

const struct diagnostic *fixture_find(
		const struct fixture *fixture, const char *path, int line, const char *words)
{
	for (size_t i = 0; i < fixture->diagnostics.count; i++) {
		const struct diagnostic *finding = &fixture->diagnostics.list[i];

		if ((!path || strcmp(finding->path, path) == 0) &&
				(line == 0 || finding->line == line) &&
				strstr(finding->message, words))
			return finding;
	}
	return NULL;
}

const char *fixture_findings(struct fixture *fixture)
{
	struct buffer text = { 0 };
	const char *result;

	buffer_format(&text, "findings:\n");
	for (size_t i = 0; i < fixture->diagnostics.count; i++) {
		const struct diagnostic *finding = &fixture->diagnostics.list[i];

		buffer_format(&text, "  %s:%d:%d: %s\n", finding->path, finding->line,
				finding->column, finding->message);
	}
	result = arena_copy(&fixture->arena, text.data, text.size);
	buffer_fini(&text);
	return result ? result : "";
}

bool fixture_has_places(const struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->diagnostics.count; i++) {
		const struct diagnostic *finding = &fixture->diagnostics.list[i];

		if (!strstr(finding->path, ".yaml") || finding->line < 1 || finding->column < 1)
			return false;
	}
	return true;
}
