/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's bytes as a MatchRequest: what is unpacked prints as JSON that reads back the same. */
#include "policycalc/v1/calculator_service.pb-c.h"
#include "proto/codec/codec.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what, const struct buffer *text)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, text->data ? text->data : "");
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice bytes = { (const char *)data, size };
	struct arena arena;
	ProtobufCMessage *message;

	arena_init(&arena, (size_t)64 << 20);
	message = message_unpack(
			bytes, &policycalc__v1__match_request__descriptor, NULL, &arena, NULL);
	if (message) {
		struct buffer text = { 0 };
		struct buffer again = { 0 };
		struct error err = { 0 };

		check(message_print_json(message, NULL, &text), "cannot print", &text);
		message = message_parse_json((struct slice){ text.data, text.size },
				&policycalc__v1__match_request__descriptor, &arena, &err);
		check(message || err.code == ERROR_LIMIT, err.message, &text);
		if (message) {
			check(message_print_json(message, NULL, &again), "cannot print again",
					&text);
			check(text.size == again.size && memcmp(text.data, again.data,
									 text.size) == 0,
					"reads back differently", &text);
		}
		buffer_fini(&again);
		buffer_fini(&text);
	}
	arena_fini(&arena);
	return 0;
}
