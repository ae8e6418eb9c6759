/* SPDX-License-Identifier: Apache-2.0 */
#include "push/scope.h"

#include "base/date.h"
#include "proto/codec/codec.h"
#include "push/digest.h"
#include "push/told.h"

#include <stdlib.h>
#include <string.h>

#define STATE(word) POLICYCALC__V1__AVAILABILITY__STATE__STATE_##word

/* --- which series ---------------------------------------------------------------------------- */

static const char *series_of(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		if (strcmp(policy->series, name) == 0 || strcmp(policy->id, name) == 0)
			return policy->series;
	}
	return NULL;
}

static bool names_have(const struct push_scope *scope, const char *series)
{
	bool found = scope->all;

	for (size_t i = 0; !found && i < scope->name_count; i++)
		found = strcmp(scope->names[i], series) == 0;
	return found;
}

/* What is asked for by name, narrowed to what has changed. */
static bool names_fill(struct push_scope *scope, const struct catalog *since,
		char *const *policies, size_t policy_count, struct arena *arena,
		struct error *err)
{
	const struct catalog *catalog = ruleset_catalog(scope->ruleset);
	struct push_scope asked = { .all = policy_count == 0 };
	const struct push_scope_changes *changes;
	const char *gone;

	asked.names = ARENA_NEW_ARRAY(arena, const char *, policy_count + 1);
	for (size_t i = 0; asked.names && i < policy_count; i++) {
		const char *series = series_of(catalog, policies[i]);

		if (!series && since)
			series = series_of(since, policies[i]);
		if (!series)
			return error_set(err, ERROR_NOT_FOUND,
					"policies[%zu]: there is no policy or series "
					"\"%.100s\"",
					i, policies[i]);
		asked.names[asked.name_count++] = series;
	}
	if (!asked.names)
		return arena_error(arena, err, "finding what to run");
	scope->all = asked.all && !since;
	scope->names = asked.names;
	scope->name_count = asked.name_count;
	if (!since)
		return true;
	changes = push_scope_changes_find(since, catalog, arena, err);
	if (!changes)
		return false;
	scope->changes = changes;
	scope->names = ARENA_NEW_ARRAY(
			arena, const char *, catalog->policy_count + since->policy_count + 1);
	if (!scope->names)
		return arena_error(arena, err, "finding what to run");
	scope->name_count = 0;
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const char *series = catalog->policies[i]->series;

		if (push_scope_changes_touch(changes, catalog->policies[i]->id) &&
				names_have(&asked, series) && !names_have(scope, series))
			scope->names[scope->name_count++] = series;
	}
	for (size_t i = 0; (gone = push_scope_changes_gone(changes, i)); i++) {
		if (names_have(&asked, gone) && !names_have(scope, gone))
			scope->names[scope->name_count++] = gone;
	}
	return true;
}

/* --- which versions -------------------------------------------------------------------------- */

static struct push_target *target_of_series(struct push_scope *scope, const char *series)
{
	for (size_t i = 0; i < scope->target_count; i++) {
		if (strcmp(scope->targets[i].policy->series, series) == 0)
			return &scope->targets[i];
	}
	return NULL;
}

/* Of a series the version in force; before that, the first that will be. */
static bool targets_fill(struct push_scope *scope, const char *day, struct arena *arena,
		struct error *err)
{
	const struct catalog *catalog = ruleset_catalog(scope->ruleset);

	scope->targets = ARENA_NEW_ARRAY(arena, struct push_target, catalog->policy_count + 1);
	for (size_t i = 0; scope->targets && i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];
		const Policycalc__V1__Availability *availability;
		struct push_target *target;

		if (!names_have(scope, policy->series))
			continue;
		availability = ruleset_availability(scope->ruleset, policy, day, arena);
		if (!availability)
			return arena_error(arena, err, "finding what to run");
		if (availability->state == STATE(ENDED) ||
				availability->state == STATE(SUPERSEDED))
			continue;
		target = target_of_series(scope, policy->series);
		if (!target)
			scope->targets[scope->target_count++].policy = policy;
		else if (availability->state != STATE(NOT_YET))
			target->policy = policy;
	}
	return scope->targets || arena_error(arena, err, "finding what to run");
}

/* Whether one may apply on the day after @end, too, under a version that follows. */
static bool goes_on(const struct push_scope *scope, const struct push_target *target,
		int32_t end, struct arena *arena)
{
	const Policycalc__V1__Availability *availability;
	const Policycalc__V1__Policy *next;
	char day[11];

	date_print(date_from_days(end + 1), day);
	next = ruleset_find_version(scope->ruleset, target->policy->series, day);
	if (!next)
		return false;
	availability = ruleset_availability(scope->ruleset, next, day, arena);
	return availability && (availability->state == STATE(OPEN) ||
					       availability->state == STATE(WINDOW_NOT_STATED));
}

static bool window_fill(const struct push_scope *scope, struct push_target *target,
		const char *day, struct arena *arena)
{
	const Policycalc__V1__Availability *availability =
			ruleset_availability(scope->ruleset, target->policy, day, arena);
	struct date date;
	int32_t end;

	if (!availability)
		return false;
	if (availability->state != STATE(OPEN) ||
			!date_parse(slice_from(availability->date), &date))
		return true;
	end = (int32_t)date_to_days(date);
	if (!goes_on(scope, target, end, arena))
		target->window_end = end;
	return !arena->exhausted;
}

static bool text_has(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

/* Whether a derived attribute that the rule may read stands on parameters. */
static bool reads_derived(const struct catalog *catalog, const char *rule)
{
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		if (catalog->attributes[i]->derived &&
				text_has(rule, catalog->attributes[i]->name))
			return true;
	}
	return false;
}

static bool condition_may_be_near(
		const struct catalog *catalog, const Policycalc__V1__Condition *condition)
{
	const char *texts[] = { condition->rule, condition->met_if, condition->fails_if,
		condition->direct_pass };

	if (*condition->score_table)
		return true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (text_has(texts[i], "p.") || reads_derived(catalog, texts[i]))
			return true;
	}
	return false;
}

static bool near_fill(struct push_scope *scope, struct push_target *target, const char *day,
		struct arena *arena)
{
	const Policycalc__V1__Policy *policy = target->policy;

	target->may_fit = ruleset_policy_may_fit(scope->ruleset, policy, day);
	target->near_conditions =
			ARENA_NEW_ARRAY(arena, const char *, policy->n_conditions + 1);
	for (size_t i = 0; target->near_conditions && i < policy->n_conditions; i++) {
		if (condition_may_be_near(
				    ruleset_catalog(scope->ruleset), policy->conditions[i]))
			target->near_conditions[target->near_count++] =
					policy->conditions[i]->id;
	}
	return target->near_conditions != NULL;
}

bool push_scope_init(struct push_scope *scope, const struct ruleset *ruleset,
		const struct catalog *since, char *const *policies, size_t policy_count,
		const char *day, struct arena *arena, struct error *err)
{
	*scope = (struct push_scope){ .ruleset = ruleset };
	if (!names_fill(scope, since, policies, policy_count, arena, err) ||
			!targets_fill(scope, day, arena, err))
		return false;
	for (size_t i = 0; i < scope->target_count; i++) {
		if (!near_fill(scope, &scope->targets[i], day, arena) ||
				!window_fill(scope, &scope->targets[i], day, arena))
			return arena_error(arena, err, "finding what to run");
	}
	return true;
}

void push_scope_fini(struct push_scope *scope)
{
	map_fini(&scope->by_policy);
}

/* --- numbers --------------------------------------------------------------------------------- */

static int target_compare(const void *a, const void *b)
{
	const struct push_target *left = a;
	const struct push_target *right = b;

	return (left->series > right->series) - (left->series < right->series);
}

static bool target_number(struct push_target *target, struct ledger_store *store,
		struct arena *arena, struct error *err)
{
	struct ledger_version version = {
		.series = slice_from(target->policy->series),
		.policy = slice_from(target->policy->id),
	};
	const Policycalc__V1__DeltaEntry *card = digest_card(target->policy, arena);
	struct buffer bytes = { 0 };
	bool ok = card && message_pack(&card->base, &bytes);

	version.card = (struct slice){ bytes.data, bytes.size };
	ok = ok ? ledger_store_put_version(store, &version, err)
		: error_set(err, ERROR_MEMORY, "out of memory while numbering policies");
	buffer_fini(&bytes);
	if (ok && (version.id > TOLD_NAMES_MOST || version.series_id > TOLD_NAMES_MOST))
		return error_set(err, ERROR_LIMIT, "the ledger knows too many policies");
	target->series = (uint32_t)version.series_id;
	target->version = (uint32_t)version.id;
	return ok;
}

/* What the ledger knows of all versions it ever ran. */
static bool cards_fill(struct push_scope *scope, struct ledger_store *store,
		struct arena *arena, struct error *err)
{
	struct ledger_version *versions;
	size_t count;

	if (!ledger_store_list_versions(store, arena, &versions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (versions[i].id >= scope->card_end)
			scope->card_end = (uint32_t)versions[i].id + 1;
		if (versions[i].series_id >= scope->series_end)
			scope->series_end = (uint32_t)versions[i].series_id + 1;
	}
	scope->cards = ARENA_NEW_ARRAY(arena, struct push_card, scope->card_end + 1);
	scope->series = ARENA_NEW_ARRAY(arena, bool, scope->series_end + 1);
	if (!scope->cards || !scope->series)
		return arena_error(arena, err, "numbering policies");
	for (size_t i = 0; i < count; i++) {
		const struct ledger_version *version = &versions[i];
		bool has = scope->all;

		scope->cards[version->id] = (struct push_card){ (uint32_t)version->series_id,
			version->card };
		for (size_t k = 0; !has && k < scope->name_count; k++)
			has = slice_equals_text(version->series, scope->names[k]);
		scope->series[version->series_id] = has;
	}
	return true;
}

bool push_scope_number(struct push_scope *scope, struct ledger_store *store,
		struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < scope->target_count; i++) {
		if (!target_number(&scope->targets[i], store, arena, err))
			return error_prefix(err, "numbering policies");
	}
	if (scope->target_count)
		qsort(scope->targets, scope->target_count, sizeof(*scope->targets),
				target_compare);
	for (size_t i = 0; i < scope->target_count; i++) {
		if (!map_put(&scope->by_policy, slice_from(scope->targets[i].policy->id),
				    &scope->targets[i]))
			return error_set(err, ERROR_MEMORY,
					"out of memory while numbering policies");
	}
	return cards_fill(scope, store, arena, err);
}

bool push_scope_has(const struct push_scope *scope, uint32_t series)
{
	return series < scope->series_end && scope->series[series];
}

const struct push_target *push_scope_find(const struct push_scope *scope, const char *policy)
{
	return map_find(&scope->by_policy, slice_from(policy));
}
