/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of the enterprise, as much of them as is asked by itself: what stands between && at the top of a rule
 * that a policy requires; any other rule that it requires, or excludes, is one part.
 *
 * A rule that is a run of && is true when all its parts are, false when one is, and else lacks what those lack
 * that are unknown. What a part is follows from the catalog alone, whatever the day and whatever parameters come to:
 * it is read off the rule when somebody first asks for the policy, and is the ruleset's from then on. Parts that are
 * written alike are one, in however many policies they stand.
 */
#pragma once

#include "calculator/ruleset.h"

/* It fails, it holds, or it lacks something still. */
struct part_result {
	bool fails;
	const uint64_t *lacks; /* or NULL */
};

/* What a part comes to when one attribute is told, and nothing else that it reads. */
struct part_table {
	int slot; /* of the attribute */
	/* Where it changes, as rule_part_probe() finds it. */
	uint32_t point_count, bound_count;
	const struct probe_point *points;
	const int64_t *bounds; /* of figures: the places of ->points, ascending, each once */
	/*
	 * By value, as far as questions try values out: of flags no and yes; of figures below the first of ->bounds, from it
	 * on, from the second on, ...; of codes each of ->points, and behind them one that is none of those, or
	 * nothing. NULL: it must be asked.
	 */
	const struct part_result *results;
};

struct clause_part {
	uint32_t number; /* dense over all that are known */
	uint32_t slot_count;
	const struct clause *clause; /* the first that has it, */
	const struct node *node;     /* and where it stands in its rule */
	bool excludes;		     /* it stands in the way when it is true */
	const uint64_t *touched; /* what it reads, and the bases of what is derived of that; */
	const uint16_t *slots;	 /* the same in the order of slots */
	/*
	 * Of one that reads nothing but attributes as they are told, neither a parameter nor the day, so that all this is so
	 * under all facts: what it lacks when none is known, and tables of those of which one need not search for
	 * where it changes. NULL: it is another one.
	 */
	const uint64_t *missing;
	const struct part_table *tables;
	uint32_t table_count;
};

/** Its table of the attribute at @slot, or NULL. */
static inline const struct part_table *clause_part_table(
		const struct clause_part *part, int slot)
{
	for (uint32_t i = 0; i < part->table_count; i++) {
		if (part->tables[i].slot == slot)
			return &part->tables[i];
	}
	return NULL;
}

/* The parts of all conditions of a policy, one after another. */
struct policy_parts {
	const struct clause_part **list;
	uint32_t ends[]; /* by clause: behind its last one; it has none when it is asked whole */
};

static inline size_t policy_parts_first(const struct policy_parts *parts, size_t clause)
{
	return clause ? parts->ends[clause - 1] : 0;
}

/**
 * Fills ->missing and the tables where it can, in @arena; @values are as many as there are slots, all unknown,
 * and so again behind it. clause_part_table.c.
 */
void clause_part_tabulate(const struct ruleset *ruleset, struct value *values,
		struct arena *arena, struct clause_part *part);

/** What is known of parts: nothing yet. NULL when memory is short. */
struct clause_part_cache *clause_part_cache_new(void);
void clause_part_cache_free(struct clause_part_cache *cache);
/** Bytes that it holds. Any thread. */
size_t clause_part_cache_size(struct clause_part_cache *cache);
/** The numbers of all parts that were handed out are below. Any thread. */
size_t clause_part_count(const struct clause_part_cache *cache);

/** The parts of the policy at @index, borrowed from the ruleset; NULL when memory is short. Any thread. */
const struct policy_parts *policy_parts_get(const struct ruleset *ruleset, size_t index);
