/* SPDX-License-Identifier: Apache-2.0 */
/* How often a test that makes up its instances does so. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

/**
 * @usual in the plain build; @many with POLICYCALC_LONG. With POLICYCALC_BRIEF, which the sanitizers' run
 * sets, an eighth: there the answers were compared already, and an instance takes several times as long.
 */
static inline unsigned effort(unsigned usual, unsigned many)
{
	if (getenv("POLICYCALC_LONG"))
		return many;
	return getenv("POLICYCALC_BRIEF") ? (usual + 7) / 8 : usual;
}

/** From one of many like things to the next: each of them, or in the sanitizers' run only every @sparse one. */
static inline unsigned effort_step(unsigned sparse)
{
	return getenv("POLICYCALC_BRIEF") && !getenv("POLICYCALC_LONG") ? sparse : 1;
}

/** Whether only what has threads is of interest: in the run with TSan, which sets POLICYCALC_THREADS. */
static inline bool effort_is_of_threads(void)
{
	return getenv("POLICYCALC_THREADS") != NULL;
}
