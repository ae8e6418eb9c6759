/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A held delivery of an older database may have the news of several series, which no department may
 * decide for the others. It makes room for one delivery a series, as runs make them today: the same
 * news, each under a key of its own, and the old one is superseded by them all.
 */
#include "push/ledger_split.h"

#include "proto/codec/codec.h"
#include "push/digest.h"

#include <assert.h>
#include <string.h>

#define SPLITTING "splitting a delivery"

/* One that makes room. */
struct splitting {
	struct ledger *ledger;
	const struct ledger_delivery *whole;
	const Policycalc__V1__Digest *digest;
	const struct ledger_entry *entries;
	size_t count;
	struct arena *arena;
};

bool ledger_entries_are_mixed(const struct ledger_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (entries[i].series != entries[0].series)
			return true;
	}
	return false;
}

static bool splitting_init(struct splitting *splitting, struct ledger *ledger,
		const struct ledger_delivery *delivery, const struct ledger_entry *entries,
		size_t count, struct arena *arena, struct error *err)
{
	struct ledger_delivery *whole;

	*splitting = (struct splitting){
		.ledger = ledger, .entries = entries, .count = count, .arena = arena
	};
	if (!ledger_store_find_delivery(ledger->store, delivery->key, true, arena, &whole, err))
		return false;
	assert(whole);
	splitting->whole = whole;
	splitting->digest = (const Policycalc__V1__Digest *)message_unpack(whole->digest,
			&policycalc__v1__digest__descriptor, &message_limits_default, arena,
			err);
	return splitting->digest != NULL;
}

/* Whether @entry is the first of its series. */
static bool is_first(const struct ledger_entry *entries, size_t entry)
{
	for (size_t i = 0; i < entry; i++) {
		if (entries[i].series == entries[entry].series)
			return false;
	}
	return true;
}

/* --- one part -------------------------------------------------------------------------------- */

static bool bytes_keep(const struct splitting *splitting, struct buffer *bytes,
		struct slice *out, struct error *err)
{
	char *copy = bytes->failed ? NULL
				   : arena_copy(splitting->arena, bytes->data, bytes->size);

	if (copy)
		*out = (struct slice){ copy, bytes->size };
	buffer_fini(bytes);
	return copy || error_set(err, ERROR_MEMORY, "out of memory while " SPLITTING);
}

/* What the part of @series is about, and what it says. */
static bool part_fill(const struct splitting *splitting, uint32_t series, const char *name,
		struct ledger_delivery *part, Policycalc__V1__Digest *digest, struct error *err)
{
	const Policycalc__V1__Digest *whole = splitting->digest;
	struct ledger_entry *about = ARENA_NEW_ARRAY(
			splitting->arena, struct ledger_entry, splitting->count);
	struct buffer bytes = { 0 };
	size_t count = 0;

	digest->entries = ARENA_NEW_ARRAY(
			splitting->arena, Policycalc__V1__DeltaEntry *, whole->n_entries + 1);
	if (!about || !digest->entries)
		return arena_error(splitting->arena, err, SPLITTING);
	for (size_t i = 0; i < splitting->count; i++) {
		if (splitting->entries[i].series == series)
			about[count++] = splitting->entries[i];
	}
	digest->n_entries = 0;
	part->kinds = 0;
	for (size_t i = 0; i < whole->n_entries; i++) {
		if (strcmp(whole->entries[i]->series, name) != 0)
			continue;
		digest->entries[digest->n_entries++] = whole->entries[i];
		part->kinds |= 1u << (unsigned)whole->entries[i]->policy_kind;
	}
	if (digest->n_entries != count)
		return error_set(err, ERROR_IO, "a delivery does not hold what it is about");
	ledger_entries_encode(about, count, &bytes);
	return bytes_keep(splitting, &bytes, &part->entries, err);
}

static bool part_add(const struct splitting *splitting, uint32_t series,
		struct ledger_delivery *part, int64_t now_ms, struct error *err)
{
	const struct ledger_delivery *whole = splitting->whole;
	Policycalc__V1__Digest digest = *splitting->digest;
	const char *name;
	char key[2 * DIGEST_KEY_SIZE + 1];
	struct buffer bytes = { 0 };

	if (!ledger_store_name_series(
			    splitting->ledger->store, series, splitting->arena, &name, err))
		return false;
	if (!name)
		return error_set(err, ERROR_IO,
				"the ledger does not know a series that was told");
	*part = (struct ledger_delivery){
		.run = whole->run,
		.enterprise = whole->enterprise,
		.state = (int)DELIVERY(HELD),
		.day = whole->day,
		.not_before = whole->not_before,
		.region = whole->region,
		.created_ms = now_ms,
		.changed_ms = now_ms,
	};
	if (!digest_key(whole->run, digest.uscc, PART_HELD, name, part->key, err) ||
			!part_fill(splitting, series, name, part, &digest, err))
		return false;
	digest_key_print(part->key, key);
	digest.key = key;
	/* Nobody has pulled the old one, nor what that had taken the place of. */
	digest.replaces = (char *[]){ splitting->digest->key };
	digest.n_replaces = 1;
	if (!message_pack(&digest.base, &bytes)) {
		buffer_fini(&bytes);
		return error_set(err, ERROR_MEMORY, "out of memory while " SPLITTING);
	}
	return bytes_keep(splitting, &bytes, &part->digest, err) &&
	       ledger_store_add_delivery(splitting->ledger->store, part, err);
}

/* --- all of them ------------------------------------------------------------------------------ */

bool ledger_split(struct ledger *ledger, const struct ledger_delivery *delivery,
		const struct ledger_entry *entries, size_t count, uint32_t series,
		int64_t now_ms, struct arena *arena, struct ledger_delivery *out_part,
		struct error *err)
{
	struct splitting splitting;
	struct ledger_delivery part, whole = *delivery;

	if (!splitting_init(&splitting, ledger, delivery, entries, count, arena, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_first(entries, i))
			continue;
		if (!part_add(&splitting, entries[i].series, &part, now_ms, err))
			return false;
		if (entries[i].series == series)
			*out_part = part;
	}
	ledger_delivery_enter(&whole, DELIVERY(SUPERSEDED), now_ms);
	whole.note = SLICE_LITERAL("each of its series is confirmed by itself");
	return ledger_store_change_delivery(ledger->store, &whole, err);
}

char *ledger_mixed_reason(struct ledger *ledger, const struct ledger_entry *entries,
		size_t count, struct arena *arena, struct error *err)
{
	char *reason = "it has news of several series, each to be confirmed by its name:";

	for (size_t i = 0; reason && i < count; i++) {
		const char *name;

		if (!is_first(entries, i))
			continue;
		if (!ledger_store_name_series(
				    ledger->store, entries[i].series, arena, &name, err))
			return NULL;
		reason = arena_format(arena, "%s %.100s", reason, name ? name : "?");
	}
	if (!reason)
		arena_error(arena, err, SPLITTING);
	return reason;
}
