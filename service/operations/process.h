/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of this process. */
#pragma once

#include "operations/metrics.h"

/**
 * From now on there are no core files of it, and other processes of its user cannot look into its memory:
 * what firms have told is in there.
 */
void process_keep_to_itself(void);
/** Fills the last line of @state. What cannot be read stays as it was. */
void process_look(struct metrics_state *state);
