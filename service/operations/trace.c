/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/trace.h"

#define ID_AT 3
#define PARENT_AT 36
#define FLAGS_AT 53
#define SIZE 55

static bool is_hex(struct slice text, bool or_upper)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
				    (or_upper && c >= 'A' && c <= 'F')))
			return false;
	}
	return text.size > 0;
}

/* Hex digits that are not all 0: those say that there is none. */
static bool is_id(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] != '0')
			return is_hex(text, false);
	return false;
}

/* "00-" 32 digits "-" 16 digits "-" 2 digits; a later version may have more behind one more "-". */
bool trace_parse(struct slice header, struct trace *out_trace)
{
	const char *text = header.data;
	bool is_first = header.size >= 2 && text[0] == '0' && text[1] == '0';

	if (header.size < SIZE || text[2] != '-' || text[PARENT_AT - 1] != '-' ||
			text[FLAGS_AT - 1] != '-')
		return false;
	if (header.size > SIZE && (is_first || text[SIZE] != '-'))
		return false;
	if (!is_hex((struct slice){ text, 2 }, false) || memcmp(text, "ff", 2) == 0 ||
			!is_id((struct slice){ text + ID_AT, 32 }) ||
			!is_id((struct slice){ text + PARENT_AT, 16 }) ||
			!is_hex((struct slice){ text + FLAGS_AT, 2 }, false))
		return false;
	memcpy(out_trace->id, text + ID_AT, 32);
	memcpy(out_trace->parent, text + PARENT_AT, 16);
	out_trace->id[32] = out_trace->parent[16] = '\0';
	return true;
}

bool trace_request_id(struct slice header, char out[TRACE_REQUEST_ID_SIZE])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool is_uuid = header.size == sizeof(form) - 1;

	for (size_t i = 0; is_uuid && i < header.size; i++)
		is_uuid = form[i] == '-' ? header.data[i] == '-'
					 : is_hex((struct slice){ header.data + i, 1 }, true);
	if (!is_uuid && (header.size != 32 || !is_hex(header, true)))
		return false;
	memcpy(out, header.data, header.size);
	out[header.size] = '\0';
	return true;
}
