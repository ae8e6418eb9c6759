/* SPDX-License-Identifier: Apache-2.0 */
/* Near misses and cliffs in the words of people, from the dictionary. */
#include "calculator/near.h"
#include "calculator/words.h"

#include <inttypes.h>
#include <string.h>

struct teller {
	const struct facts *facts;
	enum item_list list;
	const struct near_found *found;
	enum words_language language;
	struct arena *arena;
};

static const struct slot *told_slot(
		const struct teller *teller, const struct near_change *change)
{
	return ruleset_slot(teller->facts->ruleset, teller->list, change->flip.slot);
}

static const char *two(const struct teller *teller, const char *zh, const char *en)
{
	return teller->language == WORDS_ZH ? zh : en;
}

/* "项目 p1 的上年度完成投资" */
static const char *told_label(const struct teller *teller, const struct near_change *change)
{
	static const char *const zh[LIST_COUNT] = { "", "项目", "贷款", "新招用人员" };
	static const char *const en[LIST_COUNT] = { "", "project", "loan", "hire" };
	const char *label = words_label(
			told_slot(teller, change)->attribute->label, teller->language);

	if ((size_t)change->flip.slot < teller->facts->ruleset->base_count)
		return label;
	return arena_format(teller->arena, two(teller, "%s %s 的%s", "%s %s: %s"),
			two(teller, zh[teller->list], en[teller->list]),
			teller->facts->items[teller->list][teller->found->item].id, label);
}

static const char *told_value(const struct teller *teller, const struct near_change *change,
		const struct value *value)
{
	const char *text = words_value(teller->facts->ruleset, value,
			told_slot(teller, change)->attribute, teller->language, teller->arena);

	return text && teller->language == WORDS_ZH ? words_space(text, teller->arena) : text;
}

/* "40 万元", "1.5 个百分点" */
static const char *told_distance(
		const struct teller *teller, const struct near_change *change, int64_t distance)
{
	struct value value = { .kind = VALUE_INT, .integer = distance };
	const char *text;

	if (told_slot(teller, change)->attribute->type != VALUE_TYPE(RATIO))
		return told_value(teller, change, &value);
	text = words_ratio(distance, teller->arena);
	if (!text)
		return NULL;
	return arena_format(teller->arena,
			two(teller, "%.*s 个百分点", "%.*s percentage points"),
			(int)strcspn(text, "%"), text);
}

/* One decimal, half up: 666,667 ppm is "66.7%". */
static const char *told_percent(const struct teller *teller, int64_t ppm)
{
	int64_t tenths = ppm / 1000 + (ppm % 1000 >= 500);

	if (tenths % 10 == 0)
		return arena_format(teller->arena, "%" PRId64 "%%", tenths / 10);
	return arena_format(
			teller->arena, "%" PRId64 ".%" PRId64 "%%", tenths / 10, tenths % 10);
}

/* --- one change ------------------------------------------------------------------------------- */

/* "上年度研发投入再增加 40 万元（60 万元 → 100 万元，增加 66.7%）" */
static const char *told_figure(const struct teller *teller, const struct near_change *change,
		const Policycalc__V1__NearChange *message)
{
	bool up = change->flip.target.integer > change->observed.integer;
	bool ratio = told_slot(teller, change)->attribute->type == VALUE_TYPE(RATIO);
	const char *label = told_label(teller, change);
	const char *distance = told_distance(teller, change, message->distance);
	const char *from = told_value(teller, change, &change->observed);
	const char *to = told_value(teller, change, &change->flip.target);
	const char *share = "";

	if (message->_percent_ppm_case && message->percent_ppm >= 500 && !ratio) {
		const char *percent = told_percent(teller, message->percent_ppm);

		share = !percent ? NULL
				 : arena_format(teller->arena,
						   two(teller, "，%s %s", ", %2$s %1$s"),
						   up ? two(teller, "增加", "more")
						      : two(teller, "减少", "less"),
						   percent);
	}
	if (!label || !distance || !from || !to || !share)
		return NULL;
	return arena_format(teller->arena,
			two(teller, "%s%s %s（%s → %s%s）", "%s %s by %s (%s → %s%s)"), label,
			up ? two(teller, ratio ? "提高" : "再增加", "up")
			   : two(teller, ratio ? "降低" : "减少", "down"),
			distance, from, to, share);
}

static const char *told_day(const struct teller *teller, const struct near_change *change,
		const Policycalc__V1__NearChange *message)
{
	bool later = change->flip.target.timestamp.seconds > change->observed.timestamp.seconds;

	return arena_format(teller->arena,
			two(teller, "%s由 %s 改为 %s（%s %" PRId64 " 天）",
					"%1$s %2$s → %3$s (%5$" PRId64 " days %4$s)"),
			told_label(teller, change), message->observed->date,
			message->target->date,
			later ? two(teller, "晚", "later") : two(teller, "早", "earlier"),
			message->distance);
}

static bool list_holds(const struct value *list, struct slice code)
{
	size_t width = list->kind == VALUE_MAP ? 2 : 1;

	for (size_t i = 0; i < list->list.count; i++) {
		if (slice_equals(list->list.items[i * width].text, code))
			return true;
	}
	return false;
}

/* A code that comes or goes, or a title that must last longer. */
static const char *told_member(const struct teller *teller, const struct near_change *change)
{
	const char *code = told_value(teller, change, &change->flip.target);
	const char *label = told_label(teller, change);
	struct value until = { .kind = VALUE_TIMESTAMP,
		.timestamp = { .seconds = change->flip.until } };
	const char *day = told_value(teller, change, &until);

	if (!code || !label || !day)
		return NULL;
	if (change->flip.removes)
		return arena_format(teller->arena,
				two(teller, "%s中去掉“%s”", "%s without “%s”"), label, code);
	if (change->observed.kind == VALUE_LIST)
		return arena_format(teller->arena,
				two(teller, "%s增加“%s”", "%s with “%s” added"), label, code);
	if (list_holds(&change->observed, change->flip.target.text))
		return arena_format(teller->arena,
				two(teller, "%s“%s”的有效期延至 %s", "%s: “%s” valid until %s"),
				label, code, day);
	return arena_format(teller->arena,
			two(teller, "%s增加“%s”（%s 仍有效）",
					"%s with “%s” added, valid on %s"),
			label, code, day);
}

static const char *told_change(const struct teller *teller, const struct near_change *change,
		const Policycalc__V1__NearChange *message)
{
	switch ((int)change->observed.kind) {
	case VALUE_INT:
		return told_figure(teller, change, message);
	case VALUE_TIMESTAMP:
		return told_day(teller, change, message);
	case VALUE_LIST:
	case VALUE_MAP:
		return told_member(teller, change);
	default:
		return arena_format(teller->arena,
				two(teller, "%s由“%s”变为“%s”", "%s from “%s” to “%s”"),
				told_label(teller, change),
				told_value(teller, change, &change->observed),
				told_value(teller, change, &change->flip.target));
	}
}

/* --- sentences -------------------------------------------------------------------------------- */

static const char *told_end(const struct teller *teller, Policycalc__V1__Verdict verdict)
{
	switch ((int)verdict) {
	case VERDICT(NOT_OPEN):
		return two(teller, "即符合条件，但目前不在申报期",
				" and the conditions are met, though one cannot apply now");
	case VERDICT(NEEDS_INFORMATION):
		return two(teller, "即无不符合项，其余须补充信息后判定",
				" and nothing stands in the way; more must be known");
	case VERDICT(NEEDS_REVIEW):
		return two(teller, "即无不符合项，其余须人工审核",
				" and nothing stands in the way; people judge the rest");
	default:
		return two(teller, "即符合", " and it is eligible");
	}
}

static const char *miss_words(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__NearMiss *miss,
		enum words_language language)
{
	struct teller teller = { facts, list, found, language, facts->arena };
	const char *text = "";

	for (size_t i = 0; text && i < found->count; i++) {
		const char *change = told_change(&teller, &found->changes[i], miss->changes[i]);

		text = !change ? NULL
			       : arena_format(facts->arena, "%s%s%s", text,
						 i ? two(&teller, "，同时", " and ") : "",
						 change);
	}
	return text ? arena_format(facts->arena, "%s%s", text, told_end(&teller, miss->verdict))
		    : NULL;
}

Policycalc__V1__Text *near_miss_sentence(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__NearMiss *miss)
{
	return words_text(facts->arena, miss_words(facts, list, found, miss, WORDS_ZH),
			miss_words(facts, list, found, miss, WORDS_EN));
}

static const char *cliff_words(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__Cliff *cliff,
		enum words_language language)
{
	struct teller teller = { facts, list, found, language, facts->arena };
	const struct near_change *change = &found->changes[0];
	struct value edge = { .kind = VALUE_INT,
		.integer = cliff->above ? change->observed.integer + cliff->distance
					: change->observed.integer - cliff->distance };
	const char *label = told_label(&teller, change);
	const char *observed = told_value(&teller, change, &change->observed);
	const char *threshold = told_value(&teller, change, &edge);
	const char *distance = told_distance(&teller, change, cliff->distance);

	if (!label || !observed || !threshold || !distance)
		return NULL;
	return arena_format(facts->arena,
			cliff->distance == 0
					? two(&teller, "%s %s，正在门槛上，再%s即不再符合",
							  "%s is %s, just on the threshold: "
							  "any "
							  "%s loses it")
					: two(&teller, "%s %s，%s %s即不再符合，余量 %s",
							  "%s is %s; %s %s it is lost, %s to "
							  "go"),
			label, observed,
			cliff->distance == 0 ? (cliff->above ? two(&teller, "增加", "rise")
							     : two(&teller, "减少", "fall"))
					     : (cliff->above ? two(&teller, "超过", "above")
							     : two(&teller, "低于", "below")),
			threshold, distance);
}

Policycalc__V1__Text *near_cliff_sentence(const struct facts *facts, enum item_list list,
		const struct near_found *found, const Policycalc__V1__Cliff *cliff)
{
	return words_text(facts->arena, cliff_words(facts, list, found, cliff, WORDS_ZH),
			cliff_words(facts, list, found, cliff, WORDS_EN));
}
