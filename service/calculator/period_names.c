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

/*
 * Whether anything like them stands in @text: most texts have none, and an underline is found sooner than the ends of
 * all names.
 */
static bool text_may_have_periods(const char *text)
{
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
