/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, and which roles may call what: what a file may hold, who is found, and that no method is forgotten. */
#include "operations/access.h"

#include "base/memory.h"
#include "policycalc/v1/admin_service.pb-c.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "policycalc/v1/push_service.pb-c.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* printf '%s' pc_the-first-token-of-all | sha256sum, and so on. */
#define FIRST "370394f4afa1d0cbe8127bc1fac8fdfec11f3c284f88e4e21fc3f2e6b3ce531a"
#define SECOND "0EE5F8D58EBAB180329DB41CB84F2CF85E9462455E95EBC03817E32665535012"
#define THIRD "9ea0f04414f02e3f57290bf440e022f6e1c051c0284fb0b68b4266e61b88b707"

static struct access *load(const char *text, mode_t mode, struct error *err)
{
	char path[] = "/tmp/policycalc-tokens-XXXXXX";
	int file = mkstemp(path);
	struct access *access;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (long)strlen(text));
	assert_int_equal(fchmod(file, mode), 0);
	access = access_load(path, err);
	close(file);
	unlink(path);
	return access;
}

static const struct access_identity *find(const struct access *access, const char *header)
{
	return access_find(access, slice_from(header));
}

static void tokens_stand_for_names(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct access *access = load("# whoever\n"
				     "\n"
				     "portal\treader,registry  " FIRST "\r\n"
				     "  night-push batch " SECOND "\n"
				     "portal registry,reader " THIRD,
			0600, &err);
	const struct access_identity *portal, *push;

	(void)state;
	assert_non_null(access);
	assert_int_equal(access_count(access), 3);
	portal = find(access, "Bearer pc_the-first-token-of-all");
	assert_non_null(portal);
	assert_string_equal(portal->name, "portal");
	assert_int_equal(portal->roles, ACCESS_READER | ACCESS_REGISTRY);
	push = find(access, "bearer pc_the-second-token-of-all");
	assert_non_null(push);
	assert_string_equal(push->name, "night-push");
	assert_int_equal(push->roles, ACCESS_BATCH);
	/* While tokens are changed, both are good. */
	portal = find(access, "Bearer pc_the-third-token-of-all");
	assert_string_equal(portal->name, "portal");
	access_free(access);
	access_free(NULL);
}

static void others_are_nobody(void **state)
{
	static const char *const headers[] = {
		"",
		"Bearer",
		"Bearer ",
		"pc_the-first-token-of-all",
		"Basic pc_the-first-token-of-all",
		"Bearer  pc_the-first-token-of-all",
		"Bearer pc_the-first-token-of-al",
		"Bearer pc_the-first-token-of-all ",
		"Bearer pc_the-first-token-of-alL",
		("Bearer " FIRST),
	};
	struct error err;
	struct access *access = load("portal reader " FIRST "\n", 0640, &err);
	char longest[1024];

	(void)state;
	assert_non_null(access);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (find(access, headers[i]))
			fail_msg("'%s' is somebody", headers[i]);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "Bearer ", 7);
	assert_null(access_find(access, (struct slice){ longest, sizeof(longest) }));
	/* A NUL is a character like any other, not an end. */
	assert_null(access_find(access, SLICE_LITERAL("Bearer pc_the-first-token-of-all\0")));
	assert_null(access_find(access, (struct slice){ NULL, 0 }));
	access_free(access);
}

static void certificates_stand_for_names(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct access *access = load("portal reader uri:spiffe://Test/portal\n"
				     "portal reader " FIRST "\n"
				     "desk reader,registry dns:Desk.Example\n",
			0600, &err);
	const struct access_identity *found;

	(void)state;
	assert_non_null(access);
	assert_string_equal(find(access, "Bearer pc_the-first-token-of-all")->name, "portal");
	found = access_find_certificate(access, "dns:other\0uri:spiffe://Test/portal\0");
	assert_non_null(found);
	assert_string_equal(found->name, "portal");
	found = access_find_certificate(access, "dns:desk.example\0");
	assert_non_null(found);
	assert_int_equal(found->roles, ACCESS_READER | ACCESS_REGISTRY);
	/* The line that stands first, not the name that does. */
	found = access_find_certificate(access, "dns:desk.example\0uri:spiffe://Test/portal\0");
	assert_string_equal(found->name, "portal");
	assert_null(access_find_certificate(access, ""));
	assert_null(access_find_certificate(access, "uri:spiffe://test/portal\0"));
	assert_null(access_find_certificate(access, "uri:spiffe://Test/portal/\0"));
	assert_null(access_find_certificate(access, "uri:desk.example\0"));
	assert_null(access_find_certificate(access, "dns:\0"));
	access_free(access);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} cases[] = {
		{ "", 0600, "holds no token" },
		{ "# nothing\n", 0600, "holds no token" },
		{ "portal reader " FIRST "\n", 0604, "everybody on this machine" },
		{ "portal reader\n", 0600, ":1: must be NAME ROLE,... and SHA-256" },
		{ "\nportal reader " FIRST " more\n", 0600, ":2: must be NAME" },
		{ "port/al reader " FIRST "\n", 0600, ":1: a name has" },
		{ "portal root " FIRST "\n", 0600,
				":1: roles are parted by commas, and of these: reader registry "
				"batch department editor publisher operator" },
		{ "portal reader, " FIRST "\n", 0600, ":1: roles are" },
		{ "portal ,reader " FIRST "\n", 0600, ":1: roles are" },
		{ "portal reader,,batch " FIRST "\n", 0600, ":1: roles are" },
		{ "portal reader abc\n", 0600, ":1: the SHA-256 of a token" },
		{ "portal reader g" FIRST "\n", 0600, ":1: the SHA-256 of a token" },
		{ "a reader " FIRST "\nb reader " FIRST "\n", 0600, ":2: this token stands" },
		{ "a reader " FIRST "\na batch " SECOND "\n", 0600,
				":2: another line of this" },
		{ "a reader uri:\n", 0600, ":1: a name of a certificate" },
		{ "a reader dns:*.example\n", 0600, ":1: dns: takes whole names" },
		{ "a reader dns:h\nb reader dns:H\n", 0600, ":2: this certificate stands" },
		{ "a reader dns:h\na batch uri:h\n", 0600, ":2: another line of this" },
		{ "a reader ip:10.0.0.1\n", 0600, ":1: the SHA-256 of a token" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		err = (struct error){ ERROR_NONE, "" };
		if (load(cases[i].text, cases[i].mode, &err) || err.code != ERROR_INVALID ||
				!strstr(err.message, cases[i].says))
			fail_msg("case %zu: '%s'", i, err.message);
		assert_null(strstr(err.message, "370394"));
	}
	assert_null(access_load("/nonexistent/tokens", &err));
	assert_non_null(strstr(err.message, "/nonexistent/tokens"));
}

static void there_are_so_many(void **state)
{
	char *text = malloc(80 * (ACCESS_TOKENS_MOST + 1));
	struct error err = { ERROR_NONE, "" };
	struct access *access;
	size_t used = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < ACCESS_TOKENS_MOST; i++)
		used += (size_t)sprintf(text + used, "n reader %064d\n", i);
	access = load(text, 0600, &err);
	assert_non_null(access);
	access_free(access);
	(void)sprintf(text + used, "n reader %064d\n", ACCESS_TOKENS_MOST);
	assert_null(load(text, 0600, &err));
	assert_non_null(strstr(err.message, ":1001: there are at most 1000"));
	free(text);
}

/* A method that nobody put into the table nobody may call: here it is noticed. */
static void no_method_is_forgotten(void **state)
{
	static const ProtobufCServiceDescriptor *const services[] = {
		&policycalc__v1__admin_service__descriptor,
		&policycalc__v1__calculator_service__descriptor,
		&policycalc__v1__catalog_service__descriptor,
		&policycalc__v1__registry_service__descriptor,
		&policycalc__v1__push_service__descriptor,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		for (unsigned j = 0; j < services[i]->n_methods; j++) {
			uint32_t roles = access_roles_of_method(
					services[i]->name, services[i]->methods[j].name);

			if (roles == 0 || roles & ACCESS_ANYBODY)
				fail_msg("%s/%s: %x", services[i]->name,
						services[i]->methods[j].name, roles);
		}
	assert_int_equal(
			access_roles_of_method("policycalc.v1.CatalogService", "Forgotten"), 0);
	assert_int_equal(access_roles_of_method("policycalc.v1.Other", "Match"), 0);
}

/* Those who feed and read do not change what counts, and the other way round. */
static void roles_are_apart(void **state)
{
	(void)state;
	assert_int_equal(access_roles_of_method(
					 "policycalc.v1.CatalogService", "PublishCatalog"),
			ACCESS_PUBLISHER);
	assert_int_equal(access_roles_of_method(
					 "policycalc.v1.PushService", "ConfirmDeliveries"),
			ACCESS_DEPARTMENT);
	assert_int_equal(access_roles_of_method(
					 "policycalc.v1.RegistryService", "GetEnterprise"),
			ACCESS_REGISTRY);
}

static void roles_have_names(void **state)
{
	char text[ACCESS_ROLES_SIZE];

	(void)state;
	access_roles_print(0, text);
	assert_string_equal(text, "nobody");
	access_roles_print(ACCESS_ANYBODY, text);
	assert_string_equal(text, "nobody");
	access_roles_print(ACCESS_READER, text);
	assert_string_equal(text, "reader");
	access_roles_print(ACCESS_BATCH | ACCESS_OPERATOR, text);
	assert_string_equal(text, "batch or operator");
	access_roles_print(ACCESS_EVERY_ROLE | ACCESS_ANYBODY, text);
	assert_string_equal(text,
			"reader, registry, batch, department, editor, publisher or operator");
	assert_int_equal(access_role_parse(SLICE_LITERAL("editor")), ACCESS_EDITOR);
	assert_int_equal(access_role_parse(SLICE_LITERAL("edito")), 0);
	assert_int_equal(access_role_parse(SLICE_LITERAL("")), 0);
}

static void without_memory(void **state)
{
	bool met = true;

	(void)state;
	for (unsigned long nth = 1; met; nth++) {
		struct error err = { ERROR_NONE, "" };
		struct access *access;

		assert_in_range(nth, 1, 100);
		(void)memory_fail_nth(nth, (int)(nth % 2));
		access = load("portal reader " FIRST "\n"
			      "push batch uri:spiffe://a/push\n"
			      "push batch dns:Push.Example\n",
				0600, &err);
		met = memory_fail_nth(0, 0) >= nth;
		if (met) {
			/* Nobody is told that the file is wrong. */
			assert_null(access);
			assert_int_equal(err.code, ERROR_MEMORY);
			continue;
		}
		assert_int_equal(access_count(access), 3);
		assert_non_null(access_find_certificate(access, "dns:push.example\0"));
		assert_true(nth > 3);
		access_free(access);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_stand_for_names),
		cmocka_unit_test(others_are_nobody),
		cmocka_unit_test(certificates_stand_for_names),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(there_are_so_many),
		cmocka_unit_test(no_method_is_forgotten),
		cmocka_unit_test(roles_are_apart),
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
