/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one enterprise, as it is stored: facts, each with who supplied it, in few bytes.
 *
 *     record    version, facts, complete lists, items       numbers are varints
 *     facts     count, then each: attribute, period, supply, value
 *     value     kind (the field number of Value), then a zigzag number, one byte, or a size and bytes
 *     item      list, id, facts
 *
 * Only this file's functions make and read these bytes. Facts are in (attribute, period) order, items
 * in (list, id) order, each once. A value has one form, so that equal values have equal bytes.
 */
#pragma once

#include "base/buffer.h"
#include "policycalc/v1/profile.pb-c.h"
#include "registry/names.h"
#include "registry/supplies.h"

struct fact {
	uint32_t attribute; /* of names */
	uint32_t supply;    /* of supplies */
	int64_t period;	    /* calculator/period.h; 0: none */
	struct slice value; /* encoded */
};

struct fact_list {
	struct fact *list;
	size_t count;
};

struct record_item {
	struct slice list;
	struct slice id;
	struct fact_list facts;
};

/* An item list that is complete as it stands. */
struct record_complete {
	struct slice list;
	uint32_t supply;
};

struct record {
	struct fact_list facts;
	struct record_complete *complete;
	size_t complete_count;
	struct record_item *items;
	size_t item_count;
};

/** Appends the bytes of a value that the dictionary found good. */
void record_encode_value(const Policycalc__V1__Value *value, Policycalc__V1__Period period,
		struct buffer *out);
/** Appends a record. */
void record_encode(const struct record *record, struct buffer *out);
/** Borrows from @bytes, the rest in @arena. ERROR_IO when these are no record. */
bool record_decode(struct slice bytes, struct arena *arena, struct record *out_record,
		struct error *err);

/** The flag's value, when the fact is a flag. */
bool fact_is_flag(const struct fact *fact, bool *out_flag);

/**
 * What is known of an enterprise, as a profile in @arena; facts with their periods, in the order of
 * the record, with room for @spare more. ERROR_IO when the record names what is not there.
 */
Policycalc__V1__Profile *record_to_profile(const struct record *record, struct slice uscc,
		const struct names *names, size_t spare, struct arena *arena,
		struct error *err);

/* --- merging --------------------------------------------------------------------------------- */

/* A profile may hold so many of each: more could not be asked about. */
#define RECORD_FACTS_MOST 1000
#define RECORD_ITEMS_MOST 1000

struct record_merge {
	const struct supplies *supplies;
	const struct names *names;
	uint32_t supply; /* of the patch */
	bool replace;	 /* what the patch does not mention is forgotten */
	/* Attributes of which there are complete lists: a later "yes" is worth keeping though it is no
	 * other value, since it stands against an earlier list. */
	const uint32_t *listed;
	size_t listed_count;
	/* Out: a value that is of an earlier day than the one known, and was not taken; or 0. */
	uint32_t outdated;
	int64_t outdated_period;
};

/**
 * @old with @patch laid over it, in @arena; borrows from both. A value of the same day or a later one
 * replaces what is known. Of more than RECORD_FACTS_MOST facts those of the oldest periods are let go; they
 * stay in past snapshots. *out_changed: something is known now that was not, or no longer. false when
 * memory is short.
 */
bool record_lay_over(const struct record *old, const struct record *patch,
		struct record_merge *merge, struct arena *arena, struct record *out_record,
		bool *out_changed);
