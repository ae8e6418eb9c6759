/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those of a loop with whom TLS is still being spoken: how many there may be, who has to go when there are more, and
 * whose turn it is. No sockets, no clock.
 *
 * Honest clients are through within milliseconds. So where there is no room, the address that has most loses its
 * oldest: who holds many that come no further loses those, and nobody else any. It is the same with turns: one
 * address after another, and of each first those that have begun.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define HANDSHAKE_ADDRESSES 256

enum handshake_kind {
	HANDSHAKE_SILENT, /* nothing was read of it: it is a socket, and little else */
	HANDSHAKE_BEGUN,  /* OpenSSL keeps tens of kilobytes for it */
	HANDSHAKE_KINDS,
};

/* Embedded in a connection; zeroed: it is none of them. */
struct handshake {
	/* [0]: by age; [1]: those that wait for their turn. */
	struct handshake *next[2], *previous[2];
	enum handshake_kind kind;
	unsigned char address;
	bool is_there;
	bool is_waiting;
	bool is_called; /* it is its turn */
};

struct handshake_list {
	struct handshake *first, *last;
	size_t count;
};

struct handshake_address {
	struct handshake_list by_age[HANDSHAKE_KINDS], waiting[HANDSHAKE_KINDS];
	struct handshake_address *next;
	bool is_waiting;
};

struct handshakes {
	uint64_t seed;
	size_t most[HANDSHAKE_KINDS], count[HANDSHAKE_KINDS];
	struct handshake_address *first_waiting, *last_waiting; /* in turn */
	uint64_t spent_us;					/* of the turn */
	uint64_t mean_us;					/* of the last ones */
	struct handshake_address addresses[HANDSHAKE_ADDRESSES];
};

/** @most: that may have begun; sixteen times as many may be silent. @seed: nobody else knows it. */
void handshakes_init(struct handshakes *all, size_t most, uint64_t seed);
/** A client of @where, NULL if that is not known, has come. */
void handshake_add(struct handshakes *all, struct handshake *handshake,
		const struct sockaddr *where);
/** Something was read of it. */
void handshake_begin(struct handshakes *all, struct handshake *handshake);
/** It is through, or over. Takes also what was never added. */
void handshake_remove(struct handshakes *all, struct handshake *handshake);
/** Who has to go before another of @kind comes; NULL: there is room. */
struct handshake *handshakes_surplus(const struct handshakes *all, enum handshake_kind kind);
/** Who has to go when there is no room for another connection at all; NULL: there is none of them. */
struct handshake *handshakes_first_to_go(const struct handshakes *all);

/** Whether it may be read now. If not, it waits and is not to be read before it is called. */
bool handshake_has_turn(struct handshakes *all, struct handshake *handshake);
/** What was read of it took so long. */
void handshake_worked(struct handshakes *all, struct handshake *handshake, uint64_t us);
/** Another iteration. The number of those to be called in it. */
size_t handshakes_turn(struct handshakes *all);
/** The next, to be read; NULL: nobody waits. */
struct handshake *handshakes_call(struct handshakes *all);
