/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places for connections, and who has them. No sockets, no clock.
 *
 * Whoever comes has a place as long as there are any: one address may have them all, since it may be a balancer that
 * speaks for everybody. When all are taken, who has fewest comes first: a newcomer is let in above the number if some
 * address has more connections than its own would have then, and one of that address has to go for it, which is the
 * one that was of no use for longest. So no address, whatever it holds, keeps others out; and addresses that hold the
 * same leave each other alone.
 *
 * All loops share the counts (struct places), in a table of fixed size, without locks and without a list of addresses:
 * an address has one slot in each of two rows, as callers in rpc/quota.h. Who is there is known by each loop for its
 * own connections (struct room). Where a loop has none that could go, it owes one, and the others look.
 */
#pragma once

#include "base/error.h"
#include "transport/origin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct places;

struct places_limits {
	size_t most;		/* of all */
	size_t most_of_address; /* 0: any number */
	bool local;		/* that holds for callers of this machine, too */
};

/* Since the start, but for the first. */
struct places_counts {
	size_t count;	     /* taken now */
	uint64_t full;	     /* newcomers for whom there was none */
	uint64_t of_address; /* whose address had as many as it may */
	uint64_t displaced;  /* that had to go for others */
};

/* Embedded in a connection; zeroed: it has none. */
struct place {
	bool is_taken;
	uint64_t address; /* 0: it is counted for none: it has no place, or has to go */
	size_t number;	  /* in its room, counted from 1; 0: it is in none */
};

/* Those of one loop; zeroed, but for ->random. */
struct room {
	struct place **list;
	size_t count, capacity;
	uint64_t random; /* not 0 */
};

enum places_verdict {
	PLACES_FREE,	   /* it has one */
	PLACES_OVER,	   /* it has one above the number: another has to go, or it */
	PLACES_FULL,	   /* it has none */
	PLACES_OF_ADDRESS, /* it has none */
};

/** Connections that there may be above @most, for as long as others take to go. */
size_t places_spare(size_t most);
struct places *places_new(const struct places_limits *limits, struct error *err);
void places_free(struct places *places);

/** Any thread, as all below. A client of @where has come; NULL: by a Unix socket. */
enum places_verdict places_enter(
		struct places *places, struct place *place, const struct sockaddr *where);
/** It is not counted for its address any more, which has to go. */
void places_give_up(struct places *places, struct place *place);
/** It has gone. Takes also what has none. */
void places_leave(struct places *places, struct place *place);
/** Those that are counted for its address. */
size_t places_held(const struct places *places, const struct place *place);
/** One was displaced; one came when there were none left. */
void places_note_displaced(struct places *places);
void places_note_full(struct places *places);
struct places_counts places_look(const struct places *places);
/** Whether it is time to tell of it again, at @now_us. */
bool places_may_tell(struct places *places, uint64_t now_us);

/** Somewhere is an address that has more than @place's: @place may stay, and one is owed. false: there is none. */
bool places_owe(struct places *places, const struct place *place);
/** One is owed: then it is no more, and @out_held is what its address has to have more of than. */
bool places_take_debt(struct places *places, size_t *out_held);
/** It could not be paid. */
void places_return_debt(struct places *places);

/** Of this loop's thread. When memory is short it is not found by others, and stays. */
void room_add(struct room *room, struct place *place);
void room_remove(struct room *room, struct place *place);
void room_fini(struct room *room);
/**
 * Who has to go for one whose address holds @held: of those looked at, which are a number that does not grow with the
 * room, it is of the address that has most, and @used says least of it. NULL: nobody whose address has more than
 * @held.
 */
struct place *room_first_to_go(struct room *room, const struct places *places, size_t held,
		uint64_t (*used)(const struct place *place));
