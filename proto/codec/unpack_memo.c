/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/unpack_memo.h"

#include "base/map.h"
#include "base/memory.h"

#include <string.h>

#define MEMO_BUDGET ((size_t)64 << 20)
/* What is smaller is unpacked as quickly as found; what is larger is hardly ever repeated. */
#define SIZE_LEAST ((size_t)12)
#define SIZE_MOST ((size_t)16 << 10)
/*
 * Fields of which fewer than a quarter of so many were known are not looked for any more: the title of a policy is
 * its own, though most of its texts in two languages are those of others.
 */
#define TRIES 512
#define FIELDS 1024

/* A part that is known, and the bytes it was unpacked from. */
struct known_part {
	ProtobufCMessage *message;
	struct field_tries *tries; /* of the field that it was first found in */
	size_t size;
	char bytes[];
};

struct field_tries {
	const ProtobufCFieldDescriptor *field;
	/* What it was the last time, or NULL: policies that follow one another are often of one kind, and to compare
	 * is less than to look up. */
	const struct known_part *last;
	uint32_t tries, hits;
};

struct unpack_memo {
	struct arena arena; /* of parts */
	struct map known;
	struct field_tries
			fields[FIELDS]; /* by address; of two in one place the first has it */
};

struct unpack_memo *unpack_memo_new(void)
{
	struct unpack_memo *memo = memory_alloc_zero(1, sizeof(*memo));

	if (memo)
		arena_init(&memo->arena, MEMO_BUDGET);
	return memo;
}

void unpack_memo_free(struct unpack_memo *memo)
{
	if (!memo)
		return;
	map_fini(&memo->known);
	arena_fini(&memo->arena);
	memory_free(memo);
}

/* NULL: another field has its place, and this one does without. */
static struct field_tries *tries_of(
		struct unpack_memo *memo, const ProtobufCFieldDescriptor *field)
{
	struct field_tries *tries = &memo->fields[(uintptr_t)field / sizeof(*field) % FIELDS];

	if (!tries->field)
		tries->field = field;
	return tries->field == field ? tries : NULL;
}

/* A new one, with a copy of @bytes; NULL when memory is short. */
static struct known_part *part_new(
		struct unpack_memo *memo, struct slice bytes, struct field_tries *tries)
{
	struct known_part *part = arena_alloc(&memo->arena, sizeof(*part) + bytes.size);

	if (!part)
		return NULL;
	part->message = NULL;
	part->tries = tries;
	part->size = bytes.size;
	memcpy(part->bytes, bytes.data, bytes.size);
	return part;
}

ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		const ProtobufCFieldDescriptor *field, struct known_part **out_wanted)
{
	struct field_tries *tries;
	const struct known_part *part;

	*out_wanted = NULL;
	if (bytes.size < SIZE_LEAST || bytes.size > SIZE_MOST)
		return NULL;
	tries = tries_of(memo, field);
	if (!tries || (tries->tries >= TRIES && tries->hits < tries->tries / 4))
		return NULL;
	tries->tries++;
	part = tries->last;
	if (!part || part->size != bytes.size ||
			memcmp(part->bytes, bytes.data, bytes.size) != 0)
		part = map_find(&memo->known, bytes);
	if (part && part->message->descriptor == field->descriptor) {
		tries->hits++;
		tries->last = part;
		return part->message;
	}
	/* Of two types with the same bytes the first is kept. */
	if (!part && !memo->arena.exhausted)
		*out_wanted = part_new(memo, bytes, tries);
	return NULL;
}

void unpack_memo_keep(
		struct unpack_memo *memo, struct known_part *wanted, ProtobufCMessage *message)
{
	wanted->message = message;
	/* Or it is unpacked anew. */
	if (map_put(&memo->known, (struct slice){ wanted->bytes, wanted->size }, wanted))
		wanted->tries->last = wanted;
}
