/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/find_internal.h"

#include "base/date.h"
#include "base/memory.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MEMORY ((size_t)64 << 20)
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
		if (!find->industry)
			return violate(find, violations, "industry",
					"the catalog has no such industry", err);
	}
	if ((int)request->size < 0 ||
			request->size > POLICYCALC__V1__FIRM_SIZE__FIRM_SIZE_NOT_COVERED)
		return violate(find, violations, "size", "is no size", err);
	find->narrow[0] = (struct narrow){ .catalog = find->catalog, .region = find->region };
	find->narrow[1] =
			(struct narrow){ .catalog = find->catalog, .industry = find->industry };
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
	if (request->n_verdicts == 0)
		find->verdicts[VERDICT(ELIGIBLE)] = true;
	find->heap.most = request->limit ? (size_t)request->limit : FIND_LIMIT_DEFAULT;
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
	find->reader = column_reader_new(
			find->options.cache, find->options.sequence, find->wants, count, err);
	return find->reader != NULL;
}

static bool reading_begin(struct find *find, struct error *err)
{
	const char *policies[] = { find->policy->id };
	struct sweep_options options = {
		.day = find->day,
		.policies = policies,
		.policy_count = 1,
		.conditions = find->request->near,
	};
	size_t count;

	find->sweep = sweep_new(find->options.ruleset, &options, err);
	if (!find->sweep)
		return false;
	find->work = sweep_work_new(find->sweep, err);
	if (!find->work)
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

/* --- blocks ----------------------------------------------------------------------------------- */

static void rows_count(struct find *find)
{
	for (int verdict = VERDICT(UNSPECIFIED) + 1; verdict < VERDICT_COUNT; verdict++) {
		uint64_t rows[SWEEP_WORDS];

		if (!sweep_verdict(find->work, 0, (Policycalc__V1__Verdict)verdict, rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			find->counts[verdict] += __builtin_popcountll(rows[i]);
	}
}

/* Those asked for, and those that may be near. */
static void rows_choose(struct find *find, uint64_t *out_asked, uint64_t *out_near)
{
	uint64_t rows[SWEEP_WORDS];

	memset(out_asked, 0, SWEEP_WORDS * sizeof(*out_asked));
	memset(out_near, 0, SWEEP_WORDS * sizeof(*out_near));
	for (int verdict = VERDICT(UNSPECIFIED) + 1; verdict < VERDICT_COUNT; verdict++) {
		if (!find->verdicts[verdict] ||
				!sweep_verdict(find->work, 0, (Policycalc__V1__Verdict)verdict,
						rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			out_asked[i] |= rows[i];
	}
	if (!find->request->near || find->verdicts[VERDICT(INELIGIBLE)] ||
			!sweep_verdict(find->work, 0, VERDICT(INELIGIBLE), out_near))
		return;
	for (size_t k = 0; k < sweep_condition_count(find->sweep, 0); k++) {
		if (find->condition_may_turn[k] ||
				!sweep_condition_status(find->work, 0, k,
						POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET,
						rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			out_near[i] &= ~rows[i];
	}
}

static bool limit_is_reached(const struct find *find)
{
	return find->request->sort <= POLICYCALC__V1__FIND_SORT__FIND_SORT_ID &&
	       find->request->limit && find->told >= find->request->limit;
}

static bool block_search(struct find *find, int64_t block, struct error *err)
{
	uint64_t rows[SWEEP_WORDS];
	uint64_t asked[SWEEP_WORDS];
	uint64_t near[SWEEP_WORDS];
	struct sweep_source source;

	if (!column_reader_enter(find->reader, block, &source, err))
		return false;
	memcpy(rows, column_reader_present(find->reader), sizeof(rows));
	if (!find_narrow(find, &source, rows, err) ||
			!sweep_block(find->work, &source, rows, err))
		return false;
	rows_count(find);
	rows_choose(find, asked, near);
	for (unsigned row = 0; row < source.row_count; row++) {
		bool is_asked = column_bit_has(asked, row);

		if (!is_asked && !column_bit_has(near, row))
			continue;
		if (limit_is_reached(find)) {
			find->left_out += is_asked;
			continue;
		}
		if (!find_look(find, &source, block, row, !is_asked, err))
			return false;
	}
	return true;
}

static bool kept_tell(struct find *find, struct error *err)
{
	kept_sort(&find->heap);
	for (size_t i = 0; i < find->heap.count; i++) {
		const Policycalc__V1__FoundEnterprise *found;

		arena_reset(&find->row);
		found = (const Policycalc__V1__FoundEnterprise *)message_unpack(
				find->heap.list[i].bytes,
				&policycalc__v1__found_enterprise__descriptor,
				&message_limits_default, &find->row, err);
		if (!found || !find->options.found(find->options.context, found, err))
			return false;
		find->told++;
	}
	if (find->request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_ID)
		find->left_out = find->fitting - find->told;
	return true;
}

bool find_step(struct find *find, bool *out_more, struct error *err)
{
	*out_more = find->block * COLUMN_ROWS < find->options.last_id;
	if (!*out_more)
		return kept_tell(find, err);
	return block_search(find, find->block++, err);
}

int64_t find_done(const struct find *find)
{
	int64_t done = find->block * COLUMN_ROWS;

	return done < find->options.last_id ? done : find->options.last_id;
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

static Policycalc__V1__Text *lack_label(const struct find *find, const char *name)
{
	const char *list = strchr(name, '@');
	size_t size = list ? (size_t)(list - name) : strlen(name);
	const Policycalc__V1__Attribute *attribute;
	char *plain;

	if (size < 3)
		return NULL;
	plain = arena_copy(find->arena, name + 2, size - 2);
	attribute = plain ? ruleset_find_attribute(
					    find->options.ruleset, plain, list ? list + 1 : "")
			  : NULL;
	return attribute ? attribute->label : NULL;
}

static bool lacks_fill(struct find *find, Policycalc__V1__FindSummary *summary)
{
	size_t count = find->lack_count < LACKS_MOST ? find->lack_count : LACKS_MOST;

	if (find->lack_count)
		qsort(find->lacks, find->lack_count, sizeof(*find->lacks), lack_compare);
	summary->lacks = ARENA_NEW_ARRAY(find->arena, Policycalc__V1__LackCount *, count + 1);
	for (size_t i = 0; summary->lacks && i < count; i++) {
		Policycalc__V1__LackCount *lack =
				ARENA_NEW(find->arena, Policycalc__V1__LackCount);

		if (!lack)
			return false;
		policycalc__v1__lack_count__init(lack);
		lack->attribute = (char *)(uintptr_t)find->lacks[i].name;
		lack->label = lack_label(find, find->lacks[i].name);
		lack->count = find->lacks[i].count;
		lack->alone = find->lacks[i].alone;
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

		if (find->counts[verdict] == 0)
			continue;
		count = ARENA_NEW(find->arena, Policycalc__V1__EnterpriseCount);
		if (!count)
			return false;
		policycalc__v1__enterprise_count__init(count);
		count->verdict = (Policycalc__V1__Verdict)verdict;
		count->count = find->counts[verdict];
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
	summary->told = find->told;
	summary->left_out = find->left_out;
	summary->near = find->near;
	summary->sure_fen = find->sure_fen;
	summary->refused = find->refused;
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
	arena_init(&find->row, ROW_MEMORY);
	if (find_read(find, out_violations, err) && reading_begin(find, err))
		return find;
	find_free(find);
	return NULL;
}

void find_free(struct find *find)
{
	if (!find)
		return;
	column_reader_free(find->reader);
	sweep_work_free(find->work);
	sweep_free(find->sweep);
	kept_fini(&find->heap);
	map_fini(&find->lack_numbers);
	memory_free(find->lacks);
	narrow_fini(&find->narrow[0]);
	narrow_fini(&find->narrow[1]);
	arena_fini(&find->row);
	ruleset_unref(find->options.ruleset);
	memory_free(find);
}
