/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of HTTP/1, as far as a page of numbers needs it: GET and HEAD without a body.
 *
 * Strict, since nobody but scrapers and browsers comes here: lines end with CR LF, names are tokens, a
 * header is never folded, and nothing that could be read in two ways is read at all.
 */
#pragma once

#include "base/slice.h"

/* A request has no more bytes. */
#define SCRAPE_REQUEST_MOST 8192

struct scrape_request {
	struct slice path;  /* "/metrics" */
	struct slice query; /* behind the "?"; empty: none */
	struct slice host;  /* empty: none, as HTTP/1.0 may */
	bool is_head;
};

/**
 * 0: there is more to come; 200: it is read; any other: the status to refuse with. Texts borrow from
 * @bytes.
 */
int scrape_request_parse(struct slice bytes, struct scrape_request *out_request);
/** Whether a Host header names this machine: an address, or localhost, with or without a port. */
bool scrape_host_is_literal(struct slice host);
/** Value of @name in a query; empty: there is none. Nothing is decoded. */
struct slice scrape_query_find(struct slice query, const char *name);
