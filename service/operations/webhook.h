/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook: brings what a ledger has for it to one receiver, over HTTP, by a thread of its own.
 *
 * It knows no ledger: whoever opens it hands down a source that takes and gives letters, each on a
 * lease, in exchanges. A letter is tried at once when it comes, so that a lease covers one try; between
 * tries it lies in the ledger. At most webhook_options.most letters are held, whatever waits.
 *
 *     POST url, Content-Type: application/json
 *     Idempotency-Key         the delivery's key: the same key has the same body with every try
 *     Policycalc-Attempt      1, 2, …
 *     Policycalc-Timestamp    seconds since 1970, of this try
 *     Policycalc-Signature    v1=HMAC-SHA256(secret, "<timestamp>.<body>"), one for each secret
 */
#pragma once

#include "base/buffer.h"
#include "operations/webhook_rules.h"

struct webhook;

#define WEBHOOK_SECRETS_MOST 4
#define WEBHOOK_MOST 256 /* letters on their way */
#define WEBHOOK_KEY_SIZE 65
#define WEBHOOK_LEASE_SIZE 33
#define WEBHOOK_REASON_SIZE 160

/* What the source gives: one delivery, leased for one try. */
struct webhook_letter {
	char key[WEBHOOK_KEY_SIZE];
	char lease[WEBHOOK_LEASE_SIZE];
	unsigned tries;	    /* this one included */
	bool is_damaged;    /* what it says cannot be read: it is to be given up */
	struct buffer body; /* of the letter's taker from then on */
};

/* What the source is told: how a try has ended. */
struct webhook_end {
	char key[WEBHOOK_KEY_SIZE];
	char lease[WEBHOOK_LEASE_SIZE];
	enum webhook_fate fate;
	int64_t wait_ms;		  /* WEBHOOK_AGAIN: from now to the next try */
	char reason[WEBHOOK_REASON_SIZE]; /* of a try that failed: no contents, no names */
};

/*
 * One conversation with the source, on one transaction of its own: the ends are written, then letters
 * leased. One at a time is under way; the source reads and fills it until webhook_exchanged().
 */
struct webhook_exchange {
	struct webhook *webhook;
	/* Asked. */
	const struct webhook_end *ends;
	size_t end_count;
	size_t room; /* letters to give at most; 0: none */
	/* Answered. */
	bool ok;
	struct error err; /* !ok: nothing was written or leased */
	struct webhook_letter letters[WEBHOOK_MOST];
	size_t letter_count;
	int64_t look_again_ms; /* from now: when there may be more */
};

struct webhook_source {
	void *context;
	/* Begins an exchange, on the webhook's thread; must not wait. false: try again later. */
	bool (*exchange)(void *context, struct webhook_exchange *exchange);
};

struct webhook_options {
	const char *url;	 /* as post_check_url() wants it */
	const char *ca;		 /* NULL: the system's */
	const char *secret_file; /* NULL: not signed */
	long timeout_ms;
	size_t most;	   /* 1 to WEBHOOK_MOST */
	unsigned attempts; /* the last of which makes a dead letter */
	struct webhook_pacing pacing;
	struct webhook_source source;
};

/* How it does; since it was opened. */
struct webhook_status {
	char origin[300]; /* "https://host:port" */
	bool is_down;	  /* one try at a time */
	size_t in_flight;
	int64_t tries, delivered, failed, dead;
	char reason[WEBHOOK_REASON_SIZE]; /* why the last try that failed did */
	int64_t failed_at;		  /* when, seconds since 1970; 0: never */
	int64_t pause_ms;		  /* nothing is sent for so long; 0: it may be now */
};

/** Checks options and files, then starts the thread. The source must answer from now on. */
struct webhook *webhook_open(const struct webhook_options *options, struct error *err);
/** Any thread: there may be letters now. */
void webhook_look(struct webhook *webhook);
/** Any thread: no new letters; those on their way have @grace_ms. May be said again, with less. */
void webhook_end(struct webhook *webhook, int64_t grace_ms);
/** Ends at once, if webhook_end() has not; waits. The source must answer until then. NULL is fine. */
void webhook_close(struct webhook *webhook);

/** Any thread: the exchange has been answered. */
void webhook_exchanged(struct webhook_exchange *exchange);
/** Any thread. */
void webhook_status_get(struct webhook *webhook, struct webhook_status *out_status);
