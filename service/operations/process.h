/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of this process. */
#pragma once

#include "operations/metrics.h"

/** Fills the last line of @state. What cannot be read stays as it was. */
void process_look(struct metrics_state *state);
