/* SPDX-License-Identifier: Apache-2.0 */
/* One rule text and where it stands, for those who report on it. */
#pragma once

#include "rules/rule.h"

struct source {
	struct slice text;
	const struct rule_options *options;
	struct diagnostics *diagnostics;
};

/**
 * Reports on the bytes from @begin to @end: turns them into line and column of the file the text is
 * in, and shows the line. The first line is shown behind as many spaces as it stands to the right,
 * so that carets fall into place.
 */
void source_report(const struct source *source, enum diagnostic_severity severity,
		uint32_t begin, uint32_t end, const char *format, ...)
		__attribute__((format(printf, 5, 6)));
