/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "policycalc/diff.h"
#include "policycalc/v1/diff.pb-c.h"

struct pcalc_diff {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__DiffRevisionsResponse *response;
};

pcalc_diff *pcalc_catalog_diff(
		pcalc_client *client, int64_t from, int64_t to, struct pcalc_failure *failure)
{
	Policycalc__V1__DiffRevisionsRequest request =
			POLICYCALC__V1__DIFF_REVISIONS_REQUEST__INIT;
	pcalc_diff *diff = handle_new(sizeof(*diff), failure);

	if (!diff)
		return NULL;
	request.from_revision = from;
	request.to_revision = to;
	diff->response = (const Policycalc__V1__DiffRevisionsResponse *)client_call(client,
			CATALOG_PATH "DiffRevisions", &request.base,
			&policycalc__v1__diff_revisions_response__descriptor, &diff->arena,
			failure);
	if (diff->response)
		return diff;
	pcalc_diff_free(diff);
	return NULL;
}

void pcalc_diff_free(pcalc_diff *diff)
{
	handle_free(diff);
}

int64_t pcalc_diff_from(const pcalc_diff *diff)
{
	return diff->response->from_revision;
}

int64_t pcalc_diff_to(const pcalc_diff *diff)
{
	return diff->response->to_revision;
}

size_t pcalc_diff_count(const pcalc_diff *diff)
{
	return diff->response->n_changes;
}

static const Policycalc__V1__CatalogChange *change_at(const pcalc_diff *diff, size_t index)
{
	return index < diff->response->n_changes ? diff->response->changes[index] : NULL;
}

bool pcalc_diff_get(const pcalc_diff *diff, size_t index, struct pcalc_change *out_change)
{
	const Policycalc__V1__CatalogChange *change = change_at(diff, index);

	if (!change)
		return false;
	*out_change = (struct pcalc_change){
		.kind = (enum pcalc_change_kind)change->kind,
		.entry = (enum pcalc_entry_kind)change->entry,
		.id = change->id,
		.title = text_from(change->title),
		.field_count = change->n_fields,
		.affect_count = change->n_affects,
	};
	return true;
}

/* A value that reads the same in English is sent once. */
static struct pcalc_text value_text(const char *zh, const char *en)
{
	return (struct pcalc_text){ zh, *en ? en : zh };
}

bool pcalc_diff_field(const pcalc_diff *diff, size_t index, size_t field,
		struct pcalc_field_change *out_field)
{
	const Policycalc__V1__CatalogChange *change = change_at(diff, index);
	const Policycalc__V1__FieldChange *found;

	if (!change || field >= change->n_fields)
		return false;
	found = change->fields[field];
	*out_field = (struct pcalc_field_change){
		.path = found->path,
		.kind = (enum pcalc_change_kind)found->kind,
		.before = value_text(found->before, found->before_en),
		.after = value_text(found->after, found->after_en),
		.label = text_from(found->label),
	};
	return true;
}

const char *pcalc_diff_affect(const pcalc_diff *diff, size_t index, size_t affect)
{
	const Policycalc__V1__CatalogChange *change = change_at(diff, index);

	return change && affect < change->n_affects ? change->affects[affect] : NULL;
}
