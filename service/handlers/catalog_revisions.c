/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CatalogService, what is read from the database: ListRevisions and ExportCatalog. The store's
 * thread reads, the loop answers.
 */
#include "base/memory.h"
#include "handlers/internal.h"
#include "handlers/page.h"
#include "policycalc/v1/catalog_service.pb-c.h"

#define SERVICE "policycalc.v1.CatalogService"

/* What one answer may hold in memory. */
#define LIST_MEMORY ((size_t)16 << 20)
#define EXPORT_MEMORY ((size_t)160 << 20)

/* One read, from the loop to the store's thread and back. */
struct reading {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	struct arena arena;
	struct error err;
	bool ok;
	int64_t revision; /* ListRevisions: older than this */
	size_t size;
	Policycalc__V1__Revision **revisions;
	struct draft_file *files;
	size_t count;
	size_t sent; /* ExportCatalog */
	void (*finished)(struct rpc_call *call, struct reading *reading);
};

static void reading_free(struct reading *reading)
{
	if (!reading)
		return;
	arena_fini(&reading->arena);
	memory_free(reading);
}

static struct reading *reading_new(struct rpc_call *call, size_t memory,
		void (*run)(struct job *job, void *context),
		void (*finished)(struct rpc_call *call, struct reading *reading))
{
	struct reading *reading = memory_alloc_zero(1, sizeof(*reading));

	if (!reading) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while reading the catalog");
		return NULL;
	}
	arena_init(&reading->arena, memory);
	reading->call = call;
	reading->job.run = run;
	reading->finished = finished;
	return reading;
}

static void reading_start(struct rpc_call *call, struct reading *reading)
{
	struct error err = { ERROR_NONE, "" };

	rpc_call_ref(call);
	if (store_thread_submit(call_handlers(call)->options.store, &reading->job, &err))
		return;
	rpc_call_unref(call);
	reading_free(reading);
	rpc_call_finish_error(call, &err);
}

static void on_reading_finished(struct rpc_call *call, void *argument)
{
	struct reading *reading = argument;

	reading->finished(call, reading);
	rpc_call_unref(call);
}

/* Back to the loop. The last reference may be ours, so the call is named before. */
static void reading_post(struct reading *reading)
{
	struct rpc_call *call = reading->call;

	if (rpc_call_post(call, on_reading_finished, reading))
		return;
	reading_free(reading);
	rpc_call_unref(call);
}

/* --- ListRevisions --------------------------------------------------------------------------- */

static void on_load_revisions(struct job *job, void *context)
{
	struct reading *reading = (struct reading *)job;

	/* One more than the page tells whether there is another page. */
	reading->ok = catalog_store_list(store_thread_store(context), reading->revision,
			reading->size + 1, &reading->arena, &reading->revisions,
			&reading->count, &reading->err);
	reading_post(reading);
}

static void on_revisions(struct rpc_call *call, struct reading *reading)
{
	Policycalc__V1__ListRevisionsResponse response =
			POLICYCALC__V1__LIST_REVISIONS_RESPONSE__INIT;
	struct page page = { 0 };

	if (!reading->ok) {
		rpc_call_finish_error(call, &reading->err);
		reading_free(reading);
		return;
	}
	response.revisions = reading->revisions;
	response.n_revisions = reading->count;
	if (reading->count > reading->size) {
		response.n_revisions = reading->size;
		page.revision = reading->revisions[reading->size - 1]->number;
		response.next_page_token = page_print(&page, &reading->arena);
	}
	if (response.next_page_token)
		call_reply(call, &response.base);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while listing revisions");
	reading_free(reading);
}

static void on_list_revisions(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ListRevisionsRequest *request =
			(const Policycalc__V1__ListRevisionsRequest *)message;
	struct reading *reading;
	struct page page = { 0 };
	size_t size;

	if (!page_size(request->page_size, 100, &size)) {
		call_refuse_field(call, "page_size", "must be 0 to 1000");
		return;
	}
	if (request->page_token[0] && !page_parse(request->page_token, &page)) {
		call_refuse_field(call, "page_token", "must be the token of an earlier answer");
		return;
	}
	reading = reading_new(call, LIST_MEMORY, on_load_revisions, on_revisions);
	if (!reading)
		return;
	reading->revision = page.revision;
	reading->size = size;
	reading_start(call, reading);
}

const struct rpc_method catalog_list_revisions_method = {
	.service = SERVICE,
	.name = "ListRevisions",
	.input = &policycalc__v1__list_revisions_request__descriptor,
	.output = &policycalc__v1__list_revisions_response__descriptor,
	.on_message = on_list_revisions,
};

/* --- ExportCatalog --------------------------------------------------------------------------- */

static void on_load_files(struct job *job, void *context)
{
	struct reading *reading = (struct reading *)job;
	struct catalog_store *store = store_thread_store(context);

	reading->ok = (reading->revision != 0 ||
				      catalog_store_current(store, &reading->revision,
						      &reading->err)) &&
		      catalog_store_files(store, reading->revision, &reading->arena,
				      &reading->files, &reading->count, &reading->err);
	reading_post(reading);
}

/* Sends files for as long as the client reads them. */
static void export_advance(struct rpc_call *call, struct reading *reading)
{
	while (reading->sent < reading->count && rpc_call_is_writable(call)) {
		const struct draft_file *file = &reading->files[reading->sent];
		Policycalc__V1__SourceFile source = POLICYCALC__V1__SOURCE_FILE__INIT;
		Policycalc__V1__ExportCatalogResponse response =
				POLICYCALC__V1__EXPORT_CATALOG_RESPONSE__INIT;

		source.path = (char *)file->path;
		source.content.data = (uint8_t *)file->content.data;
		source.content.len = file->content.size;
		response.file = &source;
		response.revision = reading->revision;
		reading->sent++;
		if (!rpc_call_send(call, &response.base))
			return;
	}
	if (reading->sent == reading->count)
		rpc_call_finish(call, RPC_OK, "");
}

static void on_files(struct rpc_call *call, struct reading *reading)
{
	/* Cancelled: on_end came, or comes without knowing of the reading. */
	if (rpc_call_is_cancelled(call)) {
		reading_free(reading);
	} else if (!reading->ok) {
		rpc_call_finish_error(call, &reading->err);
		reading_free(reading);
	} else {
		rpc_call_set_data(call, reading);
		export_advance(call, reading);
	}
}

static void on_export(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ExportCatalogRequest *request =
			(const Policycalc__V1__ExportCatalogRequest *)message;
	struct reading *reading;

	if (request->revision < 0) {
		call_refuse_field(call, "revision", "must be 0 (the current one) or more");
		return;
	}
	reading = reading_new(call, EXPORT_MEMORY, on_load_files, on_files);
	if (!reading)
		return;
	reading->revision = request->revision;
	reading_start(call, reading);
}

static void on_export_writable(struct rpc_call *call)
{
	struct reading *reading = rpc_call_data(call);

	if (reading)
		export_advance(call, reading);
}

static void on_export_end(struct rpc_call *call)
{
	struct reading *reading = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	reading_free(reading);
}

const struct rpc_method catalog_export_method = {
	.service = SERVICE,
	.name = "ExportCatalog",
	.server_streaming = true,
	.input = &policycalc__v1__export_catalog_request__descriptor,
	.output = &policycalc__v1__export_catalog_response__descriptor,
	.on_message = on_export,
	.on_writable = on_export_writable,
	.on_end = on_export_end,
};
