/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/link.h"

#include "client/lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"

static ssize_t socket_read(struct link *link, void *data, size_t size)
{
	return recv(link->fd, data, size, 0);
}

static ssize_t socket_write(struct link *link, const void *data, size_t size)
{
	return send(link->fd, data, size, MSG_NOSIGNAL);
}

void link_close(struct link *link)
{
	if (link->close)
		link->close(link);
	if (link->fd >= 0)
		(void)close(link->fd);
	*link = (struct link){ .fd = -1 };
}

/* Waits until a connection in progress is made. Returns 0 or an errno. */
static int socket_wait_connected(int fd, int64_t deadline)
{
	int failure = 0;
	socklen_t size = sizeof(failure);

	for (;;) {
		struct pollfd wanted = { .fd = fd, .events = POLLOUT };
		int ready = poll(&wanted, 1, deadline_left_ms(deadline));

		if (ready > 0)
			break;
		if (ready < 0 && errno != EINTR)
			return errno;
		if (deadline != DEADLINE_NONE && clock_now_ms() >= deadline)
			return ETIMEDOUT;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
		return errno;
	return failure;
}

/* Gives 0 with @link open, or an errno. */
static int link_connect(struct link *link, const struct sockaddr *to, socklen_t to_size,
		int64_t deadline)
{
	int failure = 0;
	int on = 1;
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	if (connect(fd, to, to_size) < 0) {
		failure = errno;
		if (failure == EINPROGRESS || failure == EINTR)
			failure = socket_wait_connected(fd, deadline);
	}
	if (failure) {
		(void)close(fd);
		return failure;
	}
	if (to->sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*link = (struct link){ .fd = fd, .read = socket_read, .write = socket_write };
	return 0;
}

static bool link_fail(const char *address, int failure, struct error *err)
{
	if (failure == ETIMEDOUT)
		return error_set(err, ERROR_DEADLINE, "connecting to %s: timed out", address);
	return error_set(err, ERROR_UNAVAILABLE, "connecting to %s: %s", address,
			strerrordesc_np(failure));
}

static bool link_open_unix(
		struct link *link, const char *address, int64_t deadline, struct error *err)
{
	const char *path = address + strlen(UNIX_PREFIX);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int failure;

	if (!*path || strlen(path) >= sizeof(to.sun_path))
		return error_set(err, ERROR_INVALID, "unix:PATH needs a path of 1 to %zu bytes",
				sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path));
	failure = link_connect(link, (const struct sockaddr *)&to, sizeof(to), deadline);
	return !failure || link_fail(address, failure, err);
}

/* Splits "host:port" and "[v6]:port". */
static bool address_split(const char *address, char host[256], char port[8])
{
	const char *colon = strrchr(address, ':');
	const char *first = address;
	size_t host_size;

	if (!colon || colon == address || !colon[1] || strlen(colon + 1) > 5)
		return false;
	if (strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	host_size = (size_t)(colon - first);
	if (*first == '[') {
		if (host_size < 3 || first[host_size - 1] != ']')
			return false;
		first++;
		host_size -= 2;
	} else if (memchr(first, ':', host_size)) {
		return false;
	}
	if (host_size >= 256)
		return false;
	memcpy(host, first, host_size);
	host[host_size] = '\0';
	(void)snprintf(port, 8, "%s", colon + 1);
	return true;
}

bool link_open(struct link *link, const char *address, int64_t deadline, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	char host[256];
	char port[8];
	int failure;

	*link = (struct link){ .fd = -1 };
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return link_open_unix(link, address, deadline, err);
	if (!address_split(address, host, port))
		return error_set(err, ERROR_INVALID,
				"'%s' is no address: expected HOST:PORT or unix:PATH", address);
	failure = getaddrinfo(host, port, &hints, &found);
	if (failure == EAI_MEMORY)
		return error_set(err, ERROR_MEMORY, "out of memory while connecting");
	if (failure)
		return error_set(err, ERROR_UNAVAILABLE, "connecting to %s: %s", address,
				gai_strerror(failure));
	failure = ECONNREFUSED;
	for (const struct addrinfo *to = found; to; to = to->ai_next) {
		failure = link_connect(link, to->ai_addr, to->ai_addrlen, deadline);
		if (!failure)
			break;
	}
	freeaddrinfo(found);
	return !failure || link_fail(address, failure, err);
}
