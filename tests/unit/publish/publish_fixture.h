/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of publish/ share: a small catalog that passes, to be spoiled one thing at a
 * time. */
#pragma once

#include "publish/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
	struct arena arena;
	struct draft draft;
	struct diagnostics diagnostics;
	char folder[256]; /* empty, removed at the end */
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
/** The draft as it was at first. */
void fixture_reset(struct fixture *fixture);
/** The file's text; the test fails when there is none. */
struct draft_file *fixture_file(struct fixture *fixture, const char *path);
/** Replaces the first @old in the file, which must be there. */
void fixture_replace(
		struct fixture *fixture, const char *path, const char *old, const char *new);
void fixture_add(struct fixture *fixture, const char *path, const char *text);
void fixture_remove(struct fixture *fixture, const char *path);
/** draft_check() with fresh diagnostics. */
struct catalog *fixture_check(struct fixture *fixture, bool strict, struct error *err);
/** The line of the file that holds @text, from 1. */
int fixture_line(struct fixture *fixture, const char *path, const char *text);
/** A finding of @path (NULL: any) whose message holds @words, on @line (0: any), or NULL. */
const struct diagnostic *fixture_find(
		const struct fixture *fixture, const char *path, int line, const char *words);
/** Whether every finding has a line of a file: whoever found it says where. */
bool fixture_has_places(const struct fixture *fixture);
/** All findings, for the message of a test that failed. */
const char *fixture_findings(struct fixture *fixture);
