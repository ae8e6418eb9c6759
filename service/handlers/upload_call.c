/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/upload_call.h"

#include "base/memory.h"

/* Drafts in memory at once. */
#define UPLOADS_MAX 8

void *upload_call_new(struct rpc_call *call, size_t size,
		void (*check)(struct job *job, void *context))
{
	struct handlers *handlers = call_handlers(call);
	struct upload_call *upload_call;

	if (atomic_fetch_add(&handlers->upload_count, 1) >= UPLOADS_MAX) {
		atomic_fetch_sub(&handlers->upload_count, 1);
		rpc_call_finish(call, RPC_UNAVAILABLE,
				"too many drafts are being checked; try again later");
		return NULL;
	}
	upload_call = memory_alloc_zero(1, size);
	if (!upload_call) {
		atomic_fetch_sub(&handlers->upload_count, 1);
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while receiving a draft");
		return NULL;
	}
	upload_call->job.run = check;
	upload_call->call = call;
	upload_call->handlers = handlers;
	upload_init(&upload_call->upload);
	arena_init(&upload_call->arena, upload_check_memory(&upload_call->upload));
	diagnostics_init(&upload_call->diagnostics, &upload_call->arena);
	rpc_call_set_data(call, upload_call);
	return upload_call;
}

void upload_call_free(struct upload_call *upload_call)
{
	atomic_fetch_sub(&upload_call->handlers->upload_count, 1);
	arena_fini(&upload_call->arena);
	upload_fini(&upload_call->upload);
	memory_free(upload_call);
}

void upload_call_add(struct upload_call *upload_call, const Policycalc__V1__SourceFile *file)
{
	struct error err;

	if (upload_add(&upload_call->upload, file, &err)) {
		upload_call->arena.budget = upload_check_memory(&upload_call->upload);
		return;
	}
	call_refuse_error(upload_call->call, &err);
}

struct catalog *upload_call_check(struct upload_call *upload_call, bool strict,
		struct ruleset **out_ruleset, struct draft_summary *out_summary)
{
	struct arena *arena = &upload_call->arena;
	struct error *err = &upload_call->err;
	struct catalog *catalog = draft_check(&upload_call->upload.draft, strict, arena,
			&upload_call->diagnostics, out_ruleset, out_summary, err);

	if (!catalog && err->code == ERROR_LIMIT && arena->exhausted)
		error_set(err, ERROR_LIMIT,
				"out of memory while checking the catalog: a draft of this "
				"size may "
				"take %zu MiB",
				arena->budget >> 20);
	return catalog;
}
