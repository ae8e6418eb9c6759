/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc: the command line. */
#include "client/cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char HELP_ZH[] =
		"用法：policycalc [--server 地址] 命令 [参数]\n"
		"\n"
		"  match           按企业情况匹配政策\n"
		"  ask             问答：逐个提问，直到有结论\n"
		"  combine         选出可以同时享受的最佳组合\n"
		"  policies        列出政策\n"
		"  policy 编号     查看一项政策\n"
		"  guide 编号...    办事流程图（多项政策合并办理）\n"
		"  attributes      列出企业属性（名称、类型、含义）\n"
		"  catalog check   检查政策目录草稿（不需要服务）\n"
		"  catalog simulate 草稿在登记库上的影响\n"
		"  catalog publish 发布草稿为新版本\n"
		"  catalog diff    两个版本或草稿有何不同\n"
		"  catalog log     列出已发布的版本\n"
		"  catalog export  导出一个版本的文件\n"
		"  registry import 导入企业数据（CSV、NDJSON）\n"
		"  registry get    查看登记库中的一家企业\n"
		"  registry status 登记库的规模和导入记录\n"
		"  registry sample 生成虚构的企业数据，用于演示\n"
		"  find 政策       在登记库中找出符合一项政策的企业\n"
		"  report          报表：研发覆盖、政策堵点、可享资金、推送情况\n"
		"  push run        政策找人：把新内容推送给企业（push --help 列出全部）\n"
		"  rule eval       计算规则表达式（不需要服务）\n"
		"  keygen          生成访问令牌和证书（不需要服务）\n"
		"  admin backup    备份服务的全部数据\n"
		"  audit verify    检查审计日志是否完好（不需要服务）\n"
		"\n"
		"每个命令都有 --help，以及：\n"
		"  --server 地址      主机:端口、https://主机:端口 或 unix:路径（默认 "
		"$POLICYCALC_SERVER 或 "
		"127.0.0.1:50551）\n"
		"  --format 格式      table 或 json\n"
		"  --lang 语言        zh 或 en\n"
		"  --timeout 秒       等待服务的时间（默认 30，0 "
		"不限；导入、查找、报表等多条答复的命令默认不限）\n"
		"  --token-file 文件  访问令牌所在的文件（默认 $POLICYCALC_TOKEN_FILE）\n"
		"  --tls-ca 文件      用 TLS 连接，信任其中机构签发的证书（默认 "
		"$POLICYCALC_TLS_CA；地址写成 https://主机:端口 而没有此项时信任系统的机构）\n"
		"  --tls-cert 文件    客户端证书（默认 $POLICYCALC_TLS_CLIENT_CERT）\n"
		"  --tls-key 文件     其私钥（默认 "
		"$POLICYCALC_TLS_CLIENT_KEY，或与证书同一文件）\n"
		"  --tls-name 名称    服务器证书上应有的名称（默认 "
		"$POLICYCALC_TLS_NAME，或地址中的主机）\n"
		"\n"
		"退出码：0 完成；1 检查发现问题；2 用法或输入有误；3 服务或网络故障\n";
static const char HELP_EN[] =
		"usage: policycalc [--server ADDRESS] COMMAND [ARGUMENTS]\n"
		"\n"
		"  match           match one enterprise against the policies\n"
		"  ask             the questionnaire: one question after another until all is "
		"settled\n"
		"  combine         the best combination of what it can have\n"
		"  policies        list policies\n"
		"  policy ID       show one policy\n"
		"  guide ID...     how to apply, for one policy or several as one errand\n"
		"  attributes      list the attributes of an enterprise\n"
		"  catalog check   check a draft of the catalog (needs no service)\n"
		"  catalog simulate what a draft would change over the registry\n"
		"  catalog publish publish a draft as a new revision\n"
		"  catalog diff    how two revisions or drafts differ\n"
		"  catalog log     list revisions\n"
		"  catalog export  write the files of a revision\n"
		"  registry import import enterprises (CSV, NDJSON)\n"
		"  registry get    show one enterprise of the registry\n"
		"  registry status size of the registry and its imports\n"
		"  registry sample make up enterprises, for demonstration\n"
		"  find POLICY     the enterprises of the registry that have a policy\n"
		"  report          reports: R&D coverage, what blocks, money to be had, what "
		"was told\n"
		"  push run        policies look for people: tell what is new (see push "
		"--help)\n"
		"  rule eval       evaluate rule texts (needs no service)\n"
		"  keygen          make access tokens and certificates (needs no service)\n"
		"  admin backup    copy all data of the service\n"
		"  audit verify    check an audit log (needs no service)\n"
		"\n"
		"Every command has --help, and:\n"
		"  --server ADDRESS   HOST:PORT, https://HOST:PORT or unix:PATH (default "
		"$POLICYCALC_SERVER or "
		"127.0.0.1:50551)\n"
		"  --format FORMAT    table or json\n"
		"  --lang LANGUAGE    zh or en\n"
		"  --timeout SECONDS  how long to wait for the service (default 30, 0 without "
		"end; "
		"imports, searches, reports and such: without end)\n"
		"  --token-file FILE  the file with the access token (default "
		"$POLICYCALC_TOKEN_FILE)\n"
		"  --tls-ca FILE      speak TLS, trusting the authorities in it (default "
		"$POLICYCALC_TLS_CA; https://HOST:PORT without it: those of the system)\n"
		"  --tls-cert FILE    certificate of ours (default "
		"$POLICYCALC_TLS_CLIENT_CERT)\n"
		"  --tls-key FILE     its key (default $POLICYCALC_TLS_CLIENT_KEY, or in the "
		"same "
		"file)\n"
		"  --tls-name NAME    name that the service's certificate must have (default "
		"$POLICYCALC_TLS_NAME, or the host of the address)\n"
		"\n"
		"Exit status: 0 done; 1 a check found something; 2 wrong usage or input;\n"
		"3 service or network failure\n";

static const struct cli_command commands[] = {
	{ "match", command_match },
	{ "ask", command_ask },
	{ "combine", command_combine },
	{ "policies", command_policies },
	{ "policy", command_policy },
	{ "guide", command_guide },
	{ "attributes", command_attributes },
	{ "catalog", command_catalog },
	{ "registry", command_registry },
	{ "find", command_find },
	{ "report", command_report },
	{ "push", command_push },
	{ "rule", command_rule },
	{ "keygen", command_keygen },
	{ "admin", command_admin },
	{ "audit", command_audit },
};

static size_t terminal_width(void)
{
	struct winsize size = { 0 };
	const char *columns = getenv("COLUMNS");
	long long width;

	if (columns && cli_parse_number(columns, &width) && width >= 20 && width <= 1000)
		return (size_t)width;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
			size.ws_col >= 20)
		return size.ws_col;
	return 80;
}

/*
 * A closed descriptor would be given to the next socket, and what we print sent to the service:
 * it is taken by something that can be neither read nor written as the descriptor should be.
 */
static void descriptors_hold(void)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		if (fcntl(i, F_GETFD) == -1)
			(void)open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	const char *server = getenv("POLICYCALC_SERVER");
	struct cli cli = {
		.server = server && *server ? server : "127.0.0.1:50551",
		.token_file = getenv("POLICYCALC_TOKEN_FILE"),
		.tls = { getenv("POLICYCALC_TLS_CA"), getenv("POLICYCALC_TLS_CLIENT_CERT"),
				getenv("POLICYCALC_TLS_CLIENT_KEY"),
				getenv("POLICYCALC_TLS_NAME") },
		.lang = "zh",
		.format = "table",
		.style = { .width = terminal_width(),
				.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR") },
	};
	int code;

	descriptors_hold();
	/* A reader that goes away is noticed where we write. */
	(void)signal(SIGPIPE, SIG_IGN);
	arena_init(&cli.arena, (size_t)8 << 30);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		struct buffer out = { 0 };

		buffer_append_text(&out, "policycalc " POLICYCALC_VERSION "\n");
		code = cli_write(&cli, &out);
	} else {
		code = cli_dispatch(&cli, commands, sizeof(commands) / sizeof(commands[0]), "",
				HELP_ZH, HELP_EN, argc - 1, argv + 1);
	}
	channel_free(cli.channel);
	arena_fini(&cli.arena);
	return code;
}
