/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CatalogService, what is answered from the compiled catalog: ListPolicies, GetPolicy,
 * ListAttributes. On the loop thread; nothing here is in the database.
 */
#include "base/date.h"
#include "base/map.h"
#include "calculator/parameters.h"
#include "handlers/catalog_search.h"
#include "handlers/internal.h"
#include "handlers/page.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/choice_table.h"

#include <string.h>

#define SERVICE "policycalc.v1.CatalogService"

static void fail_memory(struct rpc_call *call, const char *doing)
{
	struct error err;

	arena_error(rpc_call_arena(call), &err, doing);
	rpc_call_finish_error(call, &err);
}

/* The day of a request, today when it names none; refuses what is no day. */
static bool read_day(struct rpc_call *call, const char *as_of, char out_day[static 11])
{
	struct date date;

	if (!as_of[0]) {
		handlers_today(call_handlers(call), out_day);
		return true;
	}
	if (!date_parse(slice_from(as_of), &date)) {
		call_refuse_field(call, "as_of", "must be a day YYYY-MM-DD");
		return false;
	}
	date_print(date, out_day);
	return true;
}

/*
 * The revision to answer from: that of the page token when there is one. @page is filled from the
 * token, or zeroed.
 */
static bool read_page(struct rpc_call *call, const char *token, int64_t asked_revision,
		struct page *page, int64_t *out_revision)
{
	*page = (struct page){ 0 };
	*out_revision = asked_revision;
	if (!token[0])
		return true;
	if (!page_parse(token, page)) {
		call_refuse_field(call, "page_token", "must be the token of an earlier answer");
		return false;
	}
	if (asked_revision != 0 && asked_revision != page->revision) {
		call_refuse_field(call, "page_token", "is of another revision");
		return false;
	}
	*out_revision = page->revision;
	return true;
}

/* --- ListPolicies ---------------------------------------------------------------------------- */

static uint64_t list_policies_question(const Policycalc__V1__ListPoliciesRequest *request)
{
	uint64_t hash = slice_hash(slice_from(request->search));

	hash = hash * 31 + slice_hash(slice_from(request->department));
	hash = hash * 31 + slice_hash(slice_from(request->as_of));
	return hash * 31 + (uint64_t)request->kind * 64 + (uint64_t)request->level * 2 +
	       (request->open ? 1 : 0);
}

static bool policy_is_open(struct rpc_call *call, const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, const char *day)
{
	const Policycalc__V1__Availability *availability =
			ruleset_availability(ruleset, policy, day, rpc_call_arena(call));

	return availability &&
	       (availability->state == POLICYCALC__V1__AVAILABILITY__STATE__STATE_OPEN ||
			       availability->state ==
					       POLICYCALC__V1__AVAILABILITY__STATE__STATE_WINDOW_NOT_STATED);
}

static void summary_fill(
		Policycalc__V1__PolicySummary *summary, const Policycalc__V1__Policy *policy)
{
	policycalc__v1__policy_summary__init(summary);
	summary->id = policy->id;
	summary->series = policy->series;
	summary->title = policy->title;
	summary->level = policy->level;
	summary->kind = policy->kind;
	summary->departments = policy->departments;
	summary->n_departments = policy->n_departments;
	summary->in_force = policy->in_force;
	summary->summary = policy->summary;
	summary->document_number = policy->document_number;
}

static void answer_list_policies(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__ListPoliciesRequest *request =
			(const Policycalc__V1__ListPoliciesRequest *)message;
	Policycalc__V1__ListPoliciesResponse response =
			POLICYCALC__V1__LIST_POLICIES_RESPONSE__INIT;
	const struct catalog *catalog = ruleset_catalog(ruleset);
	struct arena *arena = rpc_call_arena(call);
	Policycalc__V1__PolicySummary *list;
	struct page page = { 0 };
	struct date date;
	char day[11];
	size_t size, total = 0;

	/* Both were found to be good before the ruleset was looked for. */
	if (!page_size(request->page_size, 100, &size) || !read_day(call, request->as_of, day))
		return;
	if (request->page_token[0]) {
		page_parse(request->page_token, &page);
		date_print(date_from_days(page.day), day);
	}
	list = ARENA_NEW_ARRAY(arena, Policycalc__V1__PolicySummary, size);
	response.policies = ARENA_NEW_ARRAY(arena, Policycalc__V1__PolicySummary *, size);
	if (!list || !response.policies) {
		fail_memory(call, "listing policies");
		return;
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		if (!policy_is_asked_for(policy, request))
			continue;
		if (request->open && !policy_is_open(call, ruleset, policy, day))
			continue;
		if (total >= (size_t)page.position && response.n_policies < size) {
			summary_fill(&list[response.n_policies], policy);
			response.policies[response.n_policies] = &list[response.n_policies];
			response.n_policies++;
		}
		total++;
	}
	if ((size_t)page.position + response.n_policies < total) {
		date_parse(slice_from(day), &date);
		page.position += (int64_t)response.n_policies;
		page.revision = ruleset_revision(ruleset);
		page.day = date_to_days(date);
		page.question = list_policies_question(request);
		response.next_page_token = page_print(&page, arena);
	}
	if (arena->exhausted) {
		fail_memory(call, "listing policies");
		return;
	}
	response.revision = ruleset_revision(ruleset);
	response.total = (int32_t)total;
	call_reply(call, &response.base);
}

static void on_list_policies(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ListPoliciesRequest *request =
			(const Policycalc__V1__ListPoliciesRequest *)message;
	struct page page;
	int64_t revision;
	size_t size;
	char day[11];

	if (!page_size(request->page_size, 100, &size)) {
		call_refuse_field(call, "page_size", "must be 0 to 1000");
		return;
	}
	if (!read_day(call, request->as_of, day) ||
			!read_page(call, request->page_token, request->revision, &page,
					&revision))
		return;
	if (request->page_token[0] &&
			(page.question != list_policies_question(request) ||
					page.day < -719162 || page.day > 2932896)) {
		call_refuse_field(call, "page_token", "is of another question");
		return;
	}
	call_answer(call, message, revision, answer_list_policies);
}

const struct rpc_method catalog_list_policies_method = {
	.service = SERVICE,
	.name = "ListPolicies",
	.input = &policycalc__v1__list_policies_request__descriptor,
	.output = &policycalc__v1__list_policies_response__descriptor,
	.on_message = on_list_policies,
};

/* --- GetPolicy ------------------------------------------------------------------------------- */

static bool has_series(const struct catalog *catalog, const char *series)
{
	for (size_t i = 0; i < catalog->policy_count; i++)
		if (strcmp(catalog->policies[i]->series, series) == 0)
			return true;
	return false;
}

static void answer_get_policy(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__GetPolicyRequest *request =
			(const Policycalc__V1__GetPolicyRequest *)message;
	Policycalc__V1__GetPolicyResponse response = POLICYCALC__V1__GET_POLICY_RESPONSE__INIT;
	const Policycalc__V1__Policy *policy;
	char day[11];

	if (!read_day(call, request->as_of, day))
		return;
	policy = ruleset_find_policy(ruleset, request->id);
	if (!policy)
		policy = ruleset_find_version(ruleset, request->id, day);
	if (!policy) {
		rpc_call_finish(call, RPC_NOT_FOUND,
				has_series(ruleset_catalog(ruleset), request->id)
						? "no version of this series is in force on "
						  "the day"
						: "there is no policy or series of this name");
		return;
	}
	if (!policy_named_parameters(policy, ruleset_catalog(ruleset), rpc_call_arena(call),
			    &response.parameters, &response.n_parameters)) {
		fail_memory(call, "reading a policy");
		return;
	}
	response.policy = (Policycalc__V1__Policy *)policy;
	response.revision = ruleset_revision(ruleset);
	call_reply(call, &response.base);
}

static void on_get_policy(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__GetPolicyRequest *request =
			(const Policycalc__V1__GetPolicyRequest *)message;
	char day[11];

	if (!request->id[0]) {
		call_refuse_field(call, "id", "a policy or a series must be named");
		return;
	}
	if (read_day(call, request->as_of, day))
		call_answer(call, message, request->revision, answer_get_policy);
}

const struct rpc_method catalog_get_policy_method = {
	.service = SERVICE,
	.name = "GetPolicy",
	.input = &policycalc__v1__get_policy_request__descriptor,
	.output = &policycalc__v1__get_policy_response__descriptor,
	.on_message = on_get_policy,
};

/* --- ListAttributes -------------------------------------------------------------------------- */

static void answer_list_attributes(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__ListAttributesRequest *request =
			(const Policycalc__V1__ListAttributesRequest *)message;
	Policycalc__V1__ListAttributesResponse response =
			POLICYCALC__V1__LIST_ATTRIBUTES_RESPONSE__INIT;
	const struct catalog *catalog = ruleset_catalog(ruleset);
	struct arena *arena = rpc_call_arena(call);
	struct choice_tables tables;
	struct page page = { 0 };
	size_t size, i;

	if (!page_size(request->page_size, PAGE_SIZE_MAX, &size))
		return;
	if (request->page_token[0])
		page_parse(request->page_token, &page);
	response.attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__Attribute *, size);
	if (!response.attributes || !choice_tables_init(catalog, arena, &tables)) {
		fail_memory(call, "listing attributes");
		return;
	}
	for (i = (size_t)page.position;
			i < catalog->attribute_count && response.n_attributes < size; i++)
		response.attributes[response.n_attributes++] =
				(Policycalc__V1__Attribute *)(uintptr_t)attribute_with_choices(
						catalog->attributes[i], &tables, arena);
	if (i < catalog->attribute_count) {
		page.position = (int64_t)i;
		page.revision = ruleset_revision(ruleset);
		response.next_page_token = page_print(&page, arena);
	}
	if (arena->exhausted) {
		fail_memory(call, "listing attributes");
		return;
	}
	response.revision = ruleset_revision(ruleset);
	call_reply(call, &response.base);
}

static void on_list_attributes(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ListAttributesRequest *request =
			(const Policycalc__V1__ListAttributesRequest *)message;
	struct page page;
	int64_t revision;
	size_t size;

	if (!page_size(request->page_size, PAGE_SIZE_MAX, &size)) {
		call_refuse_field(call, "page_size", "must be 0 to 1000");
		return;
	}
	if (!read_page(call, request->page_token, request->revision, &page, &revision))
		return;
	if (page.question != 0) {
		call_refuse_field(call, "page_token", "is of another question");
		return;
	}
	call_answer(call, message, revision, answer_list_attributes);
}

const struct rpc_method catalog_list_attributes_method = {
	.service = SERVICE,
	.name = "ListAttributes",
	.input = &policycalc__v1__list_attributes_request__descriptor,
	.output = &policycalc__v1__list_attributes_response__descriptor,
	.on_message = on_list_attributes,
};
