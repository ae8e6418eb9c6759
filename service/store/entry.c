/* SPDX-License-Identifier: Apache-2.0 */
#include "store/entry.h"

#include "base/map.h"
#include "proto/codec/codec.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where a kind's messages stand in struct catalog. */
static const struct entry_kind_form {
	const char *name;
	const ProtobufCMessageDescriptor *descriptor;
	size_t list;
	size_t count;
} entry_kinds[ENTRY_KIND_END] = {
#define KIND(kind, word, list, count, type)                                                    \
	[kind] = { word, &policycalc__v1__##type##__descriptor,                                \
		offsetof(struct catalog, list), offsetof(struct catalog, count) }
	KIND(ENTRY_ATTRIBUTE, "attribute", attributes, attribute_count, attribute),
	KIND(ENTRY_PARAMETER, "parameter", parameters, parameter_count, parameter),
	KIND(ENTRY_REGION, "region", regions, region_count, region),
	KIND(ENTRY_INDUSTRY, "industry", industries, industry_count, industry),
	KIND(ENTRY_FACT, "fact", facts, fact_count, fact),
	KIND(ENTRY_POLICY, "policy", policies, policy_count, policy),
	KIND(ENTRY_SHARED_CAP, "shared cap", shared_caps, shared_cap_count, shared_cap),
#undef KIND
};

const char *entry_kind_name(enum entry_kind kind)
{
	return entry_kinds[kind].name;
}

const ProtobufCMessageDescriptor *entry_kind_descriptor(enum entry_kind kind)
{
	return entry_kinds[kind].descriptor;
}

ProtobufCMessage ***entry_kind_list(struct catalog *catalog, enum entry_kind kind)
{
	return (ProtobufCMessage ***)(void *)((char *)catalog + entry_kinds[kind].list);
}

size_t *entry_kind_count(struct catalog *catalog, enum entry_kind kind)
{
	return (size_t *)(void *)((char *)catalog + entry_kinds[kind].count);
}

/* How many facts of an entry came before: facts have no names of their own, only an order. */
struct fact_counter {
	size_t count;
};

static const char *entry_name_fact(
		const Policycalc__V1__Fact *fact, struct map *counters, struct arena *arena)
{
	struct fact_counter *counter = map_find(counters, slice_from(fact->entry));

	if (!counter) {
		counter = ARENA_NEW(arena, struct fact_counter);
		if (!counter || !map_put(counters, slice_from(fact->entry), counter))
			return NULL;
	}
	return arena_format(arena, "%s/%06zu", fact->entry, ++counter->count);
}

static const char *entry_name(enum entry_kind kind, const ProtobufCMessage *message,
		struct map *counters, struct arena *arena)
{
	const Policycalc__V1__Attribute *attribute;

	switch (kind) {
	case ENTRY_ATTRIBUTE:
		attribute = (const Policycalc__V1__Attribute *)message;
		if (!*attribute->item_list)
			return arena_copy_text(arena, attribute->name);
		return arena_format(arena, "%s/%s", attribute->item_list, attribute->name);
	case ENTRY_PARAMETER:
		return arena_copy_text(
				arena, ((const Policycalc__V1__Parameter *)message)->name);
	case ENTRY_REGION:
		return arena_copy_text(arena, ((const Policycalc__V1__Region *)message)->code);
	case ENTRY_INDUSTRY:
		return arena_copy_text(
				arena, ((const Policycalc__V1__Industry *)message)->code);
	case ENTRY_FACT:
		return entry_name_fact((const Policycalc__V1__Fact *)message, counters, arena);
	case ENTRY_POLICY:
		return arena_copy_text(arena, ((const Policycalc__V1__Policy *)message)->id);
	case ENTRY_SHARED_CAP:
		return arena_copy_text(arena, ((const Policycalc__V1__SharedCap *)message)->id);
	}
	return NULL;
}

/*
 * Looking the algorithm up takes as long as hashing a small entry: done once, for as long as the process lives. When
 * there was no memory for it, whoever comes next looks again.
 */
static const EVP_MD *sha256_get(void)
{
	static EVP_MD *_Atomic kept;
	EVP_MD *found = atomic_load(&kept);
	EVP_MD *other = NULL;

	if (found)
		return found;
	found = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!found || atomic_compare_exchange_strong(&kept, &other, found))
		return found;
	EVP_MD_free(found);
	return other;
}

bool entry_hash(struct slice bytes, unsigned char out[ENTRY_HASH_SIZE], struct error *err)
{
	const EVP_MD *sha256 = sha256_get();

	return (sha256 && EVP_Digest(bytes.data, bytes.size, out, NULL, sha256, NULL) == 1) ||
	       error_set(err, ERROR_MEMORY, "out of memory while hashing an entry");
}

static bool entry_fill(struct entry *entry, enum entry_kind kind,
		const ProtobufCMessage *message, struct map *counters, struct buffer *bytes,
		struct arena *arena, struct error *err)
{
	entry->kind = kind;
	entry->name = entry_name(kind, message, counters, arena);
	buffer_clear(bytes);
	if (!entry->name || !message_pack(message, bytes))
		return arena_error(arena, err, "encoding the catalog");
	entry->bytes.size = bytes->size;
	entry->bytes.data = arena_copy(arena, bytes->data, bytes->size);
	if (!entry->bytes.data)
		return arena_error(arena, err, "encoding the catalog");
	return entry_hash(entry->bytes, entry->hash, err);
}

static int on_compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

bool entry_list_from_catalog(const struct catalog *catalog, struct arena *arena,
		struct entry **out_list, size_t *out_count, struct error *err)
{
	struct catalog lists = *catalog;
	struct buffer bytes = { 0 };
	struct map counters = { 0 };
	struct entry *list;
	size_t total = 0;
	size_t at = 0;
	bool ok = false;

	for (int kind = 1; kind < ENTRY_KIND_END; kind++)
		total += *entry_kind_count(&lists, (enum entry_kind)kind);
	list = ARENA_NEW_ARRAY(arena, struct entry, total);
	if (!list) {
		arena_error(arena, err, "encoding the catalog");
		goto out;
	}
	for (int kind = 1; kind < ENTRY_KIND_END; kind++) {
		ProtobufCMessage **messages = *entry_kind_list(&lists, (enum entry_kind)kind);
		size_t count = *entry_kind_count(&lists, (enum entry_kind)kind);

		for (size_t i = 0; i < count; i++)
			if (!entry_fill(&list[at++], (enum entry_kind)kind, messages[i],
					    &counters, &bytes, arena, err))
				goto out;
	}
	qsort(list, total, sizeof(*list), on_compare_entries);
	for (size_t i = 1; i < total; i++)
		if (on_compare_entries(&list[i - 1], &list[i]) == 0) {
			error_set(err, ERROR_INVALID, "two entries are the %s \"%s\"",
					entry_kind_name(list[i].kind), list[i].name);
			goto out;
		}
	*out_list = list;
	*out_count = total;
	ok = true;
out:
	map_fini(&counters);
	buffer_fini(&bytes);
	return ok;
}
