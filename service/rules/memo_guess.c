/* SPDX-License-Identifier: Apache-2.0 */
/* Terms in a text, without reading what they are. */
#include "rules/memo_internal.h"

#include <endian.h>

/* Which bytes of @word are @c: their highest bits. The lowest of them is right, and that there is any. */
static inline uint64_t bytes_equal(uint64_t word, char c)
{
	uint64_t others = word ^ (unsigned char)c * UINT64_C(0x0101010101010101);

	return (others - UINT64_C(0x0101010101010101)) & ~others & UINT64_C(0x8080808080808080);
}

/* Where the next "&" or "|" is, or the text ends. */
static size_t joint_find(const struct reading *reading, size_t at)
{
	for (; at < reading->text.size; at += sizeof(uint64_t)) {
		uint64_t word;
		uint64_t met;

		memcpy(&word, reading->key + at, sizeof(word));
		word = htole64(word);
		met = bytes_equal(word, '&') | bytes_equal(word, '|');
		if (met)
			at += (size_t)__builtin_ctzll(met) / 8;
		if (met)
			return at < reading->text.size ? at : reading->text.size;
	}
	return reading->text.size;
}

/* The unit that what stands from @at to @end is, if it is a term that begins there; UNIT_NONE: it is not. */
static uint16_t term_unit(struct reading *reading, size_t at, size_t end, uint32_t hash)
{
	const struct term *term = term_find(
			reading->terms, (struct slice){ reading->key + at, end - at }, hash);
	uint16_t number;

	if (!term || term->whole)
		return UNIT_NONE;
	number = memo_unit_add(reading, UNIT_PART, at, end);
	if (number != UNIT_NONE) {
		reading->units[number].term = term;
		reading->at = reading->last = end;
	}
	return number;
}

/* Behind the last byte from @at to @end that is no space. */
static size_t blanks_cut(const struct reading *reading, size_t at, size_t end)
{
	while (end > at && memo_is_space(reading->key[end - 1]))
		end--;
	return end;
}

/*
 * The part that begins here, if it is all up to the next joint, or the parentheses before that, and a term. This is
 * no guess: what was read alone as one part, up to its end, is read alike where it stands before one of these.
 */
uint16_t memo_term_read(struct reading *reading)
{
	size_t begin = reading->at;
	uint16_t number = UNIT_NONE;
	int depth = reading->depth;
	size_t end;

	while (reading->guess < reading->guess_count &&
			reading->guesses[reading->guess].begin < begin)
		reading->guess++;
	if (reading->guess < reading->guess_count) {
		const struct term_guess *guess = &reading->guesses[reading->guess];

		if (guess->begin == begin)
			number = term_unit(reading, begin, guess->end, guess->hash);
	}
	if (number != UNIT_NONE)
		return number;
	for (end = joint_find(reading, begin); number == UNIT_NONE; end--, depth--) {
		end = blanks_cut(reading, begin, end);
		number = term_unit(reading, begin, end,
				term_hash((struct slice){ reading->key + begin, end - begin }));
		if (depth == 0 || end == begin || reading->key[end - 1] != ')')
			break;
	}
	return number;
}

/*
 * Where terms may be, before it is known: between joints, and what begins or ends with parentheses that are likely
 * not its own without these. Terms are far apart in memory: all are asked for before the first is looked at.
 */
void memo_terms_guess(struct reading *reading)
{
	const char *key = reading->key;
	size_t size = reading->text.size;
	size_t end;

	reading->guess = reading->guess_count = 0;
	for (size_t at = 0; at < size && reading->guess_count < MEMO_GUESSES_MOST;
			at = end + 2) {
		struct term_guess *guess = &reading->guesses[reading->guess_count];
		size_t last;

		end = joint_find(reading, at);
		while (memo_is_space(key[at]) || key[at] == '(' ||
				(key[at] == '!' && key[at + 1] == '('))
			at++;
		last = blanks_cut(reading, at, end);
		if (last > at + 1 && key[last - 1] == ')' &&
				(key[last - 2] == ')' || key[last - 2] == ']'))
			last--;
		if (last <= at)
			continue;
		guess->begin = (uint16_t)at;
		guess->end = (uint16_t)last;
		guess->hash = term_hash((struct slice){ key + at, last - at });
		term_ask_for(reading->terms, guess->hash);
		reading->guess_count++;
	}
}
