/* SPDX-License-Identifier: Apache-2.0 */
#include "config_webhook.h"

#include "operations/webhook.h"
#include "operations/webhook_post.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <string.h>
#include <strings.h>

#define DAY_MS (24L * 3600 * 1000)

_Static_assert(WEBHOOK_MOST == 256, "the text below says so");

void config_webhook_init(struct config_webhook *webhook)
{
	*webhook = (struct config_webhook){
		.timeout_ms = 10000,
		.concurrency = 8,
		.attempts = 20,
		.retry_ms = 1000,
		.retry_most_ms = 3600000,
		.region = "",
	};
}

/* Its bit; 0: there is no such kind. */
static uint32_t kind_parse(const char *text, size_t size)
{
	const ProtobufCEnumDescriptor *kinds = &policycalc__v1__kind__descriptor;

	for (unsigned i = 0; i < kinds->n_values; i++) {
		const char *name = kinds->values[i].name + strlen("KIND_");

		if (kinds->values[i].value > 0 && strlen(name) == size &&
				strncasecmp(name, text, size) == 0)
			return 1u << (unsigned)kinds->values[i].value;
	}
	return 0;
}

/* "award,subsidy" */
static bool kinds_parse(const char *text, uint32_t *out_kinds)
{
	*out_kinds = 0;
	while (*text) {
		size_t size = strcspn(text, ",");
		uint32_t kind = kind_parse(text, size);

		if (!kind)
			return false;
		*out_kinds |= kind;
		text += size;
		text += *text == ',';
	}
	return true;
}

static bool is_region(const char *text)
{
	return *text == '\0' || (strlen(text) == 6 && text[strspn(text, "0123456789")] == '\0');
}

static const char *number_set(
		const char *value, long least, long most, long *number, const char *expected)
{
	return config_parse_number(value, least, most, number) ? NULL : expected;
}

const char *config_webhook_set(struct config_webhook *webhook,
		enum config_webhook_option option, const char *value)
{
	switch (option) {
	case WEBHOOK_URL:
		webhook->url = *value ? value : NULL;
		return NULL;
	case WEBHOOK_SECRET:
		webhook->secret = value;
		return *value ? NULL : "a file";
	case WEBHOOK_CA:
		webhook->ca = value;
		return *value ? NULL : "a file";
	case WEBHOOK_TIMEOUT_MS:
		return number_set(value, 100, 600000, &webhook->timeout_ms,
				"milliseconds from 100 to 600000");
	case WEBHOOK_CONCURRENCY:
		return number_set(value, 1, WEBHOOK_MOST, &webhook->concurrency,
				"a number from 1 to 256");
	case WEBHOOK_ATTEMPTS:
		return number_set(
				value, 1, 1000, &webhook->attempts, "a number from 1 to 1000");
	case WEBHOOK_RETRY_MS:
		return number_set(value, 1, DAY_MS, &webhook->retry_ms,
				"milliseconds from 1 to 86400000");
	case WEBHOOK_RETRY_MOST_MS:
		return number_set(value, 1, DAY_MS, &webhook->retry_most_ms,
				"milliseconds from 1 to 86400000");
	case WEBHOOK_KINDS:
		return kinds_parse(value, &webhook->kinds)
				       ? NULL
				       : "of loan, subsidy, award, tax_relief, refund, fund, "
					 "recognition, service, parted by commas";
	case WEBHOOK_REGION:
		webhook->region = value;
		return is_region(value) ? NULL : "the six digits of a region";
	case WEBHOOK_INSECURE_PLAINTEXT:
		return config_parse_switch(value, &webhook->plaintext) ? NULL : "true or false";
	case WEBHOOK_OPTION_COUNT:
		break;
	}
	return "an option";
}

bool config_webhook_check(const struct config_webhook *webhook, struct error *err)
{
	if (!webhook->url)
		return true;
	if (!post_check_url(webhook->url, webhook->plaintext, err))
		return error_prefix(err, "webhook-url");
	if (webhook->retry_most_ms < webhook->retry_ms)
		return error_set(err, ERROR_INVALID,
				"webhook-retry-most-ms must not be less than webhook-retry-ms");
	return true;
}

static void kinds_print(uint32_t kinds, FILE *out)
{
	const char *comma = "";

	fputs("webhook-kinds = ", out);
	for (int i = 1; i < 32; i++) {
		const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
				&policycalc__v1__kind__descriptor, i);

		if (!value || !(kinds & 1u << i))
			continue;
		fprintf(out, "%s%s", comma, value->name + strlen("KIND_"));
		comma = ",";
	}
	fputc('\n', out);
}

void config_webhook_print(const struct config_webhook *webhook, FILE *out)
{
	if (!webhook->url)
		return;
	fprintf(out, "webhook-url = %s\n", webhook->url);
	if (webhook->secret)
		fprintf(out, "webhook-secret = %s\n", webhook->secret);
	if (webhook->ca)
		fprintf(out, "webhook-ca = %s\n", webhook->ca);
	fprintf(out, "webhook-timeout-ms = %ld\n", webhook->timeout_ms);
	fprintf(out, "webhook-concurrency = %ld\n", webhook->concurrency);
	fprintf(out, "webhook-attempts = %ld\n", webhook->attempts);
	fprintf(out, "webhook-retry-ms = %ld\n", webhook->retry_ms);
	fprintf(out, "webhook-retry-most-ms = %ld\n", webhook->retry_most_ms);
	if (webhook->kinds)
		kinds_print(webhook->kinds, out);
	if (*webhook->region)
		fprintf(out, "webhook-region = %s\n", webhook->region);
	fprintf(out, "webhook-insecure-plaintext = %s\n",
			webhook->plaintext ? "true" : "false");
}
