/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one enterprise.
 *
 * What is not set is unknown: never zero, never "no". A fact is set under its name in the
 * attribute dictionary; the service says which names and types there are
 * (pcalc_attributes_list()). Setting a (name, period) pair again replaces the value. Every
 * setter returns PCALC_OK, PCALC_INVALID_ARGUMENT (a NULL or empty name, text that is not
 * UTF-8) or PCALC_OUT_OF_MEMORY, and changes nothing unless it returns PCALC_OK.
 *
 * @period is "2025", "2025Q3" or "2025-06" for a periodic value; NULL means the last full
 * period before the profile's date, and the only choice for facts that are no figures of a
 * period.
 */
#ifndef POLICYCALC_PROFILE_H
#define POLICYCALC_PROFILE_H

#include "policycalc/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One enterprise. */
typedef struct pcalc_profile pcalc_profile;
/* The facts of the enterprise, or of one of its items; part of its profile. */
typedef struct pcalc_facts pcalc_facts;

/* A figure of a period, in a series. */
struct pcalc_point {
	const char *period;
	int64_t value;
};

/* A title held, and its last day of validity. */
struct pcalc_title {
	const char *code;
	const char *valid_until;
};

/** An enterprise nothing is known of. NULL when memory is short. */
PCALC_PUBLIC pcalc_profile *pcalc_profile_new(void);

/** Frees the profile and all its facts. NULL is fine. */
PCALC_PUBLIC void pcalc_profile_free(pcalc_profile *profile);

/** Sets the 统一社会信用代码; a check digit that fails is a warning in the answer. */
PCALC_PUBLIC enum pcalc_code pcalc_profile_set_uscc(pcalc_profile *profile, const char *uscc);

/** Sets the date the facts hold for, "YYYY-MM-DD"; without it they hold on the day of the
 * question. */
PCALC_PUBLIC enum pcalc_code pcalc_profile_set_date(pcalc_profile *profile, const char *date);

/** The facts of the enterprise itself; borrowed. */
PCALC_PUBLIC pcalc_facts *pcalc_profile_facts(pcalc_profile *profile);

/**
 * Adds an item to @list ("projects", "loans" or "hires") under the caller's name @id, and
 * returns its facts, borrowed. The same item again returns the same facts. NULL when a name is
 * empty or memory is short.
 */
PCALC_PUBLIC pcalc_facts *pcalc_profile_add_item(
		pcalc_profile *profile, const char *list, const char *id);

/** Says that @list is complete as sent, so that an empty one means "none" and not "unknown". */
PCALC_PUBLIC enum pcalc_code pcalc_profile_complete_list(
		pcalc_profile *profile, const char *list);

/** Money in fen. */
PCALC_PUBLIC enum pcalc_code pcalc_set_money_fen(
		pcalc_facts *facts, const char *name, const char *period, int64_t fen);

/** A ratio in parts per million: 8% is 80000. */
PCALC_PUBLIC enum pcalc_code pcalc_set_ratio_ppm(
		pcalc_facts *facts, const char *name, const char *period, int64_t ppm);

/** A count of people, things, years or points. */
PCALC_PUBLIC enum pcalc_code pcalc_set_count(
		pcalc_facts *facts, const char *name, const char *period, int64_t count);

/** A known yes or a known no. */
PCALC_PUBLIC enum pcalc_code pcalc_set_flag(pcalc_facts *facts, const char *name, bool flag);

/** A code, such as the region "411282". */
PCALC_PUBLIC enum pcalc_code pcalc_set_code(
		pcalc_facts *facts, const char *name, const char *code);

/** Several codes; @count 0 is a known "none". */
PCALC_PUBLIC enum pcalc_code pcalc_set_codes(
		pcalc_facts *facts, const char *name, const char *const *codes, size_t count);

/** A date "YYYY-MM-DD". */
PCALC_PUBLIC enum pcalc_code pcalc_set_date(
		pcalc_facts *facts, const char *name, const char *date);

/** Free text. */
PCALC_PUBLIC enum pcalc_code pcalc_set_text(
		pcalc_facts *facts, const char *name, const char *text);

/** Titles held; @count 0 is a known "none". */
PCALC_PUBLIC enum pcalc_code pcalc_set_titles(pcalc_facts *facts, const char *name,
		const struct pcalc_title *titles, size_t count);

/** Money by period in fen, oldest first. */
PCALC_PUBLIC enum pcalc_code pcalc_set_money_series(pcalc_facts *facts, const char *name,
		const struct pcalc_point *points, size_t count);

/** Makes a fact unknown again, in every period; fine when it was not set. */
PCALC_PUBLIC void pcalc_unset(pcalc_facts *facts, const char *name);

#ifdef __cplusplus
}
#endif

#endif
