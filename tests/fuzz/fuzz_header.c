/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codecs of headers: grpc-timeout, grpc-message and "-bin" metadata. The first byte picks one. What is
 * encoded decodes to itself; what decodes is encoded as one of few forms; a timeout is a number and a unit.
 */
#include "base/wide.h"
#include "rpc/base64.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool equals(const struct buffer *buffer, struct slice text)
{
	return buffer->size == text.size &&
	       (text.size == 0 || memcmp(buffer->data, text.data, text.size) == 0);
}

static void use_timeout(struct slice text)
{
	static const char units[] = "HMSmun";
	static const wide_int thousandths[] = { (wide_int)3600000000000, 60000000000,
		1000000000, 1000000, 1000, 1 }; /* nanoseconds */
	uint64_t found = 0;
	bool good = text.size >= 2 && text.size <= 9;
	wide_int exact = 0;
	const char *unit = NULL;

	for (size_t i = 0; good && i + 1 < text.size; i++) {
		good = text.data[i] >= '0' && text.data[i] <= '9';
		exact = exact * 10 + (text.data[i] - '0');
	}
	if (good && text.data[text.size - 1])
		unit = strchr(units, text.data[text.size - 1]);
	require(timeout_parse(text, &found) == (good && unit != NULL));
	if (!good || !unit)
		return;
	exact = (exact * thousandths[unit - units] + 999) / 1000;
	require(found == (exact > INT64_MAX ? (uint64_t)INT64_MAX : (uint64_t)exact));
}

static void use_percent(struct slice text)
{
	struct buffer encoded = { 0 }, decoded = { 0 };

	percent_encode(text, text.size, &encoded);
	for (size_t i = 0; i < encoded.size; i++)
		require(encoded.data[i] >= 0x20 && encoded.data[i] <= 0x7e);
	percent_decode((struct slice){ encoded.data, encoded.size }, &decoded);
	require(equals(&decoded, text));
	buffer_clear(&encoded);
	percent_encode(text, 10, &encoded);
	require(encoded.size <= 30);
	buffer_clear(&decoded);
	percent_decode(text, &decoded);
	require(decoded.size <= text.size);
	buffer_fini(&encoded);
	buffer_fini(&decoded);
}

static void use_base64(struct slice text)
{
	struct buffer encoded = { 0 }, decoded = { 0 };

	base64_encode(text, &encoded);
	require(base64_decode((struct slice){ encoded.data, encoded.size }, &decoded));
	require(equals(&decoded, text));
	buffer_clear(&decoded);
	if (base64_decode(text, &decoded)) {
		struct slice bare = text;

		while (bare.size && bare.data[bare.size - 1] == '=')
			bare.size--;
		buffer_clear(&encoded);
		base64_encode((struct slice){ decoded.data, decoded.size }, &encoded);
		/* Bits that no byte takes may differ, in the last character. */
		require(encoded.size == bare.size);
		require(bare.size < 2 || memcmp(encoded.data, bare.data, bare.size - 1) == 0);
	} else {
		require(decoded.size == 0);
	}
	buffer_fini(&encoded);
	buffer_fini(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		use_timeout(text);
	else if (data[0] % 3 == 1)
		use_percent(text);
	else
		use_base64(text);
	return 0;
}
