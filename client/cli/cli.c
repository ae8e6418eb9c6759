/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"

#include "base/date.h"
#include "client/cli/details.h"
#include "client/cli/progress.h"
#include "client/lib/answer_stream.h"
#include "client/lib/clock.h"
#include "client/render/message_words.h"
#include "client/render/text.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_LIMIT 32
#define STATUS_BUDGET ((size_t)1 << 16)
#define DEFAULT_TIMEOUT_MS 30000

const char *cli_word(const struct cli *cli, const char *zh, const char *en)
{
	return word(&cli->style, zh, en);
}

/* What is quoted may come from anywhere: it is cleaned before a terminal sees it. */
static void complain(const char *format, va_list args)
{
	char message[4096];
	struct buffer clean = { 0 };

	(void)vsnprintf(message, sizeof(message), format, args);
	text_append_clean(&clean, slice_from(message));
	(void)fprintf(stderr, "policycalc: %s\n", clean.failed ? "" : clean.data);
	buffer_fini(&clean);
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return CLI_USAGE;
}

int cli_failure(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return CLI_FAILURE;
}

int cli_out_of_memory(const struct cli *cli)
{
	return cli_failure(cli, "%s", cli_word(cli, "内存不足", "out of memory"));
}

const char *cli_said(const struct cli *cli, const char *message, struct arena *arena)
{
	return cli->style.english ? message : message_words_zh(message, arena);
}

int cli_status(const struct cli *cli, struct call_status *status)
{
	int code = status->code;
	const char *name = pcalc_code_name((enum pcalc_code)code);
	struct arena arena;

	arena_init(&arena, STATUS_BUDGET);
	if (cli->style.english)
		(void)cli_failure(cli, "%s (%s)", status->message, name);
	else
		(void)cli_failure(cli, "%s：%s (%s)", details_head_zh(code),
				cli_said(cli, status->message, &arena), name);
	if (status->details.size)
		details_print(cli, &status->details, status->message);
	arena_fini(&arena);
	cli_hint_connection(cli, code);
	call_status_fini(status);
	if (code == PCALC_FAILED_PRECONDITION)
		return CLI_FINDINGS;
	if (code == PCALC_INVALID_ARGUMENT || code == PCALC_NOT_FOUND)
		return CLI_USAGE;
	return CLI_FAILURE;
}

/* --- options ---------------------------------------------------------------------------------- */

static int option_unknown(const struct cli *cli, const struct cli_option *options, size_t count,
		const char *written)
{
	const char *names[OPTION_LIMIT];
	const char *near;

	for (size_t i = 0; i < count; i++)
		names[i] = options[i].name;
	near = name_suggest((struct slice){ written, strcspn(written, "=") }, names, count);
	if (near)
		return cli_usage(cli,
				cli_word(cli, "没有选项 '%s'，是不是 '%s'？（--help 查看用法）",
						"no option '%s'; did you mean '%s'? (see "
						"--help)"),
				written, near);
	return cli_usage(cli,
			cli_word(cli, "没有选项 '%s'（--help 查看用法）",
					"no option '%s' (see --help)"),
			written);
}

/* Every command prints a table or JSON; some know more. */
static bool format_is_known(const struct cli *cli)
{
	if (strcmp(cli->format, "table") == 0 || strcmp(cli->format, "json") == 0)
		return true;
	for (size_t i = 0; cli->formats && cli->formats[i]; i++) {
		if (strcmp(cli->format, cli->formats[i]) == 0)
			return true;
	}
	return false;
}

static int format_refuse(const struct cli *cli)
{
	char more[128] = "";
	size_t used = 0;

	for (size_t i = 0; cli->formats && cli->formats[i] && used < sizeof(more); i++)
		used += (size_t)snprintf(
				more + used, sizeof(more) - used, " | %s", cli->formats[i]);
	return cli_usage(cli, "--format: table | json%s", more);
}

static int option_check_common(struct cli *cli)
{
	long long timeout;

	if (strcmp(cli->lang, "zh") != 0 && strcmp(cli->lang, "en") != 0)
		return cli_usage(cli, "--lang: zh | en");
	cli->style.english = strcmp(cli->lang, "en") == 0;
	if (!format_is_known(cli))
		return format_refuse(cli);
	cli->json = strcmp(cli->format, "json") == 0;
	if (cli->timeout && (!cli_parse_number(cli->timeout, &timeout) || timeout > 86400))
		return cli_usage(cli, "%s",
				cli_word(cli, "--timeout 需要秒数（0 表示不限）",
						"--timeout needs seconds (0: none)"));
	return -1;
}

static void help_line_append(
		const struct cli *cli, struct slice text, size_t indent, struct buffer *out)
{
	struct slice line = text_take_line(&text, cli->style.width);

	buffer_append(out, line.data, line.size);
	while (text.size) {
		line = text_take_line(&text, cli->style.width - indent);
		buffer_append_char(out, '\n');
		text_append_spaces(out, indent);
		buffer_append(out, line.data, line.size);
	}
}

/*
 * Help as wide as the terminal: what a line has too much goes on under its last column, which
 * begins after the last two blanks in a row, or under its beginning.
 */
static void help_append(const struct cli *cli, const char *text, struct buffer *out)
{
	for (const char *end; *text; text = end + 1) {
		size_t blanks = strspn(text, " ");
		size_t indent = blanks + 2;

		end = text + strcspn(text, "\n");
		for (const char *at = text + blanks; at + 2 < end; at++) {
			if (at[0] == ' ' && at[1] == ' ' && at[2] != ' ')
				indent = text_width((struct slice){
						text, (size_t)(at + 2 - text) });
		}
		if (indent > cli->style.width / 2)
			indent = blanks + 2;
		help_line_append(
				cli, (struct slice){ text, (size_t)(end - text) }, indent, out);
		buffer_append_char(out, '\n');
		if (!*end)
			return;
	}
}

int cli_options(struct cli *cli, const struct cli_option *options, size_t count,
		const char *help_zh, const char *help_en, int *argc, char **argv)
{
	struct cli_option all[OPTION_LIMIT] = {
		{ "--help", .flag = &(bool){ false } },
		{ "--server", .text = &cli->server },
		{ "--lang", .text = &cli->lang },
		{ "--format", .text = &cli->format },
		{ "--timeout", .text = &cli->timeout },
		{ "--token-file", .text = &cli->token_file },
		{ "--tls-ca", .text = &cli->tls.authorities },
		{ "--tls-cert", .text = &cli->tls.certificate },
		{ "--tls-key", .text = &cli->tls.key },
		{ "--tls-name", .text = &cli->tls.name },
	};
	size_t all_count = 10;
	int left = 0;
	bool ended = false;
	int code;

	for (size_t i = 0; i < count && all_count < OPTION_LIMIT; i++)
		all[all_count++] = options[i];
	for (int i = 0; i < *argc; i++) {
		const struct cli_option *found = NULL;
		const char *value = strchr(argv[i], '=');
		size_t size = value ? (size_t)(value - argv[i]) : strlen(argv[i]);

		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			argv[left++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if (strcmp(argv[i], "-h") == 0)
			found = &all[0];
		for (size_t j = 0; !found && j < all_count; j++)
			if (strlen(all[j].name) == size &&
					strncmp(all[j].name, argv[i], size) == 0)
				found = &all[j];
		if (!found)
			return option_unknown(cli, all, all_count, argv[i]);
		if (found->flag && value)
			return cli_usage(cli,
					cli_word(cli, "选项 %s 不带值", "%s takes no value"),
					found->name);
		if (found->flag) {
			*found->flag = true;
			continue;
		}
		if (!value && i + 1 == *argc)
			return cli_usage(cli,
					cli_word(cli, "选项 %s 需要一个值", "%s needs a value"),
					found->name);
		*found->text = value ? value + 1 : argv[++i];
	}
	*argc = left;
	code = option_check_common(cli);
	if (code < 0 && *all[0].flag) {
		struct buffer out = { 0 };

		help_append(cli, cli_word(cli, help_zh, help_en), &out);
		return cli_write(cli, &out);
	}
	return code;
}

int cli_dispatch(struct cli *cli, const struct cli_command *commands, size_t count,
		const char *prefix, const char *help_zh, const char *help_en, int argc,
		char **argv)
{
	const char *names[OPTION_LIMIT];
	const char *near;
	int at = 0;
	int code;

	/* Options before the command are those of every command. */
	while (at < argc && argv[at][0] == '-')
		at += strchr(argv[at], '=') || strcmp(argv[at], "--help") == 0 ||
						      strcmp(argv[at], "-h") == 0
				      ? 1
				      : 2;
	if (at > argc)
		at = argc;
	code = cli_options(cli, NULL, 0, help_zh, help_en, &(int){ at }, argv);
	if (code >= 0)
		return code;
	if (at == argc) {
		struct buffer out = { 0 };

		help_append(cli, cli_word(cli, help_zh, help_en), &out);
		if (!out.failed)
			(void)fwrite(out.data, 1, out.size, stderr);
		buffer_fini(&out);
		return CLI_USAGE;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(commands[i].name, argv[at]) == 0)
			return commands[i].run(cli, argc - at - 1, argv + at + 1);
		names[i] = commands[i].name;
	}
	near = name_suggest(slice_from(argv[at]), names, count);
	if (near)
		return cli_usage(cli,
				cli_word(cli, "没有命令 '%s%s'，是不是 '%s%s'？",
						"no command '%s%s'; did you mean '%s%s'?"),
				prefix, argv[at], prefix, near);
	return cli_usage(cli,
			cli_word(cli, "没有命令 '%s%s'（--help 列出全部命令）",
					"no command '%s%s' (--help lists them)"),
			prefix, argv[at]);
}

char *cli_moment(struct cli *cli, const char *text)
{
	struct timestamp moment;
	struct date day;
	int64_t seconds;

	if (!timestamp_parse(slice_from(text), &moment))
		return arena_copy_text(&cli->arena, text);
	day = timestamp_to_date(moment, DATE_CHINA_OFFSET);
	seconds = (moment.seconds + DATE_CHINA_OFFSET) % SECONDS_PER_DAY;
	return arena_format(&cli->arena, "%04d-%02d-%02d %02d:%02d", day.year, day.month,
			day.day, (int)(seconds / 3600), (int)(seconds / 60 % 60));
}

bool cli_parse_number(const char *text, long long *out)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	*out = strtoll(text, &end, 10);
	return *end == '\0';
}

/* --- calls ------------------------------------------------------------------------------------ */

int64_t cli_deadline(const struct cli *cli)
{
	return deadline_after(cli->timeout ? atoll(cli->timeout) * 1000 : DEFAULT_TIMEOUT_MS);
}

int cli_call(struct cli *cli, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *out_response)
{
	struct call_status status = { 0 };
	ProtobufCMessage *response;
	int code = cli_connect(cli);

	if (code != CLI_OK)
		return code;
	if (!channel_call(cli->channel, path, request, type, cli_deadline(cli), &cli->arena,
			    &response, &status))
		return cli_status(cli, &status);
	memcpy(out_response, &response, sizeof(response));
	return CLI_OK;
}

/*
 * Connects and gives the deadline of a call of many messages. Connecting has the time of a unary call
 * also when the call itself has no end: an address that swallows everything is noticed.
 */
static int stream_prepare(struct cli *cli, int64_t *out_deadline)
{
	struct call_status status = { 0 };
	int64_t deadline = cli_deadline(cli);
	int code = cli_connect(cli);

	if (code != CLI_OK)
		return code;
	*out_deadline = cli->timeout ? deadline : DEADLINE_NONE;
	return channel_connect(cli->channel, deadline, &status) ? CLI_OK
								: cli_status(cli, &status);
}

int cli_start_call(struct cli *cli, const char *path, struct call **out_call)
{
	struct call_status status = { 0 };
	int64_t deadline;
	int code = stream_prepare(cli, &deadline);

	if (code != CLI_OK)
		return code;
	*out_call = call_start(cli->channel, path, deadline, &status);
	return *out_call ? CLI_OK : cli_status(cli, &status);
}

int cli_open_stream(struct cli *cli, struct answer_stream *stream, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type)
{
	struct call_status status = { 0 };
	int64_t deadline;
	int code = stream_prepare(cli, &deadline);

	if (code != CLI_OK)
		return code;
	if (!answer_stream_open(stream, cli->channel, path, request, type, deadline, &status))
		return cli_status(cli, &status);
	return CLI_OK;
}

int cli_receive(struct cli *cli, struct answer_stream *stream, struct progress *progress,
		void *out_message)
{
	struct call_status status = { 0 };
	ProtobufCMessage *message;

	if (!answer_stream_receive(stream, &message, &status)) {
		if (progress)
			progress_fini(progress);
		return cli_status(cli, &status);
	}
	memcpy(out_message, &message, sizeof(message));
	return CLI_OK;
}

/* --- output ----------------------------------------------------------------------------------- */

int cli_write(const struct cli *cli, struct buffer *out)
{
	bool failed = out->failed;
	bool written;
	int number;

	errno = 0;
	written = !failed &&
		  (out->size == 0 || fwrite(out->data, 1, out->size, stdout) == out->size) &&
		  fflush(stdout) == 0;
	number = errno;
	buffer_fini(out);
	if (failed)
		return cli_out_of_memory(cli);
	/* A reader that has seen enough, such as head, needs no message. */
	if (!written && number == EPIPE)
		return CLI_FAILURE;
	if (!written)
		return cli_failure(cli, "%s",
				cli_word(cli, "无法写到标准输出",
						"cannot write to standard output"));
	return CLI_OK;
}

int cli_write_json(const struct cli *cli, const void *message)
{
	static const struct json_options options = {
		.pretty = true, .defaults = true, .int64_number = true, .short_enums = true
	};
	struct buffer out = { 0 };

	if (!message_print_json(message, &options, &out))
		out.failed = true;
	buffer_append_char(&out, '\n');
	return cli_write(cli, &out);
}

bool cli_append_json_line(const void *message, struct buffer *out)
{
	static const struct json_options options = {
		.defaults = true, .int64_number = true, .short_enums = true
	};

	if (!message_print_json(message, &options, out))
		return false;
	buffer_append_char(out, '\n');
	return !out->failed;
}
