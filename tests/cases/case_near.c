/* SPDX-License-Identifier: Apache-2.0 */
/* Near misses and cliffs in the words of the case files. */
#include "case.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <string.h>

/* The attribute behind "e.staff" or "i.invested@projects/a". */
static const Policycalc__V1__Attribute *attribute_of(struct case_file *file, const char *path)
{
	const char *list = strchr(path, '@');
	struct slice name = { path + 2, list ? (size_t)(list - path - 2) : strlen(path + 2) };

	for (size_t i = 0; i < file->catalog.attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = file->catalog.attributes[i];

		if (slice_equals_text(name, attribute->name) &&
				(*attribute->item_list != 0) == (list != NULL))
			return attribute;
	}
	case_broken(file, "there is no attribute %s", path);
}

/* "40万元", "5", "1.5%" */
static const char *figure(struct case_file *file, const Policycalc__V1__Attribute *attribute,
		int64_t number)
{
	char text[64];

	switch ((int)attribute->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		unit_print_money(number, text);
		return arena_copy_text(file->arena, text);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		unit_print_ratio(number, text);
		return arena_copy_text(file->arena, text);
	default:
		return arena_format(file->arena, "%lld", (long long)number);
	}
}

static int64_t number_of(const Policycalc__V1__Value *value)
{
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		return value->money_fen;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		return value->ratio_ppm;
	default:
		return value->count;
	}
}

static bool is_figure(const Policycalc__V1__Value *value)
{
	return value->kind_case == POLICYCALC__V1__VALUE__KIND_MONEY_FEN ||
	       value->kind_case == POLICYCALC__V1__VALUE__KIND_RATIO_PPM ||
	       value->kind_case == POLICYCALC__V1__VALUE__KIND_COUNT;
}

static char *change_words(struct case_file *file, const Policycalc__V1__NearChange *change)
{
	const Policycalc__V1__Attribute *attribute = attribute_of(file, change->attribute);
	const char *target;

	if (is_figure(change->target))
		return arena_format(file->arena, "%s %c %s", change->attribute + 2,
				number_of(change->target) > number_of(change->observed) ? '+'
											: '-',
				figure(file, attribute, change->distance));
	target = value_print_text(change->target, attribute, "zh", file->arena);
	return arena_format(file->arena, "%s = %s", change->attribute + 2, target);
}

char *case_near_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_near ? "" : "none");

	for (size_t i = 0; i < answer->n_near; i++) {
		for (size_t k = 0; k < answer->near[i]->n_changes; k++)
			text = arena_format(file->arena, "%s%s%s", text,
					k   ? " and "
					: i ? " or "
					    : "",
					change_words(file, answer->near[i]->changes[k]));
	}
	return text;
}

char *case_cliff_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_cliffs ? "" : "none");

	for (size_t i = 0; i < answer->n_cliffs; i++) {
		const Policycalc__V1__Cliff *cliff = answer->cliffs[i];
		const Policycalc__V1__Attribute *attribute =
				attribute_of(file, cliff->attribute);

		text = arena_format(file->arena, "%s%s%s %s %s in %s", text, i ? "; " : "",
				cliff->attribute + 2, cliff->above ? "above" : "below",
				figure(file, attribute, number_of(cliff->threshold)),
				figure(file, attribute, cliff->distance));
	}
	return text;
}
