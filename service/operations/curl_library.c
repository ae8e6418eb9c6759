/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/curl_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

static struct curl_library library;
static char trouble[256]; /* why there is none */

static const struct {
	const char *name;
	size_t at; /* in struct curl_library */
} functions[] = {
#define CURL_FUNCTION(name) { "curl_" #name, offsetof(struct curl_library, name) },
#include "operations/curl.def"
#undef CURL_FUNCTION
};

static void library_load(void)
{
	/* Never closed: libraries it stands on have threads and handlers of their own at the end. */
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		(void)snprintf(trouble, sizeof(trouble), "%s", dlerror());
		return;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function) {
			(void)snprintf(trouble, sizeof(trouble), LIBRARY " has no %s()",
					functions[i].name);
			return;
		}
		memcpy((char *)&library + functions[i].at, &function, sizeof(function));
	}
}

const struct curl_library *curl_library_get(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, library_load);
	if (!trouble[0])
		return &library;
	error_set(err, ERROR_PRECONDITION, "a webhook needs libcurl (package libcurl4): %s",
			trouble);
	return NULL;
}
