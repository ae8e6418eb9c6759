/* SPDX-License-Identifier: Apache-2.0 */
/* convert TYPE json|wire: reads JSON or wire bytes, writes the other. For test_json_peer.py. */
#include "policycalc/v1/calculator_service.pb-c.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <string.h>

static const ProtobufCMessageDescriptor *type_find(const char *name)
{
	const ProtobufCMessageDescriptor *const types[] = {
		&policycalc__v1__policy__descriptor,
		&policycalc__v1__catalog_file__descriptor,
		&policycalc__v1__match_request__descriptor,
		&policycalc__v1__match_response__descriptor,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i]->short_name, name) == 0)
			return types[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const ProtobufCMessageDescriptor *type = argc == 3 ? type_find(argv[1]) : NULL;
	bool from_json = argc == 3 && strcmp(argv[2], "json") == 0;
	struct buffer in = { 0 };
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct arena arena;
	ProtobufCMessage *message;
	char chunk[4096];
	size_t size;
	bool ok;

	if (!type)
		return 2;
	while ((size = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		buffer_append(&in, chunk, size);
	arena_init(&arena, (size_t)64 << 20);
	if (from_json)
		message = message_parse_json(
				(struct slice){ in.data, in.size }, type, &arena, &err);
	else
		message = message_unpack(
				(struct slice){ in.data, in.size }, type, NULL, &arena, &err);
	ok = message && (from_json ? message_pack(message, &out)
				   : message_print_json(message, NULL, &out));
	if (ok)
		(void)fwrite(out.data, 1, out.size, stdout);
	else
		(void)fprintf(stderr, "%s\n", err.message);
	arena_fini(&arena);
	buffer_fini(&in);
	buffer_fini(&out);
	return ok ? 0 : 1;
}
