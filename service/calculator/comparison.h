/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One comparison of a condition, told from the firm's side: what it has, what is required, the
 * parameter behind it, how far away it is. One that stands under "not", or in a condition that must
 * not hold, is turned round: not (x >= 3) is required as x < 3.
 */
#pragma once

#include "calculator/words.h"

/* A relation as rules write it, turned round, as a sign, and as the words of a sentence. */
struct relation {
	const char *name;
	const char *turned;
	const char *sign;
	const char *words[2]; /* by enum words_language */
	const char *of_days[2];
	const char *away[2];	    /* zh: before the distance, when not met; en: behind it */
	const char *years_after[2]; /* of a day that lies some time after another */
	const char *years_full;	    /* zh: between that day and the time */
};

struct comparison {
	struct rule_atom atom;
	const Policycalc__V1__Attribute *attribute; /* NULL: none, or several */
	const Policycalc__V1__Attribute *figures;   /* what its figures are printed like */
	const struct slot *slot;
	const struct relation *relation; /* NULL: not one that has words */
	struct value required;
	Policycalc__V1__ConditionStatus status;
	const struct slot *parameter;		     /* NULL: none, or several */
	const Policycalc__V1__ParameterValue *value; /* of the parameter on the day */
	const int *reads;			     /* slots, ascending */
	size_t read_count;
	bool has_distance;
	int64_t distance;
};

/* What there is, what is required and how far away it is, in short and in Chinese; NULL: not told so. */
struct comparison_told {
	const char *observed; /* "60万元" */
	const char *required; /* "100万元" */
	const char *distance; /* "40万元"; "" of none */
};

/** NULL when there is no such relation. */
const struct relation *relation_find(const char *name);

/** false when memory is short. @given_status: how a comparison stands that is only given. */
bool comparison_of_atom(const struct facts *facts, enum item_list list,
		const struct rule_atom *atom, Policycalc__V1__ConditionStatus given_status,
		struct comparison *out_comparison);

/** "40万元", "2个百分点", "20 people"; NULL when memory is short. */
const char *comparison_distance(const struct facts *facts, const struct comparison *comparison,
		enum words_language language);

/**
 * "上年度研发投入 60 万元，要求不低于 100 万元，还差 40 万元（《…》2018 版）"; "" when it reads nothing of
 * the profile, NULL when memory is short. In Chinese @told is told again, where there is something.
 */
const char *comparison_sentence(const struct facts *facts, enum item_list list,
		const struct comparison *comparison, const struct comparison_told *told,
		enum words_language language);
