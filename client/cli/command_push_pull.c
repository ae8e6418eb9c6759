/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push pull: deliveries on a lease, for people, as NDJSON or as CSV. */
#include "client/cli/command_push.h"

#include "client/lib/answer_stream.h"
#include "client/render/push.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

/* Acknowledged together, after they were written. */
#define ACK_STEP 500

static const char HELP_ZH[] =
		"用法：policycalc push pull [选项]\n"
		"\n"
		"领取可发送的消息，每份带租约；到期未确认的会再次发出（同一凭证号"
		"、同一内容）。\n"
		"  --consumer 名称   由谁领取（默认 $USER）\n"
		"  --limit N         最多 N 份（默认 1000）\n"
		"  --lease 秒        租约多长（默认 300，10～86400）\n"
		"  --region 地区     只要注册在这个地区（代码或名称，含下级）的企业\n"
		"  --kind 种类       只要含这种政策的：loan subsidy award "
		"tax_relief refund fund\n"
		"                    recognition service\n"
		"  --ack             写出后即确认送达\n"
		"  --format 格式     table（默认）、ndjson（即 "
		"json，每行一份）、csv（每行一条内容）\n"
		"\n"
		"例：policycalc push pull --format ndjson > 消息.ndjson\n"
		"    policycalc push ack -f 消息.ndjson\n";
static const char HELP_EN[] = "usage: policycalc push pull [options]\n"
			      "\n"
			      "Takes released deliveries, each on a lease; what is not "
			      "acknowledged by its end is\n"
			      "handed out again, with the same key and content.\n"
			      "  --consumer NAME   who pulls ($USER)\n"
			      "  --limit N         at most N (1000)\n"
			      "  --lease SECONDS   how long (300; 10 to 86400)\n"
			      "  --region PLACE    only enterprises registered there or below: "
			      "a code or a name\n"
			      "  --kind KIND       only with news of such a policy: loan "
			      "subsidy award tax_relief\n"
			      "                    refund fund recognition service\n"
			      "  --ack             acknowledge what was written\n"
			      "  --format FORMAT   table (the default), ndjson (or json: one a "
			      "line), csv (one\n"
			      "                    piece of news a line)\n"
			      "\n"
			      "Example: policycalc push pull --format ndjson > news.ndjson\n"
			      "         policycalc push ack -f news.ndjson\n";

typedef Policycalc__V1__AckDeliveriesRequest__Ack ack_message;

struct pulling {
	struct cli *cli;
	bool csv, lines, acks;
	int64_t count;
	struct buffer out;
	/* What was written and is not acknowledged yet. */
	Policycalc__V1__AckDeliveriesRequest request;
	ack_message list[ACK_STEP];
	ack_message *pointers[ACK_STEP];
	char texts[ACK_STEP][2][72];
};

/* --- writing ---------------------------------------------------------------------------------- */

/* {"key":...,"lease":...,"leasedUntil":...,"attempts":N,"digest":{...}} */
static void line_print(struct pulling *pulling,
		const Policycalc__V1__PullDeliveriesResponse *delivery,
		const Policycalc__V1__Digest *digest)
{
	struct buffer *out = &pulling->out;

	/* Keys, leases and times hold nothing that JSON would escape. */
	buffer_format(out,
			"{\"key\":\"%s\",\"lease\":\"%s\",\"leasedUntil\":\"%s\",\"attempts\":%"
			"d,"
			"\"digest\":",
			delivery->key, delivery->lease, delivery->leased_until,
			(int)delivery->attempts);
	if (!cli_append_json_line(digest, out))
		out->failed = true;
	if (out->size && out->data[out->size - 1] == '\n')
		out->size--;
	buffer_append_text(out, "}\n");
}

static int acks_flush(struct pulling *pulling)
{
	const Policycalc__V1__AckDeliveriesResponse *response;
	int code;

	if (pulling->request.n_acks == 0)
		return CLI_OK;
	code = push_call(pulling->cli, "AckDeliveries", &pulling->request.base,
			&policycalc__v1__ack_deliveries_response__descriptor, &response);
	pulling->request.n_acks = 0;
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < response->n_others; i++)
		code = cli_failure(pulling->cli, "%.64s: %s", response->others[i]->key,
				response->others[i]->reason);
	return code;
}

static int out_flush(struct pulling *pulling)
{
	int code = cli_write(pulling->cli, &pulling->out);

	pulling->out = (struct buffer){ 0 };
	/* Only what was written is acknowledged. */
	return code == CLI_OK && pulling->acks ? acks_flush(pulling) : code;
}

static void ack_note(struct pulling *pulling, const char *key, const char *lease)
{
	size_t index = pulling->request.n_acks++;
	ack_message *ack = &pulling->list[index];

	policycalc__v1__ack_deliveries_request__ack__init(ack);
	text_copy(pulling->texts[index][0], sizeof(pulling->texts[index][0]), key);
	text_copy(pulling->texts[index][1], sizeof(pulling->texts[index][1]), lease);
	ack->key = pulling->texts[index][0];
	ack->lease = pulling->texts[index][1];
	pulling->pointers[index] = ack;
}

static int delivery_take(struct pulling *pulling,
		const Policycalc__V1__PullDeliveriesResponse *delivery, struct arena *arena)
{
	const Policycalc__V1__Digest *digest;
	struct slice bytes = { (const char *)delivery->digest.data, delivery->digest.len };
	struct error err;

	digest = (const Policycalc__V1__Digest *)message_unpack(bytes,
			&policycalc__v1__digest__descriptor, &message_limits_default, arena,
			&err);
	if (!digest)
		return cli_failure(pulling->cli, "%.64s: %s", delivery->key, err.message);
	if (pulling->lines)
		line_print(pulling, delivery, digest);
	else if (pulling->csv)
		digest_print_csv(&pulling->cli->style, delivery, digest, &pulling->out);
	else
		digest_print(&pulling->cli->style, digest, &pulling->out);
	ack_note(pulling, delivery->key, delivery->lease);
	pulling->count++;
	if (pulling->request.n_acks < ACK_STEP && pulling->out.size < 65536)
		return CLI_OK;
	if (!pulling->acks)
		pulling->request.n_acks = 0;
	return out_flush(pulling);
}

/* --- receiving -------------------------------------------------------------------------------- */

static int deliveries_receive(struct pulling *pulling, struct answer_stream *stream)
{
	const Policycalc__V1__PullDeliveriesResponse *delivery = NULL;
	struct arena arena;
	int code;

	arena_init(&arena, (size_t)64 << 20);
	for (;;) {
		code = cli_receive(pulling->cli, stream, NULL, &delivery);
		if (code != CLI_OK || !delivery)
			break;
		arena_reset(&arena);
		code = delivery_take(pulling, delivery, &arena);
		if (code != CLI_OK)
			break;
	}
	arena_fini(&arena);
	return code;
}

static int pull(struct pulling *pulling, const Policycalc__V1__PullDeliveriesRequest *request)
{
	struct cli *cli = pulling->cli;
	struct answer_stream stream = { 0 };
	int code, last;

	code = cli_open_stream(cli, &stream, PUSH_PATH "PullDeliveries", &request->base,
			&policycalc__v1__pull_deliveries_response__descriptor);
	if (code == CLI_OK)
		code = deliveries_receive(pulling, &stream);
	answer_stream_close(&stream);
	if (code == CLI_OK && !pulling->count && !pulling->csv && !pulling->lines)
		buffer_append_text(&pulling->out,
				cli_word(cli, "没有可领取的消息\n", "nothing to pull\n"));
	if (pulling->count && !pulling->csv && !pulling->lines && !pulling->acks)
		buffer_format(&pulling->out,
				cli_word(cli,
						"\n已领取 %zu "
						"份，租约到期前别人领不到；只是看看请用 "
						"push deliveries。\n要确认送达，用 --format "
						"ndjson（或 csv）领取，再 push ack -f 文件。\n",
						"\n%zu are leased: nobody else gets them "
						"before the "
						"lease ends; push deliveries only looks.\nTo "
						"acknowledge, pull with --format ndjson (or "
						"csv), then "
						"push ack -f FILE.\n"),
				(size_t)pulling->count);
	/* What came before a failure was leased, and is written. */
	last = out_flush(pulling);
	return code == CLI_OK ? last : code;
}

static int kind_find(const char *text)
{
	for (int i = 1; i <= POLICYCALC__V1__KIND__KIND_SERVICE; i++) {
		const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
				&policycalc__v1__kind__descriptor, i);
		const char *name = value ? value->name + strlen("KIND_") : "";
		size_t k = 0;

		while (name[k] && (text[k] & ~0x20) == (name[k] & ~0x20))
			k++;
		if (!name[k] && !text[k])
			return i;
	}
	return 0;
}

int command_push_pull(struct cli *cli, int argc, char **argv)
{
	static const char *const formats[] = { "ndjson", "csv", NULL };
	static struct pulling pulling;
	const char *user = getenv("USER");
	const char *consumer = user && *user ? user : "policycalc", *limit = NULL,
		   *lease = NULL;
	const char *region = "", *kind = NULL;
	const struct cli_option list[] = {
		{ "--consumer", .text = &consumer },
		{ "--limit", .text = &limit },
		{ "--lease", .text = &lease },
		{ "--region", .text = &region },
		{ "--kind", .text = &kind },
		{ "--ack", .flag = &pulling.acks },
	};
	Policycalc__V1__PullDeliveriesRequest request =
			POLICYCALC__V1__PULL_DELIVERIES_REQUEST__INIT;
	Policycalc__V1__Kind kinds[1];
	long long number;
	int code;

	cli->formats = formats;
	code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN, &argc,
			argv);
	if (code >= 0)
		return code;
	if (argc)
		return push_too_much(cli, argv[0]);
	if (limit) {
		if (!cli_parse_number(limit, &number) || number < 1 || number > INT32_MAX)
			return cli_usage(cli, "--limit N");
		request.limit = (int32_t)number;
	}
	if (lease) {
		if (!cli_parse_number(lease, &number) || number < 10 || number > 86400)
			return cli_usage(cli, "--lease 10..86400");
		request.lease_seconds = (int32_t)number;
	}
	if (kind) {
		kinds[0] = (Policycalc__V1__Kind)kind_find(kind);
		if (!kinds[0])
			return cli_usage(cli,
					"--kind: loan subsidy award tax_relief refund fund "
					"recognition service");
		request.kinds = kinds;
		request.n_kinds = 1;
	}
	request.consumer = (char *)(uintptr_t)consumer;
	request.region = (char *)(uintptr_t)region;
	pulling.cli = cli;
	pulling.csv = strcmp(cli->format, "csv") == 0;
	pulling.lines = cli->json || strcmp(cli->format, "ndjson") == 0;
	policycalc__v1__ack_deliveries_request__init(&pulling.request);
	pulling.request.acks = pulling.pointers;
	if (pulling.csv)
		digest_print_csv_heading(&cli->style, &pulling.out);
	return pull(&pulling, &request);
}
