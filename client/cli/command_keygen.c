/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens: a new one goes into a file for who calls, its SHA-256 into the service's file of tokens. With
 * --tls certificates instead: see keygen_tls.h.
 */
#include "client/cli/cli.h"
#include "client/cli/keygen_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RANDOM_SIZE 32
#define DIGEST_SIZE 32
/* "pc_" and the random bytes in hexadecimal. */
#define TOKEN_SIZE (3 + 2 * RANDOM_SIZE)
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const char HELP_ZH[] =
		"用法：policycalc keygen 名称 角色[,角色...] --out 文件\n"
		"\n"
		"生成一个访问令牌（不需要服务）。令牌写入新文件（权限 600），交给调用方：\n"
		"policycalc --token-file 文件，或请求头 authorization: Bearer 令牌。屏幕上\n"
		"打印的一行（名称、角色、令牌的 SHA-256）加入服务的令牌文件（policycalcd\n"
		"--tokens），再发 SIGHUP 生效。换令牌时先加新行，调用方换好后删去旧行。\n"
		"\n"
		"角色：\n"
#define ROLE(word, name, zh, en) "  " name "：" zh "\n"
#include "base/role.def"
#undef ROLE
		"\n"
		"证书：policycalc keygen --tls 目录 --host 名称[,名称...] [--days 天]\n"
		"      policycalc keygen --tls 目录 --client 名称 [角色[,角色...]]\n"
		"\n"
		"第一种：在目录中建一个小型证书机构（ca.pem、ca.key，没有时才建）和服务器证书\n"
		"（server.pem、server.key；名称可以是主机名或 IP）。第二种：客户端证书\n"
		"（client-名称.pem、."
		"key）；给出角色时打印加入令牌文件的一行，表示持有该证书者\n"
		"是谁、能做什么。已有的不覆盖，除非 --replace；有效期默认 397 天。ca.key "
		"能签发\n"
		"任何证书：不要放在服务器上。\n";
static const char HELP_EN[] =
		"usage: policycalc keygen NAME ROLE[,ROLE...] --out FILE\n"
		"\n"
		"Makes an access token (needs no service). The token goes into a new file "
		"(mode\n"
		"600), for whoever calls: policycalc --token-file FILE, or the header\n"
		"authorization: Bearer TOKEN. The line that is printed (name, roles, SHA-256 "
		"of\n"
		"the token) goes into the service's file of tokens (policycalcd --tokens), "
		"which\n"
		"is read again on SIGHUP. To change a token, add the new line first, and take\n"
		"the old one out when nobody uses it any more.\n"
		"\n"
		"Roles:\n"
#define ROLE(word, name, zh, en) "  " name ": " en "\n"
#include "base/role.def"
#undef ROLE
		"\n"
		"Certificates: policycalc keygen --tls DIR --host NAME[,NAME...] [--days N]\n"
		"              policycalc keygen --tls DIR --client NAME [ROLE[,ROLE...]]\n"
		"\n"
		"The first makes a small authority in the folder (ca.pem, ca.key, unless they "
		"are\n"
		"there) and the server's certificate (server.pem, server.key) for names or IP\n"
		"addresses; the second one for a client (client-NAME.pem, .key), and with "
		"roles\n"
		"prints the line of the file of tokens that says who its holder is and what "
		"it\n"
		"may do. What is there is kept, unless --replace; they are good for 397 days\n"
		"unless --days says otherwise. Whoever has ca.key can issue any certificate: "
		"it\n"
		"has no business on the server.\n";

static bool name_is_good(const char *name)
{
	size_t size = strlen(name);

	return size >= 1 && size <= 64 && strspn(name, NAME_CHARACTERS) == size;
}

static bool roles_are_good(const char *text)
{
	static const char *const roles[] = {
#define ROLE(word, name, zh, en) name,
#include "base/role.def"
#undef ROLE
	};
	const size_t count = sizeof(roles) / sizeof(*roles);

	for (;;) {
		size_t size = strcspn(text, ",");
		size_t i = 0;

		while (i < count &&
				(strlen(roles[i]) != size || memcmp(roles[i], text, size) != 0))
			i++;
		if (i == count)
			return false;
		if (!text[size])
			return true;
		text += size + 1;
	}
}

static int refuse_name(const struct cli *cli)
{
	return cli_usage(cli, "%s",
			cli_word(cli, "名称：1 到 64 个字母、数字、-、_、.",
					"NAME: 1 to 64 letters, digits, -, _ and ."));
}

static int refuse_roles(const struct cli *cli)
{
	return cli_usage(cli, "%s",
			cli_word(cli, "角色：见 policycalc keygen --help",
					"ROLE: see policycalc keygen --help"));
}

static void hex_print(const unsigned char *bytes, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++)
		(void)sprintf(out + 2 * i, "%02x", bytes[i]);
}

static int token_write(const struct cli *cli, const char *path, const char *token)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (file < 0)
		return cli_usage(cli, "--out %s: %s", path, strerror(errno));
	ok = write(file, token, TOKEN_SIZE + 1) == TOKEN_SIZE + 1 && fsync(file) == 0;
	ok = close(file) == 0 && ok;
	if (ok)
		return CLI_OK;
	(void)unlink(path);
	return cli_failure(cli, "--out %s: %s", path, strerror(errno));
}

static int run_tls(struct cli *cli, struct keygen_tls *tls, int argc, char **argv)
{
	tls->roles = argc == 1 ? argv[0] : NULL;
	if (!tls->hosts == !tls->client || argc > (tls->client ? 1 : 0))
		return cli_usage(cli, "%s",
				cli_word(cli,
						"用法：policycalc keygen --tls 目录 --host "
						"名称 | "
						"--client 名称 [角色]",
						"usage: policycalc keygen --tls DIR --host "
						"NAME | "
						"--client NAME [ROLES]"));
	if (tls->client && !name_is_good(tls->client))
		return refuse_name(cli);
	if (tls->roles && !roles_are_good(tls->roles))
		return refuse_roles(cli);
	return keygen_tls(cli, tls);
}

int command_keygen(struct cli *cli, int argc, char **argv)
{
	const char *path = NULL;
	struct keygen_tls tls = { 0 };
	const struct cli_option list[] = { { "--out", .text = &path },
		{ "--tls", .text = &tls.folder }, { "--host", .text = &tls.hosts },
		{ "--client", .text = &tls.client }, { "--days", .text = &tls.days },
		{ "--replace", .flag = &tls.replace } };
	unsigned char random[RANDOM_SIZE], digest[DIGEST_SIZE];
	char token[TOKEN_SIZE + 2] = "pc_";
	char hash[2 * DIGEST_SIZE + 1];
	int code = cli_options(cli, list, 6, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (tls.folder)
		return run_tls(cli, &tls, argc, argv);
	if (argc != 2 || !path)
		return cli_usage(cli, "%s",
				cli_word(cli,
						"用法：policycalc keygen 名称 角色[,角色...] "
						"--out 文件",
						"usage: policycalc keygen NAME ROLE[,ROLE...] "
						"--out "
						"FILE"));
	if (!name_is_good(argv[0]))
		return refuse_name(cli);
	if (!roles_are_good(argv[1]))
		return refuse_roles(cli);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return cli_failure(cli, "%s",
				cli_word(cli, "系统没有给出随机数",
						"the system gives no random bytes"));
	hex_print(random, sizeof(random), token + 3);
	explicit_bzero(random, sizeof(random));
	if (EVP_Digest(token, TOKEN_SIZE, digest, NULL, EVP_sha256(), NULL) == 1) {
		hex_print(digest, sizeof(digest), hash);
		token[TOKEN_SIZE] = '\n';
		code = token_write(cli, path, token);
	} else {
		code = cli_out_of_memory(cli);
	}
	explicit_bzero(token, sizeof(token));
	if (code == CLI_OK) {
		struct buffer out = { 0 };

		buffer_format(&out, "%s %s %s\n", argv[0], argv[1], hash);
		code = cli_write(cli, &out);
	}
	return code;
}
