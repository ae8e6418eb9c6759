/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two states of one entry compared, field by field. Elements of lists are paired by diff_pairs.c:
 * what has a name by its name, the rest by what is left in its place.
 */
#include "publish/diff.h"

#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <string.h>

#define CHANGE(word) POLICYCALC__V1__CHANGE_KIND__CHANGE_KIND_##word

/* Where the changes of one entry go. */
struct fields {
	struct arena *arena;
	struct diff_list *list;
};

/* Where we are in an entry: as a path, and in words. */
struct place {
	const char *path;
	struct diff_word word;
};

static const struct diff_word nothing = { "", "" };

static bool field_report(struct fields *fields, const struct place *place,
		Policycalc__V1__ChangeKind kind, struct diff_word before,
		struct diff_word after)
{
	Policycalc__V1__FieldChange *change =
			ARENA_NEW(fields->arena, Policycalc__V1__FieldChange);
	Policycalc__V1__Text *label = ARENA_NEW(fields->arena, Policycalc__V1__Text);

	if (!change || !label || !before.zh || !before.en || !after.zh || !after.en ||
			!place->path || !place->word.zh || !place->word.en)
		return false;
	policycalc__v1__field_change__init(change);
	policycalc__v1__text__init(label);
	label->zh = (char *)(uintptr_t)place->word.zh;
	label->en = (char *)(uintptr_t)place->word.en;
	change->path = (char *)(uintptr_t)place->path;
	change->kind = kind;
	change->before = (char *)(uintptr_t)before.zh;
	change->after = (char *)(uintptr_t)after.zh;
	if (strcmp(before.zh, before.en) != 0)
		change->before_en = (char *)(uintptr_t)before.en;
	if (strcmp(after.zh, after.en) != 0)
		change->after_en = (char *)(uintptr_t)after.en;
	change->label = label;
	return diff_list_append(fields->list, change, fields->arena);
}

/* The place of what people call @word within @place; its path is @path there. */
static struct place place_within(struct fields *fields, const struct place *place,
		const char *path, struct diff_word word)
{
	if (!*place->path)
		return (struct place){ path, word };
	return (struct place){
		arena_format(fields->arena, "%s.%s", place->path, path),
		{ arena_format(fields->arena, "%s的%s", place->word.zh, word.zh),
				arena_format(fields->arena, "%s, %s", place->word.en,
						word.en) },
	};
}

/* The place of one element of the list @field within @place; without a name it is counted. */
static struct place place_of_element(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *element,
		const char *name, size_t index)
{
	struct diff_word word = diff_field_word(field);
	const Policycalc__V1__Text *title = diff_element_title(element);
	bool undated = name && strcmp(name, "not_stated") == 0;
	const char *zh = title && *title->zh ? title->zh : undated ? "起始日未载明" : name;
	const char *en = title && *title->en ? title->en : undated ? "not dated" : name;
	const char *path;

	if (name) {
		path = arena_format(fields->arena, "%s[%s]", field->name, name);
		word.zh = arena_format(fields->arena, "%s“%s”", word.zh, zh);
		word.en = arena_format(fields->arena, "%s \"%s\"", word.en, en);
	} else {
		path = arena_format(fields->arena, "%s[%zu]", field->name, index);
		word.zh = arena_format(fields->arena, "第%zu个%s", index + 1, word.zh);
		word.en = arena_format(fields->arena, "%s %zu", word.en, index + 1);
	}
	if (!path || !word.zh || !word.en)
		return (struct place){ 0 };
	return place_within(fields, place, path, word);
}

static bool messages_compare(struct fields *fields, const struct place *place,
		const ProtobufCMessage *from, const ProtobufCMessage *to);

/* Examples are many and change no answer: that they are others, and how many, is enough. */
static bool examples_compare(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	size_t before = field_count(from, field);
	size_t after = field_count(to, field);
	size_t different = 0;

	for (size_t i = 0; i < after; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < before; k++)
			found = diff_messages_are_equal(diff_element(from, field, k),
					diff_element(to, field, i));
		different += !found;
	}
	if (different == 0 && before == after)
		return true;
	return field_report(fields, place, CHANGE(CHANGED),
			(struct diff_word){ arena_format(fields->arena, "%zu 个", before),
					arena_format(fields->arena, "%zu", before) },
			(struct diff_word){
					arena_format(fields->arena,
							"%zu 个（其中 %zu 个是新的或改过的）",
							after, different),
					arena_format(fields->arena,
							"%zu (%zu of them new or edited)",
							after, different) });
}

/* The names of @pairs in the order of one side, between @skip and the last @leave of them. */
static const char *order_print(struct fields *fields, const struct diff_pairs *pairs,
		bool of_to, size_t skip, size_t leave)
{
	const char *text = NULL;
	size_t count = of_to ? pairs->to_count : pairs->from_count;
	size_t position = 0;

	for (size_t i = 0; i < count && position < pairs->named_count - leave; i++) {
		size_t from = of_to ? pairs->from_of[i] : i;
		const char *name = from == DIFF_NONE || pairs->to_of[from] == DIFF_NONE
						   ? NULL
						   : pairs->name_of_from[from];

		if (!name || position++ < skip)
			continue;
		text = text ? arena_format(fields->arena, "%s、%s", text, name) : name;
		if (!text)
			return NULL;
	}
	return text ? text : "";
}

/* What has a name stands in another order: the part of the list that does. */
static bool order_compare(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const struct diff_pairs *pairs)
{
	struct diff_word word = diff_field_word(field);
	struct place here;
	const char *before;
	const char *after;

	if (pairs->same_front == pairs->named_count)
		return true;
	word.zh = arena_format(fields->arena, "%s的次序", word.zh);
	word.en = arena_format(fields->arena, "order of each %s", word.en);
	if (!word.zh || !word.en)
		return false;
	here = place_within(fields, place, field->name, word);
	before = order_print(fields, pairs, false, pairs->same_front, pairs->same_back);
	after = order_print(fields, pairs, true, pairs->same_front, pairs->same_back);
	return field_report(fields, &here, CHANGE(CHANGED),
			(struct diff_word){ before, before },
			(struct diff_word){ after, after });
}

static bool lists_compare(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	struct diff_pairs pairs;

	if (field_count(from, field) + field_count(to, field) == 0)
		return true;
	if (!diff_pairs_find(from, to, field, fields->arena, &pairs))
		return false;
	for (size_t i = 0; i < pairs.from_count; i++) {
		const ProtobufCMessage *before = diff_element(from, field, i);
		struct place here = place_of_element(
				fields, place, field, before, pairs.name_of_from[i], i);

		if (!here.path)
			return false;
		if (pairs.to_of[i] != DIFF_NONE ? !messages_compare(fields, &here, before,
								  diff_element(to, field,
										  pairs.to_of[i]))
						: !field_report(fields, &here, CHANGE(REMOVED),
								  diff_message_print(before,
										  fields->arena),
								  nothing))
			return false;
	}
	for (size_t i = 0; i < pairs.to_count; i++) {
		const ProtobufCMessage *after = diff_element(to, field, i);
		struct place here;

		if (pairs.from_of[i] != DIFF_NONE)
			continue;
		here = place_of_element(fields, place, field, after, pairs.name_of_to[i], i);
		if (!here.path || !field_report(fields, &here, CHANGE(ADDED), nothing,
						  diff_message_print(after, fields->arena)))
			return false;
	}
	return order_compare(fields, place, field, &pairs);
}

static const char *scalars_print(struct fields *fields, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, bool english)
{
	const char *text = NULL;

	for (size_t i = 0; i < field_count(message, field); i++) {
		const char *next = diff_scalar_print(message, field, i, english, fields->arena);

		text = text ? arena_format(fields->arena, "%s、%s", text, next ? next : "")
			    : next;
		if (!text)
			return NULL;
	}
	if (text)
		return text;
	if (field->type != PROTOBUF_C_TYPE_BOOL || field_is_oneof(field))
		return "";
	return english ? "no" : "否";
}

/* Element by element: of ["甲、乙"] and ["甲", "乙"] the texts alone would say nothing. */
static bool scalars_are_equal(struct fields *fields, const ProtobufCFieldDescriptor *field,
		const ProtobufCMessage *from, const ProtobufCMessage *to, bool *out_equal)
{
	size_t count = field_count(from, field);

	*out_equal = count == field_count(to, field);
	for (size_t i = 0; *out_equal && i < count; i++) {
		const char *before = diff_scalar_print(from, field, i, false, fields->arena);
		const char *after = diff_scalar_print(to, field, i, false, fields->arena);

		if (!before || !after)
			return false;
		*out_equal = strcmp(before, after) == 0;
	}
	return true;
}

static bool scalars_compare(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	struct diff_word before;
	struct diff_word after;
	bool equal;

	if (!scalars_are_equal(fields, field, from, to, &equal))
		return false;
	if (equal)
		return true;
	before = (struct diff_word){ scalars_print(fields, from, field, false),
		scalars_print(fields, from, field, true) };
	after = (struct diff_word){ scalars_print(fields, to, field, false),
		scalars_print(fields, to, field, true) };
	if (!before.zh || !after.zh)
		return false;
	return field_report(fields, place,
			!*before.zh  ? CHANGE(ADDED)
			: !*after.zh ? CHANGE(REMOVED)
				     : CHANGE(CHANGED),
			before, after);
}

static bool field_compare(struct fields *fields, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	const ProtobufCMessage *before;
	const ProtobufCMessage *after;
	struct place here;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE && field_is_repeated(field) &&
			field->descriptor != &policycalc__v1__example__descriptor)
		return lists_compare(fields, place, field, from, to);
	here = place_within(fields, place, field->name, diff_field_word(field));
	if (!here.path || !here.word.zh || !here.word.en)
		return false;
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return scalars_compare(fields, &here, field, from, to);
	if (field_is_repeated(field))
		return examples_compare(fields, &here, field, from, to);
	before = field_count(from, field) ? diff_element(from, field, 0) : NULL;
	after = field_count(to, field) ? diff_element(to, field, 0) : NULL;
	if (!before && !after)
		return true;
	if (before && after)
		return messages_compare(fields, &here, before, after);
	return field_report(fields, &here, before ? CHANGE(REMOVED) : CHANGE(ADDED),
			before ? diff_message_print(before, fields->arena) : nothing,
			after ? diff_message_print(after, fields->arena) : nothing);
}

/* The schema of the catalog has no recursive types, so that this ends. */
static bool messages_compare(struct fields *fields, const struct place *place,
		const ProtobufCMessage *from, const ProtobufCMessage *to)
{
	for (unsigned i = 0; i < from->descriptor->n_fields; i++) {
		if (!field_compare(fields, place, &from->descriptor->fields[i], from, to))
			return false;
	}
	return true;
}

bool diff_fields_compare(const ProtobufCMessage *from, const ProtobufCMessage *to,
		struct arena *arena, struct diff_list *out_list)
{
	static const struct place top = { "", { "", "" } };
	struct fields fields = { arena, out_list };

	return messages_compare(&fields, &top, from, to);
}
