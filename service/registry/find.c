/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/find_internal.h"

#include "base/date.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Blocks a thread, in one step. */
#define BLOCKS_A_STEP 2
#define LACKS_MOST 50

/* --- the request ------------------------------------------------------------------------------ */

static bool violate(struct find *find, struct violations *violations, const char *field,
		const char *description, struct error *err)
{
	struct violation *list = ARENA_NEW(find->arena, struct violation);

	if (!list)
		return arena_error(find->arena, err, "reading the request");
	*list = (struct violation){ field, description };
	*violations = (struct violations){ list, 1 };
	return error_set(err, ERROR_INVALID, "%s: %s", field, description);
}

static bool day_read(struct find *find, struct violations *violations, struct error *err)
{
	struct date date;

	find->day = *find->request->as_of ? find->request->as_of : find->options.today;
	return date_parse(slice_from(find->day), &date) ||
	       violate(find, violations, "as_of", "is not a day in the form YYYY-MM-DD", err);
}

static bool policy_read(struct find *find, struct violations *violations, struct error *err)
{
	const struct ruleset *ruleset = find->options.ruleset;

	if (!*find->request->policy)
		return violate(find, violations, "policy", "a policy must be given", err);
	find->policy = ruleset_find_policy(ruleset, find->request->policy);
	if (!find->policy)
		find->policy = ruleset_find_version(ruleset, find->request->policy, find->day);
	return find->policy ||
	       error_set(err, ERROR_NOT_FOUND,
			       "policy: there is no policy of this name, and no series with a "
			       "version in force on the day");
}

static bool place_read(struct find *find, struct violations *violations, struct error *err)
{
	const Policycalc__V1__FindEnterprisesRequest *request = find->request;

	if (*request->region) {
		find->region = firm_region_find(find->catalog, request->region);
		if (!find->region)
			return violate(find, violations, "region",
					"the catalog has no such region", err);
	}
	find->industry = "";
	if (*request->industry) {
		find->industry = firm_industry_code(
				find->catalog, request->industry, find->arena);
		if (find->arena->exhausted)
			return arena_error(find->arena, err, "reading the question");
		if (!find->industry)
			return violate(find, violations, "industry",
					"the catalog has no such industry", err);
	}
	if ((int)request->size < 0 ||
			request->size > POLICYCALC__V1__FIRM_SIZE__FIRM_SIZE_NOT_COVERED)
		return violate(find, violations, "size", "is no size", err);
	/* Both count from unknown up. */
	find->size = (enum firm_size)request->size;
	return true;
}

bool find_read(struct find *find, struct violations *out_violations, struct error *err)
{
	const Policycalc__V1__FindEnterprisesRequest *request = find->request;
	bool is_sorted = request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_ID;

	if (!day_read(find, out_violations, err) || !policy_read(find, out_violations, err) ||
			!place_read(find, out_violations, err))
		return false;
	if ((int)request->sort < 0 ||
			request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_DISTANCE)
		return violate(find, out_violations, "sort", "is no order", err);
	if (request->limit < 0)
		return violate(find, out_violations, "limit", "may not be negative", err);
	if (is_sorted && request->limit > FIND_LIMIT_MOST)
		return violate(find, out_violations, "limit",
				"may be at most 10000 in this order", err);
	for (size_t i = 0; i < request->n_verdicts; i++) {
		if (request->verdicts[i] <= VERDICT(UNSPECIFIED) ||
				request->verdicts[i] > VERDICT(ELIGIBLE))
			return violate(find, out_violations, "verdicts", "is no verdict", err);
		find->verdicts[request->verdicts[i]] = true;
	}
	if (request->only_near && request->n_verdicts)
		return violate(find, out_violations, "verdicts", "may not come with only_near",
				err);
	find->near = request->near || request->only_near;
	if (request->n_verdicts == 0 && !request->only_near)
		find->verdicts[VERDICT(ELIGIBLE)] = true;
	find->kept_most = request->limit ? (size_t)request->limit : FIND_LIMIT_DEFAULT;
	return true;
}

/* --- how blocks are read ---------------------------------------------------------------------- */

static bool wants_make(struct find *find, struct error *err)
{
	static const char *const names[] = { FIRM_REGION, FIRM_INDUSTRY };
	const struct sweep_want *wants = sweep_wants(find->sweep, &find->want_count);
	size_t count = find->want_count;

	find->wants = ARENA_NEW_ARRAY(find->arena, struct sweep_want, count + 2);
	if (!find->wants)
		return arena_error(find->arena, err, "searching");
	if (count)
		memcpy(find->wants, wants, count * sizeof(*wants));
	for (size_t i = 0; i < 2; i++) {
		const Policycalc__V1__Attribute *attribute =
				ruleset_find_attribute(find->options.ruleset, names[i], "");

		/* A catalog without them is searched without them. */
		if (!attribute && (i == 0 ? find->region != NULL : *find->industry != '\0'))
			return error_set(err, ERROR_PRECONDITION,
					"the catalog has no attribute \"%s\" to choose by",
					names[i]);
		if (!attribute)
			break;
		find->wants[count++] = (struct sweep_want){ .attribute = attribute->name,
			.definition = attribute,
			.form = SWEEP_CODE };
	}
	find->all_want_count = count;
	return true;
}

static bool reading_begin(struct find *find, struct error *err)
{
	const char *policies[] = { find->policy->id };
	struct sweep_options options = {
		.day = find->day,
		.policies = policies,
		.policy_count = 1,
		.conditions = find->near,
	};
	size_t count;

	find->sweep = sweep_new(find->options.ruleset, &options, err);
	if (!find->sweep)
		return false;
	count = sweep_condition_count(find->sweep, 0);
	find->condition_may_turn = ARENA_NEW_ARRAY(find->arena, bool, count + 1);
	if (!find->condition_may_turn)
		return arena_error(find->arena, err, "searching");
	for (size_t i = 0; i < count; i++)
		find->condition_may_turn[i] = ruleset_condition_may_turn(
				find->options.ruleset, find->policy, i);
	return wants_make(find, err);
}

static bool threads_begin(struct find *find, struct error *err)
{
	find->seat_count = crew_seats(find->options.crew);
	find->seats = memory_alloc_zero(find->seat_count, sizeof(*find->seats));
	find->piece_count = (size_t)find->seat_count * BLOCKS_A_STEP;
	find->pieces = memory_alloc_zero(find->piece_count, sizeof(*find->pieces));
	return (find->seats && find->pieces) ||
	       error_set(err, ERROR_MEMORY, "out of memory while searching");
}

/* --- all -------------------------------------------------------------------------------------- */

static int lack_compare(const void *a, const void *b)
{
	const struct lack *left = a;
	const struct lack *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->name, right->name);
}

static bool lacks_fill(struct find *find, Policycalc__V1__FindSummary *summary)
{
	size_t count = find->sums.lack_count < LACKS_MOST ? find->sums.lack_count : LACKS_MOST;
	Policycalc__V1__Text *supplier;

	if (find->sums.lack_count)
		qsort(find->sums.lacks, find->sums.lack_count, sizeof(*find->sums.lacks),
				lack_compare);
	summary->lacks = ARENA_NEW_ARRAY(find->arena, Policycalc__V1__LackCount *, count + 1);
	for (size_t i = 0; summary->lacks && i < count; i++) {
		Policycalc__V1__LackCount *lack =
				ARENA_NEW(find->arena, Policycalc__V1__LackCount);

		if (!lack)
			return false;
		policycalc__v1__lack_count__init(lack);
		lack->attribute = arena_copy_text(find->arena, find->sums.lacks[i].name);
		if (!lack->attribute ||
				!ruleset_name_words(find->options.ruleset, lack->attribute,
						find->arena, &lack->label, &supplier))
			return false;
		lack->count = find->sums.lacks[i].count;
		lack->alone = find->sums.lacks[i].alone;
		summary->lacks[summary->n_lacks++] = lack;
	}
	return summary->lacks != NULL;
}

static bool counts_fill(const struct find *find, Policycalc__V1__FindSummary *summary)
{
	summary->counts = ARENA_NEW_ARRAY(
			find->arena, Policycalc__V1__EnterpriseCount *, VERDICT_COUNT);
	for (int verdict = VERDICT(ELIGIBLE); summary->counts && verdict > VERDICT(UNSPECIFIED);
			verdict--) {
		Policycalc__V1__EnterpriseCount *count;

		if (find->sums.counts[verdict] == 0)
			continue;
		count = ARENA_NEW(find->arena, Policycalc__V1__EnterpriseCount);
		if (!count)
			return false;
		policycalc__v1__enterprise_count__init(count);
		count->verdict = (Policycalc__V1__Verdict)verdict;
		count->count = find->sums.counts[verdict];
		summary->counts[summary->n_counts++] = count;
	}
	return summary->counts != NULL;
}

Policycalc__V1__FindSummary *find_summary(struct find *find, struct error *err)
{
	Policycalc__V1__FindSummary *summary =
			ARENA_NEW(find->arena, Policycalc__V1__FindSummary);

	if (!summary) {
		arena_error(find->arena, err, "adding up a search");
		return NULL;
	}
	policycalc__v1__find_summary__init(summary);
	summary->policy_id = find->policy->id;
	summary->title = find->policy->title;
	summary->revision = ruleset_revision(find->options.ruleset);
	summary->as_of = arena_copy_text(find->arena, find->day);
	summary->sequence = find->options.sequence;
	summary->told = find->sums.told;
	summary->left_out = find->sums.left_out;
	summary->near = find->sums.near;
	summary->sure_fen = find->sums.sure_fen;
	summary->looked_at = find->sums.fitting;
	summary->refused = find->sums.refused;
	if (!summary->as_of || !counts_fill(find, summary) || !lacks_fill(find, summary)) {
		arena_error(find->arena, err, "adding up a search");
		return NULL;
	}
	return summary;
}

struct find *find_new(const struct find_options *options, struct arena *arena,
		struct violations *out_violations, struct error *err)
{
	struct find *find = memory_alloc_zero(1, sizeof(*find));

	if (!find) {
		error_set(err, ERROR_MEMORY, "out of memory while searching");
		return NULL;
	}
	find->options = *options;
	find->request = options->request;
	find->arena = arena;
	find->catalog = ruleset_catalog(options->ruleset);
	ruleset_ref(options->ruleset);
	find_sums_init(&find->sums);
	if (find_read(find, out_violations, err) && reading_begin(find, err) &&
			threads_begin(find, err))
		return find;
	find_free(find);
	return NULL;
}

void find_free(struct find *find)
{
	if (!find)
		return;
	for (unsigned i = 0; find->seats && i < find->seat_count; i++)
		find_seat_fini(&find->seats[i]);
	for (size_t i = 0; find->pieces && i < find->piece_count; i++)
		find_piece_fini(&find->pieces[i]);
	memory_free(find->seats);
	memory_free(find->pieces);
	find_sums_fini(&find->sums);
	sweep_free(find->sweep);
	ruleset_unref(find->options.ruleset);
	memory_free(find);
}
