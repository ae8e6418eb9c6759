/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up world for the handlers: a real store with its threads, and one thread that plays the
 * loop: it takes what the workers post, and reads what a call has to send.
 */
#pragma once

#include "base/buffer.h"
#include "handlers/internal.h"
#include "handlers/snapshot.h"
#include "handlers/store_thread.h"
#include "handlers/worker.h"
#include "publish_fixture.h"
#include "rpc/engine.h"
#include "store/directory.h"

#include <pthread.h>

#define CALCULATOR "/policycalc.v1.CalculatorService/"
#define CATALOG "/policycalc.v1.CatalogService/"
#define REGISTRY "/policycalc.v1.RegistryService/"

struct world {
	struct fixture *fixture;
	struct directory *directory;
	struct store_thread *store;
	struct registry_thread *registry;
	struct worker *checker;
	struct snapshot *snapshot;
	struct handlers *handlers;
	struct rpc_engine *engine;
	struct rpc_loop loop;
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct rpc_task *first, **last;
	int64_t current; /* revision */
	unsigned drafts; /* each publishes another text */
};

/** With the fixture's catalog published twice, so that there is an old revision. */
struct world *world_open(struct fixture *fixture);
void world_close(struct world *world);
/** Asks for the current revision. */
void world_read_current(struct world *world);
/** A snapshot that keeps no older revisions, so that asking for one loads it again. */
void world_forget(struct world *world);
/**
 * The status of one call whose allocations fail as in memory_fail_nth(); @out_count: how many there
 * were. @body gets the answers; its own memory comes from malloc's wrapper too, so it is big enough
 * before anything fails.
 */
long world_call(struct world *world, const char *path, const struct buffer *request,
		struct buffer *body, unsigned long nth, bool persistent,
		unsigned long *out_count);

/** One call whose client goes away when the work is done, and before the answer goes out. */
void world_leave(struct world *world, const char *path, const struct buffer *request);
/** One call whose deadline passes when the work is done, and before the answer goes out; its status. */
long world_cut(struct world *world, const char *path, const struct buffer *request);

/** A request: framed messages one after the other. */
void request_add_message(struct buffer *request, const ProtobufCMessage *message);
/** A PublishCatalog request with a text of its own. */
void publish_request(struct world *world, struct buffer *request);
/** The caller frees it with protobuf_c_message_free_unpacked(). */
ProtobufCMessage *first_message(
		const struct buffer *body, const ProtobufCMessageDescriptor *type);
