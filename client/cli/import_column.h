/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a registry file: what each heading means, by the attribute dictionary.
 *
 * A heading is a name ("rd_expense"), a Chinese or English label ("上年度研发投入"), or the label of a
 * periodic attribute without "上年度" ("研发投入"). Around it may stand a period ("@2025", "（2024年）",
 * "2024年") and a unit ("(万元)", "[%]"). Blanks, case and full-width forms make no difference.
 */
#pragma once

#include "base/arena.h"
#include "base/date.h"
#include "base/diagnostics.h"
#include "base/slice.h"
#include "client/cli/profile_file.h"

#include <stdbool.h>
#include <stddef.h>

/* Headings of the rejects file, which are read over when it is imported again. */
#define REJECT_HEADING_ZH "退回_"
#define REJECT_HEADING_EN "reject_"
/* A column that marks a file as made up for demonstration, and who supplies such a file. */
#define SAMPLE_MARK "虚构样例"

enum column_role {
	COLUMN_LEFT, /* nothing of ours: named in a warning */
	COLUMN_SILENT, /* known to be nothing of ours: the firm's name, what the rejects file adds */
	COLUMN_USCC,
	COLUMN_SAMPLE, /* SAMPLE_MARK */
	COLUMN_VALUE,
};

struct cell_cache;

struct import_column {
	enum column_role role;
	struct slice heading; /* as it stands in the file */
	const Policycalc__V1__Attribute *attribute;
	const char *period;	  /* "2025"; "": the last full one */
	bool has_unit;		  /* the heading says it: */
	unsigned unit_digits;	  /* a bare figure is to be multiplied by 10 to this power */
	struct slice prefix;	  /* encoded AttributeValue without its value */
	struct cell_cache *cache; /* made by import_cell.c when needed */
};

struct import_columns {
	struct import_column *list;
	size_t count;
	size_t uscc; /* where it stands */
	bool sample; /* one of them is SAMPLE_MARK */
};

/**
 * Reads @headings. What stands in the way (no or two columns of the code, two of the same value, a
 * period that the attribute has not) is an error in @diagnostics; columns that mean nothing are
 * warnings, and so are deprecated attributes. @day is the day of the import: a periodic column without
 * period is that of its last full one. All lives in @arena. false when there was an error or memory is short.
 */
bool import_columns_read(const struct slice *headings, size_t count,
		const struct dictionary *dictionary, struct date day, bool english,
		struct arena *arena, struct diagnostics *diagnostics,
		struct import_columns *out_columns);
/** Whether some heading may be that of the code: for guessing the delimiter. */
bool import_headings_have_uscc(const struct slice *headings, size_t count, struct arena *arena);
