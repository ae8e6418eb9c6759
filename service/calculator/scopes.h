/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes under construction: what scopes.c and scopes_scan.c share. */
#pragma once

#include "calculator/ruleset.h"

/* A name that needs a slot. Slots are numbered in name order. */
struct wanted {
	struct slot slot;
	struct entry *entry; /* of attributes */
};

struct wanted_list {
	struct wanted *list;
	size_t count;
	size_t capacity;
	bool failed;
};

struct scopes_build {
	struct ruleset_build *build;
	struct wanted_list wanted[LIST_COUNT];
};

/** Adds a name; memory that runs short shows in @wanted. */
void wanted_add(struct wanted_list *wanted, struct slot slot, struct entry *entry);
/** Wants every name of an earlier period or a window that some rule of the catalog reads. */
void scopes_scan(struct scopes_build *scopes);
/** Wants what quotients of earlier periods are made of. */
void quotients_scan(struct scopes_build *scopes, enum item_list list);
