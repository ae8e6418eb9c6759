/* SPDX-License-Identifier: Apache-2.0 */
/* Which authorities a client's certificate may come from, and that no memory is no reason to find fault with it. */
#include "base/memory.h"
#include "openssl_memory.h"
#include "transport/tls.h"

#include <openssl/err.h>
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

struct party {
	X509 *certificate;
	EVP_PKEY *key;
};

static char folder[] = "/tmp/policycalc-clients-XXXXXX";
static char own_path[64], key_path[64], trusted_path[64];
/* The desk's is of the middle one, which is of the root. */
static struct party root, other, middle, desk;

static void extend(X509 *certificate, X509 *above, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, above, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* @above: NULL signs itself. */
static struct party issue(const char *name, const struct party *above, bool is_authority)
{
	static long number;
	struct party party = { X509_new(), EVP_EC_gen("P-256") };

	if (!above)
		above = &party;
	(void)X509_set_version(party.certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(party.certificate), ++number);
	(void)X509_gmtime_adj(X509_getm_notBefore(party.certificate), -60);
	(void)X509_gmtime_adj(X509_getm_notAfter(party.certificate), 30 * 86400);
	(void)X509_set_pubkey(party.certificate, party.key);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(party.certificate), "CN",
			MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	(void)X509_set_issuer_name(
			party.certificate, X509_get_subject_name(above->certificate));
	extend(party.certificate, above->certificate, NID_basic_constraints,
			is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	assert_true(X509_sign(party.certificate, above->key, EVP_sha256()) > 0);
	return party;
}

static void party_fini(struct party *party)
{
	X509_free(party->certificate);
	EVP_PKEY_free(party->key);
}

/* The file of authorities holds these; each may be NULL. */
static void trust(X509 *first, X509 *second)
{
	FILE *file = fopen(trusted_path, "w");

	assert_non_null(file);
	assert_true((!first || PEM_write_X509(file, first) == 1) &&
			(!second || PEM_write_X509(file, second) == 1) && fclose(file) == 0);
}

static int set_up(void **state)
{
	FILE *file;

	(void)state;
	root = issue("root", NULL, true);
	other = issue("other", NULL, true);
	middle = issue("middle", &root, true);
	desk = issue("desk", &middle, false);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(own_path, sizeof(own_path), "%s/own.pem", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/own.key", folder);
	(void)snprintf(trusted_path, sizeof(trusted_path), "%s/trusted.pem", folder);
	file = fopen(own_path, "w");
	assert_true(file && PEM_write_X509(file, other.certificate) == 1 && fclose(file) == 0);
	file = fopen(key_path, "w");
	assert_true(file &&
			PEM_write_PrivateKey(file, other.key, NULL, NULL, 0, NULL, NULL) == 1 &&
			fclose(file) == 0 && chmod(key_path, 0600) == 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	party_fini(&root);
	party_fini(&other);
	party_fini(&middle);
	party_fini(&desk);
	(void)unlink(own_path);
	(void)unlink(key_path);
	(void)unlink(trusted_path);
	return rmdir(folder);
}

static struct tls *open_tls(struct error *err)
{
	return tls_open(&(struct tls_options){ .certificate = own_path,
					.key = key_path,
					.client_authorities = trusted_path },
			err);
}

/* --- a client -------------------------------------------------------------------------------- */

/* It shows the desk's certificate, and that of the middle one with @sends_middle. */
static SSL *client_new(bool sends_middle)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	assert_non_null(context);
	assert_int_equal(SSL_CTX_use_certificate(context, desk.certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, desk.key), 1);
	if (sends_middle)
		assert_int_equal(SSL_CTX_add1_chain_cert(context, middle.certificate), 1);
	assert_int_equal(SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\2h2", 3), 0);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(ssl);
	return ssl;
}

/* One of the service's allocations fails, the @short_at-th; 0: none. */
static unsigned long short_at, allocated;

static void shake(SSL *client, struct tls_stream *stream)
{
	char bytes[8192], out[100];

	for (int i = 0; i < 4; i++) {
		struct buffer said = { 0 };
		int size;

		(void)SSL_do_handshake(client);
		while ((size = BIO_read(SSL_get_wbio(client), bytes, sizeof(bytes))) > 0) {
			(void)memory_fail_nth(
					short_at > allocated ? short_at - allocated : 0, 0);
			tls_stream_put(stream, (struct slice){ bytes, (size_t)size });
			(void)tls_stream_take(stream, out, sizeof(out));
			allocated += memory_fail_nth(0, 0);
		}
		tls_stream_flush(stream, &said);
		if (said.size)
			(void)BIO_write(SSL_get_rbio(client), said.data, (int)said.size);
		buffer_fini(&said);
	}
}

/* NULL when it was not let in; what was said of it is in @out_trouble, which may be NULL. */
static struct tls_stream *let_in(struct tls *tls, bool sends_middle, const char **out_trouble)
{
	struct tls_stream *stream = tls_stream_new(tls);
	SSL *client = client_new(sends_middle);
	char byte;

	shake(client, stream);
	if (out_trouble)
		*out_trouble = tls_stream_trouble(stream);
	if (tls_stream_state(stream) != TLS_STREAM_OPEN) {
		int reason;

		tls_stream_free(stream);
		stream = NULL;
		/* What the client is told: with no memory, nothing of its certificate. */
		ERR_clear_error();
		(void)SSL_read(client, &byte, 1);
		reason = ERR_GET_REASON(ERR_peek_error());
		if (short_at && reason > SSL_AD_REASON_OFFSET)
			fail_msg("allocation %lu: %s", short_at,
					ERR_reason_error_string(ERR_peek_error()));
	}
	ERR_clear_error();
	SSL_free(client);
	return stream;
}

static void is_let_in(struct tls *tls, bool sends_middle)
{
	const char *trouble = "";
	struct tls_stream *stream = let_in(tls, sends_middle, &trouble);

	if (!stream)
		fail_msg("%s", trouble);
	assert_null(tls_stream_objection(stream));
	tls_stream_free(stream);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void a_chain_ends_with_a_root(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct tls *tls;

	(void)state;
	trust(root.certificate, NULL);
	tls = open_tls(&err);
	assert_non_null(tls);
	is_let_in(tls, true);
	assert_null(let_in(tls, false, NULL));
	assert_false(tls_warn_authorities(tls, &err));
	/* The middle one in the file is a link: who does not send it is let in. */
	trust(middle.certificate, root.certificate);
	assert_true(tls_reload(tls, &err));
	is_let_in(tls, false);
	assert_false(tls_warn_authorities(tls, &err));
	/* And no end. */
	trust(middle.certificate, other.certificate);
	assert_true(tls_reload(tls, &err));
	assert_null(let_in(tls, true, NULL));
	assert_true(tls_warn_authorities(tls, &err));
	assert_non_null(strstr(err.message, "CN=middle is no root"));
	trust(middle.certificate, NULL);
	assert_false(tls_reload(tls, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_non_null(strstr(err.message, "none of its certificates is a root"));
	tls_free(tls);
	assert_null(open_tls(&err));
}

/* The root is taken out of the file, and what hangs on it is left in. */
static void a_link_does_not_keep_anybody(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct tls *tls;
	struct tls_stream *stream;

	(void)state;
	trust(middle.certificate, root.certificate);
	tls = open_tls(&err);
	assert_non_null(tls);
	stream = let_in(tls, true, NULL);
	assert_non_null(stream);
	assert_null(tls_stream_objection(stream));
	trust(middle.certificate, other.certificate);
	assert_true(tls_reload(tls, &err));
	assert_string_equal(tls_stream_objection(stream), "authority not trusted");
	trust(other.certificate, root.certificate);
	assert_true(tls_reload(tls, &err));
	assert_null(tls_stream_objection(stream));
	tls_stream_free(stream);
	tls_free(tls);
}

/* As by openssl x509 -addtrust clientAuth -trustout. */
static void one_that_is_marked_is_an_end(void **state)
{
	struct error err = { ERROR_NONE, "" };
	X509 *marked = X509_dup(middle.certificate);
	FILE *file = fopen(trusted_path, "w");
	struct tls_stream *stream;
	struct tls *tls;

	(void)state;
	assert_true(marked && file);
	assert_int_equal(X509_add1_trust_object(marked, OBJ_nid2obj(NID_client_auth)), 1);
	assert_true(PEM_write_X509_AUX(file, marked) == 1 && fclose(file) == 0);
	tls = open_tls(&err);
	if (!tls)
		fail_msg("%s", err.message);
	is_let_in(tls, true);
	is_let_in(tls, false);
	assert_false(tls_warn_authorities(tls, &err));
	stream = let_in(tls, true, NULL);
	assert_true(tls_reload(tls, &err));
	assert_null(tls_stream_objection(stream));
	tls_stream_free(stream);
	tls_free(tls);
	X509_free(marked);
}

static void without_memory_no_connection_is_blamed(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct tls *tls;
	struct tls_stream *stream;
	unsigned long allocations, found = 0;

	(void)state;
	trust(other.certificate, root.certificate);
	tls = open_tls(&err);
	assert_non_null(tls);
	stream = let_in(tls, true, NULL);
	assert_non_null(stream);
	/* Else it is the same key, which is not looked at. */
	assert_true(tls_reload(tls, &err));
	assert_null(tls_stream_objection(stream));
	for (unsigned long n = 1;; n++) {
		const char *why;

		for (int persistent = 0; persistent < 2; persistent++) {
			(void)memory_fail_nth(n, persistent);
			why = tls_stream_objection(stream);
			allocations = memory_fail_nth(0, 0);
			if (why && strcmp(why, TLS_OUT_OF_MEMORY) != 0)
				fail_msg("allocation %lu: %s", n, why);
			found += why != NULL;
		}
		if (allocations < n)
			break;
	}
	/* There was something to find. */
	assert_true(found > 0);
	assert_null(tls_stream_objection(stream));
	tls_stream_free(stream);
	tls_free(tls);
}

static void without_memory_no_newcomer_is_blamed(void **state)
{
	const unsigned long step = getenv("POLICYCALC_LONG") ? 1 : 7;
	struct error err = { ERROR_NONE, "" };
	unsigned long count, refused = 0;
	struct tls *tls;

	(void)state;
	trust(root.certificate, NULL);
	tls = open_tls(&err);
	assert_non_null(tls);
	is_let_in(tls, true);
	allocated = 0;
	short_at = 1000000;
	is_let_in(tls, true);
	count = allocated;
	assert_in_range(count, 100, 10000);
	for (unsigned long n = 1; n <= count; n += step) {
		const char *trouble = "";
		struct tls_stream *stream;

		allocated = 0;
		short_at = n;
		stream = let_in(tls, true, &trouble);
		if (!stream && strcmp(trouble, TLS_OUT_OF_MEMORY) != 0)
			fail_msg("allocation %lu: %s", n, trouble);
		refused += !stream;
		tls_stream_free(stream);
	}
	short_at = 0;
	assert_true(refused > 0);
	is_let_in(tls, true);
	tls_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_ends_with_a_root),
		cmocka_unit_test(a_link_does_not_keep_anybody),
		cmocka_unit_test(one_that_is_marked_is_an_end),
		cmocka_unit_test(without_memory_no_connection_is_blamed),
		cmocka_unit_test(without_memory_no_newcomer_is_blamed),
	};

	if (!openssl_memory_begin())
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
