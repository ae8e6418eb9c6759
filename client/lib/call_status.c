/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/channel_internal.h"
#include "google/rpc/error_details.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RETRY_MOST_MS INT64_C(86400000)

void call_status_fini(struct call_status *status)
{
	buffer_fini(&status->details);
	*status = (struct call_status){ 0 };
}

/* A text cut in the middle of a character loses that character. */
static void text_cut(char *text)
{
	size_t size = strlen(text);
	size_t back = 0;

	while (back < size && back < 3 && ((unsigned char)text[size - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < size) {
		unsigned char lead = (unsigned char)text[size - 1 - back];
		size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;

		if (wanted > back)
			text[size - 1 - back] = '\0';
	}
}

bool call_status_set(struct call_status *status, int code, const char *format, ...)
{
	va_list args;

	buffer_fini(&status->details);
	status->code = code;
	va_start(args, format);
	(void)vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
	text_cut(status->message);
	return false;
}

void text_copy(char *out, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		length = size - 1;
	memcpy(out, text, length);
	out[length] = '\0';
	text_cut(out);
}

int64_t retry_delay_ms(const Google__Rpc__RetryInfo *retry)
{
	const Google__Rpc__RetryInfo__Delay *delay = retry->retry_delay;

	if (!delay || delay->seconds < 0 || delay->nanos < 0 || delay->nanos > 999999999)
		return 0;
	if (delay->seconds >= RETRY_MOST_MS / 1000)
		return RETRY_MOST_MS;
	return delay->seconds * 1000 + (delay->nanos + 999999) / 1000000;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void call_status_decode_message(struct call_status *status, struct slice text)
{
	size_t used = 0;

	for (size_t i = 0; i < text.size && used + 1 < sizeof(status->message); i++) {
		char c = text.data[i];

		if (c == '%' && i + 2 < text.size && hex_digit(text.data[i + 1]) >= 0 &&
				hex_digit(text.data[i + 2]) >= 0) {
			c = (char)(hex_digit(text.data[i + 1]) * 16 +
					hex_digit(text.data[i + 2]));
			i += 2;
		}
		if (c)
			status->message[used++] = c;
	}
	status->message[used] = '\0';
	text_cut(status->message);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

void call_status_decode_details(struct call_status *status, struct slice text)
{
	unsigned bits = 0;
	int count = 0;

	buffer_clear(&status->details);
	for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
		int digit = base64_digit(text.data[i]);

		if (digit < 0) {
			buffer_clear(&status->details);
			return;
		}
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			buffer_append_char(&status->details, (char)(bits >> count & 0xff));
		}
	}
}
