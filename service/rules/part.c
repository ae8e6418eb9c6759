/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a rule that must all hold: what stands between && at its top. Each has a run of the code of
 * its own, so that who tries many values asks only the parts that read them.
 */
#include "rules/program.h"

const struct node *const *rule_parts(
		const struct rule *rule, struct arena *arena, size_t *out_count)
{
	const struct node *root = rule_root(rule, arena);

	*out_count = 0;
	if (!root || root->kind != NODE_AND || root->folded || root->code_begin < 0)
		return NULL;
	for (uint32_t i = 0; i < root->count; i++) {
		if (root->children[i]->code_begin < 0)
			return NULL;
	}
	*out_count = root->count;
	return (const struct node *const *)root->children;
}

const struct node *rule_as_part(const struct rule *rule, struct arena *arena)
{
	const struct node *root = rule_root(rule, arena);

	return root && !root->folded && root->code_begin >= 0 ? root : NULL;
}

struct slice rule_part_text(const struct rule *rule, const struct node *part)
{
	return (struct slice){ rule->text.data + part->begin,
		(size_t)(part->end - part->begin) };
}

void rule_part_slots(
		const struct node *part, void (*found)(void *context, int slot), void *context)
{
	if (part->variable) {
		const struct scope_ratio *ratio = part->variable->ratio;

		found(context, part->variable->slot);
		if (ratio) {
			found(context, ratio->num_slot);
			found(context, ratio->den_slot);
		}
		return;
	}
	for (uint32_t i = 0; i < part->count; i++)
		rule_part_slots(part->children[i], found, context);
}

/*
 * An attribute beside something constant, as most parts are: nothing has to be set up for it. false: it is
 * something else, or its value is not as it is declared.
 */
static bool comparison_evaluate(const struct program *program, const struct node *part,
		const struct evaluation *evaluation, struct value *out)
{
	const struct instruction *code = &program->code[part->code_begin];
	const struct value *own;
	const int *slot;

	if (part->code_end - part->code_begin != 3 || code[0].opcode != OP_SLOT ||
			code[1].opcode != OP_CONST || code[2].opcode != OP_OPERATOR)
		return false;
	slot = &program->slots[code[0].a];
	if ((size_t)*slot >= evaluation->value_count)
		return false;
	own = &evaluation->values[*slot];
	if (own->kind == VALUE_UNKNOWN) {
		*out = (struct value){ .kind = VALUE_UNKNOWN, .missing = { slot, 1 } };
		return true;
	}
	if (own->kind != program->slot_kinds[code[0].a] ||
			program->constants[code[1].a].kind <= VALUE_ERROR)
		return false;
	*out = operator_apply((enum operator_kind)code[2].b, own,
			&program->constants[code[1].a], evaluation->arena);
	return true;
}

struct value rule_part_evaluate(const struct rule *rule, const struct node *part,
		const struct evaluation *evaluation)
{
	const struct program *program = rule_program(rule, evaluation->arena);
	struct value value;

	if (program && !evaluation->arena->exhausted &&
			comparison_evaluate(program, part, evaluation, &value))
		return value;
	return rule_run(rule, part->code_begin, part->code_end, evaluation);
}
