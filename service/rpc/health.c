/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statuses and watchers are guarded by one lock. A watcher belongs to its call's loop thread;
 * other threads only see it while it is linked, and only to post a push to it. A push tells the
 * status of its own moment, so pushes that pile up are one.
 *
 *     Watch:  on_message ──► linked, first status sent ──► push* ──► on_end: unlinked
 */
#include "rpc/health.h"

#include "base/memory.h"
#include "grpc/health/v1/health.pb-c.h"

#include <pthread.h>
#include <string.h>

#define SERVICE "grpc.health.v1.Health"
#define STATUS_UNSENT (-1)
#define STATUS_SERVICE_UNKNOWN 3

struct health_entry {
	struct health_entry *next;
	enum health_status status;
	char service[];
};

struct watcher {
	struct watcher *next, *previous;
	struct rpc_call *call;
	const char *service; /* in the call's arena */
	int sent;	     /* the last status told; loop thread only */
	bool is_posted;	     /* a push is on its way */
};

enum { HEALTH_METHODS = 3 };

struct health {
	pthread_mutex_t lock;
	struct health_entry *entries;
	size_t entry_count;
	struct watcher *watchers;
	bool is_draining;
	struct rpc_method rows[HEALTH_METHODS];
	const struct rpc_method *methods[HEALTH_METHODS];
};

typedef Grpc__Health__V1__HealthCheckRequest CheckRequest;
typedef Grpc__Health__V1__HealthCheckResponse CheckResponse;
typedef Grpc__Health__V1__HealthListResponse ListResponse;
typedef Grpc__Health__V1__HealthListResponse__StatusesEntry ListEntry;

static struct health *health_of(const struct rpc_call *call)
{
	return rpc_call_method(call)->context;
}

/* Under the lock. */
static struct health_entry *health_find(const struct health *health, const char *service)
{
	struct health_entry *entry;

	for (entry = health->entries; entry; entry = entry->next)
		if (strcmp(entry->service, service) == 0)
			return entry;
	return NULL;
}

/* Under the lock. */
static int entry_status(const struct health *health, const struct health_entry *entry)
{
	if (!entry)
		return STATUS_SERVICE_UNKNOWN;
	return health->is_draining ? HEALTH_NOT_SERVING : (int)entry->status;
}

static bool send_status(struct rpc_call *call, int status)
{
	CheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
	return rpc_call_send(call, &response.base);
}

/* --- Check and List --------------------------------------------------------------------------
 */

static void on_check(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct health *health = health_of(call);
	const char *service = ((const CheckRequest *)message)->service;
	int status;

	pthread_mutex_lock(&health->lock);
	status = entry_status(health, health_find(health, service));
	pthread_mutex_unlock(&health->lock);
	if (status == STATUS_SERVICE_UNKNOWN)
		rpc_call_finish(call, RPC_NOT_FOUND, "unknown service");
	else if (send_status(call, status))
		rpc_call_finish(call, RPC_OK, NULL);
}

static bool list_fill(struct health *health, struct arena *arena, ListResponse *response)
{
	const struct health_entry *entry;
	struct arena_list {
		ListEntry entry;
		CheckResponse value;
	} * items;
	size_t i = 0;

	items = ARENA_NEW_ARRAY(arena, struct arena_list, health->entry_count);
	response->statuses = ARENA_NEW_ARRAY(arena, ListEntry *, health->entry_count);
	if (!items || !response->statuses)
		return false;
	for (entry = health->entries; entry; entry = entry->next, i++) {
		items[i].entry = (ListEntry)
				GRPC__HEALTH__V1__HEALTH_LIST_RESPONSE__STATUSES_ENTRY__INIT;
		items[i].value = (CheckResponse)GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
		items[i].value.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)
				entry_status(health, entry);
		items[i].entry.key = arena_copy_text(arena, entry->service);
		items[i].entry.value = &items[i].value;
		response->statuses[i] = &items[i].entry;
		if (!items[i].entry.key)
			return false;
	}
	response->n_statuses = i;
	return true;
}

static void on_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct health *health = health_of(call);
	ListResponse response = GRPC__HEALTH__V1__HEALTH_LIST_RESPONSE__INIT;
	bool ok;

	(void)message;
	pthread_mutex_lock(&health->lock);
	ok = list_fill(health, rpc_call_arena(call), &response);
	pthread_mutex_unlock(&health->lock);
	if (!ok)
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
	else if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

/* --- Watch -----------------------------------------------------------------------------------
 */

/* Tells the status of this moment if it is news and the client reads. */
static void watcher_push(struct rpc_call *call)
{
	struct health *health = health_of(call);
	struct watcher *watcher = rpc_call_data(call);
	bool is_draining;
	int status;

	if (!watcher)
		return;
	pthread_mutex_lock(&health->lock);
	watcher->is_posted = false;
	status = entry_status(health, health_find(health, watcher->service));
	is_draining = health->is_draining;
	pthread_mutex_unlock(&health->lock);
	if (status != watcher->sent && rpc_call_is_writable(call)) {
		watcher->sent = status;
		if (!send_status(call, status))
			return;
	}
	if (is_draining)
		rpc_call_finish(call, RPC_UNAVAILABLE, "the server is going away");
}

static void on_pushed(struct rpc_call *call, void *argument)
{
	(void)argument;
	watcher_push(call);
}

static void on_watch(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct health *health = health_of(call);
	struct watcher *watcher = ARENA_NEW(rpc_call_arena(call), struct watcher);

	if (!watcher) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	watcher->call = call;
	watcher->service = ((const CheckRequest *)message)->service;
	watcher->sent = STATUS_UNSENT;
	rpc_call_set_data(call, watcher);
	pthread_mutex_lock(&health->lock);
	watcher->next = health->watchers;
	if (watcher->next)
		watcher->next->previous = watcher;
	health->watchers = watcher;
	pthread_mutex_unlock(&health->lock);
	watcher_push(call);
}

static void on_watch_end(struct rpc_call *call)
{
	struct health *health = health_of(call);
	struct watcher *watcher = rpc_call_data(call);

	if (!watcher)
		return;
	pthread_mutex_lock(&health->lock);
	if (watcher->previous)
		watcher->previous->next = watcher->next;
	else
		health->watchers = watcher->next;
	if (watcher->next)
		watcher->next->previous = watcher->previous;
	pthread_mutex_unlock(&health->lock);
	/* A push that is still on its way finds nothing. */
	rpc_call_set_data(call, NULL);
}

/* Under the lock. NULL: every watcher. */
static bool health_tell(struct health *health, const char *service)
{
	struct watcher *watcher;
	bool ok = true;

	for (watcher = health->watchers; watcher; watcher = watcher->next) {
		if (watcher->is_posted || (service && strcmp(watcher->service, service) != 0))
			continue;
		watcher->is_posted = rpc_call_post(watcher->call, on_pushed, NULL);
		ok = ok && watcher->is_posted;
	}
	return ok;
}

/* --- from outside ----------------------------------------------------------------------------
 */

static struct health_entry *health_add(struct health *health, const char *service)
{
	size_t size = strlen(service) + 1;
	struct health_entry *entry = memory_alloc(sizeof(*entry) + size);

	if (!entry)
		return NULL;
	memcpy(entry->service, service, size);
	entry->status = HEALTH_UNKNOWN;
	entry->next = health->entries;
	health->entries = entry;
	health->entry_count++;
	return entry;
}

bool health_set(struct health *health, const char *service, enum health_status status)
{
	struct health_entry *entry;
	bool ok = true;

	pthread_mutex_lock(&health->lock);
	entry = health_find(health, service);
	if (!entry)
		entry = health_add(health, service);
	if (!entry) {
		ok = false;
	} else {
		entry->status = status;
		ok = health_tell(health, service);
	}
	pthread_mutex_unlock(&health->lock);
	return ok;
}

bool health_is_serving(struct health *health)
{
	bool is_serving;

	pthread_mutex_lock(&health->lock);
	is_serving = entry_status(health, health_find(health, "")) == HEALTH_SERVING;
	pthread_mutex_unlock(&health->lock);
	return is_serving;
}

void health_drain(struct health *health)
{
	pthread_mutex_lock(&health->lock);
	health->is_draining = true;
	(void)health_tell(health, NULL);
	pthread_mutex_unlock(&health->lock);
}

static void health_fill_rows(struct health *health)
{
	const struct rpc_method row = {
		.service = SERVICE,
		.input = &grpc__health__v1__health_check_request__descriptor,
		.output = &grpc__health__v1__health_check_response__descriptor,
		.context = health,
	};
	size_t i;

	for (i = 0; i < HEALTH_METHODS; i++) {
		health->rows[i] = row;
		health->methods[i] = &health->rows[i];
	}
	health->rows[0].name = "Check";
	health->rows[0].on_message = on_check;
	health->rows[1].name = "List";
	health->rows[1].input = &grpc__health__v1__health_list_request__descriptor;
	health->rows[1].output = &grpc__health__v1__health_list_response__descriptor;
	health->rows[1].on_message = on_list;
	health->rows[2].name = "Watch";
	health->rows[2].server_streaming = true;
	health->rows[2].on_message = on_watch;
	health->rows[2].on_writable = watcher_push;
	health->rows[2].on_end = on_watch_end;
}

struct health *health_new(struct error *err)
{
	struct health *health = memory_alloc_zero(1, sizeof(*health));

	if (health && health_add(health, "")) {
		health->entries->status = HEALTH_NOT_SERVING;
		(void)pthread_mutex_init(&health->lock, NULL);
		health_fill_rows(health);
		return health;
	}
	memory_free(health);
	error_set(err, ERROR_MEMORY, "out of memory while making the health service");
	return NULL;
}

void health_free(struct health *health)
{
	if (!health)
		return;
	while (health->entries) {
		struct health_entry *next = health->entries->next;

		memory_free(health->entries);
		health->entries = next;
	}
	(void)pthread_mutex_destroy(&health->lock);
	memory_free(health);
}

const struct rpc_method *const *health_methods(struct health *health, size_t *out_count)
{
	*out_count = HEALTH_METHODS;
	return health->methods;
}
