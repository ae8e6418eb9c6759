/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same on every machine, and what is made of them. */
#pragma once

#include "policycalc/v1/profile.pb-c.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void random_begin(uint64_t seed);
/** 0 to @bound - 1. */
unsigned random_below(unsigned bound);
/** The same beyond 32 bits. */
uint64_t random_wide(uint64_t bound);
/** Fills @out_order with 0 to @count - 1 in random order. */
void random_order(size_t *out_order, size_t count);

/* The attributes of a profile or of an item. */
struct facts_sent {
	Policycalc__V1__AttributeValue ***list;
	size_t *count;
};

struct facts_sent sent_of_profile(Policycalc__V1__Profile *profile);
struct facts_sent sent_of_item(Policycalc__V1__Item *item);

/** Adds an attribute; all of it lives in @arena, and so must @name. */
void send_flag(struct facts_sent sent, const char *name, bool flag, struct arena *arena);
void send_count(struct facts_sent sent, const char *name, int64_t count, struct arena *arena);
void send_money(struct facts_sent sent, const char *name, int64_t fen, struct arena *arena);
/** Adds an empty item; the names must live as long. */
Policycalc__V1__Item *send_item(Policycalc__V1__Profile *profile, const char *list,
		const char *id, struct arena *arena);
