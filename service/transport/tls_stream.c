/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL reads and writes through a BIO of our own: it takes its bytes where the socket left them, and puts
 * them where they are sent from, so that nothing is copied but by the cipher.
 *
 *     bytes of the socket ──put──► ->in ──SSL_read──► take
 *     send ──SSL_write──► ->sink (the caller's)       flush ◄── ->pending ◄── handshake, alerts
 */
#include "transport/tls_internal.h"

#include "base/memory.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Nobody needs to say more than a handshake's worth before the socket takes some. */
#define PENDING_MOST ((size_t)128 << 10)
#define NAMES_MOST 16
#define NAME_SIZE_MOST 255

struct tls_stream {
	struct tls *tls; /* borrowed */
	SSL *ssl;
	enum tls_stream_state state;
	const char *trouble;
	struct slice in; /* borrowed: not yet read by OpenSSL */
	struct buffer pending;
	struct buffer *sink; /* while something is sent; or NULL */
	struct buffer names;
	bool has_ended; /* our goodbye is said */
};

/* --- the BIO --------------------------------------------------------------------------------- */

static int on_bio_read(BIO *bio, char *out, int size)
{
	struct tls_stream *stream = BIO_get_data(bio);
	size_t count = (size_t)size < stream->in.size ? (size_t)size : stream->in.size;

	BIO_clear_retry_flags(bio);
	if (count == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, stream->in.data, count);
	stream->in.data += count;
	stream->in.size -= count;
	return (int)count;
}

static int on_bio_write(BIO *bio, const char *data, int size)
{
	struct tls_stream *stream = BIO_get_data(bio);
	struct buffer *out = stream->sink ? stream->sink : &stream->pending;

	BIO_clear_retry_flags(bio);
	if (!stream->sink && stream->pending.size + (size_t)size > PENDING_MOST)
		return -1;
	buffer_append(out, data, (size_t)size);
	return out->failed ? -1 : size;
}

static long on_bio_control(BIO *bio, int command, long number, void *argument)
{
	(void)bio;
	(void)number;
	(void)argument;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_stream_method_new(void)
{
	/* Nobody looks for it by its type, and there are but 127 types to be had. */
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");

	if (method && BIO_meth_set_read(method, on_bio_read) &&
			BIO_meth_set_write(method, on_bio_write) &&
			BIO_meth_set_ctrl(method, on_bio_control))
		return method;
	BIO_meth_free(method);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

struct tls_stream *tls_stream_new(struct tls *tls)
{
	struct tls_stream *stream = memory_alloc_zero(1, sizeof(*stream));
	BIO *bio;

	if (!stream)
		return NULL;
	stream->trouble = "";
	stream->tls = tls;
	ERR_clear_error();
	pthread_mutex_lock(&tls->lock);
	stream->ssl = SSL_new(tls->context);
	pthread_mutex_unlock(&tls->lock);
	bio = BIO_new(tls->method);
	if (!stream->ssl || !bio) {
		BIO_free(bio);
		tls_stream_free(stream);
		return NULL;
	}
	BIO_set_data(bio, stream);
	BIO_set_init(bio, 1);
	SSL_set_bio(stream->ssl, bio, bio);
	SSL_set_accept_state(stream->ssl);
	return stream;
}

void tls_stream_free(struct tls_stream *stream)
{
	if (!stream)
		return;
	SSL_free(stream->ssl);
	buffer_fini(&stream->pending);
	buffer_fini(&stream->names);
	memory_free(stream);
}

enum tls_stream_state tls_stream_state(const struct tls_stream *stream)
{
	return stream->state;
}

const char *tls_stream_trouble(const struct tls_stream *stream)
{
	return stream->trouble;
}

const char *tls_stream_names(const struct tls_stream *stream)
{
	return stream->names.size ? stream->names.data : "";
}

/* --- the client's certificate ---------------------------------------------------------------- */

/* A name with a NUL or a blank in it stands for nobody. */
static void name_append(struct buffer *names, const char *kind, const ASN1_IA5STRING *name)
{
	const char *text = (const char *)ASN1_STRING_get0_data(name);
	int size = ASN1_STRING_length(name);
	int i;

	if (size <= 0 || size > NAME_SIZE_MOST)
		return;
	for (i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return;
	buffer_append_text(names, kind);
	for (i = 0; i < size; i++)
		buffer_append_char(names, kind[0] == 'd' && text[i] >= 'A' && text[i] <= 'Z'
							  ? (char)(text[i] + ('a' - 'A'))
							  : text[i]);
	buffer_append_char(names, '\0');
}

/* false: memory is short. Half of the names would be another identity. */
static bool names_read(struct tls_stream *stream)
{
	X509 *certificate = SSL_get0_peer_certificate(stream->ssl);
	GENERAL_NAMES *all;
	int i;

	if (!certificate || SSL_get_verify_result(stream->ssl) != X509_V_OK)
		return true;
	all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(all) && i < NAMES_MOST; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		if (name->type == GEN_URI)
			name_append(&stream->names, "uri:", name->d.uniformResourceIdentifier);
		else if (name->type == GEN_DNS)
			name_append(&stream->names, "dns:", name->d.dNSName);
	}
	GENERAL_NAMES_free(all);
	/* buffer_append_char() has put another NUL behind the last. */
	return !stream->names.failed;
}

/*
 * Names, keys and numbers alone: a connection costs microseconds, and its chain was verified when it began. Whether
 * the lists are good is seen by whoever connects.
 */
const char *tls_stream_objection(const struct tls_stream *stream)
{
	return tls_objection(stream->tls, SSL_get0_verified_chain(stream->ssl));
}

/* --- bytes ----------------------------------------------------------------------------------- */

static void stream_fail(struct tls_stream *stream, const char *trouble)
{
	stream->state = TLS_STREAM_FAILED;
	stream->trouble = trouble ? trouble : "the connection broke the rules of TLS";
}

/* What OpenSSL's @result, which was no success, means; @refusals: of memory, before it was called. */
static void stream_note(struct tls_stream *stream, int result, unsigned long refusals)
{
	int reason = SSL_get_error(stream->ssl, result);
	long verified;

	if (reason == SSL_ERROR_WANT_READ)
		return;
	if (reason == SSL_ERROR_ZERO_RETURN) {
		stream->state = TLS_STREAM_ENDED;
		return;
	}
	verified = SSL_get_verify_result(stream->ssl);
	/* Then OpenSSL finds fault with what it could not look at. */
	if (refusals != memory_refusals()) {
		stream_fail(stream, TLS_OUT_OF_MEMORY);
		/* And says so: a connection that is closed without a word may be tried again. */
		buffer_fini(&stream->pending);
	} else {
		stream_fail(stream,
				verified != X509_V_OK
						? X509_verify_cert_error_string(verified)
						: ERR_reason_error_string(ERR_peek_error()));
	}
	ERR_clear_error();
}

void tls_stream_put(struct tls_stream *stream, struct slice bytes)
{
	stream->in = bytes;
}

size_t tls_stream_take(struct tls_stream *stream, char *out, size_t size)
{
	unsigned long refusals = memory_refusals();
	size_t taken = 0;
	int result;

	if (stream->state == TLS_STREAM_SHAKING) {
		ERR_clear_error();
		result = SSL_do_handshake(stream->ssl);
		if (result != 1)
			stream_note(stream, result, refusals);
		else if (!names_read(stream))
			stream_fail(stream, TLS_OUT_OF_MEMORY);
		else
			stream->state = TLS_STREAM_OPEN;
	}
	if (stream->state != TLS_STREAM_OPEN)
		return 0;
	ERR_clear_error();
	result = SSL_read_ex(stream->ssl, out, size, &taken);
	if (result == 1)
		return taken;
	stream_note(stream, result, refusals);
	return 0;
}

void tls_stream_flush(struct tls_stream *stream, struct buffer *out)
{
	if (stream->pending.size == 0)
		return;
	buffer_append(out, stream->pending.data, stream->pending.size);
	buffer_fini(&stream->pending);
}

bool tls_stream_send(struct tls_stream *stream, struct slice plain, struct buffer *out)
{
	unsigned long refusals = memory_refusals();
	size_t written;
	int result = 1;

	if (plain.size == 0)
		return true;
	ERR_clear_error();
	stream->sink = out;
	result = SSL_write_ex(stream->ssl, plain.data, plain.size, &written);
	stream->sink = NULL;
	if (result == 1)
		return true;
	stream_note(stream, result, refusals);
	if (stream->state == TLS_STREAM_OPEN)
		stream_fail(stream, NULL);
	return false;
}

void tls_stream_end(struct tls_stream *stream, struct buffer *out)
{
	if (stream->has_ended ||
			(stream->state != TLS_STREAM_OPEN && stream->state != TLS_STREAM_ENDED))
		return;
	stream->has_ended = true;
	ERR_clear_error();
	stream->sink = out;
	(void)SSL_shutdown(stream->ssl);
	stream->sink = NULL;
	ERR_clear_error();
}
