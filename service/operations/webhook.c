/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the webhook. Each letter has a slot, and keeps it until the source knows its end:
 *
 *     FREE ──► POSTING ──► ENDED ──► TELLING ──► FREE
 *                            ▲          │
 *                            └──────────┘ the source could not write it
 *
 *     POSTING   A try is under way; it ends with an answer, a trouble, or when its time is over.
 *     ENDED     The fate is known; the next exchange tells it.
 *     TELLING   The exchange that is under way tells it. Only when it was written is the slot free.
 *
 * slot_enter() is the only place that writes ->state. The thread notes what happened, and
 * webhook_advance() alone decides what is next. It never waits for the source: while an exchange is
 * under way, posts go on.
 */
#include "operations/webhook.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "operations/webhook_post.h"
#include "operations/webhook_secret.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest the thread sleeps, whatever it waits for. */
#define WAIT_MOST_MS 1000
/* After the source has failed, and after it had too much to do. */
#define SOURCE_FAILED_MS 1000
#define SOURCE_BUSY_MS 100
/* How long ends may wait for a source that fails, beyond the grace; the leases run out then. */
#define SOURCE_LAST_MS 3000

enum slot_state { SLOT_FREE, SLOT_POSTING, SLOT_ENDED, SLOT_TELLING, SLOT_STATE_COUNT };

#define TO(word) (1u << SLOT_##word)
static const unsigned slot_may_enter[SLOT_STATE_COUNT] = {
	[SLOT_FREE] = TO(POSTING) | TO(ENDED),
	[SLOT_POSTING] = TO(ENDED),
	[SLOT_ENDED] = TO(TELLING),
	[SLOT_TELLING] = TO(FREE) | TO(ENDED),
};

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

static int64_t now_ms(void)
{
	return (int64_t)(clock_us() / 1000);
}

static int64_t now_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static void slot_enter(struct slot *slot, enum slot_state state)
{
	assert(slot_may_enter[slot->state] & 1u << state);
	slot->state = state;
}

static size_t slots_in(const struct webhook *webhook, enum slot_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < webhook->options.most; i++)
		count += webhook->slots[i].state == state;
	return count;
}

static size_t slots_busy(const struct webhook *webhook)
{
	return webhook->options.most - slots_in(webhook, SLOT_FREE);
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
			retry_after_ms, now_ms());
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

static void slot_answered(struct webhook *webhook, struct slot *slot)
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

/* The service ends: who has not answered by now is asked again after the next start, even if this was
 * the last of the tries; so it is when the service dies. */
static void slots_cut(struct webhook *webhook)
{
	for (size_t i = 0; i < webhook->options.most; i++) {
		struct slot *slot = &webhook->slots[i];

		if (slot->state != SLOT_POSTING)
			continue;
		post_cancel(&slot->post);
		slot_end(webhook, slot, WEBHOOK_AGAIN,
				"the service ended before the answer came", 0);
		status_count(webhook, &slot->end);
	}
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

static void slot_post(struct webhook *webhook, struct slot *slot)
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

/* --- exchanges ------------------------------------------------------------------------------- */

static void letter_take(struct webhook *webhook, struct webhook_letter *letter)
{
	struct slot *slot = webhook->slots;

	/* No more were asked for than there were free slots. */
	while (slot->state != SLOT_FREE)
		slot++;
	assert(slot < webhook->slots + webhook->options.most);
	buffer_fini(&slot->letter.body);
	slot->letter = *letter;
	letter->body = (struct buffer){ 0 };
	slot_post(webhook, slot);
}

static void exchange_take(struct webhook *webhook, int64_t now)
{
	struct webhook_exchange *exchange = &webhook->exchange;

	webhook->is_asking = false;
	for (size_t i = 0; i < webhook->options.most; i++) {
		if (webhook->slots[i].state == SLOT_TELLING)
			slot_enter(&webhook->slots[i], exchange->ok ? SLOT_FREE : SLOT_ENDED);
	}
	if (!exchange->ok) {
		webhook->ask_ms = now + SOURCE_FAILED_MS;
		log_event(LOG_LEVEL_ERROR, "webhook_ledger_failed",
				LOG_TEXT("message", exchange->err.message));
		return;
	}
	assert(exchange->letter_count <= exchange->room);
	pthread_mutex_lock(&webhook->lock);
	webhook->status.tries += (int64_t)exchange->letter_count;
	pthread_mutex_unlock(&webhook->lock);
	/* Whoever looked in vain waits; a try that has failed may be due again before. */
	if (exchange->letter_count < exchange->room ||
			now + exchange->look_again_ms < webhook->look_ms)
		webhook->look_ms = now + exchange->look_again_ms;
	for (size_t i = 0; i < exchange->letter_count; i++)
		letter_take(webhook, &exchange->letters[i]);
}

/* Begins an exchange when there is something to tell, or room for letters. */
static void exchange_begin(struct webhook *webhook, int64_t now, bool is_ending)
{
	struct webhook_exchange *exchange = &webhook->exchange;

	exchange->ok = false;
	exchange->letter_count = 0;
	exchange->ends = webhook->ends;
	exchange->end_count = 0;
	exchange->room = !is_ending && now >= webhook->look_ms
					 ? webhook_health_room(&webhook->health,
							   webhook->options.most,
							   slots_busy(webhook), now)
					 : 0;
	for (size_t i = 0; i < webhook->options.most; i++) {
		if (webhook->slots[i].state != SLOT_ENDED)
			continue;
		slot_enter(&webhook->slots[i], SLOT_TELLING);
		webhook->ends[exchange->end_count++] = webhook->slots[i].end;
	}
	if (exchange->end_count == 0 && exchange->room == 0)
		return;
	webhook->is_asking = true;
	if (webhook->options.source.exchange(webhook->options.source.context, exchange))
		return;
	webhook->is_asking = false;
	webhook->ask_ms = now + SOURCE_BUSY_MS;
	for (size_t i = 0; i < webhook->options.most; i++) {
		if (webhook->slots[i].state == SLOT_TELLING)
			slot_enter(&webhook->slots[i], SLOT_ENDED);
	}
}

/* --- the thread ------------------------------------------------------------------------------ */

/* false: all is done. */
static bool webhook_advance(struct webhook *webhook)
{
	int64_t now = now_ms();
	bool is_ending, is_answered, is_looking;
	int64_t end_ms;

	pthread_mutex_lock(&webhook->lock);
	is_looking = webhook->is_looking;
	/* A look that is under way may have come too early. */
	webhook->is_looking = is_looking && webhook->is_asking && !webhook->is_answered;
	is_ending = webhook->is_ending;
	end_ms = webhook->end_ms;
	is_answered = webhook->is_answered;
	webhook->is_answered = false;
	webhook->status.in_flight = slots_busy(webhook);
	pthread_mutex_unlock(&webhook->lock);
	webhook->cut_ms = is_ending ? end_ms : INT64_MAX;
	if (is_answered)
		exchange_take(webhook, now);
	if (is_looking && webhook->look_ms > now)
		webhook->look_ms = now;
	if (is_ending && now >= end_ms)
		slots_cut(webhook);
	if (!webhook->is_asking && now >= webhook->ask_ms)
		exchange_begin(webhook, now, is_ending);
	if (!is_ending || webhook->is_asking)
		return true;
	return slots_busy(webhook) > 0 && now < end_ms + SOURCE_LAST_MS;
}

/* When there may be something to do that nothing wakes the poster for. */
static int64_t next_ms(const struct webhook *webhook)
{
	int64_t look_ms = webhook->look_ms > webhook->health.not_before_ms
					  ? webhook->look_ms
					  : webhook->health.not_before_ms;
	size_t busy = slots_busy(webhook);

	if (webhook->is_asking)
		return INT64_MAX;
	if (slots_in(webhook, SLOT_ENDED))
		return webhook->ask_ms;
	if (webhook->cut_ms != INT64_MAX)
		return webhook->cut_ms;
	/* The end of a try wakes it. */
	if (busy == webhook->options.most || (busy && webhook_health_is_down(&webhook->health)))
		return INT64_MAX;
	return look_ms > webhook->ask_ms ? look_ms : webhook->ask_ms;
}

static int wait_ms(const struct webhook *webhook)
{
	int64_t now = now_ms();
	int64_t until = next_ms(webhook);

	if (until > webhook->cut_ms && now < webhook->cut_ms)
		until = webhook->cut_ms;
	if (until > now + WAIT_MOST_MS)
		until = now + WAIT_MOST_MS;
	return until > now ? (int)(until - now) : 0;
}

static void *webhook_main(void *argument)
{
	struct webhook *webhook = argument;
	struct post *post;

	while (webhook_advance(webhook)) {
		poster_wait(webhook->poster, wait_ms(webhook));
		while ((post = poster_next(webhook->poster)))
			slot_answered(webhook, (struct slot *)post);
	}
	return NULL;
}

/* --- opening and closing --------------------------------------------------------------------- */

static void webhook_free(struct webhook *webhook)
{
	for (size_t i = 0; i < webhook->options.most; i++) {
		struct slot *slot = &webhook->slots[i];

		post_fini(&slot->post);
		buffer_fini(&slot->letter.body);
		for (size_t k = 0; k < sizeof(slot->headers) / sizeof(*slot->headers); k++)
			buffer_fini(&slot->headers[k]);
	}
	poster_free(webhook->poster);
	explicit_bzero(&webhook->secrets, sizeof(webhook->secrets));
	pthread_mutex_destroy(&webhook->lock);
	memory_free(webhook);
}

static bool webhook_init(struct webhook *webhook, const struct webhook_options *options,
		struct error *err)
{
	const struct poster_options poster = {
		.url = options->url,
		.ca = options->ca,
		.timeout_ms = options->timeout_ms,
		.most = options->most,
	};

	if (options->ca && access(options->ca, R_OK) != 0)
		return error_set(err, ERROR_INVALID, "%s: cannot be read", options->ca);
	if (options->secret_file &&
			!webhook_secrets_load(options->secret_file, &webhook->secrets, err))
		return false;
	post_print_origin(options->url, webhook->status.origin, sizeof(webhook->status.origin));
	webhook->poster = poster_new(&poster, err);
	for (size_t i = 0; webhook->poster && i < options->most; i++) {
		if (!post_init(&webhook->slots[i].post, webhook->poster, err))
			return false;
	}
	return webhook->poster != NULL;
}

struct webhook *webhook_open(const struct webhook_options *options, struct error *err)
{
	struct webhook *webhook = memory_alloc_zero(1, sizeof(*webhook));

	assert(options->most > 0 && options->most <= WEBHOOK_MOST && options->attempts > 0);
	if (!webhook) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the webhook");
		return NULL;
	}
	webhook->options = *options;
	webhook->exchange.webhook = webhook;
	pthread_mutex_init(&webhook->lock, NULL);
	if (!webhook_init(webhook, options, err)) {
		webhook_free(webhook);
		error_prefix(err, "webhook");
		return NULL;
	}
	if (pthread_create(&webhook->thread, NULL, webhook_main, webhook) != 0) {
		webhook_free(webhook);
		error_set(err, ERROR_MEMORY, "cannot start the thread of the webhook");
		return NULL;
	}
	return webhook;
}

void webhook_look(struct webhook *webhook)
{
	pthread_mutex_lock(&webhook->lock);
	webhook->is_looking = true;
	poster_wake(webhook->poster);
	pthread_mutex_unlock(&webhook->lock);
}

void webhook_end(struct webhook *webhook, int64_t grace_ms)
{
	int64_t end_ms = now_ms() + grace_ms;

	pthread_mutex_lock(&webhook->lock);
	if (!webhook->is_ending || end_ms < webhook->end_ms)
		webhook->end_ms = end_ms;
	webhook->is_ending = true;
	poster_wake(webhook->poster);
	pthread_mutex_unlock(&webhook->lock);
}

void webhook_close(struct webhook *webhook)
{
	bool is_ending;

	if (!webhook)
		return;
	pthread_mutex_lock(&webhook->lock);
	is_ending = webhook->is_ending;
	pthread_mutex_unlock(&webhook->lock);
	if (!is_ending)
		webhook_end(webhook, 0);
	pthread_join(webhook->thread, NULL);
	webhook_free(webhook);
}

/* --- any thread ------------------------------------------------------------------------------ */

void webhook_exchanged(struct webhook_exchange *exchange)
{
	struct webhook *webhook = exchange->webhook;

	/* All under the lock: once the thread sees the answer, the webhook may be gone. */
	pthread_mutex_lock(&webhook->lock);
	webhook->is_answered = true;
	poster_wake(webhook->poster);
	pthread_mutex_unlock(&webhook->lock);
}

void webhook_status_get(struct webhook *webhook, struct webhook_status *out_status)
{
	int64_t pause_ms;

	pthread_mutex_lock(&webhook->lock);
	*out_status = webhook->status;
	pause_ms = webhook->not_before_ms - now_ms();
	pthread_mutex_unlock(&webhook->lock);
	out_status->pause_ms = pause_ms > 0 ? pause_ms : 0;
}
