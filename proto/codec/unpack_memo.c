/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/unpack_memo.h"

#include "base/map.h"
#include "base/memory.h"

#define MEMO_BUDGET ((size_t)64 << 20)
/* What is smaller is unpacked as quickly as found; what is larger is hardly ever repeated. */
#define SIZE_LEAST ((size_t)12)
#define SIZE_MOST ((size_t)16 << 10)
/* Types of which fewer than a quarter of so many were known are not looked for any more. */
#define TRIES 512
#define TYPES 64

struct type_tries {
	const ProtobufCMessageDescriptor *descriptor;
	uint32_t tries, hits;
};

struct unpack_memo {
	struct arena arena; /* of keys */
	struct map known;
	struct type_tries types[TYPES]; /* by address; of two in one place the first has it */
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

/* NULL: another type has its place, and this one does without. */
static struct type_tries *tries_of(
		struct unpack_memo *memo, const ProtobufCMessageDescriptor *descriptor)
{
	struct type_tries *type =
			&memo->types[(uintptr_t)descriptor / sizeof(*descriptor) % TYPES];

	if (!type->descriptor)
		type->descriptor = descriptor;
	return type->descriptor == descriptor ? type : NULL;
}

ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct slice *out_key)
{
	struct type_tries *type;
	ProtobufCMessage *known;

	*out_key = (struct slice){ 0 };
	if (bytes.size < SIZE_LEAST || bytes.size > SIZE_MOST)
		return NULL;
	type = tries_of(memo, descriptor);
	if (!type || (type->tries >= TRIES && type->hits < type->tries / 4))
		return NULL;
	type->tries++;
	known = map_find(&memo->known, bytes);
	if (known && known->descriptor == descriptor) {
		type->hits++;
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
