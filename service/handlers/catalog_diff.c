/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CatalogService.DiffRevisions. Two threads work before the loop answers:
 *
 *     loop ──► store's thread: loads what is not at hand ──► checker: compares ──► loop: replies
 */
#include "base/memory.h"
#include "handlers/internal.h"
#include "publish/diff.h"
#include "publish/publish.h"

/* What one comparison may hold in memory. */
#define DIFF_MEMORY ((size_t)256 << 20)

struct diff_work {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	int64_t revisions[2];  /* from, to; 0 as asked */
	struct ruleset *rulesets[2];
	struct arena arena;
	const Policycalc__V1__DiffRevisionsResponse *response; /* NULL: ->err */
	struct error err;
};

static void work_free(struct diff_work *work)
{
	ruleset_unref(work->rulesets[0]);
	ruleset_unref(work->rulesets[1]);
	arena_fini(&work->arena);
	rpc_call_unref(work->call);
	memory_free(work);
}

static void on_compared(struct rpc_call *call, void *argument)
{
	struct diff_work *work = argument;

	if (!rpc_call_is_cancelled(call)) {
		if (work->response)
			call_reply(call, &work->response->base);
		else
			rpc_call_finish_error(call, &work->err);
	}
	work_free(work);
}

static void work_finish(struct diff_work *work)
{
	if (!rpc_call_post(work->call, on_compared, work))
		work_free(work);
}

/* On the checker's thread. */
static void on_compare(struct job *job, void *context)
{
	struct diff_work *work = (struct diff_work *)job;

	(void)context;
	if (!rpc_call_is_cancelled(work->call))
		work->response = catalog_diff(ruleset_catalog(work->rulesets[0]),
				ruleset_catalog(work->rulesets[1]), &work->arena, &work->err);
	work_finish(work);
}

static bool revision_load(struct diff_work *work, size_t which, struct catalog_store *store)
{
	struct snapshot *snapshot = call_handlers(work->call)->options.snapshot;

	if (work->revisions[which])
		work->rulesets[which] = snapshot_find(snapshot, work->revisions[which]);
	if (!work->rulesets[which])
		work->rulesets[which] = ruleset_load(store, work->revisions[which], &work->err);
	return work->rulesets[which] != NULL;
}

/* On the store's thread. */
static void on_load(struct job *job, void *context)
{
	struct diff_work *work = (struct diff_work *)job;
	struct catalog_store *store = store_thread_store(context);
	bool ok = !rpc_call_is_cancelled(work->call) && revision_load(work, 1, store);

	if (ok && work->revisions[0] == 0) {
		work->revisions[0] = ruleset_revision(work->rulesets[1]) - 1;
		if (work->revisions[0] == 0)
			ok = error_set(&work->err, ERROR_PRECONDITION,
					"there is no revision before the first");
	}
	ok = ok && revision_load(work, 0, store);
	work->job.run = on_compare;
	if (!ok || !worker_submit(call_handlers(work->call)->options.checker, &work->job,
				   &work->err))
		work_finish(work);
}

static void on_diff(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__DiffRevisionsRequest *request =
			(const Policycalc__V1__DiffRevisionsRequest *)message;
	struct error err = { ERROR_NONE, "" };
	struct diff_work *work;

	if (request->from_revision < 0 || request->to_revision < 0) {
		call_refuse_field(call,
				request->from_revision < 0 ? "from_revision" : "to_revision",
				"must be 0 or more");
		return;
	}
	work = memory_alloc_zero(1, sizeof(*work));
	if (!work) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while comparing revisions");
		return;
	}
	arena_init(&work->arena, DIFF_MEMORY);
	work->call = rpc_call_ref(call);
	work->revisions[0] = request->from_revision;
	work->revisions[1] = request->to_revision;
	work->job.run = on_load;
	if (store_thread_submit(call_handlers(call)->options.store, &work->job, &err))
		return;
	work_free(work);
	rpc_call_finish_error(call, &err);
}

const struct rpc_method catalog_diff_method = {
	.service = "policycalc.v1.CatalogService",
	.name = "DiffRevisions",
	.input = &policycalc__v1__diff_revisions_request__descriptor,
	.output = &policycalc__v1__diff_revisions_response__descriptor,
	.on_message = on_diff,
};
