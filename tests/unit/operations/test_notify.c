/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to a socket that stands for systemd's, and what is taken from the environment. */
#include "operations/notify.h"

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

static int listen_at(const char *name, bool is_abstract)
{
	int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	memcpy(where.sun_path, name, strlen(name));
	if (is_abstract)
		where.sun_path[0] = '\0';
	assert_int_equal(bind(socket_, (struct sockaddr *)&where,
					 (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
							 strlen(name))),
			0);
	return socket_;
}

static void expect(int socket_, const char *text)
{
	char got[512] = "";

	assert_true(recv(socket_, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, text, strlen(text));
}

static void says(void **state)
{
	char folder[] = "/tmp/notify-XXXXXX", path[64], name[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	(void)snprintf(name, sizeof(name), "@notify-%ld", (long)getpid());
	for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
		int socket_ = listen_at(is_abstract ? name : path, is_abstract);
		struct notify notify;

		setenv("NOTIFY_SOCKET", is_abstract ? name : path, 1);
		setenv("WATCHDOG_USEC", "3000000", 1);
		notify_open(&notify);
		assert_null(getenv("NOTIFY_SOCKET"));
		assert_null(getenv("WATCHDOG_USEC"));
		assert_int_equal(notify.watchdog_us, 3000000);
		assert_true(notify_send(&notify, "READY=1\nSTATUS=revision %d", 7));
		expect(socket_, "READY=1\nSTATUS=revision 7");
		assert_true(notify_reloading(&notify));
		expect(socket_, "RELOADING=1\nMONOTONIC_USEC=");
		notify_close(&notify);
		close(socket_);
	}
	unlink(path);
	rmdir(folder);
}

static void nobody_hears(void **state)
{
	static const char *const bad[] = { "", "x", "relative", "vsock:2:1", "/",
		"/no/such/socket/of/anybody" };
	struct notify notify;

	(void)state;
	notify_open(&notify);
	assert_false(notify_send(&notify, "READY=1"));
	notify_close(&notify);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		notify_open(&notify);
		assert_false(notify_send(&notify, "READY=1"));
		notify_close(&notify);
	}
}

/* Odd numbers, and those of another process, are none. */
static void environment(void **state)
{
	static const struct {
		const char *usec, *pid;
		uint64_t expected;
	} cases[] = {
		{ "1000", NULL, 1000 },
		{ "1000", "1", 0 },
		{ "-5", NULL, 0 },
		{ "5x", NULL, 0 },
		{ "99999999999999999999", NULL, 0 },
	};
	struct notify notify;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setenv("NOTIFY_SOCKET", "@notify-nobody", 1);
		setenv("WATCHDOG_USEC", cases[i].usec, 1);
		if (cases[i].pid)
			setenv("WATCHDOG_PID", cases[i].pid, 1);
		notify_open(&notify);
		assert_int_equal(notify.watchdog_us, cases[i].expected);
		notify_close(&notify);
	}
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	notify_open(&notify);
	assert_int_equal(notify.socket_count, 0);
	assert_null(getenv("LISTEN_FDS"));
	notify_close(&notify);
}

static void sockets(void **state)
{
	char pid[24];
	struct notify notify;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	/* What was there goes aside for the time of the test. */
	assert_true(dup2(pair[0], 3) == 3 && dup2(pair[1], 4) == 4);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	notify_open(&notify);
	assert_int_equal(notify.socket_count, 2);
	assert_int_equal(notify.sockets[0], 3);
	assert_int_equal(notify.sockets[1], 4);
	assert_int_equal(notify.refused_count, 0);
	notify_close(&notify);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "17", 1);
	notify_open(&notify);
	assert_int_equal(notify.socket_count, 0);
	assert_int_equal(notify.refused_count, 17);
	notify_close(&notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says),
		cmocka_unit_test(nobody_hears),
		cmocka_unit_test(environment),
		cmocka_unit_test(sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
