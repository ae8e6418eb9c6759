/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push: deliveries, confirm, pull, ack, subscribe. */
#include "client/cli/command_push.h"

#include "client/render/push.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DELIVERIES_HELP_ZH[] =
		"用法：policycalc push deliveries [选项]\n"
		"\n"
		"列出消息及其状态，新的在前（不占租约）。JSON 为每行一份（NDJSON）。\n"
		"  --id 代码       只看这家企业\n"
		"  --state 状态    held released leased acked refused suppressed superseded "
		"dead\n"
		"                  dropped\n"
		"  --run N         只看第 N 次推送的\n"
		"  --series 系列   只看关于这个政策系列的\n"
		"  --limit N       最多 N 份（默认 100）\n";
static const char DELIVERIES_HELP_EN[] = "usage: policycalc push deliveries [options]\n"
					 "\n"
					 "Lists deliveries and their states, newest first, "
					 "without leasing them. JSON is one\n"
					 "a line (NDJSON).\n"
					 "  --id USCC       only of this enterprise\n"
					 "  --state STATE   held released leased acked refused "
					 "suppressed superseded dead\n"
					 "                  dropped\n"
					 "  --run N         only of run N\n"
					 "  --series NAME   only with news of this series\n"
					 "  --limit N       at most N (100)\n";
static const char CONFIRM_HELP_ZH[] =
		"用法：policycalc push confirm 凭证号... | --series 系列 [选项]\n"
		"\n"
		"主管部门二次确认：同意后消息才可领取。\n"
		"  --series 系列   全部待确认的、关于这个政策系列的消息\n"
		"  --refuse        不同意\n"
		"  --by 谁         由谁决定（默认 $USER）\n"
		"  --note 说明     理由\n";
static const char CONFIRM_HELP_EN[] =
		"usage: policycalc push confirm KEY... | --series NAME [options]\n"
		"\n"
		"A department confirms what is held; only then it may be pulled.\n"
		"  --series NAME   all that is held with news of this series\n"
		"  --refuse        refuse it\n"
		"  --by WHO        who decided ($USER)\n"
		"  --note TEXT     why\n";
static const char ACK_HELP_ZH[] =
		"用法：policycalc push ack 凭证号 租约 ... | -f 文件 [--failed]\n"
		"\n"
		"确认送达。\n"
		"  -f 文件     NDJSON（push pull 的输出，- 为标准输入）：每行的 key 和 lease\n"
		"  --failed    没有送达，退回后可再次领取\n"
		"有未能确认的（租约过期、他人的租约等）时退出码为 1，并逐一列出。\n";
static const char ACK_HELP_EN[] =
		"usage: policycalc push ack KEY LEASE ... | -f FILE [--failed]\n"
		"\n"
		"They were delivered.\n"
		"  -f FILE     NDJSON (what push pull writes; -: stdin): key and lease of each "
		"line\n"
		"  --failed    they were not, and go back to be pulled again\n"
		"Exit status 1 when some do not count (expired, another's lease); each is "
		"named.\n";
static const char SUBSCRIBE_HELP_ZH[] =
		"用法：policycalc push subscribe 代码 [选项]\n"
		"\n"
		"企业愿意接收什么、多久一次；不写选项时查看。\n"
		"  --opt-out           什么都不接收\n"
		"  --opt-in            恢复接收\n"
		"  --kinds 种类,...    只要这些种类：loan subsidy award tax_relief refund "
		"fund\n"
		"                      recognition service；all 为全部\n"
		"  --deltas 内容,...   只要这些内容：newly_eligible newly_near amount_changed "
		"lapsed\n"
		"                      closing_soon version_changed；all 为全部\n"
		"  --frequency 频率    daily weekly monthly\n";
static const char SUBSCRIBE_HELP_EN[] =
		"usage: policycalc push subscribe USCC [options]\n"
		"\n"
		"What an enterprise wants to be told, and how often; without options it is "
		"shown.\n"
		"  --opt-out           nothing at all\n"
		"  --opt-in            something again\n"
		"  --kinds KIND,...    only of these: loan subsidy award tax_relief refund "
		"fund\n"
		"                      recognition service; all\n"
		"  --deltas NEWS,...   only these: newly_eligible newly_near amount_changed "
		"lapsed\n"
		"                      closing_soon version_changed; all\n"
		"  --frequency OFTEN   daily weekly monthly\n";

/* The value of an enum by its word in any case; -1: there is none. */
static int enum_find(struct cli *cli, const ProtobufCEnumDescriptor *descriptor,
		const char *prefix, const char *text)
{
	char *name = arena_format(&cli->arena, "%s%s", prefix, text);
	const ProtobufCEnumValue *value;

	for (char *c = name; c && *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (*c == '-')
			*c = '_';
	}
	value = name ? protobuf_c_enum_descriptor_get_value_by_name(descriptor, name) : NULL;
	return value && value->value ? value->value : -1;
}

static char *word_take(char **rest)
{
	char *word = *rest;
	char *end = strchr(word, ',');

	if (end)
		*end = '\0';
	*rest = end ? end + 1 : word + strlen(word);
	return word;
}

/* --- deliveries ------------------------------------------------------------------------------- */

int command_push_deliveries(struct cli *cli, int argc, char **argv)
{
	const char *uscc = "", *state = NULL, *run = NULL, *series = "", *limit = "100";
	const struct cli_option list[] = {
		{ "--id", .text = &uscc },
		{ "--state", .text = &state },
		{ "--run", .text = &run },
		{ "--series", .text = &series },
		{ "--limit", .text = &limit },
	};
	Policycalc__V1__ListDeliveriesRequest request =
			POLICYCALC__V1__LIST_DELIVERIES_REQUEST__INIT;
	long long number = 0;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), DELIVERIES_HELP_ZH,
			DELIVERIES_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return push_too_much(cli, argv[0]);
	if (run && !cli_parse_number(run, &number))
		return cli_usage(cli, "--run N");
	if (state) {
		int value = enum_find(cli, &policycalc__v1__delivery_state__descriptor,
				"DELIVERY_STATE_", state);

		if (value < 0)
			return cli_usage(cli, "--state: held released leased acked refused "
					      "suppressed "
					      "superseded dead dropped");
		request.state = (Policycalc__V1__DeliveryState)value;
	}
	request.uscc = (char *)(uintptr_t)uscc;
	request.series = (char *)(uintptr_t)series;
	request.run = number;
	return push_list(cli, &request, limit, deliveries_print,
			cli_word(cli, "没有消息\n", "no deliveries\n"));
}

/* --- what does not count ---------------------------------------------------------------------- */

static int others_tell(
		struct cli *cli, Policycalc__V1__DeliveryStatus *const *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)cli_usage(cli, "%.64s: %s", others[i]->key, others[i]->reason);
	return count ? CLI_FINDINGS : CLI_OK;
}

static int count_write(struct cli *cli, const void *response, int64_t count, const char *zh,
		const char *en)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, response);
	buffer_format(&out, cli_word(cli, "%s %lld 份\n", "%s %lld\n"), cli_word(cli, zh, en),
			(long long)count);
	return cli_write(cli, &out);
}

/* --- confirm ---------------------------------------------------------------------------------- */

int command_push_confirm(struct cli *cli, int argc, char **argv)
{
	const char *user = getenv("USER");
	const char *series = "", *by = user ? user : "", *note = "";
	bool refuse = false;
	const struct cli_option list[] = {
		{ "--series", .text = &series },
		{ "--refuse", .flag = &refuse },
		{ "--by", .text = &by },
		{ "--note", .text = &note },
	};
	Policycalc__V1__ConfirmDeliveriesRequest request =
			POLICYCALC__V1__CONFIRM_DELIVERIES_REQUEST__INIT;
	const Policycalc__V1__ConfirmDeliveriesResponse *response;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), CONFIRM_HELP_ZH,
			CONFIRM_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if ((argc > 0) == (*series != '\0'))
		return cli_usage(cli, "%s",
				cli_word(cli, "需要凭证号，或者 --series 系列",
						"keys are needed, or --series NAME"));
	if (!*by)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要 --by：由谁决定",
						"--by is needed: who decided"));
	request.keys = argv;
	request.n_keys = (size_t)argc;
	request.series = (char *)(uintptr_t)series;
	request.refuse = refuse;
	request.confirmed_by = (char *)(uintptr_t)by;
	request.note = (char *)(uintptr_t)note;
	code = push_call(cli, "ConfirmDeliveries", &request.base,
			&policycalc__v1__confirm_deliveries_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	code = count_write(cli, response, response->count, refuse ? "不同意" : "已确认",
			refuse ? "refused" : "released");
	return code == CLI_OK ? others_tell(cli, response->others, response->n_others) : code;
}

/* --- ack -------------------------------------------------------------------------------------- */

typedef Policycalc__V1__AckDeliveriesRequest__Ack ack_message;

#define ACKS_MOST 10000

static bool ack_add(struct cli *cli, Policycalc__V1__AckDeliveriesRequest *request,
		struct slice key, struct slice lease, bool failed)
{
	ack_message *ack = ARENA_NEW(&cli->arena, ack_message);

	if (!ack)
		return false;
	policycalc__v1__ack_deliveries_request__ack__init(ack);
	ack->key = arena_copy(&cli->arena, key.data, key.size);
	ack->lease = arena_copy(&cli->arena, lease.data, lease.size);
	ack->failed = failed;
	if (!ack->key || !ack->lease)
		return false;
	request->acks[request->n_acks++] = ack;
	return true;
}

/* The text of a member that push pull has written: "key":"...". */
static bool member_find(const char *line, const char *name, struct slice *out)
{
	const char *at = strstr(line, name);
	const char *end;

	if (!at)
		return false;
	at += strlen(name);
	end = strchr(at, '"');
	if (!end)
		return false;
	*out = (struct slice){ at, (size_t)(end - at) };
	return true;
}

static int acks_send(struct cli *cli, Policycalc__V1__AckDeliveriesRequest *request,
		int64_t *count, int *out_code)
{
	const Policycalc__V1__AckDeliveriesResponse *response;
	int code;

	if (request->n_acks == 0)
		return CLI_OK;
	code = push_call(cli, "AckDeliveries", &request->base,
			&policycalc__v1__ack_deliveries_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	*count += response->count;
	if (others_tell(cli, response->others, response->n_others) != CLI_OK)
		*out_code = CLI_FINDINGS;
	request->n_acks = 0;
	return CLI_OK;
}

static int acks_read(struct cli *cli, const char *path,
		Policycalc__V1__AckDeliveriesRequest *request, bool failed, int64_t *count,
		int *out_code)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	long number = 0;
	int code = CLI_OK;

	if (!in)
		return cli_usage(cli, "%s: %s", path, strerror(errno));
	while (code == CLI_OK && getline(&line, &room, in) > 0) {
		struct slice key, lease;

		number++;
		if (strspn(line, " \t\r\n") == strlen(line))
			continue;
		if (!member_find(line, "\"key\":\"", &key) ||
				!member_find(line, "\"lease\":\"", &lease))
			code = cli_usage(cli,
					cli_word(cli, "%s:%ld: 没有 key 和 lease",
							"%s:%ld: no key and lease"),
					path, number);
		else if (!ack_add(cli, request, key, lease, failed))
			code = cli_out_of_memory(cli);
		else if (request->n_acks == ACKS_MOST)
			code = acks_send(cli, request, count, out_code);
	}
	free(line);
	if (in != stdin)
		(void)fclose(in);
	return code;
}

static int acks_take(struct cli *cli, int argc, char **argv,
		Policycalc__V1__AckDeliveriesRequest *request, bool failed)
{
	for (int i = 0; i + 1 < argc && request->n_acks < ACKS_MOST; i += 2) {
		if (!ack_add(cli, request, slice_from(argv[i]), slice_from(argv[i + 1]),
				    failed))
			return cli_out_of_memory(cli);
	}
	return CLI_OK;
}

int command_push_ack(struct cli *cli, int argc, char **argv)
{
	const char *path = NULL;
	bool failed = false;
	const struct cli_option list[] = {
		{ "-f", .text = &path },
		{ "--failed", .flag = &failed },
	};
	Policycalc__V1__AckDeliveriesRequest request =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__INIT;
	Policycalc__V1__AckDeliveriesResponse total =
			POLICYCALC__V1__ACK_DELIVERIES_RESPONSE__INIT;
	int findings = CLI_OK;
	int code = cli_options(cli, list, 2, ACK_HELP_ZH, ACK_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (path ? argc > 0 : argc < 2 || argc % 2)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要成对的凭证号和租约，或者 -f 文件",
						"pairs of key and lease are needed, or -f "
						"FILE"));
	request.acks = ARENA_NEW_ARRAY(&cli->arena, ack_message *, ACKS_MOST);
	if (!request.acks)
		return cli_out_of_memory(cli);
	code = path ? acks_read(cli, path, &request, failed, &total.count, &findings)
		    : acks_take(cli, argc, argv, &request, failed);
	if (code == CLI_OK)
		code = acks_send(cli, &request, &total.count, &findings);
	if (code == CLI_OK)
		code = count_write(cli, &total, total.count, failed ? "已退回" : "已确认送达",
				failed ? "given back" : "acknowledged");
	return code == CLI_OK ? findings : code;
}

/* --- subscribe -------------------------------------------------------------------------------- */

struct subscribe_arguments {
	bool out, in;
	const char *kinds, *deltas, *frequency;
};

static int kinds_fill(struct cli *cli, const char *text, Policycalc__V1__Subscription *wish)
{
	char *rest = arena_copy_text(&cli->arena, text);

	wish->n_kinds = 0;
	wish->kinds = ARENA_NEW_ARRAY(&cli->arena, Policycalc__V1__Kind, strlen(text) + 1);
	if (!rest || !wish->kinds)
		return cli_out_of_memory(cli);
	while (*rest && strcmp(text, "all") != 0) {
		int value = enum_find(cli, &policycalc__v1__kind__descriptor, "KIND_",
				word_take(&rest));

		if (value < 0)
			return cli_usage(cli,
					"--kinds: loan subsidy award tax_relief refund fund "
					"recognition service all");
		wish->kinds[wish->n_kinds++] = (Policycalc__V1__Kind)value;
	}
	return CLI_OK;
}

static int deltas_fill(struct cli *cli, const char *text, Policycalc__V1__Subscription *wish)
{
	char *rest = arena_copy_text(&cli->arena, text);

	wish->n_deltas = 0;
	wish->deltas = ARENA_NEW_ARRAY(&cli->arena, char *, strlen(text) + 1);
	if (!rest || !wish->deltas)
		return cli_out_of_memory(cli);
	while (*rest && strcmp(text, "all") != 0) {
		int value = enum_find(cli, &policycalc__v1__delta_kind__descriptor,
				"DELTA_KIND_", word_take(&rest));
		const ProtobufCEnumValue *found;

		if (value < 0)
			return cli_usage(cli,
					"--deltas: newly_eligible newly_near amount_changed "
					"lapsed closing_soon version_changed all");
		found = protobuf_c_enum_descriptor_get_value(
				&policycalc__v1__delta_kind__descriptor, value);
		wish->deltas[wish->n_deltas++] =
				(char *)(uintptr_t)found->name + strlen("DELTA_KIND_");
	}
	return CLI_OK;
}

static int wish_fill(struct cli *cli, const struct subscribe_arguments *arguments,
		Policycalc__V1__Subscription *wish)
{
	int code = CLI_OK;

	if (arguments->out && arguments->in)
		return cli_usage(cli, "--opt-out, --opt-in");
	if (arguments->out || arguments->in)
		wish->opted_out = arguments->out;
	if (arguments->kinds)
		code = kinds_fill(cli, arguments->kinds, wish);
	if (code == CLI_OK && arguments->deltas)
		code = deltas_fill(cli, arguments->deltas, wish);
	if (code == CLI_OK && arguments->frequency) {
		int value = enum_find(cli, &policycalc__v1__subscription__frequency__descriptor,
				"FREQUENCY_", arguments->frequency);

		if (value < 0)
			return cli_usage(cli, "--frequency: daily weekly monthly");
		wish->frequency = (Policycalc__V1__Subscription__Frequency)value;
	}
	return code;
}

static int wish_write(struct cli *cli, const Policycalc__V1__Subscription *wish)
{
	static const char *const often[][2] = {
		{ "每次推送", "with every run" },
		{ "每次推送", "with every run" },
		{ "每七天至多一次", "at most once in seven days" },
		{ "每三十天至多一次", "at most once in thirty days" },
	};
	struct buffer out = { 0 };
	size_t frequency = (size_t)wish->frequency < 4 ? (size_t)wish->frequency : 0;

	if (cli->json)
		return cli_write_json(cli, wish);
	buffer_format(&out, "%s\n", wish->uscc);
	if (wish->opted_out) {
		buffer_append_text(&out, cli_word(cli, "什么都不接收\n", "nothing at all\n"));
		return cli_write(cli, &out);
	}
	buffer_format(&out, "%s\n", cli_word(cli, often[frequency][0], often[frequency][1]));
	buffer_append_text(&out, cli_word(cli, "种类：", "kinds: "));
	for (size_t i = 0; i < wish->n_kinds; i++)
		buffer_format(&out, "%s%s", i ? cli_word(cli, "、", ", ") : "",
				word_kind(&cli->style, wish->kinds[i]));
	buffer_append_text(&out, wish->n_kinds ? "\n" : cli_word(cli, "全部\n", "all\n"));
	buffer_append_text(&out, cli_word(cli, "内容：", "news: "));
	for (size_t i = 0; i < wish->n_deltas; i++) {
		int value = enum_find(cli, &policycalc__v1__delta_kind__descriptor,
				"DELTA_KIND_", wish->deltas[i]);

		buffer_format(&out, "%s%s", i ? cli_word(cli, "、", ", ") : "",
				word_delta(&cli->style, (Policycalc__V1__DeltaKind)value));
	}
	buffer_append_text(&out, wish->n_deltas ? "\n" : cli_word(cli, "全部\n", "all\n"));
	return cli_write(cli, &out);
}

int command_push_subscribe(struct cli *cli, int argc, char **argv)
{
	struct subscribe_arguments arguments = { 0 };
	const struct cli_option list[] = {
		{ "--opt-out", .flag = &arguments.out },
		{ "--opt-in", .flag = &arguments.in },
		{ "--kinds", .text = &arguments.kinds },
		{ "--deltas", .text = &arguments.deltas },
		{ "--frequency", .text = &arguments.frequency },
	};
	Policycalc__V1__GetSubscriptionRequest get =
			POLICYCALC__V1__GET_SUBSCRIPTION_REQUEST__INIT;
	Policycalc__V1__SetSubscriptionRequest set =
			POLICYCALC__V1__SET_SUBSCRIPTION_REQUEST__INIT;
	const Policycalc__V1__GetSubscriptionResponse *now;
	const Policycalc__V1__SetSubscriptionResponse *then;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), SUBSCRIBE_HELP_ZH,
			SUBSCRIBE_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要一个统一社会信用代码",
						"one USCC is needed"));
	get.uscc = argv[0];
	code = cli_call(cli, "/policycalc.v1.RegistryService/GetSubscription", &get.base,
			&policycalc__v1__get_subscription_response__descriptor, &now);
	if (code != CLI_OK || !now->subscription)
		return code;
	if (!arguments.out && !arguments.in && !arguments.kinds && !arguments.deltas &&
			!arguments.frequency)
		return wish_write(cli, now->subscription);
	/* What is not named stays as it is. */
	set.subscription = now->subscription;
	code = wish_fill(cli, &arguments, set.subscription);
	if (code == CLI_OK)
		code = cli_call(cli, "/policycalc.v1.RegistryService/SetSubscription",
				&set.base,
				&policycalc__v1__set_subscription_response__descriptor, &then);
	if (code != CLI_OK || !then->subscription)
		return code;
	for (size_t i = 0; i < then->n_warnings; i++)
		(void)cli_usage(cli, "%s", then->warnings[i]->message);
	return wish_write(cli, then->subscription);
}
