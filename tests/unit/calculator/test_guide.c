/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures: one policy's, several merged, papers handed in once, days along the longest way. */
#include "calculator/calculator.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A and B go to the same window of the same department; C's steps are not stated; D is automatic. */
static const char POLICY_A[] =
		"id: a\nseries: a\ndepartments: [科技局]\ntitle: {zh: 甲}\nguide:\n"
		"  materials:\n"
		"    - {code: licence, name: {zh: 营业执照}}\n"
		"    - {code: audit, name: {zh: 审计报告}}\n"
		"    - {code: spare, name: {zh: 备用材料}}\n"
		"  steps:\n"
		"    - {id: pay, title: {zh: 拨付}, actor: {zh: 财政局}, working_days: 3天, "
		"after: "
		"[review, visit]}\n"
		"    - {id: register, title: {zh: 注册}, actor: {zh: 企业}, channel: {zh: "
		"平台}, "
		"working_days: 1天, materials: [licence]}\n"
		"    - {id: review, title: {zh: 评审}, actor: {zh: 科技局}, working_days: "
		"10天, "
		"after: "
		"[register], materials: [audit]}\n"
		"    - {id: visit, title: {zh: 实地核查}, actor: {zh: 科技局}, working_days: "
		"4天, after: "
		"[register]}\n";
static const char POLICY_B[] =
		"id: b-2024\nseries: b\ndepartments: [财政局, 科技局]\ntitle: {zh: 乙}\n"
		"in_force: {from: 2024-01-01}\nguide:\n"
		"  materials:\n"
		"    - {code: audit, name: {zh: 审计报告}}\n"
		"    - {code: licence, name: {zh: 营业执照}}\n"
		"    - {code: plan, name: {zh: 计划书}}\n"
		"  steps:\n"
		"    - {id: sign-up, title: {zh: 注册}, actor: {zh: 企业}, channel: {zh: "
		"平台}, "
		"working_days: 2天, materials: [licence, plan]}\n"
		"    - {id: submit, title: {zh: 提交}, actor: {zh: 企业}, after: [sign-up], "
		"materials: [audit, licence]}\n";
static const char POLICY_C[] = "id: c\nseries: c\ndepartments: [人社局]\ntitle: {zh: 丙}\n";
static const char POLICY_D[] = "id: d\nseries: d\ndepartments: [人社局]\ntitle: {zh: 丁}\n"
			       "guide: {automatic: true}\n";
/* The same words at another department: nobody says that it is the same errand. */
static const char POLICY_E[] =
		"id: e\nseries: e\ndepartments: [人社局]\ntitle: {zh: 戊}\nguide:\n"
		"  steps:\n"
		"    - {id: register, title: {zh: 注册}, actor: {zh: 企业}, channel: {zh: "
		"平台}}\n";

struct world {
	struct arena arena;
	struct ruleset *ruleset;
};

static int set_up(void **state)
{
	static struct world world;
	static const char *const texts[] = { POLICY_A, POLICY_B, POLICY_C, POLICY_D, POLICY_E };
	static Policycalc__V1__Policy *policies[5];
	struct catalog catalog = { .revision = 7, .policies = policies, .policy_count = 5 };
	struct diagnostics diagnostics;
	struct error err;

	arena_init(&world.arena, (size_t)16 << 20);
	diagnostics_init(&diagnostics, &world.arena);
	for (size_t i = 0; i < 5; i++) {
		policies[i] = (Policycalc__V1__Policy *)message_parse_yaml(slice_from(texts[i]),
				&policycalc__v1__policy__descriptor, "x.yaml", &world.arena,
				&diagnostics, NULL);
		if (!policies[i])
			fail_msg("%s", diagnostics.list[0].message);
	}
	world.ruleset = ruleset_new(&catalog, NULL, NULL, &diagnostics, &err);
	assert_non_null(world.ruleset);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
	return 0;
}

static bool ask(struct world *world, const char *const *names, size_t count, const char *as_of,
		Policycalc__V1__GetGuideResponse **out_guide, struct violations *out_violations,
		struct error *err)
{
	Policycalc__V1__GetGuideRequest request = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;

	request.policies = (char **)(uintptr_t)names;
	request.n_policies = count;
	request.as_of = (char *)(uintptr_t)as_of;
	return ruleset_guide(world->ruleset, &request, "2025-05-01", &world->arena, out_guide,
			out_violations, err);
}

static Policycalc__V1__GetGuideResponse *guide_of(
		struct world *world, const char *const *names, size_t count)
{
	Policycalc__V1__GetGuideResponse *guide = NULL;
	struct violations violations;
	struct error err = { ERROR_NONE, "" };

	if (!ask(world, names, count, "", &guide, &violations, &err))
		fail_msg("%s", err.message);
	return guide;
}

static void step_is(const Policycalc__V1__GetGuideResponse *guide, size_t index,
		const char *title, int days, int start, bool critical, const char *after)
{
	const Policycalc__V1__GuideStep *step = guide->steps[index];
	char text[64] = "";

	assert_string_equal(step->title->zh, title);
	assert_int_equal(step->_working_days_case ? step->working_days : -1, days);
	assert_int_equal(step->start_day, start);
	assert_int_equal(step->critical, critical);
	for (size_t i = 0; i < step->n_after; i++) {
		assert_in_range(step->after[i], 0, (int)index - 1);
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ",
				step->after[i]);
	}
	assert_string_equal(text, after);
}

static void one_policy(void **state)
{
	const Policycalc__V1__GetGuideResponse *guide =
			guide_of(*state, (const char *const[]){ "a" }, 1);

	assert_int_equal(guide->revision, 7);
	assert_string_equal(guide->as_of, "2025-05-01");
	assert_int_equal(guide->n_steps, 4);
	step_is(guide, 0, "注册", 1, 0, true, "");
	step_is(guide, 1, "评审", 10, 1, true, "0 ");
	step_is(guide, 2, "实地核查", 4, 1, false, "0 ");
	step_is(guide, 3, "拨付", 3, 11, true, "1 2 ");
	assert_int_equal(guide->working_days, 14);
	assert_true(guide->days_complete);
	assert_int_equal(guide->papers_saved, 0);
	/* In the order of handing in; what no step asks for comes last. */
	assert_int_equal(guide->n_materials, 3);
	assert_string_equal(guide->materials[0]->code, "licence");
	assert_string_equal(guide->materials[1]->code, "audit");
	assert_string_equal(guide->materials[2]->code, "spare");
}

static void merged(void **state)
{
	/* A series gives the version in force. */
	const Policycalc__V1__GetGuideResponse *guide =
			guide_of(*state, (const char *const[]){ "a", "b", "e" }, 3);

	assert_string_equal(guide->policies[1]->id, "b-2024");
	assert_int_equal(guide->n_steps, 6);
	/* Once for both, at the pace of the slower; E's is another's. */
	step_is(guide, 0, "注册", 2, 0, true, "");
	assert_int_equal(guide->steps[0]->n_policies, 2);
	step_is(guide, 1, "注册", -1, 0, false, "");
	assert_int_equal(guide->steps[1]->policies[0], 2);
	step_is(guide, 2, "评审", 10, 2, true, "0 ");
	step_is(guide, 3, "实地核查", 4, 2, false, "0 ");
	step_is(guide, 4, "提交", -1, 2, false, "0 ");
	step_is(guide, 5, "拨付", 3, 12, true, "2 3 ");
	assert_int_equal(guide->working_days, 15);
	assert_false(guide->days_complete);
	/* 3 + 3 papers are asked for, 4 differ. */
	assert_int_equal(guide->papers_saved, 2);
	assert_int_equal(guide->n_materials, 4);
	assert_int_equal(guide->steps[0]->n_materials, 2);
	assert_int_equal(guide->steps[2]->n_materials, 1);
	assert_int_equal(guide->steps[4]->n_materials, 0);
	assert_int_equal(guide->steps[4]->n_reused_materials, 2);
	assert_int_equal(guide->materials[0]->n_policies, 2);
	assert_int_equal(guide->materials[1]->n_policies, 1);
}

static void nothing_to_tell(void **state)
{
	const Policycalc__V1__GetGuideResponse *guide =
			guide_of(*state, (const char *const[]){ "c", "d" }, 2);

	assert_int_equal(guide->n_steps, 0);
	assert_true(guide->policies[0]->not_stated);
	assert_false(guide->policies[1]->not_stated);
	assert_true(guide->policies[1]->automatic);
	assert_false(guide->days_complete);
}

static void refused(void **state)
{
	static const struct {
		const char *names[2];
		size_t count;
		const char *as_of;
		enum error_code code;
		const char *field; /* of the violation; NULL: none */
	} table[] = {
		{ { "" }, 0, "", ERROR_INVALID, "policies" },
		{ { "x" }, 1, "", ERROR_NOT_FOUND, NULL },
		{ { "a", "a" }, 2, "", ERROR_INVALID, "policies[1]" },
		{ { "b", "b-2024" }, 2, "", ERROR_INVALID, "policies[1]" },
		{ { "b" }, 1, "2023-12-31", ERROR_NOT_FOUND, NULL },
		{ { "a" }, 1, "2025-02-30", ERROR_INVALID, "as_of" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		Policycalc__V1__GetGuideResponse *guide = NULL;
		struct violations violations = { NULL, 0 };
		struct error err = { ERROR_NONE, "" };

		assert_false(ask(*state, table[i].names, table[i].count, table[i].as_of, &guide,
				&violations, &err));
		assert_int_equal(err.code, table[i].code);
		assert_int_equal(violations.count, table[i].field ? 1 : 0);
		if (table[i].field)
			assert_string_equal(violations.list[0].field, table[i].field);
		assert_null(guide);
	}
}

/* The same question gives the same bytes; a budget that runs out ends the call and nothing else. */
static void bytes_and_budgets(void **state)
{
	struct world *world = *state;
	static const char *const names[] = { "e", "a", "c", "b" };
	struct buffer first = { 0 };
	struct buffer second = { 0 };
	bool answered = false;

	assert_true(message_pack(&guide_of(world, names, 4)->base, &first));
	assert_true(message_pack(&guide_of(world, names, 4)->base, &second));
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	for (size_t budget = 0; !answered; budget += 64) {
		Policycalc__V1__GetGuideRequest request =
				POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;
		Policycalc__V1__GetGuideResponse *guide = NULL;
		struct violations violations;
		struct error err = { ERROR_NONE, "" };
		struct arena arena;

		arena_init(&arena, budget);
		request.policies = (char **)(uintptr_t)names;
		request.n_policies = 4;
		answered = ruleset_guide(world->ruleset, &request, "2025-05-01", &arena, &guide,
				&violations, &err);
		if (!answered)
			assert_int_equal(err.code, ERROR_LIMIT);
		arena_fini(&arena);
	}
	buffer_fini(&first);
	buffer_fini(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_policy),
		cmocka_unit_test(merged),
		cmocka_unit_test(nothing_to_tell),
		cmocka_unit_test(refused),
		cmocka_unit_test(bytes_and_budgets),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
