/* SPDX-License-Identifier: Apache-2.0 */
/* One import: every row of a file through ImportEnterprises, what is rejected into its file. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/import_file.h"
#include "client/cli/import_rejects.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <stdbool.h>

/* What to import, and how. */
struct import_request {
	const char *path;
	const char *supplier; /* NULL: by the file */
	const char *date;     /* "YYYY-MM-DD" */
	struct date day;      /* the same */
	char **complete;
	size_t complete_count;
	const char *rejects; /* NULL: by the file */
	enum encoding encoding;
	char delimiter; /* 0: by the headings */
	bool strict;
	bool dry_run;
	bool replace;
};

/* What came of it. */
struct import_result {
	const Policycalc__V1__ImportEnterprisesResponse *response;
	int64_t rows;	  /* of the file, without empty ones */
	int64_t rejected; /* here and by the service */
	int64_t unlisted; /* rejected by the service, which did not say which they were */
	const char *rejects_path;
	bool rejects_written;
	bool incomplete; /* broken off, since a list with rejects is not complete */
	struct reject_tally tallies[REJECT_REASONS];
	size_t tally_count;
	struct slice *left; /* headings of columns that were left alone */
	size_t left_count;
	const char *supplier;
	const char *encoding; /* NULL: all ASCII */
	int64_t milliseconds;
};

/** CLI_OK (also with rejects), or the exit code after it was said what is wrong. */
int import_run(struct cli *cli, const struct import_request *request,
		struct import_result *out_result);
