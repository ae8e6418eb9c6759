/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of YAML files as rules, for tests of what is made of the starter catalog. */
#pragma once

#include "calculator/ruleset.h"

/** The catalog at @folder, in @arena; it must be without mistakes. To be given back with ruleset_unref(). */
struct ruleset *starter_read(const char *folder, struct arena *arena);
