/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/status.h"

#include "rpc/base64.h"
#include "rpc/percent.h"
#include "rpc/wire.h"

/*
 * Clients take 8 KiB of trailers by default. A Chinese message triples when percent-encoded,
 * and stands in the details once more, which grow by a third in base64: 3 * 700 + 4/3 * (700 +
 * 3,000) + names < 8,192.
 */
#define MESSAGE_MAX 1000
#define MESSAGE_MAX_WITH_DETAILS 700
#define DETAILS_MAX 3000
#define VIOLATION_OVERHEAD 64

static const char BAD_REQUEST[] = "type.googleapis.com/google.rpc.BadRequest";

static const struct {
	struct slice number;
	const char *name;
} codes[] = {
#define CODE(number, name) [number] = { { #number, sizeof(#number) - 1 }, name }
	CODE(0, "OK"),
	CODE(1, "CANCELLED"),
	CODE(2, "UNKNOWN"),
	CODE(3, "INVALID_ARGUMENT"),
	CODE(4, "DEADLINE_EXCEEDED"),
	CODE(5, "NOT_FOUND"),
	CODE(6, "ALREADY_EXISTS"),
	CODE(7, "PERMISSION_DENIED"),
	CODE(8, "RESOURCE_EXHAUSTED"),
	CODE(9, "FAILED_PRECONDITION"),
	CODE(10, "ABORTED"),
	CODE(11, "OUT_OF_RANGE"),
	CODE(12, "UNIMPLEMENTED"),
	CODE(13, "INTERNAL"),
	CODE(14, "UNAVAILABLE"),
	CODE(15, "DATA_LOSS"),
	CODE(16, "UNAUTHENTICATED"),
#undef CODE
};

#define CODE_COUNT (sizeof(codes) / sizeof(codes[0]))

struct slice status_code_text(enum rpc_status code)
{
	return codes[(size_t)code < CODE_COUNT ? (size_t)code : (size_t)RPC_UNKNOWN].number;
}

const char *rpc_status_name(enum rpc_status status)
{
	return codes[(size_t)status < CODE_COUNT ? (size_t)status : (size_t)RPC_UNKNOWN].name;
}

enum rpc_status rpc_status_from_error(enum error_code code)
{
	switch (code) {
	case ERROR_NONE:
		return RPC_OK;
	case ERROR_INVALID:
		return RPC_INVALID_ARGUMENT;
	case ERROR_NOT_FOUND:
		return RPC_NOT_FOUND;
	case ERROR_EXISTS:
		return RPC_ALREADY_EXISTS;
	case ERROR_PRECONDITION:
		return RPC_FAILED_PRECONDITION;
	case ERROR_CONFLICT:
		return RPC_ABORTED;
	case ERROR_LIMIT:
	case ERROR_MEMORY:
		return RPC_RESOURCE_EXHAUSTED;
	case ERROR_CANCELLED:
		return RPC_CANCELLED;
	case ERROR_DEADLINE:
		return RPC_DEADLINE_EXCEEDED;
	case ERROR_UNAVAILABLE:
		return RPC_UNAVAILABLE;
	case ERROR_UNIMPLEMENTED:
		return RPC_UNIMPLEMENTED;
	case ERROR_PERMISSION:
		return RPC_PERMISSION_DENIED;
	case ERROR_UNAUTHENTICATED:
		return RPC_UNAUTHENTICATED;
	case ERROR_MALFORMED:
	case ERROR_IO:
	case ERROR_INTERNAL:
		return RPC_INTERNAL;
	}
	return RPC_UNKNOWN;
}

void status_reset(struct status *status)
{
	status->code = RPC_OK;
	buffer_clear(&status->message);
	buffer_clear(&status->details);
	buffer_clear(&status->violations);
	buffer_clear(&status->encoded_message);
	buffer_clear(&status->encoded_details);
}

void status_fini(struct status *status)
{
	buffer_fini(&status->message);
	buffer_fini(&status->details);
	buffer_fini(&status->violations);
	buffer_fini(&status->encoded_message);
	buffer_fini(&status->encoded_details);
}

static struct slice slice_of(const struct buffer *buffer)
{
	return (struct slice){ buffer->data, buffer->size };
}

/* details = 3: { type_url = 1, value = 2 } */
static bool append_detail(struct buffer *out, const char *type_url_start,
		const char *type_url_end, struct slice encoded)
{
	struct buffer detail = { 0 };
	struct buffer url = { 0 };
	bool ok;

	buffer_append_text(&url, type_url_start);
	buffer_append_text(&url, type_url_end);
	wire_put_bytes(&detail, 1, slice_of(&url));
	wire_put_bytes(&detail, 2, encoded);
	ok = !url.failed && !detail.failed;
	if (ok)
		wire_put_bytes(out, 3, slice_of(&detail));
	ok = ok && !out->failed;
	buffer_fini(&url);
	buffer_fini(&detail);
	return ok;
}

static bool has_room(const struct status *status, size_t size)
{
	size_t used = status->details.size + status->violations.size;

	return size <= DETAILS_MAX && used + size + VIOLATION_OVERHEAD <= DETAILS_MAX;
}

bool status_add_detail(struct status *status, const char *type_name, struct slice encoded)
{
	return has_room(status, encoded.size + strlen(type_name) + 32) &&
	       append_detail(&status->details, "type.googleapis.com/", type_name, encoded);
}

bool status_add_violation(struct status *status, struct slice field, struct slice description)
{
	struct buffer violation = { 0 };
	bool ok = false;

	if (!has_room(status, field.size + description.size + 16))
		return false;
	wire_put_bytes(&violation, 1, field);
	wire_put_bytes(&violation, 2, description);
	if (!violation.failed) {
		wire_put_bytes(&status->violations, 1, slice_of(&violation));
		ok = !status->violations.failed;
	}
	buffer_fini(&violation);
	return ok;
}

static void encode_details(struct status *status, struct slice message)
{
	struct buffer whole = { 0 };

	/* A list that could not grow may end in half a field: it is left out. */
	if (status->violations.size && !status->violations.failed)
		append_detail(&whole, BAD_REQUEST, "", slice_of(&status->violations));
	if (!status->details.failed)
		buffer_append_slice(&whole, slice_of(&status->details));
	if (whole.size && !whole.failed) {
		struct buffer encoded = { 0 };

		wire_put_varint(&encoded, 1, (uint64_t)status->code);
		wire_put_bytes(&encoded, 2, message);
		buffer_append_slice(&encoded, slice_of(&whole));
		if (!encoded.failed)
			base64_encode(slice_of(&encoded), &status->encoded_details);
		buffer_fini(&encoded);
	}
	if (status->encoded_details.failed)
		buffer_clear(&status->encoded_details);
	buffer_fini(&whole);
}

void status_encode(struct status *status)
{
	bool has_details = status->details.size || status->violations.size;
	struct slice message = slice_of(&status->message);
	size_t max = has_details ? MESSAGE_MAX_WITH_DETAILS : MESSAGE_MAX;

	if (message.size > max) {
		message.size = max;
		while (message.size > 0 &&
				((unsigned char)message.data[message.size] & 0xC0) == 0x80)
			message.size--;
	}
	buffer_clear(&status->encoded_message);
	buffer_clear(&status->encoded_details);
	percent_encode(message, max, &status->encoded_message);
	if (status->encoded_message.failed)
		buffer_clear(&status->encoded_message);
	if (has_details && status->code != RPC_OK)
		encode_details(status, message);
}
