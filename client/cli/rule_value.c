/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/rule_value.h"

#include "base/date.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define VALUE_DEPTH_LIMIT 64

/* --- bytes as base64 --------------------------------------------------------------------------- */

static const char base64_letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static json_t *base64_encode(struct slice bytes)
{
	size_t size = (bytes.size + 2) / 3 * 4;
	char *text = malloc(size + 1);
	json_t *json;
	size_t used = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < bytes.size; i += 3) {
		unsigned group = 0;
		size_t left = bytes.size - i;

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < left ? (unsigned char)bytes.data[i + j] : 0u);
		for (size_t j = 0; j < 4; j++)
			text[used++] = j <= left ? base64_letters[group >> (18 - 6 * j) & 63]
						 : '=';
	}
	json = json_stringn(text, used);
	free(text);
	return json;
}

static bool base64_decode(const char *text, struct arena *arena, struct slice *out_bytes)
{
	size_t size = strlen(text);
	char *bytes = arena_alloc(arena, size + 1);
	unsigned bits = 0;
	int held = 0;
	size_t used = 0;

	if (!bytes)
		return false;
	while (size && text[size - 1] == '=')
		size--;
	for (size_t i = 0; i < size; i++) {
		const char *letter = strchr(base64_letters, text[i]);

		if (!letter || !text[i])
			return false;
		bits = bits << 6 | (unsigned)(letter - base64_letters);
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes[used++] = (char)(bits >> held & 0xff);
		}
	}
	*out_bytes = (struct slice){ bytes, used };
	return true;
}

/* --- decoding ---------------------------------------------------------------------------------- */

static bool value_read(const json_t *json, struct arena *arena, int depth, struct value *out);

static bool integer_read(const char *text, int64_t *out)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	*out = number;
	return *text && !*end && !errno;
}

static bool unsigned_read(const char *text, uint64_t *out)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	*out = number;
	return *text && *text != '-' && !*end && !errno;
}

static bool double_read(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return *text && !*end;
}

static bool list_read(const json_t *json, struct arena *arena, int depth, struct value *out)
{
	size_t count = json_array_size(json);
	struct value *items = ARENA_NEW_ARRAY(arena, struct value, count);

	if (!json_is_array(json) || !items)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!value_read(json_array_get(json, i), arena, depth + 1, &items[i]) ||
				items[i].kind == VALUE_UNKNOWN)
			return false;
	}
	*out = (struct value){ .kind = VALUE_LIST, .list = { items, count } };
	return true;
}

static bool map_read(const json_t *json, struct arena *arena, int depth, struct value *out)
{
	size_t count = json_array_size(json);
	struct value *items = ARENA_NEW_ARRAY(arena, struct value, 2 * count);

	if (!json_is_array(json) || !items)
		return false;
	for (size_t i = 0; i < 2 * count; i++) {
		const json_t *entry = json_array_get(json, i / 2);

		if (json_array_size(entry) != 2 ||
				!value_read(json_array_get(entry, i % 2), arena, depth + 1,
						&items[i]) ||
				items[i].kind == VALUE_UNKNOWN)
			return false;
	}
	*out = (struct value){ .kind = VALUE_MAP, .list = { items, count } };
	return true;
}

/* Kinds that are written as a text. */
static bool text_read(
		const char *kind, const json_t *json, struct arena *arena, struct value *out)
{
	const char *text = json_string_value(json);
	struct timestamp timestamp;
	bool ok;

	if (!text)
		return false;
	if (strcmp(kind, "int") == 0) {
		out->kind = VALUE_INT;
		return integer_read(text, &out->integer);
	}
	if (strcmp(kind, "uint") == 0) {
		out->kind = VALUE_UINT;
		return unsigned_read(text, &out->uinteger);
	}
	if (strcmp(kind, "double") == 0) {
		out->kind = VALUE_DOUBLE;
		return double_read(text, &out->number);
	}
	if (strcmp(kind, "string") == 0) {
		out->kind = VALUE_STRING;
		out->text = (struct slice){ text, json_string_length(json) };
		return true;
	}
	if (strcmp(kind, "bytes") == 0) {
		out->kind = VALUE_BYTES;
		return base64_decode(text, arena, &out->text);
	}
	if (strcmp(kind, "timestamp") == 0) {
		out->kind = VALUE_TIMESTAMP;
		ok = timestamp_parse(slice_from(text), &timestamp);
		if (ok) {
			out->timestamp.seconds = timestamp.seconds;
			out->timestamp.nanos = timestamp.nanos;
		}
		return ok;
	}
	out->kind = VALUE_DURATION;
	return strcmp(kind, "duration") == 0 && duration_parse(slice_from(text), &out->integer);
}

static bool value_read(const json_t *json, struct arena *arena, int depth, struct value *out)
{
	void *member = json_object_iter((json_t *)(uintptr_t)json);
	const char *kind;
	const json_t *content;

	*out = (struct value){ 0 };
	if (json_object_size(json) != 1 || depth > VALUE_DEPTH_LIMIT)
		return false;
	kind = json_object_iter_key(member);
	content = json_object_iter_value(member);
	if (strcmp(kind, "unknown") == 0)
		return true;
	if (strcmp(kind, "null") == 0) {
		out->kind = VALUE_NULL;
		return true;
	}
	if (strcmp(kind, "bool") == 0) {
		*out = (struct value){ .kind = VALUE_BOOL, .boolean = json_is_true(content) };
		return json_is_boolean(content);
	}
	if (strcmp(kind, "list") == 0)
		return list_read(content, arena, depth, out);
	if (strcmp(kind, "map") == 0)
		return map_read(content, arena, depth, out);
	return text_read(kind, content, arena, out);
}

bool rule_value_decode(const json_t *json, struct arena *arena, struct value *out_value)
{
	return value_read(json, arena, 0, out_value);
}

/* --- encoding ---------------------------------------------------------------------------------- */

static json_t *double_encode(double number)
{
	char text[40];

	if (isnan(number))
		return json_string("NaN");
	if (isinf(number))
		return json_string(number < 0 ? "-Infinity" : "Infinity");
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	/* Whole numbers below 10^16 are written out, with ".0". */
	if (fabs(number) < 1e16 && number == floor(number))
		(void)snprintf(text, sizeof(text), "%.1f", number);
	return json_string(text);
}

static json_t *list_encode(const struct value *value)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < value->list.count; i++) {
		if (json_array_append_new(list, rule_value_encode(&value->list.items[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *map_encode(const struct value *value)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < value->list.count; i++) {
		const struct value *entry = &value->list.items[2 * i];
		json_t *pair = json_array();

		if (!pair || json_array_append_new(pair, rule_value_encode(&entry[0])) < 0 ||
				json_array_append_new(pair, rule_value_encode(&entry[1])) < 0) {
			json_decref(pair);
			json_decref(list);
			return NULL;
		}
		if (json_array_append_new(list, pair) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *rule_value_encode(const struct value *value)
{
	struct timestamp timestamp = { value->timestamp.seconds, value->timestamp.nanos };
	char text[40];

	switch (value->kind) {
	case VALUE_NULL:
		return json_pack("{s:b}", "null", 1);
	case VALUE_BOOL:
		return json_pack("{s:b}", "bool", value->boolean);
	case VALUE_INT:
		(void)snprintf(text, sizeof(text), "%" PRId64, value->integer);
		return json_pack("{s:s}", "int", text);
	case VALUE_UINT:
		(void)snprintf(text, sizeof(text), "%" PRIu64, value->uinteger);
		return json_pack("{s:s}", "uint", text);
	case VALUE_DOUBLE:
		return json_pack("{s:o}", "double", double_encode(value->number));
	case VALUE_STRING:
		return json_pack("{s:o}", "string",
				json_stringn(value->text.data, value->text.size));
	case VALUE_BYTES:
		return json_pack("{s:o}", "bytes", base64_encode(value->text));
	case VALUE_LIST:
		return json_pack("{s:o}", "list", list_encode(value));
	case VALUE_MAP:
		return json_pack("{s:o}", "map", map_encode(value));
	case VALUE_TIMESTAMP:
		timestamp_print(timestamp, text);
		return json_pack("{s:s}", "timestamp", text);
	case VALUE_DURATION:
		duration_print(value->integer, text);
		return json_pack("{s:s}", "duration", text);
	case VALUE_TYPE:
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
		break;
	}
	return NULL;
}

/* --- types ------------------------------------------------------------------------------------- */

bool rule_value_fits(const struct value *value, const struct type *type)
{
	struct arena none;
	const struct type *own;

	if (type->kind == TYPE_LIST || type->kind == TYPE_MAP) {
		size_t step = type->kind == TYPE_MAP ? 2 : 1;

		if (value->kind != (type->kind == TYPE_MAP ? VALUE_MAP : VALUE_LIST))
			return false;
		for (size_t i = 0; i < value->list.count; i++) {
			const struct value *item = &value->list.items[step * i];

			if (step == 2 && !rule_value_fits(item, type->key))
				return false;
			if (!rule_value_fits(&item[step - 1], type->element))
				return false;
		}
		return true;
	}
	arena_init(&none, 0);
	own = rule_value_type(value, &none);
	return own && own->kind == type->kind;
}

const struct type *rule_value_type(const struct value *value, struct arena *arena)
{
	const struct type *element = &type_dyn;
	struct type *type;
	size_t step = value->kind == VALUE_MAP ? 2 : 1;

	switch (value->kind) {
	case VALUE_NULL:
		return &type_null;
	case VALUE_BOOL:
		return &type_bool;
	case VALUE_INT:
		return &type_int;
	case VALUE_UINT:
		return &type_uint;
	case VALUE_DOUBLE:
		return &type_double;
	case VALUE_STRING:
		return &type_string;
	case VALUE_BYTES:
		return &type_bytes;
	case VALUE_TIMESTAMP:
		return &type_timestamp;
	case VALUE_DURATION:
		return &type_duration;
	case VALUE_TYPE:
		return &type_type;
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
		return NULL;
	case VALUE_LIST:
	case VALUE_MAP:
		break;
	}
	type = ARENA_NEW(arena, struct type);
	if (!type)
		return NULL;
	if (value->list.count)
		element = rule_value_type(&value->list.items[step - 1], arena);
	*type = (struct type){ TYPE_LIST, NULL, element };
	if (value->kind == VALUE_MAP) {
		type->kind = TYPE_MAP;
		type->key = value->list.count ? rule_value_type(&value->list.items[0], arena)
					      : &type_dyn;
	}
	return element && (value->kind != VALUE_MAP || type->key) ? type : NULL;
}
