/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/webhook_rules.h"

#include "base/buffer.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/*
 *     2xx                          it has arrived
 *     408, 425, 429, 5xx           later; Retry-After is kept to
 *     no whole answer              later: it may have arrived, and has the same key when it comes again
 *     3xx                          never: redirects are not followed, the address is to be corrected
 *     every other 4xx, 410 first   never: the same bytes would be refused again
 *     what is no status            later
 */
enum webhook_fate webhook_judge(long status)
{
	if (status >= 200 && status <= 299)
		return WEBHOOK_DELIVERED;
	if (status == 408 || status == 425 || status == 429)
		return WEBHOOK_AGAIN;
	if (status >= 300 && status <= 499)
		return WEBHOOK_DEAD;
	return WEBHOOK_AGAIN;
}

/* --- waiting --------------------------------------------------------------------------------- */

/* One step of splitmix64: a number that looks random for every @state. */
static uint64_t scramble(uint64_t state)
{
	state += 0x9e3779b97f4a7c15u;
	state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
	state = (state ^ state >> 27) * 0x94d049bb133111ebu;
	return state ^ state >> 31;
}

/* first_ms · 2^(count - 1), at most @most_ms. */
static int64_t doubled_ms(int64_t first_ms, unsigned count, int64_t most_ms)
{
	int64_t wait_ms = first_ms;

	while (--count && wait_ms < most_ms)
		wait_ms *= 2;
	return wait_ms < most_ms ? wait_ms : most_ms;
}

/* A half of it for sure, of the other half a part by chance: so many waits do not end at once. */
static int64_t jittered_ms(int64_t wait_ms, uint64_t random)
{
	int64_t half_ms = wait_ms / 2;

	return half_ms + (int64_t)(random % (uint64_t)(wait_ms - half_ms + 1));
}

int64_t webhook_backoff_ms(const struct webhook_pacing *pacing, const char *key, unsigned tries)
{
	uint64_t random = scramble(pacing->seed + tries);

	assert(tries > 0 && pacing->first_ms > 0 && pacing->most_ms < INT64_MAX / 2);
	for (; *key; key++)
		random = scramble(random ^ (unsigned char)*key);
	return jittered_ms(doubled_ms(pacing->first_ms, tries, pacing->most_ms), random);
}

int64_t webhook_wait_ms(const struct webhook_pacing *pacing, const char *key, unsigned tries,
		int64_t retry_after_ms)
{
	int64_t wait_ms = webhook_backoff_ms(pacing, key, tries);

	if (retry_after_ms > WEBHOOK_RETRY_AFTER_MOST_MS)
		retry_after_ms = WEBHOOK_RETRY_AFTER_MOST_MS;
	return retry_after_ms > wait_ms ? retry_after_ms : wait_ms;
}

/* --- how the receiver does ------------------------------------------------------------------- */

void webhook_health_note(struct webhook_health *health, const struct webhook_pacing *pacing,
		enum webhook_fate fate, int64_t retry_after_ms, int64_t now_ms)
{
	int64_t until_ms, pause_ms, most_ms;

	if (fate == WEBHOOK_DELIVERED) {
		health->in_row = 0;
		return;
	}
	health->in_row++;
	if (retry_after_ms > WEBHOOK_RETRY_AFTER_MOST_MS)
		retry_after_ms = WEBHOOK_RETRY_AFTER_MOST_MS;
	until_ms = fate == WEBHOOK_AGAIN && retry_after_ms > 0 ? now_ms + retry_after_ms : 0;
	if (webhook_health_is_down(health)) {
		most_ms = pacing->most_ms < WEBHOOK_PAUSE_MOST_MS ? pacing->most_ms
								  : WEBHOOK_PAUSE_MOST_MS;
		pause_ms = jittered_ms(doubled_ms(pacing->first_ms,
						       health->in_row - WEBHOOK_DOWN_AFTER + 1,
						       most_ms),
				scramble(pacing->seed ^ health->in_row));
		if (now_ms + pause_ms > until_ms)
			until_ms = now_ms + pause_ms;
	}
	if (until_ms > health->not_before_ms)
		health->not_before_ms = until_ms;
}

bool webhook_health_is_down(const struct webhook_health *health)
{
	return health->in_row >= WEBHOOK_DOWN_AFTER;
}

size_t webhook_health_room(const struct webhook_health *health, size_t most, size_t in_flight,
		int64_t now_ms)
{
	if (now_ms < health->not_before_ms)
		return 0;
	if (webhook_health_is_down(health))
		most = 1;
	return in_flight < most ? most - in_flight : 0;
}

/* --- the signature --------------------------------------------------------------------------- */

bool webhook_sign(struct slice secret, int64_t timestamp, struct slice body,
		char out_signature[static WEBHOOK_SIGNATURE_SIZE], struct error *err)
{
	struct buffer text = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	bool ok;

	buffer_format(&text, "%lld.", (long long)timestamp);
	buffer_append_slice(&text, body);
	ok = !text.failed &&
	     HMAC(EVP_sha256(), secret.data, (int)secret.size, (const unsigned char *)text.data,
			     text.size, digest, &size);
	buffer_fini(&text);
	if (!ok || size != 32)
		return error_set(err, ERROR_MEMORY, "out of memory while signing a delivery");
	for (unsigned i = 0; i < size; i++) {
		out_signature[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		out_signature[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	out_signature[2 * size] = '\0';
	return true;
}
