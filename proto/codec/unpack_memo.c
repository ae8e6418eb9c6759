/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/unpack_memo.h"

#include "base/map.h"
#include "base/memory.h"

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

struct field_tries {
	const ProtobufCFieldDescriptor *field;
	uint32_t tries, hits;
};

struct unpack_memo {
	struct arena arena; /* of keys */
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

ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		const ProtobufCFieldDescriptor *field, struct slice *out_key)
{
	struct field_tries *tries;
	ProtobufCMessage *known;

	*out_key = (struct slice){ 0 };
	if (bytes.size < SIZE_LEAST || bytes.size > SIZE_MOST)
		return NULL;
	tries = tries_of(memo, field);
	if (!tries || (tries->tries >= TRIES && tries->hits < tries->tries / 4))
		return NULL;
	tries->tries++;
	known = map_find(&memo->known, bytes);
	if (known && known->descriptor == field->descriptor) {
		tries->hits++;
		return known;
	}
	/* Of two types with the same bytes the first is kept. */
	if (!known && !memo->arena.exhausted)
		out_key->data = arena_copy(&memo->arena, bytes.data, bytes.size);
	if (out_key->data)
		out_key->size = bytes.size;
	return NULL;
}

void unpack_memo_keep(struct unpack_memo *memo, struct slice key, ProtobufCMessage *message)
{
	(void)map_put(&memo->known, key, message); /* or it is unpacked anew */
}
