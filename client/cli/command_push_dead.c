/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push dead, push status: what the webhook could not bring, and how it does. */
#include "client/cli/command_push.h"

#include "client/render/push_status.h"

#include <stdlib.h>
#include <string.h>

static const char DEAD_HELP_ZH[] =
		"用法：policycalc push dead [list|retry|drop] ...\n"
		"\n"
		"退信：多次未送达或被接收方拒收而放弃的消息。\n"
		"  list [--limit N]      列出退信和原因，新的在前（默认；JSON 为每行一份）\n"
		"  retry 凭证号... | --all   重新发出（如同从未发过）\n"
		"  drop 凭证号... | --all    搁置，不再发出\n"
		"  --by 谁               由谁决定（默认 $USER）\n"
		"  --note 说明           理由\n";
static const char DEAD_HELP_EN[] =
		"usage: policycalc push dead [list|retry|drop] ...\n"
		"\n"
		"Dead letters: deliveries given up after many tries, or refused by the "
		"receiver.\n"
		"  list [--limit N]      list them with why, newest first (the default; JSON "
		"is\n"
		"                        one a line)\n"
		"  retry KEY... | --all  send them again, as if never tried\n"
		"  drop KEY... | --all   put them aside for good\n"
		"  --by WHO              who decided ($USER)\n"
		"  --note TEXT           why\n";
static const char STATUS_HELP_ZH[] = "用法：policycalc push status\n"
				     "\n"
				     "有多少消息待确认、可领取、待重试、已成退信；推送接口"
				     "（webhook）的状况。\n";
static const char STATUS_HELP_EN[] = "usage: policycalc push status\n"
				     "\n"
				     "How many deliveries are held, released, to be tried "
				     "again or dead, and how the\n"
				     "webhook does.\n";

/* --- list ------------------------------------------------------------------------------------- */

static int dead_list(struct cli *cli, const char *limit)
{
	Policycalc__V1__ListDeliveriesRequest request =
			POLICYCALC__V1__LIST_DELIVERIES_REQUEST__INIT;

	request.state = POLICYCALC__V1__DELIVERY_STATE__DELIVERY_STATE_DEAD;
	return push_list(cli, &request, limit, dead_print,
			cli_word(cli, "没有退信\n", "no dead letters\n"));
}

/* --- retry, drop ------------------------------------------------------------------------------ */

static int decision_tell(struct cli *cli,
		const Policycalc__V1__DecideDeadLettersResponse *response, bool drop)
{
	struct buffer out = { 0 };
	int code;

	if (cli->json) {
		code = cli_write_json(cli, response);
	} else {
		buffer_format(&out, cli_word(cli, "%s %lld 份\n", "%s %lld\n"),
				drop ? cli_word(cli, "已搁置", "put aside")
				     : cli_word(cli, "已重新发出", "released"),
				(long long)response->count);
		code = cli_write(cli, &out);
	}
	for (size_t i = 0; i < response->n_others; i++)
		(void)cli_usage(cli, "%.64s: %s", response->others[i]->key,
				response->others[i]->reason);
	return code == CLI_OK && response->n_others ? CLI_FINDINGS : code;
}

static int dead_decide(struct cli *cli, Policycalc__V1__DecideDeadLettersRequest *request)
{
	const Policycalc__V1__DecideDeadLettersResponse *response;
	int code;

	if ((request->n_keys > 0) == (bool)request->all)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要凭证号，或者 --all",
						"keys are needed, or --all"));
	if (!*request->decided_by)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要 --by：由谁决定",
						"--by is needed: who decided"));
	code = push_call(cli, "DecideDeadLetters", &request->base,
			&policycalc__v1__decide_dead_letters_response__descriptor, &response);
	return code == CLI_OK ? decision_tell(cli, response, request->drop) : code;
}

int command_push_dead(struct cli *cli, int argc, char **argv)
{
	const char *user = getenv("USER");
	const char *limit = "100", *by = user ? user : "", *note = "", *word;
	bool all = false;
	const struct cli_option list[] = {
		{ "--limit", .text = &limit },
		{ "--all", .flag = &all },
		{ "--by", .text = &by },
		{ "--note", .text = &note },
	};
	Policycalc__V1__DecideDeadLettersRequest request =
			POLICYCALC__V1__DECIDE_DEAD_LETTERS_REQUEST__INIT;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), DEAD_HELP_ZH,
			DEAD_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	word = argc ? argv[0] : "list";
	if (strcmp(word, "list") == 0)
		return argc > 1 ? push_too_much(cli, argv[1]) : dead_list(cli, limit);
	request.drop = strcmp(word, "drop") == 0;
	if (!request.drop && strcmp(word, "retry") != 0)
		return cli_usage(cli, "push dead list|retry|drop");
	request.keys = argv + 1;
	request.n_keys = (size_t)argc - 1;
	request.all = all;
	request.decided_by = (char *)(uintptr_t)by;
	request.note = (char *)(uintptr_t)note;
	return dead_decide(cli, &request);
}

/* --- status ----------------------------------------------------------------------------------- */

int command_push_status(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__GetPushStatusRequest request =
			POLICYCALC__V1__GET_PUSH_STATUS_REQUEST__INIT;
	const Policycalc__V1__GetPushStatusResponse *response;
	struct buffer out = { 0 };
	int code = cli_options(cli, NULL, 0, STATUS_HELP_ZH, STATUS_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc)
		return push_too_much(cli, argv[0]);
	code = push_call(cli, "GetPushStatus", &request.base,
			&policycalc__v1__get_push_status_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_write_json(cli, response);
	push_status_print(&cli->style, response, &out);
	return cli_write(cli, &out);
}
