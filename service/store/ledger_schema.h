/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of push runs in the registry database; registry_schema.h makes them with its own. */
#pragma once

#include "store/ledger_store.h"

/*
 * push_series   policies across versions, numbered as they were first run: the numbers stand in blobs.
 * push_version  their versions, each with what people call it, for when the catalog has lost it.
 * push_run      one row a run; with every step its checkpoint.
 * told          what was told, a block of enterprises a row.
 * delivery      one row a delivery; what changes with its state. delivery_digest: what does not.
 *
 * State 1 is HELD, 2 RELEASED, 3 LEASED: the numbers of DeliveryState.
 */
#define REGISTRY_SCHEMA_LEDGER                                                                 \
	"CREATE TABLE push_series ("                                                           \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" name TEXT NOT NULL UNIQUE"                                                           \
	") STRICT;"                                                                            \
	"CREATE TABLE push_version ("                                                          \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" series INTEGER NOT NULL REFERENCES push_series,"                                     \
	" policy TEXT NOT NULL UNIQUE,"                                                        \
	" card BLOB NOT NULL"                                                                  \
	") STRICT;"                                                                            \
	"CREATE TABLE push_run ("                                                              \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" state INTEGER NOT NULL,"                                                             \
	" next_block INTEGER NOT NULL,"                                                        \
	" since INTEGER NOT NULL,"                                                             \
	" run BLOB NOT NULL"                                                                   \
	") STRICT;"                                                                            \
	"CREATE TABLE told ("                                                                  \
	" block INTEGER PRIMARY KEY,"                                                          \
	" changes INTEGER NOT NULL,"                                                           \
	" suppressed INTEGER NOT NULL,"                                                        \
	" blob BLOB NOT NULL"                                                                  \
	") STRICT;"                                                                            \
	"CREATE TABLE delivery ("                                                              \
	" id INTEGER PRIMARY KEY CHECK (id > 0),"                                              \
	" key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),"                                  \
	" run INTEGER NOT NULL REFERENCES push_run,"                                           \
	" enterprise INTEGER NOT NULL,"                                                        \
	" state INTEGER NOT NULL,"                                                             \
	" attempts INTEGER NOT NULL,"                                                          \
	" day INTEGER NOT NULL,"                                                               \
	" not_before INTEGER NOT NULL,"                                                        \
	" kinds INTEGER NOT NULL,"                                                             \
	" region TEXT NOT NULL,"                                                               \
	" created INTEGER NOT NULL,"                                                           \
	" changed INTEGER NOT NULL,"                                                           \
	" lease TEXT NOT NULL,"                                                                \
	" leased INTEGER NOT NULL,"                                                            \
	" lease_length INTEGER NOT NULL,"                                                      \
	" who TEXT NOT NULL,"                                                                  \
	" note TEXT NOT NULL,"                                                                 \
	" entries BLOB NOT NULL"                                                               \
	") STRICT;"                                                                            \
	"CREATE TABLE delivery_digest ("                                                       \
	" id INTEGER PRIMARY KEY REFERENCES delivery,"                                         \
	" bytes BLOB NOT NULL"                                                                 \
	") STRICT;"                                                                            \
	"CREATE INDEX delivery_enterprise ON delivery (enterprise);"                           \
	"CREATE INDEX delivery_run ON delivery (run);"                                         \
	"CREATE INDEX delivery_waiting ON delivery (enterprise)"                               \
	" WHERE state IN (1, 2) AND attempts = 0;"                                             \
	"CREATE INDEX delivery_held ON delivery (id) WHERE state = 1;"                         \
	"CREATE INDEX delivery_released ON delivery (id, not_before, kinds, region)"           \
	" WHERE state = 2;"                                                                    \
	"CREATE INDEX delivery_leased ON delivery (id, leased, lease_length) WHERE state = 3;"

/*
 * push_try      what the service remembers of its own tries to bring a delivery; gone when that is over.
 *
 * Younger than the first registries: made when the ledger is opened and does not have it.
 */
#define LEDGER_SCHEMA_TRY                                                                      \
	"CREATE TABLE IF NOT EXISTS push_try ("                                                \
	" id INTEGER PRIMARY KEY REFERENCES delivery,"                                         \
	" tries INTEGER NOT NULL,"                                                             \
	" next INTEGER NOT NULL,"                                                              \
	" lease TEXT NOT NULL,"                                                                \
	" reason TEXT NOT NULL"                                                                \
	") STRICT;"                                                                            \
	"CREATE INDEX IF NOT EXISTS push_try_next ON push_try (next);"                         \
	"CREATE INDEX IF NOT EXISTS delivery_dead ON delivery (id) WHERE state = 8;"

enum ledger_statement {
	LEDGER_FIND_SERIES,
	LEDGER_ADD_SERIES,
	LEDGER_NAME_SERIES,
	LEDGER_FIND_VERSION,
	LEDGER_ADD_VERSION,
	LEDGER_CHANGE_VERSION,
	LEDGER_ADD_RUN,
	LEDGER_CHANGE_RUN,
	LEDGER_FIND_TOLD,
	LEDGER_FIND_TOLD_MARKS,
	LEDGER_PUT_TOLD,
	LEDGER_ADD_DELIVERY,
	LEDGER_ADD_DIGEST,
	LEDGER_CHANGE_DELIVERY,
	LEDGER_MOVE_DELIVERY,
	LEDGER_FIND_KEY,
	LEDGER_FIND_ID,
	LEDGER_WAITING,
	LEDGER_LAST_DAY,
	LEDGER_RELEASED,
	LEDGER_RELEASED_UNTRIED,
	LEDGER_RELEASED_DUE,
	LEDGER_EXPIRED,
	LEDGER_PUT_TRY,
	LEDGER_FIND_TRY,
	LEDGER_DROP_TRY,
	LEDGER_UNDER_WAY,
	LEDGER_COUNT_TRIES,
	LEDGER_NEXT_TRY,
	LEDGER_STATEMENT_COUNT,
};

struct registry_store;
struct database;
struct statement;

struct ledger_store {
	struct database *db; /* the registry's connection */
	struct statement *statements[LEDGER_STATEMENT_COUNT];
};
