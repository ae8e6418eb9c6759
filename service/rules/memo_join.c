/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program out of parts: copies their code one behind the other, puts in the figures, texts and lists of this text,
 * and writes what joins them, as the compiler would. All of it is one piece of memory.
 */
#include "rules/memo_internal.h"

struct joining {
	struct rule_memo *memo;
	struct slice text;
	struct program *program;
	int code, constants, ratios;
	int shown_code, shown_ratios; /* behind all others */
	uint64_t cost;
	struct arena *arena;
	bool failed;
};

/* What a unit comes to. */
struct joint {
	int stack;
	unsigned depth; /* of its tree */
};

/* By how much places in the code are further on in the rule than in the part. */
struct shift {
	int code, shown_code;
};

/* --- parts ----------------------------------------------------------------------------------------- */

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

int64_t memo_figure(struct slice text, const struct piece *piece)
{
	int64_t number = 0;

	for (const char *at = text.data + piece->at; at < text.data + piece->at + piece->size;
			at++)
		number = number * 10 + (*at - '0');
	return number;
}

/* Puts in what this text has where others have something else. */
static void piece_put(struct joining *joining, const struct unit *unit, const struct spot *spot,
		const struct piece *piece)
{
	struct value *constant =
			&joining->program->constants[joining->constants + spot->constant];
	struct value literal = { .kind = VALUE_INT };

	switch ((enum piece_kind)piece->kind) {
	case PIECE_FIGURE:
		literal.integer = memo_figure(joining->text, piece);
		if (spot->negative)
			literal.integer = -literal.integer;
		break;
	case PIECE_STRING:
		literal.kind = VALUE_STRING;
		literal.text = (struct slice){ joining->text.data + piece->at + 1,
			(size_t)piece->size - 2 };
		break;
	case PIECE_LIST:
		*constant = unit->list->value;
		return;
	}
	*constant = literal;
	if (spot->convert) {
		struct call_context context = { .arena = joining->arena };

		*constant = spot->convert(&context, &literal, 1);
		joining->failed |= constant->kind != VALUE_INT;
	}
}

/* What a part costs that has a list: of the elements of a constant nothing is asked but how many they are. */
static uint64_t list_steps(struct known_list *list, const struct part *part, size_t spot)
{
	struct node *node = &part->nodes[part->spots[spot].node];
	size_t count = list->value.list.count;
	uint64_t steps = count < LISTS_PRICED ? part->list_steps[count] : 0;

	if (steps)
		return steps;
	node->value = &list->value;
	node->count = (uint16_t)count;
	steps = tree_cost(part->nodes);
	if (count < LISTS_PRICED)
		part->list_steps[count] = steps;
	return steps;
}

static struct joint part_join(struct joining *joining, const struct unit *unit)
{
	const struct part *part = unit->part;
	const struct piece *pieces = &joining->memo->reading.pieces[unit->piece];
	struct shift shift = { .code = joining->code,
		.shown_code = joining->shown_code - part->main_count };
	uint64_t steps = part->steps;

	code_copy(joining, part, &shift);
	ratios_copy(joining, part);
	memcpy(joining->program->constants + joining->constants, part->constants,
			part->constant_count * sizeof(*part->constants));
	for (size_t i = 0; i < unit->pieces; i++) {
		piece_put(joining, unit, &part->spots[i], &pieces[i]);
		if (pieces[i].kind == PIECE_LIST)
			steps = list_steps(unit->list, part, i);
	}
	joining->constants += part->constant_count;
	joining->cost += steps;
	return (struct joint){ part->stack_size, part->nodes->depth };
}

/* --- joints ---------------------------------------------------------------------------------------- */

static struct joint unit_join(struct joining *joining, const struct unit *unit);

/* As compile_logic() does: the jumps are a chain until their end is known. */
static struct joint logic_join(struct joining *joining, const struct unit *unit)
{
	const struct unit *units = joining->memo->reading.units;
	struct instruction *code = joining->program->code;
	enum opcode opcode = unit->kind == UNIT_AND ? OP_AND : OP_OR;
	struct joint all = { 0 };
	uint16_t number = unit->first;
	int chain = -1;

	for (uint32_t i = 0; i < unit->count; i++) {
		struct joint one = unit_join(joining, &units[number]);

		number = units[number].next;
		one.stack += i > 0;
		if (one.stack > all.stack)
			all.stack = one.stack;
		if (one.depth > all.depth)
			all.depth = one.depth;
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
	return all;
}

static struct joint unit_join(struct joining *joining, const struct unit *unit)
{
	struct joint joint;

	if (unit->kind == UNIT_PART)
		return part_join(joining, unit);
	joining->cost++;
	if (unit->kind == UNIT_NOT) {
		joint = unit_join(joining, &joining->memo->reading.units[unit->first]);
		joining->program->code[joining->code++] =
				(struct instruction){ .opcode = OP_NOT };
	} else {
		joint = logic_join(joining, unit);
	}
	joint.depth++;
	joining->failed |= joint.depth > TREE_DEPTH_LIMIT;
	return joint;
}

/* --- all ------------------------------------------------------------------------------------------- */

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

struct measure memo_measure(const struct reading *reading)
{
	struct measure measure = { 0 };
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

/* All of a program, to be filled in; NULL when memory is short. */
static struct program *program_new(const struct measure *measure, struct arena *arena)
{
	/* Largest units first, so that each is aligned. */
	char *room = arena_alloc(arena,
			sizeof(struct program) + measure->constants * sizeof(struct value) +
					measure->ratios * sizeof(struct program_ratio) +
					(size_t)measure->code * sizeof(struct instruction) +
					measure->slots *
							(sizeof(int) + sizeof(enum value_kind)));
	struct program *program;

	if (!room)
		return NULL;
	program = room_take(&room, sizeof(*program));
	*program = (struct program){ .code_count = measure->code,
		.main_count = measure->main_code,
		.constant_count = (int)measure->constants,
		.ratio_count = (int)measure->ratios,
		.loop_depth = measure->loop_depth };
	program->constants = room_take(&room, measure->constants * sizeof(struct value));
	program->ratios = room_take(&room, measure->ratios * sizeof(struct program_ratio));
	program->code = room_take(&room, (size_t)measure->code * sizeof(struct instruction));
	program->slots = room_take(&room, measure->slots * sizeof(int));
	program->slot_kinds = room_take(&room, measure->slots * sizeof(enum value_kind));
	return program;
}

bool memo_join(struct rule_memo *memo, uint16_t root, struct slice text, struct arena *arena,
		struct joined *out)
{
	struct measure measure = memo_measure(&memo->reading);
	struct arena_mark mark = arena_mark(arena);
	struct joining joining = { .memo = memo, .text = text, .arena = arena };
	struct joint joint;

	if (measure.code > TREE_CODE_LIMIT)
		return false;
	measure.slots = slots_number(memo);
	joining.program = program_new(&measure, arena);
	if (!joining.program)
		return false;
	joining.shown_code = measure.main_code;
	joining.shown_ratios = measure.main_ratios;
	slots_write(memo, joining.program);
	joint = unit_join(&joining, &memo->reading.units[root]);
	joining.program->stack_size = joint.stack;
	if (joining.failed) {
		arena_rewind(arena, mark);
		return false;
	}
	*out = (struct joined){ joining.program, joining.cost, joint.depth };
	return true;
}
