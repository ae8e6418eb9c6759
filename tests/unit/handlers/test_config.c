/* SPDX-License-Identifier: Apache-2.0 */
/* Options: which source wins, and what is refused. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST 8

struct given {
	char *arguments[MOST];
	char *environment[MOST];
};

static bool load(struct given *given, struct arena *arena, struct config *config,
		enum config_action *action, struct error *err)
{
	int count = 0;

	while (given->arguments[count])
		count++;
	return config_load(count, given->arguments, given->environment, arena, config, action,
			err);
}

static void refused(void **state)
{
	static const struct {
		struct given given;
		const char *says;
	} cases[] = {
		{ { { "d" }, { NULL } }, "--data" },
		{ { { "d", "--data", NULL }, { NULL } }, "value is missing" },
		{ { { "d", "--data=" }, { NULL } }, "folder" },
		{ { { "d", "--data=x", "--data=y" }, { NULL } }, "twice" },
		{ { { "d", "--bogus" }, { NULL } }, "unknown option --bogus" },
		{ { { "d", "--data=x", "--threads=257" }, { NULL } }, "threads" },
		{ { { "d", "--data=x", "--threads=-1" }, { NULL } }, "threads" },
		{ { { "d", "--data=x", "--threads=2x" }, { NULL } }, "threads" },
		{ { { "d", "--data=x" }, { "POLICYCALC_THREADS=many" } },
				"POLICYCALC_THREADS" },
		{ { { "d", "--data=x", "--log-level=loud" }, { NULL } }, "log-level" },
		{ { { "d", "--data=x", "--listen=0.0.0.0:1" }, { NULL } },
				"--insecure-plaintext" },
		{ { { "d", "--data=x", "--listen=127.evil.example:1" }, { NULL } },
				"insecure" },
		{ { { "d", "--data=x", "--tls-cert=c", "--tls-key=k",
				    "--listen=plain:10.0.0.1:1" },
				  { NULL } },
				"insecure" },
		{ { { "d", "--data=x", "--tls-cert=c" }, { NULL } }, "both must be given" },
		{ { { "d", "--data=x", "--tls-cert=c" }, { "POLICYCALC_TLS_KEY=" } },
				"must be a file" },
		{ { { "d", "--data=x", "--tls-client-ca=c" }, { NULL } }, "needs tls-cert" },
		{ { { "d", "--data=x", "--tls-cert=c", "--tls-key=k", "--tls-client-crl=r" },
				  { NULL } },
				"needs tls-client-ca" },
		{ { { "d", "--data=x", "--listen=127.0.0.1:1,," }, { NULL } }, "commas" },
		{ { { "d", "--data=x", "--config=/nonexistent/x" }, { NULL } },
				"/nonexistent/x" },
		{ { { "d", "--data=x", "--webhook-url=http://10.0.0.1/" }, { NULL } },
				"--webhook-insecure-plaintext" },
		{ { { "d", "--data=x" }, { "POLICYCALC_WEBHOOK_URL=ftp://h/" } },
				"webhook-url" },
		{ { { "d", "--data=x", "--webhook-concurrency=257" }, { NULL } }, "1 to 256" },
		{ { { "d", "--data=x", "--webhook-attempts=0" }, { NULL } }, "1 to 1000" },
		{ { { "d", "--data=x", "--webhook-timeout-ms=99" }, { NULL } }, "600000" },
		{ { { "d", "--data=x", "--webhook-kinds=award,gift" }, { NULL } }, "subsidy" },
		{ { { "d", "--data=x", "--webhook-region=4112" }, { NULL } }, "six digits" },
		{ { { "d", "--data=x", "--webhook-url=https://h/", "--webhook-retry-ms=5000",
				    "--webhook-retry-most-ms=4999" },
				  { NULL } },
				"must not be less" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct given given = cases[i].given;
		struct config config;
		enum config_action action;
		struct arena arena;
		struct error err = { ERROR_NONE, "" };

		arena_init(&arena, 1 << 20);
		if (load(&given, &arena, &config, &action, &err) ||
				!strstr(err.message, cases[i].says))
			fail_msg("case %zu: said '%s', not '%s'", i, err.message,
					cases[i].says);
		arena_fini(&arena);
	}
}

static void defaults_and_addresses(void **state)
{
	struct given given = { { "d", "--data", "x" }, { NULL } };
	struct given several = { { "d", "--data=x", "--listen=unix:/a", "--listen",
						 "[::1]:2,localhost:3" },
		{ NULL } };
	struct config config;
	enum config_action action;
	struct arena arena;
	struct error err = { ERROR_NONE, "" };
	struct given safe = { { "d", "--data=x", "--tls-cert=c", "--listen=10.0.0.1:1",
					      "--listen=plain:127.0.0.1:2",
					      "--metrics=plain:127.0.0.1:3" },
		{ "POLICYCALC_TLS_KEY=k" } };

	arena_init(&arena, 1 << 20);
	assert_true(load(&safe, &arena, &config, &action, &err));
	assert_string_equal(config.tls.certificate, "c");
	assert_string_equal(config.tls.key, "k");
	assert_string_equal(config.operation.metrics, "127.0.0.1:3");
	assert_null(config.tls.client_authorities);
	assert_true(load(&given, &arena, &config, &action, &err));
	assert_int_equal(action, CONFIG_SERVE);
	assert_string_equal(config.data, "x");
	assert_int_equal(config.listen_count, 1);
	assert_string_equal(config.listen[0], "127.0.0.1:50551");
	assert_int_equal(config.grace_ms, 10000);
	assert_true(load(&several, &arena, &config, &action, &err));
	assert_int_equal(config.listen_count, 3);
	assert_string_equal(config.listen[0], "unix:/a");
	assert_string_equal(config.listen[2], "localhost:3");
	arena_fini(&arena);
}

static void flag_then_environment_then_file(void **state)
{
	static const char text[] = "# a comment\n\n data = file\r\nthreads=3\ngrace-ms = 5\n"
				   "listen = unix:/f1\nlisten = unix:/f2\nlog-level = debug";
	char path[] = "/tmp/policycalc-config-XXXXXX";
	char flag[64];
	struct given given = { { "d", "--threads", "1", flag },
		{ "POLICYCALC_DATA=environment", "POLICYCALC_THREADS=2", "OTHER=1" } };
	int file = mkstemp(path);
	struct config config;
	enum config_action action;
	struct arena arena;
	struct error err = { ERROR_NONE, "" };

	assert_true(file >= 0);
	assert_int_equal(write(file, text, sizeof(text) - 1), (int)sizeof(text) - 1);
	snprintf(flag, sizeof(flag), "--config=%s", path);
	arena_init(&arena, 1 << 20);
	if (!load(&given, &arena, &config, &action, &err))
		fail_msg("%s", err.message);
	assert_string_equal(config.data, "environment");
	assert_int_equal(config.threads, 1);
	assert_int_equal(config.grace_ms, 5);
	assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(config.listen_count, 2);
	assert_string_equal(config.listen[1], "unix:/f2");

	assert_int_equal(write(file, "\nbogus = 1", 10), 10);
	assert_false(load(&given, &arena, &config, &action, &err));
	assert_non_null(strstr(err.message, ":9: unknown option bogus"));
	arena_fini(&arena);
	close(file);
	unlink(path);
}

/* What is printed is a file that says the same. */
static void webhook_there_and_back(void **state)
{
	char path[] = "/tmp/policycalc-config-XXXXXX";
	char flag[64], *first = NULL, *second = NULL;
	size_t first_size, second_size;
	struct given given = { { "d", "--data=x", "--webhook-url=https://h:8443/hook?a=b",
					       "--webhook-kinds=TAX_RELIEF,award,award",
					       "--webhook-insecure-plaintext" },
		{ "POLICYCALC_WEBHOOK_REGION=411282", "POLICYCALC_WEBHOOK_SECRET=/s" } };
	struct given again = { { "d", flag }, { NULL } };
	struct config config;
	enum config_action action;
	struct arena arena;
	struct error err = { ERROR_NONE, "" };
	FILE *out;
	int file;

	(void)state;
	arena_init(&arena, 1 << 20);
	if (!load(&given, &arena, &config, &action, &err))
		fail_msg("%s", err.message);
	assert_string_equal(config.webhook.url, "https://h:8443/hook?a=b");
	assert_string_equal(config.webhook.region, "411282");
	assert_int_equal(config.webhook.kinds, 1 << 3 | 1 << 4);
	assert_true(config.webhook.plaintext);
	assert_int_equal(config.webhook.attempts, 20);
	out = open_memstream(&first, &first_size);
	config_print(&config, out);
	(void)fclose(out);
	file = mkstemp(path);
	assert_int_equal(write(file, first, first_size), (long)first_size);
	close(file);
	(void)snprintf(flag, sizeof(flag), "--config=%s", path);
	if (!load(&again, &arena, &config, &action, &err))
		fail_msg("%s", err.message);
	out = open_memstream(&second, &second_size);
	config_print(&config, out);
	(void)fclose(out);
	assert_string_equal(first, second);
	unlink(path);
	free(first);
	free(second);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(defaults_and_addresses),
		cmocka_unit_test(flag_then_environment_then_file),
		cmocka_unit_test(webhook_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
