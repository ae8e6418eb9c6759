/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import, for the files that make it up: import.c (header, lists, answer), import_row.c (a row
 * becomes a record to lay over), import_write.c (a chunk becomes a transaction).
 */
#pragma once

#include "base/map.h"
#include "calculator/supplied.h"
#include "registry/import.h"
#include "registry/internal.h"

#define USCC_SIZE 18
#define FINDINGS_MOST 1000
/* Rows that wait for a transaction, and for how long. */
#define CHUNK_ROWS 20000
#define CHUNK_SECONDS 1
#define COLUMNS_MOST 1000 /* that are remembered */

/* A row that waits to be written. */
struct staged {
	char uscc[USCC_SIZE];
	uint32_t order;	 /* in which it came */
	int64_t row;	 /* the caller's number */
	size_t at, size; /* of its record in import->records */
};

#define COLUMN_CODES 16
#define COLUMN_TEXT 15

/* A text that was found good in a column; of no size: none. */
struct column_text {
	char text[COLUMN_TEXT];
	unsigned char size;
};

/* An attribute that rows before had. */
struct column {
	const struct entry *entry; /* of import->ruleset */
	const struct name *name;
	/* For judging the usual values without looking at the entry. */
	size_t name_size;
	int kind; /* of a value of the attribute, one number or code; 0: judge at length */
	int64_t least, most;
	int64_t default_period;	   /* of a value without one */
	char period[COLUMN_TEXT];  /* one that was found good */
	unsigned char period_size; /* 0: none yet */
	int64_t period_number;
	struct column_text codes[COLUMN_CODES]; /* by their last byte */
};

/* A fact whose value stands in import->values, at an offset: the buffer may still move. */
struct draft {
	struct fact fact;
	size_t at;
};

/* What became of an enterprise in this import. */
enum fate {
	FATE_NONE,
	FATE_UNCHANGED,
	FATE_UPDATED,
	FATE_INSERTED,
};

/* One attribute as it was sent; texts are borrowed from the message. */
struct wire_fact {
	struct slice name;
	struct slice period;
	int kind; /* of a number or a code; 0: judge at length */
	int64_t number;
	struct slice text;  /* of a code */
	struct slice value; /* the whole Value */
};

struct finding_list {
	Policycalc__V1__RowFinding **list;
	size_t count;
	size_t capacity;
};

struct import {
	struct registry *registry;
	int64_t (*now)(void);
	struct arena arena; /* lives as long as the import: header, findings, names of dry runs */

	/* The header. */
	struct date day;
	struct supply supply;
	bool is_dry_run, replace, sample;
	const struct name **complete;
	size_t complete_count;
	char *complete_text;

	/* Judging; all of it rests on ->ruleset. */
	struct ruleset *ruleset; /* holds a reference */
	struct arena scratch;	 /* the judge, then what one row needs */
	struct arena_mark row_mark;
	struct supplied *judge;
	struct arena message;	/* a row that is unpacked */
	struct column *columns; /* in the order of the rows */
	size_t column_count;
	struct wire_fact *wire_facts; /* as many */

	/* The row at hand. */
	int64_t row;
	bool is_rejected;
	struct buffer values; /* encoded, of the facts at hand */

	/* The chunk. */
	struct staged *staged;
	size_t staged_count, staged_capacity;
	struct buffer records;
	int64_t chunk_began; /* on ->now */

	/* What came of it. */
	unsigned char *fates; /* by id */
	size_t fate_capacity;
	uint64_t **said; /* by complete flag: ids that are on the list */
	size_t said_words;
	struct map made_up; /* of dry runs: USCC to its would-be id */
	int64_t made_up_id;
	Policycalc__V1__ImportEnterprisesResponse answer;
	struct finding_list rejects, warnings;
	bool is_stored; /* the database knows the import */
};

/** Notes what is wrong with the row at hand; it will not be taken. Texts are copied. */
void import_reject(struct import *import, const char *field, const char *reason,
		const char *message);
void import_warn(struct import *import, int64_t row, const char *field, const char *reason,
		const char *message);

/* import_column.c */
/** The attribute under its name, and its number. false: it is none, and told; or memory is short. */
bool import_find_column(struct import *import, const char *list,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item, struct column *column);
/** Judges a value, and appends it to the values and drafts when it is good. */
void import_stage_attribute(struct import *import, const struct column *column,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item, struct draft *draft, size_t *count);
/** Puts the facts in order; they mostly are. The same twice is told. false: no memory. */
bool import_settle_facts(struct import *import, const struct draft *drafts, size_t count,
		const Policycalc__V1__Item *item, struct fact_list *out);

/* import_row.c */
/** Begins a row; false when memory is short. */
bool import_enter_row(struct import *import, int64_t row);
void import_check_uscc(struct import *import, struct slice uscc);
/** Judges and stages the row that was entered, and leaves it. */
bool import_stage(struct import *import, const Policycalc__V1__Profile *profile,
		struct error *err);
/** The row is rejected, or import->staged has its record. */
void import_leave_row(struct import *import, struct slice uscc);

/* import_wire.c */
/** Judges and stages the Profile that @bytes are. */
bool import_take_row(struct import *import, struct slice bytes, int64_t row, struct error *err);

/** Everything that rests on a ruleset, for @ruleset from now on. */
bool import_set_ruleset(struct import *import, struct ruleset *ruleset, struct error *err);

/** A chunk that is full, or has waited long enough, is written. */
bool import_write_when_full(struct import *import, struct error *err);
bool import_write_when_due(struct import *import, struct error *err);
/** Writes the rows staged, in one transaction. */
bool import_write(struct import *import, struct error *err);
/** The import's row, as it stands, into the transaction at hand. */
bool import_store(struct import *import, int64_t sequence, const char *finished_at,
		struct error *err);
/** Begins a transaction with what every one of an import needs: names, and a sequence. */
bool import_begin(struct import *import, int64_t *out_sequence, struct error *err);
/** Commits it; from then on the sequence is the registry's. */
bool import_commit(struct import *import, int64_t sequence, int64_t last_id, struct error *err);
/** How a record is laid over another in this import. */
struct record_merge import_merge(const struct import *import, const uint32_t *listed,
		size_t listed_count, bool replace);
/**
 * The list of complete flag @index was declared before, by the same supplier for the same day: those
 * who were on it and are not on this one are off it.
 */
bool import_correct(struct import *import, size_t index, struct error *err);
bool import_said(const struct import *import, size_t complete, int64_t id);
