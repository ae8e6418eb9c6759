/* SPDX-License-Identifier: Apache-2.0 */
/* A request to the metrics, whole and cut anywhere: what is read of it lies inside it, and does not change. */
#include "operations/scrape_request.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_inside(struct slice part, struct slice whole)
{
	if (part.size && (part.data < whole.data ||
					 part.data + part.size > whole.data + whole.size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct scrape_request request = { 0 };
	int status = scrape_request_parse(bytes, &request);

	/* What asks for more must not be whole already; what is whole stays what it was. */
	if ((status == 0) != !(size && memmem(data, size, "\r\n\r\n", 4)))
		abort();
	for (size_t cut = 0; status != 0 && cut < size && cut < 64; cut++) {
		struct scrape_request other = { 0 };
		int part = scrape_request_parse((struct slice){ bytes.data, cut }, &other);

		if (part != 0 && part != status)
			abort();
	}
	if (status != 200)
		return 0;
	expect_inside(request.path, bytes);
	expect_inside(request.query, bytes);
	expect_inside(request.host, bytes);
	if (!request.path.size || request.path.data[0] != '/')
		abort();
	expect_inside(scrape_query_find(request.query, "lang"), bytes);
	(void)scrape_host_is_literal(request.host);
	return 0;
}
