/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is found for a policy is who Match says has it, of all firms one after another: by verdict, near
 * or not, narrowed by region, industry and size, in every order, with and without a limit.
 *
 * usage: test_find STARTER
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "effort.h"
#include "firms.h"

#include "base/memory.h"
#include "calculator/size.h"
#include "proto/codec/codec.h"
#include "registry/find.h"
#include "registry/firm.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define SORT(word) POLICYCALC__V1__FIND_SORT__FIND_SORT_##word
#define FIRMS 400
/* How many they are, and what is between two ids, so that they lie in six blocks. */
#define SPARSELY effort_step(2)
#define FIRMS_HERE ((int64_t)(FIRMS / SPARSELY))
#define APART ((int64_t)(60 * SPARSELY))

typedef Policycalc__V1__FindEnterprisesRequest request_message;

static const char *starter;

struct told {
	int64_t id;
	int64_t least, most;
	int64_t cost; /* -1: not near */
	int64_t verdict;
};

struct hearing {
	struct told list[FIRMS];
	size_t count;
	size_t fails_at; /* 0: never */
};

struct fixture {
	struct firms firms;
	struct arena arena;
	struct crew *crew;
};

static struct told told_of(int64_t id, const Policycalc__V1__PolicyAnswer *answer)
{
	return (struct told){
		.id = id,
		.least = answer->amount ? answer->amount->least_fen : 0,
		.most = answer->amount ? answer->amount->most_fen : 0,
		.cost = answer->n_near ? answer->near[0]->cost_ppm : -1,
		.verdict = (int64_t)answer->verdict,
	};
}

static bool on_pack(const Policycalc__V1__FoundEnterprise *found, struct buffer *out)
{
	return message_pack(&found->base, out);
}

static bool on_found(void *context, struct slice packed, struct error *err)
{
	struct hearing *hearing = context;
	const Policycalc__V1__FoundEnterprise *found;
	struct arena call;

	assert_true(hearing->count < FIRMS);
	arena_init(&call, (size_t)16 << 20);
	found = (const Policycalc__V1__FoundEnterprise *)message_unpack(packed,
			&policycalc__v1__found_enterprise__descriptor, &message_limits_default,
			&call, err);
	if (found)
		hearing->list[hearing->count++] = told_of(found->id / APART, found->answer);
	arena_fini(&call);
	if (!found) /* reading takes memory, too; anything else is no error of memory */
		return false;
	return hearing->count != hearing->fails_at || error_set(err, ERROR_CANCELLED, "enough");
}

static bool search_with(struct fixture *fixture, const request_message *request,
		struct crew *crew, struct hearing *hearing,
		Policycalc__V1__FindSummary **out_summary, struct error *err)
{
	struct find_options options = {
		.ruleset = fixture->firms.ruleset,
		.request = request,
		.today = FIRMS_DAY,
		.cache = fixture->firms.cache,
		.sequence = 1,
		.last_id = firms_last_id(&fixture->firms),
		.crew = crew,
		.pack = on_pack,
		.context = hearing,
		.found = on_found,
	};
	struct violations violations;
	struct find *find = find_new(&options, &fixture->arena, &violations, err);
	bool more = true;
	bool ok = find != NULL;

	while (ok && more)
		ok = find_step(find, &more, err);
	if (ok) {
		assert_int_equal(find_done(find), FIRMS_HERE * APART);
		*out_summary = find_summary(find, err);
		ok = *out_summary != NULL;
	}
	find_free(find);
	return ok;
}

static void assert_same_summary(
		const Policycalc__V1__FindSummary *a, const Policycalc__V1__FindSummary *b)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };

	assert_true(message_pack(&a->base, &left) && message_pack(&b->base, &right));
	assert_int_equal(left.size, right.size);
	assert_memory_equal(left.data, right.data, left.size);
	buffer_fini(&left);
	buffer_fini(&right);
}

/* On one thread and on three, which tell the same. */
static bool search(struct fixture *fixture, const request_message *request,
		struct hearing *hearing, Policycalc__V1__FindSummary **out_summary,
		struct error *err)
{
	struct hearing together = { .fails_at = hearing->fails_at };
	Policycalc__V1__FindSummary *summary = NULL;
	struct error failure = { 0 };
	bool ok = search_with(fixture, request, NULL, hearing, out_summary, err);

	assert_int_equal(ok, search_with(fixture, request, fixture->crew, &together, &summary,
					     &failure));
	assert_int_equal(hearing->count, together.count);
	assert_memory_equal(
			hearing->list, together.list, hearing->count * sizeof(*hearing->list));
	if (ok)
		assert_same_summary(*out_summary, summary);
	return ok;
}

/* --- one after another ------------------------------------------------------------------------ */

static const char *code_of(const Policycalc__V1__Profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_attributes; i++) {
		if (strcmp(profile->attributes[i]->name, name) == 0)
			return profile->attributes[i]->value->code;
	}
	return NULL;
}

static bool is_asked_about(struct fixture *fixture, const request_message *request, int64_t id)
{
	const struct ruleset *ruleset = fixture->firms.ruleset;
	const struct catalog *catalog = ruleset_catalog(ruleset);
	const Policycalc__V1__Profile *profile = fixture->firms.profiles[id - 1];
	const char *region = code_of(profile, "region");
	const char *industry = code_of(profile, "industry");
	enum firm_size size = FIRM_SIZE_UNKNOWN;
	struct error err;
	struct arena call;

	if (*request->region && (!region || !firm_region_is_within(catalog,
							    firm_region_of_code(catalog,
									    slice_from(region)),
							    firm_region_find(catalog,
									    request->region))))
		return false;
	if (*request->industry) {
		industry = industry ? firm_industry_code(catalog, industry, &fixture->arena)
				    : NULL;
		if (!industry || strncmp(industry, request->industry,
						 strlen(request->industry)) != 0)
			return false;
	}
	if (request->size == 0)
		return true;
	arena_init(&call, (size_t)64 << 20);
	assert_true(ruleset_firm_size(ruleset, profile, FIRMS_DAY, &call, &size, &err));
	arena_fini(&call);
	return (int)size == (int)request->size;
}

static bool is_wanted(const request_message *request, const struct told *told)
{
	for (size_t i = 0; i < request->n_verdicts; i++) {
		if (told->verdict == (int64_t)request->verdicts[i])
			return true;
	}
	return (request->n_verdicts == 0 && !request->only_near &&
			       told->verdict == VERDICT(ELIGIBLE)) ||
	       ((request->near || request->only_near) && told->cost >= 0);
}

static const request_message *sorting;

static int64_t rank(const struct told *told)
{
	if (told->cost >= 0)
		return 1;
	return told->verdict == VERDICT(ELIGIBLE) ? 0 : 2 + VERDICT(ELIGIBLE) - told->verdict;
}

static int compare(const void *a, const void *b)
{
	const struct told *left = a;
	const struct told *right = b;

	if (sorting->sort == SORT(AMOUNT) && left->least != right->least)
		return left->least > right->least ? -1 : 1;
	if (sorting->sort == SORT(AMOUNT) && left->most != right->most)
		return left->most > right->most ? -1 : 1;
	if (sorting->sort == SORT(DISTANCE) && rank(left) != rank(right))
		return rank(left) < rank(right) ? -1 : 1;
	if (sorting->sort == SORT(DISTANCE) && left->cost != right->cost)
		return left->cost < right->cost ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

/* All that fit, in order, and how many have which verdict. */
static size_t expect(struct fixture *fixture, const request_message *request,
		const char *policy, struct told *out_list,
		int64_t counts[VERDICT(ELIGIBLE) + 1])
{
	Policycalc__V1__MatchRequest like = POLICYCALC__V1__MATCH_REQUEST__INIT;
	char *policies[] = { (char *)policy };
	size_t count = 0;

	like.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	like.policies = policies;
	like.n_policies = 1;
	like.near = request->near || request->only_near;
	for (int64_t id = 1; id <= FIRMS_HERE; id++) {
		const Policycalc__V1__MatchResponse *response;
		struct told told;
		struct arena call;

		if (!is_asked_about(fixture, request, id))
			continue;
		arena_init(&call, (size_t)64 << 20);
		response = firms_match(&fixture->firms, id, &like, &call);
		assert_non_null(response);
		told = told_of(id, response->answers[0]);
		arena_fini(&call);
		counts[told.verdict]++;
		if (is_wanted(request, &told))
			out_list[count++] = told;
	}
	sorting = request;
	qsort(out_list, count, sizeof(*out_list), compare);
	return count;
}

static size_t compare_all(
		struct fixture *fixture, const request_message *request, const char *policy)
{
	struct hearing hearing = { .count = 0 };
	struct told expected[FIRMS];
	int64_t counts[VERDICT(ELIGIBLE) + 1] = { 0 };
	size_t count = expect(fixture, request, policy, expected, counts);
	size_t most = request->limit && (size_t)request->limit < count ? (size_t)request->limit
								       : count;
	Policycalc__V1__FindSummary *summary = NULL;
	struct error err = { 0 };
	int64_t total = 0;

	if (!search(fixture, request, &hearing, &summary, &err))
		fail_msg("%s", err.message);
	assert_int_equal(hearing.count, most);
	for (size_t i = 0; i < most; i++)
		assert_memory_equal(&hearing.list[i], &expected[i], sizeof(expected[i]));
	assert_string_equal(summary->policy_id, policy);
	assert_int_equal(summary->told, most);
	if (request->sort > SORT(ID))
		assert_int_equal(summary->left_out, count - most);
	assert_int_equal(summary->looked_at, request->sort > SORT(ID) ? count : most);
	for (size_t i = 0; i < summary->n_counts; i++) {
		assert_int_equal(
				summary->counts[i]->count, counts[summary->counts[i]->verdict]);
		total += summary->counts[i]->count;
	}
	for (int i = 0; i <= VERDICT(ELIGIBLE); i++)
		total -= counts[i];
	assert_int_equal(total, 0);
	assert_int_equal(summary->refused, 0);
	return count;
}

/* --- tests ------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct error err = { 0 };

	firms_init(&fixture->firms, starter, FIRMS_HERE, 90, 2, 3);
	firms_spread(&fixture->firms, APART);
	fixture->crew = crew_new(3, &err);
	assert_non_null(fixture->crew);
	arena_init(&fixture->arena, (size_t)1 << 30);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	crew_free(fixture->crew);
	firms_fini(&fixture->firms);
	arena_fini(&fixture->arena);
	free(fixture);
	return 0;
}

static void who_has_it(void **state)
{
	struct fixture *fixture = *state;
	const struct catalog *catalog = ruleset_catalog(fixture->firms.ruleset);
	size_t found = 0;

	for (size_t i = 0; i < catalog->policy_count; i += effort_step(4)) {
		request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;

		request.policy = catalog->policies[i]->id;
		found += compare_all(fixture, &request, request.policy);
	}
	print_message("%zu times somebody has it\n", found);
	assert_true(found > 100 / (effort_step(4) * effort_step(2) * SPARSELY));
}

static void who_is_near(void **state)
{
	static const char *const policies[] = { "henan-stability-refund-2025",
		"national-srdi-2026", "national-htne-2016", "smx-transformation-2022",
		"henan-rd-subsidy-2018" };
	struct fixture *fixture = *state;
	int64_t near = 0;

	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
		struct told list[FIRMS];
		int64_t counts[VERDICT(ELIGIBLE) + 1] = { 0 };
		size_t count;

		request.policy = (char *)policies[i];
		request.near = true;
		request.sort = i % 2 ? SORT(DISTANCE) : SORT(ID);
		compare_all(fixture, &request, policies[i]);
		request.near = false;
		request.only_near = true;
		compare_all(fixture, &request, policies[i]);
		count = expect(fixture, &request, policies[i], list, counts);
		for (size_t k = 0; k < count; k++)
			near += list[k].cost >= 0;
	}
	print_message("%lld are near\n", (long long)near);
	assert_true(near * SPARSELY > 20);
}

static void orders_and_limits(void **state)
{
	struct fixture *fixture = *state;
	Policycalc__V1__Verdict verdicts[] = { VERDICT(ELIGIBLE), VERDICT(NEEDS_REVIEW),
		VERDICT(NEEDS_INFORMATION), VERDICT(INELIGIBLE), VERDICT(NOT_OPEN) };
	request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;

	request.policy = (char *)"henan-stability-refund-2025";
	request.verdicts = verdicts;
	request.n_verdicts = 5;
	for (int sort = 0; sort <= SORT(DISTANCE); sort++) {
		static const int32_t limits[] = { 0, 1, 7, 100, 10000 };

		request.sort = (Policycalc__V1__FindSort)sort;
		for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i += effort_step(2)) {
			request.limit = limits[i];
			compare_all(fixture, &request, request.policy);
		}
	}
	request.n_verdicts = 2;
	request.limit = 0;
	compare_all(fixture, &request, request.policy);
}

static void places_and_sizes(void **state)
{
	static const struct {
		const char *region, *industry;
		int size;
	} narrows[] = { { "411200", "", 0 }, { "三门峡市", "", 0 }, { "灵宝市", "", 0 },
		{ "", "C", 0 }, { "", "C3", 0 }, { "410000", "C", 0 },
		{ "", "", FIRM_SIZE_MICRO }, { "", "", FIRM_SIZE_SMALL },
		{ "", "", FIRM_SIZE_MEDIUM }, { "", "", FIRM_SIZE_LARGE },
		{ "", "", FIRM_SIZE_NONE }, { "411200", "C", FIRM_SIZE_SMALL } };
	struct fixture *fixture = *state;
	size_t found = 0;

	for (size_t i = 0; i < sizeof(narrows) / sizeof(*narrows); i++) {
		request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
		Policycalc__V1__Verdict all[] = { VERDICT(ELIGIBLE), VERDICT(INELIGIBLE) };

		request.policy = (char *)"henan-stability-refund-2025";
		request.verdicts = all;
		request.n_verdicts = 2;
		request.region = (char *)narrows[i].region;
		request.industry = (char *)narrows[i].industry;
		request.size = (Policycalc__V1__FirmSize)narrows[i].size;
		found += compare_all(fixture, &request, request.policy);
	}
	assert_true(found * SPARSELY > 100);
}

static void what_is_lacking(void **state)
{
	struct fixture *fixture = *state;
	Policycalc__V1__Verdict undecided[] = { VERDICT(NEEDS_INFORMATION) };
	request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
	struct hearing hearing = { .count = 0 };
	Policycalc__V1__FindSummary *summary;
	struct error err;

	request.policy = (char *)"smx-rd-award-2022";
	request.verdicts = undecided;
	request.n_verdicts = 1;
	assert_true(search(fixture, &request, &hearing, &summary, &err));
	assert_true(hearing.count > 0);
	assert_true(summary->n_lacks >= 1);
	for (size_t i = 0; i < summary->n_lacks; i++) {
		const Policycalc__V1__LackCount *lack = summary->lacks[i];

		assert_true(lack->count <= summary->told && lack->alone <= lack->count);
		assert_true(i == 0 || lack->count <= summary->lacks[i - 1]->count);
		assert_non_null(lack->label);
	}
	/* Nothing but these two facts decides it, so that whoever is undecided lacks one of them. */
	assert_true(summary->lacks[0]->count +
					(summary->n_lacks > 1 ? summary->lacks[1]->count : 0) >=
			summary->told);
}

static void wrong_requests(void **state)
{
	static const struct {
		const char *policy, *region, *industry, *as_of;
		int size, sort, limit, verdict;
		enum error_code code;
	} cases[] = {
		{ "", "", "", "", 0, 0, 0, 6, ERROR_INVALID },
		{ "no-such", "", "", "", 0, 0, 0, 6, ERROR_NOT_FOUND },
		{ "national-htne-2016", "nowhere", "", "", 0, 0, 0, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "9", "", 0, 0, 0, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "2025-02-30", 0, 0, 0, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "", 9, 0, 0, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "", 0, 7, 0, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "", 0, 0, -1, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "", 0, 2, 10001, 6, ERROR_INVALID },
		{ "national-htne-2016", "", "", "", 0, 0, 0, 99, ERROR_INVALID },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
		Policycalc__V1__Verdict verdict = (Policycalc__V1__Verdict)cases[i].verdict;
		struct hearing hearing = { .count = 0 };
		Policycalc__V1__FindSummary *summary;
		struct error err = { 0 };

		request.policy = (char *)cases[i].policy;
		request.region = (char *)cases[i].region;
		request.industry = (char *)cases[i].industry;
		request.as_of = (char *)cases[i].as_of;
		request.size = (Policycalc__V1__FirmSize)cases[i].size;
		request.sort = (Policycalc__V1__FindSort)cases[i].sort;
		request.limit = cases[i].limit;
		request.verdicts = &verdict;
		request.n_verdicts = verdict == 6 ? 0 : 1;
		assert_false(search(fixture, &request, &hearing, &summary, &err));
		assert_int_equal(err.code, cases[i].code);
	}
}

static void who_listens_no_more_ends_it(void **state)
{
	struct fixture *fixture = *state;
	Policycalc__V1__Verdict all[] = { VERDICT(INELIGIBLE) };
	request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
	struct hearing hearing = { .fails_at = 3 };
	Policycalc__V1__FindSummary *summary;
	struct error err = { 0 };

	request.policy = (char *)"national-htne-2016";
	request.verdicts = all;
	request.n_verdicts = 1;
	assert_false(search(fixture, &request, &hearing, &summary, &err));
	assert_int_equal(err.code, ERROR_CANCELLED);
	assert_int_equal(hearing.count, 3);
}

/* Each allocation fails in turn: it is said, or who is found is who is found with memory. */
static void without_memory_with(struct fixture *fixture, struct crew *crew)
{
	request_message request = POLICYCALC__V1__FIND_ENTERPRISES_REQUEST__INIT;
	struct arena_mark mark = arena_mark(&fixture->arena);
	struct hearing expected = { .count = 0 };
	Policycalc__V1__FindSummary *summary;
	struct error err = { 0 };
	unsigned failures = 0;
	bool met = true;

	request.policy = (char *)"smx-rd-award-2022";
	request.near = true;
	request.sort = SORT(AMOUNT);
	request.limit = 20;
	assert_true(search_with(fixture, &request, NULL, &expected, &summary, &err));
	for (unsigned long nth = 1; met; nth += 1 + nth / 8) {
		struct hearing hearing = { .count = 0 };
		bool ok;

		(void)memory_fail_nth(nth, (int)(nth % 2));
		ok = search_with(fixture, &request, crew, &hearing, &summary, &err);
		met = memory_fail_nth(0, 0) >= nth;
		failures += !ok;
		if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_LIMIT)
			fail_msg("allocation %lu: %s", nth, err.message);
		if (ok) {
			assert_int_equal(hearing.count, expected.count);
			assert_memory_equal(hearing.list, expected.list,
					expected.count * sizeof(*expected.list));
		}
		fixture->arena.exhausted = false;
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(failures > 10);
}

static void without_memory(void **state)
{
	struct fixture *fixture = *state;

	without_memory_with(fixture, NULL);
	without_memory_with(fixture, fixture->crew);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_it),
		cmocka_unit_test(who_is_near),
		cmocka_unit_test(orders_and_limits),
		cmocka_unit_test(places_and_sizes),
		cmocka_unit_test(what_is_lacking),
		cmocka_unit_test(wrong_requests),
		cmocka_unit_test(who_listens_no_more_ends_it),
		cmocka_unit_test(without_memory),
	};

	starter = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
