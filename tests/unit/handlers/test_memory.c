/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers without memory: every method of policycalc.v1 is called over a made-up stream, on a
 * real store with its threads, while each of its allocations is failed in turn, alone and with all
 * that follow. The call ends, well or with RESOURCE_EXHAUSTED, never as if the question or the draft
 * were wrong; and the next one is answered.
 */
#include "base/memory.h"
#include "effort.h"
#include "handlers/push_internal.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "rpc/framing.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static void fill_profile(Policycalc__V1__Profile *profile)
{
	static Policycalc__V1__Value staff = POLICYCALC__V1__VALUE__INIT;
	static Policycalc__V1__Value region = POLICYCALC__V1__VALUE__INIT;
	static Policycalc__V1__AttributeValue facts[3];
	static Policycalc__V1__AttributeValue *list[] = { &facts[0], &facts[1], &facts[2] };

	policycalc__v1__profile__init(profile);
	staff.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	staff.count = 12;
	region.kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
	region.code = (char *)(uintptr_t) "411282";
	for (size_t i = 0; i < 3; i++)
		policycalc__v1__attribute_value__init(&facts[i]);
	facts[0].name = (char *)(uintptr_t) "staff";
	facts[0].value = &staff;
	facts[1].name = (char *)(uintptr_t) "region";
	facts[1].value = &region;
	facts[2].name = (char *)(uintptr_t) "stafff"; /* a warning, with a word of advice */
	facts[2].value = &staff;
	profile->attributes = list;
	profile->n_attributes = 3;
}

static void make_match(struct world *world, int64_t revision, bool is_wrong, struct buffer *out)
{
	Policycalc__V1__MatchRequest message = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile;

	(void)world;
	fill_profile(&profile);
	message.profile = &profile;
	message.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	message.revision = revision;
	message.limit = is_wrong ? -1 : 0;
	request_add_message(out, &message.base);
}

static void make_current(struct world *world, struct buffer *out)
{
	make_match(world, 0, false, out);
}

static void make_wrong(struct world *world, struct buffer *out)
{
	make_match(world, 0, true, out);
}

static void make_old(struct world *world, struct buffer *out)
{
	world_forget(world);
	make_match(world, 1, false, out);
}

static void make_stream(struct world *world, struct buffer *out)
{
	static const int64_t revisions[] = { 0, 1, 0 };
	Policycalc__V1__Profile profile;

	world_forget(world);
	fill_profile(&profile);
	for (int i = 0; i < 4; i++) {
		Policycalc__V1__MatchStreamRequest message =
				POLICYCALC__V1__MATCH_STREAM_REQUEST__INIT;
		Policycalc__V1__MatchRequest match = POLICYCALC__V1__MATCH_REQUEST__INIT;

		match.profile = &profile;
		match.revision = i < 3 ? revisions[i] : 0;
		match.limit = i == 2 ? -1 : 0;
		message.match = i < 3 ? &match : NULL;
		request_add_message(out, &message.base);
	}
}

static void make_list_policies(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListPoliciesRequest message =
			POLICYCALC__V1__LIST_POLICIES_REQUEST__INIT;

	(void)world;
	message.page_size = 1;
	message.open = true;
	request_add_message(out, &message.base);
}

static void make_get_policy(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetPolicyRequest message = POLICYCALC__V1__GET_POLICY_REQUEST__INIT;

	(void)world;
	message.id = (char *)(uintptr_t) "rd-2024";
	request_add_message(out, &message.base);
}

static void make_list_attributes(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListAttributesRequest message =
			POLICYCALC__V1__LIST_ATTRIBUTES_REQUEST__INIT;

	(void)world;
	message.page_size = 3;
	request_add_message(out, &message.base);
}

static void make_list_revisions(struct world *world, struct buffer *out)
{
	Policycalc__V1__ListRevisionsRequest message =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;

	(void)world;
	request_add_message(out, &message.base);
}

static void make_export(struct world *world, struct buffer *out)
{
	Policycalc__V1__ExportCatalogRequest message =
			POLICYCALC__V1__EXPORT_CATALOG_REQUEST__INIT;

	(void)world;
	request_add_message(out, &message.base);
}

/* A draft with findings. */
static void make_check(struct world *world, struct buffer *out)
{
	struct fixture *fixture = world->fixture;

	for (size_t i = 0; i < fixture->draft.count; i++) {
		Policycalc__V1__CheckCatalogRequest message =
				POLICYCALC__V1__CHECK_CATALOG_REQUEST__INIT;
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;
		struct slice content = fixture->draft.files[i].content;

		file.path = (char *)(uintptr_t)fixture->draft.files[i].path;
		file.content.data = (uint8_t *)(uintptr_t)content.data;
		file.content.len = content.size - (i == 0 ? 40 : 0);
		message.file = &file;
		request_add_message(out, &message.base);
	}
}

static void make_bad_publish(struct world *world, struct buffer *out)
{
	Policycalc__V1__PublishCatalogRequest message =
			POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
	Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

	file.path = (char *)(uintptr_t) "attributes.yaml";
	file.content.data = (uint8_t *)(uintptr_t) "bogus: 1\n";
	file.content.len = 9;
	message.file = &file;
	message.base_revision = world->current;
	request_add_message(out, &message.base);
}

/* --- the registry ---------------------------------------------------------------------------- */

#define KNOWN_CODE "91411282MA00000015" /* test_every_method() puts it there */

static void add_import(struct buffer *out, const char *uscc, int64_t staff)
{
	Policycalc__V1__ImportEnterprisesRequest message =
			POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__INIT;
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportRows rows = POLICYCALC__V1__IMPORT_ROWS__INIT;
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;
	Policycalc__V1__AttributeValue fact = POLICYCALC__V1__ATTRIBUTE_VALUE__INIT;
	Policycalc__V1__AttributeValue *facts[] = { &fact };
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__Profile *profiles[] = { &profile };

	header.supplier = (char *)(uintptr_t) "tester";
	header.date = (char *)(uintptr_t) "2025-12-31";
	message.part_case = POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__PART_HEADER;
	message.header = &header;
	request_add_message(out, &message.base);
	value.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	value.count = staff;
	fact.name = (char *)(uintptr_t) "staff";
	fact.value = &value;
	profile.uscc = (char *)(uintptr_t)uscc;
	profile.attributes = facts;
	profile.n_attributes = 1;
	rows.first_row = 1;
	rows.profiles = profiles;
	rows.n_profiles = 1;
	message.part_case = POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__PART_ROWS;
	message.rows = &rows;
	request_add_message(out, &message.base);
}

/* Something changes every time, and every other time someone is new. */
static void make_import(struct world *world, struct buffer *out)
{
	static int64_t staff;
	char uscc[32];

	(void)world;
	staff++;
	(void)snprintf(uscc, sizeof(uscc), "91411282MA%07lld0",
			(long long)(staff / 2 * 31 % 9999999));
	add_import(out, uscc, staff);
}

static void make_get_enterprise(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetEnterpriseRequest message =
			POLICYCALC__V1__GET_ENTERPRISE_REQUEST__INIT;

	(void)world;
	message.uscc = (char *)(uintptr_t)KNOWN_CODE;
	message.history = true;
	request_add_message(out, &message.base);
}

static void make_get_registry(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetRegistryRequest message = POLICYCALC__V1__GET_REGISTRY_REQUEST__INIT;

	(void)world;
	request_add_message(out, &message.base);
}

static void make_subscription(struct world *world, struct buffer *out)
{
	Policycalc__V1__SetSubscriptionRequest message =
			POLICYCALC__V1__SET_SUBSCRIPTION_REQUEST__INIT;
	Policycalc__V1__Subscription subscription = POLICYCALC__V1__SUBSCRIPTION__INIT;

	(void)world;
	subscription.uscc = (char *)(uintptr_t)KNOWN_CODE;
	subscription.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_WEEKLY;
	message.subscription = &subscription;
	request_add_message(out, &message.base);
}

static void make_by_code(struct world *world, struct buffer *out)
{
	Policycalc__V1__MatchRequest message = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile;

	(void)world;
	fill_profile(&profile);
	message.profile = &profile;
	message.enterprise = (char *)(uintptr_t)KNOWN_CODE;
	request_add_message(out, &message.base);
}

static void make_stream_by_code(struct world *world, struct buffer *out)
{
	Policycalc__V1__MatchStreamRequest message = POLICYCALC__V1__MATCH_STREAM_REQUEST__INIT;
	Policycalc__V1__MatchRequest match = POLICYCALC__V1__MATCH_REQUEST__INIT;

	(void)world;
	match.enterprise = (char *)(uintptr_t)KNOWN_CODE;
	message.match = &match;
	request_add_message(out, &message.base);
	request_add_message(out, &message.base);
	/* Wrong ones come after two that are good, as check_stream_answers() expects. */
	match.enterprise = (char *)(uintptr_t) "nobody";
	request_add_message(out, &message.base);
}

static void make_combine(struct world *world, struct buffer *out)
{
	Policycalc__V1__CombineRequest message = POLICYCALC__V1__COMBINE_REQUEST__INIT;
	Policycalc__V1__Profile profile;

	(void)world;
	fill_profile(&profile);
	message.profile = &profile;
	request_add_message(out, &message.base);
}

static void make_question(struct world *world, struct buffer *out)
{
	Policycalc__V1__NextQuestionRequest message =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;
	Policycalc__V1__Profile profile;

	(void)world;
	fill_profile(&profile);
	message.profile = &profile;
	request_add_message(out, &message.base);
}

static void make_guide(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetGuideRequest message = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;
	char *policies[] = { (char *)(uintptr_t) "rd-2024" };

	(void)world;
	message.policies = policies;
	message.n_policies = 1;
	request_add_message(out, &message.base);
}

static void make_diff(struct world *world, struct buffer *out)
{
	Policycalc__V1__DiffRevisionsRequest message =
			POLICYCALC__V1__DIFF_REVISIONS_REQUEST__INIT;

	(void)world;
	message.from_revision = 1;
	message.to_revision = 2;
	request_add_message(out, &message.base);
}

static void make_get_subscription(struct world *world, struct buffer *out)
{
	Policycalc__V1__GetSubscriptionRequest message =
			POLICYCALC__V1__GET_SUBSCRIPTION_REQUEST__INIT;

	(void)world;
	message.uscc = (char *)(uintptr_t)KNOWN_CODE;
	request_add_message(out, &message.base);
}

static const struct {
	const char *name;
	const char *path;
	void (*make)(struct world *world, struct buffer *out);
	long status;	     /* with memory */
	unsigned long least; /* allocations that must have failed */
	bool says_less; /* may end as it should, with less detail or with failures inside a stream */
} cases[] = {
	{ "Match", CALCULATOR "Match", make_current, RPC_OK, 3, false },
	{ "Match, wrong", CALCULATOR "Match", make_wrong, RPC_INVALID_ARGUMENT, 3, true },
	{ "Match, old revision", CALCULATOR "Match", make_old, RPC_OK, 20, false },
	{ "MatchStream", CALCULATOR "MatchStream", make_stream, RPC_OK, 20, true },
	{ "ListPolicies", CATALOG "ListPolicies", make_list_policies, RPC_OK, 3, false },
	{ "GetPolicy", CATALOG "GetPolicy", make_get_policy, RPC_OK, 3, false },
	{ "ListAttributes", CATALOG "ListAttributes", make_list_attributes, RPC_OK, 3, false },
	{ "ListRevisions", CATALOG "ListRevisions", make_list_revisions, RPC_OK, 4, false },
	{ "ExportCatalog", CATALOG "ExportCatalog", make_export, RPC_OK, 4, false },
	{ "CheckCatalog", CATALOG "CheckCatalog", make_check, RPC_OK, 20, false },
	{ "PublishCatalog, bad", CATALOG "PublishCatalog", make_bad_publish,
			RPC_FAILED_PRECONDITION, 10, true },
	{ "PublishCatalog", CATALOG "PublishCatalog", publish_request, RPC_OK, 50, false },
	{ "ImportEnterprises", REGISTRY "ImportEnterprises", make_import, RPC_OK, 30, true },
	{ "GetEnterprise", REGISTRY "GetEnterprise", make_get_enterprise, RPC_OK, 5, false },
	{ "GetRegistry", REGISTRY "GetRegistry", make_get_registry, RPC_OK, 5, false },
	{ "SetSubscription", REGISTRY "SetSubscription", make_subscription, RPC_OK, 5, false },
	{ "Match by code", CALCULATOR "Match", make_by_code, RPC_OK, 5, false },
	{ "MatchStream by code", CALCULATOR "MatchStream", make_stream_by_code, RPC_OK, 5,
			true },
	{ "Combine", CALCULATOR "Combine", make_combine, RPC_OK, 3, false },
	{ "NextQuestion", CALCULATOR "NextQuestion", make_question, RPC_OK, 3, false },
	{ "GetGuide", CATALOG "GetGuide", make_guide, RPC_OK, 3, false },
	{ "DiffRevisions", CATALOG "DiffRevisions", make_diff, RPC_OK, 3, false },
	{ "GetSubscription", REGISTRY "GetSubscription", make_get_subscription, RPC_OK, 3,
			false },
};

/* What a stream says of its questions: good, wrong where they are wrong, or no memory. */
static void check_stream_answers(const struct buffer *body)
{
	struct buffer rest = *body;
	int count = 0;

	for (; rest.size > 0; count++) {
		const unsigned char *prefix = (const unsigned char *)rest.data;
		size_t size = FRAMING_PREFIX_SIZE +
			      ((size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 |
					      (size_t)prefix[3] << 8 | prefix[4]);
		Policycalc__V1__MatchStreamResponse *answer = (Policycalc__V1__MatchStreamResponse
						*)first_message(&rest,
				&policycalc__v1__match_stream_response__descriptor);

		assert_non_null(answer);
		if (answer->result_case == POLICYCALC__V1__MATCH_STREAM_RESPONSE__RESULT_ERROR &&
				answer->error->code != RPC_RESOURCE_EXHAUSTED) {
			assert_true(count >= 2);
			assert_int_equal(answer->error->code, RPC_INVALID_ARGUMENT);
		}
		protobuf_c_message_free_unpacked(&answer->base, NULL);
		rest.data += size;
		rest.size -= size;
	}
	assert_true(count <= 4);
}

static void sweep(struct world *world, size_t number, bool persistent)
{
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	unsigned long nth = 1;
	unsigned long count;
	unsigned long exhausted = 0;
	long status;

	assert_true(buffer_reserve(&body, 1 << 20));
	/* A publish has more than a thousand, and takes its time: once each is enough. */
	for (;; nth += cases[number].make != publish_request ? 1
			: persistent			     ? 7
							     : effort_step(5)) {
		assert_true(nth < 100000);
		buffer_clear(&request);
		cases[number].make(world, &request);
		/* What earlier calls left to be used again would hide allocations. */
		rpc_loop_fini(&world->loop);
		status = world_call(world, cases[number].path, &request, &body, nth, persistent,
				&count);
		if (status == RPC_RESOURCE_EXHAUSTED)
			exhausted++;
		else if (status != cases[number].status)
			fail_msg("%s, allocation %lu: status %ld", cases[number].name, nth,
					status);
		else if (persistent && count >= nth && !cases[number].says_less)
			fail_msg("%s came through without memory from allocation %lu on",
					cases[number].name, nth);
		if (cases[number].make == make_stream ||
				cases[number].make == make_stream_by_code)
			check_stream_answers(&body);
		world_read_current(world);
		if (count < nth)
			break;
	}
	buffer_clear(&request);
	cases[number].make(world, &request);
	assert_int_equal(world_call(world, cases[number].path, &request, &body, 0, false,
					 &count),
			cases[number].status);
	world_read_current(world);
	print_message("%s%s: the last of %lu allocations failed, %lu ended the call\n",
			cases[number].name, persistent ? ", with all that follow" : "", nth - 1,
			exhausted);
	assert_true(nth > cases[number].least);
	assert_true(exhausted > 0);
	buffer_fini(&request);
	buffer_fini(&body);
}

static void test_every_method(void **state)
{
	struct world *world = world_open(*state);
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	unsigned long count;

	add_import(&request, KNOWN_CODE, 7);
	assert_int_equal(world_call(world, REGISTRY "ImportEnterprises", &request, &body, 0,
					 false, &count),
			RPC_OK);
	buffer_fini(&request);
	buffer_fini(&body);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sweep(world, i, false);
		sweep(world, i, true);
	}
	world_close(world);
}

/* A region with others in it: all of them are found, or none. */
static void test_regions(void **state)
{
	enum { COUNT = 400 };
	static Policycalc__V1__Region regions[COUNT];
	static Policycalc__V1__Region *list[COUNT];
	static char codes[COUNT][8];
	const struct catalog catalog = { .regions = list, .region_count = COUNT };
	bool met = true;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		(void)snprintf(codes[i], sizeof(codes[i]), "%06zu", 410000 + i);
		policycalc__v1__region__init(&regions[i]);
		regions[i].code = codes[i];
		if (i)
			regions[i].parent = codes[i > 20 ? i % 20 + 1 : 0];
		list[COUNT - 1 - i] = &regions[i];
	}
	for (unsigned long nth = 1; met; nth++) {
		struct slice *found = NULL;
		struct arena arena;
		size_t count;

		arena_init(&arena, 1 << 20);
		/* As the request: so a block ends in the midst of the codes. */
		assert_non_null(arena_alloc(&arena, 100));
		(void)memory_fail_nth(nth, (int)(nth % 2));
		count = push_regions_find(&catalog, "410000", &arena, &found);
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(count, met ? 0 : COUNT);
		for (size_t i = 0; i < count; i++)
			assert_true(slice_equals_text(found[i], codes[i]));
		assert_true(met || nth > 2); /* the list, codes */
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regions),
		cmocka_unit_test_setup_teardown(
				test_every_method, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
