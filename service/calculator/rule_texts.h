/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rule text of a policy or of another entry, wherever in its message it stands: found by walking
 * the descriptors, so that a new shape of the schema is seen by all who look for names in rules.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* Is told one text; false ends the walk. */
typedef bool (*rule_text_fn)(void *context, const char *text);

#define RULE_TEXTS_TOLD 1024

/* Messages whose texts were told, by their address: of two in one place the last one has it. Zeroed: none. */
struct rule_texts_told {
	const ProtobufCMessage *messages[RULE_TEXTS_TOLD];
};

/**
 * Tells every rule text in @message, examples left out; false when @found ended it. With @told (or NULL) those of a
 * message below, which many may share, are told once, or few times.
 */
bool rule_texts_each(const ProtobufCMessage *message, struct rule_texts_told *told,
		rule_text_fn found, void *context);
