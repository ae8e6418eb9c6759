/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two catalogs, in words. Catalogs are written as an editor would. */
#include "calculator/parameters.h"
#include "proto/codec/codec.h"
#include "publish/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char BEFORE[] =
		"parameters:\n"
		"  - {name: threshold, type: MONEY, label: {zh: 最低投资, en: Least "
		"investment}, values: "
		"[{from: not_stated, until: 2022-09-07, money_fen: 300万元}]}\n"
		"  - {name: gone, type: RATIO, label: {zh: 旧比例}, values: [{from: "
		"2020-01-01, "
		"ratio_ppm: 30%}]}\n"
		"  - {name: same, type: COUNT, values: [{from: 2020-01-01, count: 5}]}\n"
		"attributes:\n"
		"  - {name: cost, item_list: projects, type: MONEY, label: {zh: 投资}, "
		"mutable: true}\n"
		"  - {name: large, type: FLAG, derived: {rule: e.staff >= p.same}}\n"
		"industries:\n  - {code: C, name: {zh: 制造业}}\n";
static const char AFTER[] =
		"parameters:\n"
		"  - {name: same, type: COUNT, values: [{from: 2020-01-01, count: 6}]}\n"
		"  - {name: threshold, type: MONEY, label: {zh: 最低投资, en: Least "
		"investment}, values: "
		"[{from: not_stated, until: 2022-09-07, money_fen: 350万元}, {from: "
		"2022-09-08, "
		"money_fen: 150万元, source: {doc: 答复}}]}\n"
		"attributes:\n"
		"  - {name: cost, item_list: projects, type: MONEY, label: {zh: 投资}}\n"
		"  - {name: large, type: FLAG, derived: {rule: e.staff >= p.same}}\n"
		"industries:\n  - {code: C, name: {zh: 制造业}}\n  - {code: C31, parent: C}\n";
static const char POLICY_BEFORE[] =
		"id: a\nseries: a\ntitle: {zh: 三大改造, en: Transformation}\nkind: SUBSIDY\n"
		"departments: [工信局]\nin_force: {from: 2020-01-01}\n"
		"conditions:\n"
		"  - {id: invested, role: REQUIRE, label: {zh: 完成投资, en: Invested}, rule: "
		"i.cost >= "
		"p.threshold}\n"
		"  - {id: old, role: EXCLUDE, label: {zh: 失信}, rule: e.dishonest}\n"
		"amount: {nature: CASH, rate_rule: p.gone, brackets: [{up_to_rule: wan(1), "
		"rate_rule: "
		"'1'}]}\n"
		"examples: [{as_of: 2021-01-01}]\n";
static const char POLICY_AFTER[] =
		"id: a\nseries: a\ntitle: {zh: 三大改造, en: Transformation}\nkind: AWARD\n"
		"departments: [工信局, 财政局]\nin_force: {from: 2020-01-01, until: "
		"2025-12-31}\n"
		"conditions:\n"
		"  - {id: invested, role: REQUIRE, label: {zh: 完成投资, en: Invested}, rule: "
		"i.cost > "
		"p.threshold}\n"
		"  - {id: new, role: REQUIRE, label: {zh: 在库}, rule: e.listed}\n"
		"amount: {nature: CASH, rate_rule: p.threshold, up_to: true, brackets: "
		"[{up_to_rule: "
		"wan(2), rate_rule: '1'}]}\n"
		"examples: [{as_of: 2021-01-02}]\n";
static const char POLICY_NEW[] = "id: b\nseries: b\ntitle: {zh: 新政策}\n";

static const char EXPECTED[] =
		"CHANGED POLICY a 三大改造\n"
		"  CHANGED kind 种类: SUBSIDY -> AWARD\n"
		"  CHANGED departments 部门: 工信局 -> 工信局、财政局\n"
		"  ADDED in_force.until 有效期的止:  -> 2025-12-31\n"
		"  CHANGED conditions[invested].rule 条件“完成投资”的规则: "
		"i.cost >= p.threshold -> i.cost "
		"> p.threshold\n"
		"  REMOVED conditions[old] 条件“失信”: "
		"编号：old；作用：EXCLUDE；名称：失信；规则：e.dishonest "
		"-> \n"
		"  ADDED conditions[new] 条件“在库”:  -> "
		"编号：new；作用：REQUIRE；名称：在库；规则：e.listed\n"
		"  CHANGED amount.rate_rule 金额的比例: p.gone -> p.threshold\n"
		"  CHANGED amount.brackets[0].up_to_rule "
		"金额的第1个分段的段上限: wan(1) -> wan(2)\n"
		"  CHANGED amount.up_to 金额的最高不超过: 否 -> 是\n"
		"  CHANGED examples 示例: 1 个 -> 1 个（其中 1 个是新的或改过的）\n"
		"ADDED POLICY b 新政策\n"
		"REMOVED PARAMETER gone 旧比例 affects a\n"
		"CHANGED PARAMETER same  affects e.large\n"
		"  CHANGED values[2020-01-01].count "
		"取值“2020-01-01”的数量: 5 -> 6\n"
		"CHANGED PARAMETER threshold 最低投资 affects a\n"
		"  CHANGED values[not_stated].money_fen "
		"取值“起始日未载明”的金额: 300万元 -> 350万元\n"
		"  ADDED values[2022-09-08] 取值“2022-09-08”:  -> "
		"起：2022-09-08；金额：150万元\n"
		"CHANGED ATTRIBUTE projects.cost 投资\n"
		"  CHANGED mutable 可改变: 是 -> 否\n"
		"ADDED INDUSTRY C31 \n";

static void *parse(
		const char *text, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	struct diagnostics diagnostics;
	void *message;

	diagnostics_init(&diagnostics, arena);
	message = message_parse_yaml(
			slice_from(text), type, "x.yaml", arena, &diagnostics, NULL);
	if (!message)
		fail_msg("%s", diagnostics.list[0].message);
	return message;
}

static struct catalog catalog_of(const char *text, const char *const *policies, size_t count,
		int64_t revision, struct arena *arena)
{
	Policycalc__V1__CatalogFile *file =
			parse(text, &policycalc__v1__catalog_file__descriptor, arena);
	struct catalog catalog = {
		.revision = revision,
		.attributes = file->attributes,
		.attribute_count = file->n_attributes,
		.parameters = file->parameters,
		.parameter_count = file->n_parameters,
		.industries = file->industries,
		.industry_count = file->n_industries,
		.shared_caps = file->shared_caps,
		.shared_cap_count = file->n_shared_caps,
		.policies = ARENA_NEW_ARRAY(arena, Policycalc__V1__Policy *, count),
		.policy_count = count,
	};

	for (size_t i = 0; i < count; i++)
		catalog.policies[i] =
				parse(policies[i], &policycalc__v1__policy__descriptor, arena);
	return catalog;
}

static const char *name_of(const ProtobufCEnumDescriptor *type, int value, const char *prefix)
{
	return protobuf_c_enum_descriptor_get_value(type, value)->name + strlen(prefix);
}

static void change_print(const Policycalc__V1__CatalogChange *change, struct buffer *out)
{
	const ProtobufCEnumDescriptor *kinds = &policycalc__v1__change_kind__descriptor;

	buffer_format(out, "%s %s %s %s", name_of(kinds, (int)change->kind, "CHANGE_KIND_"),
			name_of(&policycalc__v1__entry_kind__descriptor, (int)change->entry,
					"ENTRY_KIND_"),
			change->id, change->title ? change->title->zh : "");
	for (size_t i = 0; i < change->n_affects; i++)
		buffer_format(out, " affects %s", change->affects[i]);
	buffer_append_char(out, '\n');
	for (size_t i = 0; i < change->n_fields; i++) {
		const Policycalc__V1__FieldChange *field = change->fields[i];

		buffer_format(out, "  %s %s %s: %s -> %s\n",
				name_of(kinds, (int)field->kind, "CHANGE_KIND_"), field->path,
				field->label->zh, field->before, field->after);
	}
}

static void in_words(void **state)
{
	static const char *const before[] = { POLICY_BEFORE };
	static const char *const after[] = { POLICY_NEW, POLICY_AFTER };
	const Policycalc__V1__DiffRevisionsResponse *diff;
	struct buffer out = { 0 };
	struct catalog from;
	struct catalog to;
	struct arena arena;
	struct error err;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	from = catalog_of(BEFORE, before, 1, 3, &arena);
	to = catalog_of(AFTER, after, 2, 4, &arena);
	diff = catalog_diff(&from, &to, &arena, &err);
	assert_non_null(diff);
	assert_int_equal(diff->from_revision, 3);
	assert_int_equal(diff->to_revision, 4);
	for (size_t i = 0; i < diff->n_changes; i++)
		change_print(diff->changes[i], &out);
	assert_string_equal(out.data, EXPECTED);
	assert_string_equal(
			diff->changes[0]->fields[3]->label->en, "condition \"Invested\", rule");
	assert_string_equal(diff->changes[0]->fields[5]->after_en,
			"id: new; role: REQUIRE; label: 在库; rule: e.listed");
	assert_string_equal(diff->changes[0]->fields[8]->after_en, "yes");
	diff = catalog_diff(&to, &to, &arena, &err);
	assert_non_null(diff);
	assert_int_equal(diff->n_changes, 0);
	buffer_fini(&out);
	arena_fini(&arena);
}

/* What has a name is paired by it, the rest by what stands unchanged around it. */
static void lists(void **state)
{
	static const struct {
		const char *before, *after, *changes;
	} table[] = {
		/* The first of those that have no name is gone: the others are what they were. */
		{ "amount: {brackets: [{up_to_rule: wan(1)}, {up_to_rule: wan(2)}, {rate_rule: "
		  "'1'}]}",
				"amount: {brackets: [{up_to_rule: wan(2)}, {rate_rule: '1'}]}",
				"  REMOVED amount.brackets[0] 金额的第1个分段: 段上限：wan(1) "
				"-> \n" },
		{ "amount: {brackets: [{up_to_rule: wan(1)}, {rate_rule: '1'}]}",
				"amount: {brackets: [{up_to_rule: wan(9)}, {up_to_rule: "
				"wan(1)}, "
				"{rate_rule: '2'}]}",
				"  CHANGED amount.brackets[1].rate_rule 金额的第2个分段的比例: "
				"1 -> 2\n"
				"  ADDED amount.brackets[0] 金额的第1个分段:  -> "
				"段上限：wan(9)\n" },
		/* Two sources of one document: neither is taken for the other. */
		{ "sources: [{doc: 甲, clause: 一}, {doc: 甲, clause: 二}]",
				"sources: [{doc: 甲, clause: 一}, {doc: 甲, clause: 三}]",
				"  CHANGED sources[1].clause 第2个依据的条款: 二 -> 三\n" },
		{ "sources: [{doc: 甲, clause: 一}, {doc: 乙}]",
				"sources: [{doc: 乙}, {doc: 甲, clause: 一}, {doc: 甲, clause: "
				"二}]",
				"  ADDED sources[2] 第3个依据:  -> 文件：甲；条款：二\n" },
		/* Another order is told, and only where it is another. */
		{ "guide: {steps: [{id: a}, {id: b}, {id: c}, {id: d}]}",
				"guide: {steps: [{id: a}, {id: c}, {id: b}, {id: e}, {id: d}]}",
				"  ADDED guide.steps[e] 办事指南的步骤“e”:  -> 编号：e\n"
				"  CHANGED guide.steps 办事指南的步骤的次序: b、c -> c、b\n" },
		/* Of texts, each for itself. */
		{ "keywords: [甲、乙]", "keywords: [甲, 乙]",
				"  CHANGED keywords 关键词: 甲、乙 -> 甲、乙\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const Policycalc__V1__DiffRevisionsResponse *diff;
		struct buffer out = { 0 };
		char before[512] = "id: a\n";
		char after[512] = "id: a\n";
		const char *from_policy[] = { strcat(before, table[i].before) };
		const char *to_policy[] = { strcat(after, table[i].after) };
		struct catalog from;
		struct catalog to;
		struct arena arena;
		struct error err;

		arena_init(&arena, (size_t)16 << 20);
		from = catalog_of("parameters: []\n", from_policy, 1, 1, &arena);
		to = catalog_of("parameters: []\n", to_policy, 1, 2, &arena);
		diff = catalog_diff(&from, &to, &arena, &err);
		assert_non_null(diff);
		assert_int_equal(diff->n_changes, 1);
		change_print(diff->changes[0], &out);
		assert_string_equal(strchr(out.data, '\n') + 1, table[i].changes);
		buffer_fini(&out);
		arena_fini(&arena);
	}
}

/* A shared cap is an entry; the parameter it names is that of all that lies under it. */
static void shared_caps(void **state)
{
	static const char *const policies[] = { "id: a\nshared_cap: inner\n",
		"id: b\nshared_cap: other\n" };
	static const char *const caps[] = {
		"shared_caps: [{id: inner, limit: x, parent: outer}, {id: outer, limit: cap}, "
		"{id: other, limit: x}]\n"
		"parameters: [{name: cap, values: [{from: 2020-01-01, money_fen: 1万元}]}]\n",
		"shared_caps: [{id: inner, limit: x}, {id: outer, limit: cap}, {id: other, "
		"limit: "
		"x}]\n"
		"parameters: [{name: cap, values: [{from: 2020-01-01, money_fen: 2万元}]}]\n",
	};
	const Policycalc__V1__DiffRevisionsResponse *diff;
	struct buffer out = { 0 };
	struct catalog from;
	struct catalog to;
	struct arena arena;
	struct error err;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	from = catalog_of(caps[1], policies, 2, 1, &arena);
	to = catalog_of(caps[0], policies, 2, 2, &arena);
	diff = catalog_diff(&from, &to, &arena, &err);
	assert_non_null(diff);
	for (size_t i = 0; i < diff->n_changes; i++)
		change_print(diff->changes[i], &out);
	assert_string_equal(out.data, "CHANGED SHARED_CAP inner \n"
				      "  ADDED parent 上级:  -> outer\n"
				      "CHANGED PARAMETER cap  affects a\n"
				      "  CHANGED values[2020-01-01].money_fen "
				      "取值“2020-01-01”的金额: 2万元 -> "
				      "1万元\n");
	buffer_fini(&out);
	arena_fini(&arena);
}

/* What an editor reads is no name of the schema, whatever is changed. */
static void every_field_has_a_word(void **state)
{
	const ProtobufCMessageDescriptor *seen[64] = { &policycalc__v1__policy__descriptor,
		&policycalc__v1__parameter__descriptor, &policycalc__v1__attribute__descriptor,
		&policycalc__v1__region__descriptor, &policycalc__v1__industry__descriptor,
		&policycalc__v1__shared_cap__descriptor };
	size_t count = 6;
	size_t missing = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (unsigned k = 0; k < seen[i]->n_fields; k++) {
			const ProtobufCFieldDescriptor *field = &seen[i]->fields[k];
			bool is_new = field->type == PROTOBUF_C_TYPE_MESSAGE &&
				      field->descriptor != &policycalc__v1__example__descriptor;

			if (strcmp(diff_field_word(field).zh, field->name) == 0) {
				print_message("%s.%s: diff_words.c has no word for it\n",
						seen[i]->name, field->name);
				missing++;
			}
			for (size_t m = 0; is_new && m < count; m++)
				is_new = seen[m] != field->descriptor;
			assert_true(count < sizeof(seen) / sizeof(seen[0]));
			if (is_new)
				seen[count++] = field->descriptor;
		}
	}
	assert_int_equal(missing, 0);
	assert_true(count > 25);
}

/* Every budget that is too small is an error, and none is a wrong answer. */
static void budgets(void **state)
{
	static const char *const before[] = { POLICY_BEFORE };
	static const char *const after[] = { POLICY_AFTER };
	struct catalog from;
	struct catalog to;
	struct arena arena;
	bool answered = false;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	from = catalog_of(BEFORE, before, 1, 3, &arena);
	to = catalog_of(AFTER, after, 1, 4, &arena);
	for (size_t budget = 0; !answered; budget += 256) {
		const Policycalc__V1__DiffRevisionsResponse *diff;
		struct error err = { ERROR_NONE, "" };
		struct arena small;

		arena_init(&small, budget);
		diff = catalog_diff(&from, &to, &small, &err);
		answered = diff != NULL;
		if (!answered)
			assert_int_equal(err.code, ERROR_LIMIT);
		else
			assert_int_equal(diff->n_changes, 6);
		arena_fini(&small);
	}
	arena_fini(&arena);
}

static void names(void **state)
{
	static const struct {
		const char *rule;
		bool named;
	} table[] = {
		{ "e.x >= p.cap", true },
		{ "e.x >= p . cap", true },
		{ "e.x >= p.cap_2", false },
		{ "e.x == \"p.cap\"", false },
		{ "e.p.cap", false },
		{ "e.x in p.cap", true },
		{ "sp.cap > 1", false },
	};
	Policycalc__V1__Policy policy = POLICYCALC__V1__POLICY__INIT;
	Policycalc__V1__Condition condition = POLICYCALC__V1__CONDITION__INIT;
	Policycalc__V1__Condition *conditions[] = { &condition };
	Policycalc__V1__LoanTerms loan = POLICYCALC__V1__LOAN_TERMS__INIT;
	char *limits[] = { (char[]){ "cap" } };
	Policycalc__V1__ScoreStep step = POLICYCALC__V1__SCORE_STEP__INIT;
	Policycalc__V1__ScoreStep *steps[] = { &step };
	Policycalc__V1__ScoreMetric metric = POLICYCALC__V1__SCORE_METRIC__INIT;
	Policycalc__V1__ScoreMetric *metrics[] = { &metric };
	Policycalc__V1__ScoreRow row = POLICYCALC__V1__SCORE_ROW__INIT;
	Policycalc__V1__ScoreRow *rows[] = { &row };
	Policycalc__V1__ScoreTable table_of_points = POLICYCALC__V1__SCORE_TABLE__INIT;
	Policycalc__V1__ScoreTable *tables[] = { &table_of_points };

	(void)state;
	metric.steps = steps;
	row.alternatives = metrics;
	table_of_points.rows = rows;
	metric.n_steps = row.n_alternatives = table_of_points.n_rows = 1;
	policy.conditions = conditions;
	policy.n_conditions = 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		condition.rule = (char *)(uintptr_t)table[i].rule;
		if (policy_names_parameter(&policy, "cap") != table[i].named)
			fail_msg("%s", table[i].rule);
	}
	policy.n_conditions = 0;
	policy.loan = &loan;
	loan.limits = limits;
	loan.n_limits = 1;
	assert_true(policy_names_parameter(&policy, "cap"));
	policy.loan = NULL;
	step.at_least = (char *)(uintptr_t) "p.cap";
	policy.score_tables = tables;
	policy.n_score_tables = 1;
	assert_true(policy_names_parameter(&policy, "cap"));
	assert_false(policy_names_parameter(&policy, "ca"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_words),
		cmocka_unit_test(lists),
		cmocka_unit_test(shared_caps),
		cmocka_unit_test(every_field_has_a_word),
		cmocka_unit_test(budgets),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
