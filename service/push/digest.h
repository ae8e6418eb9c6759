/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an enterprise is told: one message with all that is new, most valuable first.
 *
 * The bytes depend on the run, the enterprise and the news alone, never on the clock of the machine,
 * so that a run that was interrupted makes the same ones.
 */
#pragma once

#include "policycalc/v1/push_service.pb-c.h"
#include "push/delta.h"

#define DIGEST_KEY_SIZE 32

/* The parts of what a run has for an enterprise; the word goes into the key. What is held is one part a
 * series, so that a department decides what is its own and nothing beside it. */
enum digest_part {
	PART_RELEASED,
	PART_HELD,
	PART_SUPPRESSED,
};
#define DIGEST_PART_END 3

/** SHA-256 over run, code and part; @series: of a part that is held, else "". */
bool digest_key(int64_t run, const char *uscc, enum digest_part part, const char *series,
		unsigned char out_key[DIGEST_KEY_SIZE], struct error *err);
/** Lower-case hex, and back; false when @text is no key. */
void digest_key_print(const unsigned char key[DIGEST_KEY_SIZE],
		char out_text[static 2 * DIGEST_KEY_SIZE + 1]);
bool digest_key_parse(const char *text, unsigned char out_key[DIGEST_KEY_SIZE]);

/* One piece of news, and what is said of it. */
struct digest_news {
	struct delta delta;
	const struct told_state *before;
	/* The policy as it stands now, FULL view; NULL when it is gone. */
	const Policycalc__V1__PolicyAnswer *answer;
	/* When it is gone: series, policy, title, kind and departments, as they were. */
	const Policycalc__V1__DeltaEntry *card;
	int32_t window_end; /* days since 1970; 0: none */
	int32_t today;
};

/** The entry in @arena; borrows from the answer and the card. NULL when memory is short. */
Policycalc__V1__DeltaEntry *digest_entry(const struct digest_news *news, struct arena *arena);
/** Series, policy, title, kind and departments of @policy, borrowed. NULL when memory is short. */
Policycalc__V1__DeltaEntry *digest_card(
		const Policycalc__V1__Policy *policy, struct arena *arena);
/** What is counted of an amount: the upper end, or the lower where there is none; in fen. */
int64_t digest_told_value(const struct told_amount *amount);
/** As it. */
int64_t digest_value(const Policycalc__V1__AmountAnswer *amount);
/** Sorts: what can be had, what nearly can, what is lost; each by value, then series. */
void digest_sort(Policycalc__V1__DeltaEntry **entries, size_t count);
/** 以主管部门审核为准. */
Policycalc__V1__Text *digest_disclaimer(struct arena *arena);
