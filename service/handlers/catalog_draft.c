/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CatalogService, drafts: CheckCatalog and PublishCatalog.
 *
 *     loop: files come in ──► checker's thread: upload_call_check() ──► [PublishCatalog] store's thread:
 *     one transaction, then the new ruleset is compiled and swapped in ──► loop: the answer
 *
 * A draft_work holds a draft on its whole way; one thread has it at a time. On the loop it is the
 * call's data until half close, then it belongs to the job, and comes back with rpc_call_post().
 */
#include "base/clock.h"
#include "google/rpc/error_details.pb-c.h"
#include "handlers/upload_call.h"
#include "policycalc/v1/catalog_service.pb-c.h"

#include <stdio.h>
#include <string.h>

#define SERVICE "policycalc.v1.CatalogService"

/* Details travel in trailers, and many clients take 8 KiB of those. */
#define DETAIL_COUNT_MAX 20
#define DETAIL_SIZE_MAX 3000

struct draft_work {
	struct upload_call base; /* ->err: why there is no catalog, or no revision */
	bool is_publish;
	bool strict;
	int64_t base_revision;
	const char *author, *note; /* live as long as the upload, or the call */

	/* In the call's own arena. */
	struct catalog *catalog;
	struct draft_summary summary;
	bool check_failed; /* ->err tells of findings */
	bool is_published;
	bool unchanged;
	bool needs_other;		  /* identity to publish it */
	char other[ACCESS_NAME_MOST + 1]; /* who brought the draft */
	char hash[FOUR_EYES_HASH_SIZE];
	Policycalc__V1__Revision *revision;
};

/* --- the answer, on the loop ----------------------------------------------------------------- */

static bool findings_fill(const struct draft_work *work, struct arena *arena,
		Policycalc__V1__Finding ***out_list, size_t *out_count)
{
	const struct diagnostics *diagnostics = &work->base.diagnostics;
	Policycalc__V1__Finding *findings =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__Finding, diagnostics->count + 1);

	*out_list = ARENA_NEW_ARRAY(arena, Policycalc__V1__Finding *, diagnostics->count + 1);
	if (!findings || !*out_list)
		return false;
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];
		Policycalc__V1__Finding *finding = &findings[i];

		policycalc__v1__finding__init(finding);
		finding->severity =
				diagnostic->severity == DIAGNOSTIC_ERROR
						? POLICYCALC__V1__SEVERITY__SEVERITY_ERROR
						: POLICYCALC__V1__SEVERITY__SEVERITY_WARNING;
		finding->path = (char *)diagnostic->path;
		finding->line = diagnostic->line;
		finding->column = diagnostic->column;
		finding->message = (char *)diagnostic->message;
		finding->excerpt = diagnostic_format_excerpt(diagnostic, arena);
		if (!finding->excerpt)
			return false;
		(*out_list)[i] = finding;
	}
	*out_count = diagnostics->count;
	return true;
}

static void reply_check(struct rpc_call *call, struct draft_work *work)
{
	Policycalc__V1__CheckCatalogResponse response =
			POLICYCALC__V1__CHECK_CATALOG_RESPONSE__INIT;

	if (!work->catalog && !work->check_failed) {
		rpc_call_finish_error(call, &work->base.err);
		return;
	}
	if (!findings_fill(work, &work->base.arena, &response.findings, &response.n_findings)) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while listing the findings");
		return;
	}
	response.error_count = (int32_t)work->base.diagnostics.error_count;
	response.warning_count = (int32_t)work->base.diagnostics.warning_count;
	response.policy_count = (int32_t)work->summary.policy_count;
	response.example_count = (int32_t)work->summary.example_count;
	call_reply(call, &response.base);
}

/* The first errors as google.rpc.PreconditionFailure; CheckCatalog tells all. */
static void add_check_details(struct rpc_call *call, struct draft_work *work)
{
	Google__Rpc__PreconditionFailure failure = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
	Google__Rpc__PreconditionFailure__Violation list[DETAIL_COUNT_MAX];
	Google__Rpc__PreconditionFailure__Violation *rows[DETAIL_COUNT_MAX];
	size_t size = 0;

	for (size_t i = 0; i < work->base.diagnostics.count; i++) {
		const struct diagnostic *diagnostic = &work->base.diagnostics.list[i];
		size_t n = failure.n_violations;
		char *subject;

		if (diagnostic->severity != DIAGNOSTIC_ERROR)
			continue;
		subject = arena_format(&work->base.arena, "%s:%d:%d", diagnostic->path,
				diagnostic->line, diagnostic->column);
		if (!subject)
			return;
		size += strlen(subject) + strlen(diagnostic->message) + 24;
		if (n == DETAIL_COUNT_MAX || size > DETAIL_SIZE_MAX)
			break;
		google__rpc__precondition_failure__violation__init(&list[n]);
		list[n].type = (char *)"CATALOG_CHECK";
		list[n].subject = subject;
		list[n].description = (char *)diagnostic->message;
		rows[n] = &list[n];
		failure.n_violations++;
	}
	failure.violations = rows;
	rpc_call_add_detail(call, "google.rpc.PreconditionFailure", &failure.base);
}

static void add_conflict_detail(struct rpc_call *call, struct draft_work *work)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

	info.reason = (char *)"REVISION_MISMATCH";
	info.domain = (char *)"policycalc";
	rpc_call_add_detail(call, "google.rpc.ErrorInfo", &info.base);
}

static Google__Rpc__ErrorInfo__MetadataEntry metadata(const char *key, const char *value)
{
	Google__Rpc__ErrorInfo__MetadataEntry entry =
			GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;

	entry.key = (char *)(uintptr_t)key;
	entry.value = (char *)(uintptr_t)value;
	return entry;
}

static void add_four_eyes_detail(struct rpc_call *call, const struct draft_work *work)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	Google__Rpc__ErrorInfo__MetadataEntry entries[] = {
		metadata("content_hash", work->hash),
		metadata("uploaded_by", rpc_call_identity(call)->name),
	};
	Google__Rpc__ErrorInfo__MetadataEntry *rows[] = { &entries[0], &entries[1] };

	info.reason = (char *)"SECOND_IDENTITY_NEEDED";
	info.domain = (char *)"policycalc";
	info.metadata = rows;
	info.n_metadata = 2;
	rpc_call_add_detail(call, "google.rpc.ErrorInfo", &info.base);
}

static void reply_publish(struct rpc_call *call, struct draft_work *work)
{
	Policycalc__V1__PublishCatalogResponse response =
			POLICYCALC__V1__PUBLISH_CATALOG_RESPONSE__INIT;
	struct error err;

	if (work->check_failed) {
		add_check_details(call, work);
		error_set(&err, ERROR_PRECONDITION,
				"the draft has %zu errors; nothing was published",
				work->base.diagnostics.error_count);
		rpc_call_finish_error(call, &err);
		return;
	}
	if (!work->is_published) {
		if (work->base.err.code == ERROR_CONFLICT)
			add_conflict_detail(call, work);
		if (work->needs_other)
			add_four_eyes_detail(call, work);
		rpc_call_finish_error(call, &work->base.err);
		return;
	}
	/* The revision is made: without room for the warnings it is told without them. */
	if (!findings_fill(work, &work->base.arena, &response.findings, &response.n_findings))
		response.n_findings = 0;
	response.revision = work->revision;
	response.unchanged = work->unchanged;
	call_reply(call, &response.base);
}

static void on_work_finished(struct rpc_call *call, void *argument)
{
	struct draft_work *work = argument;

	if (work->is_publish)
		reply_publish(call, work);
	else
		reply_check(call, work);
	upload_call_free(&work->base);
	rpc_call_unref(call);
}

static void work_post(struct draft_work *work)
{
	struct rpc_call *call = work->base.call;

	if (rpc_call_post(call, on_work_finished, work))
		return;
	upload_call_free(&work->base);
	rpc_call_unref(call);
}

/* --- on the store's thread ------------------------------------------------------------------- */

/* The new revision becomes the current one; what was current stays at hand for a while. */
static bool work_swap(struct draft_work *work, struct catalog_store *store)
{
	const struct handlers_options *options = &work->base.handlers->options;
	uint64_t begun_us = clock_us();
	struct ruleset *ruleset = ruleset_load(store, work->revision->number, &work->base.err);
	struct ruleset *old;
	char day[11];

	if (!ruleset)
		return error_prefix(&work->base.err,
				"revision %lld is published, but this service could not load "
				"it",
				(long long)work->revision->number);
	/* Before it answers, not when it is asked: without memory for it the answers only take longer. */
	handlers_today(work->base.handlers, day);
	(void)ruleset_prepare(ruleset, day, NULL);
	snapshot_set_load_us(options->snapshot, clock_us() - begun_us);
	old = snapshot_current(options->snapshot);
	if (old)
		ruleset_ref(old);
	snapshot_set(options->snapshot, ruleset_ref(ruleset));
	snapshot_refresh(options->snapshot);
	if (old)
		snapshot_keep(options->snapshot, old, false);
	ruleset_unref(old);
	if (options->on_publish)
		options->on_publish(options->context, work->base.call, ruleset);
	ruleset_unref(ruleset);
	return true;
}

/* Not, when it was published and could not be loaded: whoever sends it again may have more memory. */
static bool work_is_served(const struct draft_work *work)
{
	struct ruleset *current = snapshot_find(work->base.handlers->options.snapshot, 0);
	bool is_served = current && ruleset_revision(current) == work->revision->number;

	ruleset_unref(current);
	return is_served;
}

/* Asked when the draft is good: has somebody else brought it, too? */
static bool on_allow(void *context, const char *hash, const char **author, struct error *err)
{
	struct draft_work *work = context;
	struct four_eyes *eyes = &work->base.handlers->four_eyes;
	const char *who = rpc_call_identity(work->base.call)->name;

	(void)snprintf(work->hash, sizeof(work->hash), "%s", hash);
	if (four_eyes_find_other(eyes, hash, who, work->other)) {
		*author = arena_format(
				&work->base.arena, "%s (draft: %s)", *author, work->other);
		return *author || arena_error(&work->base.arena, err, "publishing");
	}
	four_eyes_note(eyes, hash, who);
	work->needs_other = true;
	return error_set(err, ERROR_PRECONDITION,
			"four eyes: %s has uploaded this draft; it is published when another "
			"identity "
			"uploads the same",
			who);
}

static void on_publish(struct job *job, void *context)
{
	struct draft_work *work = (struct draft_work *)job;
	struct catalog_store *store = store_thread_store(context);
	char now[40];
	struct publish_options options = {
		.base_revision = work->base_revision,
		.author = work->author,
		.note = work->note,
		.now = now,
		.strict = work->strict,
		.allow = work->base.handlers->options.four_eyes ? on_allow : NULL,
		.context = work,
	};

	handlers_now(work->base.handlers, now);
	if (rpc_call_is_cancelled(work->base.call)) {
		error_set(&work->base.err, ERROR_CANCELLED, "the call was cancelled");
	} else if (catalog_publish_checked(store, work->catalog, &work->base.upload.draft,
				   &options, &work->base.arena, &work->base.diagnostics,
				   &work->revision, &work->unchanged, &work->base.err)) {
		if (*work->hash)
			four_eyes_forget(&work->base.handlers->four_eyes, work->hash);
		work->is_published = (work->unchanged && work_is_served(work)) ||
				     work_swap(work, store);
	} else {
		work->check_failed = work->base.err.code == ERROR_INVALID &&
				     work->base.diagnostics.error_count > 0;
	}
	work_post(work);
}

/* --- on the checker's thread ----------------------------------------------------------------- */

static void on_check(struct job *job, void *context)
{
	struct draft_work *work = (struct draft_work *)job;
	struct error err;

	(void)context;
	if (rpc_call_is_cancelled(work->base.call)) {
		error_set(&work->base.err, ERROR_CANCELLED, "the call was cancelled");
		work_post(work);
		return;
	}
	work->catalog = upload_call_check(&work->base, work->strict, NULL, &work->summary);
	work->check_failed = !work->catalog && work->base.err.code == ERROR_INVALID;
	if (work->catalog && !work->is_publish && work->base.handlers->options.four_eyes &&
			catalog_hash(work->catalog, work->hash, &err))
		four_eyes_note(&work->base.handlers->four_eyes, work->hash,
				rpc_call_identity(work->base.call)->name);
	if (work->is_publish && work->catalog) {
		work->base.job.run = on_publish;
		if (store_thread_submit(work->base.handlers->options.store, &work->base.job,
				    &work->base.err))
			return;
	}
	work_post(work);
}

/* --- files come in, on the loop -------------------------------------------------------------- */

static void on_check_start(struct rpc_call *call)
{
	(void)upload_call_new(call, sizeof(struct draft_work), on_check);
}

static void on_publish_start(struct rpc_call *call)
{
	struct draft_work *work = upload_call_new(call, sizeof(*work), on_check);

	if (work)
		work->is_publish = true;
}

static void on_check_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__CheckCatalogRequest *request =
			(const Policycalc__V1__CheckCatalogRequest *)message;
	struct draft_work *work = rpc_call_data(call);

	if (!work)
		return;
	if (!work->base.has_first)
		work->strict = request->strict;
	work->base.has_first = true;
	upload_call_add(&work->base, request->file);
}

static void on_publish_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__PublishCatalogRequest *request =
			(const Policycalc__V1__PublishCatalogRequest *)message;
	struct draft_work *work = rpc_call_data(call);

	if (!work)
		return;
	if (!work->base.has_first) {
		work->base.has_first = true;
		work->strict = request->strict;
		work->base_revision = request->base_revision;
		work->author = arena_copy_text(&work->base.upload.arena, request->author);
		work->note = arena_copy_text(&work->base.upload.arena, request->note);
		if (work->author)
			work->author = call_who(call, work->author);
		if (!work->author || !work->note) {
			rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
					"out of memory while receiving a draft");
			return;
		}
		if (request->base_revision < 0) {
			call_refuse_field(call, "base_revision", "must be 0 or more");
			return;
		}
	}
	upload_call_add(&work->base, request->file);
}

static void on_half_close(struct rpc_call *call)
{
	struct draft_work *work = rpc_call_data(call);
	struct error err = { ERROR_NONE, "" };

	if (!work)
		return;
	if (!work->base.has_first) {
		call_refuse_field(call, "file", "at least one file must be sent");
		return;
	}
	rpc_call_set_data(call, NULL);
	rpc_call_ref(call);
	if (worker_submit(work->base.handlers->options.checker, &work->base.job, &err))
		return;
	rpc_call_unref(call);
	upload_call_free(&work->base);
	rpc_call_finish_error(call, &err);
}

static void on_end(struct rpc_call *call)
{
	struct draft_work *work = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (work)
		upload_call_free(&work->base);
}

const struct rpc_method catalog_check_method = {
	.service = SERVICE,
	.name = "CheckCatalog",
	.client_streaming = true,
	.input = &policycalc__v1__check_catalog_request__descriptor,
	.output = &policycalc__v1__check_catalog_response__descriptor,
	.transient_messages = true,
	.on_start = on_check_start,
	.on_message = on_check_message,
	.on_half_close = on_half_close,
	.on_end = on_end,
};

const struct rpc_method catalog_publish_method = {
	.service = SERVICE,
	.name = "PublishCatalog",
	.client_streaming = true,
	.input = &policycalc__v1__publish_catalog_request__descriptor,
	.output = &policycalc__v1__publish_catalog_response__descriptor,
	.transient_messages = true,
	.on_start = on_publish_start,
	.on_message = on_publish_message,
	.on_half_close = on_half_close,
	.on_end = on_end,
};
