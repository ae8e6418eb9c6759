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

/** Tells every rule text in @message, examples left out; false when @found ended it. */
bool rule_texts_each(const ProtobufCMessage *message, rule_text_fn found, void *context);
