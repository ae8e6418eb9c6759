/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_fixture.h"

#include "folder.h"

#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define PERIOD(word) POLICYCALC__V1__PERIOD__PERIOD_##word

int64_t registry_fixture_now = 1795737600; /* 2026-11-27 */

static int64_t on_now(void)
{
	return registry_fixture_now;
}

/* --- a dictionary ---------------------------------------------------------------------------- */

static const struct {
	const char *list, *name;
	Policycalc__V1__ValueType type;
	Policycalc__V1__Period period;
	int64_t least, most; /* both 0: any */
	bool has_choices, deprecated;
} dictionary[] = {
	{ "", "money", TYPE(MONEY), PERIOD(YEAR), 0, INT64_MAX, false, false },
	{ "", "quarterly", TYPE(COUNT), PERIOD(QUARTER), 0, 0, false, false },
	{ "", "monthly", TYPE(RATIO), PERIOD(MONTH), 0, 0, false, false },
	{ "", "staff", TYPE(COUNT), PERIOD(POINT), 0, 1000000, false, false },
	{ "", "growth", TYPE(RATIO), PERIOD(POINT), 0, 0, false, false },
	{ "", "listed", TYPE(FLAG), PERIOD(POINT), 0, 0, false, false },
	{ "", "fined", TYPE(FLAG), PERIOD(POINT), 0, 0, false, false },
	{ "", "kind", TYPE(CODE), PERIOD(POINT), 0, 0, true, false },
	{ "", "kinds", TYPE(CODES), PERIOD(POINT), 0, 0, true, false },
	{ "", "founded", TYPE(DATE), PERIOD(POINT), 0, 0, false, false },
	{ "", "note", TYPE(TEXT), PERIOD(POINT), 0, 0, false, false },
	{ "", "titles", TYPE(TITLES), PERIOD(POINT), 0, 0, true, false },
	{ "", "power", TYPE(COUNT_SERIES), PERIOD(MONTH), 0, 0, false, false },
	{ "", "old", TYPE(COUNT), PERIOD(POINT), 0, 0, false, true },
	{ "projects", "invested", TYPE(MONEY), PERIOD(POINT), 0, INT64_MAX, false, false },
	{ "projects", "done", TYPE(FLAG), PERIOD(POINT), 0, 0, false, false },
};
#define DICTIONARY_COUNT (sizeof(dictionary) / sizeof(*dictionary))

static Policycalc__V1__Text *text_new(struct arena *arena, const char *text)
{
	Policycalc__V1__Text *made = ARENA_NEW(arena, Policycalc__V1__Text);

	policycalc__v1__text__init(made);
	made->zh = (char *)(uintptr_t)text;
	made->en = (char *)(uintptr_t)text;
	return made;
}

static void add_choices(struct arena *arena, Policycalc__V1__Attribute *attribute)
{
	attribute->n_choices = 4;
	attribute->choices = ARENA_NEW_ARRAY(arena, Policycalc__V1__Choice *, 4);
	for (unsigned i = 0; i < 4; i++) {
		Policycalc__V1__Choice *choice = ARENA_NEW(arena, Policycalc__V1__Choice);

		policycalc__v1__choice__init(choice);
		choice->code = arena_format(arena, "k%u", i);
		choice->label = text_new(arena, choice->code);
		attribute->choices[i] = choice;
	}
}

static struct ruleset *ruleset_make(struct arena *arena)
{
	struct catalog catalog = { .content_hash = "", .revision = 1 };
	struct diagnostics diagnostics;
	struct ruleset *ruleset;
	struct error err;

	catalog.attributes =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__Attribute *, DICTIONARY_COUNT);
	catalog.attribute_count = DICTIONARY_COUNT;
	for (size_t i = 0; i < DICTIONARY_COUNT; i++) {
		Policycalc__V1__Attribute *attribute =
				ARENA_NEW(arena, Policycalc__V1__Attribute);

		policycalc__v1__attribute__init(attribute);
		attribute->name = (char *)(uintptr_t)dictionary[i].name;
		attribute->item_list = (char *)(uintptr_t)dictionary[i].list;
		attribute->type = dictionary[i].type;
		attribute->period = dictionary[i].period;
		attribute->label = text_new(arena, dictionary[i].name);
		attribute->deprecated = dictionary[i].deprecated;
		if (dictionary[i].most) {
			attribute->_minimum_case = POLICYCALC__V1__ATTRIBUTE___MINIMUM_MINIMUM;
			attribute->minimum = dictionary[i].least;
			attribute->_maximum_case = POLICYCALC__V1__ATTRIBUTE___MAXIMUM_MAXIMUM;
			attribute->maximum = dictionary[i].most;
		}
		if (dictionary[i].has_choices)
			add_choices(arena, attribute);
		catalog.attributes[i] = attribute;
	}
	diagnostics_init(&diagnostics, arena);
	ruleset = ruleset_new(&catalog, NULL, NULL, &diagnostics, &err);
	if (!ruleset)
		fail_msg("%s: %s", err.message,
				diagnostics.count ? diagnostics.list[0].message : "");
	return ruleset;
}

/* --- a folder -------------------------------------------------------------------------------- */

int registry_fixture_setup(void **state)
{
	struct registry_fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return 1;
	if (!folder_make(NULL, "registry", fixture->folder, sizeof(fixture->folder))) {
		free(fixture);
		return 1;
	}
	(void)snprintf(fixture->data, sizeof(fixture->data), "%s/data", fixture->folder);
	(void)snprintf(fixture->file, sizeof(fixture->file), "%s/registry.db", fixture->data);
	arena_init(&fixture->arena, (size_t)512 << 20);
	fixture->ruleset = ruleset_make(&fixture->arena);
	*state = fixture;
	return 0;
}

int registry_fixture_teardown(void **state)
{
	struct registry_fixture *fixture = *state;

	registry_fixture_close(fixture);
	ruleset_unref(fixture->ruleset);
	folder_remove(fixture->folder);
	arena_fini(&fixture->arena);
	free(fixture);
	return 0;
}

bool registry_fixture_open(struct registry_fixture *fixture, struct error *err)
{
	fixture->directory = directory_open(fixture->data, err);
	if (fixture->directory)
		fixture->store = registry_store_open(fixture->directory, err);
	if (fixture->store)
		fixture->registry = registry_open(fixture->store, err);
	if (!fixture->registry)
		registry_fixture_close(fixture);
	return fixture->registry != NULL;
}

void registry_fixture_close(struct registry_fixture *fixture)
{
	registry_close(fixture->registry);
	registry_store_close(fixture->store);
	directory_close(fixture->directory);
	fixture->registry = NULL;
	fixture->store = NULL;
	fixture->directory = NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

char *fixture_code(struct registry_fixture *fixture, unsigned number)
{
	static const char symbols[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	char *code = arena_format(&fixture->arena, "91411282MA%07uX", number);
	int weight = 1;
	int sum = 0;

	for (int i = 0; i < 17; i++) {
		sum += (int)(strchr(symbols, code[i]) - symbols) * weight;
		weight = weight * 3 % 31;
	}
	code[17] = symbols[(31 - sum % 31) % 31];
	return code;
}

/* "name=value" or "name@period=value" of @list into @out. */
static Policycalc__V1__AttributeValue *fact_read(
		struct registry_fixture *fixture, const char *list, char *word)
{
	Policycalc__V1__AttributeValue *made =
			ARENA_NEW(&fixture->arena, Policycalc__V1__AttributeValue);
	const Policycalc__V1__Attribute *attribute;
	char *value = strchr(word, '=');
	char *period;
	struct error err;

	assert_non_null(value);
	*value++ = '\0';
	period = strchr(word, '@');
	policycalc__v1__attribute_value__init(made);
	if (period) {
		*period++ = '\0';
		made->period = period;
	}
	made->name = word;
	attribute = ruleset_find_attribute(fixture->ruleset, word, list);
	if (attribute)
		made->value = value_parse_text(
				slice_from(value), attribute, &fixture->arena, &err);
	if (attribute && !made->value)
		fail_msg("%s: %s", word, err.message);
	if (!made->value) {
		made->value = ARENA_NEW(&fixture->arena, Policycalc__V1__Value);
		policycalc__v1__value__init(made->value);
		made->value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		made->value->count = atoll(value);
	}
	return made;
}

/* "projects.p1.invested=2元" */
static void item_read(
		struct registry_fixture *fixture, Policycalc__V1__Profile *profile, char *word)
{
	char *list = word;
	char *id = strchr(word, '.');
	char *fact;
	Policycalc__V1__Item *item = NULL;

	*id++ = '\0';
	fact = strchr(id, '.');
	assert_non_null(fact);
	*fact++ = '\0';
	for (size_t i = 0; i < profile->n_items; i++) {
		if (strcmp(profile->items[i]->list, list) == 0 &&
				strcmp(profile->items[i]->id, id) == 0)
			item = profile->items[i];
	}
	if (!item) {
		item = ARENA_NEW(&fixture->arena, Policycalc__V1__Item);
		policycalc__v1__item__init(item);
		item->list = list;
		item->id = id;
		item->attributes = ARENA_NEW_ARRAY(
				&fixture->arena, Policycalc__V1__AttributeValue *, 16);
		profile->items[profile->n_items++] = item;
	}
	item->attributes[item->n_attributes++] = fact_read(fixture, list, fact);
}

Policycalc__V1__Profile *fixture_row(
		struct registry_fixture *fixture, unsigned number, const char *text)
{
	struct arena *arena = &fixture->arena;
	Policycalc__V1__Profile *profile = ARENA_NEW(arena, Policycalc__V1__Profile);
	char *rest = arena_copy_text(arena, text);
	size_t most = strlen(text) / 2 + 1;
	char *word;

	policycalc__v1__profile__init(profile);
	profile->uscc = fixture_code(fixture, number);
	profile->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, most);
	profile->items = ARENA_NEW_ARRAY(arena, Policycalc__V1__Item *, most);
	profile->complete_lists = ARENA_NEW_ARRAY(arena, char *, most);
	while ((word = strsep(&rest, " "))) {
		char *equals = strchr(word, '=');
		char *dot = strchr(word, '.');

		if (!*word)
			continue;
		if (strncmp(word, "complete:", 9) == 0)
			profile->complete_lists[profile->n_complete_lists++] = word + 9;
		else if (dot && equals && dot < equals)
			item_read(fixture, profile, word);
		else
			profile->attributes[profile->n_attributes++] =
					fact_read(fixture, "", word);
	}
	return profile;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *fact_print(struct registry_fixture *fixture, const char *list, const char *before,
		const Policycalc__V1__AttributeValue *attribute)
{
	const Policycalc__V1__Attribute *known =
			ruleset_find_attribute(fixture->ruleset, attribute->name, list);

	assert_non_null(known);
	return arena_format(&fixture->arena, "%s%s%s%s=%s", before, attribute->name,
			*attribute->period ? "@" : "", attribute->period,
			value_print_text(attribute->value, known, "zh", &fixture->arena));
}

char *fixture_print(struct registry_fixture *fixture, const Policycalc__V1__Profile *profile)
{
	char **words;
	size_t count = profile->n_attributes + profile->n_complete_lists;
	size_t n = 0;
	struct buffer out = { 0 };
	char *text;

	for (size_t i = 0; i < profile->n_items; i++)
		count += profile->items[i]->n_attributes;
	words = ARENA_NEW_ARRAY(&fixture->arena, char *, count + 1);
	for (size_t i = 0; i < profile->n_attributes; i++)
		words[n++] = fact_print(fixture, "", "", profile->attributes[i]);
	for (size_t i = 0; i < profile->n_items; i++) {
		const Policycalc__V1__Item *item = profile->items[i];

		for (size_t k = 0; k < item->n_attributes; k++)
			words[n++] = fact_print(fixture, item->list,
					arena_format(&fixture->arena, "%s.%s.", item->list,
							item->id),
					item->attributes[k]);
	}
	for (size_t i = 0; i < profile->n_complete_lists; i++)
		words[n++] = arena_format(
				&fixture->arena, "complete:%s", profile->complete_lists[i]);
	qsort(words, n, sizeof(*words), compare_texts);
	for (size_t i = 0; i < n; i++)
		buffer_format(&out, "%s%s", i ? " " : "", words[i]);
	text = arena_copy(&fixture->arena, out.data ? out.data : "", out.size);
	buffer_fini(&out);
	return text;
}

/* --- imports --------------------------------------------------------------------------------- */

Policycalc__V1__ImportEnterprisesResponse *fixture_import(struct registry_fixture *fixture,
		const struct fixture_import *how, Policycalc__V1__Profile **rows, size_t count,
		struct error *err)
{
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportRows message = POLICYCALC__V1__IMPORT_ROWS__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response = NULL;
	Policycalc__V1__ImportEnterprisesResponse *kept = NULL;
	struct import_options options = { .header = &header, .now = on_now };
	char *complete[1] = { (char *)(uintptr_t)how->complete };
	struct buffer bytes = { 0 };
	struct buffer answer = { 0 };
	const char *field;
	struct import *import;

	header.supplier = (char *)(uintptr_t)(how->supplier ? how->supplier : "局");
	header.date = (char *)(uintptr_t)(how->day ? how->day : "2026-11-01");
	header.complete = complete;
	header.n_complete = how->complete ? 1 : 0;
	header.replace = how->replace;
	header.dry_run = how->dry_run;
	import = import_new(fixture->registry, fixture->ruleset, &options, &field, err);
	message.first_row = 1;
	message.profiles = rows;
	message.n_profiles = count;
	(void)message_pack(&message.base, &bytes);
	assert_false(bytes.failed);
	if (import &&
			import_rows(import, fixture->ruleset,
					(struct slice){ bytes.data, bytes.size }, err) &&
			import_finish(import, &fixture->arena, &response, err)) {
		/* What it borrows ends with the import. */
		assert_true(message_pack(&response->base, &answer));
		kept = (Policycalc__V1__ImportEnterprisesResponse *)message_unpack(
				(struct slice){ answer.data, answer.size },
				&policycalc__v1__import_enterprises_response__descriptor, NULL,
				&fixture->arena, err);
		assert_non_null(kept);
	}
	import_free(import);
	buffer_fini(&bytes);
	buffer_fini(&answer);
	return kept;
}

Policycalc__V1__ImportEnterprisesResponse *fixture_import_row(struct registry_fixture *fixture,
		const char *day, unsigned number, const char *text)
{
	struct fixture_import how = { .day = day };
	Policycalc__V1__Profile *row = fixture_row(fixture, number, text);
	struct error err = { 0 };
	Policycalc__V1__ImportEnterprisesResponse *response =
			fixture_import(fixture, &how, &row, 1, &err);

	if (!response)
		fail_msg("%s", err.message);
	if (response->n_rejects)
		fail_msg("%s", fixture_findings(fixture, response->rejects,
					       response->n_rejects));
	return response;
}

char *fixture_known(struct registry_fixture *fixture, unsigned number, int64_t sequence)
{
	Policycalc__V1__Profile *profile;
	struct error err = { 0 };
	int64_t id;

	if (registry_find(fixture->registry, fixture_code(fixture, number), sequence,
			    &fixture->arena, &id, &profile, &err))
		return fixture_print(fixture, profile);
	if (err.code != ERROR_NOT_FOUND)
		fail_msg("%s", err.message);
	return (char *)"none";
}

char *fixture_findings(struct registry_fixture *fixture, Policycalc__V1__RowFinding **list,
		size_t count)
{
	struct buffer out = { 0 };
	char *text;

	for (size_t i = 0; i < count; i++)
		buffer_format(&out, "%s%lld %s %s", i ? "; " : "", (long long)list[i]->row,
				list[i]->field, list[i]->reason);
	text = arena_copy(&fixture->arena, out.data ? out.data : "", out.size);
	buffer_fini(&out);
	return text;
}

struct dumping {
	struct registry_fixture *fixture;
	char **lines;
	size_t count;
};

static bool on_dump(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct dumping *dumping = context;
	struct registry_fixture *fixture = dumping->fixture;

	(void)changed_sequence;
	(void)err;
	dumping->lines[dumping->count++] = arena_format(&fixture->arena, "%s %lld %s\n",
			profile->uscc, (long long)id, fixture_print(fixture, profile));
	return true;
}

char *fixture_dump(struct registry_fixture *fixture)
{
	int64_t last = registry_last_id(fixture->registry);
	struct dumping dumping = { .fixture = fixture };
	struct buffer out = { 0 };
	struct error err = { 0 };
	int64_t sequence;
	char *text;

	dumping.lines = ARENA_NEW_ARRAY(&fixture->arena, char *, (size_t)last + 1);
	if (!registry_snapshot(fixture->registry, &sequence, &err) ||
			!registry_scan(fixture->registry, sequence, 1, last, on_dump, &dumping,
					&err))
		fail_msg("%s", err.message);
	assert_int_equal(dumping.count, last);
	qsort(dumping.lines, dumping.count, sizeof(*dumping.lines), compare_texts);
	for (size_t i = 0; i < dumping.count; i++)
		buffer_append_text(&out, dumping.lines[i]);
	text = arena_copy(&fixture->arena, out.data ? out.data : "", out.size);
	buffer_fini(&out);
	return text;
}
