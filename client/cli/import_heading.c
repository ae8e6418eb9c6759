/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_heading.h"

#include <stdio.h>
#include <string.h>

typedef Policycalc__V1__Attribute attribute_message;

struct slice heading_normalise(struct slice text, struct arena *arena)
{
	char *out = arena_alloc(arena, text.size + 1);
	size_t size = 0;

	if (!out)
		return (struct slice){ "", 0 };
	for (size_t i = 0; i < text.size; i++) {
		const unsigned char *at = (const unsigned char *)text.data + i;
		size_t left = text.size - i;
		unsigned char c = at[0];

		if (left >= 3 && at[0] == 0xef &&
				(at[1] == 0xbc || (at[1] == 0xbd && at[2] <= 0x9e))) {
			/* U+FF01 to U+FF3F, U+FF40 to U+FF5E */
			i += 2;
			c = (unsigned char)(at[2] - (at[1] == 0xbc ? 0x60 : 0x20));
		} else if (left >= 3 && memcmp(at, "\xe3\x80\x80", 3) == 0) {
			i += 2;
			continue;
		} else if (left >= 3 && (memcmp(at, "“", 3) == 0 || memcmp(at, "”", 3) == 0 ||
							memcmp(at, "\xef\xbb\xbf", 3) == 0)) {
			i += 2;
			continue;
		} else if (left >= 3 && memcmp(at, "【", 3) == 0) {
			i += 2;
			c = '[';
		} else if (left >= 3 && memcmp(at, "】", 3) == 0) {
			i += 2;
			c = ']';
		}
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		out[size++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	out[size] = '\0';
	return (struct slice){ out, size };
}

static bool starts_with_text(struct slice text, const char *prefix)
{
	return slice_starts_with(text, slice_from(prefix));
}

static struct slice slice_behind(struct slice text, size_t size)
{
	return (struct slice){ text.data + size, text.size - size };
}

/* --- units and periods ------------------------------------------------------------------------ */

bool unit_word_find(const attribute_message *attribute, struct slice word, unsigned *out_digits)
{
	static const struct {
		const char *word;
		unsigned digits;
	} money[] = { { "元", 2 }, { "千元", 5 }, { "万元", 6 }, { "万", 6 }, { "百万元", 8 },
		{ "千万元", 9 }, { "亿元", 10 }, { "亿", 10 }, { "yuan", 2 } },
	  ratio[] = { { "%", 4 }, { "％", 4 }, { "‰", 3 }, { "ppm", 0 } };

	*out_digits = 0;
	switch ((int)attribute->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		for (size_t i = 0; i < sizeof(money) / sizeof(money[0]); i++) {
			*out_digits = money[i].digits;
			if (slice_equals_text(word, money[i].word))
				return true;
		}
		return false;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		for (size_t i = 0; i < sizeof(ratio) / sizeof(ratio[0]); i++) {
			*out_digits = ratio[i].digits;
			if (slice_equals_text(word, ratio[i].word))
				return true;
		}
		return false;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		return attribute->unit &&
		       (slice_equals_text(word, attribute->unit->zh) ||
				       slice_equals_text(word, attribute->unit->en));
	default:
		return false;
	}
}

static size_t take_digits(struct slice *text, size_t least, size_t most, int *out)
{
	size_t size = 0;

	*out = 0;
	while (size < most && size < text->size && text->data[size] >= '0' &&
			text->data[size] <= '9')
		*out = *out * 10 + (text->data[size++] - '0');
	if (size < least)
		return 0;
	*text = slice_behind(*text, size);
	return size;
}

static bool take_text(struct slice *text, const char *word)
{
	if (!starts_with_text(*text, word))
		return false;
	*text = slice_behind(*text, strlen(word));
	return true;
}

bool heading_take_period(struct slice *text, char out_period[16])
{
	static const char *const quarters[] = { "一", "二", "三", "四" };
	struct slice rest = *text;
	struct slice part;
	int year, number;
	bool named;

	if (!take_digits(&rest, 4, 4, &year) || year < 1900 || year > 9999)
		return false;
	(void)snprintf(out_period, 16, "%04d", year);
	part = rest;
	named = take_text(&part, "年");
	if (named)
		rest = part;
	if (take_text(&part, named ? "第" : "q") || named) {
		struct slice digits = part;

		for (number = 1; number <= 4; number++)
			if (take_text(&part, quarters[number - 1]))
				break;
		if (number > 4 && !take_digits(&digits, 1, 2, &number))
			number = 0;
		else if (number > 0 && digits.data > part.data)
			part = digits;
		if (number >= 1 && number <= 4 &&
				(!named || take_text(&part, "季度") ||
						take_text(&part, "季"))) {
			(void)snprintf(out_period, 16, "%04dQ%d", year, number);
			*text = part;
			return true;
		}
		if (named && number >= 1 && number <= 12 && take_text(&part, "月")) {
			(void)snprintf(out_period, 16, "%04d-%02d", year, number);
			*text = part;
			return true;
		}
	} else if (take_text(&part, "-") && take_digits(&part, 2, 2, &number) && number >= 1 &&
			number <= 12) {
		(void)snprintf(out_period, 16, "%04d-%02d", year, number);
		*text = part;
		return true;
	}
	if (named)
		(void)take_text(&rest, "度");
	*text = rest;
	return true;
}

Policycalc__V1__Period period_kind(const char *period)
{
	switch (strlen(period)) {
	case 4:
		return POLICYCALC__V1__PERIOD__PERIOD_YEAR;
	case 6:
		return POLICYCALC__V1__PERIOD__PERIOD_QUARTER;
	default:
		return POLICYCALC__V1__PERIOD__PERIOD_MONTH;
	}
}

void period_last(Policycalc__V1__Period kind, struct date day, char out_period[16])
{
	int quarter = (day.month - 1) / 3;

	out_period[0] = '\0';
	if (kind == POLICYCALC__V1__PERIOD__PERIOD_YEAR)
		(void)snprintf(out_period, 16, "%04d", day.year - 1);
	else if (kind == POLICYCALC__V1__PERIOD__PERIOD_QUARTER)
		(void)snprintf(out_period, 16, "%04dQ%d", quarter ? day.year : day.year - 1,
				quarter ? quarter : 4);
	else if (kind == POLICYCALC__V1__PERIOD__PERIOD_MONTH)
		(void)snprintf(out_period, 16, "%04d-%02d",
				day.month > 1 ? day.year : day.year - 1,
				day.month > 1 ? day.month - 1 : 12);
}

struct slice label_without_year(struct slice label)
{
	static const char *const before[] = { "上年度", "上年末", "上年" };
	static const char *const behind[] = { " at the end of last year", " of last year",
		" last year" };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (take_text(&label, before[i]))
			return label;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		size_t size = strlen(behind[i]);

		if (label.size > size &&
				memcmp(label.data + label.size - size, behind[i], size) == 0)
			return (struct slice){ label.data, label.size - size };
	}
	return (struct slice){ 0 };
}
