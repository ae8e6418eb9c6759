/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_report.h"

#include "proto/codec/codec.h"
#include "reports/area.h"
#include "slow/blocked.h"
#include "slow/negatives.h"
#include "slow/opening.h"
#include "slow/unclaimed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KIND(word) POLICYCALC__V1__REPORT_KIND__REPORT_KIND_##word
#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define CALL_MEMORY ((size_t)256 << 20)

struct slow {
	const struct slow_world *world;
	struct area area;
	const char *day;
	Policycalc__V1__ReportKind kind;
	Policycalc__V1__MatchRequest request;
	struct blocked *blocked;
	struct unclaimed *unclaimed;
	struct negatives *negatives;
	int64_t enterprises, unread;
};

static int place_of(const struct slow *slow, const Policycalc__V1__Profile *profile,
		struct arena *call)
{
	static const char *const names[] = { "statistical_region", "region" };
	struct profile_reading readings[2];
	struct error err = { 0 };
	int place;

	assert_true(ruleset_read_values(slow->world->ruleset, profile, slow->day, names, 2,
			call, readings, &err));
	place = area_place(&slow->area, readings[0].text);
	return place == PLACE_UNKNOWN ? area_place(&slow->area, readings[1].text) : place;
}

static bool ask(const struct slow *slow, struct arena *call,
		Policycalc__V1__MatchResponse **out_match)
{
	struct error err = { 0 };
	bool ok = slow->kind == KIND(UNCLAIMED)
				  ? ruleset_match(slow->world->ruleset, &slow->request,
						    slow->day, call, out_match, NULL, &err)
				  : ruleset_match_statuses(slow->world->ruleset, &slow->request,
						    slow->day, call, out_match, &err);

	assert_true(ok || err.code == ERROR_INVALID);
	return ok;
}

static void firm_add(struct slow *slow, Policycalc__V1__Profile *profile, struct arena *call)
{
	Policycalc__V1__MatchResponse *match;
	int place = place_of(slow, profile, call);
	struct error err = { 0 };

	if (place == PLACE_OUTSIDE)
		return;
	slow->enterprises++;
	slow->request.profile = profile;
	if (!ask(slow, call, &match)) {
		slow->unread++;
		return;
	}
	if (slow->kind == KIND(BLOCKED))
		assert_true(slow_blocked_add(slow->blocked, match, call));
	else if (slow->kind == KIND(UNCLAIMED))
		assert_true(slow_unclaimed_add(slow->unclaimed, place, match));
	else
		assert_true(slow_negatives_add(
				slow->negatives, profile, slow->day, match, call, &err));
}

static Policycalc__V1__ReportHead *head_make(const struct slow *slow, struct arena *arena)
{
	Policycalc__V1__ReportHead *head = ARENA_NEW(arena, Policycalc__V1__ReportHead);

	policycalc__v1__report_head__init(head);
	head->enterprise_count = slow->enterprises;
	head->unread_count = slow->unread;
	return head;
}

static void report_fill(
		struct slow *slow, struct arena *arena, Policycalc__V1__GetReportResponse *out)
{
	switch ((int)slow->kind) {
	case KIND(BLOCKED):
		out->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_BLOCKED;
		out->blocked = slow_blocked_report(slow->blocked);
		out->blocked->head = head_make(slow, arena);
		break;
	case KIND(UNCLAIMED):
		out->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_UNCLAIMED;
		out->unclaimed = slow_unclaimed_report(slow->unclaimed);
		out->unclaimed->head = head_make(slow, arena);
		break;
	default:
		out->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PUSH;
		out->push = ARENA_NEW(arena, Policycalc__V1__PushReport);
		policycalc__v1__push_report__init(out->push);
		assert_true(slow_negatives_report(slow->negatives, out->push));
		out->push->head = head_make(slow, arena);
		break;
	}
}

void slow_report(const struct slow_world *world,
		const Policycalc__V1__GetReportRequest *request, struct arena *arena,
		Policycalc__V1__GetReportResponse *out_response)
{
	static Policycalc__V1__Verdict eligible[] = { VERDICT(ELIGIBLE) };
	static Policycalc__V1__Verdict undecided[] = { VERDICT(NEEDS_INFORMATION) };
	struct slow slow = { .world = world,
		.day = request->as_of,
		.kind = request->kind,
		.request = POLICYCALC__V1__MATCH_REQUEST__INIT };
	struct error err = { 0 };
	struct arena call;

	assert_true(area_find(ruleset_catalog(world->ruleset), request->region, arena,
			&slow.area, &err));
	slow.request.as_of = request->as_of;
	slow.request.policies = request->policies;
	slow.request.n_policies = request->n_policies;
	slow.request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	slow.request.combine = request->kind == KIND(UNCLAIMED);
	if (request->kind != KIND(BLOCKED)) {
		slow.request.n_verdicts = 1;
		slow.request.verdicts = slow.request.combine ? eligible : undecided;
	}
	slow.blocked = slow_blocked_new(world->ruleset, arena);
	slow.unclaimed = slow_unclaimed_new(world->ruleset, &slow.area, arena);
	slow.negatives = slow_negatives_new(world->ruleset, arena);
	arena_init(&call, CALL_MEMORY);
	for (int64_t i = 0; i < world->count; i++) {
		firm_add(&slow, world->profiles[i], &call);
		arena_reset(&call);
	}
	arena_fini(&call);
	policycalc__v1__get_report_response__init(out_response);
	report_fill(&slow, arena, out_response);
	slow_blocked_fini(slow.blocked);
}

static bool is_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };
	bool same;

	assert_true(message_pack(a, &left) && message_pack(b, &right));
	same = left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
	buffer_fini(&left);
	buffer_fini(&right);
	return same;
}

bool slow_opens_the_same(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, const Policycalc__V1__UncoveredFirm *firm, size_t *out_count)
{
	struct opening opening = { 0 };
	struct error err = { 0 };
	struct arena call;
	bool same;

	arena_init(&call, CALL_MEMORY);
	if (!slow_opening_ask(ruleset, profile, day, &call, &opening, &err))
		assert_int_equal(err.code, ERROR_INVALID);
	*out_count = opening.count;
	same = firm->n_opens == opening.count && firm->opening_fen == opening.sure_fen;
	for (size_t i = 0; same && i < opening.count; i++)
		same = is_same(&firm->opens[i]->base, &opening.policies[i]->base);
	arena_fini(&call);
	return same;
}
