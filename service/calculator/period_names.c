/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/period_names.h"

#include "base/memory.h"

#include <string.h>

void period_names_fini(struct period_names *names)
{
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++)
		map_fini(&names->known[list]);
	memory_free(names->list);
	*names = (struct period_names){ 0 };
}

static bool period_names_grow(struct period_names *names)
{
	size_t capacity = names->capacity ? names->capacity * 2 : 64;
	struct period_name *list = memory_resize(names->list, capacity * sizeof(*list));

	if (!list)
		return false;
	names->list = list;
	names->capacity = capacity;
	return true;
}

static void period_name_add(struct period_names *names, enum item_list list, struct slice whole)
{
	if (map_find(&names->known[list], whole))
		return;
	/* That it is there is all that the map says. */
	if ((names->count == names->capacity && !period_names_grow(names)) ||
			!map_put(&names->known[list], whole, names)) {
		names->failed = true;
		return;
	}
	names->list[names->count++] = (struct period_name){ list, whole };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_character(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || is_digit(c) || c == '_';
}

/* Whether @name may end with a period: _y2, _p3, _2026, _2026q1, _quarter, _year. */
static bool may_have_period(struct slice name)
{
	char last = name.data[name.size - 1];

	return last == 'r' || is_digit(last);
}

static bool begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* Sixteen bytes, of which those that are told apart are 0 or not. */
typedef unsigned char sixteen_bytes __attribute__((vector_size(16)));

static inline sixteen_bytes sixteen_at(const char *at)
{
	sixteen_bytes bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

/*
 * Of the sixteen bytes at @at, those that are an underline before a digit, "y2", "p2", "ye" or "qu". Two bytes behind
 * them are looked at.
 */
static inline sixteen_bytes suffixes_at(const char *at)
{
	sixteen_bytes next = sixteen_at(at + 1);
	sixteen_bytes last = sixteen_at(at + 2);

	return (sixteen_bytes)((sixteen_at(at) == '_') &
			       ((next - '0' <= 9) |
					       (((next == 'y') | (next == 'p')) &
							       (last - '0' <= 9)) |
					       ((next == 'y') & (last == 'e')) |
					       ((next == 'q') & (last == 'u'))));
}

/*
 * Whether there may be a suffix in @text. Most texts have none, and several underlines: all are looked at, and one
 * branch is taken.
 */
static bool text_may_have_suffixes(struct slice text)
{
	size_t step = sizeof(sixteen_bytes);
	sixteen_bytes met = { 0 };
	uint64_t halves[2];

	if (text.size <= step)
		return memchr(text.data, '_', text.size);
	for (size_t at = 0; at + step < text.size; at += step)
		met |= suffixes_at(text.data + at);
	/* The last ones, some of which may have been among those before; behind them is the 0. */
	met |= suffixes_at(text.data + text.size - step - 1);
	memcpy(halves, &met, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* Whether anything like them stands in @text: an underline is found sooner than the ends of all names. */
static bool text_may_have_periods(const char *text)
{
	if (!text_may_have_suffixes(slice_from(text)))
		return false;
	for (const char *at = text; (at = strchr(at, '_')); at++) {
		if (is_digit(at[1]) || ((at[1] == 'y' || at[1] == 'p') && is_digit(at[2])))
			return true;
		if (at[1] == 'q' && begins_with(at, "_quarter"))
			return true;
		if (at[1] == 'y' && begins_with(at, "_year") &&
				(at[5] == '_' || !is_name_character(at[5])))
			return true;
	}
	return false;
}

/* Looks for e.x and i.x, by the dot. Text within quotes may be taken for a name: it does no harm. */
void period_names_scan(struct period_names *names, enum item_list list, const char *text)
{
	const char *from = text;

	if (!text_may_have_periods(text))
		return;
	for (const char *dot; (dot = strchr(from, '.'));) {
		const char *end = dot + 1;
		struct slice name;

		while (is_name_character(*end))
			end++;
		from = end;
		if (dot == text || (dot[-1] != 'e' && dot[-1] != 'i') || end == dot + 1)
			continue;
		if (dot > text + 1 && (is_name_character(dot[-2]) || dot[-2] == '.'))
			continue;
		name = (struct slice){ dot - 1, (size_t)(end - dot) + 1 };
		if (may_have_period(name))
			period_name_add(names, dot[-1] == 'e' ? LIST_ENTERPRISE : list, name);
	}
}

struct text_scan {
	struct period_names *names;
	enum item_list list;
};

static bool on_rule_text(void *context, const char *text)
{
	const struct text_scan *scan = context;

	period_names_scan(scan->names, scan->list, text);
	return true;
}

void period_names_scan_policy(struct period_names *names, const Policycalc__V1__Policy *policy,
		struct rule_texts_told *told)
{
	struct text_scan scan = { names, subject_item_list(policy->subject) };

	(void)rule_texts_each(
			&policy->base, told ? &told[scan.list] : NULL, on_rule_text, &scan);
}
