/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/type.h"

const struct type type_null = { TYPE_NULL, NULL, NULL };
const struct type type_bool = { TYPE_BOOL, NULL, NULL };
const struct type type_int = { TYPE_INT, NULL, NULL };
const struct type type_uint = { TYPE_UINT, NULL, NULL };
const struct type type_double = { TYPE_DOUBLE, NULL, NULL };
const struct type type_string = { TYPE_STRING, NULL, NULL };
const struct type type_bytes = { TYPE_BYTES, NULL, NULL };
const struct type type_timestamp = { TYPE_TIMESTAMP, NULL, NULL };
const struct type type_duration = { TYPE_DURATION, NULL, NULL };
const struct type type_type = { TYPE_TYPE, NULL, NULL };
const struct type type_dyn = { TYPE_DYN, NULL, NULL };
const struct type type_bad = { TYPE_DYN, NULL, NULL };
const struct type type_list_int = { TYPE_LIST, NULL, &type_int };
const struct type type_list_string = { TYPE_LIST, NULL, &type_string };
const struct type type_map_string_timestamp = { TYPE_MAP, &type_string, &type_timestamp };

static const struct {
	const char *name;
	const struct type *type;
	enum value_kind value;
} simple_types[] = {
	{ "null", &type_null, VALUE_NULL },
	{ "bool", &type_bool, VALUE_BOOL },
	{ "int", &type_int, VALUE_INT },
	{ "uint", &type_uint, VALUE_UINT },
	{ "double", &type_double, VALUE_DOUBLE },
	{ "string", &type_string, VALUE_STRING },
	{ "bytes", &type_bytes, VALUE_BYTES },
	{ "timestamp", &type_timestamp, VALUE_TIMESTAMP },
	{ "duration", &type_duration, VALUE_DURATION },
	{ "type", &type_type, VALUE_TYPE },
};

#define SIMPLE_COUNT (sizeof(simple_types) / sizeof(*simple_types))
#define TYPE_DEPTH_LIMIT 32

const struct type *type_list_of(const struct type *element, struct arena *arena)
{
	struct type *type;

	if (element == &type_int)
		return &type_list_int;
	if (element == &type_string)
		return &type_list_string;
	type = ARENA_NEW(arena, struct type);
	if (type)
		*type = (struct type){ TYPE_LIST, NULL, element };
	return type;
}

const struct type *type_map_of(
		const struct type *key, const struct type *element, struct arena *arena)
{
	struct type *type;

	if (key == &type_string && element == &type_timestamp)
		return &type_map_string_timestamp;
	type = ARENA_NEW(arena, struct type);
	if (type)
		*type = (struct type){ TYPE_MAP, key, element };
	return type;
}

static void skip_space(struct slice *text)
{
	while (text->size && *text->data == ' ') {
		text->data++;
		text->size--;
	}
}

static bool take(struct slice *text, const char *word)
{
	struct slice prefix = slice_from(word);

	skip_space(text);
	if (!slice_starts_with(*text, prefix))
		return false;
	text->data += prefix.size;
	text->size -= prefix.size;
	return true;
}

static const struct type *take_type(struct slice *text, struct arena *arena, int depth)
{
	if (depth > TYPE_DEPTH_LIMIT)
		return NULL;
	if (take(text, "list")) {
		const struct type *element =
				take(text, "(") ? take_type(text, arena, depth + 1) : NULL;

		return element && take(text, ")") ? type_list_of(element, arena) : NULL;
	}
	if (take(text, "map")) {
		const struct type *key =
				take(text, "(") ? take_type(text, arena, depth + 1) : NULL;
		const struct type *element = key && take(text, ",")
							     ? take_type(text, arena, depth + 1)
							     : NULL;
		bool fits = key &&
			    (key->kind == TYPE_BOOL || key->kind == TYPE_INT ||
					    key->kind == TYPE_UINT || key->kind == TYPE_STRING);

		return fits && element && take(text, ")") ? type_map_of(key, element, arena)
							  : NULL;
	}
	for (size_t i = 0; i < SIMPLE_COUNT; i++) {
		if (take(text, simple_types[i].name))
			return simple_types[i].type;
	}
	return NULL;
}

const struct type *type_parse(struct slice text, struct arena *arena)
{
	const struct type *type = take_type(&text, arena, 0);

	skip_space(&text);
	return text.size == 0 ? type : NULL;
}

const struct type *type_join(const struct type *a, const struct type *b, struct arena *arena)
{
	const struct type *key, *element;

	if (a == b || b->kind == TYPE_DYN)
		return a;
	if (a->kind == TYPE_DYN)
		return b;
	if (a->kind != b->kind)
		return NULL;
	if (a->kind != TYPE_LIST && a->kind != TYPE_MAP)
		return a;
	element = type_join(a->element, b->element, arena);
	if (!element)
		return NULL;
	if (a->kind == TYPE_LIST)
		return element == a->element ? a : type_list_of(element, arena);
	key = type_join(a->key, b->key, arena);
	if (!key)
		return NULL;
	return key == a->key && element == a->element ? a : type_map_of(key, element, arena);
}

bool type_has_kind(const struct type *type, enum type_kind kind)
{
	return type->kind == kind || (type->key && type_has_kind(type->key, kind)) ||
	       (type->element && type_has_kind(type->element, kind));
}

bool type_is_ordered(const struct type *type)
{
	switch (type->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_DOUBLE:
	case TYPE_STRING:
	case TYPE_BYTES:
	case TYPE_TIMESTAMP:
	case TYPE_DURATION:
	case TYPE_DYN:
		return true;
	case TYPE_NULL:
	case TYPE_LIST:
	case TYPE_MAP:
	case TYPE_TYPE:
		break;
	}
	return false;
}

enum value_kind type_value_kind(const struct type *type)
{
	if (type->kind == TYPE_LIST)
		return VALUE_LIST;
	if (type->kind == TYPE_MAP)
		return VALUE_MAP;
	for (size_t i = 0; i < SIMPLE_COUNT; i++) {
		if (simple_types[i].type->kind == type->kind)
			return simple_types[i].value;
	}
	return VALUE_ERROR;
}

static size_t print_part(const struct type *type, char *out, size_t size, size_t at);

static size_t print_text(const char *text, char *out, size_t size, size_t at)
{
	for (; *text && at + 1 < size; text++)
		out[at++] = *text;
	out[at] = '\0';
	return at;
}

static size_t print_part(const struct type *type, char *out, size_t size, size_t at)
{
	if (type->kind == TYPE_LIST || type->kind == TYPE_MAP) {
		at = print_text(type->kind == TYPE_LIST ? "list(" : "map(", out, size, at);
		if (type->kind == TYPE_MAP) {
			at = print_part(type->key, out, size, at);
			at = print_text(", ", out, size, at);
		}
		at = print_part(type->element, out, size, at);
		return print_text(")", out, size, at);
	}
	for (size_t i = 0; i < SIMPLE_COUNT; i++) {
		if (simple_types[i].type->kind == type->kind)
			return print_text(simple_types[i].name, out, size, at);
	}
	return print_text("?", out, size, at);
}

const char *type_print(const struct type *type, char out_text[static TYPE_TEXT_SIZE])
{
	(void)print_part(type, out_text, TYPE_TEXT_SIZE, 0);
	return out_text;
}

const char *type_describe(const struct type *type, enum dimension dimension,
		char out_text[static TYPE_TEXT_SIZE])
{
	if (type->kind != TYPE_INT)
		return type_print(type, out_text);
	switch (dimension) {
	case DIMENSION_MONEY:
		return "money (int, in fen)";
	case DIMENSION_RATIO:
		return "ratio (int, in ppm)";
	case DIMENSION_COUNT:
		return "count (int)";
	case DIMENSION_ANY:
		return "bare number (int)";
	case DIMENSION_FREE:
		break;
	}
	return "int";
}

bool dimension_fits(enum dimension a, enum dimension b)
{
	if (a == b || a == DIMENSION_FREE || b == DIMENSION_FREE)
		return true;
	if (a == DIMENSION_ANY)
		return b != DIMENSION_MONEY;
	return b == DIMENSION_ANY && a != DIMENSION_MONEY;
}

enum dimension dimension_join(enum dimension a, enum dimension b)
{
	if (a == DIMENSION_FREE)
		return b == DIMENSION_ANY ? a : b;
	if (b == DIMENSION_FREE || b == DIMENSION_ANY)
		return b == DIMENSION_FREE && a == DIMENSION_ANY ? b : a;
	return b;
}
