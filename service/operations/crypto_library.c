/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/crypto_library.h"

#include "base/memory.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stddef.h>

static bool is_beginning;

static void *given(void *memory)
{
	if (!memory && is_beginning)
		memory_give_up();
	return memory;
}

static void *on_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size ? given(memory_alloc(size)) : NULL;
}

static void on_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	memory_free(memory);
}

static void *on_realloc(void *old, size_t size, const char *file, int line)
{
	if (size)
		return given(memory_resize(old, size));
	on_free(old, file, line);
	return NULL;
}

/*
 * Whatever is fetched makes the tables ready that all others of its kind are looked up in: those of ciphers are
 * large, and only TLS asks for one, or for random bytes, which are made with one.
 */
static bool make_ready(bool speaks_tls)
{
	EVP_MD *hash = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_CIPHER *cipher = speaks_tls ? EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL) : NULL;
	unsigned char byte;
	bool ok = hash && mac;

	if (ok && speaks_tls)
		ok = cipher && RAND_bytes(&byte, 1) == 1 && OPENSSL_init_ssl(0, NULL) == 1;
	EVP_MD_free(hash);
	EVP_MAC_free(mac);
	EVP_CIPHER_free(cipher);
	ERR_clear_error();
	return ok;
}

void crypto_library_begin(bool speaks_tls)
{
	/* Refused when somebody has taken memory before us: then it keeps its own allocator. */
	(void)CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free);
	is_beginning = true;
	if (!make_ready(speaks_tls))
		memory_give_up();
	is_beginning = false;
}
