/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence of one comparison. Labels, units, choices and names of places come from the
 * dictionary; nothing of the rule's text is ever told.
 */
#include "calculator/comparison.h"

#include <inttypes.h>
#include <string.h>

/* Base attributes of a derived one that are told with it. */
#define BASES_MOST 4

struct speaker {
	const struct facts *facts;
	enum item_list list;
	const struct comparison *comparison;
	enum words_language language;
	struct arena *arena;
};

static const char *either(const struct speaker *speaker, const char *zh, const char *en)
{
	return speaker->language == WORDS_ZH ? zh : en;
}

/* Figure and unit apart, as in a sentence. "" of what has no words. */
static const char *say_value(const struct speaker *speaker, const struct value *value,
		const Policycalc__V1__Attribute *attribute)
{
	const char *text = words_value(speaker->facts->ruleset, value, attribute,
			speaker->language, speaker->arena);

	return text && speaker->language == WORDS_ZH ? words_space(text, speaker->arena) : text;
}

static const char *say_label(const struct speaker *speaker, const struct slot *slot)
{
	return words_slot(slot, speaker->language, speaker->arena);
}

/* "职工总数 10 人、上年度营业收入 未知" of some slots; "" when none is an attribute. */
static const char *say_slots(const struct speaker *speaker, const int *slots, size_t count,
		const char *between)
{
	const struct facts *facts = speaker->facts;
	const char *text = "";

	for (size_t i = 0; text && i < count; i++) {
		const struct slot *slot = ruleset_slot(facts->ruleset, speaker->list, slots[i]);
		struct value value;
		const char *label;
		const char *words;

		if (slot->role != SCOPE_ATTRIBUTE)
			continue;
		value = facts_observed(facts, speaker->list, slots[i]);
		label = say_label(speaker, slot);
		words = value.kind == VALUE_UNKNOWN
					? either(speaker, "未知", "unknown")
					: say_value(speaker, &value, slot->attribute);
		if (!label || !words)
			return NULL;
		text = arena_format(speaker->arena, "%s%s%s %s", text, *text ? between : "",
				label, words);
	}
	return text;
}

/* "第三条", in English with a comma before it. */
static const char *cited_clause(
		const struct speaker *speaker, const Policycalc__V1__Source *source)
{
	return speaker->language == WORDS_ZH || !*source->clause
			       ? source->clause
			       : arena_format(speaker->arena, ", %s", source->clause);
}

/*
 * "（《…》豫科〔2018〕1号第三条）" behind a figure: from where its parameter comes; "" without. Only a source
 * that names neither number nor clause is told by its year, "（《…》2018 版）", unless its title does so.
 */
static const char *say_source(const struct speaker *speaker)
{
	const Policycalc__V1__ParameterValue *value = speaker->comparison->value;
	const Policycalc__V1__Source *source = value ? value->source : NULL;
	const char *clause;
	const char *date;

	if (!source || !*source->doc)
		return "";
	clause = cited_clause(speaker, source);
	if (!clause)
		return NULL;
	if (*source->number || *source->clause)
		return arena_format(speaker->arena,
				either(speaker, "（《%s》%s%s%s）", " (%s%s%s%s)"), source->doc,
				*source->number ? either(speaker, "", ", ") : "",
				source->number, clause);
	date = value->from;
	if (strlen(date) < 4 || *date < '0' || *date > '9')
		date = source->date;
	if (strlen(date) < 4 || strstr(source->doc, "版"))
		return arena_format(speaker->arena, either(speaker, "（《%s》）", " (%s)"),
				source->doc);
	return arena_format(speaker->arena, either(speaker, "（《%s》%.4s 版）", " (%s, %.4s)"),
			source->doc, date);
}

/* "（科技人员 8 人 ÷ 职工总数 100 人）": what a derived attribute was made of, when that is little. */
static const char *say_bases(const struct speaker *speaker)
{
	const struct facts *facts = speaker->facts;
	const struct slot *slot = speaker->comparison->slot;
	int at = speaker->comparison->atom.attribute_slot;
	const struct scope_name *name;
	uint64_t *bits;
	int slots[BASES_MOST];
	size_t count = 0;
	const char *text;

	if (!slot->derived || speaker->comparison->atom.observed.kind == VALUE_UNKNOWN)
		return "";
	/* A quotient that was supplied as such was not made of anything. */
	if (slot->attribute->derived->ratio && facts->values[at].kind != VALUE_UNKNOWN)
		return "";
	name = scope_name_of_slot(facts->ruleset->scopes[speaker->list], at);
	if (name && name->ratio) {
		slots[0] = name->ratio->num_slot;
		slots[1] = name->ratio->den_slot;
		text = say_slots(speaker, slots, 2, " ÷ ");
		return text ? arena_format(speaker->arena, either(speaker, "（%s）", " (%s)"),
					      text)
			    : NULL;
	}
	bits = facts_new_set(facts);
	if (!bits)
		return NULL;
	slot_bits_put_bases(facts->ruleset, speaker->list, at, bits);
	for (size_t i = 0; i < facts->ruleset->most_slots; i++) {
		if (!slot_bits_has(bits, (int)i))
			continue;
		if (count == BASES_MOST || facts->values[i].kind == VALUE_UNKNOWN)
			return "";
		slots[count++] = (int)i;
	}
	text = say_slots(speaker, slots, count, either(speaker, "、", ", "));
	return text && *text ? arena_format(speaker->arena, either(speaker, "（%s）", " (%s)"),
					       text)
			     : text;
}

/* "（按 上年度营业收入 190 万元 计算）": what else of the profile the requirement was made of. */
static const char *say_others(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	int *slots = ARENA_NEW_ARRAY(speaker->arena, int, comparison->read_count + 1);
	size_t count = 0;
	const char *text;

	for (size_t i = 0; slots && i < comparison->read_count; i++) {
		if (comparison->reads[i] != comparison->atom.attribute_slot)
			slots[count++] = comparison->reads[i];
	}
	text = slots ? say_slots(speaker, slots, count, either(speaker, "、", ", ")) : NULL;
	return text && *text ? arena_format(speaker->arena,
					       either(speaker, "（按 %s 计算）", " (from %s)"),
					       text)
			     : text;
}

/* What is told of: "上年度研发投入", "月度电费合计", "有效称号“专精特新”有效期". */
static const char *say_subject(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const char *label = say_label(speaker, comparison->slot);
	const char *key;

	if (!label)
		return NULL;
	switch (comparison->atom.measure) {
	case MEASURE_SUM:
		return arena_format(speaker->arena, either(speaker, "%s合计", "%s in total"),
				label);
	case MEASURE_ENTRY:
		if (comparison->atom.key.kind == VALUE_INT)
			return arena_format(speaker->arena,
					either(speaker, "%s第 %" PRId64 " 项",
							"%s, item %" PRId64),
					label, comparison->atom.key.integer + 1);
		key = say_value(speaker, &comparison->atom.key, comparison->attribute);
		return key ? arena_format(speaker->arena,
					     either(speaker, "%s“%s”有效期至",
							     "%s: %s valid until"),
					     label, key)
			   : NULL;
	case MEASURE_VALUE:
	case MEASURE_YEARS:
	case MEASURE_AFTER:
	case MEASURE_COUNT:
	case MEASURE_OTHER:
	default:
		return label;
	}
}

/* What the firm has: a figure, or the date behind it. */
static const char *say_observed(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const struct value *value = &comparison->atom.observed;
	const struct value *own = &speaker->facts->values[comparison->atom.attribute_slot];
	const char *figure = say_value(speaker, value, comparison->figures);
	const char *day;

	if (own->kind == VALUE_UNKNOWN && value->kind == VALUE_UNKNOWN)
		return either(speaker, "未知", "unknown");
	if (comparison->atom.measure != MEASURE_YEARS &&
			comparison->atom.measure != MEASURE_AFTER)
		return figure;
	day = say_value(speaker, own, comparison->attribute);
	if (comparison->atom.measure == MEASURE_AFTER || !day || !figure || !*figure)
		return day;
	return arena_format(speaker->arena, either(speaker, "%s，满 %s", "%s, %s full"), day,
			figure);
}

/* "要求不低于 100 万元"; NULL also when the day that is required has no words. */
static const char *say_required(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const struct relation *relation = comparison->relation;
	const char *text = say_value(speaker, &comparison->required, comparison->figures);
	const char *shift;

	if (!text)
		return NULL;
	if (comparison->atom.measure != MEASURE_AFTER)
		return arena_format(speaker->arena, "%s%s",
				(comparison->required.kind == VALUE_TIMESTAMP
								? relation->of_days
								: relation->words)
						[speaker->language],
				text);
	shift = arena_format(speaker->arena,
			comparison->atom.shift_years
					? either(speaker, "%" PRId64 " 年",
							  comparison->atom.shift.integer == 1
									  ? "%" PRId64 " year"
									  : "%" PRId64 " years")
					: either(speaker, "%" PRId64 " 个月",
							  comparison->atom.shift.integer == 1
									  ? "%" PRId64 " month"
									  : "%" PRId64
									    " months"),
			comparison->atom.shift.integer);
	if (!shift)
		return NULL;
	return arena_format(
			speaker->arena, relation->years_after[speaker->language], text, shift);
}

/* Whether the comparison can be told as what there is and what is required. */
static bool is_plain(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const struct rule_atom *atom = &comparison->atom;

	if (!comparison->relation || comparison->required.kind == VALUE_UNKNOWN ||
			comparison->required.kind == VALUE_ERROR)
		return false;
	return atom->measure != MEASURE_AFTER ||
	       (comparison->relation->years_after[0] && atom->shift.kind == VALUE_INT &&
			       atom->shift.integer > 0);
}

static const char *say_plain(const struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const char *subject = say_subject(speaker);
	const char *observed = say_observed(speaker);
	const char *bases = say_bases(speaker);
	const char *required;
	const char *others;
	const char *source = say_source(speaker);
	const char *distance;
	const char *away = "";

	if (!subject || !observed || !bases || !source)
		return NULL;
	if (comparison->atom.given)
		return arena_format(speaker->arena, either(speaker, "%s %s%s", "%s: %s%s"),
				subject, observed, bases);
	required = say_required(speaker);
	others = say_others(speaker);
	if (comparison->has_distance) {
		distance = comparison_distance(speaker->facts, comparison, speaker->language);
		if (distance && speaker->language == WORDS_ZH)
			distance = words_space(distance, speaker->arena);
		away = !distance ? NULL
		       : speaker->language == WORDS_ZH
				       ? arena_format(speaker->arena, "，%s%s",
							 comparison->relation->away[WORDS_ZH],
							 distance)
				       : arena_format(speaker->arena, ", %s%s", distance,
							 comparison->relation->away[WORDS_EN]);
	}
	if (!required || !others || !away)
		return NULL;
	return arena_format(speaker->arena,
			either(speaker, "%s %s%s，%s%s%s%s", "%s: %s%s, %s%s%s%s"), subject,
			observed, bases, required, others, away, source);
}

/* How a comparison stands that is not told by what is required. */
static const char *say_status(const struct speaker *speaker)
{
	switch ((int)speaker->comparison->status) {
	case STATUS(MET):
		return either(speaker, "符合要求", "as required");
	case STATUS(NOT_MET):
		return either(speaker, "不符合要求", "not as required");
	case STATUS(UNKNOWN):
		return either(speaker, "尚不能确定", "not settled yet");
	case STATUS(REVIEW):
		return either(speaker, "门槛未见于来源", "the threshold is not in our sources");
	case STATUS(ERROR):
	default:
		return either(speaker, "无法计算，须人工核实",
				"cannot be computed; people must check");
	}
}

const char *comparison_sentence(const struct facts *facts, enum item_list list,
		const struct comparison *comparison, enum words_language language)
{
	struct speaker speaker = { facts, list, comparison, language, facts->arena };
	const char *slots;

	if (is_plain(&speaker))
		return say_plain(&speaker);
	slots = say_slots(&speaker, comparison->reads, comparison->read_count,
			either(&speaker, "、", ", "));
	if (!slots || !*slots)
		return slots;
	if (comparison->atom.given)
		return slots;
	/* "上年度营业收入 1000 万元，门槛未见于来源" */
	return arena_format(facts->arena, either(&speaker, "%s，%s", "%s: %s"), slots,
			say_status(&speaker));
}

const char *comparison_distance(const struct facts *facts, const struct comparison *comparison,
		enum words_language language)
{
	struct value value = { .kind = VALUE_INT, .integer = comparison->distance };
	const char *text = words_value(
			facts->ruleset, &value, comparison->figures, language, facts->arena);
	size_t size = text ? strlen(text) : 0;

	/* From 88% to 90% are two points, not two percent. */
	if (size && text[size - 1] == '%')
		return arena_format(facts->arena,
				language == WORDS_ZH ? "%.*s个百分点"
						     : "%.*s percentage points",
				(int)size - 1, text);
	return text;
}
