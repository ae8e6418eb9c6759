/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/clause_parts.h"

#include "base/memory.h"

#include <pthread.h>

#define PARTS_BUDGET ((size_t)1 << 30)

/*
 * Whoever looks for what is there takes no lock: the list of policies, and what stands in it, are put there when they
 * are whole.
 */
struct clause_part_cache {
	pthread_mutex_t lock; /* of those who read rules, and of all but ->count and ->policies */
	struct arena arena;
	struct map texts,
			excluded; /* to the part, of such that are to hold, and that are not */
	struct value *values;	  /* by slot, all unknown */
	atomic_size_t count;
	_Atomic(_Atomic(struct policy_parts *) *)
			policies; /* by index; NULL: nobody has asked yet */
};

/* --- life -------------------------------------------------------------------------------------- */

struct clause_part_cache *clause_part_cache_new(void)
{
	struct clause_part_cache *cache = memory_alloc_zero(1, sizeof(*cache));

	if (!cache || pthread_mutex_init(&cache->lock, NULL) != 0) {
		memory_free(cache);
		return NULL;
	}
	arena_init(&cache->arena, PARTS_BUDGET);
	return cache;
}

void clause_part_cache_free(struct clause_part_cache *cache)
{
	if (!cache)
		return;
	map_fini(&cache->texts);
	map_fini(&cache->excluded);
	arena_fini(&cache->arena);
	pthread_mutex_destroy(&cache->lock);
	memory_free(cache);
}

size_t clause_part_cache_size(struct clause_part_cache *cache)
{
	size_t size;

	pthread_mutex_lock(&cache->lock);
	size = sizeof(*cache) + cache->arena.taken +
	       (cache->texts.capacity + cache->excluded.capacity) * sizeof(struct map_entry);
	pthread_mutex_unlock(&cache->lock);
	return size;
}

size_t clause_part_count(const struct clause_part_cache *cache)
{
	return atomic_load_explicit(&cache->count, memory_order_acquire);
}

/* --- what a part reads -------------------------------------------------------------------------- */

struct reading_off {
	const struct ruleset *ruleset;
	uint64_t *touched;
};

static void on_slot(void *context, int slot)
{
	const struct reading_off *reading = context;

	slot_bits_put(reading->touched, slot);
	slot_bits_put_bases(reading->ruleset, LIST_ENTERPRISE, slot, reading->touched);
}

/* The slots in ->touched, in their order. */
static bool slots_list(size_t words, struct arena *arena, struct clause_part *part)
{
	size_t count = 0;
	uint16_t *slots;

	for (size_t w = 0; w < words; w++)
		count += (size_t)__builtin_popcountll(part->touched[w]);
	slots = arena_alloc(arena, (count + 1) * sizeof(*slots));
	if (!slots)
		return false;
	for (size_t w = 0; w < words; w++) {
		for (uint64_t bits = part->touched[w]; bits; bits &= bits - 1)
			slots[part->slot_count++] =
					(uint16_t)(w * 64 + (size_t)__builtin_ctzll(bits));
	}
	part->slots = slots;
	return true;
}

/* --- parts -------------------------------------------------------------------------------------- */

/* NULL when memory is short. */
static struct clause_part *part_make(const struct ruleset *ruleset, const struct clause *clause,
		const struct node *node, bool excludes)
{
	struct clause_part_cache *cache = ruleset->clause_parts;
	struct arena *arena = &cache->arena;
	struct clause_part *part = ARENA_NEW(arena, struct clause_part);
	struct reading_off reading = { ruleset,
		ARENA_NEW_ARRAY(arena, uint64_t, ruleset->set_words) };

	if (!cache->values)
		cache->values = ARENA_NEW_ARRAY(arena, struct value, ruleset->most_slots + 1);
	if (!part || !reading.touched || !cache->values)
		return NULL;
	part->clause = clause;
	part->node = node;
	part->excludes = excludes;
	part->touched = reading.touched;
	rule_part_slots(node, on_slot, &reading);
	if (!slots_list(ruleset->set_words, arena, part))
		return NULL;
	clause_part_tabulate(ruleset, cache->values, arena, part);
	part->number = (uint32_t)atomic_load_explicit(&cache->count, memory_order_relaxed);
	return arena->exhausted ? NULL : part;
}

static const struct clause_part *part_of_text(const struct ruleset *ruleset,
		const struct clause *clause, const struct node *node, bool excludes)
{
	struct clause_part_cache *cache = ruleset->clause_parts;
	struct map *known = excludes ? &cache->excluded : &cache->texts;
	struct slice text = rule_part_text(clause->rule, node);
	struct clause_part *part = map_find(known, text);

	if (part)
		return part;
	part = part_make(ruleset, clause, node, excludes);
	if (!part || !map_put(known, text, part))
		return NULL;
	atomic_fetch_add_explicit(&cache->count, 1, memory_order_release);
	return part;
}

/* What is asked of a condition by itself, of *out_count; none of what is asked whole. */
struct asked_nodes {
	const struct node *const *list;
	const struct node *alone; /* where ->list may point to */
	bool excludes;
};

/* Memory that runs short shows in @arena. */
static size_t clause_nodes(const struct policy_rules *policy, const struct clause *clause,
		struct arena *arena, struct asked_nodes *out)
{
	Policycalc__V1__Role role = clause->condition->role;
	size_t count = 0;

	out->excludes = role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE;
	if (policy->list != LIST_ENTERPRISE || clause->kind != CLAUSE_RULE ||
			(role != POLICYCALC__V1__ROLE__ROLE_REQUIRE && !out->excludes))
		return 0;
	out->list = out->excludes ? NULL : rule_parts(clause->rule, arena, &count);
	if (out->list)
		return count;
	out->alone = rule_as_part(clause->rule, arena);
	out->list = &out->alone;
	return out->alone ? 1 : 0;
}

/* How many parts the conditions have together; they stand in ->ends. */
static size_t ends_fill(const struct policy_rules *policy, struct arena *arena,
		struct policy_parts *parts)
{
	struct asked_nodes nodes;
	size_t end = 0;

	for (size_t i = 0; i < policy->clause_count; i++) {
		end += clause_nodes(policy, &policy->clauses[i], arena, &nodes);
		parts->ends[i] = (uint32_t)end;
	}
	return end;
}

/* All of a policy; NULL when memory is short. Under the lock. */
static struct policy_parts *policy_read(
		const struct ruleset *ruleset, const struct policy_rules *policy)
{
	struct arena *arena = &ruleset->clause_parts->arena;
	struct policy_parts *parts = arena_alloc(
			arena, sizeof(*parts) + policy->clause_count * sizeof(parts->ends[0]));
	size_t at = 0;

	if (!parts)
		return NULL;
	parts->list = ARENA_NEW_ARRAY(
			arena, const struct clause_part *, ends_fill(policy, arena, parts) + 1);
	for (size_t i = 0; !arena->exhausted && i < policy->clause_count; i++) {
		const struct clause *clause = &policy->clauses[i];
		struct asked_nodes nodes;
		size_t count = clause_nodes(policy, clause, arena, &nodes);

		for (size_t k = 0; k < count; k++) {
			parts->list[at] = part_of_text(
					ruleset, clause, nodes.list[k], nodes.excludes);
			if (!parts->list[at++])
				return NULL;
		}
	}
	return arena->exhausted ? NULL : parts;
}

static _Atomic(struct policy_parts *) *policies_get(const struct ruleset *ruleset)
{
	struct clause_part_cache *cache = ruleset->clause_parts;
	_Atomic(struct policy_parts *) *policies =
			atomic_load_explicit(&cache->policies, memory_order_acquire);

	if (policies)
		return policies;
	policies = arena_alloc(
			&cache->arena, (ruleset->catalog.policy_count + 1) * sizeof(*policies));
	for (size_t i = 0; policies && i < ruleset->catalog.policy_count; i++)
		atomic_init(&policies[i], NULL);
	atomic_store_explicit(&cache->policies, policies, memory_order_release);
	return policies;
}

/* As policy_parts_get(), of one that is not there, or was not a moment ago. */
static struct policy_parts *policy_parts_make(const struct ruleset *ruleset, size_t index)
{
	struct clause_part_cache *cache = ruleset->clause_parts;
	_Atomic(struct policy_parts *) *policies;
	struct policy_parts *parts = NULL;

	pthread_mutex_lock(&cache->lock);
	policies = policies_get(ruleset);
	if (policies)
		parts = atomic_load_explicit(&policies[index], memory_order_relaxed);
	if (policies && !parts) {
		parts = policy_read(ruleset, &ruleset->policies[index]);
		atomic_store_explicit(&policies[index], parts, memory_order_release);
	}
	/* There may be memory for the next one again. */
	cache->arena.exhausted = false;
	pthread_mutex_unlock(&cache->lock);
	return parts;
}

const struct policy_parts *policy_parts_get(const struct ruleset *ruleset, size_t index)
{
	_Atomic(struct policy_parts *) *policies = atomic_load_explicit(
			&ruleset->clause_parts->policies, memory_order_acquire);
	struct policy_parts *parts = NULL;

	if (policies)
		parts = atomic_load_explicit(&policies[index], memory_order_acquire);
	return parts ? parts : policy_parts_make(ruleset, index);
}
