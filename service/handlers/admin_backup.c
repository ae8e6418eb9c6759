/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdminService, Backup.
 *
 *     COPYING ──► registry's thread, then store's ──► READING ──► checker's thread ──► SENDING ─┐
 *                 (some pages a job)                     ▲                                       │
 *                                                        └── room for more ──► WAITING ◄─────────┤
 *                                                                                 all sent ──► over
 *
 *     COPYING   Each job copies a step and hands itself in again behind those that wait, so that the
 *               thread goes on with its work. The registry's comes first: what it says of the catalog's
 *               revisions is then in the catalog's copy, which is younger.
 *     READING   A piece of a copy comes from the disk, off the loop.
 *     SENDING   On the loop.
 *     WAITING   The client reads more slowly than we send; only now the call knows of the work.
 *
 * Whether there is room for it is asked once: what goes on stands in the queues of the threads also when they are
 * full, since there is one backup at a time, and it has one job.
 *
 * The work belongs to one thread at a time, and ends where it is noticed that the call is over.
 */
#include "handlers/internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "policycalc/v1/admin_service.pb-c.h"
#include "store/backup.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Some milliseconds, in which nothing else is done on the thread. */
#define STEP_SIZE ((size_t)1 << 20)
#define CHUNK_SIZE ((size_t)512 << 10)
#define PROGRESS_US ((uint64_t)250000)
#define COPIES 2

struct copy {
	const char *name;
	struct backup *backup; /* while it is made */
	int file;	       /* -1: none */
	int64_t size, sent;
	char sha256[65];
};

struct work {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	struct handlers *handlers;
	struct copy copies[COPIES];
	size_t at; /* of ->copies */
	int64_t revision;
	char made_at[40];
	uint64_t told_us; /* when progress was told last */
	EVP_MD_CTX *digest;
	size_t chunk_size;
	struct error err;
	uint8_t chunk[CHUNK_SIZE];
};

static void work_free(struct work *work)
{
	for (size_t i = 0; i < COPIES; i++)
		if (work->copies[i].file >= 0)
			(void)close(work->copies[i].file);
	EVP_MD_CTX_free(work->digest);
	atomic_store(&work->handlers->is_backing_up, false);
	rpc_call_unref(work->call);
	memory_free(work);
}

/* On the loop: the call ends with what went wrong. */
static void on_failed(struct rpc_call *call, void *argument)
{
	struct work *work = argument;

	rpc_call_finish_error(call, &work->err);
	work_free(work);
}

static void work_post(struct work *work, void (*next)(struct rpc_call *call, void *argument))
{
	if (!rpc_call_post(work->call, next, work))
		work_free(work);
}

/* --- copying, on the databases' threads ------------------------------------------------------ */

struct told {
	const char *name;
	int64_t done, total;
};

static void on_told(struct rpc_call *call, void *argument)
{
	Policycalc__V1__BackupProgress progress = POLICYCALC__V1__BACKUP_PROGRESS__INIT;
	Policycalc__V1__BackupResponse response = POLICYCALC__V1__BACKUP_RESPONSE__INIT;
	struct told *told = argument;

	progress.name = (char *)told->name;
	progress.done = told->done;
	progress.total = told->total;
	response.part_case = POLICYCALC__V1__BACKUP_RESPONSE__PART_PROGRESS;
	response.progress = &progress;
	if (rpc_call_is_writable(call))
		(void)rpc_call_send(call, &response.base);
	memory_free(told);
}

/* Nobody waits for it, so that it may as well be lost. */
static void tell_progress(struct work *work, const struct copy *copy)
{
	struct told *told;

	if (clock_us() < work->told_us + PROGRESS_US)
		return;
	work->told_us = clock_us();
	told = memory_alloc(sizeof(*told));
	if (!told)
		return;
	told->name = copy->name;
	backup_look(copy->backup, &told->done, &told->total);
	if (!rpc_call_post(work->call, on_told, told))
		memory_free(told);
}

static void on_copied(struct rpc_call *call, void *argument);
static void on_copy(struct job *job, void *context);

static void work_copy(struct work *work)
{
	const struct handlers_options *options = &work->handlers->options;

	work->job.run = on_copy;
	worker_continue(work->at == 0 ? registry_thread_worker(options->registry)
				      : store_thread_worker(options->store),
			&work->job);
}

static bool copy_begin(struct work *work, struct copy *copy, void *context)
{
	if (work->at == 0) {
		copy->backup = backup_open_registry(
				registry_store(registry_thread_registry(context)), &work->err);
		return copy->backup != NULL;
	}
	copy->backup = backup_open_catalog(store_thread_store(context), &work->err);
	return copy->backup &&
	       catalog_store_current(store_thread_store(context), &work->revision, &work->err);
}

/* false: it is over, with or without a copy. */
static bool copy_goes_on(struct work *work, struct copy *copy, bool *out_done)
{
	if (rpc_call_is_cancelled(work->call))
		return error_set(&work->err, ERROR_CANCELLED, "the call was cancelled");
	if (!backup_step(copy->backup, STEP_SIZE, out_done, &work->err))
		return false;
	tell_progress(work, copy);
	return !*out_done;
}

static void on_copy(struct job *job, void *context)
{
	struct work *work = (struct work *)job;
	struct copy *copy = &work->copies[work->at];
	bool is_done = false;

	if ((copy->backup || copy_begin(work, copy, context)) &&
			copy_goes_on(work, copy, &is_done)) {
		work_copy(work);
		return;
	}
	if (!backup_finish(copy->backup, &copy->file, is_done ? &work->err : NULL))
		is_done = false;
	copy->backup = NULL;
	work_post(work, is_done ? on_copied : on_failed);
}

/* --- reading, on the checker's thread -------------------------------------------------------- */

static void on_chunk(struct rpc_call *call, void *argument);

static bool chunk_read(struct work *work, struct copy *copy)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	ssize_t got;

	work->chunk_size = 0;
	while (work->chunk_size < CHUNK_SIZE && copy->sent < copy->size) {
		got = pread(copy->file, work->chunk + work->chunk_size,
				CHUNK_SIZE - work->chunk_size, copy->sent);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(&work->err, ERROR_IO, "reading the copy of %s: %s",
					copy->name, got ? strerror(errno) : "it is too short");
		work->chunk_size += (size_t)got;
		copy->sent += got;
	}
	if (EVP_DigestUpdate(work->digest, work->chunk, work->chunk_size) != 1)
		return error_set(&work->err, ERROR_INTERNAL, "no checksum of %s", copy->name);
	if (copy->sent < copy->size)
		return true;
	if (EVP_DigestFinal_ex(work->digest, digest, &size) != 1 ||
			EVP_DigestInit_ex(work->digest, EVP_sha256(), NULL) != 1)
		return error_set(&work->err, ERROR_INTERNAL, "no checksum of %s", copy->name);
	for (unsigned i = 0; i < size; i++)
		(void)snprintf(copy->sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
	return true;
}

static void on_read(struct job *job, void *context)
{
	struct work *work = (struct work *)job;

	(void)context;
	work_post(work, chunk_read(work, &work->copies[work->at]) ? on_chunk : on_failed);
}

/* --- sending, on the loop -------------------------------------------------------------------- */

static bool send_file(struct rpc_call *call, const struct copy *copy)
{
	Policycalc__V1__BackupFile file = POLICYCALC__V1__BACKUP_FILE__INIT;
	Policycalc__V1__BackupResponse response = POLICYCALC__V1__BACKUP_RESPONSE__INIT;

	file.name = (char *)copy->name;
	file.size = copy->size;
	response.part_case = POLICYCALC__V1__BACKUP_RESPONSE__PART_FILE;
	response.file = &file;
	return rpc_call_send(call, &response.base);
}

static bool send_chunk(struct rpc_call *call, const struct work *work)
{
	Policycalc__V1__BackupResponse response = POLICYCALC__V1__BACKUP_RESPONSE__INIT;

	response.part_case = POLICYCALC__V1__BACKUP_RESPONSE__PART_CHUNK;
	response.chunk.data = (uint8_t *)work->chunk;
	response.chunk.len = work->chunk_size;
	return rpc_call_send(call, &response.base);
}

static void send_summary(struct rpc_call *call, const struct work *work)
{
	Policycalc__V1__BackupSummary summary = POLICYCALC__V1__BACKUP_SUMMARY__INIT;
	Policycalc__V1__BackupResponse response = POLICYCALC__V1__BACKUP_RESPONSE__INIT;
	Policycalc__V1__BackupFile files[COPIES];
	Policycalc__V1__BackupFile *list[COPIES];

	for (size_t i = 0; i < COPIES; i++) {
		policycalc__v1__backup_file__init(&files[i]);
		files[i].name = (char *)work->copies[i].name;
		files[i].size = work->copies[i].size;
		files[i].sha256 = (char *)work->copies[i].sha256;
		list[i] = &files[i];
	}
	summary.files = list;
	summary.n_files = COPIES;
	summary.revision = work->revision;
	summary.made_at = (char *)work->made_at;
	response.part_case = POLICYCALC__V1__BACKUP_RESPONSE__PART_SUMMARY;
	response.summary = &summary;
	if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, "");
}

/* Reads on, or waits for room. */
static void work_read(struct rpc_call *call, struct work *work)
{
	if (!rpc_call_is_writable(call)) {
		rpc_call_set_data(call, work);
		return;
	}
	work->job.run = on_read;
	worker_continue(work->handlers->options.checker, &work->job);
}

static void on_chunk(struct rpc_call *call, void *argument)
{
	struct work *work = argument;
	const struct copy *copy = &work->copies[work->at];

	if (rpc_call_is_cancelled(call) || !send_chunk(call, work)) {
		work_free(work);
		return;
	}
	if (copy->sent == copy->size) {
		if (++work->at == COPIES) {
			send_summary(call, work);
			work_free(work);
			return;
		}
		if (!send_file(call, &work->copies[work->at])) {
			work_free(work);
			return;
		}
	}
	work_read(call, work);
}

/* One database is copied; when all are, the first is sent. */
static void on_copied(struct rpc_call *call, void *argument)
{
	struct work *work = argument;
	struct copy *copy = &work->copies[work->at];

	copy->size = (int64_t)lseek(copy->file, 0, SEEK_END);
	if (rpc_call_is_cancelled(call)) {
		work_free(work);
	} else if (++work->at < COPIES) {
		work_copy(work);
	} else {
		work->at = 0;
		if (send_file(call, &work->copies[0]))
			work_read(call, work);
		else
			work_free(work);
	}
}

static struct work *work_new(struct rpc_call *call)
{
	struct handlers *handlers = call_handlers(call);
	struct work *work = memory_alloc_zero(1, sizeof(*work));

	if (!work)
		return NULL;
	work->handlers = handlers;
	work->call = rpc_call_ref(call);
	work->copies[0] = (struct copy){ .name = "registry.db", .file = -1 };
	work->copies[1] = (struct copy){ .name = "catalog.db", .file = -1 };
	handlers_now(handlers, work->made_at);
	work->digest = EVP_MD_CTX_new();
	if (work->digest && EVP_DigestInit_ex(work->digest, EVP_sha256(), NULL) == 1)
		return work;
	work_free(work);
	return NULL;
}

static void on_backup(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct handlers *handlers = call_handlers(call);
	struct work *work;

	(void)message;
	if (atomic_exchange(&handlers->is_backing_up, true)) {
		rpc_call_finish(call, RPC_UNAVAILABLE, "another backup is under way");
		return;
	}
	work = work_new(call);
	if (!work) {
		atomic_store(&handlers->is_backing_up, false);
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while starting a backup");
		return;
	}
	work->job.run = on_copy;
	if (registry_thread_submit(handlers->options.registry, &work->job, &work->err))
		rpc_call_send_headers(call);
	else
		on_failed(call, work);
}

static void on_writable(struct rpc_call *call)
{
	struct work *work = rpc_call_data(call);

	if (!work)
		return;
	rpc_call_set_data(call, NULL);
	work_read(call, work);
}

static void on_end(struct rpc_call *call)
{
	struct work *work = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (work)
		work_free(work);
}

const struct rpc_method admin_backup_method = {
	.service = "policycalc.v1.AdminService",
	.name = "Backup",
	.server_streaming = true,
	.input = &policycalc__v1__backup_request__descriptor,
	.output = &policycalc__v1__backup_response__descriptor,
	.on_message = on_backup,
	.on_writable = on_writable,
	.on_end = on_end,
};
