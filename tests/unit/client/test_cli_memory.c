/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading profiles and drawing answers without memory: each allocation is failed in turn, alone and
 * with all that follow. What comes is the whole result or word of short memory, never half of it and
 * never a mistake that nobody made. Allocations of libyaml and jansson are their own: jansson 2.14
 * aborts by itself when its reader gets none (load.c, lex_scan_string).
 */
#include "base/memory.h"
#include "client/cli/profile_file.h"
#include "client/render/explain.h"
#include "client/render/guide.h"
#include "client/render/push.h"
#include "client/render/push_status.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET ((size_t)64 << 20)

static const char ATTRIBUTES[] =
		"{\"attributes\": ["
		"{\"name\": \"staff\", \"type\": \"VALUE_TYPE_COUNT\"},"
		"{\"name\": \"revenue\", \"type\": \"VALUE_TYPE_MONEY\","
		" \"period\": \"PERIOD_YEAR\"},"
		"{\"name\": \"region\", \"type\": \"VALUE_TYPE_CODE\", \"choices\":"
		" [{\"code\": \"411282\", \"label\": {\"zh\": \"灵宝市\"}}]},"
		"{\"name\": \"marks\", \"type\": \"VALUE_TYPE_CODES\", \"choices\":"
		" [{\"code\": \"a\"}, {\"code\": \"b\"}]},"
		"{\"name\": \"sales\", \"type\": \"VALUE_TYPE_MONEY_SERIES\"},"
		"{\"name\": \"cost\", \"type\": \"VALUE_TYPE_MONEY\","
		" \"item_list\": \"projects\"}]}";

static const char JSON[] =
		"{\"uscc\": \"91410000\", \"date\": \"2026-01-01\", \"attributes\": {"
		"\"staff\": 12, \"revenue@2025\": \"3800万元\", \"revenue@2024\": 5, "
		"\"region\": "
		"\"灵宝市\","
		" \"marks\": [], \"sales\": {\"2024\": 100, \"2025\": \"2万元\"}},"
		" \"projects\": [{\"id\": \"p1\", \"cost\": \"200万元\"}, {\"cost\": 7}],"
		" \"loans\": [], \"complete_lists\": [\"hires\", \"projects\"]}";

static const char YAML[] = "uscc: '91410000'\ndate: 2026-01-01\n"
			   "attributes:\n  staff: 12\n  revenue: 3800万元\n  marks: [a, b]\n"
			   "projects:\n  p1: {cost: 200万元}\n";

static const char WRONG[] = "{\"attributes\": {\"stafff\": 1, \"staff\": \"viele\","
			    " \"marks\": [\"c\"]}, \"staff\": 3, \"projects\": 5}";

static const char ANSWER[] =
		"{\"revision\": 3, \"as_of\": \"2026-03-01\", \"answers\": ["
		"{\"policy_id\": \"rd\", \"title\": {\"zh\": \"研发补助\", \"en\": \"R&D\"},"
		" \"verdict\": \"VERDICT_ELIGIBLE\","
		" \"amount\": {\"exactness\": \"EXACTNESS_UP_TO\", \"most_fen\": 80000000},"
		" \"availability\": {\"state\": \"STATE_OPEN\", \"date\": \"2026-06-30\"}},"
		"{\"policy_id\": \"loan\", \"title\": {\"zh\": \"科技贷\"},"
		" \"verdict\": \"VERDICT_NEEDS_INFORMATION\", \"missing\": [\"e.staff\","
		" \"i.cost@projects/p1\"]},"
		"{\"policy_id\": \"srdi\", \"title\": {\"zh\": \"专精特新\"},"
		" \"verdict\": \"VERDICT_INELIGIBLE\", \"conditions\": [{\"id\": \"c\", "
		"\"label\":"
		" {\"zh\": \"从业人数足够多，而且这一句话长得一行写不下，只好折到下一行去\"},"
		" \"status\": \"CONDITION_STATUS_NOT_MET\", \"reasons\": [{\"attribute\":"
		" \"e.staff\", \"observed\": \"6人\", \"required\": \"≥ 10人\", \"distance\":"
		" \"4人\"}]}]}]}";

/* Two of each: what was short for one is not to be forgotten at the next. */
static const char DELIVERIES[] =
		"{\"deliveries\": ["
		"{\"key\": \"k1\", \"tries\": 8, \"changed_at\": \"2026-03-01T08:00:00Z\","
		" \"reason\": \"given up after 8 tries; the last: the receiver answered 503\","
		" \"digest\": {\"uscc\": \"91410300665989305X\", \"name\": \"灵宝某厂\", "
		"\"entries\": ["
		"{\"kind\": \"DELTA_KIND_NEWLY_ELIGIBLE\", \"title\": {\"zh\": \"研发补助\"},"
		" \"amount\": {\"exactness\": \"EXACTNESS_EXACT\", \"least_fen\": 80000000,"
		" \"most_fen\": 80000000}, \"deadline\": \"2026-06-30\","
		" \"reason\": {\"zh\": \"从业人数由 9 人变为 12 人，达到了不少于 10 "
		"人的要求，研发投入也已经足够，"
		"上一年度的营业收入没有减少，所在的县区也属于本项政策适用的范围，因此从本次起符"
		"合条件\"}},"
		"{\"kind\": \"DELTA_KIND_LAPSED\", \"title\": {\"zh\": \"科技贷\"},"
		" \"reason\": {\"zh\": \"已废止\"}}]}},"
		"{\"key\": \"k2\", \"tries\": 1, \"changed_at\": \"2026-03-02T08:00:00Z\","
		" \"reason\": \"Timeout was reached\", \"digest\": {\"uscc\": \"9141\"}}]}";

static const char GUIDE[] =
		"{\"as_of\": \"2026-03-01\", \"working_days\": 5,"
		" \"policies\": [{\"id\": \"rd\", \"title\": {\"zh\": \"研发补助\"}}],"
		" \"materials\": [{\"code\": \"licence\", \"name\": {\"zh\": \"营业执照\"}}],"
		" \"steps\": [{\"policies\": [0], \"title\": {\"zh\": \"提交申请\"},"
		" \"actor\": {\"zh\": \"企业\"}, \"working_days\": 5, \"materials\": [0]},"
		"{\"policies\": [0], \"title\": {\"zh\": \"审核\"}, \"after\": [0], \"depth\": "
		"1,"
		" \"reused_materials\": [0]}]}";

/* --- what is tried: true and the whole result, or false when memory was short ----------------- */

static Policycalc__V1__ListAttributesResponse *attributes;
static Policycalc__V1__MatchResponse *answer;
static Policycalc__V1__ListDeliveriesResponse *deliveries;
static Policycalc__V1__GetGuideResponse *guide;

/* Allocations, where trying ended before the run did. */
static unsigned long tried;

static bool read_profile(const char *text, const char *const *arguments, struct buffer *out)
{
	struct dictionary dictionary = { attributes->attributes, attributes->n_attributes };
	struct diagnostics diagnostics;
	struct profile_builder builder;
	struct arena arena;
	struct error err = { 0 };
	json_t *tree = NULL;
	bool ok = false;

	arena_init(&arena, BUDGET);
	diagnostics_init(&diagnostics, &arena);
	if (!profile_builder_init(&builder, &arena, &dictionary, &diagnostics, false))
		goto out;
	tree = profile_tree_parse(slice_from(text), &err);
	if (!tree) {
		fail_msg("said of a good file: %s", err.message);
		goto out;
	}
	profile_add_tree(&builder, tree, "file");
	for (; *arguments; arguments++)
		profile_add_argument(&builder, *arguments);
	if (arena.exhausted)
		goto out;
	/* The result is not under test any more. */
	tried = memory_fail_nth(0, 0);
	for (size_t i = 0; i < diagnostics.count; i++)
		buffer_format(out, "%s: %s\n", diagnostics.list[i].path,
				diagnostics.list[i].message);
	assert_true(message_pack(&builder.profile->base, out));
	ok = true;
out:
	json_decref(tree);
	arena_fini(&arena);
	return ok;
}

static bool read_json(struct buffer *out)
{
	static const char *const arguments[] = { "staff=13", "revenue@2023=1亿元",
		"projects.p2.cost=3万元", "region=411282", NULL };

	return read_profile(JSON, arguments, out);
}

static bool read_yaml(struct buffer *out)
{
	static const char *const arguments[] = { "uscc=9", "marks=b", NULL };

	return read_profile(YAML, arguments, out);
}

static bool read_wrong(struct buffer *out)
{
	static const char *const arguments[] = { "=", "staf=1", "projects.x=1", "staff=-",
		"projects.p.cots=1", NULL };

	return read_profile(WRONG, arguments, out);
}

static bool draw_table(struct buffer *out)
{
	struct render_style style = { .width = 40, .colour = true };

	return match_print_table(answer, &style, out);
}

static bool draw_explanation(struct buffer *out)
{
	struct render_dictionary dictionary = { attributes->attributes,
		attributes->n_attributes };
	struct render_style style = { .width = 40 };

	return match_print_explanation(answer, &dictionary, &style, out);
}

static bool draw_english(struct buffer *out)
{
	struct render_dictionary dictionary = { 0 };
	struct render_style style = { .width = 80, .english = true, .colour = true };

	return match_print_explanation(answer, &dictionary, &style, out);
}

static bool draw_digest(struct buffer *out)
{
	struct render_style style = { .width = 40 };

	digest_print(&style, deliveries->deliveries[0]->digest, out);
	return !out->failed;
}

static bool draw_dead(struct buffer *out)
{
	struct render_style style = { .width = 80 };

	return dead_print(&style, deliveries->deliveries, deliveries->n_deliveries, out);
}

static bool draw_guide(struct buffer *out)
{
	struct render_style style = { .width = 80 };

	return guide_print_svg(guide, &style, true, out);
}

static const struct {
	const char *name;
	bool (*run)(struct buffer *out);
	bool suggests; /* "did you mean" may be left out; the number of lines stays */
} cases[] = {
	{ "profile in JSON", read_json, false },
	{ "profile in YAML", read_yaml, false },
	{ "profile with mistakes", read_wrong, true },
	{ "table", draw_table, false },
	{ "explanation", draw_explanation, false },
	{ "explanation in English", draw_english, false },
	{ "news of one enterprise", draw_digest, false },
	{ "dead letters", draw_dead, false },
	{ "guide as a drawing", draw_guide, false },
};

static size_t count_lines(const struct buffer *text)
{
	size_t count = 0;

	for (size_t i = 0; i < text->size; i++)
		count += text->data[i] == '\n';
	return count;
}

static void sweep(size_t number, bool persistent, const struct buffer *whole)
{
	unsigned long nth = 0;
	unsigned long came = 0;
	unsigned long count;
	bool ok;

	do {
		struct buffer out = { 0 };

		nth++;
		assert_true(nth < 5000);
		tried = 0;
		(void)memory_fail_nth(nth, persistent);
		ok = cases[number].run(&out);
		count = memory_fail_nth(0, 0);
		if (tried)
			count = tried;
		if (ok)
			came++;
		if (ok && cases[number].suggests) {
			assert_int_equal(count_lines(&out), count_lines(whole));
		} else if (ok) {
			assert_int_equal(out.size, whole->size);
			assert_memory_equal(out.data, whole->data, whole->size);
		}
		buffer_fini(&out);
	} while (count >= nth);
	/* Alone, a failure may be without consequence; each of them must not be. */
	assert_true(nth > 2);
	assert_true(came < nth);
	print_message("%s%s: %lu allocations failed in turn\n", cases[number].name,
			persistent ? ", with all that follow" : "", nth - 1);
}

static void test_every_allocation(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer whole = { 0 };

		assert_true(cases[i].run(&whole));
		assert_true(whole.size > 40);
		sweep(i, false, &whole);
		sweep(i, true, &whole);
		buffer_fini(&whole);
	}
}

static void *message_read(const char *text, const ProtobufCMessageDescriptor *descriptor,
		struct arena *arena)
{
	struct error err = { 0 };
	void *message = message_parse_json(slice_from(text), descriptor, arena, &err);

	if (!message)
		(void)fprintf(stderr, "%s\n", err.message);
	return message;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation) };
	struct arena arena;
	int failed = 1;

	arena_init(&arena, BUDGET);
	attributes = message_read(ATTRIBUTES,
			&policycalc__v1__list_attributes_response__descriptor, &arena);
	answer = message_read(ANSWER, &policycalc__v1__match_response__descriptor, &arena);
	deliveries = message_read(DELIVERIES,
			&policycalc__v1__list_deliveries_response__descriptor, &arena);
	guide = message_read(GUIDE, &policycalc__v1__get_guide_response__descriptor, &arena);
	if (attributes && answer && deliveries && guide)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
