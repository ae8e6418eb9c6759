/* SPDX-License-Identifier: Apache-2.0 */
/* Reading off the rules of the pending policies what they compare one unit with. */
#include "calculator/question.h"
#include "calculator/score.h"

#include <string.h>

#define HINTS_MOST 16

struct value domain_value(const struct domain *domain, int64_t at)
{
	if (domain->day)
		return (struct value){ .kind = VALUE_TIMESTAMP,
			.timestamp = { .seconds = at } };
	return (struct value){ .kind = VALUE_INT, .integer = at };
}

struct collector {
	struct questionnaire *questionnaire;
	const struct trial *trial;
	const struct unit *unit;
	struct domain domain;
	struct points *points;
	int64_t hints[HINTS_MOST]; /* points that had to be searched for */
	size_t hint_count;
	struct point_run
			*derived; /* by derivation of the trial; count SIZE_MAX: not read yet */
	size_t round;		  /* of the parts that were read for this question */
};

static void on_found(void *context, const struct probe_point *point)
{
	struct collector *collector = context;
	struct points *points = collector->points;

	if (collector->domain.ordered != (point->kind == PROBE_FROM))
		return;
	if (points->count == points->capacity) {
		size_t capacity = points->capacity ? points->capacity * 2 : 256;
		struct probe_point *list = arena_alloc(
				&collector->questionnaire->work, capacity * sizeof(*list));

		if (!list)
			return;
		if (points->count)
			memcpy(list, points->list, points->count * sizeof(*list));
		points->list = list;
		points->capacity = capacity;
	}
	points->list[points->count++] = *point;
}

static bool on_depends(void *context, int slot)
{
	const struct collector *collector = context;

	return trial_moves(collector->questionnaire, collector->trial, slot);
}

static void on_put(void *context, int64_t at)
{
	struct collector *collector = context;
	struct value value = domain_value(&collector->domain, at);

	trial_put(collector->questionnaire, collector->trial, &value);
}

static void on_take_back(void *context)
{
	struct collector *collector = context;

	trial_take_back(collector->questionnaire, collector->trial);
}

static void on_found_by_search(void *context, int64_t point)
{
	struct collector *collector = context;

	if (collector->hint_count < HINTS_MOST)
		collector->hints[collector->hint_count++] = point;
}

static void run_copy(struct collector *collector, const struct point_run *run)
{
	for (size_t k = 0; k < run->count; k++) {
		struct probe_point point = collector->points->list[run->first + k];

		on_found(collector, &point);
	}
}

static void collect_rule(struct collector *collector, const struct rule *rule);

/* What a derived attribute changes at is read once and copied to whoever reads it. */
static void collect_derived(struct collector *collector, int slot)
{
	const struct trial *trial = collector->trial;
	struct points *points = collector->points;

	for (size_t i = 0; i < trial->derivation_count; i++) {
		struct point_run *run = &collector->derived[i];

		if (trial->derivations[i]->slot != slot || !trial->derivations[i]->rule)
			continue;
		if (run->count == SIZE_MAX) {
			run->first = points->count;
			run->count = 0;
			collect_rule(collector, trial->derivations[i]->rule);
			run->count = points->count - run->first;
			return;
		}
		run_copy(collector, run);
		return;
	}
}

static struct probe probe_make(struct collector *collector)
{
	return (struct probe){
		.slot = collector->unit->slot,
		.depends = on_depends,
		.least = collector->domain.least,
		.most = collector->domain.most,
		.unit = collector->domain.step,
		.put = collector->domain.ordered ? on_put : NULL,
		.take_back = on_take_back,
		.found = on_found,
		.hints = collector->hints,
		.hint_count = collector->hint_count,
		.found_by_search = on_found_by_search,
		.context = collector,
	};
}

static void collect_rule(struct collector *collector, const struct rule *rule)
{
	struct probe probe = probe_make(collector);
	size_t count = 0;
	const int *slots;

	if (!rule)
		return;
	slots = rule_slots(rule, &count);
	for (size_t i = 0; i < count; i++)
		collect_derived(collector, slots[i]);
	rule_probe(rule, &probe, &collector->questionnaire->facts->evaluation);
}

static void collect_code(struct collector *collector, enum probe_kind kind, const char *code)
{
	on_found(collector, &(struct probe_point){ .kind = kind, .code = slice_from(code) });
}

static void collect_clause(struct collector *collector, const struct policy_rules *policy,
		const struct clause *clause)
{
	const Policycalc__V1__RegionScope *region = policy->policy->region;
	const Policycalc__V1__IndustryScope *industry = policy->policy->industry;

	switch (clause->kind) {
	case CLAUSE_REGION:
		for (size_t i = 0; i < region->n_covers; i++)
			collect_code(collector, PROBE_WITHIN, region->covers[i]);
		if (region->zones == POLICYCALC__V1__REGION_SCOPE__ZONES__ZONES_EXCLUDE)
			collect_code(collector, PROBE_KIND, "");
		break;
	case CLAUSE_INDUSTRY:
		for (size_t i = 0; i < industry->n_include; i++)
			collect_code(collector, PROBE_PREFIX, industry->include[i]);
		for (size_t i = 0; i < industry->n_exclude; i++)
			collect_code(collector, PROBE_PREFIX, industry->exclude[i]);
		break;
	case CLAUSE_SCORE:
		for (size_t i = 0; i < clause->score->rule_count; i++)
			collect_rule(collector, clause->score->rules[i]);
		collect_rule(collector, clause->direct_pass);
		break;
	case CLAUSE_RULE:
	default:
		collect_rule(collector, clause->rule);
		collect_rule(collector, clause->met_if);
		collect_rule(collector, clause->fails_if);
		break;
	}
}

/* What is written alike is read once a question. Hands out where its points lie. */
static struct point_run collect_part(struct collector *collector, struct part *part)
{
	struct points *points = collector->points;
	struct probe probe = probe_make(collector);
	const struct part_table *table =
			part->bare ? clause_part_table(part->known, collector->unit->slot)
				   : NULL;

	if (part->points_round == collector->round)
		return part->points;
	part->points_round = collector->round;
	part->points.first = points->count;
	if (table) {
		for (size_t i = 0; i < table->point_count; i++)
			on_found(collector, &table->points[i]);
	} else if (part->known) {
		for (size_t i = 0; collector->trial->derivation_count &&
				   i < part->known->slot_count;
				i++)
			collect_derived(collector, part->known->slots[i]);
		rule_part_probe(part->known->clause->rule, part->known->node, &probe,
				&collector->questionnaire->facts->evaluation);
	} else {
		collect_clause(collector, part->policy, part->clause);
	}
	part->points.count = points->count - part->points.first;
	return part->points;
}

/* Of several parts the points stand behind one another once more. */
static void collect_parts(struct collector *collector, const struct pending_clause *clause)
{
	for (size_t i = 0; i < clause->part_count; i++) {
		struct part *part = clause->parts[i];
		bool known = part->points_round == collector->round;

		if (!slot_bits_has(part->touched, collector->unit->slot))
			continue;
		collect_part(collector, part);
		if (known)
			run_copy(collector, &part->points);
	}
}

static void collect_clauses(struct collector *collector, const struct policy_rules *policy,
		const struct pending_clause *clauses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!slot_bits_has(clauses[i].missing, collector->unit->slot))
			continue;
		if (clauses[i].clause->per_item)
			collect_clause(collector, policy, clauses[i].clause);
		else
			collect_parts(collector, &clauses[i]);
	}
}

static void collect_pending(struct collector *collector, const struct pending *pending)
{
	const struct policy_rules *policy = pending->outcome->policy;
	struct facts *facts = collector->questionnaire->facts;

	if (collector->unit->item < 0)
		collect_clauses(collector, policy, pending->clauses, pending->clause_count);
	for (size_t i = 0; i < pending->item_count; i++) {
		const struct pending_item *item = &pending->items[i];

		if (collector->unit->item >= 0 && (size_t)collector->unit->item != item->item)
			continue;
		facts_enter_item(facts, policy->list, &facts->items[policy->list][item->item]);
		collect_clauses(collector, policy, item->clauses, item->clause_count);
	}
}

bool points_collect(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, const struct domain *domain,
		const struct answers *answers, struct points *points)
{
	struct collector collector = {
		.questionnaire = questionnaire,
		.trial = trial,
		.unit = trial->units[0],
		.domain = *domain,
		.points = points,
		.round = questionnaire->question_at,
		.derived = ARENA_NEW_ARRAY(&questionnaire->work, struct point_run,
				trial->derivation_count + 1),
	};

	if (!collector.derived)
		return false;
	for (size_t i = 0; i < trial->derivation_count; i++)
		collector.derived[i].count = SIZE_MAX;
	for (size_t i = 0; i < answers->asker_count; i++) {
		struct asker *asker = &answers->askers[i];

		if (asker->part) {
			asker->points = collect_part(&collector, asker->part);
			continue;
		}
		asker->points.first = points->count;
		collect_pending(&collector,
				&questionnaire->pendings[question->pendings[asker->pending -
									    1]]);
		asker->points.count = points->count - asker->points.first;
	}
	return !questionnaire->work.exhausted;
}
