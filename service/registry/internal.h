/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#pragma once

#include "registry/complete.h"
#include "registry/names.h"
#include "registry/record.h"
#include "registry/registry.h"

struct registry {
	struct registry_store *store;
	struct names names;
	struct supplies supplies;
	struct complete complete;
	struct arena arena; /* of one row */
	int64_t sequence;
	int64_t last_id;
	int64_t last_import;
};

/* An enterprise as it stood at a snapshot, complete lists applied. */
struct known {
	struct record record;
	Policycalc__V1__Profile *profile;
	int64_t changed_sequence;
	/* Those that lists make false: attributes at the end of the profile, or in place of its own. */
	const struct complete_list *
			*lists; /* by attribute of the profile; NULL: its own value */
	size_t not_on_list_count;
};
/** Reads @row as of @sequence into @arena. */
bool known_read(const struct registry *registry, const struct enterprise_row *row,
		int64_t sequence, struct arena *arena, struct known *out_known,
		struct error *err);

/** The id of @uscc. ERROR_NOT_FOUND when there is none, ERROR_INVALID when it is no code. */
bool registry_find_id(struct registry *registry, const char *uscc, int64_t *out_id,
		struct error *err);
