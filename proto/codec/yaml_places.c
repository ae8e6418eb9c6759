/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table, open addressing, from (message, field, index) to the place in the file. */
#include "proto/codec/yaml_reader.h"

#include <string.h>

struct yaml_places {
	struct arena *arena;
	struct yaml_place *table; /* an unused slot has no message */
	size_t capacity;	  /* a power of two, or 0 */
	size_t count;
};

struct yaml_places *yaml_places_new(struct arena *arena)
{
	struct yaml_places *places = ARENA_NEW(arena, struct yaml_places);

	if (places)
		places->arena = arena;
	return places;
}

static struct yaml_place *locate(const struct yaml_places *places,
		const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		size_t index)
{
	uint64_t hash = (uint64_t)(uintptr_t)message * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	hash ^= (uint64_t)(uintptr_t)field + index * UINT64_C(0xff51afd7ed558ccd);
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	i = (size_t)(hash >> 20) & (places->capacity - 1);
	while (places->table[i].message && (places->table[i].message != message ||
							   places->table[i].field != field ||
							   places->table[i].index != index))
		i = (i + 1) & (places->capacity - 1);
	return &places->table[i];
}

static bool grow(struct yaml_places *places)
{
	struct yaml_places larger = *places;

	larger.capacity = places->capacity ? places->capacity * 2 : 64;
	larger.table = ARENA_NEW_ARRAY(places->arena, struct yaml_place, larger.capacity);
	if (!larger.table)
		return false;
	for (size_t i = 0; i < places->capacity; i++) {
		const struct yaml_place *old = &places->table[i];

		if (old->message)
			*locate(&larger, old->message, old->field, old->index) = *old;
	}
	*places = larger;
	return true;
}

bool yaml_places_add(struct yaml_places *places, const struct yaml_place *place)
{
	struct yaml_place *slot;

	if ((places->count + 1) * 4 > places->capacity * 3 && !grow(places))
		return false;
	slot = locate(places, place->message, place->field, place->index);
	if (!slot->message)
		places->count++;
	*slot = *place;
	return true;
}

const struct yaml_place *yaml_places_find(const struct yaml_places *places,
		const ProtobufCMessage *message, const char *field_name, size_t index)
{
	const ProtobufCFieldDescriptor *field = NULL;
	const struct yaml_place *place;

	if (!places || !places->count || !message)
		return NULL;
	if (field_name) {
		field = protobuf_c_message_descriptor_get_field_by_name(
				message->descriptor, field_name);
		if (!field)
			return NULL;
	}
	place = locate(places, message, field, field ? index : 0);
	return place->message ? place : NULL;
}
