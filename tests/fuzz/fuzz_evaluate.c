/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluator against an oracle: the bytes say a tree over numbers and flags that are known, missing or
 * broken; the tree is written as a rule, compiled and evaluated, and judged a second time straight from the
 * tables of the rule language. Value, kind and what is missing must be the same.
 */
#include "base/wide.h"
#include "rules/program.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NUMBERS = 4, FLAGS = 4, SLOTS = NUMBERS + FLAGS, DEPTH = 7, TEXT = 12000 };

enum kind {
	NUMBER_NAME,
	NUMBER_LITERAL,
	NUMBER_NEGATED,
	NUMBER_SUM,
	NUMBER_DIFFERENCE,
	NUMBER_PRODUCT,
	NUMBER_QUOTIENT,
	NUMBER_REST,
	NUMBER_CHOICE,
	FLAG_NAME,
	FLAG_LITERAL,
	FLAG_NOT,
	FLAG_AND,
	FLAG_OR,
	FLAG_CHOICE,
	FLAG_COMPARED, /* numbers */
	FLAG_EQUAL,    /* flags */
};

enum state {
	KNOWN,
	MISSING,
	BROKEN,
};

struct judged {
	enum state state;
	int64_t number; /* of a flag: 0 or 1 */
	uint32_t missing;
};

struct reader {
	const uint8_t *data;
	size_t size;
};

/* A rule being written beside its tree being judged. */
struct work {
	struct reader reader;
	struct judged slots[SLOTS];
	char text[TEXT];
	size_t length;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static unsigned next(struct reader *reader)
{
	if (reader->size == 0)
		return 0;
	reader->size--;
	return *reader->data++;
}

static void write_text(struct work *work, const char *text)
{
	size_t size = strlen(text);

	/* A text that is cut is no rule, which is seen. */
	if (work->length + size < TEXT) {
		memcpy(work->text + work->length, text, size);
		work->length += size;
	}
}

static int64_t literal_read(struct reader *reader)
{
	static const int64_t figures[] = { 0, 1, 2, 3, 7, 100, 1000000, INT32_MAX, INT64_MAX,
		INT64_MAX - 1, INT64_MIN, -1, (int64_t)1 << 32, 3037000500, 5, 10 };

	return figures[next(reader) % (sizeof(figures) / sizeof(*figures))];
}

static void write_number(struct work *work, int64_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), number < 0 ? "(%lld)" : "%lld", (long long)number);
	write_text(work, text);
}

/* --- the tables ------------------------------------------------------------------------------- */

static struct judged known(int64_t number)
{
	return (struct judged){ KNOWN, number, 0 };
}

/* What holds of every operator but the logical ones: an error first, then what is missing. */
static bool is_settled(struct judged left, struct judged right, struct judged *out)
{
	*out = (struct judged){ BROKEN, 0, 0 };
	if (left.state == BROKEN || right.state == BROKEN)
		return true;
	out->state = MISSING;
	out->missing = left.missing | right.missing;
	return left.state == MISSING || right.state == MISSING;
}

static struct judged calculate(enum kind kind, struct judged left, struct judged right)
{
	struct judged result;
	wide_int exact;

	if (is_settled(left, right, &result))
		return result;
	if ((kind == NUMBER_QUOTIENT || kind == NUMBER_REST) && right.number == 0)
		return (struct judged){ BROKEN, 0, 0 };
	switch ((int)kind) {
	case NUMBER_SUM:
		exact = (wide_int)left.number + right.number;
		break;
	case NUMBER_DIFFERENCE:
		exact = (wide_int)left.number - right.number;
		break;
	case NUMBER_PRODUCT:
		exact = (wide_int)left.number * right.number;
		break;
	case NUMBER_QUOTIENT:
		exact = (wide_int)left.number / right.number;
		break;
	default:
		/* The least number by -1 has no rest in this language, as it has no quotient. */
		if (left.number == INT64_MIN && right.number == -1)
			return (struct judged){ BROKEN, 0, 0 };
		exact = (wide_int)left.number % right.number;
		break;
	}
	if (exact > INT64_MAX || exact < INT64_MIN)
		return (struct judged){ BROKEN, 0, 0 };
	return known((int64_t)exact);
}

static struct judged join(struct judged left, struct judged right, int64_t absorbing)
{
	if ((left.state == KNOWN && left.number == absorbing) ||
			(right.state == KNOWN && right.number == absorbing))
		return known(absorbing);
	if (left.state == MISSING || right.state == MISSING)
		return (struct judged){ MISSING, 0, left.missing | right.missing };
	if (left.state == BROKEN || right.state == BROKEN)
		return (struct judged){ BROKEN, 0, 0 };
	return known(!absorbing);
}

static struct judged compare(unsigned relation, struct judged left, struct judged right)
{
	struct judged result;
	const bool answers[] = {
		left.number<right.number, left.number <= right.number, left.number> right
				.number,
		left.number >= right.number, left.number == right.number,
		left.number != right.number
	};

	return is_settled(left, right, &result) ? result : known(answers[relation]);
}

/* --- trees ------------------------------------------------------------------------------------ */

static struct judged tree_make(struct work *work, bool is_flag, unsigned depth);

static struct judged pair_make(struct work *work, const char *sign, bool is_flag,
		unsigned depth, struct judged *out_right)
{
	struct judged left;

	write_text(work, "(");
	left = tree_make(work, is_flag, depth);
	write_text(work, sign);
	*out_right = tree_make(work, is_flag, depth);
	write_text(work, ")");
	return left;
}

static struct judged name_make(struct work *work, bool is_flag)
{
	unsigned number = next(&work->reader) % (is_flag ? FLAGS : NUMBERS);
	char name[8];

	(void)snprintf(name, sizeof(name), "e.%c%u", is_flag ? 'b' : 'i', number);
	write_text(work, name);
	return work->slots[is_flag ? NUMBERS + number : number];
}

static struct judged negated_make(struct work *work, bool is_flag, unsigned depth)
{
	struct judged inner;

	write_text(work, is_flag ? "!(" : "-(");
	inner = tree_make(work, is_flag, depth);
	write_text(work, ")");
	if (inner.state != KNOWN)
		return inner;
	return is_flag ? known(!inner.number) : calculate(NUMBER_DIFFERENCE, known(0), inner);
}

static struct judged choice_make(struct work *work, bool is_flag, unsigned depth)
{
	struct judged condition, yes, no;

	write_text(work, "(");
	condition = tree_make(work, true, depth);
	write_text(work, " ? ");
	yes = tree_make(work, is_flag, depth);
	write_text(work, " : ");
	no = tree_make(work, is_flag, depth);
	write_text(work, ")");
	if (condition.state != KNOWN)
		return condition;
	return condition.number ? yes : no;
}

static struct judged tree_make(struct work *work, bool is_flag, unsigned depth)
{
	static const char *const signs[] = { " + ", " - ", " * ", " / ", " % " };
	static const char *const relations[] = { " < ", " <= ", " > ", " >= ", " == ", " != " };
	unsigned pick = next(&work->reader);
	struct judged left, right;
	enum kind kind = is_flag ? FLAG_NAME + pick % (FLAG_EQUAL - FLAG_NAME + 1)
				 : NUMBER_NAME + pick % (NUMBER_CHOICE + 1);

	if (depth == 0 || work->reader.size == 0)
		kind = is_flag ? (pick & 1 ? FLAG_NAME : FLAG_LITERAL)
			       : (pick & 1 ? NUMBER_NAME : NUMBER_LITERAL);
	switch (kind) {
	case NUMBER_NAME:
	case FLAG_NAME:
		return name_make(work, is_flag);
	case NUMBER_LITERAL:
		left = known(literal_read(&work->reader));
		write_number(work, left.number);
		return left;
	case FLAG_LITERAL:
		left = known(next(&work->reader) & 1);
		write_text(work, left.number ? "true" : "false");
		return left;
	case NUMBER_NEGATED:
	case FLAG_NOT:
		return negated_make(work, is_flag, depth - 1);
	case NUMBER_SUM:
	case NUMBER_DIFFERENCE:
	case NUMBER_PRODUCT:
	case NUMBER_QUOTIENT:
	case NUMBER_REST:
		left = pair_make(work, signs[kind - NUMBER_SUM], false, depth - 1, &right);
		return calculate(kind, left, right);
	case FLAG_AND:
	case FLAG_OR:
		left = pair_make(work, kind == FLAG_AND ? " && " : " || ", true, depth - 1,
				&right);
		return join(left, right, kind == FLAG_OR);
	case FLAG_COMPARED:
		pick = next(&work->reader) % 6;
		left = pair_make(work, relations[pick], false, depth - 1, &right);
		return compare(pick, left, right);
	case FLAG_EQUAL:
		pick = 4 + next(&work->reader) % 2;
		left = pair_make(work, relations[pick], true, depth - 1, &right);
		return compare(pick, left, right);
	case NUMBER_CHOICE:
	case FLAG_CHOICE:
	default:
		return choice_make(work, is_flag, depth - 1);
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

static void slots_read(struct work *work, struct value *values)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		struct judged *judged = &work->slots[slot];
		unsigned state = next(&work->reader) % 4;

		*judged = (struct judged){ KNOWN, 0, 0 };
		if (state == 2) {
			*judged = (struct judged){ MISSING, 0, UINT32_C(1) << slot };
			values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
		} else if (state == 3) {
			judged->state = BROKEN;
			values[slot] = (struct value){ .kind = VALUE_ERROR, .error = "broken" };
		} else if (slot < NUMBERS) {
			judged->number = literal_read(&work->reader);
			values[slot] = (struct value){ .kind = VALUE_INT,
				.integer = judged->number };
		} else {
			judged->number = next(&work->reader) & 1;
			values[slot] = (struct value){ .kind = VALUE_BOOL,
				.boolean = judged->number };
		}
	}
}

static struct scope *scope_make(char (*names)[8])
{
	struct scope *scope = scope_new();

	require(scope);
	for (int slot = 0; slot < SLOTS; slot++) {
		bool is_flag = slot >= NUMBERS;
		struct scope_name name = { .type = is_flag ? &type_bool : &type_int,
			.slot = slot,
			.dimension = is_flag ? DIMENSION_ANY : DIMENSION_FREE };

		(void)snprintf(names[slot], sizeof(names[slot]), "e.%c%d", is_flag ? 'b' : 'i',
				is_flag ? slot - NUMBERS : slot);
		name.name = slice_from(names[slot]);
		require(scope_add(scope, &name));
	}
	return scope;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct work work;
	struct value values[SLOTS];
	char names[SLOTS][8];
	const struct rule_options options = { .path = "fuzz", .cost_limit = 2000000 };
	struct diagnostics diagnostics;
	struct judged expected;
	const struct rule *rule;
	struct scope *scope;
	struct value found;
	struct arena arena;
	bool is_flag;

	work = (struct work){ .reader = { data, size } };
	slots_read(&work, values);
	is_flag = next(&work.reader) & 1;
	expected = tree_make(&work, is_flag, DEPTH);
	if (work.length + 64 > TEXT)
		return 0;
	scope = scope_make(names);
	arena_init(&arena, (size_t)32 << 20);
	diagnostics_init(&diagnostics, &arena);
	rule = rule_compile((struct slice){ work.text, work.length }, scope, &options, &arena,
			&diagnostics);
	/* A text of that size may be refused for its depth or cost only. */
	require(rule || work.length > 300);
	if (rule) {
		struct evaluation evaluation = { values, SLOTS, NULL, &arena };
		uint32_t missing = 0;

		found = rule_evaluate(rule, &evaluation);
		require(!arena.exhausted);
		require((found.kind == VALUE_UNKNOWN) == (expected.state == MISSING));
		require((found.kind == VALUE_ERROR) == (expected.state == BROKEN));
		if (expected.state == KNOWN)
			require(is_flag ? found.kind == VALUE_BOOL && found.boolean == (expected.number !=
												       0)
					: found.kind == VALUE_INT && found.integer == expected.number);
		for (size_t i = 0; expected.state == MISSING && i < found.missing.count; i++)
			missing |= UINT32_C(1) << found.missing.slots[i];
		require(missing == expected.missing);
	}
	scope_free(scope);
	arena_fini(&arena);
	return 0;
}
