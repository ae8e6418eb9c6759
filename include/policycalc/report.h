/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports over the whole registry, for the officials of the monthly meeting.
 *
 * The accessors give the tables of a report. Whoever needs all of it (notices, trends, movements,
 * sources) takes pcalc_report_encoded(), the message of policycalc/v1/report.proto.
 */
#ifndef POLICYCALC_REPORT_H
#define POLICYCALC_REPORT_H

#include "policycalc/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A report; what its accessors return is borrowed from it. */
typedef struct pcalc_report pcalc_report;

/* Which report. */
enum pcalc_report_kind {
	PCALC_REPORT_UNSPECIFIED = 0,
	PCALC_REPORT_COVERAGE = 1,  /* of R&D activity among larger industry, by county */
	PCALC_REPORT_BLOCKED = 2,   /* which condition keeps how many out */
	PCALC_REPORT_UNCLAIMED = 3, /* money that enterprises can have, by county */
	PCALC_REPORT_PUSH = 4,	    /* what was told and acknowledged */
};

/* What to report. Zeroed but for the kind: about today, of the city the catalog knows. */
struct pcalc_report_options {
	enum pcalc_report_kind kind;
	const char *as_of;  /* the cut-off: a day, or a month "YYYY-MM"; NULL: today */
	int64_t revision;   /* of the catalog; 0: the current one */
	int64_t sequence;   /* snapshot; 0: the newest at the end of the cut-off day */
	const char *region; /* code or name; NULL: the one city of the catalog's counties */
	const char *const *policies; /* not COVERAGE: only these, by id or series */
	size_t policy_count;	     /* 0: all */
	/* All that follows is for COVERAGE. */
	bool names;	    /* also name enterprises: for those who may see them */
	bool draft;	    /* also when the units do not add up to the city */
	bool has_target;    /* the aim is: */
	int64_t target_ppm; /* 0 to 1,000,000; else what the catalog states, or 100% */
	bool has_expected; /* the bureau's own counts; a report that comes to others is refused: */
	int64_t expected_total;
	int64_t expected_covered;
	const char *signed_by; /* at most 100 characters; NULL: to be signed by hand */
};

/* What every report rests on. The same head gives the same report, byte for byte. */
struct pcalc_report_head {
	enum pcalc_report_kind kind;
	const char *as_of; /* the cut-off day */
	int64_t revision;
	int64_t sequence;
	const char *engine_version;
	const char *region;
	struct pcalc_text region_name;
	int64_t enterprise_count; /* looked at */
	int64_t unread_count;	  /* of which nothing could be said */
	bool sample;		  /* some are made up, for demonstration */
	struct pcalc_text disclaimer;
};

/* Enterprises counted. Rates are tenths of a percent, rounded half up; -1: there are none. */
struct pcalc_coverage_count {
	int64_t total;	 /* above designated size */
	int64_t covered; /* with R&D activity */
	int64_t unknown; /* not known: counted as not covered */
	int rate_permille;
	int64_t four; /* with all four: body, staff, money, cooperation */
	int64_t four_unknown;
	int four_rate_permille;
};

/* COVERAGE as a whole: the line of the city. */
struct pcalc_coverage {
	const char *month; /* "YYYY-MM" */
	struct pcalc_coverage_count count;
	int64_t target_ppm;
	int64_t needed_target; /* enterprises missing to the aim */
	int64_t needed_all;    /* to 100% */
	bool draft;	       /* the units do not add up: not to be published */
	size_t unit_count;
	size_t notice_count;
	size_t firm_count; /* without R&D activity; with names */
};

/* The line of a county or zone. */
struct pcalc_coverage_unit {
	const char *code;
	struct pcalc_text name;
	bool zone;
	int rank; /* from 1; the same rate shares a rank; 0: it has no enterprises */
	struct pcalc_coverage_count count;
	int64_t needed_average; /* enterprises missing to the city's rate, */
	int64_t needed_target;	/* to the aim, */
	int64_t needed_all;	/* to 100% */
	bool target_met;
	int months_below;      /* in a row below the city, at most 12 */
	int64_t opening_fen;   /* sure for its firms once they report R&D, and not now */
	int64_t opening_firms; /* that this comes from */
};

/* An enterprise without R&D activity. */
struct pcalc_uncovered_firm {
	const char *uscc;
	const char *unit;
	const char *industry; /* "": unknown */
	const char *size;     /* "LARGE" ...; "": unknown */
	int reason;	      /* number of the schema: UncoveredReason */
	const char *contact_officer;
	size_t opens_count; /* policies that open once it reports R&D */
	int64_t opening_fen;
};

/* How the enterprises stand to one policy, in BLOCKED. */
struct pcalc_blocked_policy {
	const char *policy_id;
	const char *series;
	struct pcalc_text title;
	int64_t eligible, needs_review, needs_information, not_open, ineligible;
	size_t condition_count;
	size_t attribute_count;
};

/* How many enterprises a condition keeps out. */
struct pcalc_blocked_condition {
	const char *id; /* "region" and "industry" are the policy's scopes */
	struct pcalc_text label;
	int64_t alone;	 /* by this condition only */
	int64_t among;	 /* by it and others */
	int64_t unknown; /* not known whether they meet it */
	int64_t review;	 /* people judge */
};

/* How many undecided enterprises a data item would settle. */
struct pcalc_blocked_attribute {
	const char *name;
	struct pcalc_text label;
	struct pcalc_text supplier;
	int64_t alone; /* that lack this alone */
	int64_t among; /* it and others */
};

/* What the enterprises of a county can have, in UNCLAIMED. */
struct pcalc_unclaimed_unit {
	const char *code; /* "": unknown, or outside the units; of the sum, too */
	struct pcalc_text name;
	int64_t enterprises;
	int64_t eligible; /* that can have something */
	int64_t sure_fen; /* in twelve months, exclusions and shared caps taken into account */
	int64_t without_amount; /* that can have something whose amount is not in the sum */
	size_t policy_count;
};

/* What enterprises can have of one policy. */
struct pcalc_unclaimed_policy {
	const char *policy_id;
	struct pcalc_text title;
	int64_t eligible;
	int64_t least_fen;
	int64_t most_fen;
	int64_t without_amount;
	enum pcalc_nature nature;
	enum pcalc_beneficiary beneficiary;
};

/* What was told of one policy, or to one county, in PUSH. */
struct pcalc_push_count {
	const char *code; /* series, or region; "": no region */
	struct pcalc_text name;
	int64_t told; /* enterprises, each once */
	int64_t news; /* released */
	int64_t acknowledged;
	int64_t held;
	int64_t suppressed;
};

/* Of how many enterprises a negative attribute is not known, in PUSH. */
struct pcalc_negative_attribute {
	const char *name;
	struct pcalc_text label;
	struct pcalc_text supplier;
	int64_t unknown;	 /* enterprises that have no value */
	int64_t undecided;	 /* that some policy is undecided for because of it */
	int64_t undecided_alone; /* and nothing else */
};

/* Over all units, or all policies, instead of the index of one. */
#define PCALC_REPORT_SUM ((size_t)-1)

/**
 * Makes a report and waits for all of it. A whole registry takes its time: the client's timeout is that
 * of the report. The report is owned by the caller; NULL with @failure filled; code
 * FAILED_PRECONDITION: its figures do not add up, see the message.
 */
PCALC_PUBLIC pcalc_report *pcalc_report_get(pcalc_client *client,
		const struct pcalc_report_options *options, struct pcalc_failure *failure);
/** NULL is fine. */
PCALC_PUBLIC void pcalc_report_free(pcalc_report *report);
/** Which it is, and what it rests on. */
PCALC_PUBLIC struct pcalc_report_head pcalc_report_head_get(const pcalc_report *report);
/** The whole report as CoverageReport, BlockedReport, UnclaimedReport or PushReport, *out_size bytes. */
PCALC_PUBLIC const void *pcalc_report_encoded(const pcalc_report *report, size_t *out_size);

/* Each of these is false, or NULL, when there is none at its index, or the report is of another kind. */

/** The city's line. */
PCALC_PUBLIC bool pcalc_report_coverage(
		const pcalc_report *report, struct pcalc_coverage *out_coverage);
/** Unit @index: by rank, those without enterprises at the end. */
PCALC_PUBLIC bool pcalc_report_coverage_unit(
		const pcalc_report *report, size_t index, struct pcalc_coverage_unit *out_unit);
/** Notice @index, in words; *out_kind is the number of the schema, NoticeKind. */
PCALC_PUBLIC bool pcalc_report_notice(const pcalc_report *report, size_t index, int *out_kind,
		struct pcalc_text *out_sentence);
/** Enterprise @index without R&D activity; when names were asked for. */
PCALC_PUBLIC bool pcalc_report_firm(const pcalc_report *report, size_t index,
		struct pcalc_uncovered_firm *out_firm);
/** Id of policy @opens that opens for it. */
PCALC_PUBLIC const char *pcalc_report_firm_opens(
		const pcalc_report *report, size_t index, size_t opens);
/** Policy @index, by id. */
PCALC_PUBLIC bool pcalc_report_blocked_policy(const pcalc_report *report, size_t index,
		struct pcalc_blocked_policy *out_policy);
/** Condition @condition of policy @index, in its order. */
PCALC_PUBLIC bool pcalc_report_blocked_condition(const pcalc_report *report, size_t index,
		size_t condition, struct pcalc_blocked_condition *out_condition);
/** Data item @attribute of policy @index, or of PCALC_REPORT_SUM, that which settles most first. */
PCALC_PUBLIC bool pcalc_report_blocked_attribute(const pcalc_report *report, size_t index,
		size_t attribute, struct pcalc_blocked_attribute *out_attribute);
/** County or zone @index by code, the one without code last; or PCALC_REPORT_SUM. */
PCALC_PUBLIC bool pcalc_report_unclaimed_unit(const pcalc_report *report, size_t index,
		struct pcalc_unclaimed_unit *out_unit);
/** Policy @policy of unit @index, or over all with PCALC_REPORT_SUM, most money first. */
PCALC_PUBLIC bool pcalc_report_unclaimed_policy(const pcalc_report *report, size_t index,
		size_t policy, struct pcalc_unclaimed_policy *out_policy);
/** Policy @index, by series. */
PCALC_PUBLIC bool pcalc_report_push_policy(
		const pcalc_report *report, size_t index, struct pcalc_push_count *out_count);
/** County or zone @index by code, the one without code last. */
PCALC_PUBLIC bool pcalc_report_push_unit(
		const pcalc_report *report, size_t index, struct pcalc_push_count *out_count);
/** Negative attribute @index, that which leaves most undecided first. */
PCALC_PUBLIC bool pcalc_report_negative(const pcalc_report *report, size_t index,
		struct pcalc_negative_attribute *out_attribute);

#ifdef __cplusplus
}
#endif

#endif
