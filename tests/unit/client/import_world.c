/* SPDX-License-Identifier: Apache-2.0 */
#include "import_world.h"

#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/codec.h"

#define BUDGET ((size_t)64 << 20)

static const char DICTIONARY[] =
		"{\"attributes\": ["
		"{\"name\": \"revenue\", \"type\": \"VALUE_TYPE_MONEY\", \"period\": "
		"\"PERIOD_YEAR\","
		" \"minimum\": \"0\", \"label\": {\"zh\": \"上年度营业收入\", \"en\": "
		"\"Revenue of last "
		"year\"}},"
		"{\"name\": \"rd_expense\", \"type\": \"VALUE_TYPE_MONEY\", \"period\": "
		"\"PERIOD_YEAR\", \"label\": {\"zh\": \"上年度研发投入\"}},"
		"{\"name\": \"taxable_income\", \"type\": \"VALUE_TYPE_MONEY\", \"period\": "
		"\"PERIOD_YEAR\", \"label\": {\"zh\": \"年应纳税所得额（加计扣除前）\"}},"
		"{\"name\": \"quarter_power\", \"type\": \"VALUE_TYPE_COUNT\", \"period\": "
		"\"PERIOD_QUARTER\", \"label\": {\"zh\": \"季度用电\"}},"
		"{\"name\": \"events\", \"type\": \"VALUE_TYPE_COUNT\", \"period\": "
		"\"PERIOD_MONTH\", \"label\": {\"zh\": \"对接活动\"}},"
		"{\"name\": \"equipment\", \"type\": \"VALUE_TYPE_MONEY\", \"period\": "
		"\"PERIOD_POINT\", \"label\": {\"zh\": \"设备原值\"}},"
		"{\"name\": \"share\", \"type\": \"VALUE_TYPE_RATIO\", \"period\": "
		"\"PERIOD_POINT\", \"minimum\": \"0\", \"maximum\": \"1000000\", \"label\": "
		"{\"zh\": "
		"\"市场占有率\"}},"
		"{\"name\": \"staff\", \"type\": \"VALUE_TYPE_COUNT\", \"period\": "
		"\"PERIOD_POINT\", "
		"\"minimum\": \"0\", \"unit\": {\"zh\": \"人\", \"en\": \"people\"}, "
		"\"label\": "
		"{\"zh\": \"职工总数\", \"en\": \"Staff\"}},"
		"{\"name\": \"private\", \"type\": \"VALUE_TYPE_FLAG\", \"period\": "
		"\"PERIOD_POINT\", "
		"\"label\": {\"zh\": \"民营企业\"}},"
		"{\"name\": \"founded\", \"type\": \"VALUE_TYPE_DATE\", \"period\": "
		"\"PERIOD_POINT\", "
		"\"label\": {\"zh\": \"成立日期\"}},"
		"{\"name\": \"region\", \"type\": \"VALUE_TYPE_CODE\", \"period\": "
		"\"PERIOD_POINT\", "
		"\"label\": {\"zh\": \"注册地\"}, \"choices\": [{\"code\": \"411282\", "
		"\"label\": "
		"{\"zh\": \"灵宝市\"}}, {\"code\": \"411203\", \"label\": {\"zh\": "
		"\"陕州区\"}, "
		"\"aliases\": [\"陕县\", \"411222\"]}]},"
		"{\"name\": \"platforms\", \"type\": \"VALUE_TYPE_CODES\", \"period\": "
		"\"PERIOD_POINT\", \"label\": {\"zh\": \"研发平台\"}, \"choices\": [{\"code\": "
		"\"own\", "
		"\"label\": {\"zh\": \"自建\"}}, {\"code\": \"city\", \"label\": {\"zh\": "
		"\"市级\"}}]},"
		"{\"name\": \"titles\", \"type\": \"VALUE_TYPE_TITLES\", \"period\": "
		"\"PERIOD_POINT\", \"label\": {\"zh\": \"有效称号\"}, \"choices\": [{\"code\": "
		"\"srdi\", \"label\": {\"zh\": \"专精特新\"}}, {\"code\": \"htne\", \"label\": "
		"{\"zh\": "
		"\"高企\"}}]},"
		"{\"name\": \"twin_a\", \"type\": \"VALUE_TYPE_FLAG\", \"label\": {\"zh\": "
		"\"双胞\"}},"
		"{\"name\": \"twin_b\", \"type\": \"VALUE_TYPE_FLAG\", \"label\": {\"zh\": "
		"\"双胞\"}},"
		"{\"name\": \"old\", \"type\": \"VALUE_TYPE_FLAG\", \"deprecated\": true, "
		"\"deprecated_note\": \"改用 private\", \"label\": {\"zh\": \"旧项\"}},"
		"{\"name\": \"loan_principal\", \"item_list\": \"loans\", \"type\": "
		"\"VALUE_TYPE_MONEY\", \"label\": {\"zh\": \"贷款本金\"}}"
		"]}";

void world_init(struct world *world)
{
	struct error err = { 0 };
	Policycalc__V1__ListAttributesResponse *response;

	*world = (struct world){ 0 };
	arena_init(&world->arena, BUDGET);
	arena_init(&world->scratch, BUDGET);
	response = (Policycalc__V1__ListAttributesResponse *)message_parse_json(
			slice_from(DICTIONARY),
			&policycalc__v1__list_attributes_response__descriptor, &world->arena,
			&err);
	if (!response)
		fail_msg("%s", err.message);
	world->dictionary = (struct dictionary){ response->attributes, response->n_attributes };
}

void world_fini(struct world *world)
{
	arena_fini(&world->arena);
	arena_fini(&world->scratch);
}

bool columns_read(struct world *world, const char *headings)
{
	struct slice list[16];
	size_t count = 0;

	for (const char *at = headings;; at++) {
		size_t size = strcspn(at, ",");

		list[count++] = (struct slice){ at, size };
		at += size;
		if (!*at)
			break;
	}
	diagnostics_init(&world->diagnostics, &world->arena);
	return import_columns_read(list, count, &world->dictionary,
			(struct date){ 2026, 6, 30 }, true, &world->arena, &world->diagnostics,
			&world->columns);
}
