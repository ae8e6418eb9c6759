/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/opening.h"

#include "base/date.h"
#include "base/memory.h"
#include "reports/rows.h"

#include <stdio.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

/* What is true of a firm that reports R&D, as assumption below says. */
static const char *const MADE_TRUE[] = {
	"rd_statistics_included",
	"rd_ledger",
	"rd_budget_system",
	"rd_budget_filed",
};
#define MADE_TRUE_COUNT (sizeof(MADE_TRUE) / sizeof(MADE_TRUE[0]))

#define EXPENSE "rd_expense"
#define DEDUCTION "rd_deduction_filed"

const Policycalc__V1__Text opening_assumption = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"假定企业纳入研发统计、设置研发费用辅助账、建立研发准备金制度并办理备案，"
		      "并按上年度研发投入申报加计扣除；研发投入为零的，视为数额待定。"
		      "其他情况不变。",
	.en = (char *)"Assumed: the firm is in the R&D statistics, keeps R&D ledgers, has an "
		      "R&D "
		      "budget system and has filed its budget, and files its R&D expense of "
		      "last "
		      "year for super-deduction; an expense of zero is taken as not known yet. "
		      "All "
		      "else stays.",
};

/* --- the facts then --------------------------------------------------------------------------- */

static bool is_made_true(const char *name)
{
	for (size_t i = 0; i < MADE_TRUE_COUNT; i++)
		if (strcmp(name, MADE_TRUE[i]) == 0)
			return true;
	return false;
}

static Policycalc__V1__AttributeValue *fact_new(struct arena *arena, const char *name)
{
	Policycalc__V1__AttributeValue *fact = ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	Policycalc__V1__Value *value = ARENA_NEW(arena, Policycalc__V1__Value);

	if (!fact || !value)
		return NULL;
	policycalc__v1__attribute_value__init(fact);
	policycalc__v1__value__init(value);
	fact->name = (char *)(uintptr_t)name;
	fact->value = value;
	return fact;
}

static bool add_true(Policycalc__V1__Profile *profile, const struct ruleset *ruleset,
		const char *name, struct arena *arena)
{
	Policycalc__V1__AttributeValue *fact = fact_new(arena, name);

	if (!fact)
		return false;
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	fact->value->flag = true;
	/* Another catalog may not have it. */
	if (ruleset_find_attribute(ruleset, name, ""))
		profile->attributes[profile->n_attributes++] = fact;
	return true;
}

static bool add_deduction(Policycalc__V1__Profile *profile, const struct ruleset *ruleset,
		int64_t fen, struct arena *arena)
{
	Policycalc__V1__AttributeValue *fact = fact_new(arena, DEDUCTION);

	if (!fact)
		return false;
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	fact->value->money_fen = fen;
	if (ruleset_find_attribute(ruleset, DEDUCTION, ""))
		profile->attributes[profile->n_attributes++] = fact;
	return true;
}

/* Whether the fact is that of the last full year, which a bare value is, too. */
static bool is_last_year(const Policycalc__V1__AttributeValue *fact, const char *year)
{
	return !*fact->period || strcmp(fact->period, year) == 0;
}

static Policycalc__V1__Profile *profile_then(const struct ruleset *ruleset,
		const Policycalc__V1__Profile *now, const char *day,
		const struct profile_reading *readings, struct arena *arena)
{
	const struct profile_reading *expense = &readings[0], *deduction = &readings[1];
	Policycalc__V1__Profile *then = ARENA_NEW(arena, Policycalc__V1__Profile);
	bool spends = expense->known && expense->integer > 0;
	bool files = deduction->known && deduction->integer > 0;
	struct date date = { 1970, 1, 1 };
	char year[16] = "";

	if (!then)
		return NULL;
	if (date_parse(slice_from(day), &date))
		(void)snprintf(year, sizeof(year), "%04d", date.year - 1);
	*then = *now;
	then->n_attributes = 0;
	then->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *,
			now->n_attributes + MADE_TRUE_COUNT + 1);
	if (!then->attributes)
		return NULL;
	for (size_t i = 0; i < now->n_attributes; i++) {
		Policycalc__V1__AttributeValue *fact = now->attributes[i];

		if (is_made_true(fact->name))
			continue;
		if (strcmp(fact->name, EXPENSE) == 0 && is_last_year(fact, year) && !spends)
			continue;
		if (strcmp(fact->name, DEDUCTION) == 0 && is_last_year(fact, year) && !files)
			continue;
		then->attributes[then->n_attributes++] = fact;
	}
	for (size_t i = 0; i < MADE_TRUE_COUNT; i++)
		if (!add_true(then, ruleset, MADE_TRUE[i], arena))
			return NULL;
	if (!files && spends && !add_deduction(then, ruleset, expense->integer, arena))
		return NULL;
	return then;
}

/* --- the difference --------------------------------------------------------------------------- */

/* How near a verdict is to having it; what is not open does not open by reporting. */
static int standing_of(Policycalc__V1__Verdict verdict)
{
	switch (verdict) {
	case VERDICT(ELIGIBLE):
		return 3;
	case VERDICT(NEEDS_REVIEW):
		return 2;
	case VERDICT(NEEDS_INFORMATION):
		return 1;
	case VERDICT(INELIGIBLE):
		return 0;
	case VERDICT(NOT_OPEN):
	case VERDICT(UNSPECIFIED):
	case _POLICYCALC__V1__VERDICT_IS_INT_SIZE:
	default:
		return -1;
	}
}

static bool has_no_figure(const Policycalc__V1__AmountAnswer *amount)
{
	return amount && amount->exactness != EXACTNESS(UNSPECIFIED) &&
	       amount->exactness != EXACTNESS(EXACT) && amount->exactness != EXACTNESS(RANGE);
}

/* --- plans and threads ------------------------------------------------------------------------ */

struct opening_plan {
	const struct ruleset *ruleset;
	const char *day;
	struct sweep *sweep;
	size_t count;
	bool *may_open; /* by policy: it rests on what reporting makes true */
};

struct opener {
	const struct opening_plan *plan;
	struct sweep_work *work;
	struct look *now, *then;
	int expense, deduction;		   /* in ->now */
	uint64_t (*verdicts)[SWEEP_WORDS]; /* by policy and verdict, of the block at hand */
	size_t *policies;		   /* those that a firm has */
};

#define VERDICT_COUNT ((size_t)VERDICT(ELIGIBLE) + 1)

static bool rests_on_reporting(const struct sweep *sweep, size_t policy)
{
	for (size_t i = 0; i < MADE_TRUE_COUNT; i++)
		if (sweep_policy_reads(sweep, policy, MADE_TRUE[i]))
			return true;
	return sweep_policy_reads(sweep, policy, EXPENSE) ||
	       sweep_policy_reads(sweep, policy, DEDUCTION);
}

struct opening_plan *opening_plan_new(
		const struct ruleset *ruleset, const char *day, struct error *err)
{
	const struct sweep_options options = { .day = day };
	struct opening_plan *plan = memory_alloc_zero(1, sizeof(*plan));

	if (!plan) {
		error_set(err, ERROR_MEMORY, "out of memory while asking what opens");
		return NULL;
	}
	plan->ruleset = ruleset;
	plan->day = day;
	plan->sweep = sweep_new(ruleset, &options, err);
	if (plan->sweep) {
		plan->count = sweep_policy_count(plan->sweep);
		plan->may_open = memory_alloc_zero(plan->count + 1, sizeof(*plan->may_open));
		if (!plan->may_open)
			error_set(err, ERROR_MEMORY, "out of memory while asking what opens");
	}
	if (!plan->may_open) {
		opening_plan_free(plan);
		return NULL;
	}
	for (size_t i = 0; i < plan->count; i++)
		plan->may_open[i] = rests_on_reporting(plan->sweep, i);
	return plan;
}

void opening_plan_free(struct opening_plan *plan)
{
	if (!plan)
		return;
	sweep_free(plan->sweep);
	memory_free(plan->may_open);
	memory_free(plan);
}

const struct sweep *opening_plan_sweep(const struct opening_plan *plan)
{
	return plan->sweep;
}

struct opener *opener_new(const struct opening_plan *plan, struct error *err)
{
	struct opener *opener = memory_alloc_zero(1, sizeof(*opener));

	if (opener) {
		opener->verdicts = memory_alloc_zero(
				(plan->count + 1) * VERDICT_COUNT, sizeof(*opener->verdicts));
		opener->policies =
				memory_alloc_zero(plan->count + 1, sizeof(*opener->policies));
	}
	if (!opener || !opener->verdicts || !opener->policies) {
		opener_free(opener);
		error_set(err, ERROR_MEMORY, "out of memory while asking what opens");
		return NULL;
	}
	opener->plan = plan;
	opener->work = sweep_work_new(plan->sweep, err);
	opener->now = opener->work ? look_new(plan->sweep, err) : NULL;
	opener->then = opener->now ? look_new(plan->sweep, err) : NULL;
	if (!opener->then) {
		opener_free(opener);
		return NULL;
	}
	opener->expense = look_find(opener->now, EXPENSE);
	opener->deduction = look_find(opener->now, DEDUCTION);
	return opener;
}

void opener_free(struct opener *opener)
{
	if (!opener)
		return;
	look_free(opener->now);
	look_free(opener->then);
	sweep_work_free(opener->work);
	memory_free(opener->verdicts);
	memory_free(opener->policies);
	memory_free(opener);
}

bool opener_enter(struct opener *opener, const struct sweep_source *source,
		const uint64_t *rows, struct error *err)
{
	if (!sweep_block(opener->work, source, rows, err))
		return false;
	for (size_t i = 0; i < opener->plan->count; i++) {
		for (size_t k = 1; k < VERDICT_COUNT; k++) {
			uint64_t *into = opener->verdicts[i * VERDICT_COUNT + k];

			memset(into, 0, sizeof(*opener->verdicts));
			(void)sweep_verdict(opener->work, i, (Policycalc__V1__Verdict)k, into);
		}
	}
	return true;
}

/* --- one firm --------------------------------------------------------------------------------- */

static Policycalc__V1__Verdict verdict_now(
		const struct opener *opener, size_t policy, unsigned row)
{
	for (size_t k = 1; k < VERDICT_COUNT; k++)
		if (rows_has(opener->verdicts[policy * VERDICT_COUNT + k], row))
			return (Policycalc__V1__Verdict)k;
	return VERDICT(UNSPECIFIED);
}

/* The amount as it stands in the answer; without words only what it comes to. */
static bool amount_make(struct opener *opener, size_t policy, bool words,
		const struct look_answer *answer, struct arena *arena,
		Policycalc__V1__AmountAnswer **out_amount, struct error *err)
{
	Policycalc__V1__AmountAnswer *amount;

	*out_amount = NULL;
	if (words)
		return look_amount(opener->then, policy, out_amount, err);
	if (!answer->pays)
		return true;
	amount = ARENA_NEW(arena, Policycalc__V1__AmountAnswer);
	if (!amount)
		return arena_error(arena, err, "asking what opens");
	policycalc__v1__amount_answer__init(amount);
	amount->exactness = answer->exactness;
	amount->least_fen = answer->least_fen;
	*out_amount = amount;
	return true;
}

static bool opening_add(struct opener *opener, struct opening *opening, size_t index,
		Policycalc__V1__Verdict before, const struct look_answer *answer, bool amounts,
		struct arena *arena, struct error *err)
{
	const Policycalc__V1__Policy *from = sweep_policy(opener->plan->sweep, index);
	Policycalc__V1__OpenedPolicy *policy = ARENA_NEW(arena, Policycalc__V1__OpenedPolicy);

	if (!policy)
		return arena_error(arena, err, "asking what opens");
	policycalc__v1__opened_policy__init(policy);
	policy->policy_id = from->id;
	policy->title = from->title;
	policy->before = before;
	policy->verdict = answer->verdict;
	if (!amount_make(opener, index, amounts, answer, arena, &policy->amount, err))
		return false;
	opening->has_open |= answer->verdict != VERDICT(NEEDS_INFORMATION) &&
			     has_no_figure(policy->amount);
	/* By id, as the sweep has them. */
	opening->policies[opening->count++] = policy;
	return true;
}

static bool sure_now(struct opener *opener, unsigned row, int64_t *out_sure, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < opener->plan->count; i++)
		if (verdict_now(opener, i, row) == VERDICT(ELIGIBLE))
			opener->policies[count++] = i;
	return look_combine(opener->now, opener->policies, count, out_sure, err);
}

static bool ask_then(struct opener *opener, unsigned row, bool amounts, struct arena *arena,
		struct opening *opening, int64_t *out_sure, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < opener->plan->count; i++) {
		Policycalc__V1__Verdict before = verdict_now(opener, i, row);
		struct look_answer answer = { .verdict = before };

		if (opener->plan->may_open[i] && !look_policy(opener->then, i, &answer, err))
			return false;
		if (answer.verdict == VERDICT(ELIGIBLE))
			opener->policies[count++] = i;
		if (standing_of(before) >= 0 &&
				standing_of(answer.verdict) > standing_of(before) &&
				!opening_add(opener, opening, i, before, &answer, amounts,
						arena, err))
			return false;
	}
	return look_combine(opener->then, opener->policies, count, out_sure, err);
}

/* The catalog refuses them: Match says what is wrong, here it is enough that something is. */
static bool enter(struct look *look, const Policycalc__V1__Profile *profile, struct error *err)
{
	bool refused;

	if (!look_enter(look, profile, &refused, err))
		return false;
	return !refused || error_set(err, ERROR_INVALID, "the catalog refuses the facts");
}

bool opener_ask(struct opener *opener, unsigned row, const Policycalc__V1__Profile *profile,
		bool amounts, struct arena *arena, struct opening *out_opening,
		struct error *err)
{
	const struct opening_plan *plan = opener->plan;
	struct opening opening = { .policies = ARENA_NEW_ARRAY(arena,
						   Policycalc__V1__OpenedPolicy *,
						   plan->count + 1) };
	struct profile_reading readings[2];
	Policycalc__V1__Profile *changed;
	int64_t now, then;

	if (!opening.policies)
		return arena_error(arena, err, "asking what opens");
	if (!enter(opener->now, profile, err) ||
			!look_value(opener->now, opener->expense, &readings[0], err) ||
			!look_value(opener->now, opener->deduction, &readings[1], err) ||
			!sure_now(opener, row, &now, err))
		return false;
	changed = profile_then(plan->ruleset, profile, plan->day, readings, arena);
	if (!changed)
		return arena_error(arena, err, "asking what opens");
	if (!enter(opener->then, changed, err) ||
			!ask_then(opener, row, amounts, arena, &opening, &then, err))
		return false;
	opening.sure_fen = then > now ? then - now : 0;
	*out_opening = opening;
	return true;
}
