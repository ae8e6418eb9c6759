/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service and the check of a draft say in English, in Chinese.
 *
 * A message is put together in several places, of which the compiler of rules and the reader of YAML are some, and
 * comes over the wire as a whole; so it is known by its text, not by a number that all of them would have to pass on.
 * message_words.def has a pattern for each.
 */
#pragma once

#include "base/arena.h"

#include <stddef.h>

/**
 * @message in Chinese, with names and what it quotes as they are, in @arena; @message itself when there are no words
 * for it, or for a part of it, or no memory.
 */
const char *message_words_zh(const char *message, struct arena *arena);

struct message_pattern {
	const char *english; /* {} for what differs */
	const char *chinese; /* {1} for the first of these */
};

#define MESSAGE_HOLES_MOST 6

/** All there are, for their tests. */
const struct message_pattern *message_patterns(size_t *out_count);
