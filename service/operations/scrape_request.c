/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/scrape_request.h"

#include "base/trim.h"

static bool is_token(struct slice text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				    (c >= '0' && c <= '9') ||
				    (c && memchr(others, c, sizeof(others) - 1))))
			return false;
	}
	return text.size > 0;
}

/* Takes what stands before @mark off @text; false: there is none. */
static bool take(struct slice *text, const char *mark, size_t mark_size, struct slice *out_part)
{
	const char *found = text->size ? memmem(text->data, text->size, mark, mark_size) : NULL;

	if (!found)
		return false;
	*out_part = (struct slice){ text->data, (size_t)(found - text->data) };
	text->size -= out_part->size + mark_size;
	text->data = found + mark_size;
	return true;
}

/* No control characters but the tab; so no stray CR or LF either. */
static bool is_value(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_target(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= 0x20 || text.data[i] > 0x7e || text.data[i] == '#')
			return false;
	return text.size > 0 && text.data[0] == '/';
}

static bool is_named(struct slice name, const char *lower)
{
	size_t size = strlen(lower);

	if (name.size != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = name.data[i];

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i])
			return false;
	}
	return true;
}

/* "GET /metrics?x HTTP/1.1" */
static int parse_line(struct slice line, struct scrape_request *request, bool *out_is_new)
{
	struct slice method, target;

	if (!take(&line, " ", 1, &method) || !is_token(method) ||
			!take(&line, " ", 1, &target) || !is_target(target))
		return 400;
	if (line.size != 8 || memcmp(line.data, "HTTP/", 5) != 0 || line.data[6] != '.' ||
			line.data[5] < '0' || line.data[5] > '9' || line.data[7] < '0' ||
			line.data[7] > '9')
		return 400;
	if (line.data[5] != '1' || line.data[7] > '1')
		return 505;
	*out_is_new = line.data[7] == '1';
	request->is_head = slice_equals_text(method, "HEAD");
	if (!request->is_head && !slice_equals_text(method, "GET"))
		return 405;
	request->path = target;
	if (take(&target, "?", 1, &request->path))
		request->query = target;
	return 200;
}

static int parse_header(struct slice line, struct scrape_request *request)
{
	struct slice name, value;

	if (!take(&line, ":", 1, &name) || !is_token(name) || !is_value(line))
		return 400;
	value = slice_trim(line);
	if (is_named(name, "host")) {
		if (request->host.data || value.size == 0)
			return 400;
		request->host = value;
	}
	/* A body has no place here, and its end is what readers of HTTP/1 disagree about. */
	if (is_named(name, "transfer-encoding") ||
			(is_named(name, "content-length") && !slice_equals_text(value, "0")))
		return 413;
	return 200;
}

int scrape_request_parse(struct slice bytes, struct scrape_request *out_request)
{
	struct scrape_request request = { 0 };
	struct slice block, line = { 0 };
	bool is_new = false;
	int status;

	if (!take(&bytes, "\r\n\r\n", 4, &block))
		return 0;
	/* So that each of its lines has its end. */
	block.size += 2;
	(void)take(&block, "\r\n", 2, &line);
	status = parse_line(line, &request, &is_new);
	while (status == 200 && take(&block, "\r\n", 2, &line))
		status = parse_header(line, &request);
	if (status == 200 && is_new && !request.host.data)
		status = 400;
	if (status == 200)
		*out_request = request;
	return status;
}

bool scrape_host_is_literal(struct slice host)
{
	size_t size = 0;

	if (host.size && host.data[0] == '[') {
		const char *end = memchr(host.data, ']', host.size);

		size = end ? (size_t)(end - host.data) + 1 : 0;
		for (size_t i = 1; i + 1 < size; i++)
			if (!memchr("0123456789abcdefABCDEF:.", host.data[i], 24))
				return false;
	} else {
		while (size < host.size && host.data[size] != ':')
			size++;
		if (!is_named((struct slice){ host.data, size }, "localhost"))
			for (size_t i = 0; i < size; i++)
				if (!memchr("0123456789.", host.data[i], 11))
					return false;
	}
	if (size == 0)
		return false;
	if (size == host.size)
		return true;
	if (host.data[size] != ':' || host.size - size > 6 || host.size - size < 2)
		return false;
	for (size_t i = size + 1; i < host.size; i++)
		if (host.data[i] < '0' || host.data[i] > '9')
			return false;
	return true;
}

struct slice scrape_query_find(struct slice query, const char *name)
{
	while (query.size) {
		struct slice part = query, key;

		if (!take(&query, "&", 1, &part))
			query.size = 0;
		if (take(&part, "=", 1, &key) && slice_equals_text(key, name))
			return part;
	}
	return (struct slice){ NULL, 0 };
}
