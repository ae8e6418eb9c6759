/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the webhook: it notes what happened, and webhook_advance() alone decides what is next. It
 * never waits for the source: while an exchange is under way, posts go on.
 */
#include "operations/webhook_internal.h"

#include "base/log.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

/* The longest the thread sleeps, whatever it waits for. */
#define WAIT_MOST_MS 1000
/* After the source has failed, and after it had too much to do. */
#define SOURCE_FAILED_MS 1000
#define SOURCE_BUSY_MS 100
/* How long ends may wait for a source that fails, beyond the grace; the leases run out then. */
#define SOURCE_LAST_MS 3000

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

static void slots_told(struct webhook *webhook, bool ok)
{
	for (size_t i = 0; i < webhook->options.most; i++) {
		if (webhook->slots[i].state == SLOT_TELLING)
			slot_enter(&webhook->slots[i], ok ? SLOT_FREE : SLOT_ENDED);
	}
}

static void exchange_take(struct webhook *webhook, int64_t now)
{
	struct webhook_exchange *exchange = &webhook->exchange;

	webhook->is_asking = false;
	slots_told(webhook, exchange->ok);
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
	slots_told(webhook, false);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* false: all is done. */
static bool webhook_advance(struct webhook *webhook)
{
	int64_t now = webhook_now_ms();
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
	for (size_t i = 0; is_ending && now >= end_ms && i < webhook->options.most; i++)
		slot_cut(webhook, &webhook->slots[i]);
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
	int64_t now = webhook_now_ms();
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
	int64_t end_ms = webhook_now_ms() + grace_ms;

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
	pause_ms = webhook->not_before_ms - webhook_now_ms();
	pthread_mutex_unlock(&webhook->lock);
	out_status->pause_ms = pause_ms > 0 ? pause_ms : 0;
}
