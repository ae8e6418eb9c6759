/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a policy file: refused with a report, or what it says prints and reads back the same. */
#include "policycalc/v1/catalog.pb-c.h"
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
	(void)fprintf(stderr, "%s:\n%s\n", what, text->data ? text->data : "");
	abort();
}

static ProtobufCMessage *parse(
		struct slice text, struct arena *arena, struct diagnostics *diagnostics)
{
	diagnostics_init(diagnostics, arena);
	return message_parse_yaml(text, &policycalc__v1__policy__descriptor, "fuzz.yaml", arena,
			diagnostics, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics;
	struct buffer text = { 0 };
	struct buffer again = { 0 };
	ProtobufCMessage *message;
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	message = parse((struct slice){ (const char *)data, size }, &arena, &diagnostics);
	check(message || diagnostics.error_count, "refused without a report", &text);
	for (size_t i = 0; i < diagnostics.count; i++)
		check(diagnostics.list[i].line >= 0 && diagnostics.list[i].width >= 1,
				"a report without a place", &text);
	if (message) {
		check(message_print_yaml(message, &text), "cannot print", &text);
		message = parse((struct slice){ text.data, text.size }, &arena, &diagnostics);
		check(message || arena.exhausted,
				diagnostics.count ? diagnostics.list[0].message : "?", &text);
	}
	if (message) {
		check(message_print_yaml(message, &again), "cannot print again", &text);
		check(text.size == again.size && memcmp(text.data, again.data, text.size) == 0,
				"reads back differently", &text);
	}
	buffer_fini(&again);
	buffer_fini(&text);
	arena_fini(&arena);
	return 0;
}
