/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failure: what kind, and one sentence about what was being done.
 *
 * A function that can fail returns false or NULL and fills its last parameter. Messages name fields,
 * files and rules, never the values of a profile: they end in status messages and logs.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

enum error_code {
	ERROR_NONE = 0,
	ERROR_INVALID,	    /* the caller's input is wrong                  INVALID_ARGUMENT */
	ERROR_MALFORMED,    /* no such message at all: a peer's library erred   INTERNAL */
	ERROR_NOT_FOUND,    /* a named thing does not exist                 NOT_FOUND */
	ERROR_EXISTS,	    /* it exists already                            ALREADY_EXISTS */
	ERROR_PRECONDITION, /* the state does not allow it                  FAILED_PRECONDITION */
	ERROR_CONFLICT,	    /* somebody else was first                      ABORTED */
	ERROR_LIMIT,	   /* a budget or a limit is used up               RESOURCE_EXHAUSTED */
	ERROR_MEMORY,	   /* the machine gave no memory                   RESOURCE_EXHAUSTED */
	ERROR_CANCELLED,   /* the caller gave up                           CANCELLED */
	ERROR_DEADLINE,	   /* its time is over                             DEADLINE_EXCEEDED */
	ERROR_UNAVAILABLE, /* try again later                              UNAVAILABLE */
	ERROR_UNIMPLEMENTED, /* no such method                               UNIMPLEMENTED */
	ERROR_PERMISSION, /* not allowed                                  PERMISSION_DENIED */
	ERROR_UNAUTHENTICATED, /* who is asking?                               UNAUTHENTICATED */
	ERROR_IO,	       /* disk, socket                                 INTERNAL */
	ERROR_INTERNAL,	       /* should not happen                            INTERNAL */
};

struct error {
	enum error_code code;
	char message[1024];
};

/** Fills @err (which may be NULL), cut to its room and then valid UTF-8, and returns false, so that raising is one line. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/** Puts "what was being done: " before the message. Keeps the code; returns false. */
bool error_prefix(struct error *err, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

/**
 * What a system call's errno says: LIMIT when a disk, a quota or the descriptors are used up, MEMORY when there is no
 * memory, IO otherwise.
 */
enum error_code error_code_of_system(int number);

/** The error code's name in lower case, such as "invalid". */
const char *error_code_name(enum error_code code);
