/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From (message, field, index) to the place in the file.
 *
 * A catalog of 100,000 files keeps some ten million of these until it is checked, so that they lie there
 * small, as many as there are, and sorted. While a file is read they are a list in the order of the file.
 */
#include "proto/codec/yaml_reader.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

struct kept_place {
	const ProtobufCMessage *message;
	uint32_t index;
	uint32_t line, column, key_line, key_column;
	uint8_t field; /* its index in the descriptor and one; 0: the message itself */
	bool plain_one_line;
};

struct yaml_places {
	struct arena *arena;
	struct kept_place *list;
	size_t capacity; /* of the list while the file is read; 0 afterwards, and it is sorted */
	size_t count;
};

static_assert(FIELDS_MAX < UINT8_MAX, "the number of a field fits a byte");

struct yaml_places *yaml_places_new(struct arena *arena)
{
	struct yaml_places *places = ARENA_NEW(arena, struct yaml_places);

	if (places)
		places->arena = arena;
	return places;
}

void yaml_places_drop(struct yaml_places *places)
{
	if (places && places->capacity)
		memory_free(places->list);
	if (places)
		*places = (struct yaml_places){ .arena = places->arena };
}

static uint8_t field_number(
		const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return field ? (uint8_t)(field - message->descriptor->fields + 1) : 0;
}

bool yaml_places_add(struct yaml_places *places, const struct yaml_place *place)
{
	if (places->count == places->capacity) {
		size_t capacity = places->capacity ? places->capacity * 2 : 128;
		struct kept_place *list = memory_resize(places->list, capacity * sizeof(*list));

		if (!list)
			return false;
		places->list = list;
		places->capacity = capacity;
	}
	places->list[places->count++] = (struct kept_place){
		.message = place->message,
		.index = (uint32_t)place->index,
		.line = (uint32_t)place->line,
		.column = (uint32_t)place->column,
		.key_line = (uint32_t)place->key_line,
		.key_column = (uint32_t)place->key_column,
		.field = field_number(place->message, place->field),
		.plain_one_line = place->plain_one_line,
	};
	return true;
}

static int key_compare(const struct kept_place *a, const struct kept_place *b)
{
	if (a->message != b->message)
		return (uintptr_t)a->message < (uintptr_t)b->message ? -1 : 1;
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int on_compare_places(const void *left, const void *right)
{
	const struct kept_place *a = left;
	const struct kept_place *b = right;
	int order = key_compare(a, b);

	if (order == 0 && a->line != b->line)
		order = a->line < b->line ? -1 : 1;
	return order ? order : (a->column > b->column) - (a->column < b->column);
}

bool yaml_places_finish(struct yaml_places *places)
{
	struct kept_place *list =
			ARENA_NEW_ARRAY(places->arena, struct kept_place, places->count);
	size_t kept = 0;

	if (!list)
		return false;
	if (places->count)
		qsort(places->list, places->count, sizeof(*list), on_compare_places);
	for (size_t i = 0; i < places->count; i++) {
		/* Of what stands there twice the last one counts. */
		if (i + 1 < places->count &&
				key_compare(&places->list[i], &places->list[i + 1]) == 0)
			continue;
		list[kept++] = places->list[i];
	}
	memory_free(places->list);
	places->list = list;
	places->count = kept;
	places->capacity = 0;
	return true;
}

static const struct kept_place *kept_find(
		const struct yaml_places *places, const struct kept_place *key)
{
	size_t low = 0, high = places->count;

	if (places->capacity) {
		for (size_t i = places->count; i-- > 0;) {
			if (key_compare(&places->list[i], key) == 0)
				return &places->list[i];
		}
		return NULL;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = key_compare(&places->list[middle], key);

		if (order == 0)
			return &places->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool yaml_places_find(const struct yaml_places *places, const ProtobufCMessage *message,
		const char *field_name, size_t index, struct yaml_place *out_place)
{
	const ProtobufCFieldDescriptor *field = NULL;
	const struct kept_place *kept;

	if (!places || !places->count || !message)
		return false;
	if (field_name) {
		field = protobuf_c_message_descriptor_get_field_by_name(
				message->descriptor, field_name);
		if (!field)
			return false;
	}
	kept = kept_find(places, &(struct kept_place){ .message = message,
						 .field = field_number(message, field),
						 .index = field ? (uint32_t)index : 0 });
	if (!kept)
		return false;
	*out_place = (struct yaml_place){
		.message = message,
		.field = field,
		.index = field ? index : 0,
		.line = (int)kept->line,
		.column = (int)kept->column,
		.key_line = (int)kept->key_line,
		.key_column = (int)kept->key_column,
		.plain_one_line = kept->plain_one_line,
	};
	return true;
}
