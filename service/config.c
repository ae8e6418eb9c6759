/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config_limits.h"
#include "config_operation.h"
#include "config_tls.h"
#include "config_webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if !defined(POLICYCALC_STARTER_INSTALLED) || !defined(POLICYCALC_STARTER_SOURCE)
#error "the build must name the folders of the starter catalog"
#endif

#define FILE_SIZE_MAX ((size_t)64 << 10)

enum option_id {
	OPTION_DATA,
	OPTION_LISTEN,
	OPTION_THREADS,
	OPTION_STARTER,
	OPTION_GRACE_MS,
	OPTION_LAME_DUCK_MS,
	OPTION_PING_INTERVAL_MS,
	OPTION_IDLE_PING_INTERVAL_MS,
	OPTION_COMPRESS_ABOVE,
	OPTION_LOG_LEVEL,
	OPTION_TOKENS,
	OPTION_FOUR_EYES,
	OPTION_INSECURE_PLAINTEXT,
	OPTION_REUSE_PORT,
	OPTION_NO_REFLECTION,
	/* Those of the limits, in the order of enum config_limits_option. */
	OPTION_LIMITS,
	/* Those of operation, in the order of enum config_operation_option. */
	OPTION_OPERATION = OPTION_LIMITS + LIMITS_OPTION_COUNT,
	/* Those of TLS, in the order of enum config_tls_option. */
	OPTION_TLS = OPTION_OPERATION + OPERATION_OPTION_COUNT,
	/* Those of the webhook, in the order of enum config_webhook_option. */
	OPTION_WEBHOOK = OPTION_TLS + TLS_OPTION_COUNT,
	OPTION_CONFIG = OPTION_WEBHOOK + WEBHOOK_OPTION_COUNT,
	OPTION_COUNT,
};

static const struct option {
	const char *name;	 /* "listen": --listen in a command line, listen in a file */
	const char *environment; /* "POLICYCALC_LISTEN" */
	const char *value; /* what it takes, for --help; NULL: nothing, in a command line */
	const char *help;
} options[OPTION_COUNT] = {
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

/* Which options an earlier source has settled. */
struct loading {
	struct config *config;
	struct arena *arena;
	bool is_set[OPTION_COUNT];
	const char *source; /* for messages: "--threads", "POLICYCALC_THREADS", "x.conf:3" */
};

static bool fail(const struct loading *loading, enum option_id id, struct error *err,
		const char *expected)
{
	return error_set(err, ERROR_INVALID, "%s: %s must be %s", loading->source,
			options[id].name, expected);
}

static bool add_addresses(struct loading *loading, const char *text, struct error *err)
{
	struct config *config = loading->config;

	while (*text) {
		size_t size = strcspn(text, ",");

		if (size == 0)
			return fail(loading, OPTION_LISTEN, err, "addresses parted by commas");
		if (config->listen_count == CONFIG_LISTEN_MAX)
			return fail(loading, OPTION_LISTEN, err, "at most 16 addresses");
		config->listen[config->listen_count] = arena_copy(loading->arena, text, size);
		if (!config->listen[config->listen_count])
			return arena_error(loading->arena, err, "reading the options");
		config->listen_count++;
		text += size;
		if (*text == ',' && *++text == '\0')
			return fail(loading, OPTION_LISTEN, err, "addresses parted by commas");
	}
	return true;
}

static bool set(struct loading *loading, enum option_id id, const char *value,
		struct error *err)
{
	struct config *config = loading->config;
	const char *expected;

	if (id >= OPTION_LIMITS && id < OPTION_OPERATION) {
		expected = config_limits_set(&config->limits,
				(enum config_limits_option)(id - OPTION_LIMITS), value);
		return !expected || fail(loading, id, err, expected);
	}
	if (id >= OPTION_OPERATION && id < OPTION_TLS) {
		expected = config_operation_set(&config->operation,
				(enum config_operation_option)(id - OPTION_OPERATION), value);
		return !expected || fail(loading, id, err, expected);
	}
	if (id >= OPTION_TLS && id < OPTION_WEBHOOK)
		return config_tls_set(&config->tls, (enum config_tls_option)(id - OPTION_TLS),
				       value) ||
		       fail(loading, id, err, "a file");
	if (id >= OPTION_WEBHOOK && id < OPTION_CONFIG) {
		expected = config_webhook_set(&config->webhook,
				(enum config_webhook_option)(id - OPTION_WEBHOOK), value);
		return !expected || fail(loading, id, err, expected);
	}
	switch (id) {
	case OPTION_DATA:
		config->data = value;
		return value[0] || fail(loading, id, err, "a folder");
	case OPTION_LISTEN:
		return (value[0] && add_addresses(loading, value, err)) ||
		       (!value[0] && fail(loading, id, err, "an address"));
	case OPTION_THREADS:
		return config_parse_number(value, 0, 256, &config->threads) ||
		       fail(loading, id, err, "a number from 0 to 256");
	case OPTION_STARTER:
		config->starter = value;
		return true;
	case OPTION_GRACE_MS:
		return config_parse_number(value, 0, 3600000, &config->grace_ms) ||
		       fail(loading, id, err, "milliseconds from 0 to 3600000");
	case OPTION_LAME_DUCK_MS:
		return config_parse_number(value, 0, 3600000, &config->lame_duck_ms) ||
		       fail(loading, id, err, "milliseconds from 0 to 3600000");
	case OPTION_PING_INTERVAL_MS:
		return config_parse_number(value, 1, 86400000, &config->ping_interval_ms) ||
		       fail(loading, id, err, "milliseconds from 1 to 86400000");
	case OPTION_IDLE_PING_INTERVAL_MS:
		return config_parse_number(
				       value, 1, 86400000, &config->idle_ping_interval_ms) ||
		       fail(loading, id, err, "milliseconds from 1 to 86400000");
	case OPTION_COMPRESS_ABOVE:
		return config_parse_number(value, 0, 1L << 30, &config->compress_above) ||
		       fail(loading, id, err, "bytes from 0 to 1073741824");
	case OPTION_LOG_LEVEL:
		return log_level_parse(value, &config->log_level) ||
		       fail(loading, id, err, "debug, info, warning or error");
	case OPTION_TOKENS:
		config->tokens = value;
		return value[0] || fail(loading, id, err, "a file");
	case OPTION_FOUR_EYES:
		return config_parse_switch(value, &config->four_eyes) ||
		       fail(loading, id, err, "true or false");
	case OPTION_INSECURE_PLAINTEXT:
		return config_parse_switch(value, &config->insecure_plaintext) ||
		       fail(loading, id, err, "true or false");
	case OPTION_REUSE_PORT:
		return config_parse_switch(value, &config->reuse_port) ||
		       fail(loading, id, err, "true or false");
	case OPTION_NO_REFLECTION:
		return config_parse_switch(value, &config->no_reflection) ||
		       fail(loading, id, err, "true or false");
	case OPTION_LIMITS:
	case OPTION_OPERATION:
	case OPTION_TLS:
	case OPTION_WEBHOOK:
		break;
	case OPTION_CONFIG:
		config->file = value;
		return value[0] || fail(loading, id, err, "a file");
	case OPTION_COUNT:
		break;
	}
	return error_set(err, ERROR_INTERNAL, "no such option");
}

static enum option_id find_option(const char *name, size_t size)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
			return (enum option_id)i;
	return OPTION_COUNT;
}

/* --- sources --------------------------------------------------------------------------------- */

static bool read_arguments(struct loading *loading, int count, char *const *arguments,
		enum config_action *out_action, struct error *err)
{
	for (int i = 1; i < count; i++) {
		const char *argument = arguments[i];
		const char *value = NULL;
		size_t size;
		enum option_id id;

		if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
			*out_action = CONFIG_HELP;
			return true;
		}
		if (strcmp(argument, "--version") == 0) {
			*out_action = CONFIG_VERSION;
			return true;
		}
		if (strcmp(argument, "--check-config") == 0) {
			*out_action = CONFIG_CHECK;
			continue;
		}
		if (strcmp(argument, "--print-config") == 0) {
			*out_action = CONFIG_PRINT;
			continue;
		}
		size = strcspn(argument, "=");
		id = strncmp(argument, "--", 2) == 0 ? find_option(argument + 2, size - 2)
						     : OPTION_COUNT;
		if (id == OPTION_COUNT)
			return error_set(err, ERROR_INVALID, "unknown option %s; see --help",
					argument);
		if (argument[size] == '=')
			value = argument + size + 1;
		else if (!options[id].value)
			value = "true";
		else if (i + 1 < count)
			value = arguments[++i];
		else
			return error_set(
					err, ERROR_INVALID, "%s: a value is missing", argument);
		loading->source = "command line";
		if (loading->is_set[id] && id != OPTION_LISTEN)
			return error_set(err, ERROR_INVALID, "--%s: comes twice",
					options[id].name);
		if (!set(loading, id, value, err))
			return false;
		loading->is_set[id] = true;
	}
	return true;
}

static bool read_environment(
		struct loading *loading, char *const *environment, struct error *err)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		size_t size = strlen(options[i].environment);

		if (loading->is_set[i])
			continue;
		for (char *const *entry = environment; entry && *entry; entry++) {
			if (strncmp(*entry, options[i].environment, size) != 0 ||
					(*entry)[size] != '=')
				continue;
			loading->source = options[i].environment;
			if (!set(loading, (enum option_id)i, *entry + size + 1, err))
				return false;
			loading->is_set[i] = true;
			break;
		}
	}
	return true;
}

static char *read_file(const char *path, struct arena *arena, struct error *err)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t size;

	if (!file) {
		error_set(err, ERROR_NOT_FOUND, "config file %s: %s", path, strerror(errno));
		return NULL;
	}
	text = arena_alloc(arena, FILE_SIZE_MAX + 1);
	size = text ? fread(text, 1, FILE_SIZE_MAX + 1, file) : 0;
	if (!text)
		arena_error(arena, err, "reading the config file");
	else if (ferror(file))
		error_set(err, ERROR_IO, "config file %s: %s", path, strerror(errno));
	else if (size > FILE_SIZE_MAX || memchr(text, '\0', size))
		error_set(err, ERROR_INVALID, "config file %s: must be text of at most 64 KiB",
				path);
	else
		text[size] = '\0';
	if (!text || ferror(file) || size > FILE_SIZE_MAX || memchr(text, '\0', size))
		text = NULL;
	fclose(file);
	return text;
}

static char *trim(char *text)
{
	size_t size;

	text += strspn(text, " \t\r");
	size = strlen(text);
	while (size && strchr(" \t\r", text[size - 1]))
		text[--size] = '\0';
	return text;
}

static bool read_config_file(struct loading *loading, const char *path, struct error *err)
{
	bool settled[OPTION_COUNT];
	char *text = read_file(path, loading->arena, err);
	char *line, *rest = text;
	int number = 0;

	if (!text)
		return false;
	memcpy(settled, loading->is_set, sizeof(settled));
	while ((line = strsep(&rest, "\n"))) {
		char *value;
		enum option_id id;

		number++;
		line = trim(line);
		if (!line[0] || line[0] == '#')
			continue;
		loading->source = arena_format(loading->arena, "%s:%d", path, number);
		if (!loading->source)
			return arena_error(loading->arena, err, "reading the config file");
		value = strchr(line, '=');
		if (!value)
			return error_set(err, ERROR_INVALID, "%s: must be name = value",
					loading->source);
		*value++ = '\0';
		line = trim(line);
		value = trim(value);
		id = find_option(line, strlen(line));
		if (id == OPTION_COUNT || id == OPTION_CONFIG)
			return error_set(err, ERROR_INVALID, "%s: unknown option %s",
					loading->source, line);
		if (settled[id])
			continue;
		if (loading->is_set[id] && id != OPTION_LISTEN)
			return error_set(err, ERROR_INVALID, "%s: %s comes twice",
					loading->source, line);
		if (!set(loading, id, value, err))
			return false;
		loading->is_set[id] = true;
	}
	return true;
}

/* That of the installation, or of the source tree when nothing is installed. */
static const char *default_starter(void)
{
	return access(POLICYCALC_STARTER_INSTALLED, R_OK | X_OK) == 0
			       ? POLICYCALC_STARTER_INSTALLED
			       : POLICYCALC_STARTER_SOURCE;
}

bool config_load(int argument_count, char *const *arguments, char *const *environment,
		struct arena *arena, struct config *out_config, enum config_action *out_action,
		struct error *err)
{
	struct config config = {
		.starter = default_starter(),
		.grace_ms = 10000,
		.ping_interval_ms = 10000,
		.idle_ping_interval_ms = 60000,
		.compress_above = 256L << 10,
		.log_level = LOG_LEVEL_INFO,
	};
	struct loading loading = { .config = &config, .arena = arena };

	config_operation_init(&config.operation);
	config_limits_init(&config.limits);
	config_webhook_init(&config.webhook);
	*out_action = CONFIG_SERVE;
	if (!read_arguments(&loading, argument_count, arguments, out_action, err))
		return false;
	if (*out_action == CONFIG_HELP || *out_action == CONFIG_VERSION)
		return true;
	if (!read_environment(&loading, environment, err))
		return false;
	if (config.file && !read_config_file(&loading, config.file, err))
		return false;
	if (!config.listen_count)
		config.listen[config.listen_count++] = "127.0.0.1:50551";
	if (!config.data)
		return error_set(err, ERROR_INVALID, "--data DIR must be given; see --help");
	for (size_t i = 0; i < config.listen_count && !config.insecure_plaintext; i++)
		if (!config_is_local(config.listen[i]) &&
				(!config.tls.certificate || config_is_plain(config.listen[i])))
			return error_set(err, ERROR_INVALID,
					"%s: other machines could reach this address, and what "
					"is "
					"said there is not encrypted: give --tls-cert and "
					"--tls-key; --insecure-plaintext allows it",
					config.listen[i]);
	if (config.four_eyes && !config.tokens)
		return error_set(err, ERROR_INVALID,
				"four-eyes needs tokens: without them nobody is known");
	if (!config_operation_check(&config.operation, err) ||
			!config_tls_check(&config.tls, err) ||
			!config_webhook_check(&config.webhook, err))
		return false;
	*out_config = config;
	return true;
}

void config_print(const struct config *config, FILE *out)
{
	fprintf(out, "data = %s\n", config->data);
	for (size_t i = 0; i < config->listen_count; i++)
		fprintf(out, "listen = %s\n", config->listen[i]);
	fprintf(out, "threads = %ld\n", config->threads);
	fprintf(out, "starter = %s\n", config->starter);
	fprintf(out, "grace-ms = %ld\n", config->grace_ms);
	fprintf(out, "lame-duck-ms = %ld\n", config->lame_duck_ms);
	fprintf(out, "ping-interval-ms = %ld\n", config->ping_interval_ms);
	fprintf(out, "idle-ping-interval-ms = %ld\n", config->idle_ping_interval_ms);
	fprintf(out, "compress-above = %ld\n", config->compress_above);
	fprintf(out, "log-level = %s\n", log_level_name(config->log_level));
	if (config->tokens)
		fprintf(out, "tokens = %s\n", config->tokens);
	fprintf(out, "four-eyes = %s\n", config->four_eyes ? "true" : "false");
	fprintf(out, "insecure-plaintext = %s\n",
			config->insecure_plaintext ? "true" : "false");
	fprintf(out, "reuse-port = %s\n", config->reuse_port ? "true" : "false");
	fprintf(out, "no-reflection = %s\n", config->no_reflection ? "true" : "false");
	config_operation_print(&config->operation, out);
	config_tls_print(&config->tls, out);
	config_limits_print(&config->limits, out);
	config_webhook_print(&config->webhook, out);
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
