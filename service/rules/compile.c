/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a checked tree to code, in one walk. Slots are named by their place in the rule's own sorted
 * list, so that a set of missing slots fits one word for all but the widest rules.
 */
#include "rules/program.h"

#include "rules/type.h"

/* Most rules have fewer steps and constants than this; what a rule keeps is as large as it has to be. */
#define CODE_ROOM 128
#define CONSTANT_ROOM 32

struct compiler {
	struct program *program;
	struct arena *arena;
	struct instruction code[CODE_ROOM];    /* where program->code begins, and */
	struct value constants[CONSTANT_ROOM]; /* ->constants, until all is known */
	int code_capacity, constant_capacity;
	int stack; /* values on it at this point */
	bool failed;
};

/* --- slots ----------------------------------------------------------------------------------- */

struct slot_use {
	int slot;
	enum value_kind kind;
};

/* Most rules read fewer slots. */
#define SLOT_ROOM 16

struct slot_list {
	struct slot_use *items;
	int count, capacity;
	int ratio_count;
	struct slot_use room[SLOT_ROOM]; /* where ->items begins */
};

static void slot_add(struct compiler *compiler, struct slot_list *list, int slot,
		enum value_kind kind)
{
	int at = 0;

	while (at < list->count && list->items[at].slot < slot)
		at++;
	if (at < list->count && list->items[at].slot == slot)
		return;
	if (list->count == list->capacity) {
		int capacity = list->capacity * 2;
		struct slot_use *items = ARENA_NEW_ARRAY(
				compiler->arena, struct slot_use, (size_t)capacity);

		if (!items) {
			compiler->failed = true;
			return;
		}
		memcpy(items, list->items, (size_t)list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	memmove(&list->items[at + 1], &list->items[at],
			(size_t)(list->count - at) * sizeof(*list->items));
	list->items[at] = (struct slot_use){ slot, kind };
	list->count++;
}

static void slots_collect(
		struct compiler *compiler, const struct node *node, struct slot_list *list)
{
	if (node->variable) {
		const struct scope_ratio *ratio = node->variable->ratio;

		slot_add(compiler, list, node->variable->slot,
				type_value_kind(node->variable->type));
		if (ratio) {
			slot_add(compiler, list, ratio->num_slot, VALUE_INT);
			slot_add(compiler, list, ratio->den_slot, VALUE_INT);
			list->ratio_count++;
		}
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		slots_collect(compiler, node->children[i], list);
}

static int slot_index(const struct program *program, int slot)
{
	int low = 0, high = program->slot_count - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (program->slots[middle] < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* *out_ratios: how often a quotient is named. */
static bool slots_store(struct compiler *compiler, const struct node *root, int *out_ratios)
{
	struct program *program = compiler->program;
	struct slot_list list; /* its room is filled in order */

	list.items = list.room;
	list.capacity = SLOT_ROOM;
	list.count = list.ratio_count = 0;
	slots_collect(compiler, root, &list);
	program->slots = arena_alloc(compiler->arena, (size_t)list.count * sizeof(int));
	program->slot_kinds = arena_alloc(
			compiler->arena, (size_t)list.count * sizeof(enum value_kind));
	/* Every quotient may be compiled twice: for comparing and for showing. */
	if (list.ratio_count)
		program->ratios = ARENA_NEW_ARRAY(compiler->arena, struct program_ratio,
				2 * (size_t)list.ratio_count);
	if (compiler->failed || !program->slots || !program->slot_kinds ||
			(list.ratio_count && !program->ratios))
		return false;
	for (int i = 0; i < list.count; i++) {
		program->slots[i] = list.items[i].slot;
		program->slot_kinds[i] = list.items[i].kind;
	}
	program->slot_count = list.count;
	*out_ratios = list.ratio_count;
	return true;
}

/* --- code ------------------------------------------------------------------------------------ */

static int emit(struct compiler *compiler, enum opcode opcode, int32_t a, int b)
{
	struct program *program = compiler->program;

	if (program->code_count == TREE_CODE_LIMIT) {
		compiler->failed = true;
		return 0;
	}
	if (program->code_count == compiler->code_capacity) {
		int capacity = compiler->code_capacity * 2;
		struct instruction *code = ARENA_NEW_ARRAY(
				compiler->arena, struct instruction, (size_t)capacity);

		if (!code) {
			compiler->failed = true;
			return 0;
		}
		memcpy(code, program->code, (size_t)program->code_count * sizeof(*code));
		program->code = code;
		compiler->code_capacity = capacity;
	}
	program->code[program->code_count] =
			(struct instruction){ (uint8_t)opcode, (uint8_t)b, (uint16_t)b, a };
	return program->code_count++;
}

static void patch(struct compiler *compiler, int at)
{
	if (!compiler->failed)
		compiler->program->code[at].a = compiler->program->code_count;
}

/* Values that come and go: keeps the greatest height. */
static void stack_move(struct compiler *compiler, int by)
{
	compiler->stack += by;
	if (compiler->stack > compiler->program->stack_size)
		compiler->program->stack_size = compiler->stack;
}

static int constant_add(struct compiler *compiler, struct value value)
{
	struct program *program = compiler->program;

	if (program->constant_count == compiler->constant_capacity) {
		int capacity = compiler->constant_capacity * 2;
		struct value *constants = ARENA_NEW_ARRAY(
				compiler->arena, struct value, (size_t)capacity);

		if (!constants) {
			compiler->failed = true;
			return 0;
		}
		memcpy(constants, program->constants,
				(size_t)program->constant_count * sizeof(*constants));
		program->constants = constants;
		compiler->constant_capacity = capacity;
	}
	program->constants[program->constant_count] = value;
	return program->constant_count++;
}

static void emit_constant(struct compiler *compiler, struct value value)
{
	(void)emit(compiler, OP_CONST, constant_add(compiler, value), 0);
	stack_move(compiler, 1);
}

static struct value name_constant(const struct node *node)
{
	return (struct value){ .kind = VALUE_STRING, .text = node_name(node) };
}

static void compile_node(struct compiler *compiler, struct node *node);

static int ratio_add(struct compiler *compiler, const struct scope_name *name)
{
	struct program *program = compiler->program;

	program->ratios[program->ratio_count] = (struct program_ratio){
		.own = slot_index(program, name->slot),
		.num = slot_index(program, name->ratio->num_slot),
		.den = slot_index(program, name->ratio->den_slot),
		.zero_known = name->ratio->when_den_zero_known,
		.zero_ppm = name->ratio->when_den_zero_ppm,
	};
	return program->ratio_count++;
}

static void compile_variable(struct compiler *compiler, const struct node *node)
{
	if (node->variable->ratio)
		(void)emit(compiler, OP_RATIO_VALUE, ratio_add(compiler, node->variable), 0);
	else
		(void)emit(compiler, OP_SLOT,
				slot_index(compiler->program, node->variable->slot), 0);
	stack_move(compiler, 1);
}

/* A quotient against a constant or parameter: only the other side is pushed. */
static bool compile_ratio(struct compiler *compiler, struct node *node)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct node *side = node->children[i];
		enum operator_kind operation = node->operation;

		if (!side->variable || !side->variable->ratio)
			continue;
		if (i == 1)
			operation = operator_swapped(operation);
		compile_node(compiler, node->children[1 - i]);
		(void)emit(compiler, OP_RATIO, ratio_add(compiler, side->variable),
				(int)operation);
		return true;
	}
	return false;
}

static void compile_children(struct compiler *compiler, struct node *node, uint32_t first)
{
	for (uint32_t i = first; i < node->count; i++)
		compile_node(compiler, node->children[i]);
}

static void compile_logic(struct compiler *compiler, struct node *node)
{
	enum opcode opcode = node->kind == NODE_AND ? OP_AND : OP_OR;
	int first = -1;

	/* The first child may settle the run alone (b = 1). The jumps form a chain through ->a until
	 * their target is known. */
	for (uint32_t i = 0; i < node->count; i++) {
		compile_node(compiler, node->children[i]);
		first = emit(compiler, opcode, first, i == 0);
		if (i > 0)
			stack_move(compiler, -1);
		if (compiler->failed)
			return;
	}
	while (first >= 0) {
		int next = compiler->program->code[first].a;

		patch(compiler, first);
		first = next;
	}
}

static void compile_conditional(struct compiler *compiler, struct node *node)
{
	int branch, jump;

	compile_node(compiler, node->children[0]);
	branch = emit(compiler, OP_BRANCH, 0, 0);
	stack_move(compiler, -1);
	compile_node(compiler, node->children[1]);
	jump = emit(compiler, OP_JUMP, 0, 0);
	stack_move(compiler, -1);
	patch(compiler, branch);
	compile_node(compiler, node->children[2]);
	patch(compiler, jump);
}

static void compile_call(struct compiler *compiler, struct node *node)
{
	uint32_t first = node->receiver && node->children[0]->is_namespace;
	int count = (int)(node->count - first);

	compile_children(compiler, node, first);
	if (emit(compiler, OP_CALL, node->function - 1, 0) >= 0 && !compiler->failed)
		compiler->program->code[compiler->program->code_count - 1].c = (uint16_t)count;
	stack_move(compiler, 1 - count);
}

/*
 *     range, LOOP, then for each element: NEXT, [TEST condition,] body, STEP, JUMP back
 */
static void compile_loop(struct compiler *compiler, struct node *node)
{
	int enter, next, step;

	compile_node(compiler, node->children[0]);
	enter = emit(compiler, OP_LOOP, 0, node->local);
	if (!compiler->failed)
		compiler->program->code[enter].c = (uint16_t)node->loop;
	stack_move(compiler, -1);
	next = emit(compiler, OP_NEXT, 0, node->local);
	if (node->count == 3) {
		compile_node(compiler, node->children[1]);
		(void)emit(compiler, OP_TEST, next, node->local);
		stack_move(compiler, -1);
	}
	compile_node(compiler, node->children[node->count - 1]);
	step = emit(compiler, OP_STEP, 0, node->local);
	stack_move(compiler, -1);
	(void)emit(compiler, OP_JUMP, next, 0);
	patch(compiler, enter);
	patch(compiler, next);
	patch(compiler, step);
	stack_move(compiler, 1);
}

static void compile_has(struct compiler *compiler, struct node *node)
{
	struct node *entry = node->children[0];

	if (entry->variable) {
		compile_node(compiler, entry);
		(void)emit(compiler, OP_KNOWN, 0, 0);
		return;
	}
	compile_node(compiler, entry->children[0]);
	(void)emit(compiler, OP_HAS, constant_add(compiler, name_constant(entry)), 0);
}

static void compile_any(struct compiler *compiler, struct node *node)
{
	switch (node->kind) {
	case NODE_BAD:
		break;
	case NODE_LITERAL:
		emit_constant(compiler, node->literal);
		break;
	case NODE_NAME:
		(void)emit(compiler, OP_LOCAL, node->local, 0);
		stack_move(compiler, 1);
		break;
	case NODE_SELECT:
		compile_node(compiler, node->children[0]);
		(void)emit(compiler, OP_SELECT, constant_add(compiler, name_constant(node)), 0);
		break;
	case NODE_INDEX:
		compile_children(compiler, node, 0);
		(void)emit(compiler, OP_INDEX, 0, 0);
		stack_move(compiler, -1);
		break;
	case NODE_CALL:
		compile_call(compiler, node);
		break;
	case NODE_LIST:
		compile_children(compiler, node, 0);
		(void)emit(compiler, OP_LIST, (int32_t)node->count, 0);
		stack_move(compiler, 1 - (int)node->count);
		break;
	case NODE_MAP:
		compile_children(compiler, node, 0);
		(void)emit(compiler, OP_MAP, (int32_t)(node->count / 2), 0);
		stack_move(compiler, 1 - (int)node->count);
		break;
	case NODE_NOT:
	case NODE_NEGATE:
		compile_node(compiler, node->children[0]);
		(void)emit(compiler, node->kind == NODE_NOT ? OP_NOT : OP_NEGATE, 0, 0);
		break;
	case NODE_AND:
	case NODE_OR:
		compile_logic(compiler, node);
		break;
	case NODE_CONDITIONAL:
		compile_conditional(compiler, node);
		break;
	case NODE_OPERATOR:
		if (compile_ratio(compiler, node))
			break;
		compile_children(compiler, node, 0);
		(void)emit(compiler, OP_OPERATOR, 0, (int)node->operation);
		stack_move(compiler, -1);
		break;
	case NODE_HAS:
		compile_has(compiler, node);
		break;
	case NODE_LOOP:
		compile_loop(compiler, node);
		break;
	}
}

static void forget_code(struct node *node)
{
	node->code_begin = node->code_end = -1;
	for (uint32_t i = 0; i < node->count; i++)
		forget_code(node->children[i]);
}

/* Computes what was just emitted for @node and puts the value in its place; errors stay code. */
static void fold(struct compiler *compiler, struct node *node, int constants)
{
	struct program *program = compiler->program;
	struct evaluation nothing = { .arena = compiler->arena };
	struct value value =
			program_run(program, node->code_begin, program->code_count, &nothing);

	if (value.kind == VALUE_ERROR || value.kind == VALUE_UNKNOWN ||
			compiler->arena->exhausted)
		return;
	program->code_count = node->code_begin;
	forget_code(node);
	program->constant_count = constants;
	compiler->stack--;
	emit_constant(compiler, value);
}

static void compile_node(struct compiler *compiler, struct node *node)
{
	int begin = compiler->program->code_count;
	int constants = compiler->program->constant_count;

	if (compiler->failed)
		return;
	node->code_begin = (int16_t)begin;
	if (node->folded)
		emit_constant(compiler, *node->value);
	else if (node->variable)
		compile_variable(compiler, node);
	else
		compile_any(compiler, node);
	if (compiler->failed)
		return;
	if (node->constant && node->kind != NODE_LITERAL && !node->folded) {
		fold(compiler, node, constants);
		node->code_begin = (int16_t)begin;
	}
	node->code_end = (int16_t)compiler->program->code_count;
}

/* The code of quotients in comparisons, for those who want to show them, behind all else. */
static void compile_shown_ratios(struct compiler *compiler, struct node *node)
{
	if (node->variable && node->variable->ratio && node->code_begin < 0) {
		compiler->stack = 0;
		compile_node(compiler, node);
		return;
	}
	for (uint32_t i = 0; !node->variable && i < node->count; i++)
		compile_shown_ratios(compiler, node->children[i]);
}

/* Moves what was made in the compiler's own room to where it stays. */
static bool program_settle(struct compiler *compiler)
{
	struct program *program = compiler->program;
	size_t code_size = (size_t)program->code_count * sizeof(*program->code);
	size_t constants_size = (size_t)program->constant_count * sizeof(*program->constants);

	if (program->code == compiler->code) {
		program->code = arena_alloc(compiler->arena, code_size);
		if (program->code)
			memcpy(program->code, compiler->code, code_size);
	}
	if (program->constants == compiler->constants) {
		program->constants = arena_alloc(compiler->arena, constants_size);
		if (program->constants)
			memcpy(program->constants, compiler->constants, constants_size);
	}
	return program->code && program->constants;
}

bool program_compile(
		struct program *program, struct node *root, int loop_depth, struct arena *arena)
{
	struct compiler compiler;
	int ratios = 0;

	/* Not all of it is zeroed: its rooms are large, and filled in order. */
	compiler.program = program;
	compiler.arena = arena;
	compiler.code_capacity = CODE_ROOM;
	compiler.constant_capacity = CONSTANT_ROOM;
	compiler.stack = 0;
	compiler.failed = false;
	*program = (struct program){
		.loop_depth = loop_depth, .code = compiler.code, .constants = compiler.constants
	};
	if (slots_store(&compiler, root, &ratios))
		compile_node(&compiler, root);
	else
		compiler.failed = true;
	program->main_count = program->code_count;
	if (!compiler.failed && ratios > 0)
		compile_shown_ratios(&compiler, root);
	return program_settle(&compiler) && !compiler.failed && !arena->exhausted;
}

void program_dump(const struct program *program, FILE *out)
{
	static const struct {
		const char *name;
		const char *text;
	} opcodes[] = {
#define OP(name, text) { #name, text },
#include "rules/opcode.def"
#undef OP
	};

	for (int i = 0; i < program->code_count; i++) {
		const struct instruction *at = &program->code[i];

		(void)fprintf(out, "%4d  %-12s a=%-5d b=%-3d ; %s\n", i,
				opcodes[at->opcode].name, at->a, at->c,
				opcodes[at->opcode].text);
	}
	for (int i = 0; i < program->slot_count; i++)
		(void)fprintf(out, "slot %d is %d\n", i, program->slots[i]);
}
