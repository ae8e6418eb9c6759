/* SPDX-License-Identifier: Apache-2.0 */
#include "starter.h"

#include "publish/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct ruleset *starter_read(const char *folder, struct arena *arena)
{
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct ruleset *ruleset = NULL;
	struct error err = { 0 };

	diagnostics_init(&diagnostics, arena);
	if (!draft_load(folder, arena, &draft, &err) ||
			!draft_check(&draft, false, arena, &diagnostics, &ruleset, NULL, &err))
		fail_msg("%s: %s", folder, err.message);
	return ruleset;
}
