/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text of a rule in a catalog to the rule. Of an owner each text is compiled once, however many policies have it.
 *
 * Of 100,000 texts neither they nor what is known of them lies in the caches, and each look there takes as long as
 * reading a third of a rule. So who compiles many asks ahead: for where a text is known, then for what it is made of.
 */
#include "base/memory.h"
#include "calculator/ruleset.h"

#include <string.h>

void ruleset_build_forget_rules(struct ruleset_build *build)
{
	number_table_fini(&build->rules.texts);
	memory_free(build->rules.list);
	build->rules = (struct known_rules){ 0 };
}

static bool known_list_reserve(struct known_rules *known, size_t count)
{
	struct known_rule *list;

	if (count <= known->capacity)
		return true;
	if (count > SIZE_MAX / sizeof(*list))
		return false;
	/* What will be written is not zeroed before. */
	list = count * sizeof(*list) < MEMORY_LARGE_PAGE
			       ? memory_alloc(count * sizeof(*list))
			       : memory_alloc_pages(count * sizeof(*list));
	if (!list)
		return false;
	if (known->count)
		memcpy(list, known->list, known->count * sizeof(*list));
	memory_free(known->list);
	known->list = list;
	known->capacity = count;
	return true;
}

bool ruleset_build_reserve_rules(struct ruleset_build *build, size_t count)
{
	struct rule_memo *memo = build->ruleset->memos[LIST_ENTERPRISE];

	/* About what most policies are granted for. */
	if (memo)
		rule_memo_expect(memo, count);
	return known_list_reserve(&build->rules, count) &&
	       number_table_reserve(&build->rules.texts, count);
}

void ruleset_build_ask_for_rule(
		struct ruleset_build *build, enum item_list list, const char *text)
{
	struct known_rules *known = &build->rules;
	struct rule_memo *memo = build->ruleset->memos[list];
	struct slice written = slice_from(text);
	struct asked_text *asked = &known->asked[known->asked_at++ % ASKED_TEXTS];

	*asked = (struct asked_text){ 0 };
	if (!written.size || written.size > UINT32_MAX || !memo)
		return;
	*asked = (struct asked_text){ text, (uint32_t)written.size,
		rule_memo_ask_for(memo, written) };
	number_table_ask_for(&known->texts, asked->hash);
}

/* @text, and its hash, as they were noted when it was asked for ahead: where it lies says which it is. */
static struct slice text_take(struct ruleset_build *build, enum item_list list,
		const char *text, uint32_t *out_hash)
{
	const struct asked_text *asked = build->rules.asked;
	struct rule_memo *memo = build->ruleset->memos[list];
	struct slice written;

	for (size_t i = 0; i < ASKED_TEXTS; i++) {
		if (asked[i].text == text) {
			*out_hash = asked[i].hash;
			return (struct slice){ text, asked[i].size };
		}
	}
	written = slice_from(text);
	*out_hash = memo ? rule_memo_hash(memo, written) : map_hash(written);
	return written;
}

static struct known_rule *known_rule_find(
		const struct known_rules *known, struct slice written, uint32_t hash)
{
	size_t at = hash;
	size_t number;

	while ((number = number_table_next(&known->texts, hash, &at)) != NUMBER_TABLE_END) {
		if (slice_equals(rule_written(known->list[number].rule), written))
			return &known->list[number];
	}
	return NULL;
}

/* @rule is the first of its text. When memory is short it stays unknown: the text is compiled anew each time. */
static void known_rule_add(struct known_rules *known, const struct rule *rule, uint32_t hash,
		const struct known_rule *own)
{
	if (known->count == known->capacity &&
			!known_list_reserve(known, known->count ? known->count * 2 : 64))
		return;
	if (!number_table_put(&known->texts, hash, known->count))
		return;
	known->list[known->count] = *own;
	rule_attach(rule, (uint32_t)++known->count);
}

static void rule_note_asked(
		struct ruleset *ruleset, enum item_list list, const struct rule *rule)
{
	size_t count;
	const int *slots = rule_slots(rule, &count);

	if (count > 0)
		ruleset_note_asked(ruleset, list, slots[0]);
	for (size_t i = 1; ruleset->asked[list] && i < count; i++)
		slot_bits_put(ruleset->asked[list], slots[i]);
}

const struct rule *ruleset_build_rule(struct ruleset_build *build, enum item_list list,
		const char *text, const struct type *expected, enum dimension dimension,
		bool warn_bare, const ProtobufCMessage *origin, const char *field,
		const char *where)
{
	struct rule_options options = {
		.path = where,
		.expected = expected,
		.expected_dimension = dimension,
		.policy = true,
		.warn_bare = warn_bare && !build->is_owner, /* it was checked before */
		.warn_choices = !build->is_owner,
		.regions = build->ruleset->regions,
		.lasting = build->is_owner, /* the text stands in the catalog, which is ours */
		.memo = build->ruleset->memos[list],
	};
	const struct known_rule *known = NULL;
	struct slice written;
	uint32_t hash = 0;
	const struct rule *rule;
	int line = 0;
	int column = 0;
	const char *path = NULL;

	if (!text || !*text)
		return NULL;
	if (build->is_owner) {
		written = text_take(build, list, text, &hash);
		known = known_rule_find(&build->rules, written, hash);
	} else {
		written = slice_from(text);
	}
	if (known) {
		/* Whatever it is compiled as, it is one text, and known by where that lies. */
		written = rule_written(known->rule);
		if (known->list == list && known->expected == expected &&
				known->dimension == dimension)
			return known->rule;
	}
	if (build->locate && build->locate(build->context, origin, field, 0, &path, &line,
					     &column)) {
		options.path = path;
		options.line = line;
		options.column = column;
	}
	rule = rule_compile(written, build->ruleset->scopes[list], &options,
			&build->ruleset->arena, build->diagnostics);
	if (rule)
		rule_note_asked(build->ruleset, list, rule);
	if (rule && known)
		rule_attach(rule, rule_attached(known->rule));
	else if (rule && build->is_owner)
		known_rule_add(&build->rules, rule, hash,
				&(struct known_rule){ .rule = rule,
						.list = list,
						.expected = expected,
						.dimension = dimension });
	return rule;
}
