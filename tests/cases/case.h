/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Case files: policies, enterprises and the answers they must get, as a policy officer would write
 * them. dictionary.case shows the words of a catalog.
 */
#pragma once

#include "calculator/calculator.h"

#include <stdbool.h>
#include <stddef.h>

/* Lists of a catalog under construction, and where reading is. */
struct case_file {
	const char *path;
	int line;
	struct arena *arena;
	struct catalog catalog;
	size_t room[4];			/* of attributes, parameters, regions, policies */
	Policycalc__V1__Policy *policy; /* the one being written */
	const char *as_of;
	Policycalc__V1__Profile *profile; /* the enterprise being asked about */
	struct ruleset *ruleset;	  /* of the policies so far; NULL when they changed */
	int failures;
	int expectations;
	const char *raw; /* the line being read, as it stands there; NULL: not from a file */
	struct case_rejection *rejection; /* of the policy being written */
};

/** Prints "path:line: message" and counts a failure. */
void case_fail(struct case_file *file, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/** Ends the program: the case file itself is wrong, or memory is short. */
void case_broken(const struct case_file *file, const char *format, ...)
		__attribute__((format(printf, 2, 3), noreturn));

/** Cuts the next word off *rest; "" at the end. */
char *case_word(struct case_file *file, char **rest);
/** The text without blanks at both ends. */
char *case_trim(char *text);
/** Cuts *rest at @mark, which may be absent; the part before it. */
char *case_cut(char **rest, const char *mark);

/** A message of the protocol, initialized; ends the program when memory is short. */
#define CASE_NEW(file, type, init)                                                             \
	((type *)case_init((file), ARENA_NEW((file)->arena, type),                             \
			(void (*)(void *))(void (*)(void))(init)))
void *case_init(const struct case_file *file, void *message, void (*init)(void *));
/** A copy of the text. */
char *case_keep(const struct case_file *file, const char *text);
/** A copy of a rule that is @field of @message, whose place is kept. */
char *case_keep_rule(struct case_file *file, const void *message, const char *field,
		const char *text);
/** Appends to a list of pointers that grows by copying. */
void case_append(
		const struct case_file *file, void *list_of_pointers, size_t *count, void *one);
Policycalc__V1__Text *case_bilingual(
		const struct case_file *file, const char *zh, const char *en);
/** The value of an enum by its word behind the prefix; ends the program when there is none. */
int case_enum(const struct case_file *file, const ProtobufCEnumDescriptor *descriptor,
		const char *prefix, const char *word);

/** attribute, parameter, region and policy lines, and what stands below a policy. */
bool case_read_catalog(struct case_file *file, const char *keyword, char *rest);
/** What stands below a policy and says how much it pays; false for other keywords. */
bool case_read_amount(struct case_file *file, const char *keyword, char *rest);
/** Lines of score tables. */
bool case_read_score(struct case_file *file, const char *keyword, char *rest);
/** "score TABLE [or RULE]" of a condition; false when it is something else. */
bool case_read_score_condition(
		struct case_file *file, Policycalc__V1__Condition *condition, char *rest);
/** The total of the answer's score table, "70..100"; and its rows, "staff 20 KNOWN; rd 0..50 OPEN". */
char *case_score_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer);
char *case_rows_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer);
/** Attributes "name = value, name@2024 = value" into @out of @count. */
void case_read_values(struct case_file *file, const char *item_list, char *text,
		Policycalc__V1__AttributeValue ***out, size_t *out_count);
/** Notes that @text, a rule of the line being read, is @field of @message. */
void case_place(struct case_file *file, const void *message, const char *field,
		const char *text);
/** A line of carets and the message that they must have. */
void case_caret(struct case_file *file, const char *line);
/** The policy being written ends: when it had carets, it must be refused for just these. */
void case_reject(struct case_file *file);
/** What limits policies together, and for whom they are; false for other keywords. */
bool case_read_combination(struct case_file *file, const char *keyword, char *rest);
/** combine lines. */
void case_combine(struct case_file *file, char *rest);
/** The ruleset of the policies so far. */
const struct ruleset *case_compile(struct case_file *file);
/** Counts an expectation; a text that differs is reported with the line. */
void case_compare(struct case_file *file, const char *what, const char *expected,
		const char *found);
/** expect and says lines. */
void case_expect(struct case_file *file, char *rest);
void case_says(struct case_file *file, char *rest);

/** "rd_expense + 40万元 and staff - 5 or tech_sme = 是": the near misses of an answer; "none". */
char *case_near_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer);
/** "staff above 300 in 5": the cliffs of an answer, separated by "; "; "none". */
char *case_cliff_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer);
