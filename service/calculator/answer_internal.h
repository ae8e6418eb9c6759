/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of answers share: names of what is missing. All false when memory is short. */
#pragma once

#include "calculator/answer.h"

/** As names_print(), of the attributes or the parameters in @bits; NULL bits: none. */
bool names_print_role(const struct facts *facts, enum item_list list, const uint64_t *bits,
		enum scope_role role, const char *item_id, char ***out_names,
		size_t *out_count);
/** Puts @more to @names: sorted, each once. */
bool names_join(const struct facts *facts, char ***names, size_t *count, char **more,
		size_t more_count);
/** "i@projects": nothing is known of the list. */
bool list_name_print(const struct facts *facts, enum item_list list, char ***out_names,
		size_t *out_count);
/** Puts into @bits the attributes that conditions wait for, of the enterprise or of the item at hand. */
void missing_gather(const struct facts *facts, const struct policy_rules *policy, bool per_item,
		const struct clause_result *results, uint64_t *bits);
