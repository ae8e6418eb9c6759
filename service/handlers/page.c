/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/page.h"

#include <inttypes.h>
#include <string.h>

#define TOKEN_SIZE 65 /* a version, and four numbers of sixteen digits */

char *page_print(const struct page *page, struct arena *arena)
{
	return arena_format(arena, "1%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
			(uint64_t)page->revision, (uint64_t)page->position, (uint64_t)page->day,
			page->question);
}

static bool parse_number(const char *digits, uint64_t *out_number)
{
	uint64_t number = 0;

	for (int i = 0; i < 16; i++) {
		char c = digits[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			return false;
		number = number << 4 | digit;
	}
	*out_number = number;
	return true;
}

bool page_parse(const char *token, struct page *out_page)
{
	uint64_t numbers[4];

	if (strlen(token) != TOKEN_SIZE || token[0] != '1')
		return false;
	for (int i = 0; i < 4; i++)
		if (!parse_number(token + 1 + 16 * i, &numbers[i]))
			return false;
	out_page->revision = (int64_t)numbers[0];
	out_page->position = (int64_t)numbers[1];
	out_page->day = (int64_t)numbers[2];
	out_page->question = numbers[3];
	return out_page->revision > 0 && out_page->position >= 0;
}

bool page_size(int32_t asked, size_t when_zero, size_t *out_size)
{
	if (asked < 0 || asked > PAGE_SIZE_MAX)
		return false;
	*out_size = asked == 0 ? when_zero : (size_t)asked;
	return true;
}
