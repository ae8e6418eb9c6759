/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/question.h"

#include <stdlib.h>
#include <string.h>

#define WAN ((int64_t)1000000) /* fen */
#define WEIGHT_MOST 16
#define WEIGHT_NO_AMOUNT 4 /* titles and services: as 40,000 to 80,000 yuan */
#define WEIGHT_UNKNOWN 6   /* no upper end: as 160,000 to 320,000 yuan, a common award */

/*
 * By the logarithm: a question that decides ten small subsidies is worth more than one that is read
 * by a single large credit line, yet among policies of a kind the larger ones come first.
 */
int64_t amount_weight(const struct amount *amount)
{
	int64_t weight = 1;

	if (amount->none)
		return WEIGHT_NO_AMOUNT;
	if (amount->error || amount->not_stated || !amount->most_known)
		return WEIGHT_UNKNOWN;
	for (int64_t rest = amount->most / WAN; rest > 0 && weight < WEIGHT_MOST; rest /= 2)
		weight++;
	return weight;
}

const char *unit_key(const struct questionnaire *questionnaire, const struct unit *unit)
{
	struct arena *arena = questionnaire->arena;

	const char *name = unit->place ? unit->place->name : "";

	if (!unit->place)
		return arena_format(arena, "@%s", item_list_name(unit->list));
	if (unit_is_series(unit)) /* whatever part of it is read */
		name = arena_format(arena, "%.2s%s", name, unit->place->attribute->name);
	if (unit->item < 0 || !name)
		return name;
	return arena_format(arena, "%s@%s/%s", name, item_list_name(unit->list),
			questionnaire->facts->items[unit->list][unit->item].id);
}

/* --- pending policies ------------------------------------------------------------------------- */

/* The clauses that wait, of the enterprise or of one item; whether people must look at another. */
static struct pending_clause *clauses_gather(const struct questionnaire *questionnaire,
		const struct policy_rules *policy, bool per_item,
		const struct clause_result *results, size_t *out_count, bool *out_review)
{
	struct pending_clause *clauses = ARENA_NEW_ARRAY(
			questionnaire->arena, struct pending_clause, policy->clause_count + 1);

	*out_count = 0;
	*out_review = false;
	for (size_t i = 0; clauses && i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item)
			continue;
		if (results[i].status == STATUS(UNKNOWN) && results[i].missing)
			clauses[(*out_count)++] =
					(struct pending_clause){ .clause = &policy->clauses[i],
						.missing = results[i].missing };
		else if (results[i].status != STATUS(MET))
			*out_review = true;
	}
	return clauses;
}

static bool item_is_ruled_out(
		const struct policy_rules *policy, const struct item_outcome *item)
{
	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item && item->results[i].status == STATUS(NOT_MET))
			return true;
	}
	return false;
}

static void items_gather(const struct questionnaire *questionnaire, struct pending *pending)
{
	const struct outcome *outcome = pending->outcome;
	struct pending_item *items = ARENA_NEW_ARRAY(
			questionnaire->arena, struct pending_item, outcome->item_count + 1);

	for (size_t i = 0; items && i < outcome->item_count; i++) {
		struct pending_item *item = &items[pending->item_count];

		if (!outcome->items[i].results ||
				item_is_ruled_out(outcome->policy, &outcome->items[i]))
			continue;
		item->item = i;
		item->clauses = clauses_gather(questionnaire, outcome->policy, true,
				outcome->items[i].results, &item->clause_count, &item->review);
		if (item->clause_count > 0)
			pending->item_count++;
		else if (item->review)
			pending->judged_item = true;
		else
			pending->rests_on_enterprise = true;
	}
	pending->items = items;
	pending->list_unknown = outcome->list_unknown;
	for (size_t i = questionnaire->ruleset->base_count;
			i < questionnaire->ruleset->most_slots; i++)
		pending->list_reads += slot_bits_has(outcome->policy->item_reads, (int)i);
}

static void pendings_gather(struct questionnaire *questionnaire)
{
	questionnaire->pendings = ARENA_NEW_ARRAY(
			questionnaire->arena, struct pending, questionnaire->outcome_count + 1);
	for (size_t i = 0; questionnaire->pendings && i < questionnaire->outcome_count; i++) {
		const struct outcome *outcome = &questionnaire->outcomes[i];
		struct pending *pending =
				&questionnaire->pendings[questionnaire->pending_count];
		bool review;

		if (outcome->conditions_verdict != VERDICT(NEEDS_INFORMATION))
			continue;
		questionnaire->pending_count++;
		pending->outcome = outcome;
		pending->weight = amount_weight(&outcome->amount);
		pending->clauses = clauses_gather(questionnaire, outcome->policy, false,
				outcome->results, &pending->clause_count, &review);
		for (size_t k = 0; k < pending->clause_count; k++)
			clause_find_parts(questionnaire, outcome->policy, &pending->clauses[k]);
		if (outcome->policy->list != LIST_ENTERPRISE)
			items_gather(questionnaire, pending);
	}
}

/* --- what may be asked ------------------------------------------------------------------------ */

/* Attributes behind the masks, whether skipped or not. */
static bool masks_make(struct questionnaire *questionnaire)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	struct facts *facts = questionnaire->facts;
	size_t most = 0;

	for (size_t i = 0; i < 3; i++)
		questionnaire->sets[i] = facts_new_set(facts);
	questionnaire->open = facts_new_set(facts);
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		const struct pending *pending = &questionnaire->pendings[i];
		size_t count = 0;

		for (size_t k = 0; k < pending->clause_count; k++)
			count += pending->clauses[k].part_count;
		most = count > most ? count : most;
	}
	questionnaire->lacking =
			ARENA_NEW_ARRAY(questionnaire->arena, const uint64_t *, most + 1);
	if (!questionnaire->open || !questionnaire->lacking)
		return false;
	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (slot_can_be_told(questionnaire, &ruleset->slots[LIST_ENTERPRISE][i]))
			slot_bits_put(questionnaire->open, (int)i);
	}
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		questionnaire->list_open[list] = true;
		questionnaire->item_open[list] = ARENA_NEW_ARRAY(
				questionnaire->arena, uint64_t *, facts->item_count[list] + 1);
		for (size_t k = 0;
				questionnaire->item_open[list] && k < facts->item_count[list];
				k++) {
			uint64_t *mask = facts_new_set(facts);

			for (size_t i = 0; mask && i < ruleset->slot_count[list]; i++) {
				if (slot_can_be_told(questionnaire, &ruleset->slots[list][i]))
					slot_bits_put(mask, (int)(ruleset->base_count + i));
			}
			questionnaire->item_open[list][k] = mask;
		}
	}
	return !questionnaire->arena->exhausted;
}

static void mask_clear(uint64_t *mask, int slot)
{
	mask[(unsigned)slot / 64] &= ~(UINT64_C(1) << ((unsigned)slot % 64));
}

/* Takes what is asked with @slot out: of a series all parts that rules read. */
static void mask_skip(
		const struct ruleset *ruleset, enum item_list list, uint64_t *mask, int slot)
{
	const Policycalc__V1__Attribute *attribute =
			ruleset_slot(ruleset, list, slot)->attribute;
	size_t first = list == LIST_ENTERPRISE ? 0 : ruleset->base_count;

	mask_clear(mask, slot);
	for (size_t i = 0;
			value_type_is_series(attribute->type) && i < ruleset->slot_count[list];
			i++) {
		if (ruleset->slots[list][i].attribute == attribute)
			mask_clear(mask, (int)(first + i));
	}
}

/* The slot called @name in a scope; -1 when there is none. */
static int slot_find(const struct ruleset *ruleset, enum item_list list, struct slice name)
{
	size_t first = list == LIST_ENTERPRISE ? 0 : ruleset->base_count;

	for (size_t i = 0; i < ruleset->slot_count[list]; i++) {
		if (ruleset->slots[list][i].role == SCOPE_ATTRIBUTE &&
				slice_equals_text(name, ruleset->slots[list][i].name))
			return (int)(first + i);
	}
	return -1;
}

/* Takes what a key names out of what may be asked; false when it names nothing. */
static bool key_skip(struct questionnaire *questionnaire, const char *key)
{
	const char *at = strchr(key, '@');
	const char *slash = at ? strchr(at, '/') : NULL;
	struct slice name = { key, at ? (size_t)(at - key) : strlen(key) };
	enum item_list list = LIST_ENTERPRISE;
	int slot;

	if (at) {
		struct slice of = { at + 1, slash ? (size_t)(slash - at - 1) : strlen(at + 1) };

		for (list = LIST_PROJECTS; list < LIST_COUNT; list++) {
			if (slice_equals_text(of, item_list_name(list)))
				break;
		}
		if (list == LIST_COUNT)
			return false;
		if (!slash) {
			questionnaire->list_open[list] = false;
			return name.size == 0;
		}
	}
	slot = slot_find(questionnaire->ruleset, list, name);
	if (slot < 0)
		return false;
	if (list == LIST_ENTERPRISE) {
		mask_skip(questionnaire->ruleset, list, questionnaire->open, slot);
		return true;
	}
	for (size_t i = 0; i < questionnaire->facts->item_count[list]; i++) {
		if (strcmp(questionnaire->facts->items[list][i].id, slash + 1) == 0) {
			mask_skip(questionnaire->ruleset, list,
					questionnaire->item_open[list][i], slot);
			return true;
		}
	}
	return false;
}

static void skipped_read(struct questionnaire *questionnaire)
{
	const Policycalc__V1__NextQuestionRequest *request = questionnaire->request;

	for (size_t i = 0; i < request->n_skipped; i++) {
		if (!key_skip(questionnaire, request->skipped[i]))
			findings_warn(&questionnaire->findings, "UNKNOWN_QUESTION",
					arena_format(questionnaire->arena, "skipped[%zu]", i),
					"names nothing that is asked for");
	}
}

/* --- units ------------------------------------------------------------------------------------ */

static void bits_unite(uint64_t *bits, const uint64_t *more, size_t words)
{
	for (size_t i = 0; i < words; i++)
		bits[i] |= more[i];
}

static void clauses_unite(uint64_t *bits, const struct pending_clause *clauses, size_t count,
		size_t words)
{
	for (size_t i = 0; i < count; i++)
		bits_unite(bits, clauses[i].missing, words);
}

/* Everything missing, by where it stands: sets over all pending policies. */
struct wanted {
	uint64_t *enterprise;
	uint64_t **items[LIST_COUNT];
	bool lists[LIST_COUNT];
};

static bool wanted_gather(const struct questionnaire *questionnaire, struct wanted *wanted)
{
	struct facts *facts = questionnaire->facts;
	size_t words = questionnaire->ruleset->set_words;

	wanted->enterprise = facts_new_set(facts);
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		wanted->items[list] = ARENA_NEW_ARRAY(
				questionnaire->arena, uint64_t *, facts->item_count[list] + 1);
		for (size_t i = 0; wanted->items[list] && i < facts->item_count[list]; i++)
			wanted->items[list][i] = facts_new_set(facts);
	}
	if (questionnaire->arena->exhausted)
		return false;
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		struct pending *pending = &questionnaire->pendings[i];
		enum item_list list = pending->outcome->policy->list;
		uint64_t *lacks = facts_new_set(facts);

		if (!lacks)
			return false;
		pending->lacks = lacks;
		clauses_unite(lacks, pending->clauses, pending->clause_count, words);
		if (pending->list_unknown)
			wanted->lists[list] = true;
		for (size_t k = 0; !pending->rests_on_enterprise && k < pending->item_count;
				k++) {
			const struct pending_item *item = &pending->items[k];

			/* What an item's conditions lack of the enterprise stands in the low slots. */
			clauses_unite(wanted->items[list][item->item], item->clauses,
					item->clause_count, words);
			clauses_unite(lacks, item->clauses, item->clause_count, words);
		}
		bits_unite(wanted->enterprise, lacks, words);
	}
	return true;
}

static void units_add(struct questionnaire *questionnaire, enum item_list list, int item,
		const uint64_t *bits, const uint64_t *open, size_t first, size_t last)
{
	const struct ruleset *ruleset = questionnaire->ruleset;

	for (size_t i = first; i < last; i++) {
		const struct slot *place = ruleset_slot(ruleset, list, (int)i);

		if (!slot_bits_has(bits, (int)i) || !slot_bits_has(open, (int)i) ||
				place->role != SCOPE_ATTRIBUTE)
			continue;
		questionnaire->units[questionnaire->unit_count++] = (struct unit){
			.list = list,
			.item = item,
			.slot = (int)i,
			.place = place,
		};
	}
}

static void units_gather(struct questionnaire *questionnaire)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	struct facts *facts = questionnaire->facts;
	size_t most = ruleset->base_count + LIST_COUNT;
	struct wanted wanted = { 0 };

	if (!wanted_gather(questionnaire, &wanted))
		return;
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++)
		most += facts->item_count[list] * ruleset->slot_count[list];
	questionnaire->units = ARENA_NEW_ARRAY(questionnaire->arena, struct unit, most + 1);
	if (!questionnaire->units)
		return;
	units_add(questionnaire, LIST_ENTERPRISE, -1, wanted.enterprise, questionnaire->open, 0,
			ruleset->base_count);
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		if (wanted.lists[list] && questionnaire->list_open[list])
			questionnaire->units[questionnaire->unit_count++] =
					(struct unit){ .list = list, .item = -1, .slot = -1 };
		for (size_t i = 0; i < facts->item_count[list]; i++)
			units_add(questionnaire, list, (int)i, wanted.items[list][i],
					questionnaire->item_open[list][i], ruleset->base_count,
					ruleset->base_count + ruleset->slot_count[list]);
	}
}

/* --- questions -------------------------------------------------------------------------------- */

static const char *unit_group(const struct unit *unit)
{
	return unit->place && unit->place->back == 0 && !unit_is_series(unit)
			       ? unit->place->attribute->question_group
			       : "";
}

/* The parts of a series, or what the dictionary groups; of one item. */
static bool are_asked_together(const struct unit *first, const struct unit *unit)
{
	if (unit->list != first->list || unit->item != first->item)
		return false;
	if (unit_is_series(first))
		return unit_is_series(unit) &&
		       unit->place->attribute == first->place->attribute;
	return *unit_group(first) && strcmp(unit_group(unit), unit_group(first)) == 0;
}

static int32_t unit_cost(const struct unit *unit)
{
	int32_t cost = unit->place ? unit->place->attribute->ask_cost : 1;

	return cost > 0 ? cost : 1;
}

/* Units that are asked together become one question: it costs as much as its dearest. */
static void questions_gather(struct questionnaire *questionnaire)
{
	size_t count = questionnaire->unit_count;
	struct arena *arena = questionnaire->arena;
	bool *taken = ARENA_NEW_ARRAY(arena, bool, count + 1);
	size_t *list = ARENA_NEW_ARRAY(arena, size_t, count + 1);

	questionnaire->questions = ARENA_NEW_ARRAY(arena, struct question, count + 1);
	if (!taken || !list || !questionnaire->questions)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct unit *first = &questionnaire->units[i];
		struct question *question =
				&questionnaire->questions[questionnaire->question_count];

		if (taken[i])
			continue;
		question->units = list;
		for (size_t k = i; k < count && question->unit_count < 64; k++) {
			const struct unit *unit = &questionnaire->units[k];

			if (k != i && (taken[k] || !are_asked_together(first, unit)))
				continue;
			taken[k] = true;
			list[question->unit_count++] = k;
			if (question->cost < unit_cost(unit))
				question->cost = unit_cost(unit);
		}
		list += question->unit_count;
		questionnaire->question_count++;
	}
}

void questionnaire_gather(struct questionnaire *questionnaire)
{
	static const struct trial nothing;

	pendings_gather(questionnaire);
	if (!masks_make(questionnaire))
		return;
	skipped_read(questionnaire);
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		struct pending *pending = &questionnaire->pendings[i];

		/* Of policies of the enterprise it follows from what units_gather() finds. */
		if (pending->outcome->policy->list != LIST_ENTERPRISE)
			pending->before = pending_missing(questionnaire, pending, &nothing);
	}
	units_gather(questionnaire);
	if (!questionnaire->arena->exhausted)
		questions_gather(questionnaire);
	if (!questionnaire->arena->exhausted)
		questions_find_pendings(questionnaire);
}
