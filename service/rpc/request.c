/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/request.h"

#define FIELD_OVERHEAD 32

/* The headers that gRPC reads itself, with where they go. */
static struct slice *request_known(struct request *request, struct slice name)
{
	switch (name.size) {
	case 5:
		if (memcmp(name.data, ":path", 5) == 0)
			return &request->path;
		break;
	case 7:
		if (memcmp(name.data, ":method", 7) == 0)
			return &request->method;
		break;
	case 12:
		if (memcmp(name.data, "content-type", 12) == 0)
			return &request->content_type;
		if (memcmp(name.data, "grpc-timeout", 12) == 0)
			return &request->timeout;
		if (memcmp(name.data, "x-request-id", 12) == 0)
			return &request->id;
		break;
	case 13:
		if (memcmp(name.data, "grpc-encoding", 13) == 0)
			return &request->encoding;
		break;
	case 20:
		if (memcmp(name.data, "grpc-accept-encoding", 20) == 0)
			return &request->accept_encoding;
		break;
	default:
		break;
	}
	return NULL;
}

static bool is_metadata(struct slice name)
{
	return name.size > 0 && name.data[0] != ':' &&
	       !slice_starts_with(name, SLICE_LITERAL("grpc-")) &&
	       !slice_equals(name, SLICE_LITERAL("te")) &&
	       !slice_equals(name, SLICE_LITERAL("content-type"));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice trim(struct slice value)
{
	while (value.size > 0 && is_blank(value.data[0])) {
		value.data++;
		value.size--;
	}
	while (value.size > 0 && is_blank(value.data[value.size - 1]))
		value.size--;
	return value;
}

void request_add(struct request *request, struct arena *arena, const struct rpc_limits *limits,
		struct slice name, struct slice value)
{
	struct slice *known = request_known(request, name);
	struct request_field *field;
	char *text;

	request->size += name.size + value.size + FIELD_OVERHEAD;
	request->count++;
	if (request->size > limits->headers_size || request->count > limits->headers_count)
		request->is_too_large = true;
	if (request->is_too_large)
		return;
	value = trim(value);
	if (known) {
		text = arena_copy(arena, value.data, value.size);
		if (text && !known->data)
			*known = (struct slice){ text, value.size };
	}
	if (!is_metadata(name))
		return;
	/* Field, name and value in one piece. */
	field = arena_alloc(arena, sizeof(*field) + name.size + value.size + 1);
	if (!field)
		return;
	text = (char *)(field + 1);
	memcpy(text, name.data, name.size);
	if (value.size)
		memcpy(text + name.size, value.data, value.size);
	text[name.size + value.size] = '\0';
	*field = (struct request_field){
		.name = { text, name.size },
		.value = { text + name.size, value.size },
	};
	if (request->last)
		request->last->next = field;
	else
		request->first = field;
	request->last = field;
}

bool request_is_grpc(const struct request *request)
{
	struct slice type = request->content_type;
	size_t size;

	for (size = 0; size < type.size; size++)
		if (type.data[size] == ';' || type.data[size] == ' ')
			break;
	type.size = size;
	return slice_equals(type, SLICE_LITERAL("application/grpc")) ||
	       slice_equals(type, SLICE_LITERAL("application/grpc+proto"));
}

bool request_accepts(const struct request *request, const char *name)
{
	struct slice wanted = slice_from(name);
	struct slice list = request->accept_encoding;

	while (list.size > 0) {
		const char *comma = memchr(list.data, ',', list.size);
		struct slice item = { list.data,
			comma ? (size_t)(comma - list.data) : list.size };
		size_t step = comma ? item.size + 1 : item.size;

		if (slice_equals(trim(item), wanted))
			return true;
		list.data += step;
		list.size -= step;
	}
	return false;
}

struct slice request_find(const struct request *request, struct slice name)
{
	const struct request_field *field;

	for (field = request->first; field; field = field->next)
		if (slice_equals(field->name, name))
			return field->value;
	return (struct slice){ NULL, 0 };
}
