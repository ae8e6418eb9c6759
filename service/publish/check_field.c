/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that hold for a field or a message wherever it stands: names, dates, texts, sources.
 */
#include "publish/check.h"

#include "publish/day.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_LONGEST 64
#define NOT_STATED "not_stated"
#define WALK_DEEPEST 16

static bool name_has_form(const char *value, enum name_form form)
{
	size_t size = strlen(value);

	if (size > NAME_LONGEST)
		return false;
	if (form == NAME_SNAKE && !islower((unsigned char)value[0]))
		return false;
	if (!islower((unsigned char)value[0]) && !isdigit((unsigned char)value[0]))
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = value[i];
		bool joint = (c == '_' && form != NAME_KEBAB) ||
			     (c == '-' && form != NAME_SNAKE);

		if (!joint && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

bool check_required(
		struct check *check, const void *message, const char *field, const char *value)
{
	if (*value)
		return true;
	check_error(check, message, field, 0, "%s is missing", field);
	return false;
}

bool check_name(struct check *check, const void *message, const char *field, const char *value,
		enum name_form form)
{
	static const char *const expected[] = {
		[NAME_SNAKE] = "lower-case letters, digits and underscores, a letter first",
		[NAME_KEBAB] = "lower-case letters, digits and hyphens",
		[NAME_CODE] = "lower-case letters, digits, hyphens and underscores",
	};

	if (!check_required(check, message, field, value))
		return false;
	if (name_has_form(value, form))
		return true;
	check_error(check, message, field, 0, "%s \"%s\": expected %s, at most %d", field,
			value, expected[form], NAME_LONGEST);
	return false;
}

bool check_text(struct check *check, const void *message, const char *field,
		const Policycalc__V1__Text *text)
{
	/* A text that is there without Chinese is reported by the walk. */
	if (text)
		return true;
	check_error(check, message, field, 0, "%s is missing", field);
	return false;
}

bool check_date(struct check *check, const void *message, const char *field, const char *value)
{
	int32_t day;

	if (!*value || day_parse(value, &day))
		return true;
	check_error(check, message, field, 0,
			"%s \"%s\" is not a date of the calendar, expected"
			" YYYY-MM-DD",
			field, value);
	return false;
}

void range_days(const Policycalc__V1__DateRange *range, int32_t *out_from, int32_t *out_until)
{
	*out_from = DAY_FIRST;
	*out_until = DAY_LAST;
	if (!range)
		return;
	if (!day_parse(range->from, out_from) && !day_parse(range->known_by, out_from))
		*out_from = DAY_FIRST;
	if (!day_parse(range->until, out_until))
		*out_until = DAY_LAST;
}

static void walk_range(struct check *check, const Policycalc__V1__DateRange *range)
{
	int32_t from, until;

	if (!*range->from)
		check_error(check, range, "from", 0, "from is missing: a date or not_stated");
	else if (strcmp(range->from, NOT_STATED) != 0)
		(void)check_date(check, range, "from", range->from);
	if (strcmp(range->until, NOT_STATED) != 0)
		(void)check_date(check, range, "until", range->until);
	(void)check_date(check, range, "known_by", range->known_by);
	if (*range->known_by && strcmp(range->from, NOT_STATED) != 0)
		check_error(check, range, "known_by", 0,
				"known_by is for ranges whose from is not_stated");
	range_days(range, &from, &until);
	if (from > until)
		check_error(check, range, "until", 0, "until %s lies before from %s",
				range->until,
				strcmp(range->from, NOT_STATED) == 0 ? range->known_by
								     : range->from);
}

/* The host of an address, or an empty slice when it is not http or https. */
static struct slice url_host(const char *url)
{
	const char *host;
	size_t size;

	if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else
		return (struct slice){ "", 0 };
	/* A name before an @ would be a user's: such an address is refused whole. */
	size = strcspn(host, "/?#:@");
	if (host[size] == '@' || memchr(host, '\\', size))
		return (struct slice){ "", 0 };
	if (host[size] == ':' && host[size + 1 + strcspn(host + size + 1, "/?#@")] == '@')
		return (struct slice){ "", 0 };
	return (struct slice){ host, size };
}

static bool is_government_host(struct slice host)
{
	static const char ending[] = ".gov.cn";
	size_t size = sizeof(ending) - 1;

	if (host.size == size - 1)
		return strncasecmp(host.data, ending + 1, size - 1) == 0;
	return host.size > size && strncasecmp(host.data + host.size - size, ending, size) == 0;
}

static void walk_source(struct check *check, const Policycalc__V1__Source *source)
{
	(void)check_required(check, source, "doc", source->doc);
	(void)check_date(check, source, "date", source->date);
	if (source->confidence == POLICYCALC__V1__CONFIDENCE__CONFIDENCE_UNSPECIFIED)
		check_error(check, source, "confidence", 0,
				"confidence is missing: SEED, GOVERNMENT_PAGE, SECOND_HAND or"
				" BACKGROUND");
	if (*source->url && !is_government_host(url_host(source->url)))
		check_error(check, source, "url", 0,
				"only addresses of government hosts (http or https, *.gov.cn) "
				"are"
				" kept; name other pages by title, number and date");
}

/* What the compiler may ask the place of. */
static bool is_rule_holder(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor == &policycalc__v1__policy__descriptor ||
	       descriptor == &policycalc__v1__condition__descriptor ||
	       descriptor == &policycalc__v1__score_table__descriptor ||
	       descriptor == &policycalc__v1__score_group__descriptor ||
	       descriptor == &policycalc__v1__score_row__descriptor ||
	       descriptor == &policycalc__v1__score_metric__descriptor ||
	       descriptor == &policycalc__v1__score_step__descriptor ||
	       descriptor == &policycalc__v1__score_veto__descriptor ||
	       descriptor == &policycalc__v1__amount__descriptor ||
	       descriptor == &policycalc__v1__bracket__descriptor ||
	       descriptor == &policycalc__v1__cap__descriptor ||
	       descriptor == &policycalc__v1__budget__descriptor ||
	       descriptor == &policycalc__v1__tier__descriptor ||
	       descriptor == &policycalc__v1__region_scope__descriptor ||
	       descriptor == &policycalc__v1__industry_scope__descriptor ||
	       descriptor == &policycalc__v1__attribute__descriptor ||
	       descriptor == &policycalc__v1__derivation__descriptor ||
	       descriptor == &policycalc__v1__derivation__ratio__descriptor ||
	       descriptor == &policycalc__v1__derivation__aggregate__descriptor ||
	       descriptor == &policycalc__v1__parameter__descriptor ||
	       descriptor == &policycalc__v1__parameter_value__descriptor ||
	       descriptor == &policycalc__v1__region__descriptor ||
	       descriptor == &policycalc__v1__shared_cap__descriptor;
}

static void file_holder(struct check *check, const ProtobufCMessage *message)
{
	const ProtobufCMessage **key = ARENA_NEW(check->arena, const ProtobufCMessage *);
	struct slice bytes = { (const char *)key, sizeof(*key) };

	if (!key) {
		check->out_of_memory = true;
		return;
	}
	*key = message;
	/* The map hands back what it was given; nobody writes through it. */
	if (!map_put(&check->holders, bytes, (void *)(uintptr_t)check->file))
		check->out_of_memory = true;
}

static void walk_message(struct check *check, const ProtobufCMessage *message, int depth)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	const char *base = (const char *)message;

	if (descriptor == &policycalc__v1__source__descriptor)
		walk_source(check, (const Policycalc__V1__Source *)message);
	else if (descriptor == &policycalc__v1__date_range__descriptor)
		walk_range(check, (const Policycalc__V1__DateRange *)message);
	else if (descriptor == &policycalc__v1__text__descriptor &&
			!*((const Policycalc__V1__Text *)message)->zh)
		check_error(check, message, "zh", 0, "zh is missing");
	if (is_rule_holder(descriptor))
		file_holder(check, message);
	if (depth == 0)
		return;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		const void *member = base + field->offset;

		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			size_t count = *(
					const size_t *)(const void *)(base +
								      field->quantifier_offset);
			ProtobufCMessage *const *list =
					*(ProtobufCMessage *const *const *)member;

			for (size_t j = 0; j < count; j++)
				walk_message(check, list[j], depth - 1);
			continue;
		}
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
				*(const uint32_t *)(const void *)(base +
								  field->quantifier_offset) !=
						field->id)
			continue;
		if (*(ProtobufCMessage *const *)member)
			walk_message(check, *(ProtobufCMessage *const *)member, depth - 1);
	}
}

void check_walk(struct check *check, const ProtobufCMessage *message)
{
	walk_message(check, message, WALK_DEEPEST);
}
