/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog part of a case file. */
#include "case.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <stdlib.h>
#include <string.h>

void *case_init(const struct case_file *file, void *message, void (*init)(void *))
{
	if (!message)
		case_broken(file, "out of memory");
	init(message);
	return message;
}

char *case_keep(const struct case_file *file, const char *text)
{
	char *copy = arena_copy_text(file->arena, text);

	if (!copy)
		case_broken(file, "out of memory");
	return copy;
}

/* A rule, with its place. */
char *case_keep_rule(struct case_file *file, const void *message, const char *field,
		const char *text)
{
	case_place(file, message, field, text);
	return case_keep(file, text);
}

void case_append(const struct case_file *file, void *list_of_pointers, size_t *count, void *one)
{
	void ***list = list_of_pointers;
	void **grown = ARENA_NEW_ARRAY(file->arena, void *, *count + 1);

	if (!grown)
		case_broken(file, "out of memory");
	if (*count)
		memcpy(grown, *list, *count * sizeof(*grown));
	grown[(*count)++] = one;
	*list = grown;
}

Policycalc__V1__Text *case_bilingual(
		const struct case_file *file, const char *zh, const char *en)
{
	Policycalc__V1__Text *text =
			CASE_NEW(file, Policycalc__V1__Text, policycalc__v1__text__init);

	text->zh = case_keep(file, zh);
	text->en = case_keep(file, en);
	return text;
}

int case_enum(const struct case_file *file, const ProtobufCEnumDescriptor *descriptor,
		const char *prefix, const char *word)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
			descriptor, arena_format(file->arena, "%s%s", prefix, word));

	if (!value)
		case_broken(file, "what is %s?", word);
	return value->value;
}

/* aggregate FUNCTION LIST [FIELD] [empty N] [where RULE] */
static Policycalc__V1__Derivation *read_aggregate(struct case_file *file, char *rest)
{
	Policycalc__V1__Derivation *derived = CASE_NEW(
			file, Policycalc__V1__Derivation, policycalc__v1__derivation__init);
	Policycalc__V1__Derivation__Aggregate *aggregate =
			CASE_NEW(file, Policycalc__V1__Derivation__Aggregate,
					policycalc__v1__derivation__aggregate__init);
	char *word;

	aggregate->function = (Policycalc__V1__Derivation__Aggregate__Function)case_enum(file,
			&policycalc__v1__derivation__aggregate__function__descriptor,
			"FUNCTION_", case_word(file, &rest));
	aggregate->item_list = case_word(file, &rest);
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "where") == 0) {
			aggregate->filter_rule = case_keep_rule(
					file, aggregate, "filter_rule", case_trim(rest));
			break;
		}
		if (strcmp(word, "empty") == 0) {
			aggregate->_when_empty_case =
					POLICYCALC__V1__DERIVATION__AGGREGATE___WHEN_EMPTY_WHEN_EMPTY;
			aggregate->when_empty = atoll(case_word(file, &rest));
		} else {
			aggregate->field = word;
		}
	}
	derived->aggregate = aggregate;
	return derived;
}

/* attribute NAME TYPE [of LIST] [PERIOD] [from N] [to N] [unit 人] [mutable UP|DOWN|BOTH] [weight N]
 *     [label 中文 / English]
 *     [derived RULE | ratio NUM / DEN [zero PPM] | aggregate ...] [choices a b c | regions | industries] */
static void read_attribute(struct case_file *file, char *rest)
{
	Policycalc__V1__Attribute *attribute = CASE_NEW(
			file, Policycalc__V1__Attribute, policycalc__v1__attribute__init);
	char *word;

	attribute->name = case_word(file, &rest);
	attribute->type = (Policycalc__V1__ValueType)case_enum(file,
			&policycalc__v1__value_type__descriptor, "VALUE_TYPE_",
			case_word(file, &rest));
	attribute->period = POLICYCALC__V1__PERIOD__PERIOD_POINT;
	attribute->label = case_bilingual(file, attribute->name, attribute->name);
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "of") == 0) {
			attribute->item_list = case_word(file, &rest);
		} else if (strcmp(word, "from") == 0) {
			attribute->_minimum_case = POLICYCALC__V1__ATTRIBUTE___MINIMUM_MINIMUM;
			attribute->minimum = atoll(case_word(file, &rest));
		} else if (strcmp(word, "to") == 0) {
			attribute->_maximum_case = POLICYCALC__V1__ATTRIBUTE___MAXIMUM_MAXIMUM;
			attribute->maximum = atoll(case_word(file, &rest));
		} else if (strcmp(word, "mutable") == 0) {
			attribute->mutable_ = true;
			attribute->direction = (Policycalc__V1__Direction)case_enum(file,
					&policycalc__v1__direction__descriptor, "DIRECTION_",
					case_word(file, &rest));
		} else if (strcmp(word, "weight") == 0) {
			attribute->change_weight = atoi(case_word(file, &rest));
		} else if (strcmp(word, "unit") == 0) {
			attribute->unit =
					case_bilingual(file, case_word(file, &rest), "people");
		} else if (strcmp(word, "label") == 0) {
			char *zh = case_trim(case_cut(&rest, "/"));

			attribute->label = case_bilingual(file, zh, case_trim(rest));
			break;
		} else if (strcmp(word, "aggregate") == 0) {
			attribute->derived = read_aggregate(file, rest);
			break;
		} else if (strcmp(word, "derived") == 0 || strcmp(word, "ratio") == 0) {
			attribute->derived = CASE_NEW(file, Policycalc__V1__Derivation,
					policycalc__v1__derivation__init);
			if (*word == 'd') {
				attribute->derived->rule = case_keep(file, case_trim(rest));
				break;
			}
			attribute->derived->ratio = CASE_NEW(file,
					Policycalc__V1__Derivation__Ratio,
					policycalc__v1__derivation__ratio__init);
			attribute->derived->ratio->num = case_word(file, &rest);
			(void)case_word(file, &rest);
			attribute->derived->ratio->den = case_word(file, &rest);
			attribute->derived->ratio->when_den_zero = case_keep(file, "unknown");
		} else if (strcmp(word, "choices") == 0) {
			for (;;) {
				char *behind = rest;
				Policycalc__V1__Choice *choice;

				word = case_word(file, &rest);
				if (*word == 0 || strcmp(word, "mutable") == 0 ||
						strcmp(word, "label") == 0) {
					rest = behind;
					break;
				}
				choice = CASE_NEW(file, Policycalc__V1__Choice,
						policycalc__v1__choice__init);

				choice->code = word;
				choice->label = case_bilingual(file, word, word);
				case_append(file, &attribute->choices, &attribute->n_choices,
						choice);
			}
		} else if (strcmp(word, "regions") == 0 || strcmp(word, "industries") == 0) {
			attribute->choice_table = word;
		} else {
			attribute->period = (Policycalc__V1__Period)case_enum(file,
					&policycalc__v1__period__descriptor, "PERIOD_", word);
		}
	}
	case_append(file, &file->catalog.attributes, &file->catalog.attribute_count, attribute);
}

/* One value of a parameter: VALUE [from DAY] [until DAY] [source DOC] */
static void read_parameter_value(
		struct case_file *file, Policycalc__V1__Parameter *parameter, char *rest)
{
	Policycalc__V1__ParameterValue *value = CASE_NEW(file, Policycalc__V1__ParameterValue,
			policycalc__v1__parameter_value__init);
	char *text = case_word(file, &rest);
	struct error err = { 0 };
	long long figure = 0;
	char *word;
	bool ok = true;

	value->from = case_keep(file, "not_stated");
	if (strcmp(text, "unknown") == 0) {
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED;
		value->not_stated = true;
	} else if (parameter->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY) {
		ok = unit_parse_money(slice_from(text), &figure, &err);
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN;
		value->money_fen = figure;
	} else if (parameter->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO) {
		ok = unit_parse_ratio(slice_from(text), &figure, &err);
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = figure;
	} else {
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT;
		value->count = atoll(text);
	}
	if (!ok)
		case_broken(file, "%s", err.message);
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "from") == 0) {
			value->from = case_word(file, &rest);
		} else if (strcmp(word, "until") == 0) {
			value->until = case_word(file, &rest);
		} else if (strcmp(word, "source") == 0) {
			value->source = CASE_NEW(file, Policycalc__V1__Source,
					policycalc__v1__source__init);
			value->source->doc = case_keep(file, case_trim(rest));
			break;
		} else {
			case_broken(file, "what is %s?", word);
		}
	}
	case_append(file, &parameter->values, &parameter->n_values, value);
}

/* parameter NAME TYPE VALUE ...; the same name again adds a value. */
static void read_parameter(struct case_file *file, char *rest)
{
	char *name = case_word(file, &rest);
	Policycalc__V1__Parameter *parameter = NULL;
	char *type = case_word(file, &rest);

	for (size_t i = 0; i < file->catalog.parameter_count; i++) {
		if (strcmp(file->catalog.parameters[i]->name, name) == 0)
			parameter = file->catalog.parameters[i];
	}
	if (!parameter) {
		parameter = CASE_NEW(file, Policycalc__V1__Parameter,
				policycalc__v1__parameter__init);
		parameter->name = name;
		parameter->type = (Policycalc__V1__ValueType)case_enum(file,
				&policycalc__v1__value_type__descriptor, "VALUE_TYPE_", type);
		case_append(file, &file->catalog.parameters, &file->catalog.parameter_count,
				parameter);
	}
	read_parameter_value(file, parameter, rest);
}

/* region CODE KIND PARENT|- NAME */
static void read_region(struct case_file *file, char *rest)
{
	Policycalc__V1__Region *region =
			CASE_NEW(file, Policycalc__V1__Region, policycalc__v1__region__init);
	char *parent;

	region->code = case_word(file, &rest);
	region->kind = (Policycalc__V1__RegionKind)case_enum(file,
			&policycalc__v1__region_kind__descriptor, "REGION_KIND_",
			case_word(file, &rest));
	parent = case_word(file, &rest);
	if (strcmp(parent, "-") != 0)
		region->parent = parent;
	region->name = case_bilingual(file, case_trim(rest), region->code);
	case_append(file, &file->catalog.regions, &file->catalog.region_count, region);
}

/* industry CODE PARENT|- NAME */
static void read_industry(struct case_file *file, char *rest)
{
	Policycalc__V1__Industry *industry = CASE_NEW(
			file, Policycalc__V1__Industry, policycalc__v1__industry__init);
	char *parent;

	industry->code = case_word(file, &rest);
	parent = case_word(file, &rest);
	if (strcmp(parent, "-") != 0)
		industry->parent = parent;
	industry->name = case_bilingual(file, case_trim(rest), industry->code);
	case_append(file, &file->catalog.industries, &file->catalog.industry_count, industry);
}

/* --- policies --------------------------------------------------------------------------------- */

/* require|exclude|review [ID:] RULE; review [ID:] [met_if RULE] [fails_if RULE] */
static void read_condition(struct case_file *file, const char *role, char *rest)
{
	Policycalc__V1__Condition *condition = CASE_NEW(
			file, Policycalc__V1__Condition, policycalc__v1__condition__init);
	size_t id_size = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_");
	char *met = NULL;
	char *fails = NULL;

	condition->id = arena_format(file->arena, "c%zu", file->policy->n_conditions + 1);
	if (id_size && rest[id_size] == ':') {
		condition->id = arena_copy(file->arena, rest, id_size);
		rest = case_trim(rest + id_size + 1);
	}
	condition->label = case_bilingual(file, condition->id, condition->id);
	if (strcmp(role, "review") == 0) {
		condition->role = POLICYCALC__V1__ROLE__ROLE_REVIEW;
		fails = strstr(rest, "fails_if ");
		if (fails) {
			condition->fails_if = case_keep_rule(
					file, condition, "fails_if", case_trim(fails + 9));
			*fails = 0;
		}
		met = strstr(rest, "met_if ");
		if (met)
			condition->met_if = case_keep_rule(
					file, condition, "met_if", case_trim(met + 7));
	} else {
		condition->role = strcmp(role, "exclude") == 0
						  ? POLICYCALC__V1__ROLE__ROLE_EXCLUDE
						  : POLICYCALC__V1__ROLE__ROLE_REQUIRE;
		if (!case_read_score_condition(file, condition, rest))
			condition->rule = case_keep_rule(file, condition, "rule", rest);
	}
	case_append(file, &file->policy->conditions, &file->policy->n_conditions, condition);
}

static Policycalc__V1__DateRange *read_range(struct case_file *file, char *rest)
{
	Policycalc__V1__DateRange *range = CASE_NEW(
			file, Policycalc__V1__DateRange, policycalc__v1__date_range__init);
	char *from = case_trim(case_cut(&rest, ".."));

	range->from = case_keep(file, *from ? from : "not_stated");
	range->until = case_keep(file, case_trim(case_cut(&rest, " known by ")));
	range->known_by = case_keep(file, case_trim(rest));
	return range;
}

static void read_codes(struct case_file *file, char *rest, char ***list, size_t *count)
{
	char *word;

	while (*(word = case_word(file, &rest)))
		case_append(file, list, count, word);
}

static bool read_policy_line(struct case_file *file, const char *keyword, char *rest)
{
	Policycalc__V1__Policy *policy = file->policy;

	if (!policy)
		return false;
	if (strcmp(keyword, "require") == 0 || strcmp(keyword, "exclude") == 0 ||
			strcmp(keyword, "review") == 0) {
		read_condition(file, keyword, rest);
	} else if (strcmp(keyword, "series") == 0) {
		policy->series = case_keep(file, rest);
	} else if (strcmp(keyword, "subject") == 0) {
		policy->subject = (Policycalc__V1__Subject)case_enum(
				file, &policycalc__v1__subject__descriptor, "SUBJECT_", rest);
	} else if (strcmp(keyword, "once") == 0) {
		policy->once_per = case_keep(file, case_trim(rest + 4));
	} else if (strcmp(keyword, "force") == 0) {
		policy->in_force = read_range(file, rest);
	} else if (strcmp(keyword, "window") == 0) {
		policy->window_not_stated = strcmp(rest, "not stated") == 0;
		policy->window_always = strcmp(rest, "always") == 0;
		if (!policy->window_not_stated && !policy->window_always)
			case_append(file, &policy->windows, &policy->n_windows,
					read_range(file, rest));
	} else if (strcmp(keyword, "repeals") == 0) {
		read_codes(file, rest, &policy->repeals, &policy->n_repeals);
	} else if (strcmp(keyword, "covers") == 0) {
		policy->region = CASE_NEW(file, Policycalc__V1__RegionScope,
				policycalc__v1__region_scope__init);
		policy->region->by = POLICYCALC__V1__REGION_SCOPE__BY__BY_REGISTERED;
		if (strstr(rest, " without zones")) {
			*strstr(rest, " without zones") = 0;
			policy->region->zones =
					POLICYCALC__V1__REGION_SCOPE__ZONES__ZONES_EXCLUDE;
		}
		read_codes(file, rest, &policy->region->covers, &policy->region->n_covers);
	} else if (strcmp(keyword, "industries") == 0) {
		char *included = case_cut(&rest, "except");

		policy->industry = CASE_NEW(file, Policycalc__V1__IndustryScope,
				policycalc__v1__industry_scope__init);
		read_codes(file, included, &policy->industry->include,
				&policy->industry->n_include);
		read_codes(file, rest, &policy->industry->exclude,
				&policy->industry->n_exclude);
	} else {
		return case_read_score(file, keyword, rest) ||
		       case_read_amount(file, keyword, rest);
	}
	return true;
}

bool case_read_catalog(struct case_file *file, const char *keyword, char *rest)
{
	if (strcmp(keyword, "attribute") == 0) {
		read_attribute(file, rest);
	} else if (strcmp(keyword, "parameter") == 0) {
		read_parameter(file, rest);
	} else if (strcmp(keyword, "region") == 0) {
		read_region(file, rest);
	} else if (strcmp(keyword, "industry") == 0) {
		read_industry(file, rest);
	} else if (strcmp(keyword, "policy") == 0) {
		file->policy = CASE_NEW(
				file, Policycalc__V1__Policy, policycalc__v1__policy__init);
		file->policy->id = case_keep(file, rest);
		file->policy->series = file->policy->id;
		file->policy->title = case_bilingual(file, rest, rest);
		case_append(file, &file->catalog.policies, &file->catalog.policy_count,
				file->policy);
	} else if (!case_read_combination(file, keyword, rest) &&
			!read_policy_line(file, keyword, rest)) {
		return false;
	}
	ruleset_unref(file->ruleset);
	file->ruleset = NULL;
	return true;
}

/* --- values ----------------------------------------------------------------------------------- */

static const Policycalc__V1__Attribute *attribute_find(
		struct case_file *file, const char *item_list, const char *name)
{
	for (size_t i = 0; i < file->catalog.attribute_count; i++) {
		if (strcmp(file->catalog.attributes[i]->name, name) == 0 &&
				strcmp(file->catalog.attributes[i]->item_list, item_list) == 0)
			return file->catalog.attributes[i];
	}
	case_broken(file, "there is no attribute %s", name);
}

void case_read_values(struct case_file *file, const char *item_list, char *text,
		Policycalc__V1__AttributeValue ***out, size_t *out_count)
{
	while (*text) {
		char *one = case_cut(&text, ", ");
		Policycalc__V1__AttributeValue *value =
				CASE_NEW(file, Policycalc__V1__AttributeValue,
						policycalc__v1__attribute_value__init);
		char *name = case_trim(case_cut(&one, "="));
		char *bare = case_trim(case_cut(&name, "@"));
		struct error err = { 0 };

		value->name = case_keep(file, bare);
		value->period = case_keep(file, case_trim(name));
		value->value = value_parse_text(slice_from(case_trim(one)),
				attribute_find(file, item_list, bare), file->arena, &err);
		if (!value->value)
			case_broken(file, "%s: %s", bare, err.message);
		case_append(file, out, out_count, value);
	}
}
