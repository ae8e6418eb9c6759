/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the webhook. Each letter has a slot, and keeps it until the source knows its end:
 *
 *     FREE ──► POSTING ──► ENDED ──► TELLING ──► FREE
 *       │                   ▲ ▲         │
 *       └───────────────────┘ └─────────┘ the source could not write it
 *        it cannot be sent
 *
 *     POSTING   A try is under way; it ends with an answer, a trouble, or when its time is over.
 *     ENDED     The fate is known; the next exchange tells it.
 *     TELLING   The exchange that is under way tells it. Only when it was written is the slot free.
 *
 * slot_enter() is the only place that writes ->state.
 */
#pragma once

#include "operations/webhook.h"
#include "operations/webhook_post.h"
#include "operations/webhook_secret.h"

#include <pthread.h>

enum slot_state { SLOT_FREE, SLOT_POSTING, SLOT_ENDED, SLOT_TELLING, SLOT_STATE_COUNT };

struct slot {
	struct post post; /* first: a post is its slot */
	enum slot_state state;
	struct webhook_letter letter;
	struct webhook_end end;
	struct buffer headers[4];
};

struct webhook {
	struct webhook_options options;
	struct webhook_secrets secrets;
	struct poster *poster;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the next six */
	bool is_looking;      /* there may be letters, somebody says */
	bool is_ending;
	int64_t end_ms; /* when the grace is over */
	bool is_answered;
	struct webhook_status status;
	int64_t not_before_ms; /* of ->health, for the status */
	/* The thread's own. */
	struct webhook_health health;
	bool is_asking;	 /* an exchange is under way */
	int64_t ask_ms;	 /* no exchange before */
	int64_t look_ms; /* no letters are asked for before */
	int64_t cut_ms;	 /* when the grace is over; INT64_MAX: nobody has said so */
	struct webhook_exchange exchange;
	struct webhook_end ends[WEBHOOK_MOST];
	struct slot slots[WEBHOOK_MOST];
};

int64_t webhook_now_ms(void);

void slot_enter(struct slot *slot, enum slot_state state);
/** A try of its letter begins; it is POSTING, or ENDED when that cannot be. */
void slot_post(struct webhook *webhook, struct slot *slot);
/** Its post has ended: so has the try. */
void slot_answered(struct webhook *webhook, struct slot *slot);
/** The service ends: the try is cut off, if one is under way. */
void slot_cut(struct webhook *webhook, struct slot *slot);
