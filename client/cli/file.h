/* SPDX-License-Identifier: Apache-2.0 */
/* Files as the commands read and write them. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/** Appends the whole file ("-": standard input), at most 16 MiB. */
bool file_read(const char *path, struct buffer *out, struct error *err);
/**
 * Writes @content to @directory/@path, making folders as needed. Refuses paths that leave the
 * directory.
 */
bool file_write_below(const char *directory, const char *path, struct slice content,
		struct error *err);
