/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the process may open as many descriptors as its connections take. */
#pragma once

#include "transport/server.h"

#include <stdio.h>

/**
 * Allows the process what @limits->connection_count (not 0) takes. Where the system does not let it, the number becomes
 * what there are descriptors for, and that is said in the log: else those that are too many would be refused by the
 * system, whoever they are.
 */
void descriptors_fit(struct server_limits *limits);
/** The same of @connections for --check-config: a warning to @out. */
void descriptors_check(size_t connections, FILE *out);
