/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: N loops, each in its own thread, each with its own listener on the shared
 * addresses.
 *
 *     server_new()     binds every address; a port in use and a live Unix socket are errors
 * here server_start()   starts the threads and accepts server_drain()   no new connections;
 * GOAWAY; calls in flight have the grace time to end server_wait()    until every connection is
 * closed, every call's memory is back, and every loop has ended server_free()    after
 * server_wait(), or when server_start() was never called
 *
 * Threads: server_drain(), server_run_on_loops() and server_address() may be called from any
 * thread, the others from the thread that made the server. None may be called from a signal
 * handler.
 */
#pragma once

#include "base/error.h"
#include "rpc/call_limits.h"
#include "rpc/gate.h"
#include "rpc/method.h"
#include "rpc/recorder.h"
#include "transport/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* Descriptors of the process that are no connections: files, and what others listen to. */
#define SERVER_OTHER_DESCRIPTORS 1024

/* A field that is 0 means its default. */
struct server_limits {
	struct rpc_limits rpc;
	size_t connection_count;	 /* of all loops together; 10,000 */
	size_t address_connection_count; /* of one address (of IPv6: network, /64); any number */
	size_t handshake_count; /* of TLS that have begun and are not through; 160, 16 a loop at least */
	uint32_t stream_count;	    /* concurrent calls of a connection; 256 */
	uint32_t stream_window;	    /* receive window of a call; 512 KiB */
	uint32_t connection_window; /* 2 MiB */
	/* Received bytes that the calls of a connection have not dealt with, up to which its
	 * window is given back at once; half of rpc.connection_input */
	size_t connection_unread;
	uint32_t reset_burst; /* RST_STREAMs a client may send at once; 2,000 */
	uint32_t reset_rate;  /* and each second; 200 */
	uint64_t handshake_us; /* from the connection to the client's SETTINGS, TLS and all; 10 s */
	uint64_t idle_us;      /* a connection without calls is told to go; never */
	uint64_t age_us;       /* a connection this old is told to go; never */
	uint64_t age_grace_us; /* and then has this long for its calls; 30 s; whose certificate
					   will not do any more likewise */
	uint64_t keepalive_us; /* a silent connection is pinged; 2 h */
	uint64_t keepalive_timeout_us;	/* and has this long to answer; 20 s */
	uint64_t ping_interval_us;	/* clients with calls may ping this often; 10 s */
	uint64_t idle_ping_interval_us; /* and those without; 60 s */
};

struct server_options {
	/* "127.0.0.1:50551", "[::1]:0", "localhost:0", "unix:PATH"; with ->tls, TCP speaks it but where
	 * "plain:" stands before the address. */
	const char *const *listen;
	size_t listen_count;
	unsigned threads; /* loops; 0: as many as there are processors */
	bool reuse_port;  /* also the first socket: a second process may take the port over */
	struct server_limits limits;
	struct rpc_observer observer;
	struct rpc_gate gate;	      /* zeroed: everybody may call */
	struct tls *tls;	      /* borrowed until server_free(); NULL: all is plaintext */
	struct rpc_recorder recorder; /* zeroed: nothing is written down */
};

/** @registry is borrowed until server_free(); strings of @options are copied. */
struct server *server_new(const struct server_options *options,
		const struct rpc_registry *registry, struct error *err);
bool server_start(struct server *server, struct error *err);
/**
 * Address number @index as it can be dialled: with the actual port, "unix:PATH". NULL past the
 * end. Lives as long as the server.
 */
const char *server_address(const struct server *server, size_t index);
/** Whether TLS is spoken there. */
bool server_address_has_tls(const struct server *server, size_t index);
unsigned server_loop_count(const struct server *server);
/* Of all loops; the last three since the start. */
struct server_connections {
	size_t count, most;
	uint64_t refused;	     /* there was no place */
	uint64_t refused_of_address; /* their address had as many as it may */
	uint64_t displaced;	     /* told to go, for those of others that have fewer */
};

/** Any thread. */
struct server_connections server_connections(const struct server *server);
/** What the process has to be allowed for so many connections (->connection_count, not 0), and all else that it opens. */
size_t server_descriptors(const struct server_limits *limits);
/**
 * Stops accepting and lets calls end; after @grace_ms what is left is reset and closed. A
 * second call can only shorten the grace.
 */
void server_drain(struct server *server, unsigned grace_ms);
/**
 * Runs @work(@argument, loop number) once on the thread of every loop that has not ended; when it has run on the last
 * of them, @done(@argument) runs there too (may be NULL). false, and nothing will run, when memory is short or all
 * loops have ended.
 */
bool server_run_on_loops(struct server *server, void (*work)(void *argument, unsigned loop),
		void (*done)(void *argument), void *argument);
/**
 * The gate would answer otherwise from now on: streams that it would not let in any more end, as soon as each
 * loop gets to it. false when memory is short or the loops have ended.
 */
bool server_review_calls(struct server *server);
/**
 * Our files of TLS were read again: connections whose client's certificate is revoked by now, or whose authority is
 * trusted no more, are told to go, as soon as each loop gets to it. false when memory is short or the loops have ended.
 */
bool server_review_certificates(struct server *server);
void server_wait(struct server *server);
void server_free(struct server *server);
