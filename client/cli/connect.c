/* SPDX-License-Identifier: Apache-2.0 */
/* The connection as the options want it, and what is said when it does not come about. */
#include "base/memory.h"
#include "client/cli/cli.h"
#include "client/cli/file.h"

#include <stdio.h>
#include <string.h>

/* The token of --token-file: its first line. What is in the file is never said. */
static int token_read(struct cli *cli)
{
	struct buffer text = { 0 };
	struct error err;
	int code = CLI_OK;
	size_t size;

	if (!file_read(cli->token_file, &text, &err)) {
		code = cli_usage(cli, "--token-file: %s",
				cli_said(cli, err.message, &cli->arena));
	} else {
		size = text.data ? strcspn(text.data, " \t\r\n") : 0;
		if (token_is_valid((struct slice){ text.data, size }))
			code = channel_set_token(
					       cli->channel, (struct slice){ text.data, size })
					       ? CLI_OK
					       : cli_out_of_memory(cli);
		else
			code = cli_usage(cli,
					cli_word(cli, "--token-file: %s 的第一行不是令牌",
							"--token-file: the first line of %s is "
							"no "
							"token"),
					cli->token_file);
	}
	if (text.data)
		explicit_bzero(text.data, text.size);
	buffer_fini(&text);
	return code;
}

/* An option, or a variable of the environment that holds something. */
static bool is_given(const char *text)
{
	return text && *text;
}

static int tls_set(struct cli *cli)
{
	const struct tls_files *given = &cli->tls;
	const struct tls_files files = {
		.authorities = is_given(given->authorities) ? given->authorities : NULL,
		.certificate = is_given(given->certificate) ? given->certificate : NULL,
		.key = is_given(given->key) ? given->key : NULL,
		.name = is_given(given->name) ? given->name : NULL,
	};
	struct call_status status = { 0 };

	if (!files.authorities && !files.certificate && !files.key && !files.name)
		return CLI_OK;
	return channel_set_tls(cli->channel, &files, &status)
			       ? CLI_OK
			       : cli_usage(cli, "TLS: %s",
						 cli_said(cli, status.message, &cli->arena));
}

int cli_connect(struct cli *cli)
{
	int code;

	if (cli->channel)
		return CLI_OK;
	cli->channel = channel_new(cli->server);
	if (!cli->channel)
		return cli_out_of_memory(cli);
	code = tls_set(cli);
	if (code == CLI_OK && cli->token_file && *cli->token_file)
		code = token_read(cli);
	if (code != CLI_OK) {
		channel_free(cli->channel);
		cli->channel = NULL;
	}
	return code;
}

void cli_hint_connection(const struct cli *cli, int code)
{
	if (code == PCALC_UNAVAILABLE)
		(void)fprintf(stderr,
				cli_word(cli, "  服务地址是 %s；可用 --server 另行指定\n",
						"  the service was sought at %s; see "
						"--server\n"),
				cli->server);
	if (code == PCALC_UNAUTHENTICATED)
		(void)fprintf(stderr, "%s\n",
				cli_word(cli, "  用 --token-file 指定访问令牌所在的文件",
						"  --token-file names the file with the access "
						"token"));
}
