/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that sweep over the registry for reports, searches and simulations: as many as there are
 * cores, shared by all who ask at the same time.
 *
 * Whoever asks hands over pieces of work and waits until all are done. Pieces of different askers take
 * turns, so that none waits for another's report to end. A piece is done by one thread, which has a
 * seat: its number, by which it finds memory of its own. What is kept by seat is added up by whoever
 * asked, in the order of the seats, and must come to the same whoever did which piece.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct crew;

/* One piece; two that run at the same time have different seats. */
typedef bool (*crew_fn)(void *context, unsigned seat, int64_t piece, struct error *err);

struct crew *crew_new(unsigned threads, struct error *err);
/** When nobody asks any more. NULL is fine. */
void crew_free(struct crew *crew);
/** How many seats there are; without a crew (NULL) there is one. */
unsigned crew_seats(const struct crew *crew);
/**
 * Does pieces @first up to, not including, @end, and waits for them. Without a crew they are done here,
 * one after the other. false: what the lowest piece that failed said; some may not have been begun.
 */
bool crew_run(struct crew *crew, int64_t first, int64_t end, crew_fn work, void *context,
		struct error *err);
/** The cores that this process may use, at least 1. */
unsigned crew_cores(void);
