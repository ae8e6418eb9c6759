/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST over HTTP(S) with libcurl, many at a time. What is called of it goes through curl_library.h.
 *
 * The receiver's certificate is checked always; redirects, proxies and credentials of the environment
 * are not followed or used; of an answer only the status and Retry-After are kept. All of a poster
 * belongs to one thread, but poster_wake().
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POST_HEADERS_MOST 8

struct poster;

struct poster_options {
	const char *url;
	const char *ca;	 /* file of certificates to trust instead of the system's; NULL */
	long timeout_ms; /* from the first packet to the last byte of the answer */
	size_t most;	 /* posts under way */
};

/* One post after another, over a connection that stays open while the receiver lets it. */
struct post {
	/* Asked; borrowed until it has ended. */
	const char *headers[POST_HEADERS_MOST];
	size_t header_count;
	struct slice body;
	/* Answered. */
	long status;		/* 0: there was no whole answer */
	const char *trouble;	/* why there was none; lives for ever, and names nobody */
	int64_t retry_after_ms; /* 0: not asked for */
	/* The poster's. */
	struct poster *poster;
	void *handle, *list;
	size_t header_bytes, body_bytes;
};

/**
 * Whether a webhook may have this address: https, or http to this machine alone (or, when @plaintext, to
 * any), without credentials or a fragment. ERROR_INVALID says what it must be.
 */
bool post_check_url(const char *url, bool plaintext, struct error *err);
/** "https://host:port", for people; the rest of the address may be a secret. @size of out: 300 will do. */
void post_print_origin(const char *url, char *out, size_t size);

/** Threads may be running: libcurl and OpenSSL of Debian 12 get ready under locks of their own. */
struct poster *poster_new(const struct poster_options *options, struct error *err);
/** When no post is under way. */
void poster_free(struct poster *poster);

/** A zeroed post gets its handle. false: out of memory. */
bool post_init(struct post *post, struct poster *poster, struct error *err);
void post_fini(struct post *post);
/** Starts it; it has ended when poster_next() returns it. */
bool post_start(struct post *post, struct error *err);
/** Ends one under way at once; poster_next() does not return it. */
void post_cancel(struct post *post);

/** Goes on with all posts; waits up to @timeout_ms for something to happen. */
void poster_wait(struct poster *poster, int timeout_ms);
/** One that has ended; NULL: none. */
struct post *poster_next(struct poster *poster);
/** Any thread: poster_wait() returns now, or the next time it is called. */
void poster_wake(struct poster *poster);
