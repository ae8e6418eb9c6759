/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS without sockets: who we are and whom we trust (struct tls), and one connection's bytes (struct
 * tls_stream). OpenSSL is known here, in tls.c and tls_stream.c, and nowhere else in this room.
 *
 * TLS 1.3, and 1.2 with forward secrecy and AEAD alone, as RFC 9113 §9.2 asks; ALPN must offer "h2". No
 * renegotiation, no compression, no early data.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;

#define TLS_OUT_OF_MEMORY "out of memory"

/* Files in PEM. */
struct tls_options {
	const char *certificate; /* ours, then those between it and its authority */
	const char *key;	 /* of it; not readable by everybody, not encrypted */
	/* Who connects must show a certificate of one of these authorities; NULL: nobody is asked. */
	const char *client_authorities;
	const char *client_revoked; /* CRLs, one of every authority of a chain; NULL: none */
};

/** Reads the files. ERROR_INVALID names the file and what is wrong with it. */
struct tls *tls_open(const struct tls_options *options, struct error *err);
/** After the last stream. */
void tls_free(struct tls *tls);
/**
 * Reads the files again, for streams that begin from now on; those that are there go on as they are. On
 * failure, with the reason, what was read before is still good. Any thread, one at a time.
 */
bool tls_reload(struct tls *tls, struct error *err);
/**
 * What will soon trouble, or does: a certificate that is not valid at @now (seconds since 1970), or not for
 * another 14 days. false: nothing. From the thread that reloads.
 */
bool tls_warn(const struct tls *tls, int64_t now, struct error *out_warning);
/** The same of the CRLs: one that is out of date, or has less than a third of its time left, and less than 14 days. */
bool tls_warn_revoked(const struct tls *tls, int64_t now, struct error *out_warning);
/** An authority of clients that is no root, and nothing above it is in the file. From the thread that reloads. */
bool tls_warn_authorities(const struct tls *tls, struct error *out_warning);
/** When our certificate ends, in seconds since 1970. Any thread. */
int64_t tls_not_after(const struct tls *tls);
/** The same of the CRL that ends first: then every client is refused. INT64_MAX: there is none. Any thread. */
int64_t tls_revoked_until(const struct tls *tls);

/*
 * One connection. What the socket gave is put; what was in it is taken; what is to be said is sent, and
 * comes out encrypted.
 *
 *     SHAKING ───► OPEN ───► ENDED     the client said goodbye
 *        └──────────┴──────► FAILED    the alert, if there is one, waits for tls_stream_flush()
 */
enum tls_stream_state {
	TLS_STREAM_SHAKING,
	TLS_STREAM_OPEN,
	TLS_STREAM_ENDED,
	TLS_STREAM_FAILED,
};

struct tls_stream;

/** NULL when memory is short. */
struct tls_stream *tls_stream_new(struct tls *tls);
void tls_stream_free(struct tls_stream *stream);
enum tls_stream_state tls_stream_state(const struct tls_stream *stream);
/** Why it failed; "" when it did not. Lives for ever. */
const char *tls_stream_trouble(const struct tls_stream *stream);
/**
 * The names of the client's certificate once it is verified, "uri:..." and "dns:..." (in lower case), each
 * ended by NUL and the last by another. "": there are none. Lives as long as the stream.
 */
const char *tls_stream_names(const struct tls_stream *stream);
/**
 * Why the client would not be let in any more, in two or three words: its certificate, or one above it, is on the
 * newest CRLs, or none of them is of the newest authorities; TLS_OUT_OF_MEMORY: that could not be found out, and it may
 * be let in when it comes again. NULL: it would be let in. Lives for ever.
 */
const char *tls_stream_objection(const struct tls_stream *stream);
/** @bytes are borrowed until tls_stream_take() gives none. */
void tls_stream_put(struct tls_stream *stream, struct slice bytes);
/** Some of what was in them, up to @size; goes on with the handshake. 0: there is no more for now. */
size_t tls_stream_take(struct tls_stream *stream, char *out, size_t size);
/** Appends what TLS itself has to say: the handshake, alerts. */
void tls_stream_flush(struct tls_stream *stream, struct buffer *out);
/** Appends @plain, encrypted; in OPEN alone. false: it has failed. */
bool tls_stream_send(struct tls_stream *stream, struct slice plain, struct buffer *out);
/** Appends our goodbye, once. */
void tls_stream_end(struct tls_stream *stream, struct buffer *out);
