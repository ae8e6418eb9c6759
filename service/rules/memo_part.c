/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a part of a text: compiles it as a rule, finds where its pieces went, and writes tree and code down as
 * runs that are copied at once. What hangs below them and is not copied (the names of a variable, the value of
 * what was computed beforehand) is put where the rules live, which share it.
 */
#include "rules/memo_internal.h"

#include "rules/type.h"

#include <stdatomic.h>

struct making {
	const struct source *source;
	struct slice text; /* of the part */
	const struct rule *rule;
	struct part *part;
	const struct node *placed[MEMO_PIECES_MOST]; /* the node of each piece */
	struct arena *arena;			     /* of the rules */
	struct arena *own;			     /* of the part */
	bool failed;				     /* memory is short */
};

/* It was just compiled, and so has its tree, and its program. */
static struct node *rule_tree(const struct rule *rule)
{
	return atomic_load_explicit(&rule->root, memory_order_relaxed);
}

static struct program *rule_code(const struct rule *rule)
{
	return (struct program *)atomic_load_explicit(&rule->program, memory_order_relaxed);
}

/* --- pieces ---------------------------------------------------------------------------------------- */

static bool is_string(const struct node *node)
{
	return node->kind == NODE_LITERAL && node->literal.kind == VALUE_STRING;
}

static bool is_placed(const struct node *node, const struct piece *piece)
{
	if (node->end != piece->at + piece->size)
		return false;
	switch ((enum piece_kind)piece->kind) {
	case PIECE_FIGURE: /* it may be behind a minus */
		return node->kind == NODE_LITERAL && node->literal.kind == VALUE_INT &&
		       node->begin <= piece->at;
	case PIECE_STRING:
		return is_string(node) && node->begin == piece->at;
	case PIECE_LIST:
		return node->kind == NODE_LIST && node->begin == piece->at;
	}
	return false;
}

/* The constant that the code of @node is, or -1. */
static int node_constant(const struct node *node, const struct program *program)
{
	int at = node->code_begin;

	if (at < 0 || node->code_end != at + 1 || program->code[at].opcode != OP_CONST)
		return -1;
	return program->code[at].a;
}

/* Where @piece goes to below @node, whose parent is @above. false: nowhere, or it takes a compiler to say. */
static bool spot_find(struct making *making, const struct node *node, const struct node *above,
		const struct piece *piece, size_t number)
{
	const struct program *program = rule_code(making->rule);
	struct spot *spot = &making->part->spots[number];
	int constant = node_constant(node, program);

	if (is_placed(node, piece)) {
		making->placed[number] = node;
		spot->negative = node->kind == NODE_LITERAL &&
				 node->literal.kind == VALUE_INT && node->literal.integer < 0;
		/* wan(500), which was computed. */
		if (constant < 0 && piece->kind == PIECE_FIGURE && above &&
				above->kind == NODE_CALL && above->count == 1 &&
				above->type == &type_int) {
			constant = node_constant(above, program);
			spot->convert = node_apply(above);
		}
		spot->constant = (uint16_t)constant;
		return constant >= 0;
	}
	if (node->variable)
		return false;
	for (uint32_t i = 0; i < node->count; i++) {
		const struct node *child = node->children[i];

		if (child->begin <= piece->at && child->end >= piece->at + piece->size)
			return spot_find(making, child, node, piece, number);
	}
	return false;
}

static bool spots_find(struct making *making, const struct piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!spot_find(making, rule_tree(making->rule), NULL, &pieces[i], i))
			return false;
	}
	return true;
}

static bool has_piece(const struct node *node, const struct piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (node->begin <= pieces[i].at && node->end >= pieces[i].at + pieces[i].size)
			return true;
	}
	return false;
}

/* Constants without pieces are the same in all copies: their values go with the tree. So do lists that are one. */
static void nodes_fold(struct making *making, struct node *node, const struct piece *pieces,
		size_t count)
{
	const struct program *program = rule_code(making->rule);
	int constant = node_constant(node, program);
	bool is_list = false;

	for (size_t i = 0; i < count; i++)
		is_list |= making->placed[i] == node && pieces[i].kind == PIECE_LIST;
	if (node->constant && node->kind != NODE_LITERAL && constant >= 0 &&
			(is_list || !has_piece(node, pieces, count))) {
		node->value = &program->constants[constant];
		node->folded = true;
	}
	for (uint32_t i = 0; !node_is_whole(node) && i < node->count; i++)
		nodes_fold(making, node->children[i], pieces, count);
}

/* --- what rules share ------------------------------------------------------------------------------ */

static void *room(struct making *making, size_t size)
{
	void *piece = arena_alloc_zero(making->arena, 1, size);

	making->failed |= !piece;
	return piece;
}

static const struct type *type_keep(struct making *making, const struct type *type)
{
	struct type *own;

	if ((!type->key && !type->element) || type == &type_list_string ||
			type == &type_list_int || type == &type_map_string_timestamp)
		return type;
	own = room(making, sizeof(*own));
	if (!own)
		return type;
	*own = *type;
	if (type->key)
		own->key = type_keep(making, type->key);
	if (type->element)
		own->element = type_keep(making, type->element);
	return own;
}

static struct value value_keep(struct making *making, struct value value)
{
	size_t count = value.list.count;
	struct slice all = making->text;
	struct value *items;
	char *text;

	switch ((int)value.kind) {
	case VALUE_STRING:
	case VALUE_BYTES:
		if ((uintptr_t)value.text.data - (uintptr_t)all.data < all.size)
			break; /* as it is written */
		text = arena_copy(making->arena, value.text.data, value.text.size);
		making->failed |= !text;
		value.text.data = text;
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		count = value.kind == VALUE_MAP ? 2 * count : count;
		items = room(making, count * sizeof(*items));
		for (size_t i = 0; items && i < count; i++)
			items[i] = value_keep(making, value.list.items[i]);
		value.list.items = items;
		break;
	case VALUE_TYPE:
		value.type = type_keep(making, value.type);
		break;
	default:
		break;
	}
	return value;
}

static struct node *node_keep(struct making *making, const struct node *from);

/* Of a node that is not copied whole: what is below it, and its value. */
static void node_share(struct making *making, struct node *node)
{
	struct node **children;

	/* Below names nothing was typed. */
	if (!node->variable && node->type)
		node->type = type_keep(making, node->type);
	if (node->folded) {
		struct value *value = room(making, sizeof(*value));

		if (value)
			*value = value_keep(making, *node->value);
		node->value = value;
	}
	if (node->kind == NODE_LITERAL || node->count == 0 || !node_is_whole(node))
		return;
	children = room(making, node->count * sizeof(struct node *));
	for (uint32_t i = 0; children && i < node->count; i++)
		children[i] = node_keep(making, node->children[i]);
	node->children = children;
}

static struct node *node_keep(struct making *making, const struct node *from)
{
	struct node *node = room(making, sizeof(*node));
	struct node **children;

	if (!node)
		return NULL;
	*node = *from;
	node_share(making, node);
	if (node_is_whole(node))
		return node;
	children = room(making, node->count * sizeof(struct node *));
	for (uint32_t i = 0; children && i < node->count; i++)
		children[i] = node_keep(making, node->children[i]);
	node->children = children;
	return node;
}

/* --- runs ------------------------------------------------------------------------------------------ */

static void nodes_count(struct part *part, const struct node *node)
{
	part->node_count++;
	for (uint32_t i = 0; !node_is_whole(node) && i < node->count; i++) {
		part->child_count++;
		nodes_count(part, node->children[i]);
	}
}

/* Of a list that is a piece every rule has its own. */
static bool is_list_piece(const struct making *making, const struct node *node)
{
	for (size_t i = 0; i < making->part->spot_count; i++) {
		if (making->placed[i] == node)
			return node->kind == NODE_LIST;
	}
	return false;
}

static struct node *node_write(
		struct making *making, const struct node *from, size_t *nodes, size_t *children)
{
	struct part *part = making->part;
	size_t number = (*nodes)++;
	struct node *node = &part->nodes[number];

	*node = *from;
	for (size_t i = 0; i < part->spot_count; i++) {
		if (making->placed[i] == from)
			part->spots[i].node = (uint16_t)number;
	}
	if (is_list_piece(making, from)) {
		node->children = NULL;
		node->value = NULL;
		return node;
	}
	node_share(making, node);
	if (node_is_whole(node))
		return node;
	part->parents[part->parent_count++] =
			(struct parent){ (uint16_t)number, (uint16_t)*children };
	node->children = &part->children[*children];
	*children += node->count;
	for (uint32_t i = 0; i < node->count; i++)
		node->children[i] = node_write(making, from->children[i], nodes, children);
	return node;
}

static void *own_copy(struct making *making, const void *from, size_t size)
{
	void *own = arena_copy(making->own, from, size);

	making->failed |= !own;
	return own;
}

/* Of those that the value needs; behind them are those of quotients that are only shown. */
static uint16_t ratios_count(const struct program *program, int code_count)
{
	uint16_t count = 0;

	for (int i = 0; i < code_count; i++) {
		if (program->code[i].opcode == OP_RATIO ||
				program->code[i].opcode == OP_RATIO_VALUE)
			count++;
	}
	return count;
}

static void constants_write(struct making *making, const struct program *program)
{
	struct part *part = making->part;

	part->constant_count = (uint16_t)program->constant_count;
	part->constants = own_copy(making, program->constants,
			(size_t)program->constant_count * sizeof(*program->constants));
	for (size_t i = 0; part->constants && i < part->constant_count; i++) {
		bool is_piece = false;

		for (size_t k = 0; k < part->spot_count; k++)
			is_piece |= part->spots[k].constant == i;
		if (!is_piece)
			part->constants[i] = value_keep(making, part->constants[i]);
	}
}

static void part_write(struct making *making)
{
	const struct program *program = rule_code(making->rule);
	struct node *root = rule_tree(making->rule);
	struct part *part = making->part;
	size_t nodes = 0, children = 0;

	nodes_count(part, root);
	part->nodes = ARENA_NEW_ARRAY(making->own, struct node, part->node_count);
	part->children = ARENA_NEW_ARRAY(making->own, struct node *, part->child_count + 1);
	/* Each parent but the first is a child. */
	part->parents = ARENA_NEW_ARRAY(making->own, struct parent, part->child_count + 1);
	if (part->nodes && part->children && part->parents)
		(void)node_write(making, root, &nodes, &children);
	else
		making->failed = true;
	constants_write(making, program);
	part->code = own_copy(making, program->code,
			(size_t)program->code_count * sizeof(*program->code));
	part->code_count = (uint16_t)program->code_count;
	part->main_count = (uint16_t)root->code_end;
	part->ratios = own_copy(making, program->ratios,
			(size_t)program->ratio_count * sizeof(*program->ratios));
	part->ratio_count = (uint16_t)program->ratio_count;
	part->main_ratios = ratios_count(program, root->code_end);
	part->slots = own_copy(making, program->slots,
			(size_t)program->slot_count * sizeof(*program->slots));
	part->slot_kinds = own_copy(making, program->slot_kinds,
			(size_t)program->slot_count * sizeof(*program->slot_kinds));
	part->slot_count = (uint16_t)program->slot_count;
	part->stack_size = program->stack_size;
	part->loop_depth = program->loop_depth;
	part->constant = root->constant;
	part->is_bool = root->type->kind == TYPE_BOOL;
}

/* --- all ------------------------------------------------------------------------------------------- */

/* As the text of @source is, but for what it must come to. */
static const struct rule *rule_make(
		struct making *making, const struct scope *scope, struct arena *scratch)
{
	struct rule_options options = *making->source->options;
	struct diagnostics ignored;

	options.memo = NULL;
	options.expected = NULL;
	options.expected_dimension = DIMENSION_ANY;
	options.warn_bare = options.warn_choices = false;
	options.cost_limit = UINT64_MAX;
	diagnostics_init(&ignored, scratch);
	return rule_compile(making->text, scope, &options, scratch, &ignored);
}

static void nodes_forget(struct node *node)
{
	node->code_begin = node->code_end = -1;
	for (uint32_t i = 0; i < node->count; i++)
		nodes_forget(node->children[i]);
}

/* Fills in the part of the rule that @making has by now; with the code as it is in a copy. */
static bool part_fill(struct making *making, const struct piece *pieces, size_t count,
		struct arena *scratch)
{
	struct part *part = making->part;
	const struct rule *rule = making->rule;
	struct program *program = rule_code(rule);
	struct node *root = rule_tree(rule);

	if (rule->cost > UINT32_MAX || !spots_find(making, pieces, count)) {
		part->exact = count > 0;
		part->spot_count = 0;
		return true;
	}
	part->steps = (uint32_t)rule->cost;
	nodes_fold(making, root, pieces, count);
	nodes_forget(root);
	/* What is folded beforehand has no room on the stack. */
	if (!program_compile(program, root, program->loop_depth, scratch) ||
			!spots_find(making, pieces, count))
		return false;
	part_write(making);
	part->usable = true;
	return !making->failed;
}

struct part *part_make(const struct source *source, const struct unit *unit,
		const struct piece *pieces, const struct scope *scope, struct arena *arena,
		struct arena *own)
{
	struct making making = {
		.source = source,
		.text = { source->text.data + unit->begin, (size_t)unit->end - unit->begin },
		.arena = arena,
		.own = own,
		.part = ARENA_NEW(own, struct part),
	};
	struct piece own_pieces[MEMO_PIECES_MOST];
	struct arena scratch;
	bool ok = true;

	if (!making.part)
		return NULL;
	making.part->spots = ARENA_NEW_ARRAY(own, struct spot, unit->pieces + 1);
	making.part->list_steps = ARENA_NEW_ARRAY(own, uint64_t, LISTS_PRICED);
	if (!making.part->spots || !making.part->list_steps)
		return NULL;
	making.part->spot_count = unit->pieces;
	for (size_t i = 0; i < unit->pieces; i++) {
		own_pieces[i] = pieces[i];
		own_pieces[i].at = (uint16_t)(pieces[i].at - unit->begin);
		if (pieces[i].kind == PIECE_LIST) {
			making.part->list_at = own_pieces[i].at;
			making.part->list_size = own_pieces[i].size;
		}
	}
	arena_init(&scratch, (size_t)16 << 20);
	making.rule = rule_make(&making, scope, &scratch);
	if (making.rule)
		ok = part_fill(&making, own_pieces, unit->pieces, &scratch);
	ok = ok && !scratch.exhausted && !arena->exhausted && !own->exhausted;
	arena_fini(&scratch);
	return ok ? making.part : NULL;
}
