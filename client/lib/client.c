/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/answer_stream.h"
#include "client/lib/tls.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/codec/codec.h"

#include <string.h>

#define DETAILS_BUDGET ((size_t)4 << 20)

const char *pcalc_version(void)
{
	return POLICYCALC_VERSION;
}

const char *pcalc_code_name(enum pcalc_code code)
{
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	if (code == PCALC_OUT_OF_MEMORY)
		return "OUT_OF_MEMORY";
	return (unsigned)code < sizeof(names) / sizeof(names[0]) ? names[code] : "UNKNOWN";
}

bool failure_set(struct pcalc_failure *failure, enum pcalc_code code, const char *message)
{
	if (!failure)
		return false;
	failure->code = code;
	failure->detail_count = 0;
	failure->retry_after_ms = 0;
	text_copy(failure->message, sizeof(failure->message), message);
	return false;
}

bool failure_out_of_memory(struct pcalc_failure *failure)
{
	return failure_set(failure, PCALC_OUT_OF_MEMORY, "out of memory");
}

static void failure_add(
		struct pcalc_failure *failure, const char *field, const char *description)
{
	if (failure->detail_count < PCALC_DETAIL_LIMIT) {
		struct pcalc_detail *detail = &failure->details[failure->detail_count];

		text_copy(detail->field, sizeof(detail->field), field);
		text_copy(detail->description, sizeof(detail->description), description);
	}
	failure->detail_count++;
}

static void failure_add_detail(struct pcalc_failure *failure,
		const Google__Rpc__Status__Detail *any, struct arena *arena)
{
	static const char BAD_REQUEST[] = "type.googleapis.com/google.rpc.BadRequest";
	static const char PRECONDITION[] = "type.googleapis.com/google.rpc.PreconditionFailure";
	static const char QUOTA[] = "type.googleapis.com/google.rpc.QuotaFailure";
	static const char RETRY[] = "type.googleapis.com/google.rpc.RetryInfo";
	struct slice bytes = { (const char *)any->value.data, any->value.len };

	if (strcmp(any->type_url, BAD_REQUEST) == 0) {
		const Google__Rpc__BadRequest *bad =
				(const Google__Rpc__BadRequest *)message_unpack(bytes,
						&google__rpc__bad_request__descriptor, NULL,
						arena, NULL);

		for (size_t i = 0; bad && i < bad->n_field_violations; i++)
			failure_add(failure, bad->field_violations[i]->field,
					bad->field_violations[i]->description);
	} else if (strcmp(any->type_url, PRECONDITION) == 0) {
		const Google__Rpc__PreconditionFailure *unmet =
				(const Google__Rpc__PreconditionFailure *)message_unpack(bytes,
						&google__rpc__precondition_failure__descriptor,
						NULL, arena, NULL);

		for (size_t i = 0; unmet && i < unmet->n_violations; i++)
			failure_add(failure, unmet->violations[i]->subject,
					unmet->violations[i]->description);
	} else if (strcmp(any->type_url, QUOTA) == 0) {
		const Google__Rpc__QuotaFailure *quota =
				(const Google__Rpc__QuotaFailure *)message_unpack(bytes,
						&google__rpc__quota_failure__descriptor, NULL,
						arena, NULL);

		for (size_t i = 0; quota && i < quota->n_violations; i++)
			failure_add(failure, quota->violations[i]->subject,
					quota->violations[i]->description);
	} else if (strcmp(any->type_url, RETRY) == 0) {
		const Google__Rpc__RetryInfo *retry =
				(const Google__Rpc__RetryInfo *)message_unpack(bytes,
						&google__rpc__retry_info__descriptor, NULL,
						arena, NULL);

		if (retry)
			failure->retry_after_ms = retry_delay_ms(retry);
	}
}

void failure_from_rpc_status(struct pcalc_failure *failure, const Google__Rpc__Status *status)
{
	struct arena arena;

	(void)failure_set(failure, (enum pcalc_code)status->code, status->message);
	arena_init(&arena, DETAILS_BUDGET);
	for (size_t i = 0; failure && i < status->n_details; i++)
		failure_add_detail(failure, status->details[i], &arena);
	if (arena.exhausted)
		(void)failure_out_of_memory(failure);
	arena_fini(&arena);
}

bool failure_from_status(struct pcalc_failure *failure, struct call_status *status)
{
	struct arena arena;
	struct slice bytes;
	const Google__Rpc__Status *whole;

	arena_init(&arena, DETAILS_BUDGET);
	(void)failure_set(failure, (enum pcalc_code)status->code, status->message);
	if (failure && status->details.size) {
		bytes = (struct slice){ status->details.data, status->details.size };
		whole = (const Google__Rpc__Status *)message_unpack(
				bytes, &google__rpc__status__descriptor, NULL, &arena, NULL);
		for (size_t i = 0; whole && i < whole->n_details; i++)
			failure_add_detail(failure, whole->details[i], &arena);
	}
	/* Half of the details would look like all of them. */
	if (status->details.failed || arena.exhausted)
		(void)failure_out_of_memory(failure);
	arena_fini(&arena);
	call_status_fini(status);
	return false;
}

pcalc_client *pcalc_connect(const char *address, int timeout_ms, struct pcalc_failure *failure)
{
	return pcalc_connect_tls(address, timeout_ms, NULL, failure);
}

pcalc_client *pcalc_connect_tls(const char *address, int timeout_ms,
		const struct pcalc_tls *tls, struct pcalc_failure *failure)
{
	const struct tls_files files = tls ? (struct tls_files){ tls->authorities,
		tls->certificate, tls->key, tls->name }
					   : (struct tls_files){ 0 };
	struct call_status status = { 0 };
	pcalc_client *client;

	if (!address) {
		(void)failure_set(failure, PCALC_INVALID_ARGUMENT, "no address");
		return NULL;
	}
	client = memory_alloc_zero(1, sizeof(*client));
	if (client)
		client->channel = channel_new(address);
	if (!client || !client->channel) {
		(void)failure_out_of_memory(failure);
		pcalc_free(client);
		return NULL;
	}
	client->timeout_ms = timeout_ms;
	if ((tls && !channel_set_tls(client->channel, &files, &status)) ||
			!channel_connect(
					client->channel, deadline_after(timeout_ms), &status)) {
		(void)failure_from_status(failure, &status);
		pcalc_free(client);
		return NULL;
	}
	return client;
}

void pcalc_free(pcalc_client *client)
{
	if (!client)
		return;
	channel_free(client->channel);
	memory_free(client);
}

void pcalc_set_timeout(pcalc_client *client, int timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

bool pcalc_set_token(pcalc_client *client, const char *token, struct pcalc_failure *failure)
{
	struct slice text = slice_from(token ? token : "");

	if (token && !token_is_valid(text))
		return failure_set(failure, PCALC_INVALID_ARGUMENT,
				"a token has 1 to 512 visible characters of ASCII");
	return channel_set_token(client->channel, text) || failure_out_of_memory(failure);
}

ProtobufCMessage *client_call(pcalc_client *client, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		struct arena *arena, struct pcalc_failure *failure)
{
	struct call_status status = { 0 };
	ProtobufCMessage *response = NULL;

	if (!channel_call(client->channel, path, request, type,
			    deadline_after(client->timeout_ms), arena, &response, &status))
		(void)failure_from_status(failure, &status);
	return response;
}

bool client_open_stream(pcalc_client *client, struct answer_stream *stream, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		struct pcalc_failure *failure)
{
	struct call_status status = { 0 };

	if (answer_stream_open(stream, client->channel, path, request, type,
			    deadline_after(client->timeout_ms), &status))
		return true;
	answer_stream_close(stream);
	return failure_from_status(failure, &status);
}

bool client_receive(struct answer_stream *stream, ProtobufCMessage **out_message,
		struct pcalc_failure *failure)
{
	struct call_status status = { 0 };

	return answer_stream_receive(stream, out_message, &status) ||
	       failure_from_status(failure, &status);
}

struct pcalc_warning warning_from(const Policycalc__V1__Warning *warning)
{
	return (struct pcalc_warning){ warning->reason, warning->field, warning->message };
}

struct pcalc_text text_from(const Policycalc__V1__Text *text)
{
	if (!text)
		return (struct pcalc_text){ "", "" };
	return (struct pcalc_text){ text->zh, text->en };
}

void *handle_new(size_t size, struct pcalc_failure *failure)
{
	struct arena *handle = memory_alloc_zero(1, size);

	if (handle)
		arena_init(handle, ANSWER_BUDGET);
	else
		(void)failure_out_of_memory(failure);
	return handle;
}

void handle_free(void *handle)
{
	if (!handle)
		return;
	arena_fini(handle);
	memory_free(handle);
}
