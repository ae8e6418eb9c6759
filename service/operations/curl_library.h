/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded by the first who needs it. It stands on two dozen libraries more, whose start takes time and
 * a third of an idle service's memory: a service without a webhook does without them.
 */
#pragma once

#include "base/error.h"

#include <curl/curl.h>

struct curl_library {
#define CURL_FUNCTION(name) __typeof__(&curl_##name) name;
#include "operations/curl.def"
#undef CURL_FUNCTION
};

/**
 * Lives for ever; any thread may ask. NULL: the machine has no libcurl, or an older one than this was built
 * for (ERROR_PRECONDITION).
 */
const struct curl_library *curl_library_get(struct error *err);
