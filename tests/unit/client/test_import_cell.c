/* SPDX-License-Identifier: Apache-2.0 */
/* Registry files without a service: what headings mean, what cells say. */
#include "import_world.h"
#include "proto/codec/codec.h"

static void test_headings(void **state)
{
	static const struct {
		const char *heading;
		const char *name; /* NULL: left alone; "": silent */
		const char *period;
		int digits; /* -1: no unit */
	} cases[] = {
		{ "staff", "staff", "", -1 },
		{ " Staff ", "staff", "", -1 },
		{ "e.staff", "staff", "", -1 },
		{ "职工总数", "staff", "", -1 },
		{ "职工总数（人）", "staff", "", 0 },
		{ "职工 总数(people)", "staff", "", 0 },
		{ "revenue", "revenue", "", -1 },
		{ "REVENUE@2025", "revenue", "2025", -1 },
		{ "revenue@2025(万元)", "revenue", "2025", 6 },
		{ "revenue(万元)@2025", "revenue", "2025", 6 },
		{ "Revenue of Last Year [yuan]", "revenue", "", 2 },
		{ "Revenue@2024 (yuan)", "revenue", "2024", 2 },
		{ "上年度营业收入", "revenue", "", -1 },
		{ "营业收入(亿元)", "revenue", "", 10 },
		{ "营业收入［千元］", "revenue", "", 5 },
		{ "上年度研发投入@2025", "rd_expense", "2025", -1 },
		{ "研发投入（2024年）", "rd_expense", "2024", -1 },
		{ "研发投入（2024年度）（万元）", "rd_expense", "2024", 6 },
		{ "２０２４年研发投入（万元）", "rd_expense", "2024", 6 },
		{ "2024年度研发投入", "rd_expense", "2024", -1 },
		{ "年应纳税所得额（加计扣除前）", "taxable_income", "", -1 },
		{ "年应纳税所得额(加计扣除前)(万元)", "taxable_income", "", 6 },
		{ "年应纳税所得额(加计扣除前)@2024 (元)", "taxable_income", "2024", 2 },
		{ "季度用电@2025Q3", "quarter_power", "2025Q3", -1 },
		{ "季度用电（2025年第三季度）", "quarter_power", "2025Q3", -1 },
		{ "2025年4季度季度用电", "quarter_power", "2025Q4", -1 },
		{ "对接活动@2025-06", "events", "2025-06", -1 },
		{ "对接活动（2025年11月）", "events", "2025-11", -1 },
		{ "市场占有率(%)", "share", "", 4 },
		{ "市场占有率（‰）", "share", "", 3 },
		{ "设备原值(百万元)", "equipment", "", 8 },
		{ "企业名称", "", "", -1 },
		{ "退回_原因", "", "", -1 },
		{ "reject_line", "", "", -1 },
		{ "虚构样例", "", "", -1 },
		{ "", "", "", -1 },
		{ "电话", NULL, "", -1 },
		{ "staf", NULL, "", -1 },
		{ "loan_principal", NULL, "", -1 },
		{ "研发", NULL, "", -1 },
		{ "@2025", NULL, "", -1 },
		{ "(万元)", NULL, "", -1 },
		{ "2025", NULL, "", -1 },
		{ ")", NULL, "", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		struct import_column *column;
		char headings[200];

		world_init(&world);
		(void)snprintf(headings, sizeof(headings), "uscc,%s", cases[i].heading);
		if (!columns_read(&world, headings))
			fail_msg("%s: %s", cases[i].heading, world.diagnostics.list[0].message);
		column = &world.columns.list[1];
		assert_int_equal(world.diagnostics.warning_count, cases[i].name == NULL);
		if (!cases[i].name || !*cases[i].name) {
			assert_true(column->role ==
					(cases[i].name ? strcmp(cases[i].heading, SAMPLE_MARK)
											? COLUMN_SILENT
											: COLUMN_SAMPLE
						       : COLUMN_LEFT));
		} else {
			assert_int_equal(column->role, COLUMN_VALUE);
			assert_string_equal(column->attribute->name, cases[i].name);
			assert_string_equal(column->period, cases[i].period);
			assert_int_equal(column->has_unit ? (int)column->unit_digits : -1,
					cases[i].digits);
		}
		world_fini(&world);
	}
}

static void test_heading_mistakes(void **state)
{
	static const struct {
		const char *headings;
		const char *words;
	} cases[] = {
		{ "staff,revenue", "no column holds the unified social credit code" },
		{ "uscc,staff,统一社会信用代码", "columns 1 and 3 both hold" },
		{ "uscc,staff,职工总数",
				"columns 2 \"staff\" and 3 \"职工总数\" are the same: staff" },
		{ "uscc,revenue,revenue@2025", "the same: revenue@2025" },
		{ "uscc,revenue@2024,营业收入（2024年）", "the same: revenue@2024" },
		{ "uscc,staff@2025", "staff has no periods" },
		{ "uscc,revenue@2025Q1", "revenue has other periods than 2025Q1" },
		{ "uscc,季度用电@2025", "quarter_power has other periods than 2025" },
		{ "uscc,revenue(吨)", "\"吨\" in brackets is neither a unit of revenue" },
		{ "uscc,staff(万元)", "neither a unit of staff" },
		{ "uscc,双胞", "more than one attribute" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		world_init(&world);
		assert_false(columns_read(&world, cases[i].headings));
		assert_int_equal(world.diagnostics.error_count, 1);
		if (!strstr(world.diagnostics.list[0].message, cases[i].words))
			fail_msg("%s: %s", cases[i].headings,
					world.diagnostics.list[0].message);
		world_fini(&world);
	}
}

static void test_heading_warnings(void **state)
{
	struct world world;

	world_init(&world);
	assert_true(columns_read(&world, "uscc,staf,old,loan_principal,revenue@2024,revenue"));
	assert_int_equal(world.diagnostics.warning_count, 3);
	assert_non_null(strstr(world.diagnostics.list[0].message, "did you mean \"staff\"?"));
	assert_non_null(strstr(world.diagnostics.list[1].message, "deprecated"));
	assert_non_null(strstr(world.diagnostics.list[2].message, "items of loans"));
	world_fini(&world);
}

/* The value that @text in a column headed @heading becomes, as people write it; or the reason, "!…". */
static void cell_print(
		struct world *world, const char *heading, const char *text, char out[200])
{
	Policycalc__V1__Profile *profile;
	struct import_column *column;
	struct cell_problem problem = { 0 };
	struct buffer bytes = { 0 };
	char headings[200];
	struct error err;
	char *json;
	struct buffer printed = { 0 };
	static const struct json_options options = { .int64_number = true };

	(void)snprintf(headings, sizeof(headings), "uscc,%s", heading);
	assert_true(columns_read(world, headings));
	column = &world->columns.list[1];
	switch (cell_append(column, 3, slice_from(text), true, &world->arena, &world->scratch,
			&bytes, &problem)) {
	case CELL_NOTHING:
		(void)snprintf(out, 200, "-");
		assert_int_equal(bytes.size, 0);
		break;
	case CELL_WRONG:
		(void)snprintf(out, 200, "!%s", problem.reason);
		assert_int_equal(bytes.size, 0);
		assert_true(strlen(problem.message) > 0);
		break;
	case CELL_NO_MEMORY:
		fail();
		break;
	case CELL_VALUE:
		profile = (Policycalc__V1__Profile *)message_unpack(
				(struct slice){ bytes.data, bytes.size },
				&policycalc__v1__profile__descriptor, NULL, &world->arena,
				&err);
		assert_non_null(profile);
		assert_int_equal(profile->n_attributes, 1);
		assert_string_equal(profile->attributes[0]->name, column->attribute->name);
		assert_string_equal(profile->attributes[0]->period, column->period);
		assert_true(message_print_json(
				&profile->attributes[0]->value->base, &options, &printed));
		json = printed.data;
		(void)snprintf(out, 200, "%s", json);
		buffer_fini(&printed);
		break;
	}
	buffer_fini(&bytes);
}

static void test_cells(void **state)
{
	static const struct {
		const char *heading, *text, *value;
	} cases[] = {
		{ "revenue", "", "-" },
		{ "revenue", " \t　", "-" },
		{ "revenue", "未知", "-" },
		{ "revenue", "unknown", "-" },
		{ "revenue", "200万元", "{\"moneyFen\":200000000}" },
		{ "revenue", "1.5亿", "{\"moneyFen\":15000000000}" },
		{ "revenue", "12.34元", "{\"moneyFen\":1234}" },
		{ "revenue", "0元", "{\"moneyFen\":0}" },
		{ "revenue", "200", "!UNIT_MISSING" },
		{ "revenue(万元)", "200", "{\"moneyFen\":200000000}" },
		{ "revenue(万元)", "3,800.50", "{\"moneyFen\":3800500000}" },
		{ "revenue(万元)", "1,234,567", "{\"moneyFen\":1234567000000}" },
		{ "revenue(万元)", "12,34", "!WRONG_TYPE" },
		{ "revenue(万元)", "1234,567", "!WRONG_TYPE" },
		{ "revenue(万元)", ",123", "!WRONG_TYPE" },
		{ "revenue(万元)", "1.", "!WRONG_TYPE" },
		{ "revenue(万元)", "1e5", "!WRONG_TYPE" },
		{ "revenue(万元)", "0.000001", "{\"moneyFen\":1}" },
		{ "revenue(万元)", "0.0000010", "{\"moneyFen\":1}" },
		{ "revenue(万元)", "0.0000001", "!TOO_FINE" },
		{ "revenue(万元)", "10.0500", "{\"moneyFen\":10050000}" },
		{ "revenue(万元)", "38元", "{\"moneyFen\":3800}" },
		{ "revenue(万元)", "-1", "!OUT_OF_RANGE" },
		{ "rd_expense(万元)", "-1.5", "{\"moneyFen\":-1500000}" },
		{ "revenue(亿元)", "922337203", "{\"moneyFen\":\"9223372030000000000\"}" },
		{ "revenue(亿元)", "922337204", "!OUT_OF_RANGE" },
		{ "revenue(元)", "99999999999999999999999", "!OUT_OF_RANGE" },
		{ "revenue(万元)", "三百", "!WRONG_TYPE" },
		{ "revenue(万元)", "300吨", "!WRONG_TYPE" },
		{ "share", "40%", "{\"ratioPpm\":400000}" },
		{ "share", "12.5％", "{\"ratioPpm\":125000}" },
		{ "share(%)", "40", "{\"ratioPpm\":400000}" },
		{ "share(%)", "5‰", "{\"ratioPpm\":5000}" },
		{ "share(%)", "100.0001", "!OUT_OF_RANGE" },
		{ "share(%)", "1.00001", "!TOO_FINE" },
		{ "share", "0.4", "!UNIT_MISSING" },
		{ "staff", "120", "{\"count\":120}" },
		{ "staff", "120人", "{\"count\":120}" },
		{ "staff", "1,200 people", "{\"count\":1200}" },
		{ "staff", "12.0", "{\"count\":12}" },
		{ "staff", "12.5", "!WRONG_TYPE" },
		{ "staff", "-3", "!OUT_OF_RANGE" },
		{ "staff", "120万元", "!WRONG_TYPE" },
		{ "private", "是", "{\"flag\":true}" },
		{ "private", "否", "{\"flag\":false}" },
		{ "private", "TRUE", "{\"flag\":true}" },
		{ "private", "0", "{\"flag\":false}" },
		{ "private", "也许", "!WRONG_TYPE" },
		{ "founded", "2018-06-01", "{\"date\":\"2018-06-01\"}" },
		{ "founded", "2018/6/1", "{\"date\":\"2018-06-01\"}" },
		{ "founded", "20180601", "{\"date\":\"2018-06-01\"}" },
		{ "founded", "2018年6月1日", "{\"date\":\"2018-06-01\"}" },
		{ "founded", "2018.12.31", "{\"date\":\"2018-12-31\"}" },
		{ "founded", "2018-02-30", "!WRONG_TYPE" },
		{ "founded", "6/1/2018", "!WRONG_TYPE" },
		{ "founded", "43252", "!WRONG_TYPE" },
		{ "region", "411282", "{\"code\":\"411282\"}" },
		{ "region", "灵宝市", "{\"code\":\"411282\"}" },
		{ "region", "　陕县 ", "{\"code\":\"411203\"}" },
		{ "region", "洛阳市", "!UNKNOWN_CHOICE" },
		{ "platforms", "自建;市级", "{\"codes\":{\"codes\":[\"own\",\"city\"]}}" },
		{ "platforms", "own；city；", "{\"codes\":{\"codes\":[\"own\",\"city\"]}}" },
		{ "platforms", "无", "{\"codes\":{}}" },
		{ "platforms", "own;own", "!UNKNOWN_CHOICE" },
		{ "titles", "srdi:2027-12-31",
				"{\"titles\":{\"titles\":[{\"code\":\"srdi\",\"validUntil\":"
				"\"2027-12-31\"}]}}" },
		{ "titles", "高企：2026-11-30;专精特新:2027-12-31",
				"{\"titles\":{\"titles\":[{\"code\":\"htne\",\"validUntil\":"
				"\"2026-11-30\"},{\"code\":\"srdi\",\"validUntil\":\"2027-12-"
				"31\"}]}}" },
		{ "titles", "无", "{\"titles\":{}}" },
		{ "titles", "srdi", "!UNKNOWN_CHOICE" },
	};
	struct world world;
	char out[200];

	world_init(&world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cell_print(&world, cases[i].heading, cases[i].text, out);
		if (strcmp(out, cases[i].value) != 0)
			fail_msg("%s: \"%s\" gave %s, expected %s", cases[i].heading,
					cases[i].text, out, cases[i].value);
	}
	world_fini(&world);
}

/* What was read before comes out the same, also when others have taken its place. */
static void test_cache(void **state)
{
	struct import_column *column;
	struct world world;
	struct buffer first = { 0 };
	struct cell_problem problem;

	world_init(&world);
	assert_true(columns_read(&world, "uscc,titles"));
	column = &world.columns.list[1];
	for (int round = 0; round < 3; round++) {
		struct buffer out = { 0 };

		for (int i = 0; i < 1200; i++) {
			char text[40];

			(void)snprintf(text, sizeof(text), "srdi:2%03d-%02d-15",
					i / 12 * 7 % 1000, i % 12 + 1);
			assert_int_equal(cell_append(column, 3, slice_from(text), true,
							 &world.arena, &world.scratch, &out,
							 &problem),
					CELL_VALUE);
			arena_reset(&world.scratch);
		}
		if (round == 0) {
			first = out;
			continue;
		}
		assert_int_equal(out.size, first.size);
		assert_memory_equal(out.data, first.data, out.size);
		buffer_fini(&out);
	}
	buffer_fini(&first);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_heading_mistakes),
		cmocka_unit_test(test_heading_warnings),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
