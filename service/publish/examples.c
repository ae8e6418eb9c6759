/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the examples of a draft: each is asked of the compiled catalog like any other
 * profile, and what comes out is compared with what the editor expects. A mismatch stands at
 * the example's line and says both.
 */
#include "publish/check.h"

#include "base/buffer.h"
#include "proto/codec/choice_table.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_BUDGET ((size_t)64 << 20)

typedef Policycalc__V1__Example example_message;
typedef Policycalc__V1__PolicyAnswer answer_message;

/* --- from text to a profile -----------------------------------------------------------------
 */

/* "rd_expense@2024" is the attribute rd_expense in the period 2024. */
static Policycalc__V1__AttributeValue *parse_attribute(struct check *check, const void *place,
		const char *field, size_t index, const char *item_list, const char *key,
		const char *text, struct arena *arena)
{
	Policycalc__V1__AttributeValue *value =
			ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	size_t name_size = strcspn(key, "@");
	const char *period = key[name_size] ? key + name_size + 1 : "";
	const char *name = arena_copy(arena, key, name_size);
	const char *filed =
			*item_list ? arena_format(arena, "%s/%s", item_list, name ? name : "")
				   : name;
	const Policycalc__V1__Attribute *attribute;
	const struct check_named *named;
	struct error err = { 0 };

	if (!value || !name || !filed) {
		check->out_of_memory = true;
		return NULL;
	}
	named = check_find(&check->attributes, filed);
	if (!named) {
		check_error(check, place, field, index, "there is no attribute \"%s\"%s%s",
				name, *item_list ? " of " : "", item_list);
		return NULL;
	}
	attribute = attribute_with_choices((const Policycalc__V1__Attribute *)named->message,
			&check->choices, arena);
	if (!attribute) {
		check->out_of_memory = true;
		return NULL;
	}
	policycalc__v1__attribute_value__init(value);
	value->name = (char *)(uintptr_t)name;
	value->period = (char *)(uintptr_t)period;
	value->value = value_parse_text(slice_from(text), attribute, arena, &err);
	if (value->value)
		return value;
	check_error(check, place, field, index, "%s: %s", key, err.message);
	return NULL;
}

static bool parse_item(struct check *check, const Policycalc__V1__ExampleItem *from,
		size_t index, Policycalc__V1__Item *item, struct arena *arena)
{
	bool ok = true;

	policycalc__v1__item__init(item);
	item->list = from->list;
	item->id = *from->id ? from->id : arena_format(arena, "%zu", index + 1);
	item->attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__AttributeValue *, from->n_attributes);
	if (!item->id || !item->attributes) {
		check->out_of_memory = true;
		return false;
	}
	if (strcmp(from->list, "projects") != 0 && strcmp(from->list, "loans") != 0 &&
			strcmp(from->list, "hires") != 0) {
		check_error(check, from, "list", 0,
				"list \"%s\": expected projects, loans or hires", from->list);
		return false;
	}
	for (size_t i = 0; i < from->n_attributes; i++) {
		item->attributes[i] = parse_attribute(check, from, "attributes", i, from->list,
				from->attributes[i]->key, from->attributes[i]->value, arena);
		ok = ok && item->attributes[i];
	}
	item->n_attributes = from->n_attributes;
	return ok;
}

/* All that is wrong with it is reported; NULL then. */
static Policycalc__V1__Profile *parse_profile(
		struct check *check, const example_message *example, struct arena *arena)
{
	Policycalc__V1__Profile *profile = ARENA_NEW(arena, Policycalc__V1__Profile);
	bool ok = true;

	if (!profile)
		goto failed;
	policycalc__v1__profile__init(profile);
	profile->attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__AttributeValue *, example->n_profile);
	profile->items = ARENA_NEW_ARRAY(arena, Policycalc__V1__Item *, example->n_items);
	if (!profile->attributes || !profile->items)
		goto failed;
	for (size_t i = 0; i < example->n_profile; i++) {
		profile->attributes[i] = parse_attribute(check, example, "profile", i, "",
				example->profile[i]->key, example->profile[i]->value, arena);
		ok = ok && profile->attributes[i];
	}
	profile->n_attributes = example->n_profile;
	for (size_t i = 0; i < example->n_items; i++) {
		profile->items[i] = ARENA_NEW(arena, Policycalc__V1__Item);
		if (!profile->items[i])
			goto failed;
		ok = parse_item(check, example->items[i], i, profile->items[i], arena) && ok;
	}
	profile->n_items = example->n_items;
	profile->complete_lists = example->complete_lists;
	profile->n_complete_lists = example->n_complete_lists;
	return ok ? profile : NULL;
failed:
	check->out_of_memory = true;
	return NULL;
}

/* --- comparing lists of names ---------------------------------------------------------------
 */

struct name_list {
	const char **names;
	size_t count;
};

static int on_compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted, without duplicates. */
static void names_sort(struct name_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->names, list->count, sizeof(*list->names), on_compare_names);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || strcmp(list->names[kept - 1], list->names[i]) != 0)
			list->names[kept++] = list->names[i];
	list->count = kept;
}

/* Attributes of the enterprise are named with or without their prefix. */
static const char *bare_name(const char *name)
{
	return strncmp(name, "e.", 2) == 0 ? name + 2 : name;
}

static struct name_list names_of(
		char *const *names, size_t count, bool bare, struct arena *arena)
{
	struct name_list list = { ARENA_NEW_ARRAY(arena, const char *, count), count };

	if (!list.names)
		return (struct name_list){ 0 };
	for (size_t i = 0; i < count; i++)
		list.names[i] = bare ? bare_name(names[i]) : names[i];
	names_sort(&list);
	return list;
}

static void gather_not_met(Policycalc__V1__ConditionAnswer *const *conditions, size_t count,
		struct name_list *list)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i]->status ==
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET)
			list->names[list->count++] = conditions[i]->id;
}

static struct name_list names_not_met(const answer_message *answer, struct arena *arena)
{
	struct name_list list = { 0 };
	size_t most = answer->n_conditions;

	for (size_t i = 0; i < answer->n_items; i++)
		most += answer->items[i]->n_conditions;
	list.names = ARENA_NEW_ARRAY(arena, const char *, most);
	if (!list.names)
		return list;
	gather_not_met(answer->conditions, answer->n_conditions, &list);
	for (size_t i = 0; i < answer->n_items; i++)
		gather_not_met(answer->items[i]->conditions, answer->items[i]->n_conditions,
				&list);
	names_sort(&list);
	return list;
}

static bool names_equal(const struct name_list *a, const struct name_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

static const char *names_join(const struct name_list *list, struct arena *arena)
{
	struct buffer text = { 0 };
	const char *result;

	for (size_t i = 0; i < list->count; i++)
		buffer_format(&text, "%s%s", i ? ", " : "", list->names[i]);
	result = text.failed ? NULL : arena_copy(arena, text.data ? text.data : "", text.size);
	buffer_fini(&text);
	return !result ? "(no memory)" : *result ? result : "none";
}

/* --- comparing answers -----------------------------------------------------------------------
 */

static const char *verdict_name(Policycalc__V1__Verdict verdict)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
			&policycalc__v1__verdict__descriptor, (int)verdict);

	return value ? value->name + strlen("VERDICT_") : "?";
}

static void compare_verdict(struct check *check, const example_message *example,
		const answer_message *answer, struct arena *arena)
{
	const Policycalc__V1__Expectation *expect = example->expect;
	struct name_list not_met = names_not_met(answer, arena);
	struct name_list missing = names_of(answer->missing, answer->n_missing, true, arena);
	struct name_list reasons = names_of(
			answer->review_reasons, answer->n_review_reasons, false, arena);

	if (expect->verdict == answer->verdict)
		return;
	check_error(check, expect, "verdict", 0,
			"the example expects %s and the policy gives %s (not met: %s; missing: "
			"%s;"
			" for review: %s)",
			verdict_name(expect->verdict), verdict_name(answer->verdict),
			names_join(&not_met, arena), names_join(&missing, arena),
			names_join(&reasons, arena));
}

static void compare_names(struct check *check, const example_message *example,
		const answer_message *answer, struct arena *arena)
{
	const Policycalc__V1__Expectation *expect = example->expect;
	struct name_list expected, found;

	if (expect->n_missing) {
		expected = names_of(expect->missing, expect->n_missing, true, arena);
		found = names_of(answer->missing, answer->n_missing, true, arena);
		if (!names_equal(&expected, &found))
			check_error(check, expect, "missing", 0,
					"the example expects these attributes to be missing: "
					"%s; the"
					" policy misses: %s",
					names_join(&expected, arena),
					names_join(&found, arena));
	}
	if (expect->n_not_met) {
		expected = names_of(expect->not_met, expect->n_not_met, false, arena);
		found = names_not_met(answer, arena);
		if (!names_equal(&expected, &found))
			check_error(check, expect, "not_met", 0,
					"the example expects these conditions not to be met: "
					"%s; not"
					" met are: %s",
					names_join(&expected, arena),
					names_join(&found, arena));
	}
}

/* "80万元", "10万元 to 20万元", "not stated": what came out, for the finding. */
static const char *amount_text(const Policycalc__V1__AmountAnswer *amount, struct arena *arena)
{
	char least[64];
	char most[64];
	const char *text = NULL;

	if (!amount)
		return "no amount";
	unit_print_money(amount->least_fen, least);
	unit_print_money(amount->most_fen, most);
	switch ((int)amount->exactness) {
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT:
		text = arena_format(arena, "%s", most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO:
		text = arena_format(arena, "up to %s", most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE:
		text = arena_format(arena, "%s to %s", least, most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST:
		text = arena_format(arena, "at least %s", least);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_STATED:
		return "an amount that is not stated";
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE:
		return "an amount that cannot be computed";
	default:
		return "no amount";
	}
	return text ? text : "(no memory)";
}

static bool amount_has_upper_end(const Policycalc__V1__AmountAnswer *amount)
{
	return amount &&
	       (amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT ||
			       amount->exactness ==
					       POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO ||
			       amount->exactness ==
					       POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE);
}

static bool amount_has_lower_end(const Policycalc__V1__AmountAnswer *amount)
{
	return amount &&
	       (amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT ||
			       amount->exactness ==
					       POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE ||
			       amount->exactness ==
					       POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST);
}

static void compare_amount(struct check *check, const example_message *example,
		const answer_message *answer, struct arena *arena)
{
	const Policycalc__V1__Expectation *expect = example->expect;
	const Policycalc__V1__AmountAnswer *amount = answer->amount;
	char expected[64];

	if (expect->_amount_fen_case &&
			!(amount_has_upper_end(amount) &&
					amount->most_fen == expect->amount_fen)) {
		unit_print_money(expect->amount_fen, expected);
		check_error(check, expect, "amount_fen", 0,
				"the example expects %s and the policy gives %s", expected,
				amount_text(amount, arena));
	}
	if (expect->_amount_least_fen_case &&
			!(amount_has_lower_end(amount) &&
					amount->least_fen == expect->amount_least_fen)) {
		unit_print_money(expect->amount_least_fen, expected);
		check_error(check, expect, "amount_least_fen", 0,
				"the example expects at least %s and the policy gives %s",
				expected, amount_text(amount, arena));
	}
	if (expect->amount_not_stated &&
			!(amount && amount->exactness ==
							POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_STATED))
		check_error(check, expect, "amount_not_stated", 0,
				"the example expects an amount that is not stated and the "
				"policy"
				" gives %s",
				amount_text(amount, arena));
}

/* --- running
 * ----------------------------------------------------------------------------------- */

static const answer_message *find_answer(
		const Policycalc__V1__MatchResponse *response, const char *id)
{
	for (size_t i = 0; i < response->n_answers; i++)
		if (strcmp(response->answers[i]->policy_id, id) == 0)
			return response->answers[i];
	return NULL;
}

static void run_example(struct check *check, const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, const example_message *example,
		struct arena *arena)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct violations violations = { 0 };
	char *policies[] = { policy->id };
	const answer_message *answer;
	struct error err = { 0 };

	request.profile = parse_profile(check, example, arena);
	if (!request.profile)
		return;
	request.as_of = example->as_of;
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request.policies = policies;
	request.n_policies = 1;
	request.include_superseded = true;
	if (!ruleset_match(ruleset, &request, example->as_of, arena, &response, &violations,
			    &err)) {
		if (err.code == ERROR_MEMORY || (err.code == ERROR_LIMIT && arena->exhausted))
			check->out_of_memory = true;
		for (size_t i = 0; i < violations.count; i++)
			check_error(check, example, NULL, 0,
					"the example cannot be run: %s: %s",
					violations.list[i].field,
					violations.list[i].description);
		if (violations.count == 0)
			check_error(check, example, NULL, 0, "the example cannot be run: %s",
					err.message);
		return;
	}
	answer = find_answer(response, policy->id);
	if (!answer) {
		check_error(check, example, NULL, 0,
				"the example cannot be run: there is no answer for policy "
				"\"%s\" on %s",
				policy->id, example->as_of);
		return;
	}
	compare_verdict(check, example, answer, arena);
	compare_names(check, example, answer, arena);
	compare_amount(check, example, answer, arena);
	if (arena->exhausted)
		check->out_of_memory = true;
}

size_t check_examples(struct check *check, const struct ruleset *ruleset)
{
	const struct catalog *catalog = check->catalog;
	struct arena arena;
	size_t count = 0;

	if (!choice_tables_init(catalog, check->arena, &check->choices)) {
		check->out_of_memory = true;
		return 0;
	}
	arena_init(&arena, EXAMPLE_BUDGET);
	for (size_t i = 0; i < catalog->policy_count && !check->out_of_memory; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		check->file = check->policy_files[i];
		if (check->file->partly)
			continue; /* it would answer otherwise than what is written there */
		for (size_t j = 0; j < policy->n_examples; j++) {
			const example_message *example = policy->examples[j];

			/* Reported already. */
			if (!example->expect || !*example->as_of)
				continue;
			run_example(check, ruleset, policy, example, &arena);
			check->out_of_memory |= arena.exhausted; /* the next one begins anew */
			arena_reset(&arena);
			count++;
		}
	}
	arena_fini(&arena);
	return count;
}
