/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc audit verify: all files of a service's audit log, in order; what audit_check.h found in them. */
#include "client/cli/audit_check.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char HELP_ZH[] =
		"用法：policycalc audit verify 文件 [--head 散列]\n"
		"\n"
		"检查服务的审计日志（不需要服务；默认是数据目录中的 "
		"audit.log），连同写满后改名的\n"
		"文件（文件.000000000001 等），按先后次序：每行都含上一行的 "
		"SHA-256，改动、删除、\n"
		"插入任何一行，或缺少中间的一个文件，都会断链。最早的文件已移走时会说明。\n"
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
		"if nothing else was said) with the files that are full (FILE.000000000001, "
		"…) in\n"
		"order: every line holds the SHA-256 of the line before it, so that none can "
		"be\n"
		"changed, taken out or put in, and no file between two others be missing, "
		"without\n"
		"breaking the chain. That the oldest files are not there is said.\n"
		"  --head HASH  a line of this hash must be in the log. Only a hash that was "
		"noted\n"
		"               elsewhere shows that the end was cut off, or all was written "
		"anew;\n"
		"               the event audit_opened tells one at each start\n"
		"\n"
		"Exit status: 0 whole; 1 broken; 2 wrong usage, or a file cannot be read\n";

static int report_json(const struct audit_check *check, bool ok)
{
	json_t *object = json_pack("{s:b, s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, "
				   "s:I, s:I, s:s}",
			"ok", (int)ok, "files", (json_int_t)check->files, "first_line",
			(json_int_t)check->first, "lines", (json_int_t)check->lines,
			"first_time", check->first_time, "last_time", check->last_time, "calls",
			(json_int_t)check->begun, "calls_without_end",
			(json_int_t)(check->begun - check->ended), "calls_cut",
			(json_int_t)check->cut, "cut_without_outcome",
			(json_int_t)(check->cut - check->outcomes), "refused",
			(json_int_t)check->refused, "torn_before",
			(json_int_t)check->torn_lines, "torn_bytes", (json_int_t)check->torn,
			"head", check->head);
	struct buffer out = { 0 };
	char *text;

	if (object && check->broken) {
		(void)json_object_set_new(object, "broken_line", json_integer(check->broken));
		(void)json_object_set_new(object, "broken_file", json_string(check->file));
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
				cli_word(cli, "第 %lld 行断链：%s\n（%s）\n",
						"line %lld is broken: %s\n(%s)\n"),
				check->broken, check->reason, check->file);
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
	buffer_format(&out,
			cli_word(cli, "完好的行  %lld（文件 %zu 个）\n",
					"good lines  %lld (files: %zu)\n"),
			check->lines, check->files);
	if (check->first > 1)
		buffer_format(&out,
				cli_word(cli,
						"从第 %lld "
						"行开始：更早的文件不在这里（上一个是 "
						"%s）\n",
						"begins with line %lld: the files before it "
						"are not here (the last was\n%s)\n"),
				check->first, check->former);
	if (check->lines)
		buffer_format(&out,
				cli_word(cli, "时间      %s 至 %s\n", "times       %s to %s\n"),
				check->first_time, check->last_time);
	buffer_format(&out,
			cli_word(cli, "调用      %lld，没有结束记录的 %lld，被拒绝的 %lld\n",
					"calls       %lld, without an end %lld, refused "
					"%lld\n"),
			check->begun, check->begun - check->ended, check->refused);
	if (check->cut)
		buffer_format(&out,
				cli_word(cli, "答复时未完  %lld，其中没有结果记录的 %lld\n",
						"cut short   %lld, of which without an outcome "
						"%lld\n"),
				check->cut, check->cut - check->outcomes);
	buffer_format(&out, cli_word(cli, "末行散列  %s\n", "head        %s\n"), check->head);
	if (check->torn_lines)
		buffer_format(&out,
				cli_word(cli,
						"断电留下的残行曾移到旁边的文件 %lld "
						"次（见 torn 各行）\n",
						"what a power cut tore was set aside, %lld "
						"times (see the lines \"torn\")\n"),
				check->torn_lines);
	if (check->torn)
		buffer_format(&out,
				cli_word(cli,
						"末尾有未写完的 %lld "
						"字节，服务下次启动时移到旁边的文件\n",
						"%lld bytes behind it that were not finished; "
						"the service sets "
						"them\naside at its next start\n"),
				check->torn);
	return cli_write(cli, &out);
}

/* --- the files ------------------------------------------------------------------------------- */

/* The name of an older file: that of the log, a dot, and the number of its first line. */
static bool is_older(const char *name, const char *log)
{
	size_t size = strlen(log);

	return strncmp(name, log, size) == 0 && name[size] == '.' &&
	       strlen(name + size + 1) >= 12 && strlen(name + size + 1) < 20 &&
	       strspn(name + size + 1, "0123456789") == strlen(name + size + 1);
}

static int compare_names(const void *left, const void *right)
{
	const char *a = *(const char *const *)left, *b = *(const char *const *)right;
	size_t sizes[2] = { strlen(a), strlen(b) };

	return sizes[0] != sizes[1] ? (sizes[0] < sizes[1] ? -1 : 1) : strcmp(a, b);
}

/* Paths of the older files, in order; NULL ends. NULL: memory is short, or the folder cannot be read. */
static const char **list_older(struct cli *cli, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder =
			slash ? arena_format(&cli->arena, "%.*s", (int)(slash - path + 1), path)
			      : "./";
	const char **list = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;
	DIR *dir = folder ? opendir(folder) : NULL;

	if (!dir)
		return NULL;
	for (;;) {
		if (count + 1 >= room) {
			const char **more = arena_alloc(
					&cli->arena, (2 * room + 16) * sizeof(*list));

			if (!more)
				goto no_memory;
			if (count)
				memcpy(more, list, count * sizeof(*list));
			list = more;
			room = 2 * room + 16;
		}
		do
			entry = readdir(dir);
		while (entry && !is_older(entry->d_name, slash ? slash + 1 : path));
		list[count] = NULL;
		if (!entry)
			break;
		list[count] = arena_format(&cli->arena, "%s%s", folder, entry->d_name);
		if (!list[count])
			goto no_memory;
		count++;
	}
	closedir(dir);
	if (count)
		qsort(list, count, sizeof(*list), compare_names);
	return list;
no_memory:
	closedir(dir);
	errno = ENOMEM;
	return NULL;
}

/*
 * The newest is opened first: a service that puts it away meanwhile gives it another name, under which it is not
 * read again. 0, or the exit code.
 */
static int check_all(struct cli *cli, struct audit_check *check, const char *path)
{
	FILE *newest = fopen(path, "re"), *file;
	const char **older = newest ? list_older(cli, path) : NULL;
	struct stat here, there;
	bool ok = true;
	int code = CLI_OK;

	if (!older) {
		code = cli_usage(cli, "%s: %s", path, strerror(errno));
	} else if (fstat(fileno(newest), &here) != 0) {
		code = cli_usage(cli, "%s: %s", path, strerror(errno));
	}
	for (; code == CLI_OK && ok && *older; older++) {
		file = fopen(*older, "re");
		if (!file || fstat(fileno(file), &there) != 0)
			code = cli_usage(cli, "%s: %s", *older, strerror(errno));
		else if (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
			ok = audit_check_file(check, *older, file, false);
		if (file && ferror(file))
			code = cli_usage(cli, "%s: %s", *older, strerror(errno));
		if (file)
			fclose(file);
	}
	if (code == CLI_OK && ok && !audit_check_file(check, path, newest, true) &&
			ferror(newest))
		code = cli_usage(cli, "%s: %s", path, strerror(errno));
	if (newest)
		fclose(newest);
	return code;
}

static int command_verify(struct cli *cli, int argc, char **argv)
{
	struct audit_check check;
	const struct cli_option list[] = { { "--head", .text = &check.wanted } };
	int code;
	bool ok;

	audit_check_init(&check, cli);
	code = cli_options(cli, list, 1, HELP_ZH, HELP_EN, &argc, argv);
	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli,
						"用法：policycalc audit verify 文件 [--head "
						"散列]",
						"usage: policycalc audit verify FILE [--head "
						"HASH]"));
	code = check_all(cli, &check, argv[0]);
	audit_check_fini(&check);
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
