/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every part of the policycalc client library speaks in: outcomes, failures, and the words
 * of an answer.
 *
 * Conventions of the library. Handles are opaque and have one owner; their free function takes
 * NULL. Strings are UTF-8. Money is int64 fen (1 yuan = 100 fen), ratios are parts per million,
 * dates are "YYYY-MM-DD". What a caller passes in is copied; what an accessor returns is
 * borrowed from its handle and lives as long. A failure is a value: nothing is logged, no
 * signal raised, no thread started, the process never ended. Handles may move between threads
 * but not be shared by them.
 */
#ifndef POLICYCALC_TYPES_H
#define POLICYCALC_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PCALC_PUBLIC __attribute__((visibility("default")))
#else
#define PCALC_PUBLIC
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a call came out. 0 to 16 are the gRPC status codes. */
enum pcalc_code {
	PCALC_OK = 0,
	PCALC_CANCELLED = 1,
	PCALC_UNKNOWN = 2,
	PCALC_INVALID_ARGUMENT = 3, /* the request is wrong; see the details */
	PCALC_DEADLINE_EXCEEDED = 4,
	PCALC_NOT_FOUND = 5,
	PCALC_ALREADY_EXISTS = 6,
	PCALC_PERMISSION_DENIED = 7,
	PCALC_RESOURCE_EXHAUSTED = 8,
	PCALC_FAILED_PRECONDITION = 9, /* a draft that fails its check */
	PCALC_ABORTED = 10,	       /* somebody else published first */
	PCALC_OUT_OF_RANGE = 11,
	PCALC_UNIMPLEMENTED = 12,
	PCALC_INTERNAL = 13,
	PCALC_UNAVAILABLE = 14, /* no connection; trying again may help */
	PCALC_DATA_LOSS = 15,
	PCALC_UNAUTHENTICATED = 16,
	PCALC_OUT_OF_MEMORY = 100, /* of this process */
};

#define PCALC_DETAIL_LIMIT 16

/* One thing that is wrong with a request. */
struct pcalc_detail {
	char field[160]; /* "profile.attributes[3].value", "policies/x.yaml:12:9", or "" */
	char description[480]; /* what is wrong and what was expected */
};

/* A failure by value. ->details has the first of ->detail_count. */
struct pcalc_failure {
	enum pcalc_code code;
	char message[1024];
	size_t detail_count;
	struct pcalc_detail details[PCALC_DETAIL_LIMIT];
	/*
	 * RESOURCE_EXHAUSTED, ABORTED or UNAVAILABLE: after so long another try may do, as the server says; 0: it
	 * does not say. The details name the limits: "identity portal", "calls a second".
	 */
	int64_t retry_after_ms;
};

/* The answer for one policy; the first that applies. */
enum pcalc_verdict {
	PCALC_VERDICT_UNSPECIFIED = 0,
	PCALC_VERDICT_INELIGIBLE = 1,
	PCALC_VERDICT_NOT_OPEN = 2,
	PCALC_VERDICT_NEEDS_INFORMATION = 3,
	PCALC_VERDICT_NEEDS_REVIEW = 4,
	PCALC_VERDICT_ELIGIBLE = 5,
};

/* Whether one may apply on the day. */
enum pcalc_availability {
	PCALC_AVAILABILITY_UNSPECIFIED = 0,
	PCALC_AVAILABILITY_OPEN = 1,
	PCALC_AVAILABILITY_NOT_YET = 2,
	PCALC_AVAILABILITY_CLOSED = 3,
	PCALC_AVAILABILITY_ENDED = 4,
	PCALC_AVAILABILITY_SUPERSEDED = 5,
	PCALC_AVAILABILITY_WINDOW_NOT_STATED = 6,
};

/* How a condition stands, from the firm's side. */
enum pcalc_condition_status {
	PCALC_CONDITION_UNSPECIFIED = 0,
	PCALC_CONDITION_MET = 1,
	PCALC_CONDITION_NOT_MET = 2,
	PCALC_CONDITION_UNKNOWN = 3, /* facts are missing: neither met nor failed */
	PCALC_CONDITION_REVIEW = 4,
	PCALC_CONDITION_ERROR = 5,
};

/* How one row of a score table stands. */
enum pcalc_score_state {
	PCALC_SCORE_UNSPECIFIED = 0,
	PCALC_SCORE_KNOWN = 1,	  /* its points are known */
	PCALC_SCORE_OPEN = 2,	  /* facts are missing, and they may change the result */
	PCALC_SCORE_NEEDLESS = 3, /* not known, and whatever it is the result is the same */
	PCALC_SCORE_JUDGED = 4,
	PCALC_SCORE_NOT_IN_SOURCES = 5,
	PCALC_SCORE_ERROR = 6,
};

/* How exact an amount is. */
enum pcalc_exactness {
	PCALC_EXACTNESS_UNSPECIFIED = 0, /* the policy has no amount */
	PCALC_EXACTNESS_EXACT = 1,
	PCALC_EXACTNESS_UP_TO = 2,
	PCALC_EXACTNESS_RANGE = 3,
	PCALC_EXACTNESS_NOT_STATED = 4,
	PCALC_EXACTNESS_NOT_COMPUTABLE = 5,
	PCALC_EXACTNESS_AT_LEAST = 6,
};

/* Who receives a benefit. */
enum pcalc_beneficiary {
	PCALC_BENEFICIARY_UNSPECIFIED = 0,
	PCALC_BENEFICIARY_ENTERPRISE = 1,
	PCALC_BENEFICIARY_BANK = 2,
	PCALC_BENEFICIARY_PERSON = 3,
};

/* What a benefit is. */
enum pcalc_nature {
	PCALC_NATURE_UNSPECIFIED = 0,
	PCALC_NATURE_CASH = 1,
	PCALC_NATURE_TAX = 2,
	PCALC_NATURE_INTEREST = 3,
	PCALC_NATURE_CREDIT = 4,
	PCALC_NATURE_EQUITY = 5,
	PCALC_NATURE_COMPENSATION = 6,
	PCALC_NATURE_NONE = 7,
};

/* Levels of government. */
enum pcalc_level {
	PCALC_LEVEL_UNSPECIFIED = 0,
	PCALC_LEVEL_NATIONAL = 1,
	PCALC_LEVEL_PROVINCE = 2,
	PCALC_LEVEL_CITY = 3,
	PCALC_LEVEL_COUNTY = 4,
};

/* A text in Chinese and, when there is one, in English; "" otherwise. */
struct pcalc_text {
	const char *zh;
	const char *en;
};

/** The code's name, such as "INVALID_ARGUMENT"; "UNKNOWN" for a number that is none. */
PCALC_PUBLIC const char *pcalc_code_name(enum pcalc_code code);

/** Version of the library, "1.2.3". */
PCALC_PUBLIC const char *pcalc_version(void);

#ifdef __cplusplus
}
#endif

#endif
