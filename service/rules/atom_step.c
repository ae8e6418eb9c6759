/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the steps of a rule, mostly a term, to literals. The tree says the same, but has many times as many bytes, and a
 * catalog of trees is far larger than any cache: it is only looked at for what is no plain question.
 *
 * The steps are gone through once, as if no jump was ever taken, with what each value is in the place of the
 * value.
 */
#include "rules/atom_question.h"

#include <assert.h>

/* Rules that need more go by their trees. */
#define ITEMS_MOST 64
#define GROUPS_MOST (TREE_DEPTH_LIMIT + 1)
#define FETCHED_AT_ONCE 64

enum item_kind {
	ITEM_VALUE, /* reads no attribute */
	ITEM_SLOT,  /* an attribute */
	ITEM_LITERAL,
	ITEM_PART, /* what only its node can tell */
};

/* What is pushed by the steps from ->begin on. */
struct item {
	enum item_kind kind;
	int begin;
	union {
		const struct value *value;
		const struct scope_name *name;
		uint32_t literal;
	};
};

struct stepping {
	struct taking *taking;
	const struct program *program;
	struct item items[ITEMS_MOST];
	size_t count;
	size_t groups[GROUPS_MOST]; /* where runs of && and || begin on the stack of literals */
	size_t group_count;
};

/* --- nodes ------------------------------------------------------------------------------------- */

const struct node *atom_node_of(
		const struct rule *rule, int begin, int end, struct arena *arena)
{
	const struct node *node = rule_root(rule, arena);

	if (!node)
		return NULL;
	while (node->code_begin != begin || node->code_end != end) {
		const struct node *inner = NULL;

		for (uint32_t i = 0; i < node->count && !inner; i++) {
			const struct node *child = node->children[i];

			if (child->code_begin >= 0 && child->code_begin <= begin &&
					child->code_end >= end)
				inner = child;
		}
		assert(inner);
		node = inner;
	}
	return node;
}

static const struct scope_name *name_find(const struct node *node, int slot)
{
	const struct scope_name *found = NULL;

	if (node->variable)
		return node->variable->slot == slot ? node->variable : NULL;
	for (uint32_t i = 0; i < node->count && !found; i++)
		found = name_find(node->children[i], slot);
	return found;
}

/* The name of what is at @index among the slots of the rule; NULL when memory is short. */
static const struct scope_name *slot_name(struct stepping *stepping, int index)
{
	int slot = stepping->program->slots[index];
	struct atoms *atoms = stepping->taking->atoms;
	const struct scope_name **name = atoms_name(atoms, slot);
	const struct node *root;

	if (name && !*name) {
		root = rule_root(stepping->taking->rule, &atoms->arena);
		*name = root ? name_find(root, slot) : NULL;
		assert(*name || !root);
	}
	return name ? *name : NULL;
}

/* --- values ------------------------------------------------------------------------------------ */

/* What a parameter is, as the machine sees it. */
static const struct value *bound_value(const struct stepping *stepping, int index)
{
	static const struct value unknown = { .kind = VALUE_UNKNOWN };
	static const struct value error = { .kind = VALUE_ERROR };
	const struct evaluation *bound = &stepping->taking->atoms->bound;
	size_t slot = (size_t)stepping->program->slots[index];

	if (slot >= bound->value_count)
		return &unknown;
	if (bound->values[slot].kind == stepping->program->slot_kinds[index])
		return &bound->values[slot];
	return bound->values[slot].kind == VALUE_UNKNOWN ? &unknown : &error;
}

/* A part that only its node can tell of; any literal when memory is short. */
static uint32_t part_take(struct taking *taking, int begin, int end)
{
	const struct node *node = atom_node_of(taking->rule, begin, end, &taking->atoms->arena);

	return node ? atom_take_node(taking, node) : LITERAL_TRUE;
}

static uint32_t flag_take(struct atoms *atoms, int slot)
{
	struct atom_question question = question_of(QUESTION_FLAG, slot, 0);
	uint32_t literal = question_find(atoms, &question);

	if (literal == UINT32_MAX) {
		literal = atoms_put(atoms, &(struct atom){ .kind = ATOM_FLAG,
							   .slot = slot,
							   .slots = &slot,
							   .slot_count = 1 });
		question_keep(atoms, &question, literal);
	}
	return literal;
}

/* The literal of a bool; the steps of it end before @end. */
static uint32_t item_literal(struct stepping *stepping, const struct item *item, int end)
{
	struct taking *taking = stepping->taking;

	switch (item->kind) {
	case ITEM_VALUE:
		return atom_take_constant(item->value);
	case ITEM_SLOT:
		return flag_take(taking->atoms, item->name->slot);
	case ITEM_LITERAL:
		return item->literal;
	case ITEM_PART:
	default:
		return part_take(taking, item->begin, end);
	}
}

/* --- steps ------------------------------------------------------------------------------------- */

/* @count items become one that only a node can tell. */
static void items_join(struct stepping *stepping, size_t count, int pc)
{
	int begin = count ? stepping->items[stepping->count - count].begin : pc;

	stepping->count -= count;
	stepping->items[stepping->count++] = (struct item){ .kind = ITEM_PART, .begin = begin };
}

static void slot_step(struct stepping *stepping, int index, int pc)
{
	const struct scope_name *name = slot_name(stepping, index);
	struct item *item = &stepping->items[stepping->count++];

	*item = (struct item){ .kind = ITEM_SLOT, .begin = pc, .name = name };
	if (!name || name->role != SCOPE_ATTRIBUTE) {
		item->kind = ITEM_VALUE;
		item->value = bound_value(stepping, index);
	}
}

static void logic_step(struct stepping *stepping, const struct instruction *at, int pc)
{
	struct atoms *atoms = stepping->taking->atoms;
	bool any = at->opcode == OP_OR;
	struct item *item = &stepping->items[stepping->count - 1];
	uint32_t literal = item_literal(stepping, item, pc);

	if (at->b) {
		assert(stepping->group_count < GROUPS_MOST);
		stepping->groups[stepping->group_count++] = atoms->stack_count;
	} else {
		stepping->count--;
		item--;
	}
	atoms_push(atoms, any ? atoms_negate(atoms, literal) : literal);
	/* All of a run jump behind the last of them. */
	if (at->a != pc + 1)
		return;
	stepping->group_count--;
	literal = pc + 1 == stepping->program->main_count && !any
				  ? atoms_pop_rule(atoms,
						    stepping->groups[stepping->group_count])
				  : atoms_pop_all(atoms,
						    stepping->groups[stepping->group_count]);
	item->kind = ITEM_LITERAL;
	item->literal = any ? atoms_negate(atoms, literal) : literal;
}

/* An attribute beside a value; UINT32_MAX when that is not plain. */
static uint32_t relation_take(struct stepping *stepping, const struct item *side,
		const struct item *other, enum operator_kind operation, int pc)
{
	struct taking *taking = stepping->taking;

	switch ((int)side->name->type->kind) {
	case TYPE_INT:
	case TYPE_TIMESTAMP:
		return other->value->kind == VALUE_ERROR
				       ? LITERAL_ERROR
				       : atom_take_number(taking, side->name, operation,
							 other->value);
	case TYPE_STRING:
		return atom_take_texts(taking, side->name, operation, other->value,
				side < other ? side->begin : other->begin, pc + 1);
	default:
		return UINT32_MAX;
	}
}

/* An attribute among values. */
static uint32_t in_take(struct stepping *stepping, const struct item *member,
		const struct item *range, int pc)
{
	struct taking *taking = stepping->taking;

	if (member->name->type->kind == TYPE_STRING)
		return atom_take_texts(taking, member->name, OPERATOR_IN, range->value,
				member->begin, pc + 1);
	if (member->name->type->kind == TYPE_INT && range->value->kind == VALUE_LIST &&
			range->value->list.count > 0)
		return atom_take_among(taking, member->name, range->value);
	return UINT32_MAX;
}

/* What @count items come to: the literal, or when there is none a part. */
static void question_put(struct stepping *stepping, size_t count, uint32_t literal)
{
	struct item *item = &stepping->items[stepping->count - count];

	stepping->count -= count - 1;
	item->literal = literal;
	item->kind = literal == UINT32_MAX ? ITEM_PART : ITEM_LITERAL;
}

/* What @slot is asked by @value; UINT32_MAX when that is not plain. */
static uint32_t pair_take(struct stepping *stepping, const struct item *slot,
		const struct item *value, enum operator_kind operation, bool member, int pc)
{
	struct taking *taking = stepping->taking;

	if (member)
		return value->value->kind == VALUE_STRING && atom_is_codes(slot->name->type)
				       ? atom_take_member(
							 taking, slot->name, value->value->text)
				       : UINT32_MAX;
	if (operation == OPERATOR_IN)
		return in_take(stepping, slot, value, pc);
	return operator_is_relation(operation)
			       ? relation_take(stepping, slot, value, operation, pc)
			       : UINT32_MAX;
}

static void operator_step(struct stepping *stepping, enum operator_kind operation, int pc)
{
	struct atoms *atoms = stepping->taking->atoms;
	const struct item *slot = &stepping->items[stepping->count - 2];
	const struct item *value = slot + 1;
	bool turned = slot->kind == ITEM_VALUE && value->kind == ITEM_SLOT;
	bool member = turned && operation == OPERATOR_IN;
	uint32_t literal = UINT32_MAX;

	if (turned) {
		slot = value;
		value = slot - 1;
		if (!member)
			operation = operator_swapped(operation);
	}
	if (slot->kind == ITEM_SLOT && value->kind == ITEM_VALUE) {
		struct atom_question question =
				question_of(member ? QUESTION_MEMBER : QUESTION_SIDE,
						slot->name->slot, operation);
		bool asks = !stepping->taking->term && question_ask(&question, value->value);

		literal = asks ? question_find(atoms, &question) : UINT32_MAX;
		if (literal == UINT32_MAX) {
			literal = pair_take(stepping, slot, value, operation, member, pc);
			if (asks && literal != UINT32_MAX)
				question_keep(atoms, &question, literal);
		}
	}
	question_put(stepping, 2, literal);
}

static void ratio_step(struct stepping *stepping, const struct instruction *at)
{
	const struct item *bound = &stepping->items[stepping->count - 1];
	int own = stepping->program->ratios[at->a].own;
	const struct scope_name *name = slot_name(stepping, own);
	uint32_t literal = UINT32_MAX;

	if (name && bound->kind == ITEM_VALUE)
		literal = bound->value->kind == VALUE_ERROR
					  ? LITERAL_ERROR
					  : atom_take_quotient(stepping->taking, name,
							    (enum operator_kind)at->b,
							    bound->value);
	question_put(stepping, 1, literal);
}

/*
 * [ range ].exists(x, x in e.codes), and likewise all(), or with "!" before the "in": where the steps behind
 * the range end, or 0 when they are others.
 */
static int loop_end(const struct instruction *code, int pc, int end)
{
	int local = code[pc].b;
	int at = pc + 5;

	if (end - pc < 7 || (code[pc].c != LOOP_EXISTS && code[pc].c != LOOP_ALL) ||
			code[pc + 1].opcode != OP_NEXT || code[pc + 2].opcode != OP_LOCAL ||
			code[pc + 2].a != local || code[pc + 3].opcode != OP_SLOT ||
			code[pc + 4].opcode != OP_OPERATOR || code[pc + 4].b != OPERATOR_IN)
		return 0;
	while (code[at].opcode == OP_NOT)
		at++;
	return code[at].opcode == OP_STEP && code[pc].a == at + 2 ? at + 2 : 0;
}

/* Whether the attribute has one of the codes, or all. */
static uint32_t loop_take(struct stepping *stepping, const struct value *range,
		const struct scope_name *name, bool any, bool turned)
{
	struct atoms *atoms = stepping->taking->atoms;
	size_t from = atoms->stack_count;
	uint32_t literal;

	if (range->kind != VALUE_LIST || !name || name->role != SCOPE_ATTRIBUTE ||
			!atom_is_codes(name->type))
		return UINT32_MAX;
	for (size_t i = 0; i < range->list.count; i++) {
		if (range->list.items[i].kind != VALUE_STRING)
			return UINT32_MAX;
	}
	for (size_t i = 0; i < range->list.count; i++) {
		literal = atom_take_member(stepping->taking, name, range->list.items[i].text);
		atoms_push(atoms, turned != any ? atoms_negate(atoms, literal) : literal);
	}
	literal = atoms_pop_all(atoms, from);
	return any ? atoms_negate(atoms, literal) : literal;
}

static void loop_step(struct stepping *stepping, const struct instruction *at, int pc)
{
	const struct item *range = &stepping->items[stepping->count - 1];
	uint32_t literal = UINT32_MAX;

	if (range->kind == ITEM_VALUE)
		literal = loop_take(stepping, range->value, slot_name(stepping, at[3].a),
				at->c == LOOP_EXISTS, (at->a - pc) % 2 == 0);
	question_put(stepping, 1, literal);
}

static void not_step(struct stepping *stepping, int pc)
{
	struct item *item = &stepping->items[stepping->count - 1];

	item->literal = atoms_negate(stepping->taking->atoms, item_literal(stepping, item, pc));
	item->kind = ITEM_LITERAL;
}

/* The next step but for jumps. */
static int step(struct stepping *stepping, const struct instruction *at, int pc)
{
	switch ((enum opcode)at->opcode) {
	case OP_CONST:
		stepping->items[stepping->count++] = (struct item){ .kind = ITEM_VALUE,
			.begin = pc,
			.value = &stepping->program->constants[at->a] };
		break;
	case OP_SLOT:
		slot_step(stepping, at->a, pc);
		break;
	case OP_NOT:
		not_step(stepping, pc);
		break;
	case OP_OPERATOR:
		operator_step(stepping, (enum operator_kind)at->b, pc);
		break;
	case OP_AND:
	case OP_OR:
		logic_step(stepping, at, pc);
		break;
	case OP_RATIO:
		ratio_step(stepping, at);
		break;
	case OP_RATIO_VALUE:
		items_join(stepping, 0, pc);
		break;
	case OP_NEGATE:
	case OP_SELECT:
	case OP_HAS:
	case OP_KNOWN:
		items_join(stepping, 1, pc);
		break;
	case OP_INDEX:
		items_join(stepping, 2, pc);
		break;
	case OP_LIST:
		items_join(stepping, (size_t)at->a, pc);
		break;
	case OP_MAP:
		items_join(stepping, 2 * (size_t)at->a, pc);
		break;
	case OP_CALL:
		items_join(stepping, at->c, pc);
		break;
	case OP_LOOP:
		loop_step(stepping, at, pc);
		return at->a;
	case OP_LOCAL:
	case OP_BRANCH:
	case OP_JUMP:
	case OP_NEXT:
	case OP_TEST:
	case OP_STEP:
	default:
		assert(false); /* a step that is not plain */
	}
	return pc + 1;
}

/* No conditionals, and no loops but those that are questions. */
static bool is_plain(const struct instruction *code, int end)
{
	static const uint32_t others = 1U << OP_LOCAL | 1U << OP_BRANCH | 1U << OP_JUMP |
				       1U << OP_NEXT | 1U << OP_TEST | 1U << OP_STEP;
	uint32_t met = 0;

	for (int pc = 0; pc < end; pc++) {
		if (code[pc].opcode == OP_LOOP) {
			pc = loop_end(code, pc, end) - 1;
			if (pc < 0)
				return false;
			continue;
		}
		met |= 1U << code[pc].opcode;
	}
	return !(met & others);
}

void atoms_fetch_rule(const struct rule *rule)
{
	for (size_t at = 0; at < sizeof(*rule); at += FETCHED_AT_ONCE)
		__builtin_prefetch((const char *)rule + at);
}

void atoms_fetch(const struct rule *rule)
{
	__builtin_prefetch(rule->form);
	__builtin_prefetch(rule->slots);
}

bool atom_take_steps(struct taking *taking, uint32_t *out_literal)
{
	const struct program *program = rule_program(taking->rule, &taking->atoms->arena);
	struct stepping stepping;
	int end = program ? program->main_count : 0;

	if (!program || program->stack_size > ITEMS_MOST || !is_plain(program->code, end))
		return false;
	/* Not all of it is zeroed: its rooms are filled in order. */
	stepping.taking = taking;
	stepping.program = program;
	stepping.count = stepping.group_count = 0;
	for (int pc = 0; pc < end;)
		pc = step(&stepping, &program->code[pc], pc);
	assert(stepping.count == 1 && stepping.group_count == 0);
	*out_literal = item_literal(&stepping, stepping.items, end);
	return true;
}
