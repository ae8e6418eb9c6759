/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the catalog: lists are read page after page into one handle. */
#include "client/lib/client_internal.h"

#include "client/lib/list.h"

struct pcalc_policies {
	struct list list;
};
struct pcalc_attributes {
	struct list list;
};
struct pcalc_revisions {
	struct list list;
};
struct pcalc_policy {
	struct arena arena;
	const Policycalc__V1__GetPolicyResponse *response;
};

pcalc_policies *pcalc_policies_list(pcalc_client *client,
		const struct pcalc_policy_filter *filter, struct pcalc_failure *failure)
{
	pcalc_policies *policies = handle_new(sizeof(*policies), failure);
	Policycalc__V1__ListPoliciesRequest request =
			POLICYCALC__V1__LIST_POLICIES_REQUEST__INIT;
	const Policycalc__V1__ListPoliciesResponse *page;
	bool last = false;

	request.page_size = 1000;
	if (filter) {
		request.search = (char *)(uintptr_t)(filter->search ? filter->search : "");
		request.department = (char *)(uintptr_t)(filter->department ? filter->department
									    : "");
		request.as_of = (char *)(uintptr_t)(filter->as_of ? filter->as_of : "");
		request.kind = (Policycalc__V1__Kind)filter->kind;
		request.level = (Policycalc__V1__Level)filter->level;
		request.open = filter->open;
		request.revision = filter->revision;
	}
	while (policies && !last) {
		page = (const Policycalc__V1__ListPoliciesResponse *)client_call(client,
				CATALOG_PATH "ListPolicies", &request.base,
				&policycalc__v1__list_policies_response__descriptor,
				&policies->list.arena, failure);
		if (!page || !list_add_page(&policies->list, page->policies,
					     page->n_policies)) {
			if (page)
				(void)failure_out_of_memory(failure);
			pcalc_policies_free(policies);
			return NULL;
		}
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
		request.revision = page->revision;
	}
	return policies;
}

void pcalc_policies_free(pcalc_policies *policies)
{
	handle_free(policies);
}

size_t pcalc_policies_count(const pcalc_policies *policies)
{
	return policies->list.count;
}

bool pcalc_policies_get(const pcalc_policies *policies, size_t index,
		struct pcalc_policy_summary *out_policy)
{
	const Policycalc__V1__PolicySummary *policy;

	if (index >= policies->list.count)
		return false;
	policy = policies->list.items[index];
	*out_policy = (struct pcalc_policy_summary){
		.id = policy->id,
		.series = policy->series,
		.title = text_from(policy->title),
		.summary = text_from(policy->summary),
		.kind = (int)policy->kind,
		.level = (int)policy->level,
		.document_number = policy->document_number,
	};
	return true;
}

pcalc_policy *pcalc_policy_get(pcalc_client *client, const char *id, const char *as_of,
		struct pcalc_failure *failure)
{
	pcalc_policy *policy = handle_new(sizeof(*policy), failure);
	Policycalc__V1__GetPolicyRequest request = POLICYCALC__V1__GET_POLICY_REQUEST__INIT;

	if (!policy)
		return NULL;
	request.id = (char *)(uintptr_t)(id ? id : "");
	request.as_of = (char *)(uintptr_t)(as_of ? as_of : "");
	policy->response = (const Policycalc__V1__GetPolicyResponse *)client_call(client,
			CATALOG_PATH "GetPolicy", &request.base,
			&policycalc__v1__get_policy_response__descriptor, &policy->arena,
			failure);
	if (policy->response && policy->response->policy)
		return policy;
	if (policy->response)
		(void)failure_set(failure, PCALC_INTERNAL, "an answer without a policy");
	pcalc_policy_free(policy);
	return NULL;
}

void pcalc_policy_free(pcalc_policy *policy)
{
	handle_free(policy);
}

struct pcalc_policy_summary pcalc_policy_summary_get(const pcalc_policy *policy)
{
	const Policycalc__V1__Policy *message = policy->response->policy;

	return (struct pcalc_policy_summary){
		.id = message->id,
		.series = message->series,
		.title = text_from(message->title),
		.summary = text_from(message->summary),
		.kind = (int)message->kind,
		.level = (int)message->level,
		.document_number = message->document_number,
	};
}

bool pcalc_policy_condition(const pcalc_policy *policy, size_t index, const char **out_id,
		struct pcalc_text *out_label, const char **out_rule)
{
	const Policycalc__V1__Policy *message = policy->response->policy;

	if (index >= message->n_conditions)
		return false;
	*out_id = message->conditions[index]->id;
	*out_label = text_from(message->conditions[index]->label);
	*out_rule = message->conditions[index]->rule;
	return true;
}

pcalc_attributes *pcalc_attributes_list(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_attributes *attributes = handle_new(sizeof(*attributes), failure);
	Policycalc__V1__ListAttributesRequest request =
			POLICYCALC__V1__LIST_ATTRIBUTES_REQUEST__INIT;
	const Policycalc__V1__ListAttributesResponse *page;
	bool last = false;

	while (attributes && !last) {
		page = (const Policycalc__V1__ListAttributesResponse *)client_call(client,
				CATALOG_PATH "ListAttributes", &request.base,
				&policycalc__v1__list_attributes_response__descriptor,
				&attributes->list.arena, failure);
		if (!page || !list_add_page(&attributes->list, page->attributes,
					     page->n_attributes)) {
			if (page)
				(void)failure_out_of_memory(failure);
			pcalc_attributes_free(attributes);
			return NULL;
		}
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
		request.revision = page->revision;
	}
	return attributes;
}

void pcalc_attributes_free(pcalc_attributes *attributes)
{
	handle_free(attributes);
}

size_t pcalc_attributes_count(const pcalc_attributes *attributes)
{
	return attributes->list.count;
}

bool pcalc_attributes_get(const pcalc_attributes *attributes, size_t index,
		struct pcalc_attribute *out_attribute)
{
	const Policycalc__V1__Attribute *attribute;

	if (index >= attributes->list.count)
		return false;
	attribute = attributes->list.items[index];
	*out_attribute = (struct pcalc_attribute){
		.name = attribute->name,
		.item_list = attribute->item_list,
		.label = text_from(attribute->label),
		.question = text_from(attribute->question),
		.unit = text_from(attribute->unit),
		.type = (int)attribute->type,
		.deprecated = attribute->deprecated,
		.derived = attribute->derived != NULL,
	};
	return true;
}

pcalc_revisions *pcalc_catalog_revisions(pcalc_client *client, struct pcalc_failure *failure)
{
	pcalc_revisions *revisions = handle_new(sizeof(*revisions), failure);
	Policycalc__V1__ListRevisionsRequest request =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;
	const Policycalc__V1__ListRevisionsResponse *page;
	bool last = false;

	request.page_size = 1000;
	while (revisions && !last) {
		page = (const Policycalc__V1__ListRevisionsResponse *)client_call(client,
				CATALOG_PATH "ListRevisions", &request.base,
				&policycalc__v1__list_revisions_response__descriptor,
				&revisions->list.arena, failure);
		if (!page || !list_add_page(&revisions->list, page->revisions,
					     page->n_revisions)) {
			if (page)
				(void)failure_out_of_memory(failure);
			pcalc_revisions_free(revisions);
			return NULL;
		}
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
	}
	return revisions;
}

void pcalc_revisions_free(pcalc_revisions *revisions)
{
	handle_free(revisions);
}

size_t pcalc_revisions_count(const pcalc_revisions *revisions)
{
	return revisions->list.count;
}

bool pcalc_revisions_get(const pcalc_revisions *revisions, size_t index,
		struct pcalc_revision *out_revision)
{
	const Policycalc__V1__Revision *revision;

	if (index >= revisions->list.count)
		return false;
	revision = revisions->list.items[index];
	*out_revision = (struct pcalc_revision){
		.number = revision->number,
		.content_hash = revision->content_hash,
		.published_at = revision->published_at,
		.author = revision->author,
		.note = revision->note,
		.policy_count = revision->policy_count,
	};
	return true;
}
