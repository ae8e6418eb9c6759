/* SPDX-License-Identifier: Apache-2.0 */
#include "openssl_memory.h"

#include "base/memory.h"

#include <openssl/crypto.h>

static void *on_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size ? memory_alloc(size) : NULL;
}

static void *on_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size)
		return memory_resize(old, size);
	memory_free(old);
	return NULL;
}

static void on_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	memory_free(memory);
}

bool openssl_memory_begin(void)
{
	return CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free) == 1;
}
