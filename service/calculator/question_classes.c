/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answers the rules of the pending policies tell apart.
 *
 * Figures and days fall into spans between the points at which some rule changes; a policy is asked
 * once a span of its own points, and counts for all the common spans within. Codes are in
 * question_codes.c. A flag is yes or no. Of a list of items one asks whether there are any. A series
 * cannot be tried out: half of the time it settles what waits for nothing else, for or against.
 * Of a group of flags the answers are "none of these" and each one alone.
 */
#include "calculator/question.h"
#include "calculator/score.h"

#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS 86400
#define MONEY_END INT64_C(1000000000000000) /* ten trillion yuan */
#define HINTS_MOST 16
#define FIGURE_END INT64_C(1000000000)

/* The values one unit may have, as far as they have an order. */
struct domain {
	bool ordered;
	bool day;
	int64_t least, most, step;
};

static int64_t day_seconds(int32_t year, int32_t month, int32_t day)
{
	return timestamp_from_date((struct date){ year, month, day }, DATE_CHINA_OFFSET)
			.seconds;
}

static struct domain unit_domain(
		const struct questionnaire *questionnaire, const struct unit *unit)
{
	const Policycalc__V1__Attribute *attribute = unit->place->attribute;
	struct domain domain = { .step = 1 };

	switch ((int)attribute->type) {
	case VALUE_TYPE(MONEY):
		domain = (struct domain){ true, false, -MONEY_END, MONEY_END, 1 };
		break;
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(COUNT):
		domain = (struct domain){ true, false, -FIGURE_END, FIGURE_END, 1 };
		break;
	case VALUE_TYPE(DATE):
		domain = (struct domain){ true, true, day_seconds(1900, 1, 1),
			day_seconds(questionnaire->as_of.year + 20, 1, 1), DAY_SECONDS };
		return domain;
	default:
		return domain;
	}
	if (attribute->_minimum_case)
		domain.least = attribute->minimum;
	if (attribute->_maximum_case)
		domain.most = attribute->maximum;
	return domain;
}

static struct value domain_value(const struct domain *domain, int64_t at)
{
	if (domain->day)
		return (struct value){ .kind = VALUE_TIMESTAMP,
			.timestamp = { .seconds = at } };
	return (struct value){ .kind = VALUE_INT, .integer = at };
}

/* --- reading the points off the rules --------------------------------------------------------- */

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
	size_t round;		  /* of the notes that are of this question */
};

/* The points of a clause, of one question. */
struct points_note {
	size_t round;
	struct point_run run;
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

static void collect_rule(struct collector *collector, const struct rule *rule)
{
	struct probe probe = {
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

/* Of twins only the first is read; the others get a copy. */
static void collect_clause_once(struct collector *collector, const struct policy_rules *policy,
		const struct clause *clause)
{
	struct points *points = collector->points;
	struct points_note *note = &collector->questionnaire->points_notes[clause->twin];

	if (clause->per_item) {
		collect_clause(collector, policy, clause);
		return;
	}
	if (note->round != collector->round) {
		note->run.first = points->count;
		collect_clause(collector, policy, clause);
		note->run.count = points->count - note->run.first;
		note->round = collector->round;
		return;
	}
	run_copy(collector, &note->run);
}

static void collect_clauses(struct collector *collector, const struct policy_rules *policy,
		const struct pending_clause *clauses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slot_bits_has(clauses[i].missing, collector->unit->slot))
			collect_clause_once(collector, policy, clauses[i].clause);
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

static bool points_collect(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, const struct domain *domain, struct points *points)
{
	struct collector collector = {
		.questionnaire = questionnaire,
		.trial = trial,
		.unit = trial->units[0],
		.domain = *domain,
		.points = points,
		.round = ++questionnaire->question_at,
		.derived = ARENA_NEW_ARRAY(&questionnaire->work, struct point_run,
				trial->derivation_count + 1),
	};

	if (!questionnaire->points_notes)
		questionnaire->points_notes = ARENA_NEW_ARRAY(questionnaire->arena,
				struct points_note, questionnaire->ruleset->twin_count + 1);
	if (!questionnaire->points_notes)
		return false;
	points->runs = ARENA_NEW_ARRAY(
			&questionnaire->work, struct point_run, question->pending_count + 1);
	if (!points->runs || !collector.derived)
		return false;
	for (size_t i = 0; i < trial->derivation_count; i++)
		collector.derived[i].count = SIZE_MAX;
	for (size_t i = 0; i < question->pending_count; i++) {
		points->runs[i].first = points->count;
		collect_pending(&collector, &questionnaire->pendings[question->pendings[i]]);
		points->runs[i].count = points->count - points->runs[i].first;
	}
	return !questionnaire->work.exhausted;
}

/* --- figures and days ------------------------------------------------------------------------- */

static int figure_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Sorted, each once, within the domain: the first span begins before all of them. */
static size_t points_sort(const struct points *points, size_t first, size_t count,
		const struct domain *domain, int64_t *out_list)
{
	size_t used = 0;
	size_t kept = 0;

	for (size_t i = first; i < first + count; i++) {
		if (points->list[i].from > domain->least &&
				points->list[i].from <= domain->most)
			out_list[used++] = points->list[i].from;
	}
	if (used > 1)
		qsort(out_list, used, sizeof(*out_list), figure_compare);
	for (size_t i = 0; i < used; i++) {
		if (kept == 0 || out_list[kept - 1] != out_list[i])
			out_list[kept++] = out_list[i];
	}
	return kept;
}

/* A figure where no rule says what matters: in the middle of what is usual, and not zero. */
static int64_t usual_figure(const struct domain *domain)
{
	int64_t figure = domain->day ? day_seconds(2015, 1, 1) : 1000;

	if (figure > domain->most)
		figure = domain->most;
	return figure < domain->least ? domain->least : figure;
}

static void spans_fill(
		const struct domain *domain, const int64_t *points, struct answers *answers)
{
	for (size_t i = 0; i < answers->count; i++) {
		struct question_class *face = &answers->faces[i];

		face->from = i ? points[i - 1] : domain->least;
		face->until = i + 1 < answers->count ? points[i] - domain->step : domain->most;
		answers->values[i] = domain_value(domain, i ? face->from : face->until);
	}
	if (answers->count == 1)
		answers->values[0] = domain_value(domain, usual_figure(domain));
}

static bool answers_reserve(struct questionnaire *questionnaire, size_t count, size_t units,
		struct answers *answers)
{
	struct arena *arena = &questionnaire->work;

	answers->count = count;
	answers->values = ARENA_NEW_ARRAY(arena, struct value, count * units + 1);
	answers->faces = ARENA_NEW_ARRAY(arena, struct question_class, count + 1);
	answers->weights = ARENA_NEW_ARRAY(arena, uint32_t, count + 1);
	return !arena->exhausted;
}

/* The position of @point among @count sorted ones. */
static size_t point_find(const int64_t *points, size_t count, int64_t point)
{
	const int64_t *at = bsearch(&point, points, count, sizeof(*points), figure_compare);

	return at ? (size_t)(at - points) : 0;
}

static bool answers_find_figures(struct questionnaire *questionnaire,
		const struct question *question, const struct points *points,
		const struct domain *domain, struct answers *answers)
{
	struct arena *arena = &questionnaire->work;
	int64_t *all = ARENA_NEW_ARRAY(arena, int64_t, points->count + 1);
	int64_t *own = ARENA_NEW_ARRAY(arena, int64_t, points->count + 1);
	size_t count;

	if (!all || !own)
		return false;
	count = points_sort(points, 0, points->count, domain, all);
	answers->jobs = ARENA_NEW_ARRAY(
			arena, struct job, points->count + question->pending_count + 1);
	if (!answers->jobs || !answers_reserve(questionnaire, count + 1, 1, answers))
		return false;
	spans_fill(domain, all, answers);
	answers_weigh(questionnaire, &questionnaire->units[question->units[0]], NULL, answers);
	for (size_t i = 0; i < question->pending_count; i++) {
		size_t own_count = points_sort(points, points->runs[i].first,
				points->runs[i].count, domain, own);
		size_t span = 0;

		for (size_t k = 0; k <= own_count; k++) {
			size_t end = k < own_count ? point_find(all, count, own[k]) + 1
						   : count + 1;
			struct job *job = &answers->jobs[answers->job_count++];

			*job = (struct job){ (uint32_t)span, (uint32_t)i, 0 };
			for (; span < end; span++)
				job->weight += answers->weights[span];
		}
	}
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

/* Every policy under every class. */
static bool jobs_fill(struct questionnaire *questionnaire, const struct question *question,
		struct answers *answers)
{
	answers->jobs = ARENA_NEW_ARRAY(&questionnaire->work, struct job,
			answers->count * question->pending_count + 1);
	for (size_t k = 0; answers->jobs && k < answers->count; k++) {
		for (size_t i = 0; i < question->pending_count; i++)
			answers->jobs[answers->job_count++] = (struct job){ (uint32_t)k,
				(uint32_t)i, answers->weights[k] };
	}
	return answers->jobs != NULL;
}

/* Two equal classes: for and against, or "some" and "none" of a list. */
static bool answers_find_opaque(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	answers->count = 2;
	answers->total = 2;
	answers->weights = ARENA_NEW_ARRAY(&questionnaire->work, uint32_t, 2);
	if (!answers->weights)
		return false;
	answers->weights[0] = answers->weights[1] = 1;
	return jobs_fill(questionnaire, question, answers);
}

static bool answers_find_flag(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	if (!answers_reserve(questionnaire, 2, 1, answers))
		return false;
	for (int i = 0; i < 2; i++) {
		answers->values[i] = (struct value){ .kind = VALUE_BOOL, .boolean = i };
		answers->faces[i].from = answers->faces[i].until = i;
	}
	answers_weigh(questionnaire, &questionnaire->units[question->units[0]], NULL, answers);
	return jobs_fill(questionnaire, question, answers);
}

static bool group_is_of_flags(
		const struct questionnaire *questionnaire, const struct question *question)
{
	for (size_t i = 0; i < question->unit_count; i++) {
		const struct unit *unit = &questionnaire->units[question->units[i]];

		if (!unit->place || unit->place->attribute->type != VALUE_TYPE(FLAG))
			return false;
	}
	return true;
}

/* "None of these", and each one alone. */
static bool answers_find_group(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	size_t units = question->unit_count;

	if (!answers_reserve(questionnaire, units + 1, units, answers))
		return false;
	for (size_t k = 0; k <= units; k++) {
		for (size_t i = 0; i < units; i++)
			answers->values[k * units + i] = (struct value){ .kind = VALUE_BOOL,
				.boolean = k == i + 1 };
	}
	answers_weigh_group(questionnaire, question, answers);
	return jobs_fill(questionnaire, question, answers);
}

bool answers_find(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, struct answers *out_answers)
{
	const struct unit *unit = trial->units[0];
	struct points points = { 0 };
	struct domain domain;

	*out_answers = (struct answers){ 0 };
	if (question->unit_count > 1)
		return group_is_of_flags(questionnaire, question)
				       ? answers_find_group(
							 questionnaire, question, out_answers)
				       : answers_find_opaque(
							 questionnaire, question, out_answers);
	if (!unit->place)
		return answers_find_opaque(questionnaire, question, out_answers);
	if (unit->place->attribute->type == VALUE_TYPE(FLAG))
		return answers_find_flag(questionnaire, question, out_answers);
	if (value_type_rule_type(unit->place->attribute->type, &(enum dimension){ 0 })->kind ==
					TYPE_LIST &&
			unit->place->attribute->type != VALUE_TYPE(CODES))
		return answers_find_opaque(questionnaire, question, out_answers);
	domain = unit_domain(questionnaire, unit);
	if (!points_collect(questionnaire, question, trial, &domain, &points))
		return false;
	if (domain.ordered)
		return answers_find_figures(
				questionnaire, question, &points, &domain, out_answers);
	return answers_find_codes(questionnaire, question, &points, out_answers) &&
	       (out_answers->count ||
			       answers_find_opaque(questionnaire, question, out_answers));
}
