/* SPDX-License-Identifier: Apache-2.0 */
/* The choices of an attribute by what people call them. Inner header of the codec. */
#pragma once

#include "base/error.h"
#include "base/slice.h"
#include "policycalc/v1/catalog.pb-c.h"

/**
 * The code that @text stands for: a choice's code, label or alias, or a part of its Chinese label or of an
 * alias that no other choice has. Without choices any text is a code.
 * Borrowed from @attribute or from @text. false with what was expected and the nearest choice.
 */
bool choice_find_code(const Policycalc__V1__Attribute *attribute, struct slice text,
		struct slice *out_code, struct error *err);
/** The choices whose Chinese label or alias holds @text, at most @most of them; returns how many there are. */
size_t choice_find_parts(const Policycalc__V1__Attribute *attribute, struct slice text,
		const Policycalc__V1__Choice **out_choices, size_t most);
/** The name or code of a choice that @text may be a slip of; NULL when none is near. */
const char *choice_suggest(const Policycalc__V1__Attribute *attribute, struct slice text);
/** The choice's name in @language ("en" or Chinese), or the code itself. */
const char *choice_label(const Policycalc__V1__Attribute *attribute, const char *code,
		const char *language);
/** The text in that language; Chinese when there is none; "" for NULL. */
const char *text_in(const Policycalc__V1__Text *text, const char *language);
