/* SPDX-License-Identifier: Apache-2.0 */
/* A small dictionary, and headings read by it: what the tests of registry files share. */
#pragma once

#include "base/memory.h"
#include "client/cli/import_cell.h"
#include "client/cli/import_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct arena arena, scratch;
	struct dictionary dictionary;
	struct diagnostics diagnostics;
	struct import_columns columns;
};

void world_init(struct world *world);
void world_fini(struct world *world);
/** Reads "a,b,c" as headings on 2026-06-30. */
bool columns_read(struct world *world, const char *headings);
