/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/webhook_post.h"

#include "base/memory.h"
#include "operations/curl_library.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What is taken of an answer before it is left: nothing in it is of interest. */
#define HEADER_BYTES_MOST ((size_t)64 << 10)
#define BODY_BYTES_MOST ((size_t)64 << 10)

struct poster {
	struct poster_options options;
	const struct curl_library *curl;
	CURLM *multi;
};

/* --- addresses ------------------------------------------------------------------------------- */

struct address {
	const struct curl_library *curl;
	CURLU *url;
	char *scheme, *host, *port, *user, *password, *fragment;
};

static void address_fini(struct address *address)
{
	address->curl->free(address->scheme);
	address->curl->free(address->host);
	address->curl->free(address->port);
	address->curl->free(address->user);
	address->curl->free(address->password);
	address->curl->free(address->fragment);
	address->curl->url_cleanup(address->url);
}

/* false: it is no address. What it does not have stays NULL. */
static bool address_init(
		struct address *address, const struct curl_library *curl, const char *text)
{
	*address = (struct address){ .curl = curl, .url = curl->url() };
	if (!address->url ||
			address->curl->url_set(address->url, CURLUPART_URL, text,
					CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
			address->curl->url_get(address->url, CURLUPART_SCHEME, &address->scheme,
					0) != CURLUE_OK ||
			address->curl->url_get(address->url, CURLUPART_HOST, &address->host,
					0) != CURLUE_OK)
		return false;
	(void)address->curl->url_get(
			address->url, CURLUPART_PORT, &address->port, CURLU_DEFAULT_PORT);
	(void)address->curl->url_get(address->url, CURLUPART_USER, &address->user, 0);
	(void)address->curl->url_get(address->url, CURLUPART_PASSWORD, &address->password, 0);
	(void)address->curl->url_get(address->url, CURLUPART_FRAGMENT, &address->fragment, 0);
	return true;
}

static bool is_this_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
}

bool post_check_url(const char *url, bool plaintext, struct error *err)
{
	const struct curl_library *curl = curl_library_get(err);
	struct address address;
	bool ok;

	if (!curl)
		return false;
	ok = address_init(&address, curl, url);
	if (!ok)
		error_set(err, ERROR_INVALID, "must be an address such as https://host/path");
	else if (address.user || address.password)
		ok = error_set(err, ERROR_INVALID, "must hold no user or password");
	else if (address.fragment)
		ok = error_set(err, ERROR_INVALID, "must have no part behind a #");
	else if (strcmp(address.scheme, "https") != 0 && strcmp(address.scheme, "http") != 0)
		ok = error_set(err, ERROR_INVALID, "must begin with https://");
	else if (strcmp(address.scheme, "http") == 0 && !plaintext &&
			!is_this_machine(address.host))
		ok = error_set(err, ERROR_INVALID,
				"must begin with https://: otherwise what is sent to another "
				"machine is not encrypted; --webhook-insecure-plaintext "
				"allows it");
	address_fini(&address);
	return ok;
}

void post_print_origin(const char *url, char *out, size_t size)
{
	const struct curl_library *curl = curl_library_get(NULL);
	struct address address;

	*out = '\0';
	if (!curl)
		return;
	if (address_init(&address, curl, url))
		(void)snprintf(out, size, "%s://%s:%s", address.scheme, address.host,
				address.port ? address.port : "");
	address_fini(&address);
}

/* --- the poster ------------------------------------------------------------------------------ */

struct poster *poster_new(const struct poster_options *options, struct error *err)
{
	const struct curl_library *curl = curl_library_get(err);
	struct poster *poster;

	if (!curl)
		return NULL;
	poster = memory_alloc_zero(1, sizeof(*poster));
	if (!poster || curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		memory_free(poster);
		error_set(err, ERROR_MEMORY, "out of memory while opening the webhook");
		return NULL;
	}
	poster->options = *options;
	poster->curl = curl;
	poster->multi = poster->curl->multi_init();
	if (!poster->multi) {
		poster_free(poster);
		error_set(err, ERROR_MEMORY, "out of memory while opening the webhook");
		return NULL;
	}
	(void)poster->curl->multi_setopt(
			poster->multi, CURLMOPT_MAXCONNECTS, (long)options->most);
	(void)poster->curl->multi_setopt(
			poster->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->most);
	return poster;
}

void poster_free(struct poster *poster)
{
	if (!poster)
		return;
	poster->curl->multi_cleanup(poster->multi);
	poster->curl->global_cleanup();
	memory_free(poster);
}

void poster_wait(struct poster *poster, int timeout_ms)
{
	int running;

	(void)poster->curl->multi_poll(poster->multi, NULL, 0, timeout_ms, NULL);
	(void)poster->curl->multi_perform(poster->multi, &running);
}

void poster_wake(struct poster *poster)
{
	(void)poster->curl->multi_wakeup(poster->multi);
}

/* --- one post -------------------------------------------------------------------------------- */

/* Too much of an answer is left unread: the status has been said. */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct post *post = context;

	(void)data;
	post->body_bytes += size * count;
	return post->body_bytes > BODY_BYTES_MOST ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct post *post = context;

	(void)data;
	post->header_bytes += size * count;
	return post->header_bytes > HEADER_BYTES_MOST ? 0 : size * count;
}

bool post_init(struct post *post, struct poster *poster, struct error *err)
{
	post->poster = poster;
	post->handle = post->poster->curl->easy_init();
	return post->handle ||
	       error_set(err, ERROR_MEMORY, "out of memory while opening the webhook");
}

void post_fini(struct post *post)
{
	if (!post->poster)
		return;
	post->poster->curl->slist_free_all(post->list);
	post->poster->curl->easy_cleanup(post->handle);
	post->list = post->handle = NULL;
}

static bool headers_set(struct post *post)
{
	const struct curl_library *library = post->poster->curl;
	/* No "Expect: 100-continue" before a large body: many receivers do not know it. */
	struct curl_slist *list = library->slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < post->header_count; i++) {
		struct curl_slist *longer = library->slist_append(list, post->headers[i]);

		if (!longer) {
			library->slist_free_all(list);
			return false;
		}
		list = longer;
	}
	post->list = list;
	return list && library->easy_setopt(post->handle, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

static bool options_set(struct post *post)
{
	const struct poster_options *options = &post->poster->options;
	const struct curl_library *library = post->poster->curl;
	CURL *curl = post->handle;
	bool ok;

	library->easy_reset(curl);
	ok = library->easy_setopt(curl, CURLOPT_URL, options->url) == CURLE_OK &&
	     library->easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	     library->easy_setopt(curl, CURLOPT_USERAGENT, "policycalcd/" POLICYCALC_VERSION) ==
			     CURLE_OK &&
	     library->easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	     library->easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
			     CURLE_OK &&
	     (!options->ca || library->easy_setopt(curl, CURLOPT_CAINFO, options->ca) ==
					      CURLE_OK) &&
	     /* Nothing but what --webhook-ca names counts then, not the system's folder either. */
	     (!options->ca || library->easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK);
	(void)library->easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)library->easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)library->easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)library->easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* A name that is still being looked up when the service ends is not waited for. */
	(void)library->easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	(void)library->easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)library->easy_setopt(curl, CURLOPT_TIMEOUT_MS, options->timeout_ms);
	(void)library->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, options->timeout_ms);
	(void)library->easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)library->easy_setopt(curl, CURLOPT_WRITEDATA, post);
	(void)library->easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)library->easy_setopt(curl, CURLOPT_HEADERDATA, post);
	(void)library->easy_setopt(curl, CURLOPT_PRIVATE, post);
	(void)library->easy_setopt(curl, CURLOPT_POST, 1L);
	(void)library->easy_setopt(
			curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
	(void)library->easy_setopt(curl, CURLOPT_POSTFIELDS, post->body.data);
	return ok && headers_set(post);
}

bool post_start(struct post *post, struct error *err)
{
	assert(!post->list);
	post->status = 0;
	post->trouble = NULL;
	post->retry_after_ms = 0;
	post->header_bytes = post->body_bytes = 0;
	if (options_set(post) && post->poster->curl->multi_add_handle(
						 post->poster->multi, post->handle) == CURLM_OK)
		return true;
	post->poster->curl->slist_free_all(post->list);
	post->list = NULL;
	return error_set(err, ERROR_MEMORY, "out of memory while posting a delivery");
}

void post_cancel(struct post *post)
{
	(void)post->poster->curl->multi_remove_handle(post->poster->multi, post->handle);
	post->poster->curl->slist_free_all(post->list);
	post->list = NULL;
}

static void post_end(struct post *post, CURLcode result)
{
	curl_off_t seconds = 0;

	/* We have left too long an answer ourselves; its status was whole. */
	if (result == CURLE_WRITE_ERROR && post->body_bytes > BODY_BYTES_MOST)
		result = CURLE_OK;
	if (result == CURLE_OK) {
		(void)post->poster->curl->easy_getinfo(
				post->handle, CURLINFO_RESPONSE_CODE, &post->status);
		(void)post->poster->curl->easy_getinfo(
				post->handle, CURLINFO_RETRY_AFTER, &seconds);
	}
	if (seconds > 0)
		post->retry_after_ms = seconds < INT64_MAX / 1000 ? (int64_t)seconds * 1000
								  : INT64_MAX;
	if (post->status == 0)
		post->trouble = result == CURLE_OK ? "the answer has no status"
						   : post->poster->curl->easy_strerror(result);
	post_cancel(post);
}

struct post *poster_next(struct poster *poster)
{
	CURLMsg *message;
	int left;

	while ((message = poster->curl->multi_info_read(poster->multi, &left))) {
		CURLcode result = message->data.result;
		char *post = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)poster->curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &post);
		post_end((struct post *)(void *)post, result);
		return (struct post *)(void *)post;
	}
	return NULL;
}
