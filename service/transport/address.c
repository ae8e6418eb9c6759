/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include "base/memory.h"
#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define ADDRESS_MAX 300

static bool error_system(
		struct error *err, enum error_code code, const char *doing, const char *text)
{
	return error_set(err, code, "%s %s: %s", doing, text, strerror(errno));
}

static bool set_option(int fd, int option)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one)) == 0;
}

/* --- handed over -----------------------------------------------------------------------------
 */

/* One list a process, as there is one environment: on the thread that starts it. */
static struct {
	int sockets[ADDRESS_INHERITED_MOST];
	size_t count;
} inherited;

void address_inherit(const int *sockets, size_t count)
{
	inherited.count = count < ADDRESS_INHERITED_MOST ? count : ADDRESS_INHERITED_MOST;
	memcpy(inherited.sockets, sockets, inherited.count * sizeof(*sockets));
}

size_t address_inherit_end(void)
{
	size_t count = inherited.count;

	for (size_t i = 0; i < count; i++)
		(void)close(inherited.sockets[i]);
	inherited.count = 0;
	return count;
}

/* The names of Unix sockets end with a NUL, or with their size. */
static bool is_same_address(const struct sockaddr_storage *a, socklen_t a_size,
		const struct sockaddr *b, socklen_t b_size)
{
	const struct sockaddr_un *a_unix = (const struct sockaddr_un *)a;
	const struct sockaddr_un *b_unix = (const struct sockaddr_un *)b;

	if (a->ss_family != b->sa_family)
		return false;
	if (b->sa_family != AF_UNIX)
		return a_size == b_size && memcmp(a, b, b_size) == 0;
	return a_size > offsetof(struct sockaddr_un, sun_path) &&
	       strncmp(a_unix->sun_path, b_unix->sun_path,
			       a_size - offsetof(struct sockaddr_un, sun_path)) == 0 &&
	       strlen(b_unix->sun_path) <= a_size - offsetof(struct sockaddr_un, sun_path);
}

/* The socket that listens at @where, off the list; -1: there is none. */
static int inherited_take(const struct sockaddr *where, socklen_t size)
{
	for (size_t i = 0; i < inherited.count; i++) {
		struct sockaddr_storage own = { 0 };
		socklen_t own_size = sizeof(own);
		int fd = inherited.sockets[i];

		if (getsockname(fd, (struct sockaddr *)&own, &own_size) != 0 ||
				!is_same_address(&own, own_size, where, size) ||
				fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
			continue;
		inherited.sockets[i] = inherited.sockets[--inherited.count];
		return fd;
	}
	return -1;
}

/* One queue of connections for all loops, which outlives this process. */
static bool share(struct address *address, const char *text, struct error *err)
{
	for (size_t i = 1; i < address->socket_count; i++) {
		address->sockets[i] = fcntl(address->sockets[0], F_DUPFD_CLOEXEC, 0);
		if (address->sockets[i] < 0)
			return error_system(err, ERROR_IO, "cannot listen on", text);
	}
	return true;
}

/* --- TCP -------------------------------------------------------------------------------------
 */

static bool is_port(const char *text)
{
	size_t size = strlen(text);

	/* getaddrinfo() would take the number modulo 65,536. */
	return size > 0 && size <= 5 && strspn(text, "0123456789") == size &&
	       strtoul(text, NULL, 10) <= 65535;
}

/* "[::1]:0" → "::1" and "0". */
static bool split_host(const char *text, char *host, size_t host_size, const char **out_port,
		struct error *err)
{
	const char *colon = strrchr(text, ':');
	const char *start = text;
	const char *end = colon;

	if (!colon || colon == text || colon[1] == '\0')
		return error_set(err, ERROR_INVALID,
				"cannot listen on '%s': expected HOST:PORT or unix:PATH", text);
	if (*text == '[') {
		start++;
		end--;
		if (end < start || *end != ']')
			return error_set(err, ERROR_INVALID,
					"cannot listen on '%s': expected [ADDRESS]:PORT", text);
	}
	if ((size_t)(end - start) >= host_size)
		return error_set(err, ERROR_INVALID,
				"cannot listen on '%s': the name is too long", text);
	if (!is_port(colon + 1))
		return error_set(err, ERROR_INVALID,
				"cannot listen on '%s': the port must be a number from 0 to "
				"65535",
				text);
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	*out_port = colon + 1;
	return true;
}

static int tcp_bind(const struct sockaddr *where, socklen_t size, bool reuse_port)
{
	int fd = socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (set_option(fd, SO_REUSEADDR) && (!reuse_port || set_option(fd, SO_REUSEPORT)) &&
			bind(fd, where, size) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The address with the port that was really bound. */
static char *tcp_text(const struct sockaddr_storage *where, socklen_t size, const char *asked)
{
	char text[ADDRESS_MAX];
	char port[16];
	const char *colon = strrchr(asked, ':');

	if (getnameinfo((const struct sockaddr *)where, size, NULL, 0, port, sizeof(port),
			    NI_NUMERICSERV) != 0)
		return NULL;
	(void)snprintf(text, sizeof(text), "%.*s:%s", (int)(colon - asked), asked, port);
	return memory_copy(text, strlen(text));
}

static bool tcp_open(
		struct address *address, const char *text, bool reuse_port, struct error *err)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	struct sockaddr_storage where;
	socklen_t size = sizeof(where);
	char host[256];
	const char *port = NULL;
	int result;
	size_t i;

	if (!split_host(text, host, sizeof(host), &port, err))
		return false;
	result = getaddrinfo(host, port, &hints, &found);
	if (result != 0)
		return error_set(err, ERROR_INVALID, "cannot listen on '%s': %s", text,
				gai_strerror(result));
	address->sockets[0] = inherited_take(found->ai_addr, found->ai_addrlen);
	address->is_inherited = address->sockets[0] >= 0;
	if (!address->is_inherited)
		address->sockets[0] = tcp_bind(found->ai_addr, found->ai_addrlen, reuse_port);
	result = errno;
	freeaddrinfo(found);
	errno = result;
	if (address->sockets[0] < 0)
		return error_system(err, errno == EADDRINUSE ? ERROR_EXISTS : ERROR_IO,
				"cannot listen on", text);
	if (address->is_inherited) {
		address->text = memory_copy(text, strlen(text));
		return (address->text || error_set(err, ERROR_MEMORY,
							 "out of memory while listening on %s",
							 text)) &&
		       share(address, text, err);
	}
	if (getsockname(address->sockets[0], (struct sockaddr *)&where, &size) != 0 ||
			!set_option(address->sockets[0], SO_REUSEPORT))
		return error_system(err, ERROR_IO, "cannot listen on", text);
	for (i = 1; i < address->socket_count; i++) {
		address->sockets[i] = tcp_bind((struct sockaddr *)&where, size, true);
		if (address->sockets[i] < 0)
			return error_system(err, ERROR_IO, "cannot listen on", text);
	}
	address->text = tcp_text(&where, size, text);
	return address->text ||
	       error_set(err, ERROR_MEMORY, "out of memory while listening on %s", text);
}

/* --- Unix ------------------------------------------------------------------------------------
 */

/* true when the file is free to be used: absent, or a dead socket, which is removed. */
static bool unix_clear(const struct sockaddr_un *where, struct error *err)
{
	struct stat status;
	int fd;
	int result;

	if (lstat(where->sun_path, &status) != 0)
		return errno == ENOENT ||
		       error_system(err, ERROR_IO, "cannot listen on", where->sun_path);
	if (!S_ISSOCK(status.st_mode))
		return error_set(err, ERROR_EXISTS, "cannot listen on %s: it is not a socket",
				where->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_system(err, ERROR_IO, "cannot listen on", where->sun_path);
	result = connect(fd, (const struct sockaddr *)where, sizeof(*where)) == 0 ? 0 : errno;
	close(fd);
	if (result != ECONNREFUSED && result != ENOENT)
		return error_set(err, ERROR_EXISTS, "cannot listen on %s: another process does",
				where->sun_path);
	if (unlink(where->sun_path) != 0 && errno != ENOENT)
		return error_system(err, ERROR_IO, "cannot remove the dead socket",
				where->sun_path);
	return true;
}

static bool unix_open(struct address *address, const char *text, struct error *err)
{
	const char *path = text + strlen(UNIX_PREFIX);
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	if (*path == '\0' || strlen(path) >= sizeof(where.sun_path))
		return error_set(err, ERROR_INVALID,
				"cannot listen on '%s': the path must have 1 to %zu bytes",
				text, sizeof(where.sun_path) - 1);
	memcpy(where.sun_path, path, strlen(path));
	address->sockets[0] = inherited_take((struct sockaddr *)&where, sizeof(where));
	address->is_inherited = address->sockets[0] >= 0;
	if (address->is_inherited) {
		address->is_unix = true;
		address->text = memory_copy(text, strlen(text));
		return (address->text || error_set(err, ERROR_MEMORY,
							 "out of memory while listening on %s",
							 text)) &&
		       share(address, path, err);
	}
	if (!unix_clear(&where, err))
		return false;
	address->sockets[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (address->sockets[0] < 0 || bind(address->sockets[0], (struct sockaddr *)&where,
						       sizeof(where)) != 0)
		return error_system(err, ERROR_IO, "cannot listen on", path);
	address->text = memory_copy(text, strlen(text));
	if (!address->text) {
		(void)unlink(path);
		return error_set(
				err, ERROR_MEMORY, "out of memory while listening on %s", text);
	}
	address->is_unix = true;
	return share(address, path, err);
}

bool address_open(struct address *address, const char *text, size_t count, bool reuse_port,
		struct error *err)
{
	bool ok;
	size_t i;

	*address = (struct address){ .socket_count = count };
	address->sockets = memory_alloc(count * sizeof(*address->sockets));
	if (!address->sockets)
		return error_set(
				err, ERROR_MEMORY, "out of memory while listening on %s", text);
	for (i = 0; i < count; i++)
		address->sockets[i] = -1;
	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		ok = unix_open(address, text, err);
	else
		ok = tcp_open(address, text, reuse_port, err);
	if (!ok)
		address_close(address);
	return ok;
}

void address_close(struct address *address)
{
	size_t i;

	for (i = 0; address->sockets && i < address->socket_count; i++)
		if (address->sockets[i] >= 0)
			close(address->sockets[i]);
	if (address->is_unix && address->text && !address->is_inherited)
		(void)unlink(address->text + strlen(UNIX_PREFIX));
	memory_free(address->sockets);
	memory_free(address->text);
	*address = (struct address){ 0 };
}
