/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push: deliveries, confirm, subscribe. */
#include "client/cli/command_push.h"

#include "client/render/push.h"
#include "policycalc/v1/registry_service.pb-c.h"

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
	code = push_count_write(cli, response, response->count, refuse ? "不同意" : "已确认",
			refuse ? "refused" : "released");
	return code == CLI_OK ? push_others_tell(cli, response->others, response->n_others)
			      : code;
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
