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
/**
 * From now on NULL is a folder in memory, when there is one, unless TMPDIR says otherwise: faults are met
 * thousands of times, and disks are slow to be sure.
 */
void folder_use_memory(void);
/** With everything in it. */
void folder_remove(const char *path);
