/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of files is made once, then it is only read. A symbol is looked for in the descriptors
 * themselves: only messages that its name leads through are entered, which takes microseconds, and an index
 * of all names would take half a MiB of every process for what is seldom asked. v1 and v1alpha differ in the
 * package's name alone, so both are read and written with v1's types.
 */
#include "rpc/reflection.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/wire.h"

#include <string.h>

/* Field numbers of google/protobuf/descriptor.proto. */
enum { SET_FILE = 1 };
enum {
	FILE_NAME = 1,
	FILE_PACKAGE = 2,
	FILE_DEPENDENCY = 3,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	FILE_EXTENSION = 7,
};
enum {
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_EXTENSION = 6,
	MESSAGE_ONEOF = 8,
};
enum { ANY_NAME = 1, ENUM_VALUE = 2, SERVICE_METHOD = 2 };

#define DEPTH_MAX 32
#define LIST_MEMORY ((size_t)1 << 20)

struct reflection_file {
	size_t number;
	struct slice name;
	struct slice bytes;
	struct reflection_file *next;
};

enum { REFLECTION_METHODS = 2 };

struct reflection {
	struct arena arena;
	struct map files; /* file name → struct reflection_file */
	struct reflection_file *first;
	size_t file_count;
	const char *const *services;
	size_t service_count;
	struct rpc_method rows[REFLECTION_METHODS];
	const struct rpc_method *methods[REFLECTION_METHODS];
};

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

/* --- finding -----------------------------------------------------------------------------------
 */

/* The first field @number of @message, or an empty slice. */
static struct slice find_field(struct slice message, uint32_t number)
{
	struct wire_field field;

	while (wire_next(&message, &field))
		if (field.number == number && field.is_bytes)
			return field.bytes;
	return (struct slice){ "", 0 };
}

static bool is_named(struct slice message, struct slice name)
{
	return slice_equals(find_field(message, ANY_NAME), name);
}

/* Whether @name stands in @scope: then it is what is behind the dot. */
static bool name_enter(struct slice *name, struct slice scope)
{
	if (name->size <= scope.size || memcmp(name->data, scope.data, scope.size) != 0 ||
			name->data[scope.size] != '.')
		return false;
	name->data += scope.size + 1;
	name->size -= scope.size + 1;
	return true;
}

/* Values are siblings of their enum, as in C++. */
static bool enum_has(struct slice message, struct slice name)
{
	struct wire_field field;

	if (is_named(message, name))
		return true;
	while (wire_next(&message, &field)) {
		if (field.number == ENUM_VALUE && is_named(field.bytes, name))
			return true;
	}
	return false;
}

static bool service_has(struct slice message, struct slice name)
{
	struct wire_field field;

	if (is_named(message, name))
		return true;
	if (!name_enter(&name, find_field(message, ANY_NAME)))
		return false;
	while (wire_next(&message, &field)) {
		if (field.number == SERVICE_METHOD && is_named(field.bytes, name))
			return true;
	}
	return false;
}

static bool message_has(struct slice message, struct slice name, unsigned depth)
{
	struct wire_field field;
	bool found = is_named(message, name);

	if (found || depth >= DEPTH_MAX || !name_enter(&name, find_field(message, ANY_NAME)))
		return found;
	while (!found && wire_next(&message, &field)) {
		switch (field.number) {
		case MESSAGE_FIELD:
		case MESSAGE_EXTENSION:
		case MESSAGE_ONEOF:
			found = is_named(field.bytes, name);
			break;
		case MESSAGE_NESTED:
			found = message_has(field.bytes, name, depth + 1);
			break;
		case MESSAGE_ENUM:
			found = enum_has(field.bytes, name);
			break;
		default:
			break;
		}
	}
	return found;
}

static bool file_has(struct slice file, struct slice name)
{
	struct slice package = find_field(file, FILE_PACKAGE);
	struct wire_field field;
	bool found = false;

	if (package.size && !name_enter(&name, package))
		return false;
	while (!found && wire_next(&file, &field)) {
		switch (field.number) {
		case FILE_MESSAGE:
			found = message_has(field.bytes, name, 0);
			break;
		case FILE_ENUM:
			found = enum_has(field.bytes, name);
			break;
		case FILE_SERVICE:
			found = service_has(field.bytes, name);
			break;
		case FILE_EXTENSION:
			found = is_named(field.bytes, name);
			break;
		default:
			break;
		}
	}
	return found;
}

/* The file that has the symbol of this full name, or NULL. */
static const struct reflection_file *find_symbol(
		const struct reflection *reflection, const char *name)
{
	const struct reflection_file *file = reflection->first;

	while (file && !file_has(file->bytes, slice_from(name)))
		file = file->next;
	return file;
}

static bool add_file(struct reflection *reflection, struct slice bytes)
{
	struct reflection_file *file = ARENA_NEW(&reflection->arena, struct reflection_file);

	if (!file)
		return false;
	file->number = reflection->file_count++;
	file->name = find_field(bytes, FILE_NAME);
	file->bytes = bytes;
	file->next = reflection->first;
	reflection->first = file;
	return map_put(&reflection->files, file->name, file);
}

static bool reflection_index(struct reflection *reflection, struct slice set, struct error *err)
{
	struct wire_field field;

	while (wire_next(&set, &field))
		if (field.number == SET_FILE && field.is_bytes &&
				!add_file(reflection, field.bytes))
			return error_set(err, ERROR_MEMORY,
					"out of memory while listing the descriptors");
	if (set.size || reflection->file_count == 0)
		return error_set(err, ERROR_INVALID, "the descriptor set is malformed");
	return true;
}

/* --- answers ---------------------------------------------------------------------------------
 */

struct answer {
	const struct reflection *reflection;
	struct arena *arena;
	Response response;
	Grpc__Reflection__V1__FileDescriptorResponse files;
	Grpc__Reflection__V1__ListServiceResponse list;
	Grpc__Reflection__V1__ExtensionNumberResponse extensions;
	Grpc__Reflection__V1__ErrorResponse error;
	bool *seen; /* by file number */
};

static void answer_error(struct answer *answer, enum rpc_status status, const char *message)
{
	answer->error = (Grpc__Reflection__V1__ErrorResponse)
			GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;
	answer->error.error_code = (int32_t)status;
	answer->error.error_message = (char *)(uintptr_t)message;
	answer->response.message_response_case =
			GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	answer->response.error_response = &answer->error;
}

/* The file first, then what it imports, and what that imports. */
static void answer_add_file(struct answer *answer, const struct reflection_file *file)
{
	struct slice rest = file->bytes;
	ProtobufCBinaryData *item;
	struct wire_field field;

	if (answer->seen[file->number])
		return;
	answer->seen[file->number] = true;
	item = &answer->files.file_descriptor_proto[answer->files.n_file_descriptor_proto++];
	item->data = (uint8_t *)(uintptr_t)file->bytes.data;
	item->len = file->bytes.size;
	while (wire_next(&rest, &field)) {
		const struct reflection_file *import;

		if (field.number != FILE_DEPENDENCY || !field.is_bytes)
			continue;
		import = map_find(&answer->reflection->files, field.bytes);
		if (import)
			answer_add_file(answer, import);
	}
}

static bool answer_file(struct answer *answer, const struct reflection_file *file)
{
	size_t count = answer->reflection->file_count;

	if (!file) {
		answer_error(answer, RPC_NOT_FOUND, "not found");
		return true;
	}
	answer->seen = ARENA_NEW_ARRAY(answer->arena, bool, count);
	answer->files = (Grpc__Reflection__V1__FileDescriptorResponse)
			GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
	answer->files.file_descriptor_proto =
			ARENA_NEW_ARRAY(answer->arena, ProtobufCBinaryData, count);
	if (!answer->seen || !answer->files.file_descriptor_proto)
		return false;
	answer_add_file(answer, file);
	answer->response.message_response_case =
			GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	answer->response.file_descriptor_response = &answer->files;
	return true;
}

static bool answer_services(struct answer *answer)
{
	size_t count = answer->reflection->service_count;
	Grpc__Reflection__V1__ServiceResponse *items = ARENA_NEW_ARRAY(
			answer->arena, Grpc__Reflection__V1__ServiceResponse, count);
	size_t i;

	answer->list = (Grpc__Reflection__V1__ListServiceResponse)
			GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;
	answer->list.service = ARENA_NEW_ARRAY(
			answer->arena, Grpc__Reflection__V1__ServiceResponse *, count);
	if (!items || !answer->list.service)
		return false;
	for (i = 0; i < count; i++) {
		items[i] = (Grpc__Reflection__V1__ServiceResponse)
				GRPC__REFLECTION__V1__SERVICE_RESPONSE__INIT;
		items[i].name = (char *)(uintptr_t)answer->reflection->services[i];
		answer->list.service[i] = &items[i];
	}
	answer->list.n_service = count;
	answer->response.message_response_case =
			GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	answer->response.list_services_response = &answer->list;
	return true;
}

/* proto3 has no extensions: a known type has none, an unknown one is not found. */
static bool answer_extensions(struct answer *answer, char *type)
{
	if (!find_symbol(answer->reflection, type)) {
		answer_error(answer, RPC_NOT_FOUND, "not found");
		return true;
	}
	answer->extensions = (Grpc__Reflection__V1__ExtensionNumberResponse)
			GRPC__REFLECTION__V1__EXTENSION_NUMBER_RESPONSE__INIT;
	answer->extensions.base_type_name = type;
	answer->response.message_response_case =
			GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
	answer->response.all_extension_numbers_response = &answer->extensions;
	return true;
}

static bool answer_request(struct answer *answer, const Request *request)
{
	const struct reflection *reflection = answer->reflection;

	switch ((int)request->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		return answer_file(
				answer, map_find(&reflection->files,
							slice_from(request->file_by_filename)));
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		return answer_file(answer,
				find_symbol(reflection, request->file_containing_symbol));
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
		answer_error(answer, RPC_NOT_FOUND, "not found");
		return true;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		return answer_extensions(answer, request->all_extension_numbers_of_type);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		return answer_services(answer);
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
	default:
		answer_error(answer, RPC_INVALID_ARGUMENT, "an empty request");
		return true;
	}
}

static void on_request(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Request *request = (const Request *)message;
	struct answer answer = {
		.reflection = rpc_call_method(call)->context,
		.arena = rpc_call_scratch(call),
		.response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT,
	};

	answer.response.valid_host = request->host;
	answer.response.original_request = (Request *)(uintptr_t)request;
	if (!answer_request(&answer, request)) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	if (rpc_call_send(call, &answer.response.base) && !rpc_call_is_writable(call))
		rpc_call_pause_reading(call);
}

static void on_request_end(struct rpc_call *call)
{
	rpc_call_finish(call, RPC_OK, NULL);
}

/* --- making one ------------------------------------------------------------------------------
 */

struct reflection *reflection_new(struct slice descriptor_set, const char *const *services,
		size_t service_count, struct error *err)
{
	struct reflection *reflection = memory_alloc_zero(1, sizeof(*reflection));
	size_t i;

	if (!reflection) {
		error_set(err, ERROR_MEMORY,
				"out of memory while making the reflection service");
		return NULL;
	}
	arena_init(&reflection->arena, LIST_MEMORY);
	reflection->services = services;
	reflection->service_count = service_count;
	if (!reflection_index(reflection, descriptor_set, err)) {
		reflection_free(reflection);
		return NULL;
	}
	for (i = 0; i < REFLECTION_METHODS; i++) {
		reflection->rows[i] = (struct rpc_method){
			.service = i == 0 ? "grpc.reflection.v1.ServerReflection"
					  : "grpc.reflection.v1alpha.ServerReflection",
			.name = "ServerReflectionInfo",
			.client_streaming = true,
			.server_streaming = true,
			.transient_messages = true,
			.input = &grpc__reflection__v1__server_reflection_request__descriptor,
			.output = &grpc__reflection__v1__server_reflection_response__descriptor,
			.context = reflection,
			.on_message = on_request,
			.on_half_close = on_request_end,
			.on_writable = rpc_call_resume_reading,
		};
		reflection->methods[i] = &reflection->rows[i];
	}
	return reflection;
}

void reflection_free(struct reflection *reflection)
{
	if (!reflection)
		return;
	map_fini(&reflection->files);
	arena_fini(&reflection->arena);
	memory_free(reflection);
}

const struct rpc_method *const *reflection_methods(
		struct reflection *reflection, size_t *out_count)
{
	*out_count = REFLECTION_METHODS;
	return reflection->methods;
}
