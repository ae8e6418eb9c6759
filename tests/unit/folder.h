/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that goes away, for whatever has files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Makes an empty folder "policycalc-NAME-…" in @base; NULL: in TMPDIR, or /tmp. false: there is none, or
 * its path has more than @size bytes.
 */
bool folder_make(const char *base, const char *name, char *out_path, size_t size);
/** With everything in it. */
void folder_remove(const char *path);
