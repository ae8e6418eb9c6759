/* SPDX-License-Identifier: Apache-2.0 */
/* From text to compiled rule, and what a rule says about itself. */
#include "rules/rule.h"

#include "base/utf8.h"
#include "rules/check.h"
#include "rules/memo.h"
#include "rules/program.h"

#include <stdatomic.h>

#define RULE_SIZE_LIMIT ((size_t)16 * 1024)

static bool source_is_readable(const struct source *source)
{
	size_t valid;

	if (source->text.size > RULE_SIZE_LIMIT) {
		source_report(source, DIAGNOSTIC_ERROR, 0, 1,
				"the rule has %zu bytes; 16 KiB are the limit",
				source->text.size);
		return false;
	}
	valid = utf8_valid_size(source->text);
	if (valid == source->text.size)
		return true;
	diagnostics_add(source->diagnostics, DIAGNOSTIC_ERROR, source->options->path,
			source->options->line > 0 ? source->options->line : 1, 0, 1,
			(struct slice){ "", 0 }, "the rule is not valid UTF-8 at byte %zu",
			valid + 1);
	return false;
}

static bool rule_build(struct rule *rule, const struct source *source,
		const struct scope *scope, struct arena *arena)
{
	uint64_t limit = rule_cost_limit(source->options);
	struct checker checker = { .source = source, .scope = scope, .arena = arena };
	struct program *program = ARENA_NEW(arena, struct program);
	struct node *root;
	bool complete = false;
	bool checked;

	root = tree_parse(source, arena, &complete);
	if (!root || arena->exhausted)
		return false;
	/* Also what could not be parsed whole is checked, for the other mistakes in it. */
	checked = tree_check(&checker, root);
	if (!complete || !checked || arena->exhausted)
		return false;
	rule->cost = tree_cost(root);
	if (rule->cost > limit) {
		source_report(source, DIAGNOSTIC_ERROR, root->begin, root->end,
				"the rule may take %llu steps; %llu are the limit",
				(unsigned long long)rule->cost, (unsigned long long)limit);
		return false;
	}
	if (!program_compile(program, root, checker.loop_depth, arena)) {
		if (!arena->exhausted)
			source_report(source, DIAGNOSTIC_ERROR, root->begin, root->end,
					"the rule has too many parts");
		return false;
	}
	atomic_init(&rule->program, program);
	atomic_init(&rule->root, root);
	rule->slots = program->slots;
	rule->slot_count = (uint32_t)program->slot_count;
	rule->type = root->type;
	rule->dimension = root->dimension;
	return true;
}

const struct rule *rule_compile(struct slice text, const struct scope *scope,
		const struct rule_options *options, struct arena *arena,
		struct diagnostics *diagnostics)
{
	static const struct rule_options none = { 0 };
	struct source source = {
		.text = text, .options = options ? options : &none, .diagnostics = diagnostics
	};
	const struct rule *made = NULL;
	struct rule *rule;

	if (source.options->memo && source.options->lasting)
		made = memo_make(&source, scope, arena);
	if (made)
		return made;
	rule = ARENA_NEW(arena, struct rule);
	if (!source.options->lasting)
		text.data = arena_copy(arena, text.data, text.size);
	if (rule && text.data) {
		source.text = rule->text = text;
		if (source_is_readable(&source) && rule_build(rule, &source, scope, arena))
			return rule;
	}
	if (arena->exhausted)
		diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, source.options->path,
				source.options->line, 0, 1, (struct slice){ "", 0 },
				"out of memory while compiling a rule");
	return NULL;
}

bool rule_is_wellformed(struct slice text, struct arena *arena, struct diagnostics *diagnostics)
{
	static const struct rule_options none = { 0 };
	struct source source = { .text = text, .options = &none, .diagnostics = diagnostics };
	bool complete = false;

	return source_is_readable(&source) && tree_parse(&source, arena, &complete) && complete;
}

/* A rule was made in memory that may be written, and its program and tree change nothing that it says. */
const struct program *rule_program(const struct rule *rule, struct arena *arena)
{
	const struct program *program =
			atomic_load_explicit(&rule->program, memory_order_acquire);

	if (!program)
		program = memo_program((struct rule *)rule);
	arena->exhausted |= !program;
	return program;
}

const struct node *rule_root(const struct rule *rule, struct arena *arena)
{
	const struct node *root = atomic_load_explicit(&rule->root, memory_order_acquire);

	if (!root)
		root = memo_tree((struct rule *)rule);
	arena->exhausted |= !root;
	return root;
}

struct slice rule_written(const struct rule *rule)
{
	return rule->text;
}

void rule_attach(const struct rule *rule, uint32_t attached)
{
	((struct rule *)rule)->attached = attached;
}

uint32_t rule_attached(const struct rule *rule)
{
	return rule->attached;
}

const struct type *rule_type(const struct rule *rule)
{
	return rule->type;
}

enum dimension rule_dimension(const struct rule *rule)
{
	return rule->dimension;
}

uint64_t rule_cost(const struct rule *rule)
{
	return rule->cost;
}

const int *rule_slots(const struct rule *rule, size_t *out_count)
{
	*out_count = rule->slot_count;
	return rule->slots;
}

char *rule_print(const struct rule *rule, struct arena *arena)
{
	const struct node *root = rule_root(rule, arena);

	return root ? tree_print(root, arena) : NULL;
}

void rule_dump_tree(const struct rule *rule, struct arena *arena, FILE *out)
{
	const struct node *root = rule_root(rule, arena);

	if (root)
		tree_dump(root, 0, out);
}

void rule_dump_program(const struct rule *rule, struct arena *arena, FILE *out)
{
	const struct program *program = rule_program(rule, arena);

	if (program)
		program_dump(program, out);
}

struct value rule_run(const struct rule *rule, int begin, int end,
		const struct evaluation *evaluation)
{
	const struct program *program = rule_program(rule, evaluation->arena);

	return program ? program_run(program, begin, end, evaluation)
		       : value_error(ERROR_TEXT_MEMORY);
}

struct value rule_evaluate(const struct rule *rule, const struct evaluation *evaluation)
{
	const struct program *program = rule_program(rule, evaluation->arena);

	return program ? program_run(program, 0, program->main_count, evaluation)
		       : value_error(ERROR_TEXT_MEMORY);
}
