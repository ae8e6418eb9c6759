/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of this process. */
#pragma once

#include "operations/metrics.h"

/**
 * From now on there are no core files of it, and other processes of its user cannot look into its memory:
 * what firms have told is in there.
 */
void process_keep_to_itself(void);
/**
 * Gives back what only the start took: heap that is free, and pages of programs and libraries that nobody may
 * have written to. Code that is called again is mapped again, a page fault for every 64 KiB of it.
 */
void process_let_go(void);
/**
 * So many descriptors (open files and sockets) are wanted: as many are allowed as this process may allow itself.
 * How many there may be now.
 */
uint64_t process_allow_descriptors(uint64_t wanted);
/** Fills the last line of @state. What cannot be read stays as it was. */
void process_look(struct metrics_state *state);
