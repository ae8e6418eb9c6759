/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example of a program that sends deliveries on: it pulls, hands over, acknowledges, and outlives
 * lost connections, services that stop, and its own death.
 *
 *     push_client ADDRESS CONSUMER FILE      until SIGTERM or SIGINT
 *
 * "Handing over" is a line in FILE here: KEY, code of the enterprise, kinds of news. Three things make
 * that each delivery is handed over exactly once, whatever happens in between:
 *
 *   (1) It is acknowledged only after it is handed over and on the disk. What is not acknowledged the
 *       service hands out again when the lease ends.
 *   (2) Before handing over, the key is looked up among those handed over already: the same delivery
 *       has the same key with every attempt. The keys are read from FILE at the start.
 *   (3) An acknowledgement whose answer got lost is sent again; while the lease lasts, and once it has
 *       counted, that is right. When it does not count the delivery comes again, and (2) knows it.
 */
#include <policycalc/policycalc.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEY_SIZE 65 /* 64 hexadecimal digits */
#define LEASE_SIZE 80
#define BATCH 50 /* handed over and acknowledged together */
#define LEASE_SECONDS 10
#define TIMEOUT_MS 20000
#define WAIT_LEAST_MS 100
#define WAIT_MOST_MS 2000

struct keys {
	char (*list)[KEY_SIZE];
	size_t count;
	size_t capacity;
};

struct worker {
	pcalc_client *client;
	const char *consumer;
	FILE *file;
	struct keys done;
	/* Handed over, and not acknowledged as far as we know. */
	char keys[BATCH][KEY_SIZE];
	char leases[BATCH][LEASE_SIZE];
	size_t pending;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static void wait_ms(long milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* --- keys that were handed over --------------------------------------------------------------- */

static bool keys_have(const struct keys *keys, const char *key)
{
	for (size_t i = keys->count; i-- > 0;) {
		if (strcmp(keys->list[i], key) == 0)
			return true;
	}
	return false;
}

static bool keys_add(struct keys *keys, const char *key)
{
	if (keys->count == keys->capacity) {
		size_t capacity = keys->capacity ? keys->capacity * 2 : 1024;
		void *list = realloc(keys->list, capacity * sizeof(*keys->list));

		if (!list)
			return false;
		keys->list = list;
		keys->capacity = capacity;
	}
	(void)snprintf(keys->list[keys->count++], KEY_SIZE, "%s", key);
	return true;
}

/* Opens FILE and reads its keys. A line that we died in the middle of was not handed over. */
static bool file_open(struct worker *worker, const char *path)
{
	char line[4096];
	long whole = 0;

	worker->file = fopen(path, "a+");
	if (!worker->file)
		return false;
	rewind(worker->file);
	while (fgets(line, sizeof(line), worker->file) && strchr(line, '\n')) {
		line[KEY_SIZE - 1] = '\0';
		if (!keys_add(&worker->done, line))
			return false;
		whole = ftell(worker->file);
	}
	return ftruncate(fileno(worker->file), whole) == 0 &&
	       fseek(worker->file, 0, SEEK_END) == 0;
}

/* --- handing over ----------------------------------------------------------------------------- */

/* Writes what a delivery tells, unless that was done before. */
static bool hand_over(struct worker *worker, const struct pcalc_lease *lease,
		struct pcalc_failure *failure)
{
	pcalc_digest *digest;
	struct pcalc_news news;

	if (keys_have(&worker->done, lease->key))
		return true;
	digest = pcalc_digest_decode(lease->digest, lease->digest_size, failure);
	if (!digest)
		return false;
	(void)fprintf(worker->file, "%s %s", lease->key, pcalc_digest_summary_get(digest).uscc);
	for (size_t i = 0; pcalc_digest_news(digest, i, &news); i++)
		(void)fprintf(worker->file, " %d:%s", (int)news.kind, news.series);
	(void)fprintf(worker->file, "\n");
	pcalc_digest_free(digest);
	if (keys_add(&worker->done, lease->key))
		return true;
	failure->code = PCALC_OUT_OF_MEMORY;
	(void)snprintf(failure->message, sizeof(failure->message), "out of memory");
	return false;
}

/* Acknowledges what was handed over. On failure it stays to be acknowledged again. */
static bool acknowledge(struct worker *worker, struct pcalc_failure *failure)
{
	struct pcalc_ack acks[BATCH];
	struct pcalc_delivery_status status;
	pcalc_receipt *receipt;

	if (worker->pending == 0)
		return true;
	if (fflush(worker->file) != 0 || fsync(fileno(worker->file)) != 0) {
		failure->code = PCALC_INTERNAL;
		(void)snprintf(failure->message, sizeof(failure->message), "writing: %s",
				strerror(errno));
		return false;
	}
	for (size_t i = 0; i < worker->pending; i++)
		acks[i] = (struct pcalc_ack){ worker->keys[i], worker->leases[i], false };
	receipt = pcalc_deliveries_ack(worker->client, acks, worker->pending, failure);
	if (!receipt)
		return false;
	/* These come again, and are known then. */
	for (size_t i = 0; pcalc_receipt_other(receipt, i, &status); i++)
		(void)fprintf(stderr, "%.12s: %s\n", status.key, status.reason);
	pcalc_receipt_free(receipt);
	worker->pending = 0;
	return true;
}

static bool take(struct worker *worker, const struct pcalc_lease *lease,
		struct pcalc_failure *failure)
{
	if (!hand_over(worker, lease, failure))
		return false;
	(void)snprintf(worker->keys[worker->pending], KEY_SIZE, "%s", lease->key);
	(void)snprintf(worker->leases[worker->pending], LEASE_SIZE, "%s", lease->lease);
	worker->pending++;
	return worker->pending < BATCH || acknowledge(worker, failure);
}

/* --- pulling ---------------------------------------------------------------------------------- */

/* Pulls what there is. *out_count also counts what came before a failure. */
static bool pull(struct worker *worker, size_t *out_count, struct pcalc_failure *failure)
{
	struct pcalc_pull_options options = {
		.consumer = worker->consumer, .limit = BATCH, .lease_seconds = LEASE_SECONDS
	};
	struct pcalc_lease lease = { 0 };
	pcalc_pull *deliveries;
	bool ok;

	*out_count = 0;
	/* From the last round; also makes the connection again. */
	if (!acknowledge(worker, failure))
		return false;
	deliveries = pcalc_pull_open(worker->client, &options, failure);
	ok = deliveries != NULL;
	while (ok && !stopping) {
		ok = pcalc_pull_receive(deliveries, &lease, failure);
		if (!ok || !lease.key)
			break;
		++*out_count;
		ok = take(worker, &lease, failure);
	}
	pcalc_pull_free(deliveries);
	return ok && acknowledge(worker, failure);
}

/* Whether trying again may help; what is wrong with the request, or with us, stays wrong. */
static bool may_pass(enum pcalc_code code)
{
	switch ((int)code) {
	case PCALC_UNAVAILABLE:
	case PCALC_DEADLINE_EXCEEDED:
	case PCALC_RESOURCE_EXHAUSTED:
	case PCALC_ABORTED:
	case PCALC_CANCELLED:
		return true;
	default:
		return false;
	}
}

static int work(struct worker *worker)
{
	struct pcalc_failure failure = { 0 };
	long wait = WAIT_LEAST_MS;
	size_t count;

	while (!stopping) {
		if (pull(worker, &count, &failure)) {
			wait = WAIT_LEAST_MS;
			if (count == 0)
				wait_ms(wait);
			continue;
		}
		if (!may_pass(failure.code)) {
			(void)fprintf(stderr, "%s: %s\n", pcalc_code_name(failure.code),
					failure.message);
			return 1;
		}
		/* What came through proves that the service is there. */
		if (count)
			wait = WAIT_LEAST_MS;
		(void)fprintf(stderr, "again in %ld ms: %s: %s\n", wait,
				pcalc_code_name(failure.code), failure.message);
		wait_ms(wait);
		wait = wait * 2 < WAIT_MOST_MS ? wait * 2 : WAIT_MOST_MS;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct worker worker;
	struct pcalc_failure failure = { 0 };
	struct sigaction action = { 0 };
	int result;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: push_client ADDRESS CONSUMER FILE\n");
		return 2;
	}
	action.sa_handler = on_signal;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	worker.consumer = argv[2];
	if (!file_open(&worker, argv[3])) {
		(void)fprintf(stderr, "%s: %s\n", argv[3], strerror(errno));
		return 1;
	}
	/* Later the library connects again by itself. */
	while (!stopping) {
		worker.client = pcalc_connect(argv[1], TIMEOUT_MS, &failure);
		if (worker.client || !may_pass(failure.code))
			break;
		wait_ms(WAIT_LEAST_MS);
	}
	if (!worker.client && !stopping)
		(void)fprintf(stderr, "%s\n", failure.message);
	result = worker.client ? work(&worker) : !stopping;
	pcalc_free(worker.client);
	free(worker.done.list);
	return fclose(worker.file) == 0 ? result : 1;
}
