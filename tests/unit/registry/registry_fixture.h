/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry in a folder that goes away, with a small dictionary of every type, and rows as one writes
 * them: "staff=5 money@2024=3元 listed=是 projects.p1.invested=2元 complete:projects".
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "registry/import.h"
#include "registry/registry.h"
#include "store/directory.h"

struct registry_fixture {
	struct arena arena;
	char folder[256];
	char data[300]; /* folder/data */
	char file[320]; /* data/registry.db */
	struct ruleset *ruleset;
	struct directory *directory;
	struct registry_store *store;
	struct registry *registry;
};

/** Everything but the registry, which registry_fixture_open() opens. */
int registry_fixture_setup(void **state);
int registry_fixture_teardown(void **state);
/** false with why; then nothing is open. */
bool registry_fixture_open(struct registry_fixture *fixture, struct error *err);
void registry_fixture_close(struct registry_fixture *fixture);

/* The clock of imports: seconds since 1970. Starts on 2026-11-27. */
extern int64_t registry_fixture_now;

/** The unified social credit code of enterprise @number. */
char *fixture_code(struct registry_fixture *fixture, unsigned number);
/** A row of enterprise @number as it is written; ends the test when it cannot be read. */
Policycalc__V1__Profile *fixture_row(
		struct registry_fixture *fixture, unsigned number, const char *text);
/** What is known, written in the order of the names: "listed=否 money@2024=3元 staff=5". */
char *fixture_print(struct registry_fixture *fixture, const Policycalc__V1__Profile *profile);

struct fixture_import {
	const char *day; /* NULL: 2026-11-01 */
	const char *supplier;
	const char *complete; /* one flag, or NULL */
	bool replace;
	bool dry_run;
};
/** Imports @count rows in one message. NULL with why; the response lives in the fixture's arena. */
Policycalc__V1__ImportEnterprisesResponse *fixture_import(struct registry_fixture *fixture,
		const struct fixture_import *how, Policycalc__V1__Profile **rows, size_t count,
		struct error *err);
/** The same of one row, which must come through. */
Policycalc__V1__ImportEnterprisesResponse *fixture_import_row(struct registry_fixture *fixture,
		const char *day, unsigned number, const char *text);
/** What is known of @number at @sequence (0: now), as fixture_print() writes it; "none" */
char *fixture_known(struct registry_fixture *fixture, unsigned number, int64_t sequence);
/** "1 staff WRONG_TYPE; 2 uscc CHECK_DIGIT" */
char *fixture_findings(struct registry_fixture *fixture, Policycalc__V1__RowFinding **list,
		size_t count);
/** All that is known of everyone, an enterprise a line (code, id, facts), in the order of the codes. */
char *fixture_dump(struct registry_fixture *fixture);
