/* SPDX-License-Identifier: Apache-2.0 */
#include "config_options.h"

#include "config.h"

#include <string.h>

static const struct option options[OPTION_COUNT] = {
	[OPTION_DATA] = { "data", "POLICYCALC_DATA", "DIR",
			"folder of the databases; made when missing" },
	[OPTION_LISTEN] = { "listen", "POLICYCALC_LISTEN", "ADDR",
			"HOST:PORT, [IPV6]:PORT or unix:PATH; may be repeated, or hold\n"
			"                          several with commas (default "
			"127.0.0.1:50551)" },
	[OPTION_THREADS] = { "threads", "POLICYCALC_THREADS", "N",
			"loops, 1 to 256 (default: one a processor)" },
	[OPTION_STARTER] = { "starter", "POLICYCALC_STARTER", "DIR",
			"catalog that an empty database starts with; \"\": none" },
	[OPTION_GRACE_MS] = { "grace-ms", "POLICYCALC_GRACE_MS", "MS",
			"how long calls may run on after SIGTERM (default 10000)" },
	[OPTION_LAME_DUCK_MS] = { "lame-duck-ms", "POLICYCALC_LAME_DUCK_MS", "MS",
			"before that, all is served but health says NOT_SERVING (default\n"
			"                          0)" },
	[OPTION_PING_INTERVAL_MS] = { "ping-interval-ms", "POLICYCALC_PING_INTERVAL_MS", "MS",
			"how often clients may ping; those that go on more often are\n"
			"                          sent away with too_many_pings (default "
			"10000)" },
	[OPTION_IDLE_PING_INTERVAL_MS] = { "idle-ping-interval-ms",
			"POLICYCALC_IDLE_PING_INTERVAL_MS", "MS",
			"the same for connections without calls (default 60000)" },
	[OPTION_COMPRESS_ABOVE] = { "compress-above", "POLICYCALC_COMPRESS_ABOVE", "BYTES",
			"answers this large are gzip for clients that take it; 0: only\n"
			"                          for those that send it (default 262144)" },
	[OPTION_LOG_LEVEL] = { "log-level", "POLICYCALC_LOG_LEVEL", "LEVEL",
			"debug, info, warning or error (default info)" },
	[OPTION_TOKENS] = { "tokens", "POLICYCALC_TOKENS", "FILE",
			"only who has a token may call, each what its roles allow; a line\n"
			"                          of the file: NAME ROLE,... SHA-256 (see "
			"policycalc keygen)" },
	[OPTION_FOUR_EYES] = { "four-eyes", "POLICYCALC_FOUR_EYES", NULL,
			"a draft is published by another identity than the one that\n"
			"                          brought it; needs --tokens" },
	[OPTION_INSECURE_PLAINTEXT] = { "insecure-plaintext", "POLICYCALC_INSECURE_PLAINTEXT",
			NULL, "allow plaintext addresses that other machines can reach" },
	[OPTION_REUSE_PORT] = { "reuse-port", "POLICYCALC_REUSE_PORT", NULL,
			"let another process take the port over" },
	[OPTION_NO_REFLECTION] = { "no-reflection", "POLICYCALC_NO_REFLECTION", NULL,
			"tell nobody the schema" },
	[OPTION_LIMITS + LIMITS_CALLS] = { "limit-calls", "POLICYCALC_LIMIT_CALLS", "N",
			"calls a second of one token's name, or of one address without\n"
			"                          token; 0: as many as come (default 10000)" },
	[OPTION_LIMITS + LIMITS_RUNNING] = { "limit-running", "POLICYCALC_LIMIT_RUNNING", "N",
			"its calls at once (default 1000)" },
	[OPTION_LIMITS + LIMITS_HEAVY] = { "limit-heavy", "POLICYCALC_LIMIT_HEAVY", "N",
			"its imports, runs, searches, reports, drafts and streams begun a\n"
			"                          second (default 20)" },
	[OPTION_LIMITS + LIMITS_HEAVY_RUNNING] = { "limit-heavy-running",
			"POLICYCALC_LIMIT_HEAVY_RUNNING", "N",
			"of these at once (default 32)" },
	[OPTION_LIMITS + LIMITS_HANDSHAKE_MS] = { "handshake-ms", "POLICYCALC_HANDSHAKE_MS",
			"MS",
			"how long a connection may take to begin, and a header block\n"
			"                          to come (default 10000)" },
	[OPTION_LIMITS + LIMITS_STALL_MS] = { "stall-ms", "POLICYCALC_STALL_MS", "MS",
			"how long a request or an answer may stand still; a request of\n"
			"                          one message has five times that in all "
			"(default 60000)" },
	[OPTION_LIMITS + LIMITS_MAX_CONNECTIONS] = { "max-connections",
			"POLICYCALC_MAX_CONNECTIONS", "N",
			"connections at once, of all; when there are so many, who has\n"
			"                          most makes room for who has fewer (default "
			"10000)" },
	[OPTION_LIMITS + LIMITS_CONNECTIONS] = { "limit-connections",
			"POLICYCALC_LIMIT_CONNECTIONS", "N",
			"connections at once of one address; 0: as many as there is room\n"
			"                          for, since one may be a balancer (default "
			"0)" },
	[OPTION_LIMITS + LIMITS_LOCAL] = { "limit-local", "POLICYCALC_LIMIT_LOCAL", NULL,
			"limits callers of this machine without token, too: without it\n"
			"                          they are not, since one may be a proxy" },
	[OPTION_OPERATION + OPERATION_METRICS] = { "metrics", "POLICYCALC_METRICS", "ADDR",
			"answers there to Prometheus (/metrics) and browsers (/) how the\n"
			"                          service does; an address as of --listen" },
	[OPTION_OPERATION + OPERATION_INSECURE_METRICS] = { "insecure-metrics",
			"POLICYCALC_INSECURE_METRICS", NULL,
			"allow that address to be one that other machines can reach" },
	[OPTION_OPERATION + OPERATION_SLOW_CALL_MS] = { "slow-call-ms",
			"POLICYCALC_SLOW_CALL_MS", "MS",
			"unary calls that take so long have a line in the log; of others\n"
			"                          only failures of the service, or with "
			"log-level debug all\n"
			"                          (default 1000)" },
	[OPTION_OPERATION + OPERATION_AUDIT_LOG] = { "audit-log", "POLICYCALC_AUDIT_LOG",
			"FILE",
			"who changed what, for policycalc audit verify; none: there is no\n"
			"                          such log (default audit.log in the data "
			"folder)" },
	[OPTION_OPERATION + OPERATION_AUDIT_LOG_BYTES] = { "audit-log-bytes",
			"POLICYCALC_AUDIT_LOG_BYTES", "BYTES",
			"a file of that log is put away when it has so many, and another\n"
			"                          goes on; 0: never (default 67108864)" },
	[OPTION_TLS + TLS_CERT] = { "tls-cert", "POLICYCALC_TLS_CERT", "FILE",
			"our certificate and those above it (PEM): TCP addresses speak\n"
			"                          TLS, but unix: and plain:HOST:PORT" },
	[OPTION_TLS + TLS_KEY] = { "tls-key", "POLICYCALC_TLS_KEY", "FILE", "its key (PEM)" },
	[OPTION_TLS + TLS_CLIENT_CA] = { "tls-client-ca", "POLICYCALC_TLS_CLIENT_CA", "FILE",
			"who connects by TLS must have a certificate of one of these\n"
			"                          authorities (PEM)" },
	[OPTION_TLS + TLS_CLIENT_CRL] = { "tls-client-crl", "POLICYCALC_TLS_CLIENT_CRL", "FILE",
			"and it must not stand in these lists (PEM)" },
	[OPTION_WEBHOOK + WEBHOOK_URL] = { "webhook-url", "POLICYCALC_WEBHOOK_URL", "URL",
			"brings released deliveries there, by POST (https, or http to\n"
			"                          this machine)" },
	[OPTION_WEBHOOK + WEBHOOK_SECRET] = { "webhook-secret", "POLICYCALC_WEBHOOK_SECRET",
			"FILE", "signs them with the secrets in it, one a line" },
	[OPTION_WEBHOOK + WEBHOOK_CA] = { "webhook-ca", "POLICYCALC_WEBHOOK_CA", "FILE",
			"certificates to trust instead of the system's (PEM)" },
	[OPTION_WEBHOOK + WEBHOOK_TIMEOUT_MS] = { "webhook-timeout-ms",
			"POLICYCALC_WEBHOOK_TIMEOUT_MS", "MS",
			"how long the receiver may take to answer (default 10000)" },
	[OPTION_WEBHOOK + WEBHOOK_CONCURRENCY] = { "webhook-concurrency",
			"POLICYCALC_WEBHOOK_CONCURRENCY", "N",
			"deliveries on their way at once, 1 to 256 (default 8)" },
	[OPTION_WEBHOOK + WEBHOOK_ATTEMPTS] = { "webhook-attempts",
			"POLICYCALC_WEBHOOK_ATTEMPTS", "N",
			"tries before a delivery is a dead letter (default 20)" },
	[OPTION_WEBHOOK + WEBHOOK_RETRY_MS] = { "webhook-retry-ms",
			"POLICYCALC_WEBHOOK_RETRY_MS", "MS",
			"wait after the first failed try, doubled with each (default\n"
			"                          1000)" },
	[OPTION_WEBHOOK + WEBHOOK_RETRY_MOST_MS] = { "webhook-retry-most-ms",
			"POLICYCALC_WEBHOOK_RETRY_MOST_MS", "MS",
			"the longest wait between tries (default 3600000)" },
	[OPTION_WEBHOOK + WEBHOOK_KINDS] = { "webhook-kinds", "POLICYCALC_WEBHOOK_KINDS",
			"KIND,...", "only news of policies of these kinds" },
	[OPTION_WEBHOOK + WEBHOOK_REGION] = { "webhook-region", "POLICYCALC_WEBHOOK_REGION",
			"CODE", "only enterprises registered there or below" },
	[OPTION_WEBHOOK + WEBHOOK_INSECURE_PLAINTEXT] = { "webhook-insecure-plaintext",
			"POLICYCALC_WEBHOOK_INSECURE_PLAINTEXT", NULL,
			"allow http to other machines" },
	[OPTION_CONFIG] = { "config", "POLICYCALC_CONFIG", "FILE",
			"reads options from a file: name = value" },
};

const struct option *option_of(enum option_id id)
{
	return &options[id];
}

enum option_id option_find(const char *name, size_t size)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
			return (enum option_id)i;
	return OPTION_COUNT;
}

void config_print_help(FILE *out)
{
	fputs("usage: policycalcd --data DIR [--listen ADDR]... [--threads N] [OPTION]...\n\n"
	      "Serves the policy calculator over gRPC until SIGTERM or SIGINT.\n\n",
			out);
	for (int i = 0; i < OPTION_COUNT; i++) {
		char flag[40];

		snprintf(flag, sizeof(flag), "--%s %s", options[i].name,
				options[i].value ? options[i].value : "");
		fprintf(out, "  %-22s  %s\n", flag, options[i].help);
	}
	fputs("  --check-config          checks the options and ends\n"
	      "  --print-config          prints the options in the form of a file and ends\n"
	      "  --version               prints the version and ends\n"
	      "  --help                  prints this and ends\n\n"
	      "A flag wins over the environment (POLICYCALC_DATA, POLICYCALC_LISTEN, ...), "
	      "that over\n"
	      "the file. SIGHUP reads environment and file again; log-level, slow-call-ms,\n"
	      "grace-ms, lame-duck-ms and what is in the files of tokens and of TLS follow at\n"
	      "once, the rest needs a restart. Exit status: 0 ended as asked, 1 could not\n"
	      "start or failed, 2 wrong options.\n",
			out);
}
