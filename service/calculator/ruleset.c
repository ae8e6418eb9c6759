/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/ruleset.h"

#include "calculator/answer_parts.h"

#include "base/memory.h"
#include "calculator/candidates.h"
#include "calculator/clause_parts.h"
#include "calculator/survey.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A catalog of 100,000 policies compiles to a GiB; much more is a mistake, not a catalog. */
#define RULESET_BUDGET ((size_t)4 << 30)

static const char *const item_list_names[LIST_COUNT] = {
	[LIST_ENTERPRISE] = "",
	[LIST_PROJECTS] = "projects",
	[LIST_LOANS] = "loans",
	[LIST_HIRES] = "hires",
};

const char *item_list_name(enum item_list list)
{
	assert(list < LIST_COUNT);
	return item_list_names[list];
}

enum item_list item_list_find(const char *name)
{
	enum item_list list = LIST_ENTERPRISE;

	while (list < LIST_COUNT && strcmp(item_list_names[list], name) != 0)
		list++;
	return list;
}

enum item_list subject_item_list(Policycalc__V1__Subject subject)
{
	switch ((int)subject) {
	case POLICYCALC__V1__SUBJECT__SUBJECT_PROJECT:
		return LIST_PROJECTS;
	case POLICYCALC__V1__SUBJECT__SUBJECT_LOAN:
		return LIST_LOANS;
	case POLICYCALC__V1__SUBJECT__SUBJECT_HIRE:
		return LIST_HIRES;
	case POLICYCALC__V1__SUBJECT__SUBJECT_UNSPECIFIED:
	case POLICYCALC__V1__SUBJECT__SUBJECT_ENTERPRISE:
	default:
		return LIST_ENTERPRISE;
	}
}

void slot_bits_put_bases(
		const struct ruleset *ruleset, enum item_list list, int slot, uint64_t *bits)
{
	size_t at = (size_t)slot;
	enum item_list of = at < ruleset->base_count ? LIST_ENTERPRISE : list;
	const uint64_t *bases = NULL;

	if (ruleset->bases[of])
		bases = ruleset->bases[of]
				      [of == LIST_ENTERPRISE ? at : at - ruleset->base_count];
	if (!bases) {
		slot_bits_put(bits, slot);
		return;
	}
	for (size_t i = 0; i < ruleset->set_words; i++)
		bits[i] |= bases[i];
}

void ruleset_note_asked(struct ruleset *ruleset, enum item_list list, int slot)
{
	if (!ruleset->asked[list])
		ruleset->asked[list] =
				ARENA_NEW_ARRAY(&ruleset->arena, uint64_t, ruleset->set_words);
	if (ruleset->asked[list] && slot >= 0)
		slot_bits_put(ruleset->asked[list], slot);
}

static bool slot_is_asked(const struct ruleset *ruleset, enum item_list list, int slot)
{
	for (enum item_list from = LIST_ENTERPRISE; from < LIST_COUNT; from++) {
		/* The lists share the numbers behind the base slots. */
		if ((list == LIST_ENTERPRISE || list == from) && ruleset->asked[from] &&
				slot_bits_has(ruleset->asked[from], slot))
			return true;
	}
	return false;
}

bool ruleset_reads_attribute(
		const struct ruleset *ruleset, const char *name, const char *item_list)
{
	enum item_list list = item_list_find(item_list);
	const struct entry *entry;

	if (list == LIST_COUNT)
		return false;
	entry = map_find(&ruleset->entry_names[list], slice_from(name));
	for (size_t i = 0; entry && i < entry->variant_count; i++) {
		if (slot_is_asked(ruleset, list, entry->variants[i].slot))
			return true;
	}
	return false;
}

bool ruleset_reads_parameter(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->base_count; i++) {
		const struct slot *slot = &ruleset->slots[LIST_ENTERPRISE][i];

		if (slot->role == SCOPE_PARAMETER &&
				strcmp(ruleset->catalog.parameters[slot->parameter]->name,
						name) == 0)
			return slot_is_asked(ruleset, LIST_ENTERPRISE, (int)i);
	}
	return false;
}

void ruleset_build_mistake(struct ruleset_build *build, const ProtobufCMessage *origin,
		const char *field, const char *where, const char *format, ...)
{
	char message[1024];
	const char *path = where;
	int line = 0;
	int column = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (!build->locate || !build->locate(build->context, origin, field, 0, &path, &line,
					      &column)) {
		path = where;
		line = column = 0;
	}
	diagnostics_add(build->diagnostics, DIAGNOSTIC_ERROR, path, line, column, 1,
			(struct slice){ 0 }, "%s", message);
}

void ruleset_build_warn_bare(struct ruleset_build *build, const ProtobufCMessage *origin,
		const char *field, const char *where)
{
	const char *path = where;
	int line = 0;
	int column = 0;

	if (!build->locate || !build->locate(build->context, origin, field, 0, &path, &line,
					      &column)) {
		path = where;
		line = column = 0;
	}
	diagnostics_add(build->diagnostics, DIAGNOSTIC_WARNING, path, line, column, 1,
			(struct slice){ 0 },
			"a bare figure: name a parameter (p. ...) with its source");
}

static void ruleset_free(struct ruleset *ruleset)
{
	candidate_cache_free(ruleset->candidates); /* its thread reads all the rest */
	epoch_cache_free(ruleset->epochs);
	clause_part_cache_free(ruleset->clause_parts);
	answer_parts_free(ruleset);
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		for (size_t i = 0; ruleset->entries[list] && i < ruleset->entry_count[list];
				i++)
			map_fini(&ruleset->entries[list][i].choices);
		map_fini(&ruleset->entry_names[list]);
		rule_memo_free(ruleset->memos[list]);
		scope_free(ruleset->scopes[list]);
	}
	map_fini(&ruleset->region_codes);
	map_fini(&ruleset->divisions);
	map_fini(&ruleset->industry_codes);
	number_table_fini(&ruleset->policy_ids);
	map_fini(&ruleset->series_names);
	map_fini(&ruleset->repeals);
	map_fini(&ruleset->parameter_names);
	region_table_free(ruleset->regions);
	arena_fini(&ruleset->arena);
	memory_free(ruleset);
}

/* All that follows once the ruleset has its arena. */
static bool ruleset_build(struct ruleset_build *build, struct error *err)
{
	struct ruleset *ruleset = build->ruleset;
	struct diagnostics *diagnostics = build->diagnostics;
	size_t errors_before = diagnostics->error_count;

	if (!ruleset_build_copy(build, err) || !ruleset_build_tables(build, err) ||
			!ruleset_build_scopes(build, err) ||
			!ruleset_build_derivations(build, err) ||
			!ruleset_build_policies(build, err) ||
			!ruleset_build_combination(build, err))
		return false;
	if (ruleset->arena.exhausted || diagnostics->arena->exhausted)
		return error_set(
				err, ERROR_MEMORY, "out of memory while compiling the catalog");
	if (diagnostics->error_count > errors_before)
		return error_set(err, ERROR_INVALID, "the catalog has %zu mistakes",
				diagnostics->error_count - errors_before);
	ruleset->epochs = epoch_cache_new(ruleset);
	ruleset->candidates = candidate_cache_new();
	ruleset->clause_parts = clause_part_cache_new();
	return (ruleset->epochs && ruleset->candidates && ruleset->clause_parts) ||
	       error_set(err, ERROR_MEMORY, "no memory for the epochs of a ruleset");
}

static struct ruleset *ruleset_make(
		struct ruleset_build *build, struct arena *arena, struct error *err)
{
	struct ruleset *ruleset = memory_alloc_zero(1, sizeof(*ruleset));

	if (ruleset) {
		build->ruleset = ruleset;
		atomic_init(&ruleset->references, 1);
		ruleset->arena = *arena;
		ruleset->arena.budget = RULESET_BUDGET;
		arena_init(arena, arena->budget);
		/* Without them (memory is short) all is read anew. */
		for (enum item_list list = LIST_ENTERPRISE;
				build->is_owner && list < LIST_COUNT; list++)
			ruleset->memos[list] = rule_memo_new();
		if (!ruleset_build(build, err)) {
			ruleset_free(ruleset);
			ruleset = NULL;
		}
	} else {
		arena_fini(arena);
		error_set(err, ERROR_MEMORY, "no memory for a ruleset");
	}
	ruleset_build_forget_rules(build);
	return ruleset;
}

struct ruleset *ruleset_new(const struct catalog *catalog, catalog_locate_fn locate,
		void *context, struct diagnostics *diagnostics, struct error *err)
{
	struct arena arena;
	struct ruleset_build build = {
		.origin = catalog,
		.locate = locate,
		.context = context,
		.diagnostics = diagnostics,
	};

	arena_init(&arena, RULESET_BUDGET);
	return ruleset_make(&build, &arena, err);
}

struct ruleset *ruleset_new_in(struct arena *arena, const struct catalog *catalog,
		const struct survey *survey, struct diagnostics *diagnostics, struct error *err)
{
	struct ruleset_build build = {
		.origin = catalog,
		.is_owner = true,
		.survey = survey_is_of(survey, catalog->policy_count) ? survey : NULL,
		.diagnostics = diagnostics,
	};

	return ruleset_make(&build, arena, err);
}

struct ruleset *ruleset_ref(struct ruleset *ruleset)
{
	unsigned before = atomic_fetch_add_explicit(
			&ruleset->references, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
	return ruleset;
}

void ruleset_unref(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	if (atomic_fetch_sub_explicit(&ruleset->references, 1, memory_order_acq_rel) == 1)
		ruleset_free(ruleset);
}

bool ruleset_is_shared(const struct ruleset *ruleset)
{
	return atomic_load_explicit(&ruleset->references, memory_order_acquire) > 1;
}

size_t ruleset_size(const struct ruleset *ruleset)
{
	size_t size = ruleset->arena.taken +
		      atomic_load_explicit(&ruleset->told->size, memory_order_relaxed) +
		      candidate_cache_size(ruleset->candidates) +
		      clause_part_cache_size(ruleset->clause_parts);

	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++)
		size += rule_memo_size(ruleset->memos[list]);
	return size;
}

int64_t ruleset_revision(const struct ruleset *ruleset)
{
	return ruleset->catalog.revision;
}

const char *ruleset_content_hash(const struct ruleset *ruleset)
{
	return ruleset->catalog.content_hash;
}

const struct catalog *ruleset_catalog(const struct ruleset *ruleset)
{
	return &ruleset->catalog;
}

const Policycalc__V1__Attribute *ruleset_find_attribute(
		const struct ruleset *ruleset, const char *name, const char *item_list)
{
	enum item_list list = item_list_find(item_list);
	const struct entry *entry;

	if (list == LIST_COUNT)
		return NULL;
	entry = map_find(&ruleset->entry_names[list], slice_from(name));
	return entry ? entry->attribute : NULL;
}

const Policycalc__V1__Parameter *ruleset_find_parameter(
		const struct ruleset *ruleset, const char *name)
{
	return map_find(&ruleset->parameter_names, slice_from(name));
}

struct policy_rules *ruleset_find_rules(const struct ruleset *ruleset, struct slice id)
{
	uint32_t hash = map_hash(id);
	size_t at = hash;
	size_t index;

	while ((index = number_table_next(&ruleset->policy_ids, hash, &at)) !=
			NUMBER_TABLE_END) {
		if (slice_equals_text(id, ruleset->policies[index].policy->id))
			return &ruleset->policies[index];
	}
	return NULL;
}

const Policycalc__V1__Policy *ruleset_find_policy(const struct ruleset *ruleset, const char *id)
{
	const struct policy_rules *rules = ruleset_find_rules(ruleset, slice_from(id));

	return rules ? rules->policy : NULL;
}

const Policycalc__V1__Policy *ruleset_find_version(
		const struct ruleset *ruleset, const char *series, const char *day)
{
	const struct series *versions = ruleset_find_series(ruleset, slice_from(series));
	struct date date;

	if (!versions || !date_parse(slice_from(day), &date))
		return NULL;
	for (size_t i = 0; i < versions->count; i++) {
		size_t index = versions->policies[i];
		struct standing standing = policy_standing(ruleset, index, date_to_days(date));
		const Policycalc__V1__Policy *policy = ruleset->catalog.policies[index];

		if (policy_is_in_force(policy, date_to_days(date)) &&
				standing.state != STATE(SUPERSEDED))
			return policy;
	}
	return NULL;
}

Policycalc__V1__Availability *ruleset_availability(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, const char *day, struct arena *arena)
{
	const struct policy_rules *rules = ruleset_find_rules(ruleset, slice_from(policy->id));
	Policycalc__V1__Availability *answer;
	struct standing standing;
	struct date date;

	if (!rules || rules->policy != policy || !date_parse(slice_from(day), &date))
		return NULL;
	answer = ARENA_NEW(arena, Policycalc__V1__Availability);
	if (!answer)
		return NULL;
	standing = policy_standing(
			ruleset, (size_t)(rules - ruleset->policies), date_to_days(date));
	policycalc__v1__availability__init(answer);
	answer->state = standing.state;
	answer->date = (char *)standing.date;
	answer->superseded_by = (char *)standing.superseded_by;
	answer->window_not_stated = standing.window_not_stated;
	answer->begin_not_stated = standing.begin_not_stated;
	return answer;
}
