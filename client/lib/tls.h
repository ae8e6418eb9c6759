/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a link: whom a client trusts and who it is, and the handshake. What the server shows is always
 * verified, its name too; it must speak HTTP/2 (ALPN "h2"). TLS 1.3, and 1.2 with forward secrecy.
 */
#pragma once

#include "client/lib/link.h"

struct tls_client;

/* Files in PEM; all may be NULL. */
struct tls_files {
	const char *authorities; /* that are trusted; NULL: the system's */
	const char *certificate; /* ours, then those between it and its authority */
	const char *key;	 /* of it; NULL: in the same file */
	const char *name; /* that the server's certificate must have; NULL: that of the address */
};

/** Reads the files. ERROR_INVALID names the one that will not do. */
struct tls_client *tls_client_new(const struct tls_files *files, struct error *err);
/** After the last link. NULL is fine. */
void tls_client_free(struct tls_client *client);
/**
 * Makes @link, which is open to @address, speak TLS; until @deadline. false: ERROR_UNAVAILABLE, ERROR_DEADLINE,
 * ERROR_MEMORY; ->trouble tells more. The link is to be closed then, too.
 */
bool tls_client_secure(struct tls_client *client, struct link *link, const char *address,
		int64_t deadline, struct error *err);
/** What a trouble is, in words; "" for none. client/render/message_words.def has them in Chinese. */
const char *link_trouble_en(enum link_trouble trouble);
