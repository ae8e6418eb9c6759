/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/listener.h"

#include "base/log.h"
#include "transport/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
/* Clients that are taken in an iteration, some 30 µs each, while others wait. */
#define ACCEPT_MOST 16
#define RETRY_MS 100

static void on_readable(uv_poll_t *poll, int status, int events);

static void listener_watch(struct listener *listener)
{
	/* Cannot fail for a socket that was watched before: see loop_memory_reserve(). */
	(void)uv_poll_start(&listener->uv.poll, UV_READABLE, on_readable);
}

void listener_resume(struct listener *listener)
{
	if (!listener->is_paused)
		return;
	listener->is_paused = false;
	(void)uv_timer_stop(&listener->retry);
	listener_watch(listener);
}

static void on_retry(uv_timer_t *timer)
{
	listener_resume(timer->data);
}

static void listener_pause(struct listener *listener, int number)
{
	struct places *places = listener->loop->places;

	listener->is_paused = true;
	(void)uv_poll_stop(&listener->uv.poll);
	(void)uv_timer_start(&listener->retry, on_retry, RETRY_MS, 0);
	if (places_may_tell(places, loop_now_us()))
		log_event(LOG_LEVEL_WARNING, "connections_wait",
				LOG_TEXT("message", "newcomers are not taken for a while"),
				LOG_TEXT("reason", strerror(number)),
				LOG_NUMBER("connections", places_look(places).count));
}

/* It went away before it was taken, or the firewall did not want it. */
static bool is_clients_own(int number)
{
	return number == ECONNABORTED || number == EINTR || number == EPROTO || number == EPERM;
}

/* false: nobody waits, or there is nothing to take them with. */
static bool listener_take(struct listener *listener)
{
	struct sockaddr_storage where = { 0 };
	socklen_t size = sizeof(where);
	struct connection *connection = connection_new(listener->loop);
	int fd, number;

	if (!connection) {
		listener_pause(listener, ENOMEM);
		return false;
	}
	fd = accept4(listener->socket, (struct sockaddr *)&where, &size,
			SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		connection_start(connection, listener, fd, (const struct sockaddr *)&where);
		return true;
	}
	number = errno;
	connection_free(connection);
	if (is_clients_own(number))
		return true;
	if (number != EAGAIN && number != EWOULDBLOCK)
		listener_pause(listener, number);
	return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	unsigned count = 0;

	/* An error of the socket shows itself when it is read. */
	(void)status;
	(void)events;
	while (count < ACCEPT_MOST && listener_take(poll->data))
		count++;
}

static bool error_listening(struct error *err, int number)
{
	return error_set(err, ERROR_IO, "listening: %s", strerror(number));
}

bool listener_open(struct listener *listener, struct loop *loop, int fd, bool is_unix,
		struct tls *tls, struct error *err)
{
	int result;

	if (listen(fd, BACKLOG) != 0) {
		error_listening(err, errno);
		close(fd);
		return false;
	}
	result = uv_poll_init(&loop->uv, &listener->uv.poll, fd);
	if (result != 0) {
		close(fd);
		return error_listening(err, -result);
	}
	(void)uv_timer_init(&loop->uv, &listener->retry);
	listener->uv.handle.data = listener;
	listener->retry.data = listener;
	listener->socket = fd;
	listener->is_unix = is_unix;
	listener->is_paused = false;
	listener->tls = tls;
	listener->loop = loop;
	listener_watch(listener);
	return true;
}

void listener_close(struct listener *listener)
{
	uv_close(&listener->uv.handle, NULL);
	uv_close((uv_handle_t *)&listener->retry, NULL);
	(void)close(listener->socket);
}
