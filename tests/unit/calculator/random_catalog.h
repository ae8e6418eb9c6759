/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogs made at random, as in tests/cases: scopes, derived attributes, quotients, titles, series, score
 * tables, judgements, policies of items, windows.
 */
#pragma once

#include "profile_maker.h"

/** Lines to be read after the shared dictionary. Policies are p000 of the series s000, and so on. */
const char *random_catalog_lines(struct profile_maker *maker, unsigned policy_count);
/**
 * Such a catalog compiled, behind the shared dictionary at @path; it must be without mistakes. It is read into the
 * arena of @maker, which makes profiles for it from here on. To be given back with ruleset_unref().
 */
struct ruleset *random_catalog_compile(
		struct profile_maker *maker, unsigned policy_count, const char *path);
