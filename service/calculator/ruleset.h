/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ruleset is made of; only this room reads it.
 *
 * Every name a rule may use has a slot. Slots of the enterprise scope (as_of, e.x, p.x) come first,
 * in name order; behind them stand the slots of one item list (i.x), again in name order, so that
 * the lists share these numbers and one array of values serves all scopes:
 *
 *     0 ............ base_count - 1 | base_count ............ base_count + item_count[list] - 1
 *     as_of  e.*  p.*               | i.* of projects, or of loans, or of hires
 *
 * A set of slots is a run of 64-bit words; read in slot order it is in name order.
 *
 * The rest is immutable once ruleset_new() has returned; only the caches of epochs, candidates and parts of conditions
 * change, under their own locks, and ->told.
 */
#pragma once

#include "base/date.h"
#include "base/map.h"
#include "base/number_table.h"
#include "base/region.h"
#include "calculator/calculator.h"
#include "calculator/epoch.h"
#include "calculator/period.h"
#include "proto/codec/encode.h"
#include "rules/rule.h"

#include <stdatomic.h>

#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define STATE(word) POLICYCALC__V1__AVAILABILITY__STATE__STATE_##word
#define VALUE_TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word
#define BINDING(word) POLICYCALC__V1__AMOUNT_ANSWER__BINDING__BINDING_##word

enum item_list {
	LIST_ENTERPRISE, /* not a list: the enterprise itself */
	LIST_PROJECTS,
	LIST_LOANS,
	LIST_HIRES,
	LIST_COUNT,
};

/** "projects", ...; "" for the enterprise. */
const char *item_list_name(enum item_list list);
/** LIST_COUNT when there is no such list. */
enum item_list item_list_find(const char *name);

/** The type and dimension that rules see; NULL when the dictionary states no type. */
const struct type *value_type_rule_type(
		Policycalc__V1__ValueType type, enum dimension *dimension);

/** Whether the values of the type carry their periods themselves. */
bool value_type_is_series(Policycalc__V1__ValueType type);

/** The list whose items a policy is granted for. */
enum item_list subject_item_list(Policycalc__V1__Subject subject);

/* What stands behind a slot. */
struct slot {
	const char *name; /* "e.revenue_y2", "p.rd_cap", "as_of" */
	enum scope_role role;
	const Policycalc__V1__Attribute *attribute; /* of attributes */
	size_t parameter;			    /* of parameters: index in the catalog */
	unsigned back;	    /* periods before the last full one; of windows see period.h */
	enum window window; /* of series: the part that rules read */
	bool derived;
};

/* A slot that an attribute's value of some period goes to. */
struct variant {
	enum window window;
	unsigned back;
	int slot;
};

enum code_table {
	CODES_ANY,
	CODES_CHOICES,
	CODES_REGIONS,
	CODES_INDUSTRIES,
};

/* An attribute under its name, as a profile sends it. Of the attribute itself little is read: a profile has many. */
struct entry {
	const Policycalc__V1__Attribute *attribute;
	const struct variant *variants; /* [0] is the attribute under its own name */
	unsigned variant_count;
	unsigned index;		  /* dense over all entries */
	int64_t minimum, maximum; /* of figures; the ends of int64_t: none */
	Policycalc__V1__ValueType type;
	enum code_table codes; /* what a code of it must be in */
	bool is_dated;	       /* a value is of one period, named or the last full one */
	bool is_deprecated;
	bool is_derived;
	struct map choices; /* code to Choice, when the attribute has choices */
	/* The one that came behind it in the first profile: most callers send attributes in one order. Any thread. */
	_Atomic(const struct entry *) follower;
};

/* A figure made of the items of a list. */
struct aggregate {
	const Policycalc__V1__Derivation__Aggregate *from;
	enum item_list list;
	size_t field_at;	   /* among the list's slots; not of COUNT */
	const struct rule *filter; /* or NULL: all items */
};

/* A derived attribute: its rule, or its quotient, or what it is of the items. */
struct derivation {
	int slot;
	const Policycalc__V1__Attribute *attribute;
	const struct rule *rule;	 /* or NULL: */
	const struct scope_ratio *ratio; /* the quotient, or NULL: */
	const struct aggregate *aggregate;
};

enum clause_kind {
	CLAUSE_RULE,
	CLAUSE_REGION,	 /* made from the policy's region scope */
	CLAUSE_INDUSTRY, /* made from its industry scope */
	CLAUSE_SCORE,	 /* a score table, or its direct pass */
};

struct score_rules; /* score.h */

/* A condition, ready to be asked. */
struct clause {
	enum clause_kind kind;
	int slot; /* of scopes: the attribute they look at */
	const Policycalc__V1__Condition *condition;
	const struct rule *rule;
	const struct rule *met_if;	 /* of role REVIEW, or NULL */
	const struct rule *fails_if;	 /* of role REVIEW, or NULL */
	const struct score_rules *score; /* of score tables */
	const struct rule *direct_pass;	 /* of score tables, or NULL */
	bool per_item;
	size_t twin; /* clauses of one number are answered alike, whatever the facts */
};

struct bracket_rules {
	const struct rule *up_to; /* NULL: no upper end */
	const struct rule *rate;
};

struct cap_rules {
	const Policycalc__V1__Cap *cap;
	const struct rule *limit; /* NULL: none or not stated */
	const struct rule *when;  /* NULL: always */
	bool of_total;		  /* limits the sum over the items */
};

struct tier_rules {
	const Policycalc__V1__Tier *tier;
	const struct rule *sum;
	const struct rule *when; /* NULL: always */
};

struct amount_rules {
	const Policycalc__V1__Amount *amount;
	const struct rule *rule;
	const struct rule *base;
	const struct rule *rate;
	const struct bracket_rules *brackets;
	size_t bracket_count;
	const struct cap_rules *caps;
	size_t cap_count;
	const struct tier_rules *tiers;
	size_t tier_count;
	const struct rule *quantity; /* with unit_amount, or NULL */
	const struct rule *unit_amount;
	bool fixed; /* reads no attribute */
};

/* A policy, ready to be asked. */
struct policy_rules {
	const Policycalc__V1__Policy *policy;
	enum item_list list; /* what it is granted for */
	struct clause *clauses;
	size_t clause_count;
	const struct amount_rules *amount; /* or NULL */
	const struct rule *budget;	   /* what it may cost in all in a year; or NULL */
	const uint64_t *reads;		   /* base attributes behind all its rules */
	const uint64_t *item_reads;	   /* those behind its per-item conditions */
	bool constant;	    /* on a day, the answer of every firm that fits is the same */
	bool once_per;	    /* items with the same value of an attribute are granted once */
	size_t once_per_at; /* that attribute, among the list's slots */
	struct series *namesake; /* the series that has its id for a name and it for a version; or NULL */
};

/* The versions of one series, as indices of policies, by id. */
struct series {
	const char *name;
	const size_t *policies;
	size_t count;
};

/* A policy that repeals another; those that repeal the same one in id order. */
struct repeal {
	const Policycalc__V1__Policy *policy;
	struct repeal *next;
};

struct answer_parts; /* answer_parts.h */

/* What answers of policies are made of, from the first that is told on; in the ruleset's arena. */
struct told_parts {
	atomic_size_t size; /* bytes of all of them, which are pieces of their own */
	_Atomic(struct answer_parts *) list[];
};

struct ruleset {
	atomic_uint references;
	struct arena arena;
	struct catalog catalog; /* our copy, sorted */

	struct region_table *regions;
	struct map region_codes;   /* code to Region of the catalog */
	struct map divisions;	   /* "31" to Industry "C31" */
	struct map industry_codes; /* code to Industry */

	struct scope *scopes[LIST_COUNT];
	struct slot *slots[LIST_COUNT]; /* of lists: their own only, without the base */
	size_t slot_count[LIST_COUNT];	/* likewise */
	size_t base_count;		/* slot_count[LIST_ENTERPRISE] */
	size_t most_slots;		/* base and the longest list */
	size_t set_words;		/* words of a set of slots */
	const uint64_t *parameter_mask; /* the set of all parameters */
	int as_of_slot;
	struct rule_memo *memos
			[LIST_COUNT]; /* of one that was loaded: what makes trees of rules; or NULL */

	struct entry *entries[LIST_COUNT]; /* in name order */
	size_t entry_count[LIST_COUNT];
	size_t entry_total;
	struct map entry_names[LIST_COUNT];
	const char **entry_name_list[LIST_COUNT]; /* for suggestions */

	struct derivation *derivations[LIST_COUNT]; /* each after those it reads */
	size_t derivation_count[LIST_COUNT];
	uint64_t **bases[LIST_COUNT]; /* by slot of the list: base attributes behind a derived one */
	uint64_t *asked[LIST_COUNT]; /* slots that a rule or scope reads by name; NULL: none */

	struct policy_rules *policies;	/* in id order, as the catalog's */
	size_t twin_count;		/* numbers of clauses */
	struct number_table policy_ids; /* of ids: indices of policies */
	struct map series_names; /* name to series, of those that are no policy's namesake */
	struct map repeals;	 /* id of what is repealed to the first repeal */
	uint64_t *rivalled; /* the set of policies with other versions, or that something repeals */
	struct map parameter_names; /* name to Parameter */

	struct told_parts *told; /* parts of answers that were told; only these change */

	const struct combine_rules *combine; /* exclusion groups and shared caps */

	struct epoch_cache *epochs;
	struct candidate_cache *candidates;
	struct clause_part_cache *clause_parts;
};

/** The policy of that id, or NULL; while policies are built, of those that were. */
struct policy_rules *ruleset_find_rules(const struct ruleset *ruleset, struct slice id);
/** The versions of that name, or NULL. */
const struct series *ruleset_find_series(const struct ruleset *ruleset, struct slice name);

static inline const struct slot *ruleset_slot(
		const struct ruleset *ruleset, enum item_list list, int slot)
{
	size_t at = (size_t)slot;

	if (at < ruleset->base_count)
		return &ruleset->slots[LIST_ENTERPRISE][at];
	return &ruleset->slots[list][at - ruleset->base_count];
}

/* Whether it is made of items. */
static inline bool slot_is_aggregate(const struct slot *slot)
{
	return slot->derived && slot->attribute->derived->aggregate;
}

static inline void slot_bits_put(uint64_t *bits, int slot)
{
	bits[(unsigned)slot / 64] |= UINT64_C(1) << ((unsigned)slot % 64);
}

static inline bool slot_bits_has(const uint64_t *bits, int slot)
{
	return (bits[(unsigned)slot / 64] >> ((unsigned)slot % 64)) & 1;
}

/** Notes that a rule, a scope or the like of @list reads @slot. */
void ruleset_note_asked(struct ruleset *ruleset, enum item_list list, int slot);

/** Puts the base attributes behind @slot (itself, when it is one). */
void slot_bits_put_bases(
		const struct ruleset *ruleset, enum item_list list, int slot, uint64_t *bits);

/*
 * The messages of a catalog of many policies do not fit the caches, and every stage goes over all of them:
 * those that come next are asked for while one is worked at. These only make it faster.
 */
static inline void policy_ask_for(const struct catalog *catalog, size_t index)
{
	if (index < catalog->policy_count) {
		const char *policy = (const char *)catalog->policies[index];

		for (size_t at = 0; at < sizeof(*catalog->policies[index]); at += 64)
			__builtin_prefetch(policy + at);
	}
}

/* All of a policy, when the next one lies behind it, as it does in a catalog that was loaded. */
static inline void policy_ask_for_all(const struct catalog *catalog, size_t index)
{
	uintptr_t from, next;

	if (index + 1 >= catalog->policy_count)
		return;
	from = (uintptr_t)catalog->policies[index];
	next = (uintptr_t)catalog->policies[index + 1];
	for (; next > from && next - from < 16384; from += 64)
		__builtin_prefetch((const void *)from);
}

#define POLICY_TEXTS 512 /* bytes, about; of most policies they are fewer */

/* Its texts, which lie one behind the other in a catalog that was loaded; the policy itself is there already. */
static inline void policy_texts_ask_for(const struct catalog *catalog, size_t index)
{
	if (index < catalog->policy_count) {
		uintptr_t texts = (uintptr_t)catalog->policies[index]->id;

		for (size_t at = 0; at < POLICY_TEXTS; at += 64)
			__builtin_prefetch((const void *)(texts + at));
	}
}

/* --- the stages of ruleset_new(), in order; each reports its mistakes and goes on ------------- */

/* The series that were met so far. */
struct version_build {
	struct series *all; /* with room for one of each policy */
	size_t count;
	struct series **of; /* by policy; NULL: of none */
	size_t *indices;    /* of all series, to be shared out among them */
	size_t repeal_count;
};

/* Of an owner, a text that was compiled: once, however many policies have it. */
struct known_rule {
	const struct rule *rule; /* the first, and what it was compiled as */
	const struct type *expected;
	const struct clause *
			asker; /* the first condition that is nothing but this, about no item; see twins.c */
	uint32_t list;	    /* enum item_list */
	uint32_t dimension; /* enum dimension */
};

#define ASKED_TEXTS 2

/* All of them; rules have their numbers attached. */
struct known_rules {
	struct number_table texts;
	struct known_rule *list;
	size_t count, capacity;
	struct asked_text {
		const char *text;
		uint32_t size, hash;
	} asked[ASKED_TEXTS]; /* ahead: that of the rule at hand, and of the one behind it, */
	unsigned asked_at;    /* and where the next one goes */
};

struct known_amount;

struct ruleset_build {
	struct ruleset *ruleset;
	const struct catalog *origin; /* the caller's, whose messages @locate knows */
	bool is_owner; /* the catalog lives in the ruleset's arena: no copy is made */
	const struct survey *survey;		       /* of all its policies; or NULL */
	Policycalc__V1__Attribute **attribute_origins; /* by index of our copy */
	Policycalc__V1__Parameter **parameter_origins;
	Policycalc__V1__SharedCap **shared_cap_origins;
	Policycalc__V1__Policy **policy_origins;
	catalog_locate_fn locate;
	void *context;
	struct diagnostics *diagnostics;
	struct known_rules rules;
	struct map numbered; /* what conditions ask, to the first that asks it */
	struct arena keys;   /* of ->numbered */
	struct version_build versions;
	size_t exclusion_count;	      /* of the policies that were built */
	size_t capped_count;	      /* of them, those below a shared cap */
	struct known_amount *amounts; /* see policy_amount.c; or NULL */
	const uint64_t *slot_reads
			[LIST_COUNT]; /* by slot, base and of the list: the base attributes behind it; in ->keys */
	uint32_t next_id; /* the hash of the id of the policy that is built next */
};

/** Copies the catalog into the ruleset's arena, unless it is there; sorted. */
bool ruleset_build_copy(struct ruleset_build *build, struct error *err);
/** Region table, industries, and the maps over them. */
bool ruleset_build_tables(struct ruleset_build *build, struct error *err);
/** Slots, scopes and entries. */
bool ruleset_build_scopes(struct ruleset_build *build, struct error *err);
/** Derived attributes: compiled, ordered, their bases known. */
bool ruleset_build_derivations(struct ruleset_build *build, struct error *err);
/** The figure @attribute makes of the items of a list; NULL when it is wrong (reported). */
const struct aggregate *ruleset_build_aggregate(struct ruleset_build *build,
		const Policycalc__V1__Attribute *attribute,
		const Policycalc__V1__Attribute *origin);
/** All of every policy: its rules, the numbers of its conditions, its parts of answers. */
bool ruleset_build_policies(struct ruleset_build *build, struct error *err);
/** What the policy at @index may cost. */
bool ruleset_build_budget(struct ruleset_build *build, size_t index);
/** Numbers the conditions of the policy at @index: those that ask the same get the same number. */
bool ruleset_build_twins(struct ruleset_build *build, size_t index);
/** Before the first policy and behind the last, also when not all were built. */
void ruleset_build_begin_twins(struct ruleset_build *build);
void ruleset_build_end_twins(struct ruleset_build *build);
/** Which series the policy at @index belongs to. */
bool ruleset_build_versions(struct ruleset_build *build, size_t index);
/** Before the first policy, behind the last (the versions of each series, who repeals whom), and in any case. */
bool ruleset_build_begin_versions(struct ruleset_build *build);
bool ruleset_build_order_versions(struct ruleset_build *build);
void ruleset_build_end_versions(struct ruleset_build *build);
/** Exclusion groups and shared caps. */
bool ruleset_build_combination(struct ruleset_build *build, struct error *err);

/** Room for @count rules that are known; false when memory is short. Who does not ask for it has it made as it is needed. */
bool ruleset_build_reserve_rules(struct ruleset_build *build, size_t count);
/** What is known of texts, behind the last rule. */
void ruleset_build_forget_rules(struct ruleset_build *build);
/**
 * Of an owner: where @text is known, if it is, and what its rule is made of, is brought into the caches. @text, of @list, is
 * the next to be compiled, or the one behind that.
 */
void ruleset_build_ask_for_rule(
		struct ruleset_build *build, enum item_list list, const char *text);
/**
 * Compiles @text, which is @field[@index] of @origin. NULL for an empty text (nothing reported) and
 * for a wrong one (reported). @where names the place when nobody can locate it.
 */
const struct rule *ruleset_build_rule(struct ruleset_build *build, enum item_list list,
		const char *text, const struct type *expected, enum dimension dimension,
		bool warn_bare, const ProtobufCMessage *origin, const char *field,
		const char *where);
/** Warns about a bare figure at @field of @origin. */
void ruleset_build_warn_bare(struct ruleset_build *build, const ProtobufCMessage *origin,
		const char *field, const char *where);
/** Reports an error at @field of @origin. */
void ruleset_build_mistake(struct ruleset_build *build, const ProtobufCMessage *origin,
		const char *field, const char *where, const char *format, ...)
		__attribute__((format(printf, 5, 6)));
