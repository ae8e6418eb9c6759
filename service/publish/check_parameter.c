/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: typed, dated, in order; and that each has values while its policies are in force.
 */
#include "publish/check.h"

#include "publish/day.h"

#include <string.h>

typedef Policycalc__V1__ParameterValue value_message;

/* Which member of the oneof belongs to a type; 0: parameters do not have the type. */
static Policycalc__V1__ParameterValue__KindCase kind_of_type(Policycalc__V1__ValueType type)
{
	switch ((int)type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_FLAG;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_CODE;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_CODES;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND_DATE;
	default:
		return POLICYCALC__V1__PARAMETER_VALUE__KIND__NOT_SET;
	}
}

static const char *kind_name(Policycalc__V1__ParameterValue__KindCase kind)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
			&policycalc__v1__parameter_value__descriptor, (unsigned)kind);

	return field ? field->name : "nothing";
}

static void value_days(const value_message *value, int32_t *out_from, int32_t *out_until)
{
	if (!day_parse(value->from, out_from))
		*out_from = DAY_FIRST;
	if (!day_parse(value->until, out_until))
		*out_until = DAY_LAST;
}

static void check_value(
		struct check *check, const Policycalc__V1__Parameter *parameter, size_t i)
{
	const value_message *value = parameter->values[i];
	Policycalc__V1__ParameterValue__KindCase expected = kind_of_type(parameter->type);
	bool is_open = strcmp(value->from, "not_stated") == 0;
	int32_t from, until, last_from, last_until;

	if (!*value->from)
		check_error(check, value, "from", 0, "from is missing: a date or not_stated");
	else if (!is_open)
		(void)check_date(check, value, "from", value->from);
	if (is_open && i > 0)
		check_error(check, value, "from", 0,
				"only the first value may begin not_stated");
	(void)check_date(check, value, "until", value->until);
	value_days(value, &from, &until);
	if (from > until)
		check_error(check, value, "until", 0, "until %s lies before from %s",
				value->until, value->from);
	if (i > 0) {
		value_days(parameter->values[i - 1], &last_from, &last_until);
		if (from <= last_from)
			check_error(check, value, "from", 0,
					"values are expected oldest first");
		else if (from <= last_until)
			check_error(check, value, "from", 0,
					"overlaps the value before it, which lasts until %s",
					*parameter->values[i - 1]->until
							? parameter->values[i - 1]->until
							: "further notice (give it an until)");
	}
	if (value->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND__NOT_SET)
		check_error(check, value, NULL, 0, "the value is missing: %s or not_stated",
				kind_name(expected));
	else if (value->kind_case != POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED &&
			expected != POLICYCALC__V1__PARAMETER_VALUE__KIND__NOT_SET &&
			value->kind_case != expected)
		check_error(check, value, kind_name(value->kind_case), 0,
				"parameter \"%s\" is expected to have %s, not %s",
				parameter->name, kind_name(expected),
				kind_name(value->kind_case));
	if (value->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED &&
			!value->not_stated)
		check_error(check, value, "not_stated", 0, "not_stated is true or left out");
	if (value->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_DATE)
		(void)check_date(check, value, "date", value->date);
	if (!value->source &&
			value->kind_case != POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED)
		check_warn(check, value, NULL, 0, "parameter \"%s\" has a value without source",
				parameter->name);
}

void check_parameters(struct check *check)
{
	check->file = check->parameter_file;
	for (size_t i = 0; i < check->catalog->parameter_count; i++) {
		const Policycalc__V1__Parameter *parameter = check->catalog->parameters[i];

		if (check_name(check, parameter, "name", parameter->name, NAME_SNAKE) &&
				!check_add_name(check, &check->parameters, parameter->name,
						parameter))
			check_error(check, parameter, "name", 0, "parameter \"%s\" comes twice",
					parameter->name);
		if (kind_of_type(parameter->type) ==
				POLICYCALC__V1__PARAMETER_VALUE__KIND__NOT_SET)
			check_error(check, parameter, "type", 0,
					"type: expected MONEY, RATIO, COUNT, FLAG, CODE, CODES "
					"or DATE");
		if (!parameter->label)
			check_warn(check, parameter, "label", 0,
					"parameter \"%s\" has no label", parameter->name);
		if (parameter->n_values == 0)
			check_error(check, parameter, "values", 0,
					"parameter \"%s\" has no value (use not_stated when the"
					" sources do not say)",
					parameter->name);
		for (size_t j = 0; j < parameter->n_values; j++)
			check_value(check, parameter, j);
	}
}
