/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questionnaire: one question after another until all is settled, or the user has enough.
 *
 *     ASKING ──► value ──► step added ──► ASKING
 *        │   ──► back ───► step dropped ─► ASKING
 *        │   ──► wrong ──► said what was expected ─► ASKING (the same question)
 *        ├── nothing left, "enough", --max ──► RESULT, transcript
 *        └── "quit", end of input, Ctrl-C ───► saved when there is --save
 *
 * What is known is the tree of a profile file (what the command began with) and the steps since. The
 * profile of every request is made of both, so that going back is dropping a step, and a saved file
 * is a profile that `match -f` reads too.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/profile_file.h"
#include "policycalc/v1/question.pb-c.h"

#include <stdio.h>

/* One question that was answered, or skipped. */
struct ask_step {
	const char *question[2]; /* Chinese, English */
	const char *answer;	 /* as people read it; of several attributes joined */
	const char **facts; /* "staff=45人", "projects.1.invested=5万元", "projects#2" */
	size_t fact_count;
	const char **skipped; /* keys of attributes that the user does not know */
	size_t skipped_count;
};

struct ask {
	struct cli *cli;
	struct dictionary dictionary;
	const char *id;	   /* of the registry, or NULL */
	const char *as_of; /* NULL: today; fixed by the first answer */
	const char *policies;
	const char *save_path;
	const char *transcript_path;
	long long revision; /* likewise */
	bool include_superseded;
	bool terminal;
	json_t *base; /* normalised: attributes by name, items by id */
	struct ask_step *steps;
	size_t step_count;
	size_t step_capacity;
	const Policycalc__V1__Profile *profile;		      /* of the last request */
	const Policycalc__V1__NextQuestionResponse *response; /* the last */
	/* Choices that were listed last, for answers by number. */
	const Policycalc__V1__Choice **listed;
	size_t listed_count;
	bool listed_anew; /* by a search, and not yet shown */
};

/* What a line says. */
enum ask_word {
	ASK_VALUE,
	ASK_SKIP,
	ASK_BACK,
	ASK_SAVE,
	ASK_QUIT,
	ASK_ENOUGH,
	ASK_HELP,
};

/* ask_answer.c */
enum ask_word ask_word_of(struct slice line);
/**
 * Reads @line as the answer to the question at hand into @out_step (whose question is set by the
 * caller). false with what was expected in @problem; choices that fit in part are then ->listed.
 */
bool ask_read_answer(struct ask *ask, struct slice line, struct ask_step *out_step,
		struct buffer *problem);
/** The attribute of the dictionary; NULL for the number of items of a list. */
const Policycalc__V1__Attribute *ask_attribute(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked);

/* ask_series.c */
/**
 * The figures in @written as value_parse_text() reads them, whole; NULL with what is wrong in @problem,
 * or when memory is short.
 */
const char *ask_series_text(struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		const Policycalc__V1__Attribute *attribute, struct slice written,
		struct buffer *problem);
/** How they are written, in words. */
const char *ask_series_form(
		const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked);

/* ask_event.c */
bool ask_write_out(const struct ask *ask, struct buffer *out);
/** NULL when there is none, or no memory for it; to be freed with json_decref(). */
json_t *ask_message_json(const void *message);
/** One line of NDJSON; takes @value (may be NULL). */
bool ask_write_event(const struct ask *ask, const char *event, const char *key, json_t *value);
/** A line for people, or an event with the text under @key. */
bool ask_say(const struct ask *ask, const char *event, const char *key, const char *text);

/* ask_call.c */
/** Fetches the next question into ->response; an exit code, said already when it is not CLI_OK. */
int ask_fetch_question(struct ask *ask);
/** Asks for what matches, shows it and writes the transcript; an exit code, likewise. */
int ask_show_result(struct ask *ask);

/* ask_file.c */
/** Puts arguments and a file into ->base. false with @err. */
bool ask_begin_tree(
		struct ask *ask, const json_t *tree, int argc, char **argv, struct error *err);
/** Takes up what ask_save() wrote. false with @err. */
bool ask_resume(struct ask *ask, const char *path, struct error *err);
bool ask_save(const struct ask *ask, struct error *err);
/** What is known now, to be freed with json_decref(); NULL when memory is short. */
json_t *ask_tree(const struct ask *ask);
/** Writes the whole file at once, readable by its owner only. */
bool ask_write_file(const char *path, struct slice content, struct error *err);

/* ask_print.c */
/** Takes the choices of the question at hand, unless they are many, for answers by number. */
void ask_list_choices(struct ask *ask);
void ask_print_question(struct ask *ask, struct buffer *out);
void ask_print_progress(const struct ask *ask, struct buffer *out);
/** As much of an answer as one quotes, and in *out_more "…" when that is not all. */
struct slice ask_quote(struct slice answer, const char **out_more);
/** How an answer is written, in words. */
const char *ask_form(const struct ask *ask, const Policycalc__V1__QuestionAttribute *asked,
		const Policycalc__V1__Attribute *attribute);
void ask_print_help(struct ask *ask, struct buffer *out);
void ask_print_listed(const struct ask *ask, struct buffer *out);
/** "已全部确定", why there is no further question. */
const char *ask_done_word(const struct ask *ask);

/* ask_transcript.c */
/** Questions, answers, result, revision, day and engine as Markdown. */
void ask_print_transcript(const struct ask *ask, const Policycalc__V1__MatchResponse *result,
		struct buffer *out);
