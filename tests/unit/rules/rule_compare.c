/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- values ------------------------------------------------------------------------------------ */

static void value_print(const struct value *value, FILE *out)
{
	(void)fprintf(out, "%d ", (int)value->kind);
	switch ((int)value->kind) {
	case VALUE_BOOL:
		(void)fprintf(out, "%d", value->boolean);
		break;
	case VALUE_INT:
	case VALUE_DURATION:
		(void)fprintf(out, "%lld", (long long)value->integer);
		break;
	case VALUE_UINT:
		(void)fprintf(out, "%llu", (unsigned long long)value->uinteger);
		break;
	case VALUE_DOUBLE:
		(void)fprintf(out, "%a", value->number);
		break;
	case VALUE_STRING:
	case VALUE_BYTES:
		(void)fprintf(out, "%zu %.*s", value->text.size, SLICE_PRINT(value->text));
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		for (size_t i = 0; i < value->list.count * (value->kind == VALUE_MAP ? 2 : 1);
				i++)
			value_print(&value->list.items[i], out);
		break;
	case VALUE_TIMESTAMP:
		(void)fprintf(out, "%lld.%d", (long long)value->timestamp.seconds,
				(int)value->timestamp.nanos);
		break;
	case VALUE_ERROR:
		(void)fprintf(out, "%s", value->error);
		break;
	case VALUE_UNKNOWN:
		for (size_t i = 0; i < value->missing.count; i++)
			(void)fprintf(out, "%d ", value->missing.slots[i]);
		break;
	default:
		break;
	}
	(void)fputc('\n', out);
}

/* --- what they say ----------------------------------------------------------------------------- */

/*
 * Places of what has code: who looks at one part of a rule finds it by them. What has none is inside of
 * something that was computed, and of use to a printer only.
 */
static void node_print(const struct node *node, FILE *out)
{
	(void)fprintf(out, "%d %d %d %d %d %d %d %d %d %d %d", (int)node->kind,
			(int)node->operation, (int)node->loop, (int)node->dimension,
			node->rooted, node->receiver, node->constant, node->reads_attribute,
			node->function, node->depth, node->local);
	if (node->code_begin >= 0)
		(void)fprintf(out, " %u-%u %u-%u %d-%d", node->begin, node->end, node->mark,
				node->mark_end, node->code_begin, node->code_end);
	(void)fprintf(out, " %d '%.*s' %d\n", node->type ? (int)node->type->kind : -1,
			SLICE_PRINT(node_name(node)),
			node->variable ? node->variable->slot : -1);
	if (node->kind == NODE_LITERAL)
		value_print(&node->literal, out);
	for (uint32_t i = 0; i < node->count; i++)
		node_print(node->children[i], out);
}

static char *rule_text(const struct rule *rule)
{
	const struct program *program;
	struct arena arena;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	arena_init(&arena, (size_t)1 << 20);
	program = rule_program(rule, &arena);
	assert_non_null(program);
	(void)fprintf(out, "%.*s\n%s\n", SLICE_PRINT(rule_written(rule)),
			rule_print(rule, &arena));
	rule_dump_tree(rule, &arena, out);
	node_print(rule_root(rule, &arena), out);
	rule_dump_program(rule, &arena, out);
	for (int i = 0; i < program->code_count; i++)
		(void)fprintf(out, "%d ", program->code[i].b);
	(void)fprintf(out, "\n%llu steps, %d loops\n", (unsigned long long)rule_cost(rule),
			program->loop_depth);
	for (int i = 0; i < program->constant_count; i++)
		value_print(&program->constants[i], out);
	for (int i = 0; i < program->slot_count; i++)
		(void)fprintf(out, "slot of kind %d\n", (int)program->slot_kinds[i]);
	assert_int_equal(rule->slot_count, program->slot_count);
	for (int i = 0; i < program->slot_count; i++)
		assert_int_equal(rule->slots[i], program->slots[i]);
	for (int i = 0; i < program->ratio_count; i++)
		(void)fprintf(out, "%d = %d / %d, %d %lld\n", program->ratios[i].own,
				program->ratios[i].num, program->ratios[i].den,
				program->ratios[i].zero_known,
				(long long)program->ratios[i].zero_ppm);
	(void)fclose(out);
	arena_fini(&arena);
	return text;
}

void rules_compare(const struct rule *a, const struct rule *b)
{
	char *left = rule_text(a);
	char *right = rule_text(b);

	if (strcmp(left, right) != 0)
		fail_msg("%s\nwhere it is\n%s", right, left);
	/* What is folded beforehand needs no room for its parts. */
	assert_true(b->program->stack_size <= a->program->stack_size);
	assert_true(b->program->stack_size > 0);
	free(left);
	free(right);
}

/* --- what they answer -------------------------------------------------------------------------- */

static char *answer_text(const struct rule *rule, const struct evaluation *evaluation)
{
	struct value value = rule_evaluate(rule, evaluation);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	value_print(&value, out);
	for (int turned = 0; turned < 2 && rule_type(rule)->kind == TYPE_BOOL; turned++) {
		const struct rule_explain_options options = { .turned = turned };
		struct rule_atom *atoms;
		size_t count;

		assert_true(rule_explain(rule, evaluation, &options, &atoms, &count));
		for (size_t i = 0; i < count; i++) {
			const struct rule_atom *atom = &atoms[i];

			(void)fprintf(out, "%u %d %d %s %d %d%d%d%d%d\n", atom->node->begin,
					atom->attribute_slot, atom->parameter_slot,
					atom->operation, (int)atom->measure, atom->shift_years,
					atom->negated, atom->given, atom->any, atom->inner);
			value_print(&atom->key, out);
			value_print(&atom->shift, out);
			value_print(&atom->observed, out);
			value_print(&atom->required, out);
			value_print(&atom->result, out);
		}
	}
	(void)fclose(out);
	return text;
}

void answers_of_rules_compare(
		const struct rule *a, const struct rule *b, const struct evaluation *evaluation)
{
	char *left = answer_text(a, evaluation);
	char *right = answer_text(b, evaluation);

	if (strcmp(left, right) != 0)
		fail_msg("%.*s\nanswers\n%s\nwhere it is\n%s", SLICE_PRINT(rule_written(a)),
				right, left);
	free(left);
	free(right);
}
