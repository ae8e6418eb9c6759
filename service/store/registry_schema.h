/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of the registry database, in parts: one macro a subject, so that each stands with those
 * who read it. All parts are made together, in one transaction, in an empty file. (In a table WITHOUT
 * ROWID the columns of the primary key come first, in its order: SQLite 3.40 takes other orders for
 * damage when it checks the file.)
 *
 *   registry_store.c, registry_write.c   what is known of enterprises, and who supplied it
 *   ledger_schema.h                      runs, what was told, deliveries
 *   counter_store.h                      counters of aims
 */
#pragma once

#include "store/counter_store.h"
#include "store/database.h"
#include "store/ledger_schema.h"
#include "store/registry_store.h"

#define REGISTRY_APPLICATION_ID 0x504f4c52u /* "POLR" */
#define REGISTRY_SCHEMA_VERSION 1

/*
 * batch       one row a committed change of enterprises: a snapshot is a sequence.
 * enterprise  what is known now; enterprise_past: what was known from a sequence until the next.
 * block       the last change of 4096 consecutive enterprises.
 * name        attributes, numbered as they first came; the numbers stand in records.
 * import      one row an import that changed something; its number stands beside every value.
 * list        "who is not on it is not": complete lists of flags.
 */
#define REGISTRY_SCHEMA_ENTERPRISES                                                            \
	"CREATE TABLE batch ("                                                                 \
	" sequence INTEGER PRIMARY KEY CHECK (sequence > 0),"                                  \
	" committed_at INTEGER NOT NULL"                                                       \
	") STRICT;"                                                                            \
	"CREATE TABLE enterprise_key ("                                                        \
	" uscc TEXT PRIMARY KEY,"                                                              \
	" id INTEGER NOT NULL"                                                                 \
	") STRICT, WITHOUT ROWID;"                                                             \
	"CREATE TABLE enterprise ("                                                            \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" uscc TEXT NOT NULL,"                                                                 \
	" sequence INTEGER NOT NULL,"                                                          \
	" record BLOB NOT NULL"                                                                \
	") STRICT;"                                                                            \
	"CREATE TABLE enterprise_past ("                                                       \
	" id INTEGER NOT NULL,"                                                                \
	" sequence INTEGER NOT NULL,"                                                          \
	" record BLOB NOT NULL,"                                                               \
	" PRIMARY KEY (id, sequence)"                                                          \
	") STRICT, WITHOUT ROWID;"                                                             \
	"CREATE TABLE block ("                                                                 \
	" number INTEGER PRIMARY KEY,"                                                         \
	" sequence INTEGER NOT NULL"                                                           \
	") STRICT;"                                                                            \
	"CREATE TABLE name ("                                                                  \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" list TEXT NOT NULL,"                                                                 \
	" name TEXT NOT NULL,"                                                                 \
	" period INTEGER NOT NULL,"                                                            \
	" UNIQUE (list, name)"                                                                 \
	") STRICT;"                                                                            \
	"CREATE TABLE import ("                                                                \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" supplier TEXT NOT NULL,"                                                             \
	" day TEXT NOT NULL,"                                                                  \
	" started_at TEXT NOT NULL,"                                                           \
	" finished_at TEXT NOT NULL,"                                                          \
	" complete TEXT NOT NULL,"                                                             \
	" sample INTEGER NOT NULL,"                                                            \
	" rows INTEGER NOT NULL,"                                                              \
	" changed INTEGER NOT NULL,"                                                           \
	" rejected INTEGER NOT NULL,"                                                          \
	" sequence INTEGER NOT NULL"                                                           \
	") STRICT;"                                                                            \
	"CREATE TABLE list ("                                                                  \
	" sequence INTEGER NOT NULL,"                                                          \
	" name INTEGER NOT NULL,"                                                              \
	" import INTEGER NOT NULL,"                                                            \
	" PRIMARY KEY (sequence, name)"                                                        \
	") STRICT, WITHOUT ROWID;"                                                             \
	"CREATE TABLE subscription ("                                                          \
	" id INTEGER PRIMARY KEY,"                                                             \
	" bytes BLOB NOT NULL"                                                                 \
	") STRICT;"

/* As registry_block_of() has it. An index is found by its text: whoever asks by block writes this. */
#define REGISTRY_SQL_BLOCK "(id - 1) / " REGISTRY_SQL_TEXT(REGISTRY_BLOCK_SIZE)
#define REGISTRY_SQL_TEXT(figure) REGISTRY_SQL_TEXT_OF(figure)
#define REGISTRY_SQL_TEXT_OF(figure) #figure

/*
 * Who changed when, by block: what a night has changed is found without reading all records.
 *
 * Younger than the first registries: made when the registry is opened and does not have it.
 */
#define REGISTRY_INDEX_CHANGED "enterprise_changed"
#define REGISTRY_SCHEMA_CHANGED                                                                \
	"CREATE INDEX " REGISTRY_INDEX_CHANGED " ON enterprise (" REGISTRY_SQL_BLOCK           \
	", sequence);"

/* Statements that are used once a row are prepared once. */
enum registry_statement {
	REGISTRY_FIND_KEY,
	REGISTRY_ADD_KEY,
	REGISTRY_LOAD,
	REGISTRY_SCAN,
	REGISTRY_PAST,
	REGISTRY_ADD,
	REGISTRY_CHANGE,
	REGISTRY_KEEP,
	REGISTRY_TOUCH,
	REGISTRY_BLOCK,
	REGISTRY_CHANGED,
	REGISTRY_STATEMENT_COUNT,
};

struct registry_store {
	struct database *db;
	struct statement *statements[REGISTRY_STATEMENT_COUNT];
};
