/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if !defined(POLICYCALC_STARTER_INSTALLED) || !defined(POLICYCALC_STARTER_SOURCE)
#error "the build must name the folders of the starter catalog"
#endif

#define FILE_SIZE_MAX ((size_t)64 << 10)

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
			option_of(id)->name, expected);
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
		id = strncmp(argument, "--", 2) == 0 ? option_find(argument + 2, size - 2)
						     : OPTION_COUNT;
		if (id == OPTION_COUNT)
			return error_set(err, ERROR_INVALID, "unknown option %s; see --help",
					argument);
		if (argument[size] == '=')
			value = argument + size + 1;
		else if (!option_of(id)->value)
			value = "true";
		else if (i + 1 < count)
			value = arguments[++i];
		else
			return error_set(
					err, ERROR_INVALID, "%s: a value is missing", argument);
		loading->source = "command line";
		if (loading->is_set[id] && id != OPTION_LISTEN)
			return error_set(err, ERROR_INVALID, "--%s: comes twice",
					option_of(id)->name);
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
		size_t size = strlen(option_of((enum option_id)i)->environment);

		if (loading->is_set[i])
			continue;
		for (char *const *entry = environment; entry && *entry; entry++) {
			if (strncmp(*entry, option_of((enum option_id)i)->environment, size) !=
							0 ||
					(*entry)[size] != '=')
				continue;
			loading->source = option_of((enum option_id)i)->environment;
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
		id = option_find(line, strlen(line));
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
