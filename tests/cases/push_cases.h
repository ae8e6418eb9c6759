/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the runner of push cases share. */
#pragma once

#include "case.h"
#include "push_world.h"

#define FIRMS_MOST 64
#define REVISIONS_MOST 16

/* What the disk or the process does at an operation of the disk (an allocation), and every later one. */
enum case_fault {
	CASE_FAULT_NONE,
	CASE_FAULT_IO,	  /* it fails; everything is opened again */
	CASE_FAULT_FULL,  /* it is full; everything is opened again */
	CASE_FAULT_CRASH, /* it fails, and the process ends without a word */
	CASE_FAULT_KILL, /* the process is killed, with half of what it was writing on the disk */
	CASE_FAULT_POWER,   /* the power fails: what was not synced is lost */
	CASE_FAULT_SECTORS, /* the power fails: of what was not synced some sectors are there */
	/* These two once, or for good; then it goes on at once, or everything is opened again. */
	CASE_FAULT_SYNC, /* the sync that follows it fails, and takes along what was written */
	CASE_FAULT_MEMORY, /* there is no memory for it */
	CASE_FAULT_CLOCK, /* the clock jumps between the steps of a run, and is right again at its end */
};

struct firm {
	const char *name;
	char uscc[24];
	int64_t id;
	/* The last two times it was handed something. */
	char lease[40];
	char key[80];
	struct slice bytes;
	char old_key[80];
	struct slice old_bytes;
};

struct push_case {
	struct case_file file;
	struct catalog dictionary;
	size_t dictionary_room[4];
	struct push_world world;
	struct ruleset *ruleset; /* of the newest revision */
	struct ruleset *revisions[REVISIONS_MOST + 1];
	int64_t revision;
	const char *day;
	Policycalc__V1__Run *run; /* the last */
	struct firm firms[FIRMS_MOST];
	size_t firm_count;
	/* What each run and each decision meets; of ->replay, and how many did. */
	enum case_fault fault;
	unsigned replay, hits;
	bool is_again;
	bool is_reopened; /* everything, since the last fault */
};

/** The enterprise of that name, made when it is new. */
struct firm *case_firm(struct push_case *push, const char *name);
/** What is done next meets the fault. */
void case_fault_begin(struct push_case *push);
/** Whether it failed of that: everything is open again, and it has to be done once more. */
bool case_fault_end(struct push_case *push, bool ok, const struct error *err);
/**
 * Starts a run and waits for its end, or for that of the one that goes on after a fault. *out_id: the run
 * that told.
 */
bool case_fault_run(struct push_case *push, const struct push_order *order, int64_t *out_id,
		struct error *err);
/** Lines about what was told, and what becomes of it; false for other keywords. */
bool case_read_told(struct push_case *push, const char *keyword, char *rest);
