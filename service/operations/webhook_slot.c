/* SPDX-License-Identifier: Apache-2.0 */
/* One letter: how a try of it begins, and how it ends. On the webhook's thread. */
#include "operations/webhook_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TO(word) (1u << SLOT_##word)
static const unsigned slot_may_enter[SLOT_STATE_COUNT] = {
	[SLOT_FREE] = TO(POSTING) | TO(ENDED),
	[SLOT_POSTING] = TO(ENDED),
	[SLOT_ENDED] = TO(TELLING),
	[SLOT_TELLING] = TO(FREE) | TO(ENDED),
};

int64_t webhook_now_ms(void)
{
	return (int64_t)(clock_us() / 1000);
}

static int64_t now_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

void slot_enter(struct slot *slot, enum slot_state state)
{
	assert(slot_may_enter[slot->state] & 1u << state);
	slot->state = state;
}

/* --- how a try ends -------------------------------------------------------------------------- */

static void status_count(struct webhook *webhook, const struct webhook_end *end)
{
	struct webhook_status *status = &webhook->status;

	pthread_mutex_lock(&webhook->lock);
	status->delivered += end->fate == WEBHOOK_DELIVERED;
	status->failed += end->fate == WEBHOOK_AGAIN;
	status->dead += end->fate == WEBHOOK_DEAD;
	status->is_down = webhook_health_is_down(&webhook->health);
	webhook->not_before_ms = webhook->health.not_before_ms;
	if (end->fate != WEBHOOK_DELIVERED) {
		memcpy(status->reason, end->reason, sizeof(status->reason));
		status->failed_at = now_seconds();
	}
	pthread_mutex_unlock(&webhook->lock);
}

static void health_note(
		struct webhook *webhook, const struct webhook_end *end, int64_t retry_after_ms)
{
	bool was_down = webhook_health_is_down(&webhook->health);

	webhook_health_note(&webhook->health, &webhook->options.pacing, end->fate,
			retry_after_ms, webhook_now_ms());
	if (webhook_health_is_down(&webhook->health) == was_down)
		return;
	if (was_down)
		log_event(LOG_LEVEL_INFO, "webhook_back",
				LOG_TEXT("receiver", webhook->status.origin));
	else
		log_event(LOG_LEVEL_WARNING, "webhook_down",
				LOG_TEXT("receiver", webhook->status.origin),
				LOG_TEXT("reason", end->reason));
}

static void reason_print(const struct post *post, char out[static WEBHOOK_REASON_SIZE])
{
	if (post->status == 0)
		(void)snprintf(out, WEBHOOK_REASON_SIZE, "%s", post->trouble);
	else
		(void)snprintf(out, WEBHOOK_REASON_SIZE, "the receiver answered %ld%s",
				post->status,
				post->status >= 300 && post->status <= 399
						? "; redirects are not followed"
						: "");
}

/* The letter has had its try, and is to be told of so. */
static void slot_end(struct webhook *webhook, struct slot *slot, enum webhook_fate fate,
		const char *reason, int64_t retry_after_ms)
{
	const struct webhook_letter *letter = &slot->letter;
	struct webhook_end *end = &slot->end;

	*end = (struct webhook_end){ .fate = fate };
	memcpy(end->key, letter->key, sizeof(end->key));
	memcpy(end->lease, letter->lease, sizeof(end->lease));
	if (fate == WEBHOOK_AGAIN)
		end->wait_ms = webhook_wait_ms(&webhook->options.pacing, letter->key,
				letter->tries, retry_after_ms);
	(void)snprintf(end->reason, sizeof(end->reason), "%s", reason);
	if (fate == WEBHOOK_DEAD)
		log_event(LOG_LEVEL_WARNING, "webhook_dead_letter",
				LOG_TEXT("key", letter->key), LOG_TEXT("reason", end->reason));
	slot_enter(slot, SLOT_ENDED);
}

/* The try has failed: another, unless it was the last. */
static void slot_fail(struct webhook *webhook, struct slot *slot, const char *reason,
		int64_t retry_after_ms)
{
	char last[WEBHOOK_REASON_SIZE];

	if (slot->letter.tries < webhook->options.attempts) {
		slot_end(webhook, slot, WEBHOOK_AGAIN, reason, retry_after_ms);
		return;
	}
	(void)snprintf(last, sizeof(last), "given up after %u tries; the last: %.100s",
			slot->letter.tries, reason);
	slot_end(webhook, slot, WEBHOOK_DEAD, last, 0);
}

void slot_answered(struct webhook *webhook, struct slot *slot)
{
	const struct post *post = &slot->post;
	char reason[WEBHOOK_REASON_SIZE] = "";
	enum webhook_fate fate = webhook_judge(post->status);

	if (fate != WEBHOOK_DELIVERED)
		reason_print(post, reason);
	if (fate == WEBHOOK_AGAIN)
		slot_fail(webhook, slot, reason, post->retry_after_ms);
	else
		slot_end(webhook, slot, fate, reason, 0);
	health_note(webhook, &slot->end, fate == WEBHOOK_AGAIN ? post->retry_after_ms : 0);
	status_count(webhook, &slot->end);
}

/*
 * Who has not answered by now is asked again after the next start, even if this was the last of the
 * tries; so it is when the service dies.
 */
void slot_cut(struct webhook *webhook, struct slot *slot)
{
	if (slot->state != SLOT_POSTING)
		return;
	post_cancel(&slot->post);
	slot_end(webhook, slot, WEBHOOK_AGAIN, "the service ended before the answer came", 0);
	status_count(webhook, &slot->end);
}

/* --- how a try begins ------------------------------------------------------------------------ */

static bool headers_set(struct webhook *webhook, struct slot *slot, struct error *err)
{
	int64_t timestamp = now_seconds();
	struct slice body = { slot->letter.body.data, slot->letter.body.size };
	size_t count = 0;
	bool ok = true;

	for (size_t i = 0; i < sizeof(slot->headers) / sizeof(*slot->headers); i++)
		buffer_clear(&slot->headers[i]);
	buffer_format(&slot->headers[0], "Idempotency-Key: %s", slot->letter.key);
	buffer_format(&slot->headers[1], "Policycalc-Attempt: %u", slot->letter.tries);
	buffer_format(&slot->headers[2], "Policycalc-Timestamp: %lld", (long long)timestamp);
	slot->post.headers[count++] = "Content-Type: application/json";
	for (size_t i = 0; i < 3; i++)
		slot->post.headers[count++] = slot->headers[i].data;
	if (webhook->secrets.count) {
		buffer_append_text(&slot->headers[3], "Policycalc-Signature: ");
		ok = webhook_secrets_sign(
				&webhook->secrets, timestamp, body, &slot->headers[3], err);
		slot->post.headers[count++] = slot->headers[3].data;
	}
	slot->post.header_count = count;
	for (size_t i = 0; ok && i < sizeof(slot->headers) / sizeof(*slot->headers); i++)
		ok = !slot->headers[i].failed ||
		     error_set(err, ERROR_MEMORY, "out of memory while posting a delivery");
	return ok;
}

void slot_post(struct webhook *webhook, struct slot *slot)
{
	struct error err;

	if (slot->letter.is_damaged) {
		slot_end(webhook, slot, WEBHOOK_DEAD, "what it says cannot be read", 0);
		status_count(webhook, &slot->end);
		return;
	}
	slot->post.body = (struct slice){ slot->letter.body.data, slot->letter.body.size };
	if (!slot->letter.body.failed && headers_set(webhook, slot, &err) &&
			post_start(&slot->post, &err)) {
		slot_enter(slot, SLOT_POSTING);
		return;
	}
	slot_fail(webhook, slot, "the service was out of memory", 0);
	status_count(webhook, &slot->end);
}
