/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PushService: PullDeliveries.
 *
 *     LEASING ──► a few are leased ──► sent ──► LEASING … until the limit, or nothing is left
 *        ▲                              └── the client reads slowly ──► WAITING
 *        └───────────────────── on_writable ──────────────────────────────┘
 *
 *     LEASING   A job of ours is on the registry's thread; only it touches the pull.
 *     WAITING   Nothing more is leased until the client has read, so that what it never reads is
 *               leased for as long as a lease lasts, and no memory is taken for it.
 */
#include "base/date.h"
#include "base/memory.h"
#include "handlers/push_internal.h"
#include "push/digest.h"
#include "registry/firm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_WHEN_ZERO 1000
#define LEASE_WHEN_ZERO 300
#define STEP_MOST 64
#define STEP_MEMORY ((size_t)256 << 20)
#define CONSUMER_MOST 100

struct pull {
	struct job job;
	struct rpc_call *call; /* holds a reference while LEASING */
	struct push_service *service;
	struct ledger_lease_order order;
	int64_t left;
	bool is_leasing;
	bool is_over; /* the call has ended: the job that comes back frees */
	bool more;
	/* Of the step. */
	struct arena arena;
	struct ledger_delivery *list;
	size_t count;
	bool ok;
	struct error err;
};

static void pull_lease(struct rpc_call *call, struct pull *pull);

/* --- sending --------------------------------------------------------------------------------- */

static bool delivery_send(struct rpc_call *call, const struct ledger_delivery *delivery)
{
	Policycalc__V1__PullDeliveriesResponse response =
			POLICYCALC__V1__PULL_DELIVERIES_RESPONSE__INIT;
	char key[2 * DIGEST_KEY_SIZE + 1], until[40], lease[64];
	int64_t until_ms = delivery->leased_ms + delivery->lease_length_ms;

	digest_key_print(delivery->key, key);
	timestamp_print_ms(until_ms, until);
	(void)snprintf(lease, sizeof(lease), "%.*s", SLICE_PRINT(delivery->lease));
	response.key = key;
	response.lease = lease;
	response.leased_until = until;
	response.attempts = delivery->attempts - 1;
	response.digest.data = (uint8_t *)(uintptr_t)delivery->digest.data;
	response.digest.len = delivery->digest.size;
	return rpc_call_send(call, &response.base);
}

static void pull_advance(struct rpc_call *call, struct pull *pull)
{
	if (pull->left == 0 || !pull->more)
		rpc_call_finish(call, RPC_OK, "");
	else if (rpc_call_is_writable(call))
		pull_lease(call, pull);
}

static void on_leased(struct rpc_call *call, void *argument)
{
	struct pull *pull = argument;
	bool ok = pull->ok;

	pull->is_leasing = false;
	if (pull->is_over) {
		arena_fini(&pull->arena);
		memory_free(pull);
		rpc_call_unref(call);
		return;
	}
	for (size_t i = 0; ok && i < pull->count; i++)
		ok = delivery_send(call, &pull->list[i]);
	pull->left -= (int64_t)pull->count;
	arena_reset(&pull->arena);
	if (!pull->ok)
		rpc_call_finish_error(call, &pull->err);
	else if (ok)
		pull_advance(call, pull);
	rpc_call_unref(call);
}

/* --- leasing --------------------------------------------------------------------------------- */

/* On the registry's thread. */
static void on_lease(struct job *job, void *context)
{
	struct pull *pull = (struct pull *)job;
	struct rpc_call *call = pull->call;

	(void)context;
	pull->count = 0;
	if (rpc_call_is_cancelled(call)) {
		pull->ok = error_set(&pull->err, ERROR_CANCELLED, "the call was cancelled");
	} else {
		pull->order.now_ms = push_service_now_ms(pull->service);
		pull->ok = ledger_lease(push_service_ledger(pull->service), &pull->order,
				&pull->arena, &pull->list, &pull->count,
				&pull->order.filter.after, &pull->more, &pull->err);
	}
	/* When memory is too short for a post the leases run out; the pull is lost with its call. */
	if (!rpc_call_post(call, on_leased, pull))
		rpc_call_unref(call);
}

static void pull_lease(struct rpc_call *call, struct pull *pull)
{
	pull->order.limit = pull->left < STEP_MOST ? (size_t)pull->left : STEP_MOST;
	pull->call = rpc_call_ref(call);
	pull->is_leasing = true;
	if (registry_thread_submit(
			    push_service_registry(pull->service), &pull->job, &pull->err))
		return;
	pull->is_leasing = false;
	rpc_call_unref(call);
	rpc_call_finish_error(call, &pull->err);
}

/* --- the request ----------------------------------------------------------------------------- */

static int slice_order(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool regions_have(const struct slice *list, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equals_text(list[i], code))
			return true;
	}
	return false;
}

size_t push_regions_find(const struct catalog *catalog, const char *code_or_name,
		struct arena *arena, struct slice **out_list)
{
	const Policycalc__V1__Region *found = firm_region_find(catalog, code_or_name);
	struct slice *list;
	size_t count = 0;
	size_t before = SIZE_MAX;

	list = ARENA_NEW_ARRAY(arena, struct slice, catalog->region_count + 1);
	if (!list)
		return 0;
	if (found)
		list[count++] = slice_from(arena_copy_text(arena, found->code));
	/* Parents may stand behind their children. One whose code could not be copied would not be found again. */
	while (before != count && !arena->exhausted) {
		before = count;
		for (size_t i = 0; i < catalog->region_count && !arena->exhausted; i++) {
			const Policycalc__V1__Region *region = catalog->regions[i];

			if (*region->parent && regions_have(list, count, region->parent) &&
					!regions_have(list, count, region->code))
				list[count++] = slice_from(
						arena_copy_text(arena, region->code));
		}
	}
	if (count)
		qsort(list, count, sizeof(*list), slice_order);
	*out_list = list;
	return arena->exhausted ? 0 : count;
}

static bool filter_read(struct rpc_call *call, struct pull *pull,
		const Policycalc__V1__PullDeliveriesRequest *request)
{
	struct slice *regions = NULL;
	struct ruleset *ruleset;
	struct error err;
	bool held;

	for (size_t i = 0; i < request->n_kinds; i++) {
		if ((int)request->kinds[i] <= 0 ||
				!protobuf_c_enum_descriptor_get_value(
						&policycalc__v1__kind__descriptor,
						(int)request->kinds[i])) {
			call_refuse_field(call, "kinds", "is no kind of policy");
			return false;
		}
		pull->order.filter.kinds |= 1u << (unsigned)request->kinds[i];
	}
	if (!*request->region)
		return true;
	ruleset = handlers_find_ruleset(call_handlers(call), 0, &held, &err);
	if (ruleset)
		pull->order.filter.region_count = push_regions_find(ruleset_catalog(ruleset),
				request->region, rpc_call_arena(call), &regions);
	if (ruleset && held)
		ruleset_unref(ruleset);
	pull->order.filter.regions = regions;
	if (pull->order.filter.region_count)
		return true;
	if (rpc_call_arena(call)->exhausted)
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while pulling deliveries");
	else
		call_refuse_field(call, "region", "is no region of the catalog");
	return false;
}

static bool request_is_good(
		struct rpc_call *call, const Policycalc__V1__PullDeliveriesRequest *request)
{
	if (!*request->consumer || strlen(request->consumer) > CONSUMER_MOST)
		call_refuse_field(call, "consumer", "must have 1 to 100 bytes");
	else if (request->limit < 0)
		call_refuse_field(call, "limit", "must be 0 (1,000) or more");
	else if (request->lease_seconds &&
			(request->lease_seconds < 10 || request->lease_seconds > 86400))
		call_refuse_field(call, "lease_seconds", "must be 0 (300), or 10 to 86,400");
	else
		return true;
	return false;
}

static void on_pull(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__PullDeliveriesRequest *request =
			(const Policycalc__V1__PullDeliveriesRequest *)message;
	struct pull *pull;

	if (!request_is_good(call, request))
		return;
	pull = memory_alloc_zero(1, sizeof(*pull));
	if (!pull) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while pulling deliveries");
		return;
	}
	arena_init(&pull->arena, STEP_MEMORY);
	pull->job.run = on_lease;
	pull->service = call_handlers(call)->options.push;
	pull->order.consumer = request->consumer;
	pull->order.length_ms = (int64_t)(request->lease_seconds ? request->lease_seconds
								 : LEASE_WHEN_ZERO) *
				1000;
	pull->left = request->limit ? request->limit : LIMIT_WHEN_ZERO;
	rpc_call_set_data(call, pull);
	if (filter_read(call, pull, request))
		pull_lease(call, pull);
}

static void on_pull_writable(struct rpc_call *call)
{
	struct pull *pull = rpc_call_data(call);

	if (pull && !pull->is_leasing)
		pull_advance(call, pull);
}

static void on_pull_end(struct rpc_call *call)
{
	struct pull *pull = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (!pull)
		return;
	if (pull->is_leasing) {
		pull->is_over = true;
		return;
	}
	arena_fini(&pull->arena);
	memory_free(pull);
}

const struct rpc_method push_pull_method = {
	.service = PUSH_SERVICE,
	.name = "PullDeliveries",
	.server_streaming = true,
	.input = &policycalc__v1__pull_deliveries_request__descriptor,
	.output = &policycalc__v1__pull_deliveries_response__descriptor,
	.on_message = on_pull,
	.on_writable = on_pull_writable,
	.on_end = on_pull_end,
};
