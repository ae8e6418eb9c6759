/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firms.h"
#include "profile_maker.h"
#include "starter.h"

#include "base/date.h"
#include "calculator/period.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	const struct firms *firms = context;

	for (int64_t id = first_id; id < first_id + count && id <= firms_last_id(firms); id++) {
		if (id % firms->apart == 0 &&
				!row(row_context, id, sequence,
						firms->profiles[id / firms->apart - 1], err))
			return false;
	}
	return true;
}

static bool on_block_sequence(
		void *context, int64_t block, int64_t *out_sequence, struct error *err)
{
	(void)context;
	(void)block;
	(void)err;
	*out_sequence = 1;
	return true;
}

static bool on_stamp(void *context, int64_t sequence, int64_t *out_stamp, struct error *err)
{
	(void)context;
	(void)err;
	*out_stamp = sequence;
	return true;
}

struct column_origin firms_origin(void *context, firms_scan_fn scan)
{
	return (struct column_origin){ context, scan, on_block_sequence, on_stamp };
}

/* The registry tells every period, and no day. */
static void tell_periods(struct firms *firms, Policycalc__V1__Profile *profile)
{
	const char *day = *profile->date ? profile->date : FIRMS_DAY;
	struct date date;

	assert_true(date_parse(slice_from(day), &date));
	for (size_t i = 0; i < profile->n_attributes; i++) {
		Policycalc__V1__AttributeValue *value = profile->attributes[i];
		const Policycalc__V1__Attribute *attribute =
				ruleset_find_attribute(firms->ruleset, value->name, "");

		if (!attribute || *value->period || !period_is_recurring(attribute->period) ||
				attribute->type >=
						POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES)
			continue;
		value->period = (char *)(uintptr_t)period_print(attribute->period,
				period_of_date(attribute->period, date) - 1, &firms->arena);
	}
	profile->date = (char *)"";
}

/* What is wrong with an attribute is left out: the registry takes only what the catalog takes. */
static void drop_wrong(Policycalc__V1__Profile *profile, const char *field)
{
	Policycalc__V1__AttributeValue **list = profile->attributes;
	size_t *count = &profile->n_attributes;
	size_t item;
	size_t at;

	if (sscanf(field, "profile.items[%zu].attributes[%zu]", &item, &at) == 2) {
		list = profile->items[item]->attributes;
		count = &profile->items[item]->n_attributes;
	} else if (sscanf(field, "profile.attributes[%zu]", &at) != 1) {
		fail_msg("%s is wrong", field);
	}
	list[at] = list[--*count];
}

static void drop_all_wrong(const struct firms *firms, Policycalc__V1__Profile *profile)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct violations violations = { 0 };
	struct error err = { 0 };
	bool good = false;

	request.profile = profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_ID;
	while (!good) {
		struct arena call;

		arena_init(&call, (size_t)64 << 20);
		good = ruleset_match(firms->ruleset, &request, FIRMS_DAY, &call, &response,
				&violations, &err);
		/* From behind, so that the numbers before stay right. */
		if (!good)
			drop_wrong(profile, violations.list[violations.count - 1].field);
		arena_fini(&call);
	}
}

void firms_init(struct firms *firms, const char *starter, int64_t count, unsigned known,
		unsigned items, uint64_t seed)
{
	struct column_origin origin = firms_origin(firms, on_scan);
	struct profile_maker maker = { .day = FIRMS_DAY,
		.arena = &firms->arena,
		.seed = seed,
		.known = known,
		.series = items ? 30 : 0,
		.items = items };
	struct error err = { 0 };
	int number;

	*firms = (struct firms){ .count = count, .apart = 1 };
	arena_init(&firms->arena, (size_t)4 << 30);
	firms->ruleset = starter_read(starter, &firms->arena);
	maker.catalog = ruleset_catalog(firms->ruleset);
	firms->profiles = ARENA_NEW_ARRAY(
			&firms->arena, Policycalc__V1__Profile *, (size_t)count + 1);
	for (int64_t i = 0; i < count; i++) {
		firms->profiles[i] = maker_profile(&maker);
		tell_periods(firms, firms->profiles[i]);
		drop_all_wrong(firms, firms->profiles[i]);
	}
	strcpy(firms->path, "/tmp/firms-XXXXXX");
	number = mkstemp(firms->path);
	assert_true(number >= 0);
	close(number);
	firms->cache = column_cache_open(firms->path, &origin, &err);
	if (!firms->cache)
		fail_msg("%s", err.message);
}

void firms_spread(struct firms *firms, int64_t apart)
{
	firms->apart = apart;
}

int64_t firms_last_id(const struct firms *firms)
{
	return firms->count * firms->apart;
}

void firms_fini(struct firms *firms)
{
	column_cache_close(firms->cache);
	unlink(firms->path);
	ruleset_unref(firms->ruleset);
	arena_fini(&firms->arena);
}

const Policycalc__V1__MatchResponse *firms_match(const struct firms *firms, int64_t id,
		const Policycalc__V1__MatchRequest *like, struct arena *call)
{
	Policycalc__V1__MatchRequest request = *like;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };

	request.profile = firms->profiles[id - 1];
	if (ruleset_match(firms->ruleset, &request, FIRMS_DAY, call, &response, NULL, &err))
		return response;
	assert_int_equal(err.code, ERROR_INVALID);
	return NULL;
}
