/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/four_eyes.h"

#include <stdio.h>
#include <string.h>

void four_eyes_init(struct four_eyes *eyes)
{
	memset(eyes, 0, sizeof(*eyes));
	pthread_mutex_init(&eyes->lock, NULL);
}

void four_eyes_fini(struct four_eyes *eyes)
{
	pthread_mutex_destroy(&eyes->lock);
}

void four_eyes_note(struct four_eyes *eyes, const char *hash, const char *who)
{
	bool is_known = false;

	pthread_mutex_lock(&eyes->lock);
	for (size_t i = 0; i < FOUR_EYES_MOST; i++)
		is_known |= strcmp(eyes->list[i].hash, hash) == 0 &&
			    strcmp(eyes->list[i].who, who) == 0;
	if (!is_known) {
		struct four_eyes_upload *upload = &eyes->list[eyes->next++ % FOUR_EYES_MOST];

		(void)snprintf(upload->hash, sizeof(upload->hash), "%s", hash);
		(void)snprintf(upload->who, sizeof(upload->who), "%s", who);
	}
	pthread_mutex_unlock(&eyes->lock);
}

void four_eyes_forget(struct four_eyes *eyes, const char *hash)
{
	pthread_mutex_lock(&eyes->lock);
	for (size_t i = 0; i < FOUR_EYES_MOST; i++)
		if (strcmp(eyes->list[i].hash, hash) == 0)
			eyes->list[i].hash[0] = '\0';
	pthread_mutex_unlock(&eyes->lock);
}

bool four_eyes_find_other(struct four_eyes *eyes, const char *hash, const char *who,
		char out_other[ACCESS_NAME_MOST + 1])
{
	bool found = false;

	pthread_mutex_lock(&eyes->lock);
	for (size_t i = 0; i < FOUR_EYES_MOST && !found; i++) {
		const struct four_eyes_upload *upload = &eyes->list[i];

		found = strcmp(upload->hash, hash) == 0 && strcmp(upload->who, who) != 0;
		if (found)
			memcpy(out_other, upload->who, sizeof(upload->who));
	}
	pthread_mutex_unlock(&eyes->lock);
	return found;
}
