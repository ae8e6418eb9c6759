/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy to enterprises. The sweep says who has which verdict, block after block; only those
 * that are asked for are then looked at closely, by the same question that Match answers.
 *
 * By id they are told as they are found. In another order the best so far are kept, at most as many as
 * the limit, and told at the end.
 *
 *     find_new ──► find_step ──► find_step ──► … no more ──► find_summary ──► find_free
 *
 * A step is a few blocks for all threads of a crew, or the end; between two steps the search may go to
 * another thread.
 */
#pragma once

#include "base/buffer.h"
#include "calculator/calculator.h"
#include "policycalc/v1/find.pb-c.h"
#include "registry/column_cache.h"
#include "registry/crew.h"

#define FIND_LIMIT_DEFAULT 1000
#define FIND_LIMIT_MOST 10000

struct find;

struct find_options {
	struct ruleset *ruleset;
	/* Borrowed until the end; so is: */
	const Policycalc__V1__FindEnterprisesRequest *request;
	const char *today;
	struct column_cache *cache;
	struct crew *crew; /* NULL: all is done where the steps are */
	int64_t sequence;  /* the snapshot */
	int64_t last_id;
	/* One that fits, as bytes behind what is in @out. Of any thread; false when memory is short. */
	bool (*pack)(const Policycalc__V1__FoundEnterprise *found, struct buffer *out);
	void *context;
	/* What ->pack made of one, in order, from the step; false (and an error) ends the search. */
	bool (*found)(void *context, struct slice packed, struct error *err);
};

/**
 * Judges the request. Holds a reference to the ruleset. Wrong requests fill @out_violations (in
 * @arena) and fail with ERROR_INVALID; an unknown policy is ERROR_NOT_FOUND.
 */
struct find *find_new(const struct find_options *options, struct arena *arena,
		struct violations *out_violations, struct error *err);
void find_free(struct find *find);
/** The next blocks; *out_more says whether there is a further step. */
bool find_step(struct find *find, bool *out_more, struct error *err);
/** How many enterprises were looked at. */
int64_t find_done(const struct find *find);
/** Lives in the arena of find_new(), and borrows from the ruleset. */
Policycalc__V1__FindSummary *find_summary(struct find *find, struct error *err);
