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
	STACK_OF(X509) * authorities;	 /* of clients; likewise */
	_Atomic int64_t not_after;	 /* of our certificate */
	_Atomic int64_t revoked_until; /* the first of the CRLs to end; INT64_MAX: none ends */
	int64_t revoked_since;	       /* when that one began */
};

/** What streams are made of. NULL when memory is short. */
BIO_METHOD *tls_stream_method_new(void);
