/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog part of a case file. */
#include "case.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <stdlib.h>
#include <string.h>

#define NEW(file, type, init)                                                                  \
	((type *)case_init((file), ARENA_NEW((file)->arena, type),                             \
			(void (*)(void *))(void (*)(void))(init)))

static void *case_init(struct case_file *file, void *message, void (*init)(void *))
{
	if (!message)
		case_broken(file, "out of memory");
	init(message);
	return message;
}

static char *keep(struct case_file *file, const char *text)
{
	char *copy = arena_copy_text(file->arena, text);

	if (!copy)
		case_broken(file, "out of memory");
	return copy;
}

/* A rule, with its place. */
static char *keep_rule(struct case_file *file, const void *message, const char *field,
		const char *text)
{
	case_place(file, message, field, text);
	return keep(file, text);
}

/* Appends to a list of pointers that grows by copying. */
static void append(struct case_file *file, void *list_of_pointers, size_t *count, void *one)
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

static Policycalc__V1__Text *text_of(struct case_file *file, const char *zh, const char *en)
{
	Policycalc__V1__Text *text =
			NEW(file, Policycalc__V1__Text, policycalc__v1__text__init);

	text->zh = keep(file, zh);
	text->en = keep(file, en);
	return text;
}

static int enum_of(struct case_file *file, const ProtobufCEnumDescriptor *descriptor,
		const char *prefix, const char *word)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
			descriptor, arena_format(file->arena, "%s%s", prefix, word));

	if (!value)
		case_broken(file, "what is %s?", word);
	return value->value;
}

/* attribute NAME TYPE [of LIST] [PERIOD] [from N] [to N] [unit 人] [label 中文 / English]
 *     [derived RULE | ratio NUM / DEN [zero PPM]] [choices a b c | regions | industries] */
static void read_attribute(struct case_file *file, char *rest)
{
	Policycalc__V1__Attribute *attribute =
			NEW(file, Policycalc__V1__Attribute, policycalc__v1__attribute__init);
	char *word;

	attribute->name = case_word(file, &rest);
	attribute->type = (Policycalc__V1__ValueType)enum_of(file,
			&policycalc__v1__value_type__descriptor, "VALUE_TYPE_",
			case_word(file, &rest));
	attribute->period = POLICYCALC__V1__PERIOD__PERIOD_POINT;
	attribute->label = text_of(file, attribute->name, attribute->name);
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "of") == 0) {
			attribute->item_list = case_word(file, &rest);
		} else if (strcmp(word, "from") == 0) {
			attribute->_minimum_case = POLICYCALC__V1__ATTRIBUTE___MINIMUM_MINIMUM;
			attribute->minimum = atoll(case_word(file, &rest));
		} else if (strcmp(word, "to") == 0) {
			attribute->_maximum_case = POLICYCALC__V1__ATTRIBUTE___MAXIMUM_MAXIMUM;
			attribute->maximum = atoll(case_word(file, &rest));
		} else if (strcmp(word, "unit") == 0) {
			attribute->unit = text_of(file, case_word(file, &rest), "people");
		} else if (strcmp(word, "label") == 0) {
			char *zh = case_trim(case_cut(&rest, "/"));

			attribute->label = text_of(file, zh, case_trim(rest));
			break;
		} else if (strcmp(word, "derived") == 0 || strcmp(word, "ratio") == 0) {
			attribute->derived = NEW(file, Policycalc__V1__Derivation,
					policycalc__v1__derivation__init);
			if (*word == 'd') {
				attribute->derived->rule = keep(file, case_trim(rest));
				break;
			}
			attribute->derived->ratio = NEW(file, Policycalc__V1__Derivation__Ratio,
					policycalc__v1__derivation__ratio__init);
			attribute->derived->ratio->num = case_word(file, &rest);
			(void)case_word(file, &rest);
			attribute->derived->ratio->den = case_word(file, &rest);
			attribute->derived->ratio->when_den_zero = keep(file, "unknown");
		} else if (strcmp(word, "choices") == 0) {
			while (*(word = case_word(file, &rest))) {
				Policycalc__V1__Choice *choice =
						NEW(file, Policycalc__V1__Choice,
								policycalc__v1__choice__init);

				choice->code = word;
				choice->label = text_of(file, word, word);
				append(file, &attribute->choices, &attribute->n_choices,
						choice);
			}
		} else if (strcmp(word, "regions") == 0 || strcmp(word, "industries") == 0) {
			attribute->choice_table = word;
		} else {
			attribute->period = (Policycalc__V1__Period)enum_of(file,
					&policycalc__v1__period__descriptor, "PERIOD_", word);
		}
	}
	append(file, &file->catalog.attributes, &file->catalog.attribute_count, attribute);
}

/* One value of a parameter: VALUE [from DAY] [until DAY] [source DOC] */
static void read_parameter_value(
		struct case_file *file, Policycalc__V1__Parameter *parameter, char *rest)
{
	Policycalc__V1__ParameterValue *value = NEW(file, Policycalc__V1__ParameterValue,
			policycalc__v1__parameter_value__init);
	char *text = case_word(file, &rest);
	struct error err = { 0 };
	long long figure = 0;
	char *word;
	bool ok = true;

	value->from = keep(file, "not_stated");
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
			value->source = NEW(file, Policycalc__V1__Source,
					policycalc__v1__source__init);
			value->source->doc = keep(file, case_trim(rest));
			break;
		} else {
			case_broken(file, "what is %s?", word);
		}
	}
	append(file, &parameter->values, &parameter->n_values, value);
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
		parameter = NEW(file, Policycalc__V1__Parameter,
				policycalc__v1__parameter__init);
		parameter->name = name;
		parameter->type = (Policycalc__V1__ValueType)enum_of(file,
				&policycalc__v1__value_type__descriptor, "VALUE_TYPE_", type);
		append(file, &file->catalog.parameters, &file->catalog.parameter_count,
				parameter);
	}
	read_parameter_value(file, parameter, rest);
}

/* region CODE KIND PARENT|- NAME */
static void read_region(struct case_file *file, char *rest)
{
	Policycalc__V1__Region *region =
			NEW(file, Policycalc__V1__Region, policycalc__v1__region__init);
	char *parent;

	region->code = case_word(file, &rest);
	region->kind = (Policycalc__V1__RegionKind)enum_of(file,
			&policycalc__v1__region_kind__descriptor, "REGION_KIND_",
			case_word(file, &rest));
	parent = case_word(file, &rest);
	if (strcmp(parent, "-") != 0)
		region->parent = parent;
	region->name = text_of(file, case_trim(rest), region->code);
	append(file, &file->catalog.regions, &file->catalog.region_count, region);
}

/* industry CODE PARENT|- NAME */
static void read_industry(struct case_file *file, char *rest)
{
	Policycalc__V1__Industry *industry =
			NEW(file, Policycalc__V1__Industry, policycalc__v1__industry__init);
	char *parent;

	industry->code = case_word(file, &rest);
	parent = case_word(file, &rest);
	if (strcmp(parent, "-") != 0)
		industry->parent = parent;
	industry->name = text_of(file, case_trim(rest), industry->code);
	append(file, &file->catalog.industries, &file->catalog.industry_count, industry);
}

/* --- policies --------------------------------------------------------------------------------- */

static Policycalc__V1__Amount *amount_of(struct case_file *file)
{
	if (!file->policy->amount) {
		file->policy->amount =
				NEW(file, Policycalc__V1__Amount, policycalc__v1__amount__init);
		file->policy->amount->nature = POLICYCALC__V1__NATURE__NATURE_CASH;
		file->policy->amount->beneficiary =
				POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE;
	}
	return file->policy->amount;
}

/* require|exclude|review [ID:] RULE; review [ID:] [met_if RULE] [fails_if RULE] */
static void read_condition(struct case_file *file, const char *role, char *rest)
{
	Policycalc__V1__Condition *condition =
			NEW(file, Policycalc__V1__Condition, policycalc__v1__condition__init);
	size_t id_size = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_");
	char *met = NULL;
	char *fails = NULL;

	condition->id = arena_format(file->arena, "c%zu", file->policy->n_conditions + 1);
	if (id_size && rest[id_size] == ':') {
		condition->id = arena_copy(file->arena, rest, id_size);
		rest = case_trim(rest + id_size + 1);
	}
	condition->label = text_of(file, condition->id, condition->id);
	if (strcmp(role, "review") == 0) {
		condition->role = POLICYCALC__V1__ROLE__ROLE_REVIEW;
		fails = strstr(rest, "fails_if ");
		if (fails) {
			condition->fails_if = keep_rule(
					file, condition, "fails_if", case_trim(fails + 9));
			*fails = 0;
		}
		met = strstr(rest, "met_if ");
		if (met)
			condition->met_if = keep_rule(
					file, condition, "met_if", case_trim(met + 7));
	} else {
		condition->role = strcmp(role, "exclude") == 0
						  ? POLICYCALC__V1__ROLE__ROLE_EXCLUDE
						  : POLICYCALC__V1__ROLE__ROLE_REQUIRE;
		condition->rule = keep_rule(file, condition, "rule", rest);
	}
	append(file, &file->policy->conditions, &file->policy->n_conditions, condition);
}

static Policycalc__V1__DateRange *read_range(struct case_file *file, char *rest)
{
	Policycalc__V1__DateRange *range =
			NEW(file, Policycalc__V1__DateRange, policycalc__v1__date_range__init);
	char *from = case_trim(case_cut(&rest, ".."));

	range->from = keep(file, *from ? from : "not_stated");
	range->until = keep(file, case_trim(case_cut(&rest, " known by ")));
	range->known_by = keep(file, case_trim(rest));
	return range;
}

/* cap RULE [when RULE] [of total]; cap none; cap not stated; cap shared RULE */
static void read_cap(struct case_file *file, char *rest)
{
	Policycalc__V1__Amount *amount = amount_of(file);
	Policycalc__V1__Cap *cap = NEW(file, Policycalc__V1__Cap, policycalc__v1__cap__init);
	char *total = strstr(rest, " of total");
	char *when;

	if (total) {
		*total = 0;
		cap->scope = POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR;
	}
	if (strncmp(rest, "shared ", 7) == 0) {
		cap->scope = POLICYCALC__V1__CAP__SCOPE__SCOPE_SHARED;
		rest += 7;
	}
	when = strstr(rest, " when ");
	if (when) {
		*when = 0;
		cap->when_rule = keep_rule(file, cap, "when_rule", case_trim(when + 6));
	}
	if (strcmp(rest, "none") == 0)
		cap->none = true;
	else if (strcmp(rest, "not stated") == 0)
		cap->not_stated = true;
	else
		cap->limit_rule = keep_rule(file, cap, "limit_rule", case_trim(rest));
	append(file, &amount->caps, &amount->n_caps, cap);
}

/* bracket [to RULE] rate RULE */
static void read_bracket(struct case_file *file, char *rest)
{
	Policycalc__V1__Bracket *bracket =
			NEW(file, Policycalc__V1__Bracket, policycalc__v1__bracket__init);
	char *rate = strstr(rest, "rate ");

	if (!rate)
		case_broken(file, "a bracket has a rate");
	bracket->rate_rule = keep_rule(file, bracket, "rate_rule", case_trim(rate + 5));
	*rate = 0;
	if (strncmp(rest, "to ", 3) == 0)
		bracket->up_to_rule =
				keep_rule(file, bracket, "up_to_rule", case_trim(rest + 3));
	append(file, &amount_of(file)->brackets, &amount_of(file)->n_brackets, bracket);
}

static void read_codes(struct case_file *file, char *rest, char ***list, size_t *count)
{
	char *word;

	while (*(word = case_word(file, &rest)))
		append(file, list, count, word);
}

static bool read_amount_line(struct case_file *file, const char *keyword, char *rest)
{
	if (strcmp(keyword, "pays") == 0) {
		if (strcmp(rest, "not stated") == 0)
			amount_of(file)->not_stated = true;
		else
			amount_of(file)->rule = keep_rule(file, amount_of(file), "rule", rest);
	} else if (strcmp(keyword, "base") == 0) {
		amount_of(file)->base_rule =
				keep_rule(file, amount_of(file), "base_rule", rest);
	} else if (strcmp(keyword, "rate") == 0) {
		amount_of(file)->rate_rule =
				keep_rule(file, amount_of(file), "rate_rule", rest);
	} else if (strcmp(keyword, "bracket") == 0) {
		read_bracket(file, rest);
	} else if (strcmp(keyword, "cap") == 0) {
		read_cap(file, rest);
	} else if (strcmp(keyword, "caps") == 0) {
		amount_of(file)->cap_mode =
				strcmp(rest, "highest") == 0
						? POLICYCALC__V1__CAP_MODE__CAP_MODE_HIGHEST
						: POLICYCALC__V1__CAP_MODE__CAP_MODE_ALL;
	} else if (strcmp(keyword, "up") == 0) {
		amount_of(file)->up_to = true;
	} else if (strcmp(keyword, "round") == 0) {
		struct error err = { 0 };
		long long unit;
		char *mode = case_word(file, &rest);

		amount_of(file)->rounding = (Policycalc__V1__Rounding)enum_of(
				file, &policycalc__v1__rounding__descriptor, "ROUNDING_", mode);
		if (!unit_parse_money(slice_from(case_trim(rest)), &unit, &err))
			case_broken(file, "%s", err.message);
		amount_of(file)->rounding_unit_fen = unit;
	} else {
		return false;
	}
	return true;
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
		policy->series = keep(file, rest);
	} else if (strcmp(keyword, "subject") == 0) {
		policy->subject = (Policycalc__V1__Subject)enum_of(
				file, &policycalc__v1__subject__descriptor, "SUBJECT_", rest);
	} else if (strcmp(keyword, "force") == 0) {
		policy->in_force = read_range(file, rest);
	} else if (strcmp(keyword, "window") == 0) {
		policy->window_not_stated = strcmp(rest, "not stated") == 0;
		policy->window_always = strcmp(rest, "always") == 0;
		if (!policy->window_not_stated && !policy->window_always)
			append(file, &policy->windows, &policy->n_windows,
					read_range(file, rest));
	} else if (strcmp(keyword, "repeals") == 0) {
		read_codes(file, rest, &policy->repeals, &policy->n_repeals);
	} else if (strcmp(keyword, "covers") == 0) {
		policy->region = NEW(file, Policycalc__V1__RegionScope,
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

		policy->industry = NEW(file, Policycalc__V1__IndustryScope,
				policycalc__v1__industry_scope__init);
		read_codes(file, included, &policy->industry->include,
				&policy->industry->n_include);
		read_codes(file, rest, &policy->industry->exclude,
				&policy->industry->n_exclude);
	} else {
		return read_amount_line(file, keyword, rest);
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
		file->policy = NEW(file, Policycalc__V1__Policy, policycalc__v1__policy__init);
		file->policy->id = keep(file, rest);
		file->policy->series = file->policy->id;
		file->policy->title = text_of(file, rest, rest);
		append(file, &file->catalog.policies, &file->catalog.policy_count,
				file->policy);
	} else if (!read_policy_line(file, keyword, rest)) {
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
				NEW(file, Policycalc__V1__AttributeValue,
						policycalc__v1__attribute_value__init);
		char *name = case_trim(case_cut(&one, "="));
		char *bare = case_trim(case_cut(&name, "@"));
		struct error err = { 0 };

		value->name = keep(file, bare);
		value->period = keep(file, case_trim(name));
		value->value = value_parse_text(slice_from(case_trim(one)),
				attribute_find(file, item_list, bare), file->arena, &err);
		if (!value->value)
			case_broken(file, "%s: %s", bare, err.message);
		append(file, out, out_count, value);
	}
}
