/* SPDX-License-Identifier: Apache-2.0 */
/* TLS without sockets: a client of OpenSSL's own in memory, bytes in pieces, names, and no memory. */
#include "transport/tls.h"

#include "base/memory.h"
#include "openssl_memory.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* One certificate that signs itself does for both sides: each is the authority of the other. */
#define NAMES                                                                                  \
	"URI:spiffe://Test/Portal,DNS:Desk.Example,IP:127.0.0.1,URI:with blank,email:a@b.c"

static char folder[] = "/tmp/policycalc-tls-XXXXXX";
static char certificate_path[64], key_path[64];
static X509 *certificate;
static EVP_PKEY *key;

static void extend(int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static int set_up(void **state)
{
	FILE *file;

	(void)state;
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	assert_true(key && certificate && mkdtemp(folder));
	(void)X509_set_version(certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86400);
	(void)X509_set_pubkey(certificate, key);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
			(const unsigned char *)"test", -1, -1, 0);
	(void)X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	extend(NID_subject_alt_name, NAMES);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	(void)snprintf(certificate_path, sizeof(certificate_path), "%s/c.pem", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/k.pem", folder);
	file = fopen(certificate_path, "w");
	assert_true(file && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
	file = fopen(key_path, "w");
	assert_true(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
			fclose(file) == 0 && chmod(key_path, 0600) == 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(key);
	(void)unlink(certificate_path);
	(void)unlink(key_path);
	return rmdir(folder);
}

static struct tls *own(bool asks_clients)
{
	struct error err = { ERROR_NONE, "" };
	struct tls *tls = tls_open(
			&(struct tls_options){ .certificate = certificate_path,
					.key = key_path,
					.client_authorities = asks_clients ? certificate_path
									   : NULL },
			&err);

	if (!tls)
		fail_msg("%s", err.message);
	return tls;
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Of the allocations of the service's side the @short_from-th and those that follow fail; 0: none. */
static unsigned long short_from, allocated;

static void memory_arm(void)
{
	if (short_from)
		memory_fail_nth(short_from > allocated ? short_from - allocated : 1, 1);
}

static void memory_disarm(void)
{
	allocated += memory_fail_nth(0, 0);
}

/* --- a client -------------------------------------------------------------------------------- */

static SSL *client_new(const char *alpn, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	assert_non_null(context);
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, version), 1);
	if (alpn)
		assert_int_equal(SSL_CTX_set_alpn_protos(context, (const unsigned char *)alpn,
						 (unsigned)strlen(alpn)),
				0);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(ssl);
	return ssl;
}

/* Moves what the client has said, @piece bytes at a time; what was in it is appended to @plain. */
static void put(SSL *client, struct tls_stream *stream, size_t piece, struct buffer *plain)
{
	char bytes[4096], out[100];
	int size;

	while ((size = BIO_read(SSL_get_wbio(client), bytes,
				(int)(piece < sizeof(bytes) ? piece : sizeof(bytes)))) > 0) {
		size_t taken;

		memory_arm();
		tls_stream_put(stream, (struct slice){ bytes, (size_t)size });
		while ((taken = tls_stream_take(stream, out, sizeof(out))) > 0)
			buffer_append(plain, out, taken);
		memory_disarm();
	}
}

static void get(SSL *client, struct buffer *bytes)
{
	if (bytes->size)
		assert_int_equal(BIO_write(SSL_get_rbio(client), bytes->data, (int)bytes->size),
				(int)bytes->size);
	buffer_clear(bytes);
}

/* The handshake, as far as it comes. */
static void shake(SSL *client, struct tls_stream *stream, size_t piece)
{
	struct buffer bytes = { 0 }, plain = { 0 };

	for (int i = 0; i < 4; i++) {
		(void)SSL_do_handshake(client);
		put(client, stream, piece, &plain);
		memory_arm();
		tls_stream_flush(stream, &bytes);
		memory_disarm();
		if (!bytes.failed)
			get(client, &bytes);
	}
	assert_int_equal(plain.size, 0);
	buffer_fini(&bytes);
	buffer_fini(&plain);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void both_ways(struct tls *tls, size_t piece, int version)
{
	struct tls_stream *stream = tls_stream_new(tls);
	SSL *client = client_new("\2h2", version);
	struct buffer bytes = { 0 }, plain = { 0 };
	static char large[100000];
	char back[200000];
	size_t size;

	assert_int_equal(tls_stream_state(stream), TLS_STREAM_SHAKING);
	shake(client, stream, piece);
	assert_int_equal(tls_stream_state(stream), TLS_STREAM_OPEN);
	assert_int_equal(SSL_version(client), version);
	assert_int_equal(SSL_write(client, "question", 8), 8);
	put(client, stream, piece, &plain);
	assert_int_equal(plain.size, 8);
	assert_memory_equal(plain.data, "question", 8);
	memset(large, 'x', sizeof(large));
	assert_true(tls_stream_send(stream, (struct slice){ large, sizeof(large) }, &bytes));
	assert_true(bytes.size > sizeof(large) && bytes.size < sizeof(large) + 1000);
	tls_stream_end(stream, &bytes);
	tls_stream_end(stream, &bytes);
	get(client, &bytes);
	for (size = 0; size < sizeof(large);) {
		int got = SSL_read(client, back + size, (int)(sizeof(back) - size));

		assert_true(got > 0);
		size += (size_t)got;
	}
	assert_memory_equal(back, large, sizeof(large));
	assert_int_equal(SSL_get_error(client, SSL_read(client, back, 1)),
			SSL_ERROR_ZERO_RETURN);
	(void)SSL_shutdown(client);
	put(client, stream, piece, &plain);
	assert_int_equal(tls_stream_state(stream), TLS_STREAM_ENDED);
	assert_string_equal(tls_stream_trouble(stream), "");
	buffer_fini(&bytes);
	buffer_fini(&plain);
	SSL_free(client);
	tls_stream_free(stream);
}

static void bytes_go_both_ways(void **state)
{
	struct tls *tls = own(false);
	struct error err;

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		both_ways(tls, 4096, version);
		both_ways(tls, 1, version);
	}
	assert_true(tls_reload(tls, &err));
	both_ways(tls, 7, TLS1_3_VERSION);
	tls_free(tls);
}

static void names_are_the_clients(void **state)
{
	static const char wanted[] = "uri:spiffe://Test/Portal\0dns:desk.example\0";

	(void)state;
	for (int asks = 0; asks < 2; asks++) {
		struct tls *tls = own(asks);
		struct tls_stream *stream = tls_stream_new(tls);
		SSL *client = client_new("\2h2", TLS1_3_VERSION);

		shake(client, stream, 4096);
		assert_int_equal(tls_stream_state(stream), TLS_STREAM_OPEN);
		/* One with a blank in it is none; who is not asked has none. */
		if (asks)
			assert_memory_equal(tls_stream_names(stream), wanted, sizeof(wanted));
		else
			assert_string_equal(tls_stream_names(stream), "");
		SSL_free(client);
		tls_stream_free(stream);
		tls_free(tls);
	}
}

static void others_are_refused(void **state)
{
	static const struct {
		const char *alpn;
		int version;
		const char *says;
	} cases[] = {
		{ NULL, TLS1_3_VERSION, "no application protocol" },
		{ NULL, TLS1_2_VERSION, "no application protocol" },
		{ "\10http/1.1", TLS1_3_VERSION, "no application protocol" },
		{ "\3h2c\1h", TLS1_3_VERSION, "no application protocol" },
		{ "\2h2", TLS1_1_VERSION, "" },
	};
	struct tls *tls = own(false);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tls_stream *stream = tls_stream_new(tls);
		SSL *client = client_new(cases[i].alpn, cases[i].version);
		struct buffer out = { 0 };

		shake(client, stream, 4096);
		if (tls_stream_state(stream) == TLS_STREAM_OPEN ||
				!strstr(tls_stream_trouble(stream), cases[i].says))
			fail_msg("case %zu: '%s'", i, tls_stream_trouble(stream));
		tls_stream_end(stream, &out);
		assert_int_equal(out.size, 0);
		SSL_free(client);
		tls_stream_free(stream);
	}
	tls_free(tls);
}

static bool is_served(struct tls *tls)
{
	SSL *client = client_new("\2h2", TLS1_3_VERSION);
	struct tls_stream *stream = NULL;
	struct buffer bytes = { 0 };
	bool ok = false;

	memory_arm();
	stream = tls_stream_new(tls);
	memory_disarm();
	if (stream) {
		shake(client, stream, 4096);
		memory_arm();
		ok = tls_stream_state(stream) == TLS_STREAM_OPEN &&
		     tls_stream_send(stream, SLICE_LITERAL("answer"), &bytes) && !bytes.failed;
		memory_disarm();
	}
	buffer_fini(&bytes);
	SSL_free(client);
	tls_stream_free(stream);
	return ok;
}

/* From each allocation on there is none: that client is not served, and the next is, by what was loaded before. */
static void without_memory(void **state)
{
	const unsigned long step = getenv("POLICYCALC_LONG") ? 1 : 9;
	unsigned long count;
	struct tls *tls;

	(void)state;
	/* What is made once only is there. */
	tls = own(true);
	assert_true(is_served(tls));
	short_from = 1000000;
	allocated = 0;
	assert_true(is_served(tls));
	count = allocated;
	short_from = 0;
	tls_free(tls);
	assert_in_range(count, 100, 5000);
	for (unsigned long first = 1; first <= count; first += step) {
		tls = own(true);
		short_from = first;
		allocated = 0;
		(void)is_served(tls);
		short_from = 0;
		if (!is_served(tls))
			fail_msg("nobody is served any more after allocation %lu", first);
		tls_free(tls);
	}
}

static void what_will_trouble(void **state)
{
	struct tls *tls = own(false);
	int64_t end = tls_not_after(tls);
	struct error warning;

	(void)state;
	assert_false(tls_warn(tls, end - 15 * 86400, &warning));
	assert_true(tls_warn(tls, end - 13 * 86400, &warning));
	assert_non_null(strstr(warning.message, "ends in 13 days"));
	assert_true(tls_warn(tls, end, &warning));
	assert_non_null(strstr(warning.message, "has expired"));
	assert_true(tls_warn(tls, end - 31 * 86400, &warning));
	assert_non_null(strstr(warning.message, "not valid yet"));
	tls_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(names_are_the_clients),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(what_will_trouble),
	};

	/* Before anything else of it. */
	if (!openssl_memory_begin())
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
