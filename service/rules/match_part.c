/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of each slot, from the atoms: thresholds of numbers, codes of texts and lists. */
#include "rules/match_internal.h"
#include "rules/program.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Codes of one list that have cells, those asked for most. */
#define MEMBERS_MOST 48 /* below 64: a value is a word */
/* As if they were without a sign, numbers are in the same order with this turned. */
#define SIGN_BIT (UINT64_C(1) << 63)

bool match_list_grow(struct match_list *list, size_t more, size_t size)
{
	size_t capacity = list->capacity ? list->capacity : 64;
	void *grown;

	while (capacity < list->count + more)
		capacity *= 2;
	grown = arena_alloc(list->arena, capacity * size);
	if (!grown)
		return false;
	if (list->count)
		memcpy(grown, list->data, list->count * size);
	list->data = grown;
	list->capacity = capacity;
	return true;
}

static struct match_part *part_add(struct match_build *build, enum part_kind kind, int slot)
{
	struct match_index *index = build->index;
	struct match_slot *asked = &index->slots[slot];
	struct match_part *part = &index->parts[index->part_count];

	*part = (struct match_part){ .kind = kind, .slot = slot };
	if (!asked->part_count) {
		asked->part_first = index->part_count;
		asked->mention = index->mention_count++;
	}
	asked->part_count++;
	index->part_count++;
	return part;
}

/* --- numbers ----------------------------------------------------------------------------------- */

static int64_t threshold_bound(const struct match_ranked *threshold)
{
	return (int64_t)(threshold->key ^ SIGN_BIT);
}

/* How many rules ask for a threshold, and one that none asks for. */
static uint32_t threshold_weight(const struct match_ranked *threshold)
{
	return threshold->more + 1;
}

/*
 * Edges at the thresholds that far more rules ask for than for others, then where the rest is parted evenly:
 * rules whose threshold is no edge are borders.
 */
static void edges_choose(struct match_part *part, const struct match_ranked *list, size_t count,
		uint32_t cells)
{
	uint64_t total = 0, light = 0, seen = 0, least = 1;
	uint32_t heavy = cells;
	uint32_t cell = 1;

	for (size_t i = 0; i < count; i++)
		total += threshold_weight(&list[i]);
	/* Not so many that nothing is left for the others. */
	for (unsigned times = 2; heavy > cells * 3 / 4; times *= 2) {
		least = times * total / count + 1;
		light = total;
		heavy = 0;
		for (size_t i = 0; i < count; i++) {
			if (threshold_weight(&list[i]) < least)
				continue;
			light -= threshold_weight(&list[i]);
			heavy++;
		}
	}
	light /= cells - heavy;
	part->starts[0] = 0;
	for (size_t i = 0; i < count && cell < cells; i++) {
		uint32_t weight = threshold_weight(&list[i]);
		bool is_heavy = weight >= least;

		if (is_heavy || count - i <= cells - cell || seen >= light) {
			part->edges[cell - 1] = threshold_bound(&list[i]);
			part->starts[cell++] = (uint32_t)i + 1;
			seen = 0;
		}
		seen += is_heavy ? 0 : weight;
	}
	part->cell_count = cell;
	part->starts[cell] = (uint32_t)count + 1;
}

/* Ascending, each with how many rules ask for it; the second half is spare. NULL when memory is short. */
static struct match_ranked *thresholds_sort(
		const struct match_build *build, const struct atom *const *atoms, size_t count)
{
	struct match_ranked *list = memory_alloc(2 * count * sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < count; i++)
		list[i] = (struct match_ranked){ (uint64_t)atoms[i]->bound ^ SIGN_BIT,
			(uint32_t)(atoms[i] - build->atoms->list),
			atoms_uses(build->atoms, atoms[i]) };
	match_ranked_sort(list, list + count, count);
	return list;
}

/* How many are within cells, and room for them. NULL when memory is short. */
static int64_t *thresholds_list(
		struct match_part *part, const struct match_ranked *list, uint32_t count)
{
	int64_t *thresholds;
	uint32_t room;

	for (uint32_t c = 0; c < part->cell_count; c++) {
		uint32_t inside = part->starts[c + 1] - part->starts[c] - 1;

		if (inside > part->inside_most)
			part->inside_most = inside;
	}
	part->threshold_count = count;
	room = match_threshold_room(part);
	thresholds = memory_alloc(room * sizeof(*thresholds));
	for (uint32_t i = 0; thresholds && i < room; i++)
		thresholds[i] = i < count ? threshold_bound(&list[i]) : INT64_MAX;
	return thresholds;
}

static bool number_build(
		struct match_build *build, int slot, const struct atom **atoms, size_t count)
{
	struct match_ranked *list = thresholds_sort(build, atoms, count);
	struct match_part *part = part_add(build, PART_NUMBER, slot);
	/* With more cells, numbers take more room; with fewer, more borders are looked at. */
	uint32_t cells = MATCH_CELLS_MOST;

	if (build->options->cells_most && build->options->cells_most < cells)
		cells = build->options->cells_most;
	if (count + 1 < cells)
		cells = (uint32_t)count + 1;
	part->edges = memory_alloc(cells * sizeof(*part->edges));
	part->starts = memory_alloc((cells + 1) * sizeof(*part->starts));
	if (list && part->edges && part->starts) {
		edges_choose(part, list, count, cells);
		part->thresholds = thresholds_list(part, list, (uint32_t)count);
	}
	for (size_t i = 0; part->thresholds && i < count; i++) {
		build->atom_parts[list[i].at] = build->index->part_count;
		build->atom_codes[list[i].at] = (uint32_t)i + 1;
	}
	memory_free(list);
	return part->thresholds != NULL;
}

/* --- codes of lists and maps ------------------------------------------------------------------- */

/* The number of @text, which is put when it is new. UINT32_MAX when memory is short. */
static uint32_t code_put(struct match_build *build, int slot, struct slice text)
{
	struct match_slot *asked = &build->index->slots[slot];
	uintptr_t number = (uintptr_t)map_find(&asked->codes, text);
	char *copy;

	if (number)
		return (uint32_t)number - 1;
	copy = arena_copy(&build->index->arena, text.data, text.size);
	if (!copy || !map_put(&asked->codes, (struct slice){ copy, text.size },
				     (void *)((uintptr_t)asked->code_count + 1)))
		return UINT32_MAX;
	return asked->code_count++;
}

struct member {
	const struct atom *atom;
	uint32_t uses;
};

static int member_compare(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;

	if (left->uses != right->uses)
		return left->uses > right->uses ? -1 : 1;
	return slice_compare(left->atom->code, right->atom->code);
}

static bool members_build(
		struct match_build *build, int slot, const struct atom **atoms, size_t count)
{
	struct member *members = ARENA_NEW_ARRAY(&build->arena, struct member, count);

	if (!members)
		return false;
	for (size_t i = 0; i < count; i++)
		members[i] = (struct member){ atoms[i], atoms_uses(build->atoms, atoms[i]) };
	qsort(members, count, sizeof(*members), member_compare);
	if (count > MEMBERS_MOST)
		count = MEMBERS_MOST;
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)(members[i].atom - build->atoms->list);
		struct match_part *part = &build->index->parts[build->index->part_count - 1];

		if (i % MATCH_MEMBERS_MOST == 0) {
			part = part_add(build, PART_MEMBERS, slot);
			part->member_first = (uint32_t)i;
		}
		part->member_count++;
		part->cell_count = 1U << part->member_count;
		build->atom_parts[at] = build->index->part_count;
		build->atom_codes[at] = code_put(build, slot, members[i].atom->code);
		if (build->atom_codes[at] == UINT32_MAX)
			return false;
	}
	return true;
}

/* --- texts ------------------------------------------------------------------------------------- */

static bool code_build(
		struct match_build *build, int slot, const struct atom **atoms, size_t count)
{
	struct match_part *part = part_add(build, PART_CODE, slot);
	uint32_t *codes =
			ARENA_NEW_ARRAY(&build->arena, uint32_t, build->atoms->text_count + 1);
	bool ok = codes != NULL;

	build->text_codes[slot] = codes;
	part->closed = true;
	for (size_t i = 0; i < count; i++) {
		build->atom_parts[atoms[i] - build->atoms->list] = build->index->part_count;
		part->closed &= atoms[i]->texts != NULL;
		for (size_t k = 0; ok && k < atoms[i]->text_count; k++) {
			uint32_t text = atoms[i]->texts[k];

			/* 0: not there yet, or there is no memory for it. */
			if (!codes[text])
				codes[text] = code_put(build, slot, build->atoms->texts[text]) +
					      1;
			ok = codes[text] != 0;
		}
	}
	for (size_t i = 0; i < build->options->text_count && !part->closed; i++) {
		if (build->options->texts[i].slot == slot)
			ok = ok &&
			     code_put(build, slot, build->options->texts[i].text) != UINT32_MAX;
	}
	part->text_count = build->index->slots[slot].code_count + 1;
	return ok;
}

static void bit_put(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

/* Asks the rule about a text of the slot, or (NULL) about none. */
static enum atom_answer text_ask(
		struct match_build *build, const struct atom *atom, const struct slice *text)
{
	struct value made;

	if (atom->test)
		return text ? atom->test->ask(atom->test->context, *text, false) : ANSWER_ASKED;
	build->values[atom->slot] = (struct value){ .kind = VALUE_UNKNOWN };
	if (text)
		build->values[atom->slot] =
				(struct value){ .kind = VALUE_STRING, .text = *text };
	made = rule_run(atom->rule, atom->code_begin, atom->code_end, &build->evaluation);
	build->values[atom->slot] = (struct value){ .kind = VALUE_UNKNOWN };
	if (made.kind == VALUE_BOOL)
		return made.boolean ? ANSWER_YES : ANSWER_NO;
	return made.kind == VALUE_UNKNOWN ? ANSWER_ASKED : ANSWER_ERROR;
}

bool match_code_answers(struct match_build *build, uint32_t number, uint64_t *yes, uint64_t *no)
{
	const struct atom *atom = &build->atoms->list[number];
	struct match_part *part = &build->index->parts[build->atom_parts[number] - 1];
	const struct match_slot *asked = &build->index->slots[atom->slot];
	struct arena_mark mark = arena_mark(&build->arena);
	size_t words = (part->text_count + 63) / 64;

	memset(yes, 0, words * sizeof(*yes));
	memset(no, 0, words * sizeof(*no));
	if (atom->texts) {
		uint64_t *in = atom->negated ? no : yes;
		uint64_t *out = atom->negated ? yes : no;

		for (size_t i = 0; i < atom->text_count; i++)
			bit_put(in, build->text_codes[atom->slot][atom->texts[i]] - 1);
		for (size_t i = 0; i < words; i++)
			out[i] = ~in[i];
		return true;
	}
	for (size_t i = 0; i < asked->codes.capacity; i++) {
		const struct map_entry *entry = &asked->codes.entries[i];
		enum atom_answer answer;

		if (!entry->value)
			continue;
		answer = text_ask(build, atom, &entry->key);
		if (answer == ANSWER_YES)
			bit_put(yes, (uintptr_t)entry->value - 1);
		else if (answer == ANSWER_NO)
			bit_put(no, (uintptr_t)entry->value - 1);
		arena_rewind(&build->arena, mark);
	}
	return text_ask(build, atom, NULL) == ANSWER_ASKED;
}

/* --- all --------------------------------------------------------------------------------------- */

static int part_kind_of(const struct atom *atom)
{
	switch (atom->kind) {
	case ATOM_FLAG:
		return PART_FLAG;
	case ATOM_AT_LEAST:
		return atom->unstated ? -1 : PART_NUMBER;
	case ATOM_CODE:
		return PART_CODE;
	case ATOM_MEMBER:
	case ATOM_HELD:
		return PART_MEMBERS;
	case ATOM_QUOTIENT:
	case ATOM_VALID:
	case ATOM_OTHER:
	default:
		return -1;
	}
}

/* Atoms of a slot, those that have a part. */
static bool slot_build(
		struct match_build *build, int slot, const struct atom **atoms, size_t count)
{
	struct match_part *part;

	if (count == 0)
		return true;
	switch ((enum part_kind)part_kind_of(atoms[0])) {
	case PART_NUMBER:
		return number_build(build, slot, atoms, count);
	case PART_CODE:
		return code_build(build, slot, atoms, count);
	case PART_MEMBERS:
		return members_build(build, slot, atoms, count);
	case PART_FLAG:
	default:
		part = part_add(build, PART_FLAG, slot);
		part->cell_count = 2;
		build->atom_parts[atoms[0] - build->atoms->list] = build->index->part_count;
		return true;
	}
}

bool match_parts_build(struct match_build *build)
{
	struct match_index *index = build->index;
	const struct atoms *atoms = build->atoms;
	size_t slots = (size_t)index->slot_count;
	size_t *starts = ARENA_NEW_ARRAY(&build->arena, size_t, slots + 2);
	const struct atom **sorted = (const struct atom **)arena_alloc_zero(
			&build->arena, atoms->count + 1, sizeof(*sorted));
	size_t most = 0;

	if (!starts || !sorted)
		return false;
	for (size_t i = 0; i < atoms->count; i++) {
		if (part_kind_of(&atoms->list[i]) >= 0)
			starts[atoms->list[i].slot + 2]++;
	}
	for (size_t i = 2; i < slots + 2; i++) {
		most += starts[i] ? 1 + MEMBERS_MOST / MATCH_MEMBERS_MOST : 0;
		starts[i] += starts[i - 1];
	}
	for (size_t i = 0; i < atoms->count; i++) {
		if (part_kind_of(&atoms->list[i]) >= 0)
			sorted[starts[atoms->list[i].slot + 1]++] = &atoms->list[i];
	}
	index->parts = memory_alloc_zero(most + 1, sizeof(*index->parts));
	if (!index->parts)
		return false;
	for (size_t i = 0; i < slots; i++) {
		if (!slot_build(build, (int)i, &sorted[starts[i]], starts[i + 1] - starts[i]))
			return false;
	}
	return true;
}

void match_parts_fini(struct match_index *index)
{
	for (uint32_t i = 0; i < index->part_count; i++) {
		struct match_part *part = &index->parts[i];

		memory_free(part->thresholds);
		memory_free(part->edges);
		memory_free(part->starts);
		memory_free(part->ranks);
		memory_free(part->sides);
		memory_free(part->border_starts);
		memory_free(part->borders);
		memory_free(part->text_cells);
		memory_free(part->cell_texts);
	}
	memory_free(index->parts);
	for (int i = 0; index->slots && i < index->slot_count; i++)
		map_fini(&index->slots[i].codes);
	memory_free(index->slots);
}
