/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/negatives.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

struct negative {
	Policycalc__V1__NegativeAttribute message;
	const char *bare; /* its name in the dictionary */
	int at;		  /* in the look */
	/* Of the firm at hand. */
	bool undecided, alone;
};

struct negatives {
	struct arena *arena;
	struct negative *list;
	size_t count;
	size_t policy_count;
	uint64_t (*waiting)[SWEEP_WORDS]; /* by policy: rows that need information */
	struct look *look;		  /* NULL: no firm yet */
	size_t *by_number;		  /* index + 1 by number of the look; 0: none of them */
	uint32_t number_count, number_capacity;
};

/* --- which there are -------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Whether a rule names the attribute "e.NAME"; the rules of a published catalog are well-formed. */
static bool rule_names(const char *rule, const char *name)
{
	size_t size = strlen(name);
	const char *at = rule;

	while ((at = strstr(at, name)) != NULL) {
		bool begins = at >= rule + 2 && at[-2] == 'e' && at[-1] == '.' &&
			      (at == rule + 2 || !is_word(at[-3]));

		if (begins && !is_word(at[size]))
			return true;
		at += size;
	}
	return false;
}

static bool is_excluded_by(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		for (size_t k = 0; k < policy->n_conditions; k++)
			if (policy->conditions[k]->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE &&
					rule_names(policy->conditions[k]->rule, name))
				return true;
	}
	return false;
}

static bool negative_add(
		struct negatives *negatives, const Policycalc__V1__Attribute *attribute)
{
	struct negative *negative = &negatives->list[negatives->count];

	policycalc__v1__negative_attribute__init(&negative->message);
	negative->message.name = arena_format(negatives->arena, "e.%s", attribute->name);
	negative->message.label = attribute->label;
	negative->message.supplier = attribute->supplier;
	negative->bare = attribute->name;
	negatives->count++;
	return negative->message.name != NULL;
}

struct negatives *negatives_new(
		const struct ruleset *ruleset, const struct sweep *sweep, struct arena *arena)
{
	const struct catalog *catalog = ruleset_catalog(ruleset);
	struct negatives *negatives = ARENA_NEW(arena, struct negatives);

	if (!negatives)
		return NULL;
	negatives->arena = arena;
	negatives->policy_count = sweep_policy_count(sweep);
	negatives->waiting = arena_alloc_zero(
			arena, negatives->policy_count + 1, sizeof(*negatives->waiting));
	negatives->list = ARENA_NEW_ARRAY(arena, struct negative, catalog->attribute_count + 1);
	if (!negatives->list || !negatives->waiting)
		return NULL;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];

		if (attribute->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG ||
				*attribute->item_list || attribute->derived ||
				!is_excluded_by(catalog, attribute->name))
			continue;
		if (!negative_add(negatives, attribute))
			return NULL;
	}
	return negatives;
}

void negatives_fini(struct negatives *negatives)
{
	if (negatives)
		memory_free(negatives->by_number);
}

/* --- firms ------------------------------------------------------------------------------------ */

void negatives_enter_block(struct negatives *negatives, const struct sweep_work *work)
{
	for (size_t i = 0; i < negatives->policy_count; i++) {
		memset(negatives->waiting[i], 0, sizeof(negatives->waiting[i]));
		(void)sweep_verdict(work, i, VERDICT(NEEDS_INFORMATION), negatives->waiting[i]);
	}
}

static void look_take(struct negatives *negatives, struct look *look)
{
	if (negatives->look)
		return;
	negatives->look = look;
	for (size_t k = 0; k < negatives->count; k++)
		negatives->list[k].at = look_find(look, negatives->list[k].bare);
}

/* Names that the look has learned since. */
static bool numbers_learn(struct negatives *negatives)
{
	uint32_t count = look_name_count(negatives->look);

	if (count > negatives->number_capacity) {
		uint32_t capacity = count * 2;
		size_t *grown = memory_resize(negatives->by_number, capacity * sizeof(*grown));

		if (!grown)
			return false;
		negatives->by_number = grown;
		negatives->number_capacity = capacity;
	}
	for (; negatives->number_count < count; negatives->number_count++) {
		const char *name = look_name(negatives->look, negatives->number_count);
		size_t *at = &negatives->by_number[negatives->number_count];

		*at = 0;
		for (size_t k = 0; k < negatives->count; k++) {
			if (strcmp(name, negatives->list[k].message.name) == 0)
				*at = k + 1;
		}
	}
	return true;
}

static void lacks_note(struct negatives *negatives, const struct look_lacks *lacks)
{
	for (size_t i = 0; i < lacks->count; i++) {
		size_t at = negatives->by_number[lacks->numbers[i]];

		if (!at)
			continue;
		negatives->list[at - 1].undecided = true;
		negatives->list[at - 1].alone |= lacks->missing_count == 1;
	}
}

bool negatives_add_firm(struct negatives *negatives, struct look *look,
		const struct sweep_work *work, unsigned row, struct error *err)
{
	look_take(negatives, look);
	for (size_t i = 0; i < negatives->policy_count; i++) {
		struct look_lacks lacks;

		if (!rows_has(negatives->waiting[i], row))
			continue;
		if (!look_lacks(look, work, row, i, &lacks, err))
			return false;
		if (!numbers_learn(negatives))
			return error_set(err, ERROR_MEMORY,
					"out of memory while adding up answers");
		lacks_note(negatives, &lacks);
	}
	for (size_t k = 0; k < negatives->count; k++) {
		struct negative *negative = &negatives->list[k];
		struct profile_reading reading;

		if (!look_value(look, negative->at, &reading, err))
			return false;
		negative->message.unknown += !reading.known;
		negative->message.undecided += negative->undecided;
		negative->message.undecided_alone += negative->alone;
		negative->undecided = negative->alone = false;
	}
	return true;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_negatives(const void *a, const void *b)
{
	const Policycalc__V1__NegativeAttribute *const *left = a, *const *right = b;

	if ((*left)->undecided != (*right)->undecided)
		return (*left)->undecided < (*right)->undecided ? 1 : -1;
	return strcmp((*left)->name, (*right)->name);
}

bool negatives_report(struct negatives *const *threads, size_t count, struct arena *arena,
		Policycalc__V1__PushReport *report)
{
	size_t most = count ? threads[0]->count : 0;

	report->negatives =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__NegativeAttribute *, most + 1);
	if (!report->negatives)
		return false;
	for (size_t k = 0; k < most; k++) {
		Policycalc__V1__NegativeAttribute *all =
				ARENA_NEW(arena, Policycalc__V1__NegativeAttribute);

		if (!all)
			return false;
		policycalc__v1__negative_attribute__init(all);
		all->name = arena_copy_text(arena, threads[0]->list[k].message.name);
		all->label = threads[0]->list[k].message.label;
		all->supplier = threads[0]->list[k].message.supplier;
		if (!all->name)
			return false;
		for (size_t i = 0; i < count; i++) {
			const Policycalc__V1__NegativeAttribute *add =
					&threads[i]->list[k].message;

			all->unknown += add->unknown;
			all->undecided += add->undecided;
			all->undecided_alone += add->undecided_alone;
		}
		report->negatives[report->n_negatives++] = all;
	}
	if (report->n_negatives)
		qsort(report->negatives, report->n_negatives, sizeof(*report->negatives),
				compare_negatives);
	return true;
}
