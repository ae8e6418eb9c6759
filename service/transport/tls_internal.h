/* SPDX-License-Identifier: Apache-2.0 */
/* What tls.c (who we are) and tls_stream.c (one connection) share. */
#pragma once

#include "transport/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>

struct tls {
	char *certificate, *key, *client_authorities,
			*client_revoked; /* files; NULL: not given */
	BIO_METHOD *method;		 /* of the streams */
	pthread_mutex_t lock;		 /* for ->context */
	SSL_CTX *context;		 /* the newest; each stream holds its own */
	STACK_OF(X509_CRL) * revoked;	 /* of ->context, under the lock; NULL: none */
	STACK_OF(X509) * anchors;	 /* of clients, see tls_clients.c; likewise */
	_Atomic int64_t not_after;	 /* of our certificate */
	_Atomic int64_t revoked_until; /* the first of the CRLs to end; INT64_MAX: none ends */
	int64_t revoked_since;	       /* when that one began */
};

/** Those of the authorities in @context that chains may end with; NULL when memory is short. To be freed with all in it. */
STACK_OF(X509) * tls_anchors(SSL_CTX *context);
/** Clients are told the names of the authorities in @context. false: memory is short. */
bool tls_name_authorities(SSL_CTX *context);
/** For SSL_CTX_set_cert_verify_callback(): without memory nobody is said to have a bad certificate. */
int tls_verify_client(X509_STORE_CTX *verifying, void *context);
/** See tls_stream_objection(); @chain is that which was verified when the connection began. */
const char *tls_objection(struct tls *tls, const STACK_OF(X509) * chain);
/** What streams are made of. NULL when memory is short. */
BIO_METHOD *tls_stream_method_new(void);
