/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has uploaded which draft: with four eyes a draft is published by another identity than the one that
 * brought it. A draft is known by its content, so that who publishes has sent, and the service has checked, the
 * very same. Kept in memory, the newest few hundred: after a restart a draft is brought anew.
 */
#pragma once

#include "operations/access.h"

#include <pthread.h>
#include <stddef.h>

#define FOUR_EYES_MOST 256
#define FOUR_EYES_HASH_SIZE 65

struct four_eyes {
	pthread_mutex_t lock;
	size_t next;
	struct four_eyes_upload {
		char hash[FOUR_EYES_HASH_SIZE]; /* "": none */
		char who[ACCESS_NAME_MOST + 1];
	} list[FOUR_EYES_MOST];
};

void four_eyes_init(struct four_eyes *eyes);
void four_eyes_fini(struct four_eyes *eyes);
/** @who has uploaded the draft of this hash. Any thread. */
void four_eyes_note(struct four_eyes *eyes, const char *hash, const char *who);
/** It is published: who wants to publish it again, later, needs another anew. Any thread. */
void four_eyes_forget(struct four_eyes *eyes, const char *hash);
/** Whether somebody else than @who has, and who. Any thread. */
bool four_eyes_find_other(struct four_eyes *eyes, const char *hash, const char *who,
		char out_other[ACCESS_NAME_MOST + 1]);
