/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence of one comparison. Labels, units, choices and names of places come from the
 * dictionary; nothing of the rule's text is ever told.
 */
#include "calculator/comparison.h"

#include <string.h>

/* Base attributes of a derived one that are told with it. */
#define BASES_MOST 4

struct speaker {
	const struct facts *facts;
	enum item_list list;
	const struct comparison *comparison;
	const struct comparison_told *told;
	enum words_language language;
	struct text text; /* while it is open, nothing else is made in the arena */
};

static void say_either(struct speaker *speaker, struct slice zh, struct slice en)
{
	text_put_slice(&speaker->text, speaker->language == WORDS_ZH ? zh : en);
}

#define SAY(speaker, zh, en) say_either((speaker), SLICE_LITERAL(zh), SLICE_LITERAL(en))

static void say_text(struct speaker *speaker, const char *text)
{
	text_put_text(&speaker->text, text);
}

/* Figure and unit apart, as in a sentence. Nothing of what has no words. */
static void say_value(struct speaker *speaker, const struct value *value,
		const Policycalc__V1__Attribute *attribute)
{
	size_t from = text_size(&speaker->text);

	words_put_value(&speaker->text, speaker->facts->ruleset, value, attribute,
			speaker->language);
	if (speaker->language == WORDS_ZH)
		words_put_spaces(&speaker->text, from);
}

/* The same of a figure that was printed before, in Chinese: @figure, unless it is NULL. */
static void say_figure(struct speaker *speaker, const char *figure, const struct value *value)
{
	size_t from = text_size(&speaker->text);

	if (speaker->language != WORDS_ZH || !figure) {
		say_value(speaker, value, speaker->comparison->figures);
		return;
	}
	say_text(speaker, figure);
	words_put_spaces(&speaker->text, from);
}

static void say_label(struct speaker *speaker, const struct slot *slot)
{
	words_put_slot(&speaker->text, slot, speaker->language);
}

/* Whether it is an attribute, other than @except. */
static bool slot_is_told(const struct speaker *speaker, int slot, int except)
{
	return slot != except &&
	       ruleset_slot(speaker->facts->ruleset, speaker->list, slot)->role ==
			       SCOPE_ATTRIBUTE;
}

/*
 * "职工总数 10 人、上年度营业收入 未知" of the attributes among some slots but @except; in English joined by ", ",
 * in both languages by @between instead when it has any. Whether there was one.
 */
static bool say_slots(struct speaker *speaker, const int *slots, size_t count, int except,
		struct slice between)
{
	const struct facts *facts = speaker->facts;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(facts->ruleset, speaker->list, slots[i]);
		struct value value;

		if (!slot_is_told(speaker, slots[i], except))
			continue;
		if (any && between.size)
			text_put_slice(&speaker->text, between);
		else if (any)
			SAY(speaker, "、", ", ");
		any = true;
		value = facts_observed(facts, speaker->list, slots[i]);
		say_label(speaker, slot);
		say_text(speaker, " ");
		if (value.kind == VALUE_UNKNOWN)
			SAY(speaker, "未知", "unknown");
		else
			say_value(speaker, &value, slot->attribute);
	}
	return any;
}

/* Whether the title says of which year it is, as "2018 版". */
static bool names_edition(const char *title)
{
	static const char word[] = "版";

	for (const char *at = title; (at = strchr(at, word[0])) != NULL; at++) {
		if (strncmp(at, word, sizeof(word) - 1) == 0)
			return true;
	}
	return false;
}

/*
 * "（《…》豫科〔2018〕1号第三条）" behind a figure: from where its parameter comes; nothing without. Only a source
 * that names neither number nor clause is told by its year, "（《…》2018 版）", unless its title does so.
 */
static void say_source(struct speaker *speaker)
{
	const Policycalc__V1__ParameterValue *value = speaker->comparison->value;
	const Policycalc__V1__Source *source = value ? value->source : NULL;
	const char *date;

	if (!source || !*source->doc)
		return;
	SAY(speaker, "（《", " (");
	say_text(speaker, source->doc);
	SAY(speaker, "》", "");
	if (*source->number || *source->clause) {
		if (*source->number)
			SAY(speaker, "", ", ");
		say_text(speaker, source->number);
		if (*source->clause)
			SAY(speaker, "", ", ");
		say_text(speaker, source->clause);
	} else {
		date = value->from;
		if (strlen(date) < 4 || *date < '0' || *date > '9')
			date = source->date;
		if (strlen(date) >= 4 && !names_edition(source->doc)) {
			SAY(speaker, "", ", ");
			text_put(&speaker->text, date, 4);
			SAY(speaker, " 版", "");
		}
	}
	SAY(speaker, "）", ")");
}

/* What a derived attribute was made of, when that is little. */
struct bases {
	int slots[BASES_MOST];
	size_t count;
	bool quotient;
};

/* Before the text is opened: it takes memory. false when that is short. */
static bool bases_find(const struct speaker *speaker, struct bases *out)
{
	const struct facts *facts = speaker->facts;
	const struct slot *slot = speaker->comparison->slot;
	int at = speaker->comparison->atom.attribute_slot;
	const struct scope_name *name;
	uint64_t *bits;

	out->count = 0;
	out->quotient = false;
	if (!slot->derived || speaker->comparison->atom.observed.kind == VALUE_UNKNOWN)
		return true;
	/* A quotient that was supplied as such was not made of anything. */
	if (slot->attribute->derived->ratio && facts->values[at].kind != VALUE_UNKNOWN)
		return true;
	name = scope_name_of_slot(facts->ruleset->scopes[speaker->list], at);
	if (name && name->ratio) {
		*out = (struct bases){ { name->ratio->num_slot, name->ratio->den_slot }, 2,
			true };
		return true;
	}
	bits = facts_new_set(facts);
	if (!bits)
		return false;
	slot_bits_put_bases(facts->ruleset, speaker->list, at, bits);
	for (size_t word = 0; word < facts->ruleset->set_words; word++) {
		for (uint64_t rest = bits[word]; rest; rest &= rest - 1) {
			size_t i = word * 64 + (unsigned)__builtin_ctzll(rest);

			if (out->count == BASES_MOST ||
					facts->values[i].kind == VALUE_UNKNOWN) {
				out->count = 0;
				return true;
			}
			out->slots[out->count++] = (int)i;
		}
	}
	return true;
}

/* "（科技人员 8 人 ÷ 职工总数 100 人）"; nothing without. */
static void say_bases(struct speaker *speaker, const struct bases *bases)
{
	size_t before = text_size(&speaker->text);
	const struct slice over = SLICE_LITERAL(" ÷ ");

	if (bases->count == 0)
		return;
	SAY(speaker, "（", " (");
	if (say_slots(speaker, bases->slots, bases->count, -1,
			    bases->quotient ? over : (struct slice){ NULL, 0 }) ||
			bases->quotient)
		SAY(speaker, "）", ")");
	else
		text_cut(&speaker->text, before);
}

/* "（按 上年度营业收入 190 万元 计算）": what else of the profile the requirement was made of. */
static void say_others(struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	bool any = false;

	for (size_t i = 0; i < comparison->read_count; i++)
		any |= slot_is_told(
				speaker, comparison->reads[i], comparison->atom.attribute_slot);
	if (!any)
		return;
	SAY(speaker, "（按 ", " (from ");
	(void)say_slots(speaker, comparison->reads, comparison->read_count,
			comparison->atom.attribute_slot, (struct slice){ NULL, 0 });
	SAY(speaker, " 计算）", ")");
}

/* What is told of: "上年度研发投入", "月度电费合计", "有效称号“专精特新”有效期". */
static void say_subject(struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;

	say_label(speaker, comparison->slot);
	switch (comparison->atom.measure) {
	case MEASURE_SUM:
		SAY(speaker, "合计", " in total");
		break;
	case MEASURE_ENTRY:
		if (comparison->atom.key.kind == VALUE_INT) {
			SAY(speaker, "第 ", ", item ");
			text_put_signed(&speaker->text, comparison->atom.key.integer + 1);
			SAY(speaker, " 项", "");
			break;
		}
		SAY(speaker, "“", ": ");
		say_value(speaker, &comparison->atom.key, comparison->attribute);
		SAY(speaker, "”有效期至", " valid until");
		break;
	case MEASURE_VALUE:
	case MEASURE_YEARS:
	case MEASURE_AFTER:
	case MEASURE_COUNT:
	case MEASURE_OTHER:
	default:
		break;
	}
}

/* What the firm has: a figure, or the date behind it. */
static void say_observed(struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const struct value *value = &comparison->atom.observed;
	const struct value *own = &speaker->facts->values[comparison->atom.attribute_slot];
	size_t day;
	size_t before;

	if (own->kind == VALUE_UNKNOWN && value->kind == VALUE_UNKNOWN) {
		SAY(speaker, "未知", "unknown");
		return;
	}
	if (comparison->atom.measure != MEASURE_YEARS &&
			comparison->atom.measure != MEASURE_AFTER) {
		say_figure(speaker, speaker->told->observed, value);
		return;
	}
	say_value(speaker, own, comparison->attribute);
	if (comparison->atom.measure == MEASURE_AFTER)
		return;
	day = text_size(&speaker->text);
	SAY(speaker, "，满 ", ", ");
	before = text_size(&speaker->text);
	say_figure(speaker, speaker->told->observed, value);
	if (text_size(&speaker->text) == before)
		text_cut(&speaker->text, day);
	else
		SAY(speaker, "", " full");
}

/* "3 年", "1 month". */
static void say_shift(struct speaker *speaker)
{
	const struct rule_atom *atom = &speaker->comparison->atom;

	text_put_signed(&speaker->text, atom->shift.integer);
	if (atom->shift_years)
		SAY(speaker, " 年", " year");
	else
		SAY(speaker, " 个月", " month");
	if (atom->shift.integer != 1)
		SAY(speaker, "", "s");
}

/* "要求不低于 100 万元", "要求至 2026-01-01 不满 3 年", "less than 3 years before 2026-01-01". */
static void say_required(struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	const struct relation *relation = comparison->relation;
	bool is_day = comparison->required.kind == VALUE_TIMESTAMP;

	if (comparison->atom.measure != MEASURE_AFTER) {
		say_text(speaker, (is_day ? relation->of_days
					  : relation->words)[speaker->language]);
		say_figure(speaker, speaker->told->required, &comparison->required);
		return;
	}
	say_text(speaker, relation->years_after[speaker->language]);
	if (speaker->language == WORDS_EN) {
		say_shift(speaker);
		say_text(speaker, " before ");
		say_value(speaker, &comparison->required, comparison->figures);
		return;
	}
	say_figure(speaker, speaker->told->required, &comparison->required);
	say_text(speaker, relation->years_full);
	say_shift(speaker);
}

/* From 88% to 90% are two points, not two percent. */
static void put_distance(struct text *out, const struct facts *facts,
		const struct comparison *comparison, enum words_language language)
{
	const struct value value = { .kind = VALUE_INT, .integer = comparison->distance };
	size_t from = text_size(out);

	words_put_value(out, facts->ruleset, &value, comparison->figures, language);
	if (text_size(out) == from || out->next[-1] != '%')
		return;
	text_cut(out, text_size(out) - 1);
	text_put_text(out, language == WORDS_ZH ? "个百分点" : " percentage points");
}

static void say_distance(struct speaker *speaker)
{
	const struct comparison *comparison = speaker->comparison;
	size_t from;

	if (!comparison->has_distance)
		return;
	if (speaker->language == WORDS_EN) {
		say_text(speaker, ", ");
		put_distance(&speaker->text, speaker->facts, comparison, WORDS_EN);
		say_text(speaker, comparison->relation->away[WORDS_EN]);
		return;
	}
	say_text(speaker, "，");
	say_text(speaker, comparison->relation->away[WORDS_ZH]);
	from = text_size(&speaker->text);
	if (speaker->told->distance)
		say_text(speaker, speaker->told->distance);
	else
		put_distance(&speaker->text, speaker->facts, comparison, WORDS_ZH);
	words_put_spaces(&speaker->text, from);
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

static const char *say_plain(struct speaker *speaker)
{
	struct bases bases;

	if (!bases_find(speaker, &bases))
		return NULL;
	speaker->text = text_begin(speaker->facts->arena);
	say_subject(speaker);
	SAY(speaker, " ", ": ");
	say_observed(speaker);
	say_bases(speaker, &bases);
	if (!speaker->comparison->atom.given) {
		SAY(speaker, "，", ", ");
		say_required(speaker);
		say_others(speaker);
		say_distance(speaker);
		say_source(speaker);
	}
	return text_end(&speaker->text);
}

/* How a comparison stands that is not told by what is required. */
static void say_status(struct speaker *speaker)
{
	switch ((int)speaker->comparison->status) {
	case STATUS(MET):
		SAY(speaker, "符合要求", "as required");
		break;
	case STATUS(NOT_MET):
		SAY(speaker, "不符合要求", "not as required");
		break;
	case STATUS(UNKNOWN):
		SAY(speaker, "尚不能确定", "not settled yet");
		break;
	case STATUS(REVIEW):
		SAY(speaker, "门槛未见于来源", "the threshold is not in our sources");
		break;
	case STATUS(ERROR):
	default:
		SAY(speaker, "无法计算，须人工核实", "cannot be computed; people must check");
	}
}

const char *comparison_sentence(const struct facts *facts, enum item_list list,
		const struct comparison *comparison, const struct comparison_told *told,
		enum words_language language)
{
	struct speaker speaker = { facts, list, comparison, told, language, { 0 } };

	if (is_plain(&speaker))
		return say_plain(&speaker);
	/* "上年度营业收入 1000 万元，门槛未见于来源" */
	speaker.text = text_begin(facts->arena);
	if (say_slots(&speaker, comparison->reads, comparison->read_count, -1,
			    (struct slice){ NULL, 0 }) &&
			!comparison->atom.given) {
		SAY(&speaker, "，", ": ");
		say_status(&speaker);
	}
	return text_end(&speaker.text);
}

const char *comparison_distance(const struct facts *facts, const struct comparison *comparison,
		enum words_language language)
{
	struct text text = text_begin(facts->arena);

	put_distance(&text, facts, comparison, language);
	return text_end(&text);
}
