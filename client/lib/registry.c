/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/import_stream.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <string.h>

struct pcalc_import {
	struct call *call;
	struct import_stream stream;
	struct buffer profile; /* the row at hand, encoded */
};

struct pcalc_import_result {
	struct arena arena;
	const Policycalc__V1__ImportEnterprisesResponse *response;
};

struct pcalc_enterprise {
	struct arena arena;
	const Policycalc__V1__GetEnterpriseResponse *response;
	size_t fact_count;
};

/* --- importing -------------------------------------------------------------------------------- */

/* Why the call has ended; NULL is returned. */
static void *import_fail(pcalc_import *import, struct pcalc_failure *failure)
{
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	struct arena arena;

	if (import->stream.rows.failed || import->profile.failed) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	arena_init(&arena, ANSWER_BUDGET);
	(void)call_receive(import->call,
			&policycalc__v1__import_enterprises_response__descriptor, &arena,
			&message, &status);
	arena_fini(&arena);
	if (status.code == PCALC_OK)
		(void)call_status_set(&status, PCALC_INTERNAL,
				"the service has ended the import before its end");
	(void)failure_from_status(failure, &status);
	return NULL;
}

pcalc_import *pcalc_import_open(pcalc_client *client,
		const struct pcalc_import_options *options, struct pcalc_failure *failure)
{
	Policycalc__V1__ImportEnterprisesRequest request =
			POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__INIT;
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	pcalc_import *import = memory_alloc_zero(1, sizeof(*import));
	struct call_status status = { 0 };

	if (!import) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	header.supplier = text_field(options->supplier);
	header.date = text_field(options->date);
	header.complete = (char **)(uintptr_t)options->complete;
	header.n_complete = options->complete_count;
	header.dry_run = options->dry_run;
	header.replace = options->replace;
	header.sample = options->sample;
	request.part_case = POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__PART_HEADER;
	request.header = &header;
	import->call = call_start(client->channel, REGISTRY_PATH "ImportEnterprises",
			deadline_after(client->timeout_ms), &status);
	if (!import->call) {
		(void)failure_from_status(failure, &status);
		pcalc_import_free(import);
		return NULL;
	}
	import->stream.call = import->call;
	if (!call_send(import->call, &request.base)) {
		(void)import_fail(import, failure);
		pcalc_import_free(import);
		return NULL;
	}
	return import;
}

void pcalc_import_free(pcalc_import *import)
{
	if (!import)
		return;
	call_free(import->call);
	import_stream_fini(&import->stream);
	buffer_fini(&import->profile);
	memory_free(import);
}

bool pcalc_import_send(pcalc_import *import, int64_t row, const pcalc_profile *profile,
		struct pcalc_failure *failure)
{
	const Policycalc__V1__Profile *message = profile_message(profile);

	buffer_clear(&import->profile);
	if (!message || !message_pack(&message->base, &import->profile))
		return failure_out_of_memory(failure);
	if (import_stream_add(&import->stream, row,
			    (struct slice){ import->profile.data, import->profile.size }))
		return true;
	return import_fail(import, failure) != NULL;
}

pcalc_import_result *pcalc_import_finish(pcalc_import *import, struct pcalc_failure *failure)
{
	pcalc_import_result *result = handle_new(sizeof(*result), failure);
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;

	if (!result)
		return NULL;
	if (!import_stream_flush(&import->stream)) {
		pcalc_import_result_free(result);
		return import_fail(import, failure);
	}
	call_half_close(import->call);
	if (call_receive(import->call, &policycalc__v1__import_enterprises_response__descriptor,
			    &result->arena, &message, &status) &&
			message) {
		result->response = (const Policycalc__V1__ImportEnterprisesResponse *)message;
		return result;
	}
	if (status.code == PCALC_OK)
		(void)call_status_set(&status, PCALC_INTERNAL, "the service did not answer");
	(void)failure_from_status(failure, &status);
	pcalc_import_result_free(result);
	return NULL;
}

void pcalc_import_result_free(pcalc_import_result *result)
{
	handle_free(result);
}

struct pcalc_import_counts pcalc_import_counts_get(const pcalc_import_result *result)
{
	const Policycalc__V1__ImportEnterprisesResponse *response = result->response;

	return (struct pcalc_import_counts){
		.rows = response->rows,
		.inserted = response->inserted,
		.updated = response->updated,
		.unchanged = response->unchanged,
		.rejected = response->rejected,
		.warnings = response->warning_count,
		.sequence = response->sequence,
		.import_id = response->import_id,
	};
}

static bool finding_get(Policycalc__V1__RowFinding *const *list, size_t count, size_t index,
		struct pcalc_row_finding *out_finding)
{
	if (index >= count)
		return false;
	*out_finding = (struct pcalc_row_finding){ list[index]->row, list[index]->field,
		list[index]->reason, list[index]->message };
	return true;
}

bool pcalc_import_reject(const pcalc_import_result *result, size_t index,
		struct pcalc_row_finding *out_finding)
{
	return finding_get(result->response->rejects, result->response->n_rejects, index,
			out_finding);
}

bool pcalc_import_warning(const pcalc_import_result *result, size_t index,
		struct pcalc_row_finding *out_finding)
{
	return finding_get(result->response->warnings, result->response->n_warnings, index,
			out_finding);
}

/* --- one enterprise --------------------------------------------------------------------------- */

pcalc_enterprise *pcalc_enterprise_get(pcalc_client *client, const char *uscc, int64_t sequence,
		struct pcalc_failure *failure)
{
	Policycalc__V1__GetEnterpriseRequest request =
			POLICYCALC__V1__GET_ENTERPRISE_REQUEST__INIT;
	pcalc_enterprise *enterprise = handle_new(sizeof(*enterprise), failure);

	if (!enterprise)
		return NULL;
	request.uscc = (char *)(uintptr_t)uscc;
	request.sequence = sequence;
	enterprise->response = (const Policycalc__V1__GetEnterpriseResponse *)client_call(
			client, REGISTRY_PATH "GetEnterprise", &request.base,
			&policycalc__v1__get_enterprise_response__descriptor,
			&enterprise->arena, failure);
	if (enterprise->response && !enterprise->response->profile) {
		(void)failure_set(failure, PCALC_INTERNAL, "the answer has no profile");
		enterprise->response = NULL;
	}
	if (!enterprise->response) {
		pcalc_enterprise_free(enterprise);
		return NULL;
	}
	enterprise->fact_count = enterprise->response->profile->n_attributes;
	for (size_t i = 0; i < enterprise->response->profile->n_items; i++)
		enterprise->fact_count += enterprise->response->profile->items[i]->n_attributes;
	return enterprise;
}

void pcalc_enterprise_free(pcalc_enterprise *enterprise)
{
	handle_free(enterprise);
}

const char *pcalc_enterprise_uscc(const pcalc_enterprise *enterprise)
{
	return enterprise->response->profile->uscc;
}

int64_t pcalc_enterprise_sequence(const pcalc_enterprise *enterprise)
{
	return enterprise->response->sequence;
}

size_t pcalc_enterprise_fact_count(const pcalc_enterprise *enterprise)
{
	return enterprise->fact_count;
}

/* The fact at @index, of the enterprise or of an item, which *out_item is then. NULL: none. */
static const Policycalc__V1__AttributeValue *fact_find(const pcalc_enterprise *enterprise,
		size_t index, const Policycalc__V1__Item **out_item)
{
	const Policycalc__V1__Profile *profile = enterprise->response->profile;

	*out_item = NULL;
	if (index < profile->n_attributes)
		return profile->attributes[index];
	index -= profile->n_attributes;
	for (size_t i = 0; i < profile->n_items; i++) {
		*out_item = profile->items[i];
		if (index < profile->items[i]->n_attributes)
			return profile->items[i]->attributes[index];
		index -= profile->items[i]->n_attributes;
	}
	return NULL;
}

/* Fills what is of the value; the kinds are the field numbers of the schema. */
static void value_get(const Policycalc__V1__Value *value, struct pcalc_known_fact *fact)
{
	const Policycalc__V1__Series *series = value_series(value);

	fact->kind = (enum pcalc_value_kind)value->kind_case;
	if (series)
		fact->entry_count = series->n_points;
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		fact->integer = value->money_fen;
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		fact->integer = value->ratio_ppm;
		break;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		fact->integer = value->count;
		break;
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		fact->integer = value->flag != 0;
		break;
	case POLICYCALC__V1__VALUE__KIND_CODE:
		fact->text = value->code;
		break;
	case POLICYCALC__V1__VALUE__KIND_DATE:
		fact->text = value->date;
		break;
	case POLICYCALC__V1__VALUE__KIND_TEXT:
		fact->text = value->text;
		break;
	case POLICYCALC__V1__VALUE__KIND_CODES:
		fact->entry_count = value->codes ? value->codes->n_codes : 0;
		break;
	case POLICYCALC__V1__VALUE__KIND_TITLES:
		fact->entry_count = value->titles ? value->titles->n_titles : 0;
		break;
	default:
		break;
	}
}

bool pcalc_enterprise_fact(const pcalc_enterprise *enterprise, size_t index,
		struct pcalc_known_fact *out_fact)
{
	const Policycalc__V1__GetEnterpriseResponse *response = enterprise->response;
	const Policycalc__V1__Item *item;
	const Policycalc__V1__AttributeValue *known = fact_find(enterprise, index, &item);
	struct pcalc_known_fact fact = { 0 };

	if (!known)
		return false;
	fact.list = item ? item->list : "";
	fact.item_id = item ? item->id : "";
	fact.name = known->name;
	fact.period = known->period;
	fact.text = fact.supplier = fact.date = fact.imported_at = "";
	if (known->value)
		value_get(known->value, &fact);
	if (index < response->n_origins) {
		fact.supplier = response->origins[index]->supplier;
		fact.date = response->origins[index]->date;
		fact.imported_at = response->origins[index]->imported_at;
	}
	for (size_t i = 0; !item && i < response->n_not_on_list; i++)
		fact.not_on_list |= strcmp(response->not_on_list[i], known->name) == 0;
	*out_fact = fact;
	return true;
}

bool pcalc_enterprise_fact_entry(const pcalc_enterprise *enterprise, size_t index, size_t entry,
		struct pcalc_known_entry *out_entry)
{
	const Policycalc__V1__Item *item;
	const Policycalc__V1__AttributeValue *known = fact_find(enterprise, index, &item);
	const Policycalc__V1__Value *value = known ? known->value : NULL;
	const Policycalc__V1__Series *series = value ? value_series(value) : NULL;
	struct pcalc_known_entry found = { "", "", "", 0 };

	if (!value)
		return false;
	if (series && entry < series->n_points) {
		found.period = series->points[entry]->period;
		found.value = series->points[entry]->value;
	} else if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODES && value->codes &&
			entry < value->codes->n_codes) {
		found.code = value->codes->codes[entry];
	} else if (value->kind_case == POLICYCALC__V1__VALUE__KIND_TITLES && value->titles &&
			entry < value->titles->n_titles) {
		found.code = value->titles->titles[entry]->code;
		found.valid_until = value->titles->titles[entry]->valid_until;
	} else {
		return false;
	}
	*out_entry = found;
	return true;
}
