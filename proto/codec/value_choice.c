/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/value_choice.h"

#include "base/memory.h"
#include "proto/codec/value_text.h"

typedef Policycalc__V1__Attribute attribute_message;
typedef Policycalc__V1__Choice choice_message;

#define QUOTED(text) (int)((text).size > 60 ? 60 : (text).size), (text).data

const char *text_in(const Policycalc__V1__Text *text, const char *language)
{
	if (!text)
		return "";
	if (language && strcmp(language, "en") == 0 && *text->en)
		return text->en;
	return *text->zh ? text->zh : text->en;
}

const char *choice_label(
		const attribute_message *attribute, const char *code, const char *language)
{
	for (size_t i = 0; i < attribute->n_choices; i++) {
		const char *label = text_in(attribute->choices[i]->label, language);

		if (strcmp(attribute->choices[i]->code, code) == 0 && *label)
			return label;
	}
	return code;
}

static bool is_called(const choice_message *choice, struct slice text)
{
	if (choice->label && (slice_equals_text(text, choice->label->zh) ||
					     slice_equals_text(text, choice->label->en)))
		return true;
	for (size_t i = 0; i < choice->n_aliases; i++) {
		if (slice_equals_text(text, choice->aliases[i]))
			return true;
	}
	return false;
}

/* Whether @name holds @part, not as the rest of its opposite: 国有 is no part of 非国有. */
static bool name_holds(const char *name, struct slice part)
{
	static const char *const negations[] = { "非", "不", "无", "未" };
	const char *found = memmem(name, strlen(name), part.data, part.size);

	for (size_t i = 0; found && i < sizeof(negations) / sizeof(*negations); i++) {
		size_t size = strlen(negations[i]);

		if ((size_t)(found - name) >= size &&
				memcmp(found - size, negations[i], size) == 0)
			return false;
	}
	return found != NULL;
}

static bool choice_has_part(const choice_message *choice, struct slice part)
{
	if (choice->label && name_holds(choice->label->zh, part))
		return true;
	for (size_t i = 0; i < choice->n_aliases; i++) {
		if (name_holds(choice->aliases[i], part))
			return true;
	}
	return false;
}

size_t choice_find_parts(const attribute_message *attribute, struct slice text,
		const choice_message **out_choices, size_t most)
{
	size_t count = 0;

	/* Two Chinese characters, or some letters; figures are codes, which have no parts. */
	if (text.size < 4 || (text.data[0] >= '0' && text.data[0] <= '9'))
		return 0;
	for (size_t i = 0; i < attribute->n_choices; i++) {
		if (choice_has_part(attribute->choices[i], text) && count++ < most)
			out_choices[count - 1] = attribute->choices[i];
	}
	return count;
}

/* Industry codes may be finer than the table: "C3130" below "C31". */
static bool is_finer_industry(const attribute_message *attribute, struct slice text)
{
	if (strcmp(attribute->choice_table, "industries") != 0 || text.size < 2 ||
			text.size > 5)
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	for (size_t i = 0; i < attribute->n_choices; i++) {
		struct slice code = slice_from(attribute->choices[i]->code);

		if (code.size == 3 && slice_starts_with(text, code))
			return true;
	}
	return false;
}

const char *choice_suggest(const attribute_message *attribute, struct slice text)
{
	const char *nearest = NULL;
	const char **names;
	size_t count = 0;
	size_t room = 0;

	for (size_t i = 0; i < attribute->n_choices; i++)
		room += 3 + attribute->choices[i]->n_aliases;
	names = memory_alloc_zero(room, sizeof(*names));
	if (!names)
		return NULL;
	for (size_t i = 0; i < attribute->n_choices; i++) {
		const choice_message *choice = attribute->choices[i];

		names[count++] = choice->code;
		if (choice->label) {
			names[count++] = choice->label->zh;
			names[count++] = choice->label->en;
		}
		for (size_t k = 0; k < choice->n_aliases; k++)
			names[count++] = choice->aliases[k];
	}
	nearest = name_suggest(text, names, count);
	memory_free(names);
	return nearest;
}

static bool no_such_choice(
		const attribute_message *attribute, struct slice text, struct error *err)
{
	const char *nearest = choice_suggest(attribute, text);

	if (nearest)
		return error_set(err, ERROR_INVALID,
				"no such choice \"%.*s\"; did you mean %s?", QUOTED(text),
				nearest);
	return error_set(err, ERROR_INVALID, "no such choice \"%.*s\"; such as %s (%s)",
			QUOTED(text), attribute->choices[0]->code,
			text_in(attribute->choices[0]->label, "zh"));
}

static bool find_by_part(const attribute_message *attribute, struct slice text,
		struct slice *out_code, struct error *err)
{
	const choice_message *found[2];
	size_t count = choice_find_parts(attribute, text, found, 2);

	if (count == 0)
		return no_such_choice(attribute, text, err);
	if (count > 1)
		return error_set(err, ERROR_INVALID,
				"\"%.*s\" may be %s or %s: write the whole name or the code",
				QUOTED(text), text_in(found[0]->label, "zh"),
				text_in(found[1]->label, "zh"));
	*out_code = slice_from(found[0]->code);
	return true;
}

bool choice_find_code(const attribute_message *attribute, struct slice text,
		struct slice *out_code, struct error *err)
{
	const choice_message *found = NULL;

	if (text.size == 0)
		return error_set(err, ERROR_INVALID, "a code is missing");
	if (attribute->n_choices == 0) {
		*out_code = text;
		return true;
	}
	for (size_t i = 0; i < attribute->n_choices; i++) {
		if (slice_equals_text(text, attribute->choices[i]->code)) {
			*out_code = text;
			return true;
		}
	}
	for (size_t i = 0; i < attribute->n_choices; i++) {
		if (!is_called(attribute->choices[i], text))
			continue;
		if (found)
			return error_set(err, ERROR_INVALID,
					"\"%.*s\" may be %s or %s: write the code",
					QUOTED(text), found->code, attribute->choices[i]->code);
		found = attribute->choices[i];
	}
	if (found)
		*out_code = slice_from(found->code);
	else if (is_finer_industry(attribute, text))
		*out_code = text;
	else
		return find_by_part(attribute, text, out_code, err);
	return true;
}
