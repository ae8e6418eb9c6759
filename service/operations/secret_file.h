/* SPDX-License-Identifier: Apache-2.0 */
/* Files with secrets, read line by line: whoever may log in on this machine must not read them. */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRET_LINE_MOST 1024

/** @line is without blanks around it, ends in NUL, and is wiped when it returns. */
typedef bool (*secret_line_fn)(void *context, char *line, unsigned number, struct error *err);

/**
 * Hands every line that is not blank to @take, until one is refused. ERROR_INVALID when the file cannot be
 * read, when everybody may, or when a line has more than SECRET_LINE_MOST bytes; what it holds is never said.
 */
bool secret_file_read(const char *path, secret_line_fn take, void *context, struct error *err);
