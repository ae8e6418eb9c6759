/* SPDX-License-Identifier: Apache-2.0 */
/* A draft held against the current catalog, over the registry: who gains, who loses, what it costs. */
#ifndef POLICYCALC_SIMULATE_H
#define POLICYCALC_SIMULATE_H

#include "policycalc/catalog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a draft would change; what its accessors return is borrowed from it. */
typedef struct pcalc_simulation pcalc_simulation;

/* What to simulate. Zeroed: all policies that may answer differently, over all enterprises, today. */
struct pcalc_simulate_options {
	const char *as_of;	     /* "YYYY-MM-DD"; NULL: today */
	const char *const *policies; /* only these, by id or series */
	size_t policy_count;	     /* 0: those that may answer differently */
	const char *region; /* only enterprises registered there or below: code or name; NULL: all */
	const char *parameter; /* of the draft, with or without "p.", to vary; NULL: none */
	const char *from, *to,
			*step; /* its values, as people write them: "100万元", "30%", "10" */
};

/* A simulation as a whole. */
struct pcalc_simulation_summary {
	int64_t revision;	     /* it is held against */
	const char *as_of;	     /* the day */
	int64_t sequence;	     /* the snapshot of the registry */
	int64_t enterprises;	     /* asked about */
	int64_t gaining_enterprises; /* that gain at least one policy */
	int64_t losing_enterprises;
	int64_t refused; /* enterprises whose facts one of the catalogs refuses: they count for nothing */
	size_t policy_count;
	size_t budget_count;
	size_t point_count; /* of the curve, when a parameter was varied */
};

/* How a policy does, under the current catalog or under the draft. Money is of twelve months. */
struct pcalc_simulated_side {
	const char *policy_id; /* the version in force; "": there is none, or all policies */
	int64_t eligible;      /* enterprises */
	int64_t needs_review;
	int64_t needs_information;
	int64_t sure_fen; /* what the eligible ones get for certain */
	int64_t most_fen; /* with those that wait for people, at most, as far as there is an end */
	int64_t unbounded; /* enterprises without one, or without a stated amount */
};

/* From one to the other: of one policy, or of all. */
struct pcalc_simulated_change {
	const char *series;	 /* "" of all */
	struct pcalc_text title; /* likewise */
	struct pcalc_simulated_side before;
	struct pcalc_simulated_side after;
	int64_t gaining;  /* become eligible */
	int64_t losing;	  /* are no longer */
	int64_t more;	  /* stay eligible and get more for certain */
	int64_t less;	  /* and less */
	int64_t gain_fen; /* what they get more, */
	int64_t loss_fen; /* and less, for certain */
	bool unchanged;	  /* only here because it shares a budget */
};

/* How enterprises are grouped. */
enum pcalc_group_kind {
	PCALC_GROUP_REGION = 0,	  /* registered region */
	PCALC_GROUP_INDUSTRY = 1, /* section */
	PCALC_GROUP_SIZE = 2,
};

/* All policies, instead of the index of one. */
#define PCALC_ALL_POLICIES ((size_t)-1)

/* Some enterprises. */
struct pcalc_simulated_group {
	const char *code; /* of the region, letter of the section, name of the size; "": not known */
	struct pcalc_text label;
	int64_t before; /* eligible */
	int64_t after;
	int64_t gaining;
	int64_t losing;
	int64_t before_fen; /* for certain */
	int64_t after_fen;
};

/* A budget, and what would be drawn from it. */
struct pcalc_simulated_budget {
	struct pcalc_text label;
	const char *const *policies; /* that share it, by series */
	size_t policy_count;
	bool has_before_limit; /* the current catalog states it */
	int64_t before_limit_fen;
	bool has_after_limit; /* the draft states it */
	int64_t after_limit_fen;
	int64_t before_fen;	 /* drawn for certain before, */
	int64_t after_fen;	 /* after, */
	int64_t after_most_fen;	 /* at most after, */
	int64_t after_unbounded; /* enterprises that come on top */
};

/* The draft with one value of the parameter that was varied. */
struct pcalc_simulated_point {
	int64_t value;	  /* fen, parts per million, or a count */
	int64_t eligible; /* enterprises, counted once a policy */
	int64_t needs_review;
	int64_t sure_fen;
	int64_t most_fen;
};

/**
 * Simulates a draft; it has to pass its check (code FAILED_PRECONDITION: see the details). The client's
 * timeout is that of the whole simulation. @options may be NULL. The simulation is owned by the caller;
 * NULL with @failure filled on failure.
 */
PCALC_PUBLIC pcalc_simulation *pcalc_simulate(pcalc_client *client,
		const struct pcalc_file *files, size_t file_count,
		const struct pcalc_simulate_options *options, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_simulation_free(pcalc_simulation *simulation);
/** The simulation as a whole. */
PCALC_PUBLIC struct pcalc_simulation_summary pcalc_simulation_summary_get(
		const pcalc_simulation *simulation);
/** Policy @index, or PCALC_ALL_POLICIES. false when there is none. */
PCALC_PUBLIC bool pcalc_simulation_change(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_change *out_change);
/** Group @group of policy @index, or of PCALC_ALL_POLICIES. false when there is none. */
PCALC_PUBLIC bool pcalc_simulation_group(const pcalc_simulation *simulation, size_t index,
		enum pcalc_group_kind kind, size_t group,
		struct pcalc_simulated_group *out_group);
/** Budget @index. false when there is none. */
PCALC_PUBLIC bool pcalc_simulation_budget(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_budget *out_budget);
/** Point @index of the curve, by value. false when there is none. */
PCALC_PUBLIC bool pcalc_simulation_point(const pcalc_simulation *simulation, size_t index,
		struct pcalc_simulated_point *out_point);

#ifdef __cplusplus
}
#endif

#endif
