/* SPDX-License-Identifier: Apache-2.0 */
/* Which threads give way when there is not a core for each. */
#pragma once

/**
 * The calling thread gives way to the others from now on, for good: calls are answered first, and what is made
 * in the background gets what they leave, which is never nothing.
 */
void thread_step_back(void);
