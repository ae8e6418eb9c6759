/* SPDX-License-Identifier: Apache-2.0 */
/* One policy while it is made ready to be asked. Inner header of policies.c and policy_amount.c. */
#pragma once

#include "calculator/ruleset.h"

struct policy_build {
	struct ruleset_build *build;
	const Policycalc__V1__Policy *policy; /* our copy */
	const Policycalc__V1__Policy *origin; /* the caller's */
	struct policy_rules *rules;
	uint64_t *reads;
	uint64_t *item_reads;
	bool amount_is_constant; /* see answer_parts.h */
};

/** Notes what @rule reads; whether it reads the item. */
bool policy_note_slots(struct policy_build *work, const struct rule *rule, uint64_t *reads);
/** Likewise; NULL reads nothing, and most rules that a policy may have it has not. */
static inline bool policy_note_rule(
		struct policy_build *work, const struct rule *rule, uint64_t *reads)
{
	return rule && policy_note_slots(work, rule, reads);
}
/**
 * Compiles @text; NULL when it is empty, or wrong (reported). @field of @origin is where it stands, @part what
 * that is called.
 */
const struct rule *policy_build_rule(struct policy_build *work, enum item_list list,
		const char *text, const struct type *type, enum dimension dimension,
		const ProtobufCMessage *origin, const char *field, const char *part);

/** The rules of its amount, if it has one, and what they read; false when memory is short. */
bool policy_build_amount(struct policy_build *work);
/**
 * Before the first policy of a catalog whose messages are shared, and behind the last of any: between them policies
 * with one amount share its rules.
 */
void policy_amounts_begin(struct ruleset_build *build);
void policy_amounts_end(struct ruleset_build *build);
