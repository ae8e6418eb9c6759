/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogs made at random, as in tests/cases: scopes, derived attributes, quotients, titles, series, score
 * tables, judgements, policies of items, windows.
 */
#pragma once

#include "profile_maker.h"

/** Lines to be read after the shared dictionary. Policies are p000 of the series s000, and so on. */
const char *random_catalog_lines(struct profile_maker *maker, unsigned policy_count);
