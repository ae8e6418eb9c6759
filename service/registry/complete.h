/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complete lists: "who is not on it, is not". An import that declares a flag complete says of every
 * enterprise that it does not call true that the flag is false on the import's day. An enterprise's
 * own value of that day or a later one stands against it; an earlier one does not.
 */
#pragma once

#include "registry/record.h"

/* One list: an import of a flag. */
struct complete_list {
	uint32_t supply;
	int64_t days; /* of the supply */
	int64_t sequence;
};

/* The lists of one attribute, in sequence order. */
struct complete_group {
	uint32_t attribute;
	struct complete_list *lists;
	size_t count;
	size_t capacity;
};

struct complete {
	struct complete_group *groups;
	size_t count;
	size_t capacity;
	int64_t newest_sequence; /* of any list; 0: none */
};

void complete_fini(struct complete *complete);
/** Makes room for one more list of @attribute. false when memory is short. */
bool complete_reserve(struct complete *complete, uint32_t attribute);
/** Adds a list; there is room for it. */
void complete_add(struct complete *complete, uint32_t attribute,
		const struct complete_list *list);

/* What the lists until @sequence say of one attribute of an enterprise. */
struct complete_answer {
	/* The list that makes it false; NULL: its own value stands, or it is unknown. */
	const struct complete_list *list;
	/* When a list changed the value last, since the record was written; 0: never. */
	int64_t changed_sequence;
};
/** @own: the enterprise's own value, of a record written at @record_sequence; or NULL. */
struct complete_answer complete_ask(const struct complete_group *group, const struct fact *own,
		const struct supplies *supplies, int64_t record_sequence, int64_t sequence);
