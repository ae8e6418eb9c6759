/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an answer may differ on another day though nothing else has changed: rules that read as_of,
 * titles (which run out), or a derived attribute that does. And whether two days differ in
 * anything else: parameters, the periods that rules read, windows and versions.
 */
#include "push/scope.h"

#include "base/buffer.h"
#include "base/date.h"
#include "proto/codec/codec.h"

#include <string.h>

/* Names that depend on the day. */
struct day_names {
	const char **list;
	size_t count;
};

static bool bytes_mention(const struct buffer *bytes, const struct day_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		if (memmem(bytes->data, bytes->size, names->list[i], strlen(names->list[i])))
			return true;
	}
	return false;
}

static bool message_mentions(
		const ProtobufCMessage *message, const struct day_names *names, bool *out_does)
{
	struct buffer bytes = { 0 };
	bool ok = message_pack(message, &bytes);

	*out_does = ok && bytes.size && bytes_mention(&bytes, names);
	buffer_fini(&bytes);
	return ok;
}

static bool names_find(
		const struct catalog *catalog, struct day_names *out, struct arena *arena)
{
	bool grew = true;

	out->list = ARENA_NEW_ARRAY(arena, const char *, catalog->attribute_count + 1);
	if (!out->list)
		return false;
	out->list[out->count++] = "as_of";
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		if (catalog->attributes[i]->type ==
				POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES)
			out->list[out->count++] = catalog->attributes[i]->name;
	}
	while (grew) {
		grew = false;
		for (size_t i = 0; i < catalog->attribute_count; i++) {
			const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
			bool known = false, does;

			if (!attribute->derived)
				continue;
			for (size_t k = 0; !known && k < out->count; k++)
				known = out->list[k] == attribute->name;
			if (known)
				continue;
			if (!message_mentions(&attribute->derived->base, out, &does))
				return false;
			if (does)
				out->list[out->count++] = attribute->name;
			grew |= does;
		}
	}
	return true;
}

bool push_scope_reads_day(const struct push_scope *scope, const struct push_target *target,
		bool *out_reads, bool *out_amount_reads, struct error *err)
{
	const Policycalc__V1__Policy *policy = target->policy;
	struct day_names names = { 0 };
	struct arena arena;
	bool ok, does;

	arena_init(&arena, (size_t)4 << 20);
	*out_reads = false;
	*out_amount_reads = false;
	ok = names_find(ruleset_catalog(scope->ruleset), &names, &arena) &&
	     (!policy->amount ||
			     message_mentions(&policy->amount->base, &names, out_amount_reads));
	for (size_t i = 0; ok && i < policy->n_conditions; i++) {
		ok = message_mentions(&policy->conditions[i]->base, &names, &does);
		*out_reads |= does;
	}
	for (size_t i = 0; ok && i < policy->n_score_tables; i++) {
		ok = message_mentions(&policy->score_tables[i]->base, &names, &does);
		*out_reads |= does;
	}
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
