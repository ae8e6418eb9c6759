/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monthly report on R&D activity, from plain facts about firms to the message; it reads nothing.
 *
 * A firm is counted once, in the unit that reports it in statistics, when it is in the library of
 * industry above designated size. The city is counted by itself, over firms, not as the sum of its
 * units: a firm without a unit, or one that came twice, shows as a difference, and then the report is
 * refused (or marked as a draft). What is unknown counts as "not" and is told beside.
 */
#pragma once

#include "policycalc/v1/report.pb-c.h"
#include "reports/area.h"
#include "reports/opening.h"

#include "base/error.h"

#include <stdint.h>

#define COVERAGE_MONTHS 12

enum known {
	KNOWN_NOT, /* unknown */
	KNOWN_NO,
	KNOWN_YES,
};

/* A firm of the library. Texts are borrowed for as long as the report lives; "" is unknown. */
struct coverage_firm {
	const char *uscc;
	int unit;	/* by statistical region: of the area, or an enum place */
	int registered; /* by registered region, likewise */
	enum known has_rd;
	enum known four;    /* R&D body, staff, money and cooperation */
	enum known stopped; /* production */
	enum known spends;  /* on R&D, in the last full year */
	const char *industry;
	const char *size;
	const char *contact_officer;
	const struct opening *opening; /* what opens once it reports R&D; NULL: nobody asked */
};

/* Numbers of firms. */
struct coverage_tally {
	int64_t total;
	int64_t covered;
	int64_t unknown;
	int64_t four;
	int64_t four_unknown;
};

/* What is known at the end of a month. */
struct coverage_month {
	char month[8];	  /* "YYYY-MM" */
	char day[11];	  /* its last day; of the report's own month the cut-off */
	int64_t sequence; /* 0: nothing is known of it */
	bool revised;	  /* values of it were imported later */
	struct coverage_tally city;
	struct coverage_tally *units; /* by unit of the area */
};

struct coverage_question {
	const struct area *area;
	struct coverage_firm *firms; /* of the library; sorted by the report */
	size_t firm_count;
	struct coverage_firm *before; /* at the end of the month before; likewise */
	size_t before_count;
	/* [0] is the report's own, [1] the month before, and so on; tallies of all but the first. */
	struct coverage_month months[COVERAGE_MONTHS];
	struct coverage_month december; /* the last one before the report's year */
	/* What opens over all of them. */
	Policycalc__V1__OpeningPolicy **openings;
	size_t opening_count;
	int64_t library_unknown;
	int64_t target_ppm;
	bool target_stated; /* otherwise 100% is a measure, and nobody is praised or criticised */
	const Policycalc__V1__Source *target_source;
	int32_t start_permille; /* -1: not stated */
	const Policycalc__V1__Source *start_source;
	int64_t expected_total; /* -1: not given */
	int64_t expected_covered;
	bool draft; /* make it although the sums differ */
	bool names;
	const char *signed_by;
};

/** Puts the firms in the order in which tallies and the report take them. */
void coverage_sort(struct coverage_firm *firms, size_t count);
/** Counts sorted firms into @month; its units are made in @arena. false: memory is short. */
bool coverage_count(const struct area *area, const struct coverage_firm *firms, size_t count,
		struct coverage_month *month, struct arena *arena);
/** Why a firm that is not covered counts so; @is_new: it came since the month before. */
Policycalc__V1__UncoveredReason coverage_reason(const struct coverage_firm *firm, bool is_new);

/**
 * Makes the report (all but head, definition, sources, counters, which are not its business) in
 * @arena; borrows from the question. Both lists of firms must be sorted. ERROR_PRECONDITION when the
 * units do not add up to the city, or not to what was expected.
 */
bool coverage_report(const struct coverage_question *question, struct arena *arena,
		Policycalc__V1__CoverageReport **out_report, struct error *err);

/* --- inner: the report is made by parts ------------------------------------------------------- */

struct coverage_work {
	const struct coverage_question *question;
	struct arena *arena;
	Policycalc__V1__CoverageReport *report;
	const struct coverage_month *now;	/* months[0], counted */
	const struct coverage_month *before;	/* months[1], or NULL */
	Policycalc__V1__CoverageUnit **by_unit; /* the messages, by unit of the area */
};

/** A number of firms as a message; NULL when memory is short. */
Policycalc__V1__CoverageCount *coverage_count_message(
		const struct coverage_tally *tally, struct arena *arena);
/** Whether the firms of a sorted list are the same one. */
bool coverage_is_same(const struct coverage_firm *a, const struct coverage_firm *b);
/** Whether a firm was in the library at the end of the month before. */
bool coverage_was_counted(const struct coverage_question *question, const char *uscc);
/** Makes the units and ranks them. */
bool coverage_make_units(struct coverage_work *work);
/** Who came and went since the month before. */
bool coverage_make_movement(struct coverage_work *work);
/** Doubtful units. */
bool coverage_make_assignments(struct coverage_work *work);
/** Notices and trend; the units are there. */
bool coverage_make_notices(struct coverage_work *work);
bool coverage_make_trend(struct coverage_work *work);
/** The firms without R&D activity, and what opens for them. */
bool coverage_make_firms(struct coverage_work *work);
