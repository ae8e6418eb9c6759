/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/unclaimed.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

typedef Policycalc__V1__UnclaimedPolicy policy_message;

/* A county, the firms of none, or all of them. */
struct bin {
	Policycalc__V1__UnclaimedUnit message;
	policy_message **policies; /* as the sweep has them; NULL: nobody can have it */
};

struct unclaimed {
	const struct area *area;
	const struct sweep *sweep;
	size_t policy_count;
	struct arena *arena;
	struct bin *bins; /* by unit; then the firms of no unit; then all */
	size_t bin_count;
	uint64_t (*eligible)[SWEEP_WORDS]; /* by policy: rows of the block at hand */
	/* What the firm at hand can have. */
	size_t *policies;
	struct look_answer *answers;
	size_t answer_count;
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

static bool bins_make(struct unclaimed *unclaimed)
{
	const struct area *area = unclaimed->area;
	struct arena *arena = unclaimed->arena;

	unclaimed->bin_count = area->unit_count + 2;
	unclaimed->bins = ARENA_NEW_ARRAY(arena, struct bin, unclaimed->bin_count);
	if (!unclaimed->bins)
		return false;
	for (size_t i = 0; i < unclaimed->bin_count; i++) {
		struct bin *bin = &unclaimed->bins[i];

		policycalc__v1__unclaimed_unit__init(&bin->message);
		bin->policies = ARENA_NEW_ARRAY(
				arena, policy_message *, unclaimed->policy_count + 1);
		if (!bin->policies)
			return false;
		bin->message.name = i == area->unit_count ? &nowhere_name : &all_name;
		if (i >= area->unit_count)
			continue;
		bin->message.code = area->units[i]->code;
		bin->message.name = area->units[i]->name;
		bin->message.short_name = (char *)(uintptr_t)area_short_name(area->units[i]);
	}
	return true;
}

struct unclaimed *unclaimed_new(
		const struct sweep *sweep, const struct area *area, struct arena *arena)
{
	struct unclaimed *unclaimed = ARENA_NEW(arena, struct unclaimed);
	size_t count = sweep_policy_count(sweep);

	if (!unclaimed)
		return NULL;
	unclaimed->area = area;
	unclaimed->sweep = sweep;
	unclaimed->policy_count = count;
	unclaimed->arena = arena;
	unclaimed->eligible = arena_alloc_zero(arena, count + 1, sizeof(*unclaimed->eligible));
	unclaimed->policies = ARENA_NEW_ARRAY(arena, size_t, count + 1);
	unclaimed->answers = ARENA_NEW_ARRAY(arena, struct look_answer, count + 1);
	return unclaimed->eligible && unclaimed->policies && unclaimed->answers &&
					       bins_make(unclaimed)
			       ? unclaimed
			       : NULL;
}

/* --- firms ------------------------------------------------------------------------------------ */

/* Whether the answer gives money of which an upper end is known. */
static bool has_upper_end(const struct look_answer *answer)
{
	return answer->pays && (answer->exactness == EXACTNESS(EXACT) ||
					       answer->exactness == EXACTNESS(UP_TO) ||
					       answer->exactness == EXACTNESS(RANGE));
}

static policy_message *policy_get(struct unclaimed *unclaimed, struct bin *bin, size_t index)
{
	const Policycalc__V1__Policy *from = sweep_policy(unclaimed->sweep, index);
	policy_message *policy = bin->policies[index];

	if (policy)
		return policy;
	policy = ARENA_NEW(unclaimed->arena, policy_message);
	if (!policy)
		return NULL;
	policycalc__v1__unclaimed_policy__init(policy);
	policy->policy_id = from->id;
	policy->title = from->title;
	policy->nature = from->amount ? from->amount->nature
				      : POLICYCALC__V1__NATURE__NATURE_UNSPECIFIED;
	policy->beneficiary =
			from->amount ? from->amount->beneficiary
				     : POLICYCALC__V1__BENEFICIARY__BENEFICIARY_UNSPECIFIED;
	bin->policies[index] = policy;
	return policy;
}

static bool bin_add_policy(struct unclaimed *unclaimed, struct bin *bin, size_t index,
		const struct look_answer *answer)
{
	policy_message *policy = policy_get(unclaimed, bin, index);

	if (!policy)
		return false;
	policy->eligible++;
	policy->without_amount += !has_upper_end(answer);
	if (!answer->pays || answer->exactness == EXACTNESS(NOT_STATED) ||
			answer->exactness == EXACTNESS(NOT_COMPUTABLE))
		return true;
	sum_add(&policy->least_fen, answer->least_fen);
	if (has_upper_end(answer))
		sum_add(&policy->most_fen, answer->most_fen);
	return true;
}

/* What is given to the firm as money, but not by how much for certain. */
static bool is_open(const struct unclaimed *unclaimed, size_t index,
		const struct look_answer *answer)
{
	const Policycalc__V1__Amount *amount = sweep_policy(unclaimed->sweep, index)->amount;

	return answer->pays && amount &&
	       amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE &&
	       (amount->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST) &&
	       answer->exactness != EXACTNESS(EXACT) && answer->exactness != EXACTNESS(RANGE);
}

static bool bin_add(struct unclaimed *unclaimed, struct bin *bin, int64_t sure)
{
	bool has_open = false;

	bin->message.enterprises++;
	for (size_t i = 0; i < unclaimed->answer_count; i++) {
		const struct look_answer *answer = &unclaimed->answers[i];

		has_open |= is_open(unclaimed, unclaimed->policies[i], answer);
		if (!bin_add_policy(unclaimed, bin, unclaimed->policies[i], answer))
			return false;
	}
	bin->message.eligible += unclaimed->answer_count > 0;
	bin->message.without_amount += has_open;
	sum_add(&bin->message.sure_fen, sure);
	return true;
}

void unclaimed_enter_block(struct unclaimed *unclaimed, const struct sweep_work *work)
{
	for (size_t i = 0; i < unclaimed->policy_count; i++) {
		memset(unclaimed->eligible[i], 0, sizeof(unclaimed->eligible[i]));
		(void)sweep_verdict(work, i, VERDICT(ELIGIBLE), unclaimed->eligible[i]);
	}
}

bool unclaimed_add_firm(struct unclaimed *unclaimed, int place, struct look *look, unsigned row,
		struct error *err)
{
	size_t units = unclaimed->area->unit_count;
	size_t at = place >= 0 ? (size_t)place : units;
	int64_t sure = 0;

	unclaimed->answer_count = 0;
	for (size_t i = 0; i < unclaimed->policy_count; i++) {
		if (!rows_has(unclaimed->eligible[i], row))
			continue;
		unclaimed->policies[unclaimed->answer_count] = i;
		if (!look_policy(look, i, &unclaimed->answers[unclaimed->answer_count++], err))
			return false;
	}
	if (unclaimed->answer_count && !look_combine(look, unclaimed->policies,
						       unclaimed->answer_count, &sure, err))
		return false;
	return (bin_add(unclaimed, &unclaimed->bins[at], sure) &&
			       bin_add(unclaimed, &unclaimed->bins[units + 1], sure)) ||
	       arena_error(unclaimed->arena, err, "adding up answers");
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_policies(const void *a, const void *b)
{
	const policy_message *const *left = a, *const *right = b;

	if ((*left)->least_fen != (*right)->least_fen)
		return (*left)->least_fen < (*right)->least_fen ? 1 : -1;
	return strcmp((*left)->policy_id, (*right)->policy_id);
}

static bool bin_join(struct unclaimed *unclaimed, struct bin *bin, const struct bin *add)
{
	bin->message.enterprises += add->message.enterprises;
	bin->message.eligible += add->message.eligible;
	bin->message.without_amount += add->message.without_amount;
	sum_add(&bin->message.sure_fen, add->message.sure_fen);
	for (size_t i = 0; i < unclaimed->policy_count; i++) {
		const policy_message *from = add->policies[i];
		policy_message *policy;

		if (!from)
			continue;
		policy = policy_get(unclaimed, bin, i);
		if (!policy)
			return false;
		policy->eligible += from->eligible;
		policy->without_amount += from->without_amount;
		sum_add(&policy->least_fen, from->least_fen);
		sum_add(&policy->most_fen, from->most_fen);
	}
	return true;
}

/* Those that somebody can have, in order, at the front of the list. */
static void bin_report(const struct unclaimed *unclaimed, struct bin *bin)
{
	size_t count = 0;

	for (size_t i = 0; i < unclaimed->policy_count; i++)
		if (bin->policies[i])
			bin->policies[count++] = bin->policies[i];
	if (count)
		qsort(bin->policies, count, sizeof(*bin->policies), compare_policies);
	bin->message.policies = bin->policies;
	bin->message.n_policies = count;
}

Policycalc__V1__UnclaimedReport *unclaimed_report(
		struct unclaimed *const *threads, size_t count, struct arena *arena)
{
	Policycalc__V1__UnclaimedReport *report =
			ARENA_NEW(arena, Policycalc__V1__UnclaimedReport);
	struct unclaimed *unclaimed = unclaimed_new(threads[0]->sweep, threads[0]->area, arena);
	struct bin *all;

	if (!report || !unclaimed)
		return NULL;
	all = &unclaimed->bins[unclaimed->bin_count - 1];
	policycalc__v1__unclaimed_report__init(report);
	report->caveat = &caveat;
	report->units = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__UnclaimedUnit *, unclaimed->bin_count);
	if (!report->units)
		return NULL;
	for (size_t i = 0; i < unclaimed->bin_count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (!bin_join(unclaimed, &unclaimed->bins[i], &threads[k]->bins[i]))
				return NULL;
		}
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
