/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import: rows are judged by the dictionary, gathered, and laid over what is known, a chunk a
 * transaction. What was committed stays whatever comes after it; sent again, it changes nothing.
 *
 *     new ──► rows ──► rows ──► … ──► finish ──► free
 *               └── a chunk is full ──► one transaction, one sequence
 *
 * All on the registry's thread.
 */
#pragma once

#include "calculator/calculator.h"
#include "registry/registry.h"

struct import;

struct import_options {
	const Policycalc__V1__ImportHeader *header;
	/* Seconds since 1970 in UTC. */
	int64_t (*now)(void);
};

/**
 * Judges the header. ERROR_INVALID with *out_field ("header.date"), which lives as long as the program
 * does, when it is wrong. What @options names is copied.
 */
struct import *import_new(struct registry *registry, struct ruleset *ruleset,
		const struct import_options *options, const char **out_field,
		struct error *err);
void import_free(struct import *import);
/**
 * Takes rows, the encoded ImportRows @bytes, judged by @ruleset; writes when enough are gathered.
 * ERROR_INVALID with the field before the message ("rows.first_row: ..."), ERROR_INTERNAL when the bytes
 * are no such message. A failure is the end of the import: what is committed stays.
 */
bool import_rows(struct import *import, struct ruleset *ruleset, struct slice bytes,
		struct error *err);
/** Writes what is left, and the complete lists; answers in @arena, borrowing from the import. */
bool import_finish(struct import *import, struct arena *arena,
		Policycalc__V1__ImportEnterprisesResponse **out_response, struct error *err);
