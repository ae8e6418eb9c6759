/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about sweeps share. */
#pragma once

#include "calculator/answer.h"
#include "calculator/sweep.h"
#include "rules/block.h"

/* A slot of the enterprise, and where its values come from. */
struct sweep_slot {
	const struct entry *entry;
	const struct derivation *derivation; /* or NULL */
	int want;			     /* or -1 */
	uint32_t literal; /* of flags that follow from a rule: what they follow from */
	bool by_rows;	  /* no column answers it */
	bool needed;
};

enum sweep_clause_kind {
	SWEEP_PLAIN,	/* MET where ->literal is yes */
	SWEEP_JUDGED,	/* met_if, then fails_if */
	SWEEP_BY_VALUE, /* asked of every row, of the values that columns have for it */
	SWEEP_BY_ROW,	/* asked of the enterprise itself */
	SWEEP_ITEM,	/* about an item: with the whole policy */
};

struct sweep_clause {
	enum sweep_clause_kind kind;
	const struct clause *clause;
	uint32_t literal;
	uint32_t fails;
};

struct sweep_policy {
	const struct policy_rules *rules;
	size_t index;					 /* among the ruleset's */
	const Policycalc__V1__Condition *list_condition; /* that there is an item; or NULL */
	bool open;					 /* its window is */
	bool by_rows;	 /* rows that columns do not settle are asked: */
	bool by_values;	 /* some clause of the values that columns have for them; or */
	bool by_profile; /* some clause of the enterprise itself */
	unsigned lists;	 /* bits of lists, and */
	size_t *series;	 /* wants of series: who has any of these is asked itself */
	size_t series_count;
	const struct sweep_clause *clauses; /* by clause */
	const uint32_t *literals; /* of plain clauses, taken apart; the cheap ones first */
	size_t literal_count;
};

struct sweep {
	struct ruleset *ruleset;
	const struct epoch *epoch;
	struct date as_of;
	bool conditions;
	struct arena arena;
	struct value *bound;
	struct atoms *atoms;
	struct sweep_slot *slots; /* by base slot */
	struct sweep_want *wants;
	const struct entry **want_entries;
	size_t want_count;
	int *value_slots; /* what clauses that are asked by value read: of attributes as they are sent, */
	size_t value_slot_count;
	const struct derivation **value_derivations; /* and what follows from them, in order */
	size_t value_derivation_count;
	struct sweep_policy *policies;
	size_t policy_count;
};

/* A condition in the block at hand: planes by status; NULL: no row. */
#define SWEEP_STATUSES ((size_t)STATUS(ERROR) + 1)

struct sweep_result {
	uint64_t *packed; /* the eligible, as plane_pack() packs them; without other planes. NULL: */
	uint64_t *eligible, *asked, *review; /* NULL: no row; all that is left is ineligible */
	uint64_t **conditions;		     /* by clause and status */
	bool undone;			     /* rows of ->pending are to be asked yet */
	uint64_t *pending;
};

/* A column as it was sent, judged, in this round. */
struct sweep_sent {
	uint64_t round;
	struct block_column column;
};

/* A raw column in this round. */
struct sweep_raw {
	uint64_t round;
	struct sweep_column column;
};

/* A code as it was sent, and what rules know it by. */
struct sweep_code {
	uint32_t number; /* UINT32_MAX: it is none */
	uint64_t stamp;	 /* of the table in which it was found last */
};

/* What was found out about the codes of a table: by its numbers, as far as they stood in columns. */
struct sweep_table {
	uint64_t name; /* 0: of one column only */
	uint64_t generation;
	uint64_t stamp;
	uint32_t *numbers; /* as rules know them; UINT32_MAX: it is none */
	uint8_t *states;
	size_t count, capacity;
	size_t read;	  /* so many of the first are known, */
	unsigned said;	  /* and what is said of all of these */
	uint64_t version; /* another one when anything of it is */
	bool different;	  /* no two of them are one */
};

/* The literals of a policy as a thread asks them: of its ->plan_literals those from ->at on. */
struct sweep_plan {
	uint32_t at;
	uint32_t part_count;  /* of block_parts_find(), */
	uint32_t other_count; /* and others, one after the other */
	bool judged;	      /* people judge a condition */
	bool by_rows;	      /* as of the policy, as is: */
	bool open;
};

struct sweep_work {
	const struct sweep *sweep;
	struct block *block;
	const struct sweep_source *source;
	uint64_t round;
	uint64_t rows[SWEEP_WORDS];
	struct sweep_sent *sent;    /* by slot */
	struct facts *facts;	    /* of one row, from columns */
	struct sweep_raw *raws;	    /* by want */
	struct map *codes;	    /* by slot, of texts to struct sweep_code */
	struct sweep_table *tables; /* by slot */
	struct arena code_arena;    /* of these */
	uint64_t code_generation;
	uint64_t code_stamp;
	struct sweep_result *results;
	struct sweep_plan *plans; /* by policy */
	uint32_t *plan_literals;
	struct sweep_order *orders; /* by policy; NULL: they ask in the order of the sweep */
	struct sweep_items items[LIST_COUNT];
	uint64_t items_round[LIST_COUNT];
	struct arena arena; /* of one enterprise */
	struct arena memo_arena;
	struct clause_memo memo;
	bool undone; /* some rows are pending */
	bool done;   /* the results are there */
};

/* sweep_column.c: what rules see of a slot. */
bool sweep_column_read(struct sweep_work *work, int slot, struct block_column *out_column,
		struct error *err);

/* What was sent of a slot, as rules see it; NULL on failure. */
const struct block_column *sweep_column_sent(
		struct sweep_work *work, int slot, struct error *err);

/* sweep_plan.c: what is asked of each policy, in the order in which it is. */
bool sweep_plans_init(struct sweep_work *work);
/** Puts another order of the literals of policy @index into its plan. */
void sweep_plan_write(struct sweep_work *work, size_t index, const uint32_t *literals);

/* sweep_order.c: where few are swept the order changes with what is found. */
bool sweep_orders_init(struct sweep_work *work);
bool sweep_orders_renew(struct sweep_work *work, struct error *err);

/* sweep_ask.c: asks one policy about all rows; what columns do not settle is pending then. */
bool sweep_ask_policy(struct sweep_work *work, size_t index, struct error *err);
/** With every condition, of all rows. */
bool sweep_ask_conditions(struct sweep_work *work, size_t index, struct error *err);

/* sweep_rows.c: asks pending rows of the enterprises themselves. */
bool sweep_rows_ask(struct sweep_work *work, struct error *err);

/* As it was sent; NULL on failure. */
const struct sweep_column *sweep_column_raw(
		struct sweep_work *work, size_t want, struct error *err);
/* Who has items of a list; *out_items is NULL when nobody knows. false: a failure. */
bool sweep_items_find(struct sweep_work *work, enum item_list list,
		const struct sweep_items **out_items, struct error *err);

/* Room for the facts of one row; false when memory is short. */
bool sweep_rows_init(struct sweep_work *work);

/* sweep_build.c: makes ready what is asked. */
bool sweep_build(struct sweep *sweep, const struct sweep_options *options, struct error *err);

/* A plane of no rows, for results; NULL when memory is short. */
uint64_t *sweep_plane_new(struct sweep_work *work);
