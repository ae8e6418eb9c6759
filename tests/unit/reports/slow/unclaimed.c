/* SPDX-License-Identifier: Apache-2.0 */
#include "slow/unclaimed.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

typedef Policycalc__V1__UnclaimedPolicy policy_message;

/* A county, the firms of none, or all of them. */
struct bin {
	Policycalc__V1__UnclaimedUnit message;
	policy_message **policies; /* by index in the catalog; NULL: nobody can have it */
};

struct unclaimed {
	const struct area *area;
	const struct catalog *catalog;
	struct arena *arena;
	struct bin *bins; /* by unit; then the firms of no unit; then all */
	size_t bin_count;
};

static Policycalc__V1__Text caveat = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"可享未申领需兑现数据，现为可享金额：登记库没有兑现（拨付）记录，以下是企"
		      "业按现有资料"
		      "可以享受的金额，不扣除已经领取的部分。",
	.en = (char *)"What was not claimed cannot be told without data on payments, and the "
		      "registry "
		      "has none: these are the sums that firms can have as far as is known, "
		      "what "
		      "they already had included.",
};

static Policycalc__V1__Text all_name = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"合计",
	.en = (char *)"all",
};
static Policycalc__V1__Text nowhere_name = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"地区不明",
	.en = (char *)"region unknown",
};

/* A sum that would leave int64 stays at its end. */
static void sum_add(int64_t *sum, int64_t fen)
{
	if (__builtin_add_overflow(*sum, fen, sum))
		*sum = INT64_MAX;
}

struct unclaimed *slow_unclaimed_new(
		const struct ruleset *ruleset, const struct area *area, struct arena *arena)
{
	struct unclaimed *unclaimed = ARENA_NEW(arena, struct unclaimed);

	if (!unclaimed)
		return NULL;
	unclaimed->area = area;
	unclaimed->catalog = ruleset_catalog(ruleset);
	unclaimed->arena = arena;
	unclaimed->bin_count = area->unit_count + 2;
	unclaimed->bins = ARENA_NEW_ARRAY(arena, struct bin, unclaimed->bin_count);
	if (!unclaimed->bins)
		return NULL;
	for (size_t i = 0; i < unclaimed->bin_count; i++) {
		struct bin *bin = &unclaimed->bins[i];

		policycalc__v1__unclaimed_unit__init(&bin->message);
		bin->policies = ARENA_NEW_ARRAY(
				arena, policy_message *, unclaimed->catalog->policy_count + 1);
		if (!bin->policies)
			return NULL;
		bin->message.name = i == area->unit_count ? &nowhere_name : &all_name;
		if (i >= area->unit_count)
			continue;
		bin->message.code = area->units[i]->code;
		bin->message.name = area->units[i]->name;
		bin->message.short_name = (char *)(uintptr_t)area_short_name(area->units[i]);
	}
	return unclaimed;
}

static int compare_ids(const void *key, const void *entry)
{
	const Policycalc__V1__Policy *const *policy = entry;

	return strcmp(key, (*policy)->id);
}

static size_t policy_index(const struct unclaimed *unclaimed, const char *id)
{
	const struct catalog *catalog = unclaimed->catalog;
	Policycalc__V1__Policy **found = bsearch(id, catalog->policies, catalog->policy_count,
			sizeof(*catalog->policies), compare_ids);

	return (size_t)(found - catalog->policies);
}

/* Whether the answer gives money of which an upper end is known. */
static bool has_upper_end(const Policycalc__V1__AmountAnswer *amount)
{
	return amount && (amount->exactness == EXACTNESS(EXACT) ||
					 amount->exactness == EXACTNESS(UP_TO) ||
					 amount->exactness == EXACTNESS(RANGE));
}

static bool bin_add_policy(struct unclaimed *unclaimed, struct bin *bin,
		const Policycalc__V1__PolicyAnswer *answer)
{
	size_t index = policy_index(unclaimed, answer->policy_id);
	const Policycalc__V1__Policy *from = unclaimed->catalog->policies[index];
	const Policycalc__V1__AmountAnswer *amount = answer->amount;
	policy_message *policy = bin->policies[index];

	if (!policy) {
		policy = ARENA_NEW(unclaimed->arena, policy_message);
		if (!policy)
			return false;
		policycalc__v1__unclaimed_policy__init(policy);
		policy->policy_id = from->id;
		policy->title = from->title;
		policy->nature = from->amount ? from->amount->nature
					      : POLICYCALC__V1__NATURE__NATURE_UNSPECIFIED;
		policy->beneficiary =
				from->amount ? from->amount->beneficiary
					     : POLICYCALC__V1__BENEFICIARY__BENEFICIARY_UNSPECIFIED;
		bin->policies[index] = policy;
	}
	policy->eligible++;
	policy->without_amount += !has_upper_end(amount);
	if (!amount || amount->exactness == EXACTNESS(NOT_STATED) ||
			amount->exactness == EXACTNESS(NOT_COMPUTABLE))
		return true;
	sum_add(&policy->least_fen, amount->least_fen);
	if (has_upper_end(amount))
		sum_add(&policy->most_fen, amount->most_fen);
	return true;
}

/* What is given to the firm as money, but not by how much for certain. */
static bool is_open(const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__AmountAnswer *amount = answer->amount;

	return amount &&
	       amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE &&
	       (amount->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST) &&
	       amount->exactness != EXACTNESS(EXACT) && amount->exactness != EXACTNESS(RANGE);
}

static bool bin_add(struct unclaimed *unclaimed, struct bin *bin,
		const Policycalc__V1__MatchResponse *match)
{
	bool is_eligible = false, has_open = false;

	bin->message.enterprises++;
	for (size_t i = 0; i < match->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = match->answers[i];

		if (answer->verdict != VERDICT(ELIGIBLE))
			continue;
		is_eligible = true;
		has_open |= is_open(answer);
		if (!bin_add_policy(unclaimed, bin, answer))
			return false;
	}
	bin->message.eligible += is_eligible;
	bin->message.without_amount += has_open;
	if (match->combination && match->combination->sure)
		sum_add(&bin->message.sure_fen, match->combination->sure->total_fen);
	return true;
}

bool slow_unclaimed_add(struct unclaimed *unclaimed, int place,
		const Policycalc__V1__MatchResponse *match)
{
	size_t units = unclaimed->area->unit_count;
	size_t at = place >= 0 ? (size_t)place : units;

	return bin_add(unclaimed, &unclaimed->bins[at], match) &&
	       bin_add(unclaimed, &unclaimed->bins[units + 1], match);
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_policies(const void *a, const void *b)
{
	const policy_message *const *left = a, *const *right = b;

	if ((*left)->least_fen != (*right)->least_fen)
		return (*left)->least_fen < (*right)->least_fen ? 1 : -1;
	return strcmp((*left)->policy_id, (*right)->policy_id);
}

/* Those that somebody can have, in order, at the front of the list. */
static void bin_report(const struct unclaimed *unclaimed, struct bin *bin)
{
	size_t count = 0;

	for (size_t i = 0; i < unclaimed->catalog->policy_count; i++)
		if (bin->policies[i])
			bin->policies[count++] = bin->policies[i];
	if (count)
		qsort(bin->policies, count, sizeof(*bin->policies), compare_policies);
	bin->message.policies = bin->policies;
	bin->message.n_policies = count;
}

Policycalc__V1__UnclaimedReport *slow_unclaimed_report(struct unclaimed *unclaimed)
{
	Policycalc__V1__UnclaimedReport *report =
			ARENA_NEW(unclaimed->arena, Policycalc__V1__UnclaimedReport);
	struct bin *all = &unclaimed->bins[unclaimed->bin_count - 1];

	if (!report)
		return NULL;
	policycalc__v1__unclaimed_report__init(report);
	report->caveat = &caveat;
	report->units = ARENA_NEW_ARRAY(unclaimed->arena, Policycalc__V1__UnclaimedUnit *,
			unclaimed->bin_count);
	if (!report->units)
		return NULL;
	for (size_t i = 0; i < unclaimed->bin_count; i++) {
		bin_report(unclaimed, &unclaimed->bins[i]);
		if (i + 1 < unclaimed->bin_count)
			report->units[report->n_units++] = &unclaimed->bins[i].message;
	}
	report->sum = &all->message;
	report->policies = all->policies;
	report->n_policies = all->message.n_policies;
	/* They stand in the report itself. */
	all->message.n_policies = 0;
	return report;
}
