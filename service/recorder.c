/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include "base/log.h"
#include "base/memory.h"
#include "operations/audit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* While the disk stands still nobody makes the queue grow by being refused. */
#define REFUSED_MOST 10000

struct recorder {
	struct audit *audit; /* NULL: nothing is recorded */
	struct snapshot *snapshot;
	atomic_uint refused;	  /* that wait to be written */
	atomic_uint refused_lost; /* that were not, and are to be told */
};

/*
 * One call. The audit log has it while it writes the beginning or the end, in between the loop; it holds a
 * reference to the call from the beginning until the end was told.
 */
struct recording {
	struct audit_record record; /* first */
	struct recorder *recorder;
	struct rpc_call *call; /* NULL: the end was told, and is owed */
	struct audit_hash *hash;
	char texts[]; /* what the record names */
};

static void recording_free(struct recording *recording)
{
	if (recording->hash)
		audit_hash_end(recording->hash, recording->record.request);
	memory_free(recording);
}

static void on_begun(struct rpc_call *call, void *argument)
{
	struct recording *recording = rpc_call_record(call);
	bool ok = argument == NULL;

	if (!ok) {
		rpc_call_set_record(call, NULL);
		recording_free(recording);
	}
	rpc_call_record_begun(call, ok);
	if (!ok)
		rpc_call_unref(call);
}

static void on_ended(struct rpc_call *call, void *argument)
{
	(void)argument;
	rpc_call_record_ended(call);
}

/* --- on the log's thread --------------------------------------------------------------------- */

/* The first tasks of a call need no memory, and nobody else has one then. */
static void told_begin(struct audit_record *record, enum audit_outcome outcome)
{
	struct recording *recording = (struct recording *)record;

	(void)rpc_call_post(
			recording->call, on_begun, outcome == AUDIT_WRITTEN ? NULL : recording);
}

/* Nobody waits for it. */
static void told_outcome(struct audit_record *record, enum audit_outcome outcome)
{
	struct recording *recording = (struct recording *)record;

	rpc_call_unref(recording->call);
	recording->call = NULL;
	if (outcome != AUDIT_FAILED)
		recording_free(recording);
}

/* Without memory for the task the client waits until its deadline; what was done stands in the log. */
static void told_end(struct audit_record *record, enum audit_outcome outcome)
{
	struct recording *recording = (struct recording *)record;

	if (recording->call) {
		(void)rpc_call_post(recording->call, on_ended, NULL);
		rpc_call_unref(recording->call);
		recording->call = NULL;
	}
	if (outcome != AUDIT_FAILED)
		recording_free(recording);
}

/* Those that were not written have one line of the service's log together. */
static void told_refused(struct audit_record *record, enum audit_outcome outcome)
{
	struct recorder *recorder = ((struct recording *)record)->recorder;
	unsigned lost;

	recording_free((struct recording *)record);
	atomic_fetch_sub(&recorder->refused, 1);
	if (outcome != AUDIT_WRITTEN) {
		atomic_fetch_add(&recorder->refused_lost, 1);
		return;
	}
	lost = atomic_exchange(&recorder->refused_lost, 0);
	if (lost)
		log_event(LOG_LEVEL_WARNING, "audit_refusals_lost", LOG_NUMBER("count", lost));
}

/* --- opening and closing --------------------------------------------------------------------- */

struct recorder *recorder_open(const char *path, long most, const char *folder,
		struct snapshot *snapshot, struct error *err)
{
	struct recorder *recorder = memory_alloc_zero(1, sizeof(*recorder));
	char own[4096];

	if (!recorder) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the audit log");
		return NULL;
	}
	recorder->snapshot = snapshot;
	if (strcmp(path, "none") == 0)
		return recorder;
	(void)snprintf(own, sizeof(own), "%s/audit.log", folder);
	path = *path ? path : own;
	recorder->audit = audit_open(path, POLICYCALC_VERSION, (uint64_t)most, err);
	if (!recorder->audit) {
		memory_free(recorder);
		return NULL;
	}
	log_event(LOG_LEVEL_INFO, "audit_opened", LOG_TEXT("file", path),
			LOG_NUMBER("line", (int64_t)audit_line_count(recorder->audit)),
			LOG_TEXT("head", audit_head(recorder->audit)));
	return recorder;
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return;
	audit_close(recorder->audit);
	memory_free(recorder);
}

/* Any thread; 0: there is none. */
static int64_t current_revision(const struct recorder *recorder)
{
	struct ruleset *ruleset = snapshot_find(recorder->snapshot, 0);
	int64_t revision = ruleset ? ruleset_revision(ruleset) : 0;

	ruleset_unref(ruleset);
	return revision;
}

/* --- what the server asks for ---------------------------------------------------------------- */

static struct recording *recording_new(const struct recorder *recorder, struct rpc_call *call)
{
	const char *identity = rpc_call_identity(call)->name;
	const char *peer = rpc_call_peer(call);
	size_t sizes[] = { strlen(identity) + 1, strlen(peer) + 1 };
	struct recording *recording =
			memory_alloc_zero(1, sizeof(*recording) + sizes[0] + sizes[1]);

	if (!recording)
		return NULL;
	recording->record = (struct audit_record){
		.identity = memcpy(recording->texts, identity, sizes[0]),
		.peer = memcpy(recording->texts + sizes[0], peer, sizes[1]),
		.service = rpc_call_method(call)->service,
		.method = rpc_call_method(call)->name,
		.revision = current_revision(recorder),
	};
	return recording;
}

static bool begin(void *context, struct rpc_call *call)
{
	struct recorder *recorder = context;
	struct recording *recording = recording_new(recorder, call);

	if (!recording)
		return false;
	recording->hash = audit_hash_new(recorder->audit);
	if (!recording->hash) {
		recording_free(recording);
		return false;
	}
	recording->call = rpc_call_ref(call);
	recording->record.event = AUDIT_BEGIN;
	recording->record.told = told_begin;
	rpc_call_set_record(call, recording);
	audit_append(recorder->audit, &recording->record);
	return true;
}

static void take(void *context, struct rpc_call *call, struct slice message)
{
	struct recording *recording = rpc_call_record(call);

	(void)context;
	recording->record.messages++;
	audit_hash_add(recording->hash, message);
}

/* What follows an end that was not the last word. Without memory nothing does, and the end has said that it may. */
static void expect_outcome(struct recorder *recorder, struct rpc_call *call, uint64_t begun)
{
	struct recording *recording = recording_new(recorder, call);

	rpc_call_set_record(call, recording);
	if (!recording)
		return;
	recording->call = rpc_call_ref(call);
	recording->record.event = AUDIT_OUTCOME;
	recording->record.call = begun;
	recording->record.told = told_outcome;
}

static void end(void *context, struct rpc_call *call, enum rpc_status status, bool is_settled)
{
	struct recorder *recorder = context;
	struct recording *recording = rpc_call_record(call);
	struct audit_record *record = &recording->record;

	if (record->event == AUDIT_OUTCOME) {
		record->status = rpc_status_name(status);
		record->revision = current_revision(recorder);
		audit_append(recorder->audit, record);
		return;
	}
	audit_hash_end(recording->hash, record->request);
	recording->hash = NULL;
	record->event = is_settled ? AUDIT_END : AUDIT_CUT;
	if (!is_settled)
		expect_outcome(recorder, call, record->call);
	record->told = told_end;
	record->status = rpc_status_name(status);
	record->revision = current_revision(recorder);
	audit_append(recorder->audit, record);
}

static void refuse(void *context, struct rpc_call *call, enum rpc_status status)
{
	struct recorder *recorder = context;
	bool has_room = atomic_fetch_add(&recorder->refused, 1) < REFUSED_MOST;
	struct recording *recording = has_room ? recording_new(recorder, call) : NULL;

	if (!recording) {
		atomic_fetch_sub(&recorder->refused, 1);
		atomic_fetch_add(&recorder->refused_lost, 1);
		return;
	}
	recording->recorder = recorder;
	recording->record.event = AUDIT_REFUSED;
	recording->record.told = told_refused;
	recording->record.status = rpc_status_name(status);
	audit_append(recorder->audit, &recording->record);
}

struct rpc_recorder recorder_rpc(struct recorder *recorder)
{
	if (!recorder->audit)
		return (struct rpc_recorder){ NULL, NULL, NULL, NULL, NULL };
	return (struct rpc_recorder){
		.begin = begin,
		.take = take,
		.end = end,
		.refuse = refuse,
		.context = recorder,
	};
}
