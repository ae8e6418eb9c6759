/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator can set: by flag, then environment (POLICYCALC_*), then file (--config), then
 * default. The first of these that says something wins; lists are not joined.
 *
 * A file has one "name = value" a line, with the flags' names; # begins a comment line.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONFIG_LISTEN_MAX 16

/* The webhook: nothing of it counts without an address. */
struct config_webhook {
	const char *url;    /* NULL: none */
	const char *secret; /* file */
	const char *ca;	    /* file */
	long timeout_ms;
	long concurrency;
	long attempts;
	long retry_ms;
	long retry_most_ms;
	uint32_t kinds;	    /* bit n: kind n of policies; 0: all */
	const char *region; /* "": all */
	bool plaintext;
};

/* How the service is looked after. */
struct config_operation {
	const char *metrics; /* address; NULL: none */
	bool insecure_metrics;
	long slow_call_ms;     /* unary calls that take so long are logged */
	const char *audit_log; /* file; "": audit.log in the data folder; "none": there is none */
	long audit_log_bytes; /* of one file of it; 0: any number */
};

/* Files in PEM. */
struct config_tls {
	const char *certificate; /* NULL: plaintext */
	const char *key;
	const char *client_authorities; /* NULL: clients need no certificate */
	const char *client_revoked;	/* or NULL */
};

/* What one caller may ask for; 0: as much as it likes. */
struct config_limits {
	long connections;      /* at once */
	long connections_most; /* of all callers; not 0 */
	long calls;	       /* a second */
	long running;	       /* at once */
	long heavy;	       /* a second, of heavy methods */
	long heavy_running;
	bool local;	   /* callers of this machine without token, too */
	long handshake_ms; /* until a connection has said what it is, and a header block has come */
	long stall_ms;	   /* a request or an answer that does not move */
};

struct config {
	const char *data;
	const char *listen[CONFIG_LISTEN_MAX];
	size_t listen_count;
	long threads;	     /* 0: one a processor */
	const char *starter; /* folder of the starter catalog; "": an empty catalog stays empty */
	long grace_ms;	     /* how long calls may run on after SIGTERM */
	long lame_duck_ms;   /* health says NOT_SERVING for so long before that */
	long ping_interval_ms;	    /* how often clients with calls may ping */
	long idle_ping_interval_ms; /* and those without */
	long compress_above; /* bytes of an answer; 0: only for clients that pack theirs */
	enum log_level log_level;
	const char *tokens; /* file; NULL: everybody may call everything */
	bool four_eyes; /* a draft is published by another identity than the one that brought it */
	bool insecure_plaintext;
	bool reuse_port;
	bool no_reflection;
	struct config_operation operation;
	struct config_tls tls;
	struct config_limits limits;
	struct config_webhook webhook;
	const char *file; /* or NULL */
};

/* What the command line asks for besides serving. */
enum config_action {
	CONFIG_SERVE,
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_CHECK, /* --check-config */
	CONFIG_PRINT, /* --print-config */
};

/**
 * Reads all sources into @out_config; texts live in @arena or are those of @arguments and
 * @environment. ERROR_INVALID names the source and the option.
 */
bool config_load(int argument_count, char *const *arguments, char *const *environment,
		struct arena *arena, struct config *out_config, enum config_action *out_action,
		struct error *err);
/** Prints it in the form of a file. */
void config_print(const struct config *config, FILE *out);
/** What --help says. */
void config_print_help(FILE *out);
/** Whether an address can be reached from this machine alone; "plain:" may stand before it. */
bool config_is_local(const char *address);
