/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a visitor.
 *
 *     READING ───► WRITING ───► gone
 *        └────────────┴── its time is over, hung up ──► gone
 *
 *     READING   The request comes in, at most SCRAPE_REQUEST_MOST bytes.
 *     WRITING   The answer, made at once, goes out.
 */
#include "operations/scrape.h"

#include "base/clock.h"
#include "base/memory.h"
#include "operations/scrape_request.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define VISITORS_MOST 16
#define BACKLOG 64
#define PATIENCE_US ((uint64_t)10 * 1000000)
/* How long the door stays shut when the process has no file descriptor left. */
#define REST_US ((uint64_t)200000)

struct visitor {
	int socket; /* -1: nobody */
	bool is_writing;
	uint64_t until_us;
	char request[SCRAPE_REQUEST_MOST];
	size_t size;
	struct buffer answer;
	size_t sent;
};

struct scrape {
	struct scrape_options options;
	int bell; /* rings when it is to end */
	pthread_t thread;
	bool has_thread;
	uint64_t rest_until_us; /* the door is shut */
	struct visitor visitors[VISITORS_MOST];
};

/* --- answers --------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 421:
		return "Misdirected Request";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

static void put_answer(struct visitor *visitor, int status, const char *type, struct slice body,
		bool is_head)
{
	struct buffer *out = &visitor->answer;

	buffer_format(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
			status, reason_of(status), type, body.size);
	if (status == 405)
		buffer_append_text(out, "Allow: GET, HEAD\r\n");
	/* The page brings its style along and needs nothing else, from nowhere. */
	buffer_append_text(out,
			"Connection: close\r\nCache-Control: no-store\r\n"
			"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
			"Content-Security-Policy: default-src 'none'; style-src "
			"'unsafe-inline'; "
			"frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n\r\n");
	if (!is_head)
		buffer_append_slice(out, body);
}

static void put_refusal(struct visitor *visitor, int status, bool is_head)
{
	char body[64];
	int size = snprintf(body, sizeof(body), "%d %s\n", status, reason_of(status));

	put_answer(visitor, status, "text/plain; charset=utf-8",
			(struct slice){ body, (size_t)size }, is_head);
}

static void put_health(struct scrape *scrape, struct visitor *visitor, bool is_head)
{
	bool is_serving = scrape->options.is_serving(scrape->options.context);

	put_answer(visitor, is_serving ? 200 : 503, "text/plain; charset=utf-8",
			is_serving ? SLICE_LITERAL("SERVING\n")
				   : SLICE_LITERAL("NOT_SERVING\n"),
			is_head);
}

static void put_page(struct scrape *scrape, struct visitor *visitor,
		const struct scrape_request *request)
{
	bool is_metrics = slice_equals_text(request->path, "/metrics");
	struct metrics_state state = { 0 };
	struct buffer body = { 0 };

	scrape->options.look(scrape->options.context, &state);
	if (is_metrics)
		metrics_print(scrape->options.metrics, &state, &body);
	else
		metrics_print_page(scrape->options.metrics, &state,
				slice_equals_text(scrape_query_find(request->query, "lang"),
						"en"),
				&body);
	if (body.failed)
		put_refusal(visitor, 503, request->is_head);
	else
		put_answer(visitor, 200,
				is_metrics ? "text/plain; version=0.0.4; charset=utf-8"
					   : "text/html; charset=utf-8",
				(struct slice){ body.data, body.size }, request->is_head);
	buffer_fini(&body);
}

/* Answers once the request is whole, or cannot be. */
static void visitor_advance(struct scrape *scrape, struct visitor *visitor)
{
	struct scrape_request request = { 0 };
	int status = scrape_request_parse(
			(struct slice){ visitor->request, visitor->size }, &request);

	if (status == 0 && visitor->size < sizeof(visitor->request))
		return;
	visitor->is_writing = true;
	if (status == 0)
		status = 431;
	if (status == 200 && scrape->options.is_local && request.host.size &&
			!scrape_host_is_literal(request.host))
		status = 421;
	if (status != 200)
		put_refusal(visitor, status, request.is_head);
	else if (slice_equals_text(request.path, "/health"))
		put_health(scrape, visitor, request.is_head);
	else if (slice_equals_text(request.path, "/metrics") ||
			slice_equals_text(request.path, "/status") ||
			slice_equals_text(request.path, "/"))
		put_page(scrape, visitor, &request);
	else
		put_refusal(visitor, 404, request.is_head);
}

/* --- visitors -------------------------------------------------------------------------------- */

static void visitor_leave(struct visitor *visitor)
{
	(void)close(visitor->socket);
	buffer_fini(&visitor->answer);
	*visitor = (struct visitor){ .socket = -1 };
}

static void visitor_write(struct visitor *visitor)
{
	ssize_t size;

	if (visitor->answer.failed) {
		visitor_leave(visitor);
		return;
	}
	size = send(visitor->socket, visitor->answer.data + visitor->sent,
			visitor->answer.size - visitor->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size > 0)
		visitor->sent += (size_t)size;
	if (size > 0 && visitor->sent < visitor->answer.size)
		return;
	/* What it sent meanwhile would turn the end into a reset, and the answer be lost. */
	(void)shutdown(visitor->socket, SHUT_WR);
	(void)recv(visitor->socket, visitor->request, sizeof(visitor->request), MSG_DONTWAIT);
	visitor_leave(visitor);
}

static void visitor_read(struct scrape *scrape, struct visitor *visitor)
{
	ssize_t size = recv(visitor->socket, visitor->request + visitor->size,
			sizeof(visitor->request) - visitor->size, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		visitor_leave(visitor);
		return;
	}
	visitor->size += (size_t)size;
	visitor_advance(scrape, visitor);
	if (visitor->is_writing)
		visitor_write(visitor);
}

static void visitor_enter(struct scrape *scrape, struct visitor *visitor)
{
	uint64_t patience = scrape->options.patience_us;
	int socket = accept4(scrape->options.socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			scrape->rest_until_us = clock_us() + REST_US;
		return;
	}
	visitor->socket = socket;
	visitor->until_us = clock_us() + (patience ? patience : PATIENCE_US);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* Milliseconds until something is due: the end of a visitor's time, or of a rest. -1: nothing is. */
static int wait_of(const struct scrape *scrape, uint64_t now_us)
{
	uint64_t least = scrape->rest_until_us > now_us ? scrape->rest_until_us : UINT64_MAX;

	for (size_t i = 0; i < VISITORS_MOST; i++) {
		const struct visitor *visitor = &scrape->visitors[i];

		if (visitor->socket >= 0 && visitor->until_us < least)
			least = visitor->until_us;
	}
	if (least == UINT64_MAX)
		return -1;
	return least > now_us ? (int)((least - now_us) / 1000 + 1) : 0;
}

/* The bell, the door, and who is there. Without room for one more the door waits. */
static void *serve(void *argument)
{
	struct scrape *scrape = argument;
	struct pollfd polls[2 + VISITORS_MOST];

	for (;;) {
		struct visitor *room = NULL;
		uint64_t now_us = clock_us();
		bool is_open = now_us >= scrape->rest_until_us;

		polls[0] = (struct pollfd){ scrape->bell, POLLIN, 0 };
		for (size_t i = 0; i < VISITORS_MOST; i++) {
			struct visitor *visitor = &scrape->visitors[i];

			if (visitor->socket < 0)
				room = visitor;
			polls[2 + i] = (struct pollfd){ visitor->socket,
				visitor->is_writing ? POLLOUT : POLLIN, 0 };
		}
		polls[1] = (struct pollfd){ room && is_open ? scrape->options.socket : -1,
			POLLIN, 0 };
		if (poll(polls, 2 + VISITORS_MOST, wait_of(scrape, now_us)) < 0 &&
				errno != EINTR)
			break;
		if (polls[0].revents)
			break;
		now_us = clock_us();
		for (size_t i = 0; i < VISITORS_MOST; i++) {
			struct visitor *visitor = &scrape->visitors[i];

			if (visitor->socket < 0)
				continue;
			if (now_us >= visitor->until_us)
				visitor_leave(visitor);
			else if (polls[2 + i].revents && visitor->is_writing)
				visitor_write(visitor);
			else if (polls[2 + i].revents)
				visitor_read(scrape, visitor);
		}
		if (polls[1].revents)
			visitor_enter(scrape, room);
	}
	return NULL;
}

struct scrape *scrape_open(const struct scrape_options *options, struct error *err)
{
	struct scrape *scrape = memory_alloc_zero(1, sizeof(*scrape));

	if (!scrape) {
		(void)close(options->socket);
		error_set(err, ERROR_MEMORY, "out of memory while opening the metrics");
		return NULL;
	}
	scrape->options = *options;
	for (size_t i = 0; i < VISITORS_MOST; i++)
		scrape->visitors[i].socket = -1;
	scrape->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (scrape->bell < 0 || listen(options->socket, BACKLOG) != 0) {
		error_set(err, ERROR_IO, "listening for the metrics: %s", strerror(errno));
	} else if (pthread_create(&scrape->thread, NULL, serve, scrape) != 0) {
		error_set(err, ERROR_MEMORY, "cannot start the thread of the metrics");
	} else {
		scrape->has_thread = true;
		return scrape;
	}
	scrape_close(scrape);
	return NULL;
}

void scrape_close(struct scrape *scrape)
{
	static const uint64_t one = 1;

	if (!scrape)
		return;
	if (scrape->has_thread) {
		/* A counter from 0 takes it always. */
		while (write(scrape->bell, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		pthread_join(scrape->thread, NULL);
	}
	for (size_t i = 0; i < VISITORS_MOST; i++)
		if (scrape->visitors[i].socket >= 0)
			visitor_leave(&scrape->visitors[i]);
	if (scrape->bell >= 0)
		(void)close(scrape->bell);
	(void)close(scrape->options.socket);
	memory_free(scrape);
}
