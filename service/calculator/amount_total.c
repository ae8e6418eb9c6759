/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum over the items of a policy that is granted per item: eligible ones for certain, undecided
 * ones at the upper end.
 *
 * Items that are the same person or loan are granted once, for the larger amount. An item of which
 * that is not known may be the same as any other: it adds to the upper end, and to the lower one
 * only what it surely brings whomever it is.
 */
#include "calculator/answer.h"

struct total {
	const struct facts *facts;
	const struct outcome *outcome;
	bool *done;	   /* by item: it has been counted with another */
	struct amount sum; /* so far */
	size_t known;	   /* persons or loans that are known */
	size_t strays;	   /* items of which it is not known */
};

static bool is_undecided(Policycalc__V1__Verdict verdict)
{
	return verdict == VERDICT(NEEDS_INFORMATION) || verdict == VERDICT(NEEDS_REVIEW);
}

static bool item_counts(const struct item_outcome *item)
{
	return item->verdict == VERDICT(ELIGIBLE) || is_undecided(item->verdict);
}

static const struct value *item_key(
		const struct outcome *outcome, const struct item_facts *item)
{
	return &item->values[outcome->policy->once_per_at];
}

static bool keys_equal(const struct value *a, const struct value *b)
{
	return a->kind == VALUE_STRING && b->kind == VALUE_STRING &&
	       slice_equals(a->text, b->text);
}

void items_tell_same(struct outcome *outcome)
{
	if (!outcome->policy->once_per)
		return;
	for (size_t i = 0; i < outcome->item_count; i++) {
		for (size_t k = 0; k < i && !outcome->items[i].same_as; k++) {
			if (keys_equal(item_key(outcome, outcome->items[k].item),
					    item_key(outcome, outcome->items[i].item)))
				outcome->items[i].same_as = outcome->items[k].item;
		}
	}
}

/* What an item surely brings and what it may bring; the year's figures in @out_year. */
static struct span item_span(const struct item_outcome *item, struct span *out_year)
{
	const struct amount *amount = &item->amount;
	bool decided = item->verdict == VERDICT(ELIGIBLE);
	struct span whole = { amount->error && decided, amount->most_known && !amount->error,
		false, decided ? amount->least : 0, amount->most };

	*out_year = (struct span){ whole.error, amount->year.most_known && !amount->error,
		false, decided ? amount->year.least : 0, amount->year.most };
	return whole;
}

static void span_raise(struct span *span, struct span other)
{
	span->error |= other.error;
	span->most_known &= other.most_known;
	span->least = other.least > span->least ? other.least : span->least;
	span->most = other.most > span->most ? other.most : span->most;
}

/* Adds to both ends; a sum that leaves int64 is an error below, and not known above. */
static void span_add(struct span *sum, struct span other)
{
	sum->error |= other.error;
	sum->most_known &= other.most_known;
	if (__builtin_add_overflow(sum->least, other.least, &sum->least))
		sum->error = true;
	if (sum->most_known && __builtin_add_overflow(sum->most, other.most, &sum->most))
		sum->most_known = false;
}

static void sum_note(struct total *total, const struct item_outcome *item)
{
	const struct facts *facts = total->facts;

	total->sum.not_stated |= item->amount.not_stated;
	total->sum.up_to |= item->amount.up_to;
	total->sum.uncapped |= item->amount.uncapped;
	total->sum.none = item->amount.none;
	if (!item->amount.missing)
		return;
	if (!total->sum.missing)
		total->sum.missing = facts_new_set(facts);
	for (size_t i = 0; total->sum.missing && i < facts->ruleset->set_words; i++)
		total->sum.missing[i] |= item->amount.missing[i];
}

/* The item at @index together with those behind it that are the same. */
static struct span group_span(struct total *total, size_t index, struct span *out_year)
{
	const struct outcome *outcome = total->outcome;
	const struct item_outcome *first = &outcome->items[index];
	struct span whole = item_span(first, out_year);

	for (size_t i = index + 1; outcome->policy->once_per && i < outcome->item_count; i++) {
		const struct item_outcome *item = &outcome->items[i];
		struct span year;

		if (!item_counts(item) || !keys_equal(item_key(outcome, first->item),
							  item_key(outcome, item->item)))
			continue;
		sum_note(total, item);
		span_raise(&whole, item_span(item, &year));
		span_raise(out_year, year);
		total->done[i] = true;
	}
	return whole;
}

/* What strays surely bring: nothing above the largest of those they may be the same as. */
static struct span stray_least(const struct total *total, struct span stray, struct span group)
{
	struct span least = { .most_known = true };

	if (total->known == 0)
		least.least = stray.least;
	else if (stray.least > group.least)
		least.least = stray.least - group.least;
	return least;
}

static void items_add(struct total *total)
{
	const struct outcome *outcome = total->outcome;
	struct span whole = { .most_known = true };
	struct span year = { .most_known = true };
	struct span group = { .most_known = true }; /* the largest of each kind */
	struct span group_year = { .most_known = true };
	struct span stray = { .most_known = true };
	struct span stray_year = { .most_known = true };

	for (size_t i = 0; i < outcome->item_count; i++) {
		const struct item_outcome *item = &outcome->items[i];
		bool is_stray = outcome->policy->once_per &&
				item_key(outcome, item->item)->kind != VALUE_STRING;
		struct span own;
		struct span own_year;

		if (!item_counts(item) || total->done[i])
			continue;
		sum_note(total, item);
		own = group_span(total, i, &own_year);
		if (is_stray) {
			span_raise(&stray, own);
			span_raise(&stray_year, own_year);
			total->strays++;
			own.least = own_year.least = 0;
		} else {
			span_raise(&group, own);
			span_raise(&group_year, own_year);
			total->known++;
		}
		span_add(&whole, own);
		span_add(&year, own_year);
	}
	span_add(&whole, stray_least(total, stray, group));
	span_add(&year, stray_least(total, stray_year, group_year));
	total->sum.error = whole.error;
	total->sum.least = whole.least;
	total->sum.most = whole.most;
	total->sum.most_known = whole.most_known;
	total->sum.year = year;
}

/* Who the strays are would make the sum exact, when there is anybody else. */
static void strays_note(struct total *total)
{
	const struct ruleset *ruleset = total->facts->ruleset;
	const struct policy_rules *policy = total->outcome->policy;

	if (total->strays == 0 || total->strays + total->known < 2)
		return;
	if (!total->sum.missing)
		total->sum.missing = facts_new_set(total->facts);
	if (total->sum.missing)
		slot_bits_put(total->sum.missing,
				(int)(ruleset->base_count + policy->once_per_at));
}

/* Without a list nothing is known of the sum; with no item that may get anything, nothing is paid. */
static struct amount total_of_nothing(const struct facts *facts, const struct outcome *outcome)
{
	const struct policy_rules *policy = outcome->policy;
	struct amount total = { 0 };

	total.none = !outcome->list_unknown || !policy->amount ||
		     policy->amount->amount->nature == POLICYCALC__V1__NATURE__NATURE_NONE;
	total.not_stated = policy->amount && policy->amount->amount->not_stated;
	total.missing = facts_new_set(facts);
	for (size_t k = 0; total.missing && k < facts->ruleset->set_words; k++)
		total.missing[k] = policy->item_reads[k];
	return total;
}

void items_total(const struct facts *facts, struct outcome *outcome)
{
	const struct policy_rules *policy = outcome->policy;
	struct total total = { .facts = facts, .outcome = outcome };
	const struct item_outcome *only = NULL;
	size_t counted = 0;

	for (size_t i = 0; i < outcome->item_count; i++) {
		if (!item_counts(&outcome->items[i]))
			continue;
		only = &outcome->items[i];
		counted++;
	}
	if (counted == 0) {
		outcome->amount = total_of_nothing(facts, outcome);
	} else if (counted == 1) {
		/* What a single item that is undecided would come to, as for an enterprise. */
		outcome->amount = only->amount;
	} else {
		total.done = ARENA_NEW_ARRAY(facts->arena, bool, outcome->item_count);
		if (!total.done)
			return;
		items_add(&total);
		strays_note(&total);
		outcome->amount = total.sum;
	}
	if (policy->amount && !outcome->amount.none && !outcome->amount.error &&
			!outcome->amount.not_stated)
		amount_limit(facts, policy, true, &outcome->amount);
	if (counted && outcome->amount.most_known &&
			outcome->amount.least == outcome->amount.most)
		outcome->amount.missing = NULL;
}
