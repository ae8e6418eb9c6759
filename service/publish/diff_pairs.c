/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which element of a list is another state of which.
 *
 * An element is named by its key where that names just one element on either side, and is paired
 * with the one of its name. The rest has no name (brackets, caps, two sources of one document): of
 * those the longest run that stands unchanged on both sides is paired first, so that one element
 * more or less at the front does not make others of all behind it; what lies between two of these
 * is then paired in order, with what has the same key.
 */
#include "publish/diff.h"

#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <string.h>

#define TABLE_MOST ((size_t)1 << 20) /* cells; beyond it what has no name is paired in order */

/* The elements of one side that have no name, in order. */
struct rest {
	size_t *index;
	struct slice *packed;
	size_t count;
};

const ProtobufCMessage *diff_element(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index)
{
	return *(const ProtobufCMessage *const *)field_element(message, field, index);
}

bool diff_messages_are_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };
	bool equal = message_pack(a, &left) && message_pack(b, &right) &&
		     left.size == right.size &&
		     (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);

	buffer_fini(&left);
	buffer_fini(&right);
	return equal;
}

static bool key_is_shared(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const char *key)
{
	size_t count = 0;

	for (size_t i = 0; i < field_count(message, field); i++) {
		const char *other = diff_element_key(diff_element(message, field, i));

		count += other && strcmp(key, other) == 0;
	}
	return count > 1;
}

static const char **names_find(const ProtobufCMessage *message, const ProtobufCMessage *other,
		const ProtobufCFieldDescriptor *field, struct arena *arena)
{
	size_t count = field_count(message, field);
	const char **names = ARENA_NEW_ARRAY(arena, const char *, count + 1);

	for (size_t i = 0; names && i < count; i++) {
		const char *key = diff_element_key(diff_element(message, field, i));
		bool alone = key && !key_is_shared(message, field, key) &&
			     !key_is_shared(other, field, key);

		names[i] = alone ? key : NULL;
	}
	return names;
}

static bool rest_find(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		const char *const *names, struct arena *arena, struct rest *out_rest)
{
	size_t count = field_count(message, field);
	bool ok = true;

	out_rest->index = ARENA_NEW_ARRAY(arena, size_t, count + 1);
	out_rest->packed = ARENA_NEW_ARRAY(arena, struct slice, count + 1);
	out_rest->count = 0;
	if (!out_rest->index || !out_rest->packed)
		return false;
	for (size_t i = 0; ok && i < count; i++) {
		struct buffer buffer = { 0 };
		const char *copy = NULL;

		if (names[i])
			continue;
		ok = message_pack(diff_element(message, field, i), &buffer);
		if (ok)
			copy = arena_copy(arena, buffer.data ? buffer.data : "", buffer.size);
		ok = copy != NULL;
		out_rest->index[out_rest->count] = i;
		out_rest->packed[out_rest->count++] = (struct slice){ copy, buffer.size };
		buffer_fini(&buffer);
	}
	return ok;
}

static void pair_set(struct diff_pairs *pairs, size_t from, size_t to)
{
	pairs->to_of[from] = to;
	pairs->from_of[to] = from;
}

/* The longest run that both have, as pairs. */
static bool unchanged_pair(struct diff_pairs *pairs, const struct rest *from,
		const struct rest *to, struct arena *arena)
{
	size_t width = to->count + 1;
	size_t *longest;
	size_t i = 0;
	size_t k = 0;

	if (from->count == 0 || to->count == 0 || from->count > TABLE_MOST / width)
		return true;
	longest = ARENA_NEW_ARRAY(arena, size_t, (from->count + 1) * width); /* zeroed */
	if (!longest)
		return false;
	for (i = from->count; i-- > 0;) {
		for (k = to->count; k-- > 0;) {
			size_t down = longest[(i + 1) * width + k];
			size_t right = longest[i * width + k + 1];

			longest[i * width + k] =
					slice_equals(from->packed[i], to->packed[k])
							? longest[(i + 1) * width + k + 1] + 1
					: down > right ? down
						       : right;
		}
	}
	i = 0;
	k = 0;
	while (i < from->count && k < to->count) {
		if (slice_equals(from->packed[i], to->packed[k]))
			pair_set(pairs, from->index[i++], to->index[k++]);
		else if (longest[(i + 1) * width + k] >= longest[i * width + k + 1])
			i++;
		else
			k++;
	}
	return true;
}

static bool keys_are_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	const char *left = diff_element_key(a);
	const char *right = diff_element_key(b);

	return left && right ? strcmp(left, right) == 0 : left == right;
}

/* What lies between two unchanged ones: in order, with the same key. */
static void changed_pair(struct diff_pairs *pairs, const struct rest *from,
		const struct rest *to, const ProtobufCMessage *from_message,
		const ProtobufCMessage *to_message, const ProtobufCFieldDescriptor *field)
{
	size_t next = 0; /* in @to: behind the last one that is paired */

	for (size_t i = 0; i < from->count; i++) {
		size_t index = from->index[i];

		if (pairs->to_of[index] != DIFF_NONE) {
			while (to->index[next++] != pairs->to_of[index])
				;
			continue;
		}
		for (size_t k = next; k < to->count; k++) {
			if (pairs->from_of[to->index[k]] != DIFF_NONE)
				break;
			if (!keys_are_equal(diff_element(from_message, field, index),
					    diff_element(to_message, field, to->index[k])))
				continue;
			pair_set(pairs, index, to->index[k]);
			next = k + 1;
			break;
		}
	}
}

/* The named pairs that stand in one order at the front and at the back of both sides. */
static bool order_find(struct diff_pairs *pairs, struct arena *arena)
{
	size_t *order = ARENA_NEW_ARRAY(arena, size_t, pairs->from_count + 1);
	size_t *sorted = ARENA_NEW_ARRAY(arena, size_t, pairs->from_count + 1);
	size_t count = 0;
	size_t k = 0;

	if (!order || !sorted)
		return false;
	for (size_t i = 0; i < pairs->from_count; i++) {
		if (pairs->name_of_from[i] && pairs->to_of[i] != DIFF_NONE)
			order[count++] = pairs->to_of[i];
	}
	for (size_t i = 0; i < pairs->to_count; i++) {
		if (pairs->name_of_to[i] && pairs->from_of[i] != DIFF_NONE)
			sorted[k++] = i;
	}
	pairs->named_count = count;
	while (pairs->same_front < count &&
			order[pairs->same_front] == sorted[pairs->same_front])
		pairs->same_front++;
	while (pairs->same_back < count - pairs->same_front &&
			order[count - pairs->same_back - 1] ==
					sorted[count - pairs->same_back - 1])
		pairs->same_back++;
	return true;
}

bool diff_pairs_find(const ProtobufCMessage *from, const ProtobufCMessage *to,
		const ProtobufCFieldDescriptor *field, struct arena *arena,
		struct diff_pairs *out_pairs)
{
	struct diff_pairs pairs = { .from_count = field_count(from, field),
		.to_count = field_count(to, field) };
	struct rest from_rest;
	struct rest to_rest;

	pairs.to_of = ARENA_NEW_ARRAY(arena, size_t, pairs.from_count + 1);
	pairs.from_of = ARENA_NEW_ARRAY(arena, size_t, pairs.to_count + 1);
	pairs.name_of_from = names_find(from, to, field, arena);
	pairs.name_of_to = names_find(to, from, field, arena);
	if (!pairs.to_of || !pairs.from_of || !pairs.name_of_from || !pairs.name_of_to)
		return false;
	for (size_t i = 0; i < pairs.from_count; i++)
		pairs.to_of[i] = DIFF_NONE;
	for (size_t i = 0; i < pairs.to_count; i++)
		pairs.from_of[i] = DIFF_NONE;
	for (size_t i = 0; i < pairs.from_count; i++) {
		for (size_t k = 0; pairs.name_of_from[i] && k < pairs.to_count; k++) {
			if (pairs.name_of_to[k] &&
					strcmp(pairs.name_of_from[i], pairs.name_of_to[k]) == 0)
				pair_set(&pairs, i, k);
		}
	}
	if (!rest_find(from, field, pairs.name_of_from, arena, &from_rest) ||
			!rest_find(to, field, pairs.name_of_to, arena, &to_rest) ||
			!unchanged_pair(&pairs, &from_rest, &to_rest, arena))
		return false;
	changed_pair(&pairs, &from_rest, &to_rest, from, to, field);
	if (!order_find(&pairs, arena))
		return false;
	*out_pairs = pairs;
	return true;
}
