/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a rule out of parts: copies theirs one behind the other, puts in the figures, texts, lists and places of
 * this text, and makes the nodes that join them, as the parser and the checker would. memo_join.c makes the code, in
 * the same order: where it is follows from how much of it each part has.
 */
#include "rules/memo_internal.h"

struct growing {
	struct rule_memo *memo;
	struct slice text;
	struct node *nodes; /* the next free one, and so on */
	struct node **children;
	int code;
	int shown_code; /* behind all other */
	bool failed;	/* memory is short */
};

/* --- places ---------------------------------------------------------------------------------------- */

/* By how much places in the text and in the code are further on in the rule than in the part. */
struct shift {
	uint16_t begin;
	uint16_t list_end, list_more; /* behind the list it is so much more (modulo 2^16) */
	int code, main_count, shown_code;
};

#define PLACES_AT offsetof(struct node, begin)

static_assert(offsetof(struct node, end) == PLACES_AT + 2 &&
				offsetof(struct node, mark) == PLACES_AT + 4 &&
				offsetof(struct node, mark_end) == PLACES_AT + 6,
		"the places of a node are moved together");

static uint16_t place_move(const struct shift *shift, uint16_t place)
{
	return (uint16_t)(place + shift->begin +
			  (place >= shift->list_end ? shift->list_more : 0));
}

static inline void places_move(const struct shift *shift, struct node *node)
{
	uint64_t places;

	/* A text is too short for one to run over into the next. */
	memcpy(&places, (const char *)node + PLACES_AT, sizeof(places));
	places += shift->begin * UINT64_C(0x0001000100010001);
	memcpy((char *)node + PLACES_AT, &places, sizeof(places));
}

static inline void code_move(const struct shift *shift, struct node *node)
{
	int by = node->code_begin < shift->main_count ? shift->code : shift->shown_code;

	if (node->code_begin < 0)
		return;
	node->code_begin = (int16_t)(node->code_begin + by);
	node->code_end = (int16_t)(node->code_end + by);
}

/* --- parts ----------------------------------------------------------------------------------------- */

/* Its places are behind a list that is longer, or shorter, than that of the part. */
static void places_move_apart(const struct shift *shift, struct node *node)
{
	node->begin = place_move(shift, node->begin);
	node->end = place_move(shift, node->end);
	node->mark = place_move(shift, node->mark);
	node->mark_end = place_move(shift, node->mark_end);
}

static struct node *nodes_copy(
		struct growing *growing, const struct part *part, const struct shift *shift)
{
	struct node *nodes = growing->nodes;
	struct node **children = growing->children;

	for (size_t i = 0; i < part->node_count; i++) {
		struct node *node = &nodes[i];

		*node = part->nodes[i];
		if (shift->list_more)
			places_move_apart(shift, node);
		else
			places_move(shift, node);
		code_move(shift, node);
	}
	for (size_t i = 0; i < part->parent_count; i++)
		nodes[part->parents[i].node].children = children + part->parents[i].child;
	for (size_t i = 0; i < part->child_count; i++)
		children[i] = nodes + (part->children[i] - part->nodes);
	growing->nodes += part->node_count;
	growing->children += part->child_count;
	return nodes;
}

/* Puts in what this text has where others have something else. */
static void piece_put(struct growing *growing, const struct unit *unit, const struct spot *spot,
		const struct piece *piece, struct node *node)
{
	switch ((enum piece_kind)piece->kind) {
	case PIECE_FIGURE:
		node->literal.integer = memo_figure(growing->text, piece);
		if (spot->negative)
			node->literal.integer = -node->literal.integer;
		break;
	case PIECE_STRING:
		node->literal.text = (struct slice){ growing->text.data + piece->at + 1,
			(size_t)piece->size - 2 };
		break;
	case PIECE_LIST:
		node->children = memo_list_nodes(growing->memo, unit->list, piece);
		node->count = (uint16_t)unit->list->value.list.count;
		node->value = &unit->list->value;
		growing->failed |= !node->children;
		break;
	}
}

static struct node *part_grow(struct growing *growing, const struct unit *unit)
{
	const struct part *part = unit->part;
	const struct piece *pieces = &growing->memo->reading.pieces[unit->piece];
	struct shift shift = { .begin = unit->begin,
		.code = growing->code,
		.main_count = part->main_count,
		.shown_code = growing->shown_code - part->main_count };
	struct node *nodes;

	for (size_t i = 0; unit->list && i < unit->pieces; i++) {
		if (pieces[i].kind != PIECE_LIST)
			continue;
		shift.list_end = (uint16_t)(part->list_at + part->list_size);
		shift.list_more = (uint16_t)(pieces[i].size - part->list_size);
	}
	nodes = nodes_copy(growing, part, &shift);
	for (size_t i = 0; i < unit->pieces; i++)
		piece_put(growing, unit, &part->spots[i], &pieces[i],
				&nodes[part->spots[i].node]);
	growing->code += part->main_count;
	growing->shown_code += part->code_count - part->main_count;
	return nodes;
}

/* --- joints ---------------------------------------------------------------------------------------- */

static struct node *unit_grow(struct growing *growing, const struct unit *unit)
{
	const struct unit *units = growing->memo->reading.units;
	uint16_t number = unit->first;
	struct node *node;

	if (unit->kind == UNIT_PART)
		return part_grow(growing, unit);
	node = growing->nodes++;
	*node = (struct node){ .kind = NODE_NOT,
		.dimension = DIMENSION_FREE,
		.begin = unit->begin,
		.end = unit->end,
		.mark = unit->begin,
		.mark_end = (uint16_t)(unit->begin + 1),
		.count = unit->count,
		.local = -1,
		.type = &type_bool,
		.code_begin = (int16_t)growing->code,
		.children = growing->children };
	growing->children += unit->count;
	for (uint32_t i = 0; i < unit->count; i++) {
		const struct node *child = unit_grow(growing, &units[number]);

		node->children[i] = (struct node *)child;
		node->reads_attribute |= child->reads_attribute;
		if (child->depth >= node->depth)
			node->depth = (uint8_t)(child->depth + 1);
		/* Behind each is the step that joins it. */
		growing->code++;
		number = units[number].next;
	}
	if (unit->kind != UNIT_NOT) {
		node->kind = unit->kind == UNIT_AND ? NODE_AND : NODE_OR;
		node->begin = node->mark = node->children[0]->begin;
		node->mark_end = unit->end;
	}
	node->code_end = (int16_t)growing->code;
	return node;
}

struct node *memo_grow(struct rule_memo *memo, uint16_t root, struct slice text)
{
	struct measure measure = memo_measure(&memo->reading);
	struct growing growing = {
		.memo = memo, .text = text, .shown_code = measure.main_code
	};
	struct node *tree;

	growing.nodes = arena_alloc(
			&memo->trees, measure.nodes * sizeof(struct node) +
						      measure.children * sizeof(struct node *));
	if (!growing.nodes)
		return NULL;
	growing.children = (struct node **)(growing.nodes + measure.nodes);
	tree = unit_grow(&growing, &memo->reading.units[root]);
	return growing.failed ? NULL : tree;
}
