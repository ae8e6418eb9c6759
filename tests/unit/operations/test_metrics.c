/* SPDX-License-Identifier: Apache-2.0 */
/* Counting by several threads at once, how it is told, and the server that tells it. */
#include "operations/metrics.h"
#include "operations/scrape.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 4
#define CALLS 5000

static const struct metrics_method methods[] = {
	{ "a.B", "One", false, false },
	{ "a.B", "Two", true, true },
};

static void *count_some(void *argument)
{
	struct metrics *metrics = argument;
	const struct metrics_call ok = { 0, 90, 1, 1 }, late = { 4, 20000000, 1, 0 };
	const size_t outcomes[METRICS_OUTCOMES] = { 1, 2, 3, 4, 5, 6, 7 };

	for (int i = 0; i < CALLS; i++) {
		metrics_call_started(metrics, 0);
		metrics_call_ended(metrics, 0, &ok);
		metrics_call_started(metrics, 99);
		metrics_call_ended(metrics, 99, &late);
		metrics_matched(metrics, outcomes);
	}
	return NULL;
}

static struct metrics *metrics_counted(void)
{
	struct error err = { 0 };
	struct metrics *metrics = metrics_new(methods, 2, &err);
	pthread_t threads[THREADS];

	assert_non_null(metrics);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_some, metrics), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return metrics;
}

static void assert_has(const struct buffer *text, const char *line)
{
	if (!strstr(text->data, line))
		fail_msg("no %s in\n%s", line, text->data);
}

static void counts(void **state)
{
	struct metrics *metrics = metrics_counted();
	struct metrics_state now = { .version = "1",
		.now = 100,
		.published = 40,
		.revision = 7,
		.queues = { { "store", 2, 9 } },
		.queue_count = 1,
		.registry_at = 90,
		.deliveries = { -1, 3, -1 },
		.certificate_until = 1800000000 };
	struct buffer text = { 0 };

	(void)state;
	metrics_print(metrics, &now, &text);
	assert_has(&text, "\npolicycalc_certificate_not_after_seconds 1800000000\n");
	assert_null(strstr(text.data, "policycalc_revocation_list"));
	buffer_append_char(&text, '\0');
	assert_false(text.failed);
	assert_has(&text, "grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"a.B\","
			  "grpc_method=\"One\",grpc_code=\"OK\"} 20000\n");
	assert_has(&text,
			"grpc_server_handled_total{grpc_type=\"unary\",grpc_service=\"other\","
			"grpc_method=\"other\",grpc_code=\"DeadlineExceeded\"} 20000\n");
	assert_has(&text, "grpc_method=\"One\",le=\"0.0001\"} 20000\n");
	assert_has(&text, "grpc_method=\"other\",le=\"10\"} 0\n");
	assert_has(&text, "grpc_method=\"other\",le=\"+Inf\"} 20000\n");
	assert_has(&text, "grpc_server_handling_seconds_sum{grpc_type=\"unary\",grpc_service="
			  "\"a.B\","
			  "grpc_method=\"One\"} 1.800000\n");
	assert_has(&text, "grpc_server_started_total{grpc_type=\"bidi_stream\",grpc_service="
			  "\"a.B\","
			  "grpc_method=\"Two\"} 0\n");
	assert_has(&text, "policycalc_matches_total 20000\n");
	assert_has(&text, "policycalc_match_outcomes_total{outcome=\"eligible\"} 100000\n");
	assert_has(&text, "policycalc_match_outcomes_total{outcome=\"near\"} 120000\n");
	assert_has(&text, "policycalc_rule_errors_total 140000\n");
	assert_has(&text, "policycalc_catalog_age_seconds 60\n");
	assert_has(&text, "policycalc_queue_depth{queue=\"store\"} 2\n");
	assert_has(&text, "policycalc_push_deliveries{state=\"held\"} 3\n");
	assert_null(strstr(text.data, "state=\"released\"} -1"));
	buffer_fini(&text);
	metrics_free(metrics);
}

static void page(void **state)
{
	struct metrics *metrics = metrics_counted();
	struct metrics_state now = { .version = "1", .is_serving = true };

	(void)state;
	for (int english = 0; english < 2; english++) {
		struct buffer text = { 0 };

		metrics_print_page(metrics, &now, english, &text);
		buffer_append_char(&text, '\0');
		assert_has(&text, "B/One<td>20,000<td>0<td>0<td>");
		assert_has(&text, english ? ">serving<" : ">正在服务<");
		assert_null(strstr(text.data, "src="));
		assert_null(strstr(text.data, "://"));
		buffer_fini(&text);
	}
	metrics_free(metrics);
}

/* Without memory a call is not counted, or a text not whole and says so; nobody else notices. */
static void memory_short(void **state)
{
	const struct metrics_call call = { 0, 1, 1, 1 };
	bool met = true;

	(void)state;
	for (unsigned long nth = 1; met; nth++) {
		struct error err = { 0 };
		struct metrics_state now = { .version = "1" };
		struct buffer text = { 0 }, page_text = { 0 };
		struct metrics *metrics;

		assert_in_range(nth, 1, 200);
		memory_fail_nth(nth, (int)(nth % 2));
		metrics = metrics_new(methods, 2, &err);
		if (metrics) {
			metrics_call_started(metrics, 0);
			metrics_call_ended(metrics, 0, &call);
			metrics_print(metrics, &now, &text);
			metrics_print_page(metrics, &now, 1, &page_text);
			buffer_append_char(&text, '\0');
			buffer_append_char(&page_text, '\0');
		}
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(metrics == NULL, err.code == ERROR_MEMORY);
		assert_true(met || (metrics && !text.failed && !page_text.failed));
		if (metrics && !text.failed) {
			assert_has(&text, "\npolicycalc_matches_total 0\n");
			assert_true(met || strstr(text.data, "grpc_method=\"One\",grpc_code="
							     "\"OK\"} 1\n"));
		}
		if (metrics && !page_text.failed)
			assert_has(&page_text, "</html>");
		buffer_fini(&text);
		buffer_fini(&page_text);
		metrics_free(metrics);
	}
}

/* --- the server ------------------------------------------------------------------------------ */

static void look(void *context, struct metrics_state *out_state)
{
	(void)context;
	*out_state = (struct metrics_state){ .version = "1" };
}

static bool is_serving(void *context)
{
	(void)context;
	return false;
}

static struct scrape *scrape_start(struct metrics *metrics, struct sockaddr_in *out_where)
{
	socklen_t size = sizeof(*out_where);
	struct error err = { 0 };
	struct scrape_options options = { .is_local = true,
		.metrics = metrics,
		.look = look,
		.is_serving = is_serving,
		.patience_us = 200000,
		.socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) };
	struct scrape *scrape;

	*out_where = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(options.socket, (struct sockaddr *)out_where, size), 0);
	assert_int_equal(getsockname(options.socket, (struct sockaddr *)out_where, &size), 0);
	scrape = scrape_open(&options, &err);
	assert_non_null(scrape);
	return scrape;
}

static int visit(const struct sockaddr_in *where, const char *text)
{
	int visitor = socket(AF_INET, SOCK_STREAM, 0);
	const struct timeval patience = { .tv_sec = 5 };

	assert_int_equal(setsockopt(visitor, SOL_SOCKET, SO_RCVTIMEO, &patience,
					 sizeof(patience)),
			0);
	assert_int_equal(connect(visitor, (const struct sockaddr *)where, sizeof(*where)), 0);
	assert_int_equal(send(visitor, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return visitor;
}

/* What came until the other side hung up. */
static size_t read_all(int visitor, char *out, size_t most)
{
	size_t size = 0;
	ssize_t got;

	while (size < most - 1 && (got = recv(visitor, out + size, most - 1 - size, 0)) > 0)
		size += (size_t)got;
	out[size] = '\0';
	close(visitor);
	return size;
}

static void server(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK\r\n" },
		{ "GET /health HTTP/1.0\r\n\r\n", "HTTP/1.1 503 " },
		{ "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 " },
		{ "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 " },
		{ "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405 " },
		/* Nobody waits for the end of a request for ever. */
		{ "GET / HTTP/1.1\r\nHost: loc", "" },
	};
	struct metrics *metrics = metrics_counted();
	struct sockaddr_in where;
	struct scrape *scrape = scrape_start(metrics, &where);
	static char text[65536], large[9000];
	int crowd[40];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_all(visit(&where, cases[i].request), text, sizeof(text));
		assert_memory_equal(text, cases[i].answer, strlen(cases[i].answer));
		assert_true(cases[i].answer[0] || !text[0]);
	}
	memset(large, 'a', sizeof(large) - 1);
	memcpy(large, "GET /", 5);
	read_all(visit(&where, large), text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.1 431 ", 13);
	/* More than there is room for, who say nothing; then one who does. */
	for (size_t i = 0; i < sizeof(crowd) / sizeof(*crowd); i++)
		crowd[i] = visit(&where, "G");
	read_all(visit(&where, "HEAD / HTTP/1.0\r\n\r\n"), text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(text, "\r\n\r\n"));
	assert_int_equal(strstr(text, "\r\n\r\n")[4], '\0');
	for (size_t i = 0; i < sizeof(crowd) / sizeof(*crowd); i++)
		close(crowd[i]);
	/* It ends with somebody there. */
	crowd[0] = visit(&where, "G");
	scrape_close(scrape);
	close(crowd[0]);
	metrics_free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(page),
		cmocka_unit_test(memory_short),
		cmocka_unit_test(server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
