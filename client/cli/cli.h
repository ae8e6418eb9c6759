/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command shares: options, the connection, output, exit codes.
 *
 * Answers go to stdout, all else to stderr. A command returns its exit code.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "client/lib/channel.h"
#include "client/lib/tls.h"
#include "client/render/explain.h"

#include <stdbool.h>
#include <stddef.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FINDINGS = 1, /* the catalog check or an evaluation found something */
	CLI_USAGE = 2,	  /* the command line or a profile is wrong */
	CLI_FAILURE = 3,  /* the service or the network failed */
};

struct cli {
	const char *server;
	const char *lang;
	const char *format;
	const char *timeout;
	const char *token_file; /* or NULL */
	struct tls_files tls;	/* each NULL or empty when it is not given */
	const char *const *
			formats; /* what the command prints besides table and json; NULL ends */
	struct render_style style; /* of stdout */
	bool json;
	struct arena arena; /* lives as long as the command */
	struct channel *channel;
};

/* One option of a command; exactly one of flag and text is set. */
struct cli_option {
	const char *name; /* "--as-of", or "-f" */
	bool *flag;
	const char **text;
};

struct cli_command {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
};

/**
 * Takes options out of @argv, wherever they stand; "--" ends them. What is left stands in
 * argv[0 .. *argc - 1]. Also knows the options of every command. Returns -1 to go on, or the exit
 * code after --help (printed from @help_zh or @help_en) or a mistake (said on stderr).
 */
int cli_options(struct cli *cli, const struct cli_option *options, size_t count,
		const char *help_zh, const char *help_en, int *argc, char **argv);

/** Runs the command named argv[0]; @prefix is what stands before it in messages ("catalog "). */
int cli_dispatch(struct cli *cli, const struct cli_command *commands, size_t count,
		const char *prefix, const char *help_zh, const char *help_en, int argc,
		char **argv);

/** "policycalc: <message>" on stderr; returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/** The same for failures; returns CLI_FAILURE. */
int cli_failure(const struct cli *cli, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/** Says how a call failed, with its details; frees @status; returns the exit code. */
int cli_status(const struct cli *cli, struct call_status *status);
int cli_out_of_memory(const struct cli *cli);

/** @zh or @en. */
const char *cli_word(const struct cli *cli, const char *zh, const char *en);
/** What the service, or the check of a draft, says in English: as it is, or in Chinese where there are words for it. */
const char *cli_said(const struct cli *cli, const char *message, struct arena *arena);
/** "2026-03-01T01:02:03Z" to the minute, in China: "2026-03-01 09:02"; what is none as it is. */
char *cli_moment(struct cli *cli, const char *text);
/** Parses a revision number. */
bool cli_parse_number(const char *text, long long *out);

/**
 * Makes the channel to --server, with the token of --token-file and what --tls-... say, at first use; it connects when it is called.
 * CLI_OK, or the exit code after the failure was said.
 */
int cli_connect(struct cli *cli);
/** What may help after a call that ended with @code, on stderr. */
void cli_hint_connection(const struct cli *cli, int code);
/** The deadline of a unary call that starts now. */
int64_t cli_deadline(const struct cli *cli);
/** A unary call; CLI_OK, or the exit code after the failure was said. */
int cli_call(struct cli *cli, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *out_response);

/**
 * Starts a call of many messages: it takes as long as it takes, unless --timeout says otherwise, and
 * ends when the server is gone. CLI_OK, or the exit code after the failure was said.
 */
int cli_start_call(struct cli *cli, const char *path, struct call **out_call);

struct answer_stream;
struct progress;
/**
 * Opens @stream as cli_start_call(); CLI_OK, or the exit code after the failure was said. It is to be
 * closed in any case.
 */
int cli_open_stream(struct cli *cli, struct answer_stream *stream, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type);
/**
 * The next answer, or NULL at the end; CLI_OK, or the exit code after the failure was said, without
 * @progress (may be NULL) in its way.
 */
int cli_receive(struct cli *cli, struct answer_stream *stream, struct progress *progress,
		void *out_message);

/** Writes @out to stdout and frees it; CLI_OK, or CLI_FAILURE when that is not possible. */
int cli_write(const struct cli *cli, struct buffer *out);
/** One JSON document. */
int cli_write_json(const struct cli *cli, const void *message);
/** Appends @message as one line of NDJSON; false when memory is short. */
bool cli_append_json_line(const void *message, struct buffer *out);

int command_admin(struct cli *cli, int argc, char **argv);
int command_audit(struct cli *cli, int argc, char **argv);
int command_keygen(struct cli *cli, int argc, char **argv);
int command_ask(struct cli *cli, int argc, char **argv);
int command_match(struct cli *cli, int argc, char **argv);
int command_combine(struct cli *cli, int argc, char **argv);
int command_policies(struct cli *cli, int argc, char **argv);
int command_policy(struct cli *cli, int argc, char **argv);
int command_find(struct cli *cli, int argc, char **argv);
int command_guide(struct cli *cli, int argc, char **argv);
int command_attributes(struct cli *cli, int argc, char **argv);
int command_catalog(struct cli *cli, int argc, char **argv);
int command_catalog_diff(struct cli *cli, int argc, char **argv);
int command_catalog_simulate(struct cli *cli, int argc, char **argv);
int command_catalog_check(struct cli *cli, int argc, char **argv);
int command_registry(struct cli *cli, int argc, char **argv);
int command_report(struct cli *cli, int argc, char **argv);
int command_push(struct cli *cli, int argc, char **argv);
int command_rule(struct cli *cli, int argc, char **argv);
