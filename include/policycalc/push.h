/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies look for people: runs over the registry, the deliveries they make, and what an enterprise
 * wants to be told.
 *
 * Who sends deliveries on pulls them, each on a lease, and acknowledges what has arrived. What is not
 * acknowledged by the end of its lease is handed out again, with the same key and the same bytes: after
 * a lost connection one pulls again, and keeps the keys of what has been sent on already, to know it
 * when it comes once more. An acknowledgement may be sent again when its answer got lost: it counts
 * while the lease lasts or once it has counted.
 */
#ifndef POLICYCALC_PUSH_H
#define POLICYCALC_PUSH_H

#include "policycalc/client.h"
#include "policycalc/match.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run, as it stood when it was asked for. */
typedef struct pcalc_run pcalc_run;
/* All runs there are. */
typedef struct pcalc_runs pcalc_runs;
/* A run that is being watched. */
typedef struct pcalc_watch pcalc_watch;
/* Deliveries on their way to whoever pulls. */
typedef struct pcalc_pull pcalc_pull;
/* Deliveries that were looked at, not pulled. */
typedef struct pcalc_deliveries pcalc_deliveries;
/* All news for one enterprise. */
typedef struct pcalc_digest pcalc_digest;
/* What became of deliveries that were acknowledged, or decided on. */
typedef struct pcalc_receipt pcalc_receipt;
/* What an enterprise wants to be told. */
typedef struct pcalc_subscription pcalc_subscription;

/* --- runs ------------------------------------------------------------------------------------- */

/* How a run stands. */
enum pcalc_run_state {
	PCALC_RUN_UNSPECIFIED = 0,
	PCALC_RUN_RUNNING = 1,
	PCALC_RUN_FINISHED = 2,
	PCALC_RUN_CANCELLED = 3, /* what it told stays told */
	PCALC_RUN_FAILED = 4,
};

/* What is new for an enterprise. */
enum pcalc_news_kind {
	PCALC_NEWS_UNSPECIFIED = 0,
	PCALC_NEWS_NEWLY_ELIGIBLE = 1,
	PCALC_NEWS_NEWLY_NEAR = 2,
	PCALC_NEWS_AMOUNT_CHANGED = 3,
	PCALC_NEWS_LAPSED = 4,	     /* it can no longer have the policy */
	PCALC_NEWS_CLOSING_SOON = 5, /* the window closes within thirty days */
	PCALC_NEWS_VERSION_CHANGED = 6,
};

/* What to run. Zeroed: the current catalog over all enterprises, today. */
struct pcalc_run_options {
	const char *const *
			policies; /* only these, by id or series; an unknown name is an error */
	size_t policy_count;	  /* 0: all */
	bool changed_only;	/* only enterprises that changed since the last run that told */
	int64_t since_revision; /* only policies that differ from this revision; 0: all */
	const char *as_of;	/* "YYYY-MM-DD"; NULL: today. A past day tells nothing */
	int64_t revision; /* of the catalog; 0: the current one. An old one tells nothing */
	bool dry_run;	  /* count, tell nothing */
	const char *note; /* for people, at most 500 characters, or NULL */
};

/* A run as a whole; everything is borrowed from its handle. */
struct pcalc_run_summary {
	int64_t id; /* from 1 */
	enum pcalc_run_state state;
	int64_t revision;  /* of the catalog */
	const char *as_of; /* the day, "YYYY-MM-DD" */
	int64_t sequence;  /* snapshot of the registry */
	bool changed_only; /* as in struct pcalc_run_options, as is the next */
	int64_t since_revision;
	bool silent;		 /* nothing is told: dry run, past day, or old revision */
	const char *reason;	 /* why it is silent or has failed; may be "" */
	const char *started_at;	 /* RFC 3339, UTC */
	const char *finished_at; /* "" while it goes on */
	int64_t done;		 /* enterprises looked at, of */
	int64_t total;
	int64_t deliveries; /* made so far */
	int64_t errors; /* enterprises that nothing could be said about because the rules failed */
	const char *note;
	size_t count_count; /* what it found; 0 in lists */
};

/* How often a run found something. */
struct pcalc_run_count {
	const char *series; /* of the policy */
	enum pcalc_news_kind kind;
	int64_t count;	    /* enterprises */
	int64_t amount_fen; /* sum of upper ends; of amounts without one, lower ends */
};

/* How a run goes. */
struct pcalc_run_progress {
	struct pcalc_run_summary run; /* ->run.id is 0 at the end */
	int64_t rate;		      /* enterprises a second; 0: not known */
	int64_t left_seconds;	      /* -1: not known */
};

/**
 * Starts a run; it goes on although the caller leaves. @options may be NULL. Code ABORTED: another
 * run is going on. The run is owned by the caller; NULL with @failure filled on failure.
 */
PCALC_PUBLIC pcalc_run *pcalc_run_start(pcalc_client *client,
		const struct pcalc_run_options *options, struct pcalc_failure *failure);
/** Reads run @id (0: the newest). NULL with @failure filled; code NOT_FOUND: there is none. */
PCALC_PUBLIC pcalc_run *pcalc_run_get(
		pcalc_client *client, int64_t id, struct pcalc_failure *failure);
/** Stops run @id; what it told stays told. It may be RUNNING a little longer. NULL on failure. */
PCALC_PUBLIC pcalc_run *pcalc_run_cancel(
		pcalc_client *client, int64_t id, struct pcalc_failure *failure);
/** Frees the run and all that was borrowed from it. NULL is fine. */
PCALC_PUBLIC void pcalc_run_free(pcalc_run *run);
/** The run as a whole. */
PCALC_PUBLIC struct pcalc_run_summary pcalc_run_summary_get(const pcalc_run *run);
/** What was found, by policy and kind, most first. false when there is none at @index. */
PCALC_PUBLIC bool pcalc_run_count(
		const pcalc_run *run, size_t index, struct pcalc_run_count *out_count);
/** The policy at @index the run was asked for; NULL when there is none (none at all: all). */
PCALC_PUBLIC const char *pcalc_run_policy(const pcalc_run *run, size_t index);

/** Reads all runs, newest first. NULL on failure. */
PCALC_PUBLIC pcalc_runs *pcalc_runs_list(pcalc_client *client, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_runs_free(pcalc_runs *runs);
/** How many there are. */
PCALC_PUBLIC size_t pcalc_runs_count(const pcalc_runs *runs);
/** The run at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_runs_get(
		const pcalc_runs *runs, size_t index, struct pcalc_run_summary *out_run);

/**
 * Watches run @id (0: the newest). The client's timeout is that of the whole watch:
 * pcalc_set_timeout() first. NULL with @failure filled.
 */
PCALC_PUBLIC pcalc_watch *pcalc_watch_open(
		pcalc_client *client, int64_t id, struct pcalc_failure *failure);
/**
 * Waits for the run's next step. Returns true with it, borrowed until the next one; or true with
 * ->run.id 0 at the end: the run has ended as the step before said. false with @failure filled when
 * the connection or the timeout ended first; the run itself goes on.
 */
PCALC_PUBLIC bool pcalc_watch_receive(pcalc_watch *watch,
		struct pcalc_run_progress *out_progress, struct pcalc_failure *failure);
/** Stops watching. NULL is fine. */
PCALC_PUBLIC void pcalc_watch_free(pcalc_watch *watch);

/* --- digests ---------------------------------------------------------------------------------- */

/* Why an enterprise can no longer have a policy. */
enum pcalc_lapse_cause {
	PCALC_LAPSE_UNSPECIFIED = 0, /* it has not lapsed */
	PCALC_LAPSE_CONDITION = 1,   /* a condition is no longer met */
	PCALC_LAPSE_WITHDRAWN = 2,   /* the policy has ended or was withdrawn */
};

/* A digest as a whole; everything is borrowed from its handle. */
struct pcalc_digest_summary {
	const char *key;    /* names the delivery: the same key always has the same bytes */
	const char *uscc;   /* unified social credit code */
	const char *name;   /* "" when the registry does not have it */
	const char *region; /* code; "" when unknown */
	int64_t run;
	int64_t revision; /* of the catalog */
	const char *as_of;
	const char *engine_version;
	struct pcalc_text disclaimer;
	size_t news_count;
	size_t replaces_count; /* deliveries that nobody had pulled and this one takes the place of */
};

/* One piece of news. */
struct pcalc_news {
	enum pcalc_news_kind kind;
	const char *series;
	const char *policy; /* version; of LAPSED the one that is lost */
	struct pcalc_text title;
	int policy_kind; /* number of the schema, as in struct pcalc_policy_summary */
	const char *const *departments;
	size_t department_count;
	struct pcalc_amount amount; /* UNSPECIFIED: nothing, or not computable */
	bool has_before;	    /* what was told before is known */
	int64_t before_fen;	    /* it; AMOUNT_CHANGED and VERSION_CHANGED */
	const char *deadline;	    /* last day of the window; "": not stated, or always open */
	struct pcalc_text reason;   /* one line: why */
	enum pcalc_lapse_cause cause;
	bool has_near;		     /* the cheapest change is known: */
	struct pcalc_near_miss near; /* of NEWLY_NEAR, and LAPSED when it nearly can have it */
};

/**
 * Reads a digest from the @size bytes of a delivery, which are copied. It is owned by the caller. NULL
 * with @failure filled when they are none (code INTERNAL) or memory is short.
 */
PCALC_PUBLIC pcalc_digest *pcalc_digest_decode(
		const void *bytes, size_t size, struct pcalc_failure *failure);
/** Frees the digest and all that was borrowed from it. NULL is fine. */
PCALC_PUBLIC void pcalc_digest_free(pcalc_digest *digest);
/** The digest as a whole. */
PCALC_PUBLIC struct pcalc_digest_summary pcalc_digest_summary_get(const pcalc_digest *digest);
/** News @index, most valuable first. false when there is none. */
PCALC_PUBLIC bool pcalc_digest_news(
		const pcalc_digest *digest, size_t index, struct pcalc_news *out_news);
/** The key of a delivery that this one takes the place of; NULL when there is none at @index. */
PCALC_PUBLIC const char *pcalc_digest_replaces(const pcalc_digest *digest, size_t index);

/* --- deliveries ------------------------------------------------------------------------------- */

/* How a delivery stands. */
enum pcalc_delivery_state {
	PCALC_DELIVERY_UNSPECIFIED = 0,
	PCALC_DELIVERY_HELD = 1,       /* a department has to confirm it */
	PCALC_DELIVERY_RELEASED = 2,   /* may be pulled */
	PCALC_DELIVERY_LEASED = 3,     /* somebody has pulled it and not said more */
	PCALC_DELIVERY_ACKED = 4,      /* delivered */
	PCALC_DELIVERY_REFUSED = 5,    /* the department refused it */
	PCALC_DELIVERY_SUPPRESSED = 6, /* the enterprise does not want it */
	PCALC_DELIVERY_SUPERSEDED = 7, /* merged into a later one before anybody pulled it */
	PCALC_DELIVERY_DEAD = 8,       /* given up after too many attempts */
	PCALC_DELIVERY_DROPPED = 9,    /* given up, and put aside by staff */
};

/* What to pull. */
struct pcalc_pull_options {
	const char *consumer; /* who pulls, for the lease; 1 to 100 characters */
	int limit;	      /* at most so many; 0: 1,000 */
	int lease_seconds;    /* how long a lease lasts, 10 to 86,400; 0: 300 */
	const char *region; /* only enterprises registered there or below, code or name; NULL: all */
	const int *kinds; /* only with news of policies of these kinds, numbers of the schema */
	size_t kind_count; /* 0: all */
};

/* One delivery on a lease; borrowed from the pull, until the next one is asked for. */
struct pcalc_lease {
	const char *key;	  /* names the delivery for good; NULL at the end of the pull */
	const char *lease;	  /* names this lease */
	const char *leased_until; /* RFC 3339, UTC */
	int attempts;		  /* how often it was handed out before */
	const void *digest; /* for pcalc_digest_decode(); the same bytes with every attempt */
	size_t digest_size;
};

/* What became of one delivery. */
struct pcalc_ack {
	const char *key;
	const char *lease; /* it was handed out on */
	bool failed;	   /* it has not arrived: hand it out again */
};

/* A delivery that did not count. */
struct pcalc_delivery_status {
	const char *key;
	enum pcalc_delivery_state state;
	const char *reason; /* why, for people */
};

/* A decision of a department on what is held. */
struct pcalc_decision {
	const char *const *keys; /* at most 1,000, or: */
	size_t key_count;
	const char *series;	  /* all that are held with news of it; NULL with keys */
	bool refuse;		  /* instead of release */
	const char *confirmed_by; /* who decided, for the record; 1 to 200 characters */
	const char *note;	  /* why, at most 500 characters, or NULL */
};

/* Which deliveries to list. Zeroed: the newest 100. */
struct pcalc_delivery_filter {
	const char *uscc; /* only of this enterprise; NULL: all */
	enum pcalc_delivery_state state;
	int64_t run;	    /* 0: all */
	const char *series; /* only with news of it; NULL: all */
	size_t limit;	    /* at most so many; 0: 100 */
};

/* A delivery; borrowed from its list. */
struct pcalc_delivery {
	const char *key;
	enum pcalc_delivery_state state;
	const char *created_at;	 /* RFC 3339, UTC */
	const char *changed_at;	 /* when it came into its state */
	const char *not_before;	 /* not to be handed out before this day; "": at once */
	int attempts;		 /* how often it was handed out */
	const char *by;		 /* who holds it, decided, or took it */
	const char *reason;	 /* of a decision, a dead letter, or a failed try; "": none */
	int tries;		 /* how often the webhook has tried to bring it */
	const char *next_try_at; /* RFC 3339, UTC; "": the webhook does not, or at once */
};

/**
 * Pulls deliveries. The client's timeout is that of the whole pull, acknowledging meanwhile included.
 * Other calls may be made on the client meanwhile. NULL with @failure filled.
 */
PCALC_PUBLIC pcalc_pull *pcalc_pull_open(pcalc_client *client,
		const struct pcalc_pull_options *options, struct pcalc_failure *failure);
/**
 * Waits for the next delivery. Returns true with it, or with ->key NULL at the end. false with
 * @failure filled; what came before stays leased and may be acknowledged.
 */
PCALC_PUBLIC bool pcalc_pull_receive(
		pcalc_pull *pull, struct pcalc_lease *out_lease, struct pcalc_failure *failure);
/** Gives up what has not come: it is handed out again when its lease has ended. NULL is fine. */
PCALC_PUBLIC void pcalc_pull_free(pcalc_pull *pull);

/**
 * Says what became of at most 10,000 deliveries. All of them are in the ledger, or in the receipt with
 * why not, when this returns. NULL with @failure filled: it is not known which of them count; the same
 * may be said again.
 */
PCALC_PUBLIC pcalc_receipt *pcalc_deliveries_ack(pcalc_client *client,
		const struct pcalc_ack *acks, size_t count, struct pcalc_failure *failure);
/** Releases or refuses what is held. NULL with @failure filled. */
PCALC_PUBLIC pcalc_receipt *pcalc_deliveries_confirm(pcalc_client *client,
		const struct pcalc_decision *decision, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_receipt_free(pcalc_receipt *receipt);
/** How many counted. */
PCALC_PUBLIC int64_t pcalc_receipt_count(const pcalc_receipt *receipt);
/** One that did not: another's lease, an expired one, not held. false: none at @index. */
PCALC_PUBLIC bool pcalc_receipt_other(const pcalc_receipt *receipt, size_t index,
		struct pcalc_delivery_status *out_status);

/** Lists deliveries, newest first, without leasing them; @filter may be NULL. NULL on failure. */
PCALC_PUBLIC pcalc_deliveries *pcalc_deliveries_list(pcalc_client *client,
		const struct pcalc_delivery_filter *filter, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_deliveries_free(pcalc_deliveries *deliveries);
/** How many were listed. */
PCALC_PUBLIC size_t pcalc_deliveries_count(const pcalc_deliveries *deliveries);
/** The delivery at @index. false when there is none. */
PCALC_PUBLIC bool pcalc_deliveries_get(const pcalc_deliveries *deliveries, size_t index,
		struct pcalc_delivery *out_delivery);
/** What it tells, borrowed: not to be freed. NULL when there is none at @index. */
PCALC_PUBLIC const pcalc_digest *pcalc_deliveries_digest(
		const pcalc_deliveries *deliveries, size_t index);

/* --- subscriptions ---------------------------------------------------------------------------- */

/* How often an enterprise may be told. */
enum pcalc_frequency {
	PCALC_FREQUENCY_UNSPECIFIED = 0, /* DAILY */
	PCALC_FREQUENCY_DAILY = 1,	 /* with every run */
	PCALC_FREQUENCY_WEEKLY = 2,	 /* at most once in seven days */
	PCALC_FREQUENCY_MONTHLY = 3,	 /* at most once in thirty days */
};

/* What an enterprise wants to be told. */
struct pcalc_wish {
	const char *uscc;
	bool opted_out;	   /* nothing at all */
	const int *kinds;  /* only policies of these kinds, numbers of the schema */
	size_t kind_count; /* 0: all */
	enum pcalc_frequency frequency;
	const char *const *news; /* only these: "NEWLY_ELIGIBLE" ... */
	size_t news_count;	 /* 0: all */
};

/** Reads what @uscc wants; everything, daily, when it never said. NULL with @failure filled. */
PCALC_PUBLIC pcalc_subscription *pcalc_subscription_get(
		pcalc_client *client, const char *uscc, struct pcalc_failure *failure);
/** Sets the whole of what it wants from now on; returns it as it is then. NULL on failure. */
PCALC_PUBLIC pcalc_subscription *pcalc_subscription_set(pcalc_client *client,
		const struct pcalc_wish *wish, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_subscription_free(pcalc_subscription *subscription);
/** What it wants, borrowed. */
PCALC_PUBLIC struct pcalc_wish pcalc_subscription_wish(const pcalc_subscription *subscription);
/** What was odd about what was set. false when there is none at @index. */
PCALC_PUBLIC bool pcalc_subscription_warning(const pcalc_subscription *subscription,
		size_t index, struct pcalc_warning *out_warning);

#ifdef __cplusplus
}
#endif

#endif
