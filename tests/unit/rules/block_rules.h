/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the tests of blocks have, and rules over them at random. */
#pragma once

#include "base/arena.h"

#include <stdint.h>

enum { NUMBERS = 4, FLAGS = 3, CODES = 3, DAYS = 2, LISTS = 2, MAPS = 2, QUOTIENTS = 2 };
enum {
	FIRST_NUMBER,
	FIRST_FLAG = FIRST_NUMBER + NUMBERS,
	FIRST_CODE = FIRST_FLAG + FLAGS,
	FIRST_DAY = FIRST_CODE + CODES,
	FIRST_LIST = FIRST_DAY + DAYS,
	FIRST_MAP = FIRST_LIST + LISTS,
	FIRST_QUOTIENT = FIRST_MAP + MAPS,
	FIRST_OTHER = FIRST_QUOTIENT + QUOTIENTS,
	LIMIT = FIRST_OTHER,
	NOT_STATED,
	CODE_LIMIT,
	CODES_LIMIT,
	FLAG_LIMIT,
	DAY_NOT_STATED,
	AS_OF,
	SLOTS,
};

/* The codes that rules and values are made of. */
enum { BLOCK_CODES = 8 };
extern const char *const block_codes[BLOCK_CODES];

/* Where chance has come to; not 0. */
extern uint64_t block_seed;
unsigned random_below(unsigned limit);
const char *random_code(void);
/** A rule that is true or false, of joints at most @depth deep. */
const char *block_rule_make(struct arena *arena, int depth);
