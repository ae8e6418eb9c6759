/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose certificates are good enough for a client. Trusted are roots, which sign themselves, and who is marked as
 * trusted in the file (`openssl x509 -addtrust clientAuth -trustout`). Any other authority in the file is a link of
 * chains and no end of one, for OpenSSL when somebody connects as for us when connections are looked at again.
 */
#include "transport/tls_internal.h"

#include "base/memory.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define CHAIN_MOST 16

/* OpenSSL's own question at the end of a chain. */
static bool is_anchor(X509 *certificate)
{
	return X509_check_trust(certificate, X509_TRUST_SSL_CLIENT, 0) == X509_TRUST_TRUSTED;
}

STACK_OF(X509) * tls_anchors(SSL_CTX *context)
{
	STACK_OF(X509) *all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));

	for (int i = sk_X509_num(all); i-- > 0;)
		if (!is_anchor(sk_X509_value(all, i)))
			X509_free(sk_X509_delete(all, i));
	return all;
}

bool tls_name_authorities(SSL_CTX *context)
{
	STACK_OF(X509) *all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));
	bool ok = all;

	for (int i = 0; ok && i < sk_X509_num(all); i++)
		ok = SSL_CTX_add_client_CA(context, sk_X509_value(all, i)) == 1;
	sk_X509_pop_free(all, X509_free);
	return ok;
}

/* There is a chain from it to an end. */
static bool is_linked(const STACK_OF(X509) * all, X509 *certificate, int left)
{
	if (is_anchor(certificate))
		return true;
	for (int i = 0; left > 0 && i < sk_X509_num(all); i++) {
		X509 *above = sk_X509_value(all, i);

		if (above != certificate &&
				X509_check_issued(above, certificate) == X509_V_OK &&
				is_linked(all, above, left - 1))
			return true;
	}
	return false;
}

bool tls_warn_authorities(const struct tls *tls, struct error *out_warning)
{
	STACK_OF(X509) * all;
	bool warns = false;

	if (!tls->client_authorities)
		return false;
	all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(tls->context));
	for (int i = 0; !warns && i < sk_X509_num(all); i++) {
		X509 *one = sk_X509_value(all, i);
		char name[256] = "";

		if (is_linked(all, one, CHAIN_MOST))
			continue;
		(void)X509_NAME_oneline(X509_get_subject_name(one), name, sizeof(name));
		warns = true;
		error_set(out_warning, ERROR_INVALID,
				"%s: %s is no root, and the one above it is not in the file: "
				"nobody is let in by it",
				tls->client_authorities, name);
	}
	sk_X509_pop_free(all, X509_free);
	return warns;
}

int tls_verify_client(X509_STORE_CTX *verifying, void *context)
{
	unsigned long refusals = memory_refusals();
	int result = X509_verify_cert(verifying);

	(void)context;
	if (refusals == memory_refusals())
		return result;
	/* Whatever it found: it is not the certificate's fault, and may have been overlooked. */
	X509_STORE_CTX_set_error(verifying, X509_V_ERR_OUT_OF_MEM);
	return 0;
}

/* --- a connection that is there -------------------------------------------------------------- */

static bool list_has(const STACK_OF(X509_CRL) * lists, X509 *certificate)
{
	for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
		X509_CRL *list = sk_X509_CRL_value(lists, i);
		X509_REVOKED *entry;

		/* 2: it was taken off the list again. */
		if (X509_NAME_cmp(X509_CRL_get_issuer(list),
				    X509_get_issuer_name(certificate)) == 0 &&
				X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
			return true;
	}
	return false;
}

/* The same name and the same key: it may have been made anew. */
static bool is_trusted(const STACK_OF(X509) * anchors, X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(anchors); i++) {
		X509 *anchor = sk_X509_value(anchors, i);

		if (X509_NAME_cmp(X509_get_subject_name(anchor),
				    X509_get_subject_name(certificate)) == 0 &&
				EVP_PKEY_eq(X509_get0_pubkey(anchor),
						X509_get0_pubkey(certificate)) == 1)
			return true;
	}
	return false;
}

const char *tls_objection(struct tls *tls, const STACK_OF(X509) * chain)
{
	unsigned long refusals = memory_refusals();
	bool trusts = !tls->client_authorities;
	bool is_revoked = false;

	pthread_mutex_lock(&tls->lock);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);

		is_revoked |= list_has(tls->revoked, certificate);
		trusts |= is_trusted(tls->anchors, certificate);
	}
	pthread_mutex_unlock(&tls->lock);
	if (is_revoked)
		return "certificate revoked";
	/* What was compared without memory is found to be different. */
	if (refusals != memory_refusals())
		return TLS_OUT_OF_MEMORY;
	return trusts ? NULL : "authority not trusted";
}
