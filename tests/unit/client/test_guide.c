/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A procedure drawn in each format. With a folder as argument the drawings are left there, for
 * test_guide_formats.py to read them with programs of other people.
 */
#include "client/render/guide.h"
#include "client/render/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *folder;

/* What a catalog must not be able to do to a page. */
static char hostile[] = "甲\"]; <script>alert('1')</script> & \\n#quot; `x` \x1b[31m\xff";

static Policycalc__V1__Text texts[6];
static Policycalc__V1__GuidePolicy policies[4];
static Policycalc__V1__GuideStep steps[3];
static Policycalc__V1__GuideMaterial papers[2];
static Policycalc__V1__GetGuideResponse guide;

static Policycalc__V1__Text *text(size_t index, const char *zh)
{
	policycalc__v1__text__init(&texts[index]);
	texts[index].zh = (char *)(uintptr_t)zh;
	return &texts[index];
}

static int set_up(void **state)
{
	static Policycalc__V1__GuidePolicy *policy_list[4];
	static Policycalc__V1__GuideStep *step_list[3];
	static Policycalc__V1__GuideMaterial *paper_list[2];
	static int32_t both[] = { 0, 1 }, first[] = { 0 }, second[] = { 1 };
	static int32_t wild[] = { 0, -1, 99 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		policycalc__v1__guide_policy__init(&policies[i]);
		policy_list[i] = &policies[i];
	}
	policies[0].id = "a";
	policies[1].id = "b";
	policies[2].id = "c";
	policies[3].id = "d";
	policies[0].title = text(0, hostile);
	policies[1].title = policies[2].title = policies[3].title = text(1, "乙");
	policies[2].not_stated = true;
	policies[3].automatic = true;
	for (size_t i = 0; i < 3; i++) {
		policycalc__v1__guide_step__init(&steps[i]);
		step_list[i] = &steps[i];
		steps[i].title = text(2, "提交申请并等待");
		steps[i].actor = text(3, hostile);
	}
	steps[0].policies = both;
	steps[0].n_policies = 2;
	steps[0].critical = true;
	steps[0]._working_days_case = POLICYCALC__V1__GUIDE_STEP___WORKING_DAYS_WORKING_DAYS;
	steps[0].working_days = 5;
	steps[0].materials = both;
	steps[0].n_materials = 2;
	steps[1].policies = first;
	steps[2].policies = second;
	steps[1].n_policies = steps[2].n_policies = 1;
	steps[1].depth = 1;
	steps[2].depth = 2;
	/* Numbers that lead nowhere must do no harm. */
	steps[1].after = steps[1].reused_materials = steps[2].after = wild;
	steps[1].n_after = steps[1].n_reused_materials = steps[2].n_after = 3;
	for (size_t i = 0; i < 2; i++) {
		policycalc__v1__guide_material__init(&papers[i]);
		paper_list[i] = &papers[i];
		papers[i].code = (char *)(uintptr_t)(i ? "audit" : "licence");
	}
	papers[0].name = text(4, "营业执照");
	policycalc__v1__get_guide_response__init(&guide);
	guide.policies = policy_list;
	guide.n_policies = 4;
	guide.steps = step_list;
	guide.n_steps = 3;
	guide.materials = paper_list;
	guide.n_materials = 2;
	guide.working_days = 5;
	guide.papers_saved = 1;
	guide.as_of = "2025-05-01";
	guide.revision = 3;
	return 0;
}

static void keep(const char *name, const struct buffer *out)
{
	char path[4096];
	FILE *file;

	if (!folder)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(out->data, 1, out->size, file), out->size);
	assert_int_equal(fclose(file), 0);
}

static void escaped(void **state)
{
	struct buffer out = { 0 };

	markup_append(&out, slice_from("<a href=\"x\">'&\x07"));
	assert_string_equal(out.data, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\xef\xbf\xbd");
	buffer_clear(&out);
	markup_append_mermaid(&out, slice_from("a\"#;<b>`\\"));
	assert_string_equal(out.data, "a#quot;#35;#59;#lt;b#gt;#96;#92;");
	buffer_clear(&out);
	markup_append_dot(&out, slice_from("a\"\\\nb"));
	assert_string_equal(out.data, "a\\\"\\\\ b");
	buffer_fini(&out);
}

static void as_text(void **state)
{
	struct render_style style = { .width = 60 };
	struct buffer out = { 0 };

	assert_true(guide_print_text(&guide, &style, &out));
	assert_null(strchr(out.data, '\x1b'));
	keep("guide.txt", &out);
	assert_non_null(strstr(out.data, "  1. 提交申请并等待\n"));
	assert_non_null(strstr(out.data, "     须先完成：1\n"));
	assert_non_null(strstr(out.data, "     交材料：营业执照、audit\n"));
	assert_non_null(strstr(out.data, "     沿用已交：营业执照\n"));
	assert_non_null(strstr(out.data, "    现有资料未载明办理步骤，请向主管部门询问\n"));
	assert_non_null(strstr(out.data, "    免申即享：无需提交申请\n"));
	assert_non_null(strstr(out.data,
			"合计：至少 5 个工作日（2 个步骤的时限未载明）；合并办理少交\n"
			"      材料 1 份\n关键步骤：1\n"));
	buffer_clear(&out);
	style.english = true;
	assert_true(guide_print_text(&guide, &style, &out));
	assert_non_null(strstr(out.data, "In all: at least 5 working days"));
	buffer_fini(&out);
}

static void as_graphs(void **state)
{
	const struct render_style style = { .width = 80 };
	struct buffer out = { 0 };

	assert_true(guide_print_mermaid(&guide, &style, &out));
	assert_non_null(strstr(out.data, "  s1 --> s2\n"));
	assert_null(strstr(out.data, "<script"));
	keep("guide.mmd", &out);
	buffer_clear(&out);
	assert_true(guide_print_dot(&guide, &style, &out));
	assert_non_null(strstr(out.data, "  s1 -> s3;\n"));
	keep("guide.dot", &out);
	buffer_clear(&out);
	assert_true(guide_print_svg(&guide, &style, true, &out));
	assert_null(strstr(out.data, "<script"));
	assert_non_null(strstr(out.data, "class=\"box critical\""));
	keep("guide.svg", &out);
	buffer_fini(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escaped),
		cmocka_unit_test(as_text),
		cmocka_unit_test(as_graphs),
	};

	folder = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, set_up, NULL);
}
