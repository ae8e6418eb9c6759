/* SPDX-License-Identifier: Apache-2.0 */
/* 统一社会信用代码, the unified social credit code of GB 32100-2015: 18 characters, the last a check. */
#pragma once

#include "base/slice.h"

enum uscc_outcome {
	USCC_OK,
	USCC_BAD_CHECK_DIGIT, /* well formed; real codes fail it too, so it is a warning */
	USCC_MALFORMED,	      /* not 18 characters, or a character that no code has */
};

/**
 * Checks length, characters (no I, O, S, V, Z and no lower case), the six digits of the registering
 * authority, and the check character.
 */
enum uscc_outcome uscc_check(struct slice code);
