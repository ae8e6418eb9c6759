/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the runner of push cases share. */
#pragma once

#include "case.h"
#include "push_world.h"

#define FIRMS_MOST 64
#define REVISIONS_MOST 16

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
};

/** The enterprise of that name, made when it is new. */
struct firm *case_firm(struct push_case *push, const char *name);
/** Lines about what was told, and what becomes of it; false for other keywords. */
bool case_read_told(struct push_case *push, const char *keyword, char *rest);
