/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/answer_parts.h"

#include "base/memory.h"

#include <string.h>

/* --- parts ------------------------------------------------------------------------------------ */

/* The fields @first to @last; in @arena. false when memory is short. */
static bool part_encode(const Policycalc__V1__PolicyAnswer *answer, unsigned first,
		unsigned last, struct encoder *encoder, struct arena *arena, struct slice *out)
{
	struct slice bytes;

	encoder_clear(encoder, SIZE_MAX);
	encode_fields(encoder, &answer->base, first, last);
	bytes = encoder_bytes(encoder);
	*out = (struct slice){ arena_copy(arena, bytes.data, bytes.size), bytes.size };
	return out->data && !encoder->failed;
}

static bool reads_only_parameters(
		const struct ruleset *ruleset, enum item_list list, const struct rule *rule)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (ruleset_slot(ruleset, list, slots[i])->role != SCOPE_PARAMETER ||
				slots[i] == ruleset->as_of_slot)
			return false;
	}
	return true;
}

bool amount_is_constant(const struct ruleset *ruleset, enum item_list list,
		const struct amount_rules *amount)
{
	if (!amount)
		return true;
	if (amount->base || amount->rate || amount->bracket_count || amount->tier_count ||
			amount->quantity || amount->unit_amount ||
			!reads_only_parameters(ruleset, list, amount->rule))
		return false;
	for (size_t i = 0; i < amount->cap_count; i++) {
		if (!reads_only_parameters(ruleset, list, amount->caps[i].limit) ||
				!reads_only_parameters(ruleset, list, amount->caps[i].when))
			return false;
	}
	return true;
}

bool clauses_are_constant(const struct policy_rules *policy)
{
	for (size_t i = 0; i < policy->clause_count; i++) {
		const struct clause *clause = &policy->clauses[i];

		if (clause->kind == CLAUSE_SCORE || clause->per_item ||
				clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW)
			return false;
	}
	return policy->list == LIST_ENTERPRISE;
}

/* In @arena; false when memory is short. */
static bool parts_encode(const Policycalc__V1__Policy *from, struct arena *arena,
		struct answer_parts *out)
{
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;
	struct encoder encoder = { 0 };
	bool ok;

	answer.policy_id = from->id;
	answer.series = from->series;
	answer.title = from->title;
	answer.level = from->level;
	answer.kind = from->kind;
	answer.departments = from->departments;
	answer.n_departments = from->n_departments;
	answer.unverified = from->unverified;
	answer.n_unverified = from->n_unverified;
	answer.ambiguous = from->ambiguous;
	answer.n_ambiguous = from->n_ambiguous;
	answer.missing_facts = from->missing_facts;
	answer.n_missing_facts = from->n_missing_facts;
	answer.sources = from->sources;
	answer.n_sources = from->n_sources;
	answer.summary = from->summary;
	ok = part_encode(&answer, 1, 2, &encoder, arena, &out->head) &&
	     part_encode(&answer, 6, 9, &encoder, arena, &out->middle) &&
	     part_encode(&answer, 15, 18, &encoder, arena, &out->marks) &&
	     part_encode(&answer, 20, 20, &encoder, arena, &out->summary);
	encoder_fini(&encoder);
	return ok;
}

static struct slice part_move(struct slice part, char **at)
{
	char *own = *at;

	memcpy(own, part.data, part.size);
	*at += part.size;
	return (struct slice){ own, part.size };
}

/* One piece of memory of its own; NULL when there is none. */
static struct answer_parts *parts_copy(const struct answer_parts *from, size_t *out_size)
{
	size_t size = sizeof(*from) + from->head.size + from->middle.size + from->marks.size +
		      from->summary.size;
	struct answer_parts *parts = memory_alloc(size);
	char *at = (char *)(parts + 1);

	if (!parts)
		return NULL;
	parts->head = part_move(from->head, &at);
	parts->middle = part_move(from->middle, &at);
	parts->marks = part_move(from->marks, &at);
	parts->summary = part_move(from->summary, &at);
	*out_size = size;
	return parts;
}

const struct answer_parts *answer_parts_get(
		const struct ruleset *ruleset, size_t index, struct arena *arena)
{
	struct told_parts *told = ruleset->told;
	struct answer_parts *nothing = NULL;
	struct answer_parts *parts =
			atomic_load_explicit(&told->list[index], memory_order_acquire);
	struct answer_parts *made;
	size_t size = 0;

	if (parts)
		return parts;
	made = ARENA_NEW(arena, struct answer_parts);
	if (!made || !parts_encode(ruleset->catalog.policies[index], arena, made))
		return NULL;
	parts = parts_copy(made, &size);
	if (!parts)
		return made;
	if (atomic_compare_exchange_strong_explicit(&told->list[index], &nothing, parts,
			    memory_order_acq_rel, memory_order_acquire)) {
		atomic_fetch_add_explicit(&told->size, size, memory_order_relaxed);
		return parts;
	}
	memory_free(parts); /* another thread was quicker */
	return nothing;
}

void answer_parts_free(struct ruleset *ruleset)
{
	for (size_t i = 0; ruleset->told && i < ruleset->catalog.policy_count; i++)
		memory_free(atomic_load_explicit(
				&ruleset->told->list[i], memory_order_relaxed));
}

static Policycalc__V1__Availability availability_of(const struct standing *standing)
{
	Policycalc__V1__Availability availability = POLICYCALC__V1__AVAILABILITY__INIT;

	availability.state = standing->state;
	availability.date = (char *)standing->date;
	availability.superseded_by = (char *)standing->superseded_by;
	availability.window_not_stated = standing->window_not_stated;
	availability.begin_not_stated = standing->begin_not_stated;
	return availability;
}

Policycalc__V1__Availability *availability_answer(
		const struct standing *standing, struct arena *arena)
{
	Policycalc__V1__Availability *availability =
			ARENA_NEW(arena, Policycalc__V1__Availability);

	if (availability)
		*availability = availability_of(standing);
	return availability;
}

struct slice availability_encode(
		const struct standing *standing, struct encoder *encoder, struct arena *arena)
{
	Policycalc__V1__Availability availability = availability_of(standing);
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;
	struct slice bytes;

	answer.availability = &availability;
	if (!part_encode(&answer, 5, 5, encoder, arena, &bytes))
		bytes = (struct slice){ 0 };
	return bytes;
}

/* --- whole answers ---------------------------------------------------------------------------- */

struct ready_list {
	size_t count;
	_Atomic uint64_t *
			orders; /* behind the list: what they are from INT64_MIN on; 0: not known */
	_Atomic(struct ready *) list[];
};

struct ready_list *ready_list_new(size_t count)
{
	struct ready_list *list = memory_alloc_zero(
			1, sizeof(*list) + count * (sizeof(list->list[0]) +
								   sizeof(*list->orders)));

	if (!list)
		return NULL;
	list->count = count;
	list->orders = (_Atomic uint64_t *)(void *)&list->list[count];
	return list;
}

void ready_list_free(struct ready_list *list)
{
	for (size_t i = 0; list && i < list->count; i++)
		memory_free(atomic_load_explicit(&list->list[i], memory_order_relaxed));
	memory_free(list);
}

bool ready_may_keep(const struct amount *amount)
{
	return !amount->missing && !amount->parts && amount->part_count == 0;
}

static bool spans_equal(const struct span *a, const struct span *b)
{
	return a->error == b->error && a->most_known == b->most_known && a->exact == b->exact &&
	       a->least == b->least && a->most == b->most;
}

/* Of all that amount_answer() reads. */
static bool amounts_equal(const struct amount *a, const struct amount *b)
{
	return a->none == b->none && a->error == b->error && a->not_stated == b->not_stated &&
	       a->up_to == b->up_to && a->most_known == b->most_known && a->least == b->least &&
	       a->most == b->most && spans_equal(&a->year, &b->year) &&
	       a->binding == b->binding && a->has_base == b->has_base &&
	       a->has_rate == b->has_rate && a->has_cap == b->has_cap &&
	       a->has_before_cap == b->has_before_cap && a->has_quantity == b->has_quantity &&
	       a->base == b->base && a->rate == b->rate && a->cap == b->cap &&
	       a->before_cap == b->before_cap && a->quantity == b->quantity &&
	       a->unit_amount == b->unit_amount && a->cap_by == b->cap_by &&
	       a->capped == b->capped && a->uncapped == b->uncapped &&
	       a->rounded == b->rounded && a->tier == b->tier;
}

const struct ready *ready_any(const struct ready_list *list, size_t index)
{
	return atomic_load_explicit(&list->list[index], memory_order_acquire);
}

const struct ready *ready_find(
		const struct ready_list *list, size_t index, const struct amount *amount)
{
	const struct ready *ready = ready_any(list, index);

	return ready && ready_may_keep(amount) && amounts_equal(&ready->amount, amount) ? ready
											: NULL;
}

void ready_note_order(struct ready_list *list, size_t index, int64_t order)
{
	atomic_store_explicit(&list->orders[index], (uint64_t)order - (uint64_t)INT64_MIN,
			memory_order_relaxed);
}

bool ready_find_order(const struct ready_list *list, size_t index, int64_t *out_order)
{
	uint64_t order = atomic_load_explicit(&list->orders[index], memory_order_relaxed);

	*out_order = (int64_t)(order + (uint64_t)INT64_MIN);
	return order != 0;
}

void ready_keep(struct ready_list *list, size_t index, const struct outcome *outcome,
		struct slice bytes)
{
	struct ready *nothing = NULL;
	struct ready *ready;

	if (atomic_load_explicit(&list->list[index], memory_order_relaxed))
		return;
	ready = memory_alloc(sizeof(*ready) + bytes.size);
	if (!ready)
		return;
	ready->amount = outcome->amount;
	ready->order = outcome->order;
	ready->size = bytes.size;
	memcpy(ready->bytes, bytes.data, bytes.size);
	if (!atomic_compare_exchange_strong_explicit(&list->list[index], &nothing, ready,
			    memory_order_release, memory_order_relaxed))
		memory_free(ready);
}
