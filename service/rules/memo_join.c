/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule out of parts: copies their trees and their code one behind the other, puts in the figures, texts and
 * lists of this text, and writes what joins them, as the parser, the checker and the compiler would. All of a
 * rule is one piece of memory.
 */
#include "rules/memo_internal.h"

struct joining {
	struct rule_memo *memo;
	struct slice text;
	struct program *program;
	struct node *nodes; /* the next free one, and so on */
	struct node **children;
	int code, constants, ratios;
	int shown_code, shown_ratios; /* behind all others */
	uint64_t cost;
	struct arena *arena;
	bool failed;
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
		struct joining *joining, const struct part *part, const struct shift *shift)
{
	struct node *nodes = joining->nodes;
	struct node **children = joining->children;

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
	joining->nodes += part->node_count;
	joining->children += part->child_count;
	return nodes;
}

/* What ->a of an instruction of the part is in the rule. */
static inline int instruction_move(const struct joining *joining, const struct part *part,
		const struct shift *shift, const struct instruction *from)
{
	switch ((enum opcode)from->opcode) {
	case OP_CONST:
	case OP_SELECT:
	case OP_HAS:
		return from->a + joining->constants;
	case OP_SLOT:
		return joining->memo->slot_at[part->slots[from->a]];
	case OP_RATIO:
	case OP_RATIO_VALUE:
		return from->a +
		       (from->a < part->main_ratios ? joining->ratios
						    : joining->shown_ratios -
								       part->main_ratios);
	case OP_AND:
	case OP_OR:
	case OP_BRANCH:
	case OP_JUMP:
	case OP_LOOP:
	case OP_NEXT:
	case OP_TEST:
	case OP_STEP:
		return from->a + shift->code;
	case OP_LOCAL:
	case OP_NOT:
	case OP_NEGATE:
	case OP_OPERATOR:
	case OP_LIST:
	case OP_MAP:
	case OP_INDEX:
	case OP_KNOWN:
	case OP_CALL:
		break;
	}
	return from->a;
}

static void code_copy(
		struct joining *joining, const struct part *part, const struct shift *shift)
{
	struct instruction *code = joining->program->code + shift->code;

	for (int i = 0; i < part->code_count; i++) {
		if (i == part->main_count)
			code = joining->program->code + shift->shown_code;
		code[i] = part->code[i];
		code[i].a = instruction_move(joining, part, shift, &part->code[i]);
	}
	joining->code += part->main_count;
	joining->shown_code += part->code_count - part->main_count;
}

static void ratios_copy(struct joining *joining, const struct part *part)
{
	const uint16_t *slot_at = joining->memo->slot_at;

	for (int i = 0; i < part->ratio_count; i++) {
		struct program_ratio *ratio =
				&joining->program->ratios
						 [i < part->main_ratios ? joining->ratios++
									: joining->shown_ratios++];

		*ratio = part->ratios[i];
		ratio->own = slot_at[part->slots[ratio->own]];
		ratio->num = slot_at[part->slots[ratio->num]];
		ratio->den = slot_at[part->slots[ratio->den]];
	}
}

static int64_t figure_read(struct slice text, const struct piece *piece)
{
	int64_t number = 0;

	for (const char *at = text.data + piece->at; at < text.data + piece->at + piece->size;
			at++)
		number = number * 10 + (*at - '0');
	return number;
}

/* Puts in what this text has where others have something else. */
static void piece_put(struct joining *joining, const struct unit *unit, const struct spot *spot,
		const struct piece *piece, struct node *nodes)
{
	struct node *node = &nodes[spot->node];
	struct value *constant =
			&joining->program->constants[joining->constants + spot->constant];

	switch ((enum piece_kind)piece->kind) {
	case PIECE_FIGURE:
		node->literal.integer = figure_read(joining->text, piece);
		if (spot->negative)
			node->literal.integer = -node->literal.integer;
		break;
	case PIECE_STRING:
		node->literal.text = (struct slice){ joining->text.data + piece->at + 1,
			(size_t)piece->size - 2 };
		break;
	case PIECE_LIST:
		node->children = unit->list->children;
		node->count = (uint16_t)unit->list->value.list.count;
		node->value = &unit->list->value;
		*constant = unit->list->value;
		return;
	}
	*constant = node->literal;
	if (spot->convert) {
		struct call_context context = { .arena = joining->arena };

		*constant = spot->convert(&context, &node->literal, 1);
		joining->failed |= constant->kind != VALUE_INT;
	}
}

/* What a part costs that has a list: most lists are of one part. */
static uint64_t list_steps(
		struct known_list *list, const struct part *part, const struct node *root)
{
	if (list->part != part) {
		list->part = part;
		list->steps = tree_cost(root);
	}
	return list->steps;
}

static struct node *part_join(struct joining *joining, const struct unit *unit, int *out_stack)
{
	const struct part *part = unit->part;
	const struct piece *pieces = &joining->memo->reading.pieces[unit->piece];
	struct shift shift = { .begin = unit->begin,
		.code = joining->code,
		.main_count = part->main_count,
		.shown_code = joining->shown_code - part->main_count };
	struct node *nodes;

	for (size_t i = 0; unit->list && i < unit->pieces; i++) {
		if (pieces[i].kind != PIECE_LIST)
			continue;
		shift.list_end = (uint16_t)(part->list_at + part->list_size);
		shift.list_more = (uint16_t)(pieces[i].size - part->list_size);
	}
	nodes = nodes_copy(joining, part, &shift);
	code_copy(joining, part, &shift);
	ratios_copy(joining, part);
	memcpy(joining->program->constants + joining->constants, part->constants,
			part->constant_count * sizeof(*part->constants));
	for (size_t i = 0; i < unit->pieces; i++)
		piece_put(joining, unit, &part->spots[i], &pieces[i], nodes);
	joining->constants += part->constant_count;
	joining->cost += unit->list ? list_steps(unit->list, part, nodes) : part->steps;
	*out_stack = part->stack_size;
	return nodes;
}

/* --- joints ---------------------------------------------------------------------------------------- */

static struct node *unit_join(struct joining *joining, const struct unit *unit, int *out_stack);

/* As compile_logic() does: the jumps are a chain until their end is known. */
static void logic_join(struct joining *joining, const struct unit *unit, struct node *node,
		int *out_stack)
{
	const struct unit *units = joining->memo->reading.units;
	struct instruction *code = joining->program->code;
	enum opcode opcode = unit->kind == UNIT_AND ? OP_AND : OP_OR;
	uint16_t number = unit->first;
	int chain = -1;
	int stack;

	*out_stack = 0;
	for (uint32_t i = 0; i < unit->count; i++) {
		node->children[i] = unit_join(joining, &units[number], &stack);
		number = units[number].next;
		stack += i > 0;
		if (stack > *out_stack)
			*out_stack = stack;
		code[joining->code] = (struct instruction){
			.opcode = (uint8_t)opcode, .b = i == 0, .c = i == 0, .a = chain
		};
		chain = joining->code++;
	}
	while (chain >= 0) {
		int next = code[chain].a;

		code[chain].a = joining->code;
		chain = next;
	}
	node->kind = unit->kind == UNIT_AND ? NODE_AND : NODE_OR;
	node->begin = node->mark = node->children[0]->begin;
	node->mark_end = unit->end;
}

static struct node *unit_join(struct joining *joining, const struct unit *unit, int *out_stack)
{
	struct node *node;

	if (unit->kind == UNIT_PART)
		return part_join(joining, unit, out_stack);
	node = joining->nodes++;
	*node = (struct node){ .dimension = DIMENSION_FREE,
		.end = unit->end,
		.count = unit->count,
		.local = -1,
		.type = &type_bool,
		.code_begin = (int16_t)joining->code,
		.children = joining->children };
	joining->children += unit->count;
	joining->cost++;
	if (unit->kind == UNIT_NOT) {
		node->children[0] = unit_join(
				joining, &joining->memo->reading.units[unit->first], out_stack);
		joining->program->code[joining->code++] =
				(struct instruction){ .opcode = OP_NOT };
		node->kind = NODE_NOT;
		node->begin = node->mark = unit->begin;
		node->mark_end = (uint16_t)(unit->begin + 1);
	} else {
		logic_join(joining, unit, node, out_stack);
	}
	node->code_end = (int16_t)joining->code;
	for (uint32_t i = 0; i < unit->count; i++) {
		const struct node *child = node->children[i];

		node->reads_attribute |= child->reads_attribute;
		if (child->depth >= node->depth)
			node->depth = (uint8_t)(child->depth + 1);
	}
	joining->failed |= node->depth > TREE_DEPTH_LIMIT;
	return node;
}

/* --- all ------------------------------------------------------------------------------------------- */

/* How much of everything a rule takes. */
struct measure {
	size_t nodes, children, constants, slots, ratios;
	int main_code, code, main_ratios;
	int loop_depth;
};

/* The slots of all parts get their places: in order, each once. */
static size_t slots_number(struct rule_memo *memo)
{
	const struct reading *reading = &memo->reading;
	uint16_t count = 0;

	memset(memo->slots, 0, memo->slot_words * sizeof(*memo->slots));
	for (unsigned i = 0; i < reading->unit_count; i++) {
		const struct part *part = reading->units[i].part;

		for (size_t k = 0; part && k < part->slot_count; k++) {
			size_t slot = (size_t)part->slots[k];

			memo->slots[slot / 64] |= UINT64_C(1) << slot % 64;
			memo->slot_kinds[slot] = (uint8_t)part->slot_kinds[k];
		}
	}
	for (size_t i = 0; i < memo->slot_words; i++) {
		for (uint64_t bits = memo->slots[i]; bits; bits &= bits - 1)
			memo->slot_at[64 * i + (size_t)__builtin_ctzll(bits)] = count++;
	}
	return count;
}

static struct measure units_measure(struct rule_memo *memo)
{
	const struct reading *reading = &memo->reading;
	struct measure measure = { .slots = slots_number(memo) };
	int shown_code = 0;

	for (unsigned i = 0; i < reading->unit_count; i++) {
		const struct unit *unit = &reading->units[i];
		const struct part *part = unit->part;

		if (!part) {
			measure.nodes++;
			measure.children += unit->count;
			measure.main_code += unit->count;
			continue;
		}
		measure.nodes += part->node_count;
		measure.children += part->child_count;
		measure.constants += part->constant_count;
		measure.main_code += part->main_count;
		shown_code += part->code_count - part->main_count;
		measure.ratios += part->ratio_count;
		measure.main_ratios += part->main_ratios;
		if (part->loop_depth > measure.loop_depth)
			measure.loop_depth = part->loop_depth;
	}
	measure.code = measure.main_code + shown_code;
	return measure;
}

static void slots_write(struct rule_memo *memo, struct program *program)
{
	int count = 0;

	for (size_t i = 0; i < memo->slot_words; i++) {
		for (uint64_t bits = memo->slots[i]; bits; bits &= bits - 1) {
			size_t slot = 64 * i + (size_t)__builtin_ctzll(bits);

			program->slots[count] = (int)slot;
			program->slot_kinds[count++] = (enum value_kind)memo->slot_kinds[slot];
		}
	}
	program->slot_count = count;
}

/* Takes @size bytes of what is left. */
static void *room_take(char **room, size_t size)
{
	void *piece = *room;

	*room += size;
	return piece;
}

const struct rule *memo_join(struct rule_memo *memo, uint16_t root, const struct source *source,
		struct arena *arena)
{
	struct measure measure = units_measure(memo);
	struct arena_mark mark = arena_mark(arena);
	struct joining joining = { .memo = memo, .text = source->text, .arena = arena };
	struct rule *rule;
	char *room;
	int stack;

	if (measure.code > TREE_CODE_LIMIT)
		return NULL;
	/* Largest units first, so that each is aligned. */
	room = arena_alloc(arena,
			sizeof(*rule) + measure.nodes * sizeof(struct node) +
					measure.constants * sizeof(struct value) +
					measure.children * sizeof(struct node *) +
					measure.ratios * sizeof(struct program_ratio) +
					(size_t)measure.code * sizeof(struct instruction) +
					measure.slots * (sizeof(int) + sizeof(enum value_kind)));
	if (!room)
		return NULL;
	rule = room_take(&room, sizeof(*rule));
	*rule = (struct rule){ .text = source->text,
		.program = { .code_count = measure.code,
				.constant_count = (int)measure.constants,
				.ratio_count = (int)measure.ratios,
				.loop_depth = measure.loop_depth } };
	joining.program = &rule->program;
	joining.nodes = room_take(&room, measure.nodes * sizeof(struct node));
	rule->program.constants = room_take(&room, measure.constants * sizeof(struct value));
	joining.children = room_take(&room, measure.children * sizeof(struct node *));
	rule->program.ratios = room_take(&room, measure.ratios * sizeof(struct program_ratio));
	rule->program.code =
			room_take(&room, (size_t)measure.code * sizeof(struct instruction));
	rule->program.slots = room_take(&room, measure.slots * sizeof(int));
	rule->program.slot_kinds = room_take(&room, measure.slots * sizeof(enum value_kind));
	joining.shown_code = measure.main_code;
	joining.shown_ratios = measure.main_ratios;
	slots_write(memo, &rule->program);
	rule->root = unit_join(&joining, &memo->reading.units[root], &stack);
	rule->program.stack_size = stack;
	rule->cost = joining.cost;
	if (joining.failed || rule->cost > rule_cost_limit(source->options)) {
		arena_rewind(arena, mark);
		return NULL;
	}
	return rule;
}
