/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log of a service, verified without it: each line must be JSON of the form that
 * service/operations/audit.h tells of, hold the SHA-256 of the line before it, and have the next number.
 */
#include "client/cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 32
#define HEX_SIZE (2 * DIGEST_SIZE + 1)
#define REASON_SIZE 120

static const char HELP_ZH[] =
		"用法：policycalc audit verify 文件 [--head 散列]\n"
		"\n"
		"检查服务的审计日志（不需要服务；默认是数据目录中的 "
		"audit.log）：每行都含上一行\n"
		"的 SHA-256，改动、删除、插入任何一行都会断链。\n"
		"  --head 散列  "
		"日志中必须有散列为此值的一行。只有另处记下的散列，才能发现末尾\n"
		"               被整段截去或全部重写；启动时 audit_opened 事件写出它\n"
		"\n"
		"退出码：0 完好；1 断链；2 用法有误或文件读不了\n";
static const char HELP_EN[] =
		"usage: policycalc audit verify FILE [--head HASH]\n"
		"\n"
		"Checks the audit log of a service (needs no service; audit.log in the data "
		"folder\n"
		"if nothing else was said): every line holds the SHA-256 of the line before "
		"it, so\n"
		"that none can be changed, taken out or put in without breaking the chain.\n"
		"  --head HASH  a line of this hash must be in the log. Only a hash that was "
		"noted\n"
		"               elsewhere shows that the end was cut off, or all was written "
		"anew;\n"
		"               the event audit_opened tells one at each start\n"
		"\n"
		"Exit status: 0 whole; 1 broken; 2 wrong usage, or the file cannot be read\n";

struct audit_check {
	const struct cli *cli;
	const char *wanted; /* or NULL */
	bool found;
	long long lines; /* that are good */
	long long begun, ended, refused;
	unsigned char *open; /* a bit a line: a call that has begun and not ended */
	size_t open_size;
	long long torn;	  /* bytes of a last line without its end */
	long long broken; /* number of the first line that is wrong; 0: none */
	char reason[REASON_SIZE];
	char head[HEX_SIZE];
	char first_time[40], last_time[40];
};

static bool fail(struct audit_check *check, const char *zh, const char *en)
{
	check->broken = check->lines + 1;
	(void)snprintf(check->reason, sizeof(check->reason), "%s",
			cli_word(check->cli, zh, en));
	return false;
}

static bool call_begin(struct audit_check *check)
{
	size_t line = (size_t)check->lines + 1, size = check->open_size;
	unsigned char *open = check->open;

	if (line / 8 >= size) {
		size = 2 * (line / 8) + 1024;
		open = realloc(open, size);
		if (!open)
			return fail(check, "内存不足", "cannot be checked: out of memory");
		memset(open + check->open_size, 0, size - check->open_size);
		check->open = open;
		check->open_size = size;
	}
	open[line / 8] |= (unsigned char)(1u << line % 8);
	check->begun++;
	return true;
}

static bool call_end(struct audit_check *check, long long call)
{
	size_t line = call > 0 && call <= check->lines ? (size_t)call : 0;
	unsigned char bit = (unsigned char)(1u << line % 8);

	if (line / 8 >= check->open_size || !(check->open[line / 8] & bit))
		return fail(check, "它所结束的调用没有开始，或已经结束",
				"ends a call that did not begin, or has ended");
	check->open[line / 8] &= (unsigned char)~bit;
	check->ended++;
	return true;
}

static bool event_count(struct audit_check *check, const json_t *object, const char *event)
{
	if (strcmp(event, "begin") == 0)
		return call_begin(check);
	if (strcmp(event, "end") == 0)
		return call_end(check, json_integer_value(json_object_get(object, "call")));
	if (strcmp(event, "refused") == 0)
		check->refused++;
	else if (strcmp(event, "open") != 0 && strcmp(event, "close") != 0)
		return fail(check, "未知的事件", "is of no known event");
	return true;
}

static bool object_check(struct audit_check *check, const json_t *object)
{
	const char *prev = json_string_value(json_object_get(object, "prev"));
	const char *event = json_string_value(json_object_get(object, "event"));
	const char *time = json_string_value(json_object_get(object, "time"));

	if (!prev || !event || !time)
		return fail(check, "不是审计日志的一行", "is no line of an audit log");
	if (strcmp(prev, check->head) != 0)
		return fail(check, "与上一行不相接：它或上一行被改动、删除或插入",
				"does not hang on to the line before: one of them was changed, "
				"taken out "
				"or put in");
	if (json_integer_value(json_object_get(object, "seq")) != check->lines + 1)
		return fail(check, "序号不连续", "has not the next number");
	if (!event_count(check, object, event))
		return false;
	(void)snprintf(check->last_time, sizeof(check->last_time), "%s", time);
	if (check->lines == 0)
		(void)snprintf(check->first_time, sizeof(check->first_time), "%s", time);
	return true;
}

static bool line_check(struct audit_check *check, const char *line, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	bool ok = object ? object_check(check, object) : fail(check, "不是 JSON", "is no JSON");

	json_decref(object);
	if (!ok)
		return false;
	if (EVP_Digest(line, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return fail(check, "内存不足", "cannot be checked: out of memory");
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		(void)snprintf(check->head + 2 * i, 3, "%02x", digest[i]);
	check->found |= check->wanted && strcmp(check->wanted, check->head) == 0;
	check->lines++;
	return true;
}

static void file_check(struct audit_check *check, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, file)) > 0) {
		if (line[size - 1] != '\n') {
			check->torn = size;
			break;
		}
		if (!line_check(check, line, (size_t)size - 1))
			break;
	}
	free(line);
}

static int report_json(const struct audit_check *check, bool ok)
{
	json_t *object = json_pack("{s:b, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "ok",
			(int)ok, "lines", (json_int_t)check->lines, "first_time",
			check->first_time, "last_time", check->last_time, "calls",
			(json_int_t)check->begun, "calls_without_end",
			(json_int_t)(check->begun - check->ended), "refused",
			(json_int_t)check->refused, "torn_bytes", (json_int_t)check->torn,
			"head", check->head);
	struct buffer out = { 0 };
	char *text;

	if (object && check->broken) {
		(void)json_object_set_new(object, "broken_line", json_integer(check->broken));
		(void)json_object_set_new(object, "reason", json_string(check->reason));
	}
	if (object && check->wanted)
		(void)json_object_set_new(object, "head_found", json_boolean(check->found));
	text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
	json_decref(object);
	if (!text)
		return cli_out_of_memory(check->cli);
	buffer_append_text(&out, text);
	buffer_append_char(&out, '\n');
	free(text);
	return cli_write(check->cli, &out);
}

static int report_text(const struct audit_check *check, bool ok)
{
	const struct cli *cli = check->cli;
	struct buffer out = { 0 };

	if (check->broken)
		buffer_format(&out,
				cli_word(cli, "第 %lld 行断链：%s\n",
						"line %lld is broken: %s\n"),
				check->broken, check->reason);
	else if (!ok)
		buffer_append_text(&out, cli_word(cli,
							 "没有散列为 --head "
							 "的一行：末尾被截去，或全部重写过\n",
							 "no line has the hash of --head: the "
							 "end was cut off, or all "
							 "was written anew\n"));
	else
		buffer_append_text(&out,
				cli_word(cli, "审计日志完好\n", "the audit log is whole\n"));
	buffer_format(&out, cli_word(cli, "完好的行  %lld\n", "good lines  %lld\n"),
			check->lines);
	if (check->lines)
		buffer_format(&out,
				cli_word(cli, "时间      %s 至 %s\n", "times       %s to %s\n"),
				check->first_time, check->last_time);
	buffer_format(&out,
			cli_word(cli, "调用      %lld，没有结束记录的 %lld，被拒绝的 %lld\n",
					"calls       %lld, without an end %lld, refused "
					"%lld\n"),
			check->begun, check->begun - check->ended, check->refused);
	buffer_format(&out, cli_word(cli, "末行散列  %s\n", "head        %s\n"), check->head);
	if (check->torn)
		buffer_format(&out,
				cli_word(cli, "末尾有未写完的 %lld 字节，服务下次启动时截去\n",
						"%lld bytes of a line that was not finished; "
						"the service takes "
						"them off at its next start\n"),
				check->torn);
	return cli_write(cli, &out);
}

static int command_verify(struct cli *cli, int argc, char **argv)
{
	struct audit_check check = { .cli = cli };
	const struct cli_option list[] = { { "--head", .text = &check.wanted } };
	int code = cli_options(cli, list, 1, HELP_ZH, HELP_EN, &argc, argv);
	FILE *file;
	bool ok;

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli,
						"用法：policycalc audit verify 文件 [--head "
						"散列]",
						"usage: policycalc audit verify FILE [--head "
						"HASH]"));
	file = fopen(argv[0], "re");
	if (!file)
		return cli_usage(cli, "%s: %s", argv[0], strerror(errno));
	memset(check.head, '0', HEX_SIZE - 1);
	file_check(&check, file);
	code = ferror(file) ? cli_usage(cli, "%s: %s", argv[0], strerror(errno)) : CLI_OK;
	fclose(file);
	free(check.open);
	if (code != CLI_OK)
		return code;
	ok = !check.broken && (!check.wanted || check.found);
	code = cli->json ? report_json(&check, ok) : report_text(&check, ok);
	return code != CLI_OK || ok ? code : CLI_FINDINGS;
}

int command_audit(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = { { "verify", command_verify } };

	return cli_dispatch(cli, commands, 1, "audit ", HELP_ZH, HELP_EN, argc, argv);
}
