/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context is made of the files and then never changed: a reload makes another. Tickets are encrypted with
 * keys that each context makes for itself, so that a session can't be taken up again under another. Where
 * clients must show certificates there are no tickets: each connection is verified, against the CRLs too.
 */
#include "transport/tls_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
/* The finite fields, which cost milliseconds, are left out. */
#define GROUPS "X25519:P-256:P-384"
#define TICKET_SECONDS 3600
/* Bytes of a client's certificate and those above it. */
#define CLIENT_CHAIN_MOST (32 << 10)
#define SOON_SECONDS (14 * 86400)

/* --- the handshake's questions --------------------------------------------------------------- */

/* Without ALPN nothing says that HTTP/2 follows: it ends before anything is computed. */
static int on_client_hello(SSL *ssl, int *alert, void *context)
{
	const unsigned char *data;
	size_t size;

	(void)context;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
			    &data, &size))
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	ERR_raise(ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL);
	return SSL_CLIENT_HELLO_ERROR;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
		const unsigned char *offered, unsigned offered_size, void *context)
{
	unsigned i;

	(void)ssl;
	(void)context;
	for (i = 0; i < offered_size; i += 1u + offered[i]) {
		if (offered[i] == 2 && i + 2 < offered_size &&
				memcmp(offered + i + 1, "h2", 2) == 0) {
			*out = offered + i + 1;
			*out_size = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* An encrypted key is refused: nobody is there to be asked. */
static int on_passphrase(char *out, int size, int for_writing, void *context)
{
	(void)out;
	(void)size;
	(void)for_writing;
	*(bool *)context = true;
	return -1;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool file_fail(struct error *err, const char *path, const char *what)
{
	/* The C library's own memory, of a file that is read, is not told of otherwise. */
	bool is_memory = errno == ENOMEM;
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	if (is_memory || (code && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE))
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s", path);
	if (!reason)
		return error_set(err, ERROR_INVALID, "%s: %s", path, what);
	return error_set(err, ERROR_INVALID, "%s: %s (%s)", path, what, reason);
}

static FILE *file_open(const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");

	if (!file)
		error_set(err, errno == ENOMEM ? ERROR_MEMORY : ERROR_INVALID, "%s: %s", path,
				strerror(errno));
	return file;
}

static EVP_PKEY *key_read(const char *path, struct error *err)
{
	FILE *file = file_open(path, err);
	EVP_PKEY *key = NULL;
	bool is_encrypted = false;
	struct stat stat;

	if (!file)
		return NULL;
	if (fstat(fileno(file), &stat) != 0)
		error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	else if (stat.st_mode & S_IRWXO)
		error_set(err, ERROR_INVALID,
				"%s: everybody on this machine may read or change it: chmod "
				"600",
				path);
	else if (!(key = PEM_read_PrivateKey(file, NULL, on_passphrase, &is_encrypted)))
		(void)(is_encrypted ? error_set(err, ERROR_INVALID,
						      "%s: the key is encrypted, and nobody is "
						      "there to give its passphrase",
						      path)
				    : file_fail(err, path, "holds no private key in PEM"));
	fclose(file);
	return key;
}

static bool own_read(SSL_CTX *context, const struct tls *tls, struct error *err)
{
	FILE *file = file_open(tls->certificate, err);
	EVP_PKEY *key;
	bool ok;

	if (!file)
		return false;
	fclose(file);
	if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
		return file_fail(err, tls->certificate, "holds no certificate in PEM");
	key = key_read(tls->key, err);
	if (!key)
		return false;
	ok = X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1 ||
	     error_set(err, ERROR_INVALID, "%s: is not the key of the certificate in %s",
			     tls->key, tls->certificate);
	if (ok && SSL_CTX_use_PrivateKey(context, key) != 1)
		ok = file_fail(err, tls->key, "cannot be used");
	EVP_PKEY_free(key);
	return ok;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	if (epoch)
		(void)ASN1_TIME_diff(&days, &seconds, epoch, time);
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}

/* What is read of the files besides the context. */
struct reading {
	STACK_OF(X509_CRL) * revoked;
	STACK_OF(X509) * anchors;
	int64_t until, since;
};

static void reading_fini(struct reading *reading)
{
	sk_X509_CRL_pop_free(reading->revoked, X509_CRL_free);
	sk_X509_pop_free(reading->anchors, X509_free);
	reading->revoked = NULL;
	reading->anchors = NULL;
}

/* The first look into a list sorts it, for 40 ms when it has a hundred thousand: here, and not on a loop. */
static void list_sort(X509_CRL *list)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(list);
	X509_REVOKED *entry;

	if (sk_X509_REVOKED_num(all) > 0)
		(void)X509_CRL_get0_by_serial(list, &entry,
				X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(all, 0)));
}

static bool list_add(SSL_CTX *context, X509_CRL *list, struct reading *reading)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
	int64_t until = next ? seconds_of(next) : INT64_MAX;

	if (until < reading->until) {
		reading->until = until;
		reading->since = seconds_of(X509_CRL_get0_lastUpdate(list));
	}
	if (!reading->revoked)
		reading->revoked = sk_X509_CRL_new_null();
	if (!reading->revoked || sk_X509_CRL_push(reading->revoked, list) <= 0)
		return false;
	(void)X509_CRL_up_ref(list);
	list_sort(list);
	return X509_STORE_add_crl(SSL_CTX_get_cert_store(context), list) == 1;
}

static bool revoked_read(
		SSL_CTX *context, const char *path, struct reading *reading, struct error *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	FILE *file = file_open(path, err);
	X509_CRL *list;
	size_t count = 0;
	bool ok = true;

	if (!file)
		return false;
	while (ok && (list = PEM_read_X509_CRL(file, NULL, NULL, NULL))) {
		ok = list_add(context, list, reading);
		X509_CRL_free(list);
		count++;
	}
	fclose(file);
	/* That there is no further one is an error to OpenSSL. */
	if (ok && (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		ok = false;
	if (!ok)
		return file_fail(err, path, "holds no list of revoked certificates in PEM");
	ERR_clear_error();
	return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) ==
			       1 ||
	       file_fail(err, path, "cannot be used");
}

static bool clients_read(SSL_CTX *context, const struct tls *tls, struct reading *reading,
		struct error *err)
{
	static const unsigned char ours[] = "policycalc";
	FILE *file = file_open(tls->client_authorities, err);

	if (!file)
		return false;
	fclose(file);
	if (SSL_CTX_load_verify_file(context, tls->client_authorities) != 1)
		return file_fail(err, tls->client_authorities, "holds no certificate in PEM");
	if (!tls_name_authorities(context))
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
				tls->client_authorities);
	reading->anchors = tls_anchors(context);
	if (!reading->anchors)
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
				tls->client_authorities);
	if (sk_X509_num(reading->anchors) == 0)
		return error_set(err, ERROR_INVALID,
				"%s: none of its certificates is a root, which signs itself: "
				"nobody could be let in",
				tls->client_authorities);
	SSL_CTX_set_cert_verify_callback(context, tls_verify_client, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	(void)SSL_CTX_set_session_id_context(context, ours, sizeof(ours) - 1);
	(void)SSL_CTX_set_num_tickets(context, 0);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	return !tls->client_revoked || revoked_read(context, tls->client_revoked, reading, err);
}

/*
 * What a certificate's extensions say is found out when it is first looked at, and kept: had the first client's
 * handshake no memory for that, the certificate would be taken for invalid by all that follow. So here.
 */
static void certificates_look(SSL_CTX *context)
{
	STACK_OF(X509_OBJECT) *trusted =
			X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
	STACK_OF(X509) *above = NULL;

	for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++) {
		X509 *one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));

		if (one)
			(void)X509_check_purpose(one, -1, 0);
	}
	(void)X509_check_purpose(SSL_CTX_get0_certificate(context), -1, 0);
	(void)SSL_CTX_get0_chain_certs(context, &above);
	for (int i = 0; i < sk_X509_num(above); i++)
		(void)X509_check_purpose(sk_X509_value(above, i), -1, 0);
}

static SSL_CTX *context_make(const struct tls *tls, struct reading *out, struct error *err)
{
	SSL_CTX *context;

	ERR_clear_error();
	errno = 0;
	context = SSL_CTX_new(TLS_server_method());
	*out = (struct reading){ .until = INT64_MAX };
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
			SSL_CTX_set_cipher_list(context, CIPHERS) != 1 ||
			SSL_CTX_set1_groups_list(context, GROUPS) != 1) {
		SSL_CTX_free(context);
		error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
		return NULL;
	}
	(void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
							   SSL_OP_CIPHER_SERVER_PREFERENCE |
							   SSL_OP_PRIORITIZE_CHACHA);
	/* A connection that says nothing holds no records. */
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(context, 1);
	(void)SSL_CTX_set_timeout(context, TICKET_SECONDS);
	SSL_CTX_set_max_cert_list(context, CLIENT_CHAIN_MOST);
	SSL_CTX_set_client_hello_cb(context, on_client_hello, NULL);
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	if (own_read(context, tls, err) &&
			(!tls->client_authorities || clients_read(context, tls, out, err))) {
		certificates_look(context);
		return context;
	}
	ERR_clear_error();
	reading_fini(out);
	SSL_CTX_free(context);
	return NULL;
}

/*
 * OpenSSL calls a file damaged that it had no memory for, and leaves out what it had none for of what it knows: then
 * no client may be served any more. So nothing may have been refused to this thread meanwhile.
 */
static SSL_CTX *context_new(const struct tls *tls, struct reading *out, struct error *err)
{
	unsigned long refusals = memory_refusals();
	SSL_CTX *context = context_make(tls, out, err);

	if (refusals == memory_refusals())
		return context;
	reading_fini(out);
	SSL_CTX_free(context);
	error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

/* Takes what was read over. */
static void tls_take(struct tls *tls, SSL_CTX *context, const struct reading *reading)
{
	struct reading before;
	SSL_CTX *old;

	pthread_mutex_lock(&tls->lock);
	old = tls->context;
	before = (struct reading){ .revoked = tls->revoked, .anchors = tls->anchors };
	tls->context = context;
	tls->revoked = reading->revoked;
	tls->anchors = reading->anchors;
	pthread_mutex_unlock(&tls->lock);
	atomic_store(&tls->not_after,
			seconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(context))));
	atomic_store(&tls->revoked_until, reading->until);
	tls->revoked_since = reading->since;
	SSL_CTX_free(old);
	reading_fini(&before);
}

static bool path_copy(char **out, const char *path)
{
	if (path)
		*out = memory_copy(path, strlen(path));
	return !path || *out;
}

struct tls *tls_open(const struct tls_options *options, struct error *err)
{
	struct tls *tls = memory_alloc_zero(1, sizeof(*tls));
	struct reading reading;
	SSL_CTX *context;

	if (!tls || pthread_mutex_init(&tls->lock, NULL) != 0) {
		memory_free(tls);
		error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
		return NULL;
	}
	tls->method = tls_stream_method_new();
	if (!tls->method || !path_copy(&tls->certificate, options->certificate) ||
			!path_copy(&tls->key, options->key) ||
			!path_copy(&tls->client_authorities, options->client_authorities) ||
			!path_copy(&tls->client_revoked, options->client_revoked)) {
		error_set(err, ERROR_MEMORY, "out of memory while preparing TLS");
	} else {
		context = context_new(tls, &reading, err);
		if (context) {
			tls_take(tls, context, &reading);
			return tls;
		}
	}
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	sk_X509_CRL_pop_free(tls->revoked, X509_CRL_free);
	sk_X509_pop_free(tls->anchors, X509_free);
	BIO_meth_free(tls->method);
	(void)pthread_mutex_destroy(&tls->lock);
	memory_free(tls->certificate);
	memory_free(tls->key);
	memory_free(tls->client_authorities);
	memory_free(tls->client_revoked);
	memory_free(tls);
}

bool tls_reload(struct tls *tls, struct error *err)
{
	struct reading reading;
	SSL_CTX *context = context_new(tls, &reading, err);

	if (!context)
		return false;
	tls_take(tls, context, &reading);
	return true;
}

int64_t tls_not_after(const struct tls *tls)
{
	return atomic_load(&tls->not_after);
}

int64_t tls_revoked_until(const struct tls *tls)
{
	return atomic_load(&tls->revoked_until);
}

bool tls_warn(const struct tls *tls, int64_t now, struct error *out_warning)
{
	const X509 *own = SSL_CTX_get0_certificate(tls->context);
	int64_t end = tls_not_after(tls);

	if (end <= now)
		error_set(out_warning, ERROR_INVALID, "%s: the certificate has expired",
				tls->certificate);
	else if (seconds_of(X509_get0_notBefore(own)) > now)
		error_set(out_warning, ERROR_INVALID, "%s: the certificate is not valid yet",
				tls->certificate);
	else if (end - now < SOON_SECONDS)
		error_set(out_warning, ERROR_INVALID, "%s: the certificate ends in %d days",
				tls->certificate, (int)((end - now) / 86400));
	else
		return false;
	return true;
}

bool tls_warn_revoked(const struct tls *tls, int64_t now, struct error *out_warning)
{
	int64_t end = tls_revoked_until(tls);
	int64_t left = end - now;

	if (end == INT64_MAX)
		return false;
	if (left <= 0)
		error_set(out_warning, ERROR_INVALID,
				"%s: a list is out of date, and every client will be refused",
				tls->client_revoked);
	else if (left < SOON_SECONDS && left < (end - tls->revoked_since) / 3)
		error_set(out_warning, ERROR_INVALID,
				"%s: a list ends in %d hours, and then every client will be "
				"refused",
				tls->client_revoked, (int)(left / 3600));
	else
		return false;
	return true;
}
