/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log of a service, checked without it: each line must be JSON of the form that
 * service/operations/audit.h tells of, hold the SHA-256 of the line before it, and have the next number, from one
 * file into the next.
 */
#pragma once

#include "client/cli/cli.h"

#include <stdio.h>

#define AUDIT_HEX_SIZE 65
#define AUDIT_REASON_SIZE 200

/* Numbers of lines, from the first that is there. */
struct line_set {
	unsigned char *bits;
	size_t size;
};

struct audit_check {
	const struct cli *cli;
	const char *wanted; /* a hash that a line must have, or NULL */
	bool found;
	size_t files;
	long long first;  /* number of the first line that is there; 0: none */
	char former[256]; /* the file that goes before it, when there was one */
	long long lines;  /* that are good */
	long long begun, ended, refused;
	long long cut, outcomes;   /* ends that were not the last word, and the last words */
	long long torn_lines;	   /* that tell of what a power cut tore */
	struct line_set open;	   /* calls that have begun and not ended */
	struct line_set unsettled; /* that have ended while work went on */
	long long torn;		   /* bytes behind the last line that were never acknowledged */
	const char *file;	   /* that is being read */
	long long broken;	   /* number of the first line that is wrong; 0: none */
	char reason[AUDIT_REASON_SIZE];
	char head[AUDIT_HEX_SIZE];
	char first_time[40], last_time[40];
};

void audit_check_init(struct audit_check *check, const struct cli *cli);
void audit_check_fini(struct audit_check *check);
/** The next file of the log; false: it is broken, or cannot be read (ferror()). */
bool audit_check_file(struct audit_check *check, const char *path, FILE *file, bool is_last);
/** How many lines should be behind what was read; the next line's number. */
long long audit_check_next(const struct audit_check *check);
