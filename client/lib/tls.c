/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/tls.h"

#include "base/memory.h"
#include "client/lib/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define NAME_MOST 255

struct tls_client {
	SSL_CTX *context;
	BIO_METHOD *method;
	char *name; /* NULL: that of the address */
};

/* --- words ----------------------------------------------------------------------------------- */

static const char *const troubles[] = {
	[LINK_TROUBLE_NONE] = "",
	[LINK_TROUBLE_EXPIRED] = "the server's certificate has expired",
	[LINK_TROUBLE_NOT_YET] = "the server's certificate is not valid yet",
	[LINK_TROUBLE_NAME] = "the server's certificate is not for this name",
	[LINK_TROUBLE_AUTHORITY] = "the server's certificate is of an unknown authority",
	[LINK_TROUBLE_UNTRUSTED] = "the server's certificate cannot be trusted",
	[LINK_TROUBLE_NO_TLS] = "the server does not speak TLS there",
	[LINK_TROUBLE_TLS] =
			("the server closed the connection without a word; it may want TLS "
			 "(https://)"),
	[LINK_TROUBLE_NO_HTTP2] = "the server speaks no HTTP/2 there",
	[LINK_TROUBLE_NOTHING_COMMON] =
			"the server and we have no version or suite of TLS in common",
	[LINK_TROUBLE_CERTIFICATE_WANTED] = "the server wants a certificate of ours",
	[LINK_TROUBLE_OURS_EXPIRED] = "our certificate has expired",
	[LINK_TROUBLE_OURS_REVOKED] = "our certificate was revoked",
	[LINK_TROUBLE_OURS_AUTHORITY] =
			"the server does not know the authority of our certificate",
	[LINK_TROUBLE_OURS_REFUSED] = "the server refused our certificate",
	[LINK_TROUBLE_BROKEN] = "the connection broke the rules of TLS",
};

const char *link_trouble_en(enum link_trouble trouble)
{
	return troubles[trouble];
}

static enum link_trouble trouble_of_verify(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return LINK_TROUBLE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return LINK_TROUBLE_NOT_YET;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return LINK_TROUBLE_NAME;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return LINK_TROUBLE_AUTHORITY;
	default:
		return LINK_TROUBLE_UNTRUSTED;
	}
}

/* What the newest error of OpenSSL's says, an alert of the server's most likely. */
static enum link_trouble trouble_of_reason(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return LINK_TROUBLE_NO_TLS;
	case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
		return LINK_TROUBLE_NO_HTTP2;
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return LINK_TROUBLE_NOTHING_COMMON;
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return LINK_TROUBLE_CERTIFICATE_WANTED;
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return LINK_TROUBLE_OURS_EXPIRED;
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
		return LINK_TROUBLE_OURS_REVOKED;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return LINK_TROUBLE_OURS_AUTHORITY;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return LINK_TROUBLE_OURS_REFUSED;
	default:
		return LINK_TROUBLE_BROKEN;
	}
}

static enum link_trouble trouble_of(const SSL *ssl)
{
	long verified = SSL_get_verify_result(ssl);

	return verified != X509_V_OK ? trouble_of_verify(verified)
				     : trouble_of_reason(ERR_GET_REASON(ERR_peek_last_error()));
}

/* --- the BIO: as that of a socket, but without SIGPIPE ---------------------------------------- */

static int on_bio_read(BIO *bio, char *out, int size)
{
	struct link *link = BIO_get_data(bio);
	ssize_t got = recv(link->fd, out, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_read(bio);
	if (got == 0)
		link->at_end = true;
	return (int)got;
}

static int on_bio_write(BIO *bio, const char *data, int size)
{
	struct link *link = BIO_get_data(bio);
	ssize_t put = send(link->fd, data, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)put;
}

static long on_bio_control(BIO *bio, int command, long number, void *argument)
{
	struct link *link = BIO_get_data(bio);

	(void)number;
	(void)argument;
	if (command == BIO_CTRL_EOF)
		return link->at_end;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method_new(void)
{
	/* Nobody looks for it by its type, and there are but 127 types to be had in a process. */
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "link");

	if (method && BIO_meth_set_read(method, on_bio_read) &&
			BIO_meth_set_write(method, on_bio_write) &&
			BIO_meth_set_ctrl(method, on_bio_control))
		return method;
	BIO_meth_free(method);
	return NULL;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool file_fail(struct error *err, const char *path, const char *what)
{
	if (access(path, R_OK) != 0)
		return error_set(err, ERROR_INVALID, "%s: %s", path, strerrordesc_np(errno));
	return error_set(err, ERROR_INVALID, "%s: %s", path, what);
}

static bool files_read(SSL_CTX *context, const struct tls_files *files, struct error *err)
{
	const char *key = files->key ? files->key : files->certificate;

	if (files->key && !files->certificate)
		return error_set(err, ERROR_INVALID,
				"%s: a key is of no use without its certificate", files->key);
	if (files->authorities ? SSL_CTX_load_verify_file(context, files->authorities) != 1
			       : SSL_CTX_set_default_verify_paths(context) != 1)
		return file_fail(err,
				files->authorities ? files->authorities : "/etc/ssl/certs",
				"holds no certificate in PEM");
	if (!files->certificate)
		return true;
	if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
		return file_fail(err, files->certificate, "holds no certificate in PEM");
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return file_fail(err, key,
				ERR_GET_REASON(ERR_peek_last_error()) ==
								X509_R_KEY_VALUES_MISMATCH
						? "is not the key of the certificate"
						: "holds no private key in PEM, or an "
						  "encrypted one");
	return SSL_CTX_check_private_key(context) == 1 ||
	       file_fail(err, key, "is not the key of the certificate");
}

/* An encrypted key is refused: nobody is asked for a passphrase. */
static int on_passphrase(char *out, int size, int for_writing, void *context)
{
	(void)out;
	(void)size;
	(void)for_writing;
	(void)context;
	return -1;
}

static SSL_CTX *context_new(const struct tls_files *files, struct error *err)
{
	static const unsigned char h2[] = { 2, 'h', '2' };
	SSL_CTX *context;

	ERR_clear_error();
	context = SSL_CTX_new(TLS_client_method());
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
			SSL_CTX_set_cipher_list(context, CIPHERS) != 1 ||
			SSL_CTX_set_alpn_protos(context, h2, sizeof(h2)) != 0) {
		SSL_CTX_free(context);
		error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(context, on_passphrase);
	/* HTTP/2 itself says where a stream ends: a missing goodbye cuts nothing off unseen. */
	(void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
							   SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(context,
			SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (files_read(context, files, err)) {
		ERR_clear_error();
		return context;
	}
	ERR_clear_error();
	SSL_CTX_free(context);
	return NULL;
}

/* An empty one would switch the check of names off. */
static bool is_name(const char *name)
{
	return *name && strlen(name) <= NAME_MOST;
}

struct tls_client *tls_client_new(const struct tls_files *files, struct error *err)
{
	struct tls_client *client;

	if (files->name && !is_name(files->name)) {
		error_set(err, ERROR_INVALID,
				"the name of a server has 1 to %d characters, not %zu",
				NAME_MOST, strlen(files->name));
		return NULL;
	}
	client = memory_alloc_zero(1, sizeof(*client));
	if (client) {
		client->method = method_new();
		client->name = files->name ? memory_copy(files->name, strlen(files->name))
					   : NULL;
	}
	if (!client || !client->method || (files->name && !client->name)) {
		error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
	} else {
		client->context = context_new(files, err);
		if (client->context)
			return client;
	}
	tls_client_free(client);
	return NULL;
}

void tls_client_free(struct tls_client *client)
{
	if (!client)
		return;
	SSL_CTX_free(client->context);
	BIO_meth_free(client->method);
	memory_free(client->name);
	memory_free(client);
}

/* --- the link -------------------------------------------------------------------------------- */

/* As read() and send() would end: what OpenSSL waits for is what the caller polls for anyway. */
static ssize_t link_note(struct link *link, int result)
{
	SSL *ssl = link->tls;

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		if (errno == 0)
			errno = ECONNRESET;
		return -1;
	default:
		link->trouble = trouble_of(ssl);
		errno = EPROTO;
		return -1;
	}
}

static ssize_t tls_read(struct link *link, void *data, size_t size)
{
	size_t got;
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(link->tls, data, size, &got);
	return result == 1 ? (ssize_t)got : link_note(link, result);
}

static ssize_t tls_write(struct link *link, const void *data, size_t size)
{
	size_t put;
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(link->tls, data, size, &put);
	return result == 1 ? (ssize_t)put : link_note(link, result);
}

/* Says goodbye as far as the socket takes it. */
static void tls_close(struct link *link)
{
	ERR_clear_error();
	if (link->trouble == LINK_TROUBLE_NONE && SSL_is_init_finished(link->tls))
		(void)SSL_shutdown(link->tls);
	SSL_free(link->tls);
	ERR_clear_error();
}

/* The name that the certificate must have: a host's is told to the server, an address is not. */
static bool name_set(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
	unsigned char bytes[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1;
	X509_VERIFY_PARAM_set_hostflags(
			parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool name_of_address(const char *address, char name[NAME_MOST + 1])
{
	const char *end = strrchr(address, ':');
	size_t size = end ? (size_t)(end - address) : strlen(address);

	if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
		address++;
		size -= 2;
	}
	if (size == 0 || size > NAME_MOST)
		return false;
	memcpy(name, address, size);
	name[size] = '\0';
	return true;
}

static bool tls_begin(struct tls_client *client, struct link *link, const char *address)
{
	char name[NAME_MOST + 1];
	SSL *ssl = SSL_new(client->context);
	BIO *bio = BIO_new(client->method);

	if (!ssl || !bio || (!client->name && !name_of_address(address, name)) ||
			!name_set(ssl, client->name ? client->name : name)) {
		BIO_free(bio);
		SSL_free(ssl);
		return false;
	}
	BIO_set_data(bio, link);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	link->tls = ssl;
	link->read = tls_read;
	link->write = tls_write;
	link->close = tls_close;
	return true;
}

/* true: there is more to be read or written now. */
static bool tls_wait(const struct link *link, int wanted, int64_t deadline)
{
	struct pollfd socket = { .fd = link->fd,
		.events = wanted == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN };

	for (;;) {
		int ready = poll(&socket, 1, deadline_left_ms(deadline));

		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return true; /* reading says what is wrong */
		if (deadline != DEADLINE_NONE && clock_now_ms() >= deadline)
			return false;
	}
}

static bool tls_fail(struct link *link, const char *address, int reason, struct error *err)
{
	int failure = errno;

	if (reason == SSL_ERROR_SYSCALL && failure)
		return error_set(err, ERROR_UNAVAILABLE, "connecting to %s: %s", address,
				strerrordesc_np(failure));
	link->trouble = reason == SSL_ERROR_ZERO_RETURN || reason == SSL_ERROR_SYSCALL
					? LINK_TROUBLE_NO_TLS
					: trouble_of(link->tls);
	ERR_clear_error();
	return error_set(err, ERROR_UNAVAILABLE, "connecting to %s: %s", address,
			link_trouble_en(link->trouble));
}

bool tls_client_secure(struct tls_client *client, struct link *link, const char *address,
		int64_t deadline, struct error *err)
{
	const unsigned char *protocol = NULL;
	unsigned protocol_size = 0;

	ERR_clear_error();
	if (!tls_begin(client, link, address))
		return error_set(err, ERROR_MEMORY, "out of memory while connecting");
	for (;;) {
		int result, reason;

		ERR_clear_error();
		errno = 0;
		result = SSL_connect(link->tls);
		if (result == 1)
			break;
		reason = SSL_get_error(link->tls, result);
		if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
			return tls_fail(link, address, reason, err);
		if (!tls_wait(link, reason, deadline))
			return error_set(err, ERROR_DEADLINE, "connecting to %s: timed out",
					address);
	}
	SSL_get0_alpn_selected(link->tls, &protocol, &protocol_size);
	if (protocol_size == 2 && memcmp(protocol, "h2", 2) == 0)
		return true;
	link->trouble = LINK_TROUBLE_NO_HTTP2;
	return error_set(err, ERROR_UNAVAILABLE, "connecting to %s: %s", address,
			link_trouble_en(link->trouble));
}
