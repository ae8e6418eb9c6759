/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of work, disturbed at one place after another; fault_vfs_install() comes first. */
#pragma once

#include "base/error.h"
#include "fault_vfs.h"

#include <stdbool.h>

/* What is disturbed; true when it said that it is done. */
typedef bool (*fault_work_fn)(void *context, struct error *err);

/**
 * Does @work with its @nth operation, and every later one, meeting @fault. A failure that is not
 * @expected fails the test. Returns whether the work said that it is done.
 */
bool fault_try(enum fault fault, unsigned nth, enum error_code expected, fault_work_fn work,
		void *context);
/**
 * Does @work in a child, which is killed in the middle of its @nth operation (0: of none), or after a
 * while (0: not). Returns whether it was killed; work that ends otherwise has to be done.
 */
bool fault_kill(unsigned nth, unsigned delay_us, fault_work_fn work, void *context);
/**
 * Does @work; at its @nth operation, or else when it has come to its end, the power fails, everything is
 * closed by @close (NULL: it is) and the power comes back; @seed as for fault_vfs_power_on(). From the
 * opening of the database on fault_vfs_record() must have been in force. Returns whether the work said
 * that it is done.
 */
bool fault_power(unsigned nth, unsigned seed, fault_work_fn work, void (*close)(void *context),
		void *context);
