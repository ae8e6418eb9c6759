/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of any type, filled at random: the same ones in every run. */
#pragma once

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/** Odd texts. */
extern const char *const random_texts[];
extern const size_t random_text_count;

/** 0 to @sides - 1. */
unsigned random_roll(unsigned sides);
/** In @arena; the test fails when memory is short. */
ProtobufCMessage *random_message(
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena);
