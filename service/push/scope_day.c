/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an answer may differ on another day though nothing else has changed: rules that read as_of,
 * or a derived attribute that does. And whether two days differ in anything else: parameters, the
 * periods that rules read, windows and versions.
 *
 * Nearly all rules that read the day ask whether a title is still valid, 'e.titles["x"] >= as_of'.
 * That turns only on the day after a title's last, so that it is told from the titles who of them is to
 * be asked. Any other way to read the day may turn at any time.
 */
#include "push/scope.h"

#include "base/date.h"
#include "calculator/period.h"
#include "proto/codec/field.h"

#include <ctype.h>
#include <string.h>

static const char AS_OF[] = "as_of";

/* Derived attributes that depend on the day. */
struct day_name {
	const char *name;
	enum push_day how;
};

struct day_names {
	const struct catalog *catalog;
	struct day_name *list;
	size_t count;
};

bool push_scope_is_titles(const Policycalc__V1__Attribute *attribute)
{
	return attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES &&
	       !attribute->derived && !*attribute->item_list &&
	       !period_is_recurring(attribute->period);
}

/* --- titles ----------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What binds more tightly than a comparison, or goes on from a name. */
static bool is_arithmetic(char c)
{
	return c && strchr(".+-*/%[", c);
}

/* Takes @text off the end of @before, and blanks behind it. */
static bool text_take_back(struct slice *before, const char *text)
{
	size_t size = strlen(text);

	while (before->size && isspace((unsigned char)before->data[before->size - 1]))
		before->size--;
	if (before->size < size || memcmp(before->data + before->size - size, text, size) != 0)
		return false;
	before->size -= size;
	return true;
}

static void word_take_back(struct slice *before, struct slice *out_word)
{
	size_t end = before->size;

	while (before->size && is_word(before->data[before->size - 1]))
		before->size--;
	*out_word = (struct slice){ before->data + before->size, end - before->size };
}

/* Whether 'e.titles["x"] >=' stands at the end of @before. */
static bool is_title_before(const struct catalog *catalog, struct slice before)
{
	struct slice code, name;

	if (!text_take_back(&before, ">=") || !text_take_back(&before, "]") ||
			!text_take_back(&before, "\""))
		return false;
	word_take_back(&before, &code);
	if (!text_take_back(&before, "\"") || !text_take_back(&before, "["))
		return false;
	word_take_back(&before, &name);
	if (!code.size || !text_take_back(&before, "e.") || !text_take_back(&before, "") ||
			(before.size && (is_word(before.data[before.size - 1]) ||
							is_arithmetic(before.data[before.size -
										  1]))))
		return false;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		if (slice_equals_text(name, catalog->attributes[i]->name))
			return push_scope_is_titles(catalog->attributes[i]);
	}
	return false;
}

/* 'e.titles["x"] >= as_of' and nothing that goes on from there; @found: where as_of stands. */
static bool is_title_asked(const struct catalog *catalog, const char *text, const char *found)
{
	const char *after = found + strlen(AS_OF);

	after += strspn(after, " \t\n");
	return !is_word(*after) && !is_arithmetic(*after) &&
	       is_title_before(catalog, (struct slice){ text, (size_t)(found - text) });
}

/* --- what is read ----------------------------------------------------------------------------- */

static void text_read(const char *text, const struct day_names *names, enum push_day *how)
{
	const char *found = text;

	while (*how < PUSH_DAY_ANY && (found = strstr(found, AS_OF))) {
		*how = is_title_asked(names->catalog, text, found) ? PUSH_DAY_TITLES
								   : PUSH_DAY_ANY;
		found += strlen(AS_OF);
	}
	for (size_t i = 0; i < names->count; i++) {
		if (names->list[i].how > *how && strstr(text, names->list[i].name))
			*how = names->list[i].how;
	}
}

/* Raises *how to what any text of the message reads; calls itself for what is in it, to no depth. */
static void message_read(const ProtobufCMessage *message, const struct day_names *names,
		enum push_day *how)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		bool is_text = field->type == PROTOBUF_C_TYPE_STRING;

		if (!is_text && field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		for (size_t k = 0; k < field_count(message, field); k++) {
			const void *element = field_element(message, field, k);

			if (is_text)
				text_read(*(const char *const *)element, names, how);
			else
				message_read(*(const ProtobufCMessage *const *)element, names,
						how);
		}
	}
}

static struct day_name *name_find(struct day_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->list[i].name == name)
			return &names->list[i];
	}
	return NULL;
}

static bool names_find(
		const struct catalog *catalog, struct day_names *out, struct arena *arena)
{
	bool grew = true;

	out->catalog = catalog;
	out->list = ARENA_NEW_ARRAY(arena, struct day_name, catalog->attribute_count + 1);
	if (!out->list)
		return false;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < catalog->attribute_count; i++) {
			const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
			struct day_name *known = name_find(out, attribute->name);
			enum push_day how = known ? known->how : PUSH_DAY_NONE;
			enum push_day before = how;

			if (!attribute->derived)
				continue;
			message_read(&attribute->derived->base, out, &how);
			if (how == before)
				continue;
			if (!known)
				known = &out->list[out->count++];
			*known = (struct day_name){ attribute->name, how };
			grew = true;
		}
	}
	return true;
}

bool push_scope_reads_day(const struct push_scope *scope, const struct push_target *target,
		enum push_day *out_reads, enum push_day *out_amount_reads, struct error *err)
{
	const Policycalc__V1__Policy *policy = target->policy;
	struct day_names names = { 0 };
	struct arena arena;
	bool ok;

	arena_init(&arena, (size_t)4 << 20);
	*out_reads = PUSH_DAY_NONE;
	*out_amount_reads = PUSH_DAY_NONE;
	ok = names_find(ruleset_catalog(scope->ruleset), &names, &arena);
	if (ok && policy->amount)
		message_read(&policy->amount->base, &names, out_amount_reads);
	for (size_t i = 0; ok && i < policy->n_conditions; i++)
		message_read(&policy->conditions[i]->base, &names, out_reads);
	for (size_t i = 0; ok && i < policy->n_score_tables; i++)
		message_read(&policy->score_tables[i]->base, &names, out_reads);
	arena_fini(&arena);
	return ok || error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
}

/* Whether a day of (from, to] is the first of a value, or the one after its last. */
static bool value_changes(const Policycalc__V1__ParameterValue *value, int32_t from, int32_t to)
{
	struct date date;
	int64_t day;

	if (date_parse(slice_from(value->from), &date)) {
		day = date_to_days(date);
		if (day > from && day <= to)
			return true;
	}
	if (!date_parse(slice_from(value->until), &date))
		return false;
	day = date_to_days(date) + 1;
	return day > from && day <= to;
}

/* Whether each policy is in force, and open, on the one day as it is on the other. */
static bool policies_stand_alike(const struct ruleset *ruleset, int32_t from, int32_t to)
{
	const struct catalog *catalog = ruleset_catalog(ruleset);
	char first[11], last[11];
	struct arena arena;
	bool alike = true;

	date_print(date_from_days(from), first);
	date_print(date_from_days(to), last);
	arena_init(&arena, (size_t)64 << 20);
	for (size_t i = 0; alike && i < catalog->policy_count; i++) {
		const Policycalc__V1__Availability *then = ruleset_availability(
				ruleset, catalog->policies[i], first, &arena);
		const Policycalc__V1__Availability *now = ruleset_availability(
				ruleset, catalog->policies[i], last, &arena);

		alike = then && now && then->state == now->state;
	}
	arena_fini(&arena);
	return alike;
}

bool push_scope_days_alike(const struct ruleset *ruleset, int32_t from, int32_t to)
{
	const struct catalog *catalog = ruleset_catalog(ruleset);
	struct date first = date_from_days(from);
	struct date last = date_from_days(to);

	/* The last full month, quarter and year are the same ones. */
	if (first.year != last.year || first.month != last.month || to < from)
		return false;
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		const Policycalc__V1__Parameter *parameter = catalog->parameters[i];

		for (size_t k = 0; k < parameter->n_values; k++) {
			if (value_changes(parameter->values[k], from, to))
				return false;
		}
	}
	return policies_stand_alike(ruleset, from, to);
}
