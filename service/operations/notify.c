/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/notify.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first that is handed over, by systemd's rule. */
#define FIRST_SOCKET 3
#define MESSAGE_MOST 512

/* A whole number of at most @most; 0 for all else. */
static uint64_t number_of(const char *name, uint64_t most)
{
	const char *text = getenv(name);
	unsigned long long number;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	return errno || *end || number > most ? 0 : number;
}

static void open_socket(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;

	/* "/run/…", or "@…" for a name that is in no folder. */
	if (size < 2 || size >= sizeof(notify->where.sun_path) ||
			(path[0] != '/' && path[0] != '@'))
		return;
	notify->where.sun_family = AF_UNIX;
	memcpy(notify->where.sun_path, path, size);
	if (path[0] == '@')
		notify->where.sun_path[0] = '\0';
	notify->where_size = (unsigned)(offsetof(struct sockaddr_un, sun_path) + size);
	notify->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void take_sockets(struct notify *notify)
{
	uint64_t count = number_of("LISTEN_FDS", INT32_MAX);

	/* Of another process, which has handed its environment down to us. */
	if (number_of("LISTEN_PID", INT32_MAX) != (uint64_t)getpid())
		return;
	if (count > NOTIFY_SOCKETS_MOST) {
		notify->refused_count = count;
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		int socket = FIRST_SOCKET + (int)i;

		if (fcntl(socket, F_SETFD, FD_CLOEXEC) == 0)
			notify->sockets[notify->socket_count++] = socket;
	}
}

void notify_open(struct notify *notify)
{
	uint64_t pid = number_of("WATCHDOG_PID", INT32_MAX);

	*notify = (struct notify){ .socket = -1 };
	open_socket(notify);
	take_sockets(notify);
	if (notify->socket >= 0 && (pid == 0 || pid == (uint64_t)getpid()))
		notify->watchdog_us = number_of("WATCHDOG_USEC", INT64_MAX);
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
}

void notify_close(struct notify *notify)
{
	if (notify->socket >= 0)
		(void)close(notify->socket);
	notify->socket = -1;
}

bool notify_send(const struct notify *notify, const char *format, ...)
{
	char text[MESSAGE_MOST];
	va_list arguments;
	int size;

	if (notify->socket < 0)
		return false;
	va_start(arguments, format);
	size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof(text))
		return false;
	return sendto(notify->socket, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT,
			       (const struct sockaddr *)&notify->where,
			       notify->where_size) == size;
}

bool notify_reloading(const struct notify *notify)
{
	return notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
			(unsigned long long)clock_us());
}
