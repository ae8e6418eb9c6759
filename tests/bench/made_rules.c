/* SPDX-License-Identifier: Apache-2.0 */
#include "made_rules.h"

#include <stdlib.h>

static _Noreturn void broken(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

struct scope *made_scope_new(void)
{
	static const struct type *const types[] = { [MADE_NUMBER] = &type_int,
		[MADE_CODE] = &type_string,
		[MADE_FLAG] = &type_bool,
		[MADE_TAGS] = &type_list_string };
	static char names[MADE_COUNT][40];
	struct scope *scope = scope_new();

	for (int a = 0; scope && a < MADE_COUNT; a++) {
		struct scope_name name = { .type = types[made_type(a)],
			.dimension = made_is_money(a)	? DIMENSION_MONEY
				     : made_is_ratio(a) ? DIMENSION_RATIO
							: DIMENSION_COUNT,
			.role = SCOPE_ATTRIBUTE,
			.slot = a };

		(void)snprintf(names[a], sizeof(names[a]), "e.%s", made_name(a));
		name.name = slice_from(names[a]);
		if (!scope_add(scope, &name))
			broken("no scope");
	}
	if (!scope)
		broken("out of memory");
	return scope;
}

const struct rule **made_rules_new(const struct generator *generator, size_t count,
		const struct scope *scope, struct rule_memo *memo, struct arena *arena)
{
	const struct rule_options options = {
		.path = "workload", .lasting = true, .memo = memo
	};
	const struct rule **rules = (const struct rule **)calloc(count + 1, sizeof(*rules));
	struct diagnostics diagnostics;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!rules || !out)
		broken("out of memory");
	diagnostics_init(&diagnostics, arena);
	for (size_t i = 0; i < count; i++) {
		struct made_policy policy;
		struct slice written;

		generator_policy(generator, i, &policy);
		rewind(out);
		made_policy_print(&policy, out);
		made_policy_fini(&policy);
		(void)fflush(out);
		written.size = size;
		written.data = arena_copy(arena, text, size);
		rules[i] = written.data ? rule_compile(written, scope, &options, arena,
							  &diagnostics)
					: NULL;
		if (!rules[i])
			broken("a rule is none");
	}
	(void)fclose(out);
	free(text);
	return rules;
}
