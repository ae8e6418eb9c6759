/* SPDX-License-Identifier: Apache-2.0 */
/* Who connects while memory is short, on real sockets: taken, or closed, and never the last to be taken. */
#include "base/memory.h"
#include "rpc/health.h"
#include "transport/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

/* Whether the server says something to who connects; false: it closes, or leaves it waiting. */
static bool is_taken(const struct server *server)
{
	struct sockaddr_in where = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = 3 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;
	bool taken;

	where.sin_port = htons((uint16_t)atoi(strrchr(server_address(server, 0), ':') + 1));
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
			0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	taken = recv(fd, &byte, 1, 0) == 1;
	close(fd);
	return taken;
}

static void memory_is_short_for_a_while(void **state)
{
	static const char *const listen[] = { "127.0.0.1:0" };
	const struct server_options options = {
		.listen = listen, .listen_count = 1, .threads = 1
	};
	struct health *health = health_new(NULL);
	struct rpc_registry registry = { 0 };
	struct server *server;
	int i;

	(void)state;
	assert_non_null(health);
	registry.methods = health_methods(health, &registry.count);
	server = server_new(&options, &registry, NULL);
	assert_non_null(server);
	assert_true(server_start(server, NULL));
	assert_true(is_taken(server));
	for (i = 0; i < 3; i++) {
		(void)memory_fail_nth(1, 0);
		assert_true(is_taken(server));
		(void)memory_fail_nth(1, 1);
		assert_false(is_taken(server));
		assert_false(is_taken(server));
		(void)memory_fail_nth(0, 0);
		assert_true(is_taken(server));
	}
	server_drain(server, 0);
	server_wait(server);
	server_free(server);
	health_free(health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_short_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
