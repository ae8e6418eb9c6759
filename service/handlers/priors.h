/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the firms of the registry answer, kept at hand for the questionnaire.
 *
 * Counted on a thread of its own: when the service starts, and after every import that changed enough,
 * which is one firm in PRIORS_CHANGED_SHARE of those that are counted, or the same share of new ones. A
 * call takes what is at hand and never waits; until the first count is done there is none. No keeper
 * (NULL) has nothing and does nothing.
 */
#pragma once

#include "handlers/columns.h"
#include "registry/priors.h"

#define PRIORS_CHANGED_SHARE 100

struct priors_keeper;

/** Over @columns of @registry (borrowed). */
struct priors_keeper *priors_keeper_open(
		struct columns *columns, struct registry_thread *registry, struct error *err);
/** Gives up what is being counted. Before the columns are closed; nobody asks any more. */
void priors_keeper_close(struct priors_keeper *keeper);
/** Looks whether enough has changed, and counts then; returns at once. Any thread. */
void priors_keeper_look(struct priors_keeper *keeper);
/** What is at hand, with a reference; NULL: nothing. Any thread. */
struct priors *priors_keeper_take(struct priors_keeper *keeper);
