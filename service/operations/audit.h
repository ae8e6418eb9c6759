/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: who changed what, and when. One JSON object a line, each with the SHA-256 of the line before
 * it (without its line feed), so that a line that is changed, taken out or put in breaks the chain:
 *
 *     {"seq":7,"time":"2026-03-01T04:05:06.789Z","event":"begin","identity":"bureau","peer":"ipv4:…",
 *      "method":"policycalc.v1.CatalogService/PublishCatalog","revision":3,"prev":"…64 digits…"}
 *     {"seq":8,…,"event":"end","call":7,"identity":"bureau","method":…,"status":"OK","revision":4,
 *      "messages":12,"request":"…64 digits…","prev":"…"}
 *
 *     open      the service begins to write
 *     torn      a power cut tore what was written last, and told to nobody: "bytes" of it are in "file", with "sha256"
 *     continue  the first line of a file that goes on where "former" is full
 *     begin     a call was let in; it is done once this line is on the disk, or not at all
 *     end       it is over; "call" is the seq of its beginning, "revision" the catalog's afterwards, "request" an
 *               HMAC-SHA256 over its messages under a key of this service, so that nothing can be guessed from it
 *               of a call that was cut (its deadline), "settled":false: it may be worked on still
 *     outcome   what became of that work: "call", "status", "revision"
 *     refused   a known caller had not the role
 *     close     the service ended in order
 *
 * A beginning without an end is a call that was under way when the process died. Nothing of what is sent stands
 * here: no code of an enterprise, no name, no amount.
 *
 * Lines are written by a thread of the log, all that wait in one write and one fdatasync. Room on the disk is
 * set aside for the ends of what has begun, so that a full disk stops calls before they are done. An end that
 * could not be written all the same is owed: it goes out before any other line, and until then no call begins.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_HASH_SIZE 32

struct audit;

enum audit_event {
	AUDIT_BEGIN,
	AUDIT_END,
	AUDIT_CUT, /* an end, which an outcome follows */
	AUDIT_OUTCOME,
	AUDIT_REFUSED,
};

enum audit_outcome {
	AUDIT_WRITTEN, /* and on the disk */
	AUDIT_FAILED, /* not written. An end or outcome is owed, and told again; a beginning was never there */
	AUDIT_LOST, /* what was owed when the log was closed */
};

/* What is to be written. Its owner keeps it, and all it names, until it was told for the last time. */
struct audit_record {
	struct audit_record *next; /* the log's */
	enum audit_event event;
	bool is_owed;  /* the log's */
	uint64_t call; /* of an end or outcome: the beginning's; filled when that is written */
	const char *identity;
	const char *peer;
	const char *service;
	const char *method;
	int64_t revision; /* of the catalog; 0: there is none */
	const char *status;
	uint64_t messages;
	unsigned char request[AUDIT_HASH_SIZE];
	/* On the log's thread. */
	void (*told)(struct audit_record *record, enum audit_outcome outcome);
};

/**
 * Opens @path (made when missing, mode 0600, and held by one process) and goes on with its chain. The key for
 * requests is in "PATH.key", made when missing. ERROR_INVALID when the end of the file is not what a log of ours
 * ends with; what a power cut tore is set aside. A file of more than @most bytes is put away and a new one goes
 * on (operations/audit_file.h); 0: never.
 */
struct audit *audit_open(
		const char *path, const char *version, uint64_t most, struct error *err);
/** Writes what waits, and that it ends here. */
void audit_close(struct audit *audit);
/** Any thread. Cannot fail: what comes of it is told. */
void audit_append(struct audit *audit, struct audit_record *record);
/** How many lines there were when it was opened, with the one that says so; the SHA-256 of that one. */
uint64_t audit_line_count(const struct audit *audit);
const char *audit_head(const struct audit *audit);

/* Over the messages of one request. One thread at a time. */
struct audit_hash;

/** NULL: memory is short. */
struct audit_hash *audit_hash_new(const struct audit *audit);
/** Each message counts with its size, so that two requests cannot look alike. */
void audit_hash_add(struct audit_hash *hash, struct slice message);
/** Frees it, too; zeroes when OpenSSL had no memory. */
void audit_hash_end(struct audit_hash *hash, unsigned char out[AUDIT_HASH_SIZE]);
