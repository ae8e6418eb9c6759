/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next question: which unknown, once known, is expected to settle most.
 *
 * A pending policy is one that lacks information. What it lacks are units: an attribute of the
 * enterprise, an attribute of an item, or a list of items of which nothing is known. A question asks
 * for one unit, or for the units of a group. Its score is
 *
 *     1/cost · Σ over answers P · Σ over pending policies weight · (1 − missing after / missing before)
 *
 * over classes of answers that no rule of a pending policy tells apart. Everything is integer
 * arithmetic, so that the same request gives the same bytes everywhere.
 */
#pragma once

#include "calculator/answer.h"
#include "calculator/clause_parts.h"
#include "calculator/selection.h"

#define QUESTION_PPM 1000000

/* Something that can be asked for by itself. */
struct unit {
	enum item_list list;	  /* LIST_ENTERPRISE, or where the item stands */
	int item;		  /* its index; -1: of the enterprise, or the list itself */
	int slot;		  /* -1: the list itself */
	const struct slot *place; /* NULL: the list itself */
	bool skipped;
};

struct point_run {
	size_t first, count;
};

/* A condition, or a part of one (see clause_parts.h), and how it stands; those that are alike share it. */
struct part {
	const struct clause_part *known; /* NULL: the whole condition, which is */
	const struct policy_rules *policy;
	const struct clause *clause;
	const uint64_t *missing; /* under the facts of now; NULL: it waits for nothing */
	const uint64_t *touched; /* what it waits for, reads, and what stands behind that; or NULL */
	bool bare; /* it is known, and so is what it lacks: of nothing that it reads is anything */
	uint64_t round; /* of the memo in which it came to: */
	bool fails;
	bool errs;	       /* it could not be computed */
	const uint64_t *lacks; /* or NULL */
	size_t points_round;   /* of the question for which it was read: */
	struct point_run points;
	size_t asker_round; /* of the question in which it is asked as: */
	uint32_t asker;
};

/* A condition that waits for something. */
struct pending_clause {
	const struct clause *clause;
	const uint64_t *missing;
	struct part **parts; /* in the order of the text; none of what is about an item */
	size_t part_count;
};

/* An item that is not ruled out, with the conditions of its own that wait. */
struct pending_item {
	size_t item;
	const struct pending_clause *clauses;
	size_t clause_count;
	bool review; /* people must look at it in any case */
};

/* A policy that lacks information. */
struct pending {
	const struct outcome *outcome;
	int64_t weight;
	struct pending_clause *clauses; /* of the enterprise */
	size_t clause_count;
	const struct pending_item *items;
	size_t item_count;
	bool list_unknown;
	bool rests_on_enterprise; /* some item is beyond doubt: the others do not matter */
	bool judged_item;	  /* some item waits for people only */
	size_t list_reads;	  /* attributes that every item will be asked for */
	const uint64_t *lacks;	  /* attributes of the enterprise that it waits for */
	uint64_t *once; /* of the enterprise alone: those that only one of its parts lacks */
	size_t before;	/* units missing that may be asked; 0: only skipped ones are left */
};

/* How a policy waits for an attribute of the enterprise that is asked for alone. */
struct waiting {
	struct part *part; /* the only one that reads it; NULL: there are several, or some of items */
	uint32_t rest;	 /* units that may be asked, and that it lacks when ->part holds */
	uint32_t before; /* as of the policy */
	uint16_t weight;
	uint32_t next; /* from 1 on, the next one of the same part; 0: there is none */
};

struct question {
	const size_t *units; /* in slot order */
	size_t unit_count;
	int32_t cost;
	size_t *pendings; /* those that wait for one of the units, ascending */
	size_t pending_count;
	struct waiting *waiting; /* by pending; NULL: of several attributes, or of items */
	uint32_t *stay_ppm; /* by pending: how likely it is still pending after an answer */
	uint32_t *answered; /* by pending: how many of its units this asks for */
	int64_t gain;	    /* expected weighted share, in millionths */
	int64_t score;	    /* gain by cost */
};

struct questionnaire {
	const struct ruleset *ruleset;
	const Policycalc__V1__NextQuestionRequest *request;
	const struct question_priors *priors; /* or NULL */
	struct arena *arena;
	struct arena work; /* of the question at hand: reset after each */
	struct facts *facts;
	struct findings findings;
	const struct epoch *epoch;
	struct date as_of;
	struct selections selections;

	struct outcome *outcomes;
	size_t outcome_count;
	struct pending *pendings;
	size_t pending_count;
	struct unit *units; /* enterprise in slot order, then items, then lists */
	size_t unit_count;
	uint64_t *sets[3];		  /* for question_trial.c */
	const uint64_t **lacking;	  /* likewise: a set a clause of one policy */
	struct part **whole_parts;	  /* for question_parts.c: by twin */
	struct part **known_parts;	  /* likewise: by number, of those that are known */
	size_t question_at;		  /* the number of questions weighed so far */
	struct clause_memo memo;	  /* under the facts of now, or of the trial */
	uint64_t *open;			  /* attributes of the enterprise that may be asked */
	uint64_t **item_open[LIST_COUNT]; /* by item: its attributes that may be asked */
	bool list_open[LIST_COUNT];
	struct question *questions;
	size_t question_count;
	const struct question *best; /* NULL: done */
	int64_t expected_milli;	     /* questions expected to be left */
};

/* --- question_units.c: what is pending, and what could be asked ------------------------------- */

/** From the outcomes: pendings, units and questions. Memory that runs short shows in the arena. */
void questionnaire_gather(struct questionnaire *questionnaire);
/** "e.staff", "i.invested@projects/p1", "@loans". NULL when memory is short. */
const char *unit_key(const struct questionnaire *questionnaire, const struct unit *unit);
/** What is at stake with a policy, 1 to 16: it grows with the logarithm of the amount. */
int64_t amount_weight(const struct amount *amount);

/* --- question_parts.c: conditions, as much of them as is asked by itself ----------------------- */

/**
 * Readies the parts of the policies that are asked about, and has the memo ask conditions by them, each once.
 * false when memory is short.
 */
bool questionnaire_begin_parts(struct questionnaire *questionnaire);
/** The parts of a condition of the enterprise. Memory that runs short shows in the arena. */
void clause_find_parts(struct questionnaire *questionnaire, const struct policy_rules *policy,
		struct pending_clause *clause);
/** As part_ask(), of one that was not asked yet under these facts. */
void part_ask_anew(struct questionnaire *questionnaire, struct part *part);

/** What @part comes to under the facts as they stand: ->fails, ->errs and ->lacks. */
static inline void part_ask(struct questionnaire *questionnaire, struct part *part)
{
	if (part->round != questionnaire->memo.round)
		part_ask_anew(questionnaire, part);
}

/* --- question_pairs.c: which policies wait for which question ---------------------------------- */

/** Fills ->before of policies of the enterprise, and ->pendings and what goes with them of all questions. */
void questions_find_pendings(struct questionnaire *questionnaire);

/* --- question_series.c: what is told by period, all at once ---------------------------------- */

bool unit_is_series(const struct unit *unit);
/** Whether it is sent rather than derived; of stated periods not before they are over. */
bool slot_can_be_told(const struct questionnaire *questionnaire, const struct slot *place);
/** The periods that an answer must hold, of a question for a series. false: memory is short. */
bool series_periods_fill(const struct questionnaire *questionnaire,
		const struct question *question, Policycalc__V1__QuestionAttribute *answer);

/* --- question_trial.c: what an answer would leave --------------------------------------------- */

/* One answer that is tried out. */
struct trial {
	const struct unit *units[64];
	size_t count;
	bool opaque; /* of a value that cannot be tried: what waits for nothing else is settled, */
	bool fails; /* for the firm or against it; of a list: it is empty */
	const struct derivation **derivations; /* that follow the units */
	uint64_t **gaps;		       /* theirs before */
	size_t derivation_count;
};

/** Readies a trial of @units, at most 64. false when memory is short. */
bool trial_begin(struct questionnaire *questionnaire, const size_t *units, size_t count,
		struct trial *trial);
/** Makes the units have these values, and whatever follows them. */
void trial_put(struct questionnaire *questionnaire, const struct trial *trial,
		const struct value *values);
/** Makes them unknown again. */
void trial_take_back(struct questionnaire *questionnaire, const struct trial *trial);
/** How many units that may be asked the policy lacks under the trial; 0: it is settled. */
size_t pending_missing(struct questionnaire *questionnaire, const struct pending *pending,
		const struct trial *trial);
/** How many of the units in @bits are in @open, too. */
size_t bits_count_open(const uint64_t *bits, const uint64_t *open, size_t words);
/** Whether the value of @slot follows the trial's units. */
bool trial_moves(
		const struct questionnaire *questionnaire, const struct trial *trial, int slot);

/* --- question_classes.c: which answers the rules tell apart ----------------------------------- */

/* Who is asked under an answer: a part, for all policies that wait by it alone; or one policy. */
struct asker {
	struct part *part;		/* NULL: it is the policy */
	const struct part_table *table; /* of the part; NULL: it is not known beforehand */
	uint32_t pending; /* from 1 on, of the question's: it, or the first of those; then waiting->next */
	bool lacks; /* under some answer the part lacks something still */
	struct point_run points;
	uint64_t fails, holds; /* weights of the answers under which the part does, and lacks nothing */
};

/* An asker under one class of answers. */
struct job {
	uint32_t answer; /* class */
	uint32_t asker;
	uint64_t weight;       /* of all classes under which it comes out alike */
	const uint64_t *lacks; /* what the part is known to lack; NULL: it is to be asked */
};

struct answers {
	size_t count;
	struct value *values;	      /* by class, and of groups by unit; NULL: opaque */
	struct question_class *faces; /* by class, for priors */
	uint32_t *weights;
	uint64_t total; /* of the weights */
	struct asker *askers;
	size_t asker_count;
	struct job *jobs;
	size_t job_count;
};

/** The classes of @question, and whom to ask under which. false: memory is short. */
bool answers_find(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, struct answers *out_answers);

/* --- question_points.c: what the rules compare a unit with -------------------------------------- */

/* The values one unit may have, as far as they have an order. */
struct domain {
	bool ordered;
	bool day;
	int64_t least, most, step;
};

/* What the rules of the pending policies compare one unit with. */
struct points {
	struct probe_point *list;
	size_t count;
	size_t capacity;
};

struct value domain_value(const struct domain *domain, int64_t at);
/** The points of a question for one unit, of @domain, and those of each asker. false: memory is short. */
bool points_collect(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, const struct domain *domain,
		const struct answers *answers, struct points *points);

/* --- question_askers.c: who is asked, and what it tells ------------------------------------------ */

/** Who is asked: not @by_part, each policy by itself. false: memory is short. */
bool askers_find(struct questionnaire *questionnaire, const struct question *question,
		bool by_part, struct answers *answers);
/** What the part of the asker at that place is known to come to, under answers of that weight. */
void asker_note(struct answers *answers, size_t asker, const struct part_result *result,
		uint64_t weight);
/** Tries out all answers: what is gained, and how likely each policy stays as it is. false: memory is short. */
bool answers_tell(struct questionnaire *questionnaire, struct question *question,
		struct trial *trial, const struct answers *answers);

/* --- question_codes.c: the same for codes ----------------------------------------------------- */

/** Classes of codes, titles and texts. false: memory is short. */
bool answers_find_codes(struct questionnaire *questionnaire, const struct question *question,
		const struct points *points, struct answers *answers);

/* --- question_weigh.c: how likely they are ---------------------------------------------------- */

/* How a code is told to which class it belongs; see question_answers. */
struct classifier {
	size_t (*class_of)(const void *codes, struct slice code);
	const void *codes;
};

/** The number of the period that @unit is of; 0: a state. */
int64_t unit_period(const struct questionnaire *questionnaire, const struct unit *unit);
/** Asks the priors about a unit; equal weights without any. @classifier: of codes, else NULL. */
void answers_weigh(const struct questionnaire *questionnaire, const struct unit *unit,
		const struct classifier *classifier, struct answers *answers);
/** Of a group of flags, whose classes are "none of these" and each one alone. */
void answers_weigh_group(const struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers);

/* --- question_score.c ------------------------------------------------------------------------- */

/** Scores every question, picks the best, and says how many are expected to be left. */
bool questionnaire_score(struct questionnaire *questionnaire);

/* --- question_search.c ------------------------------------------------------------------------ */

/** Corrects ->best when few questions are left; @order: all of them, by score. */
void questionnaire_search(
		struct questionnaire *questionnaire, const struct question *const *order);

/* --- question_progress.c ------------------------------------------------------------------------- */

/** Whether its amount is something that the enterprise has: money, taxes or interest. */
bool outcome_counts_for_enterprise(const struct outcome *outcome);
/** The sum of two amounts, INT64_MAX when it is past that. */
int64_t money_add(int64_t a, int64_t b);
/** NULL when memory is short. */
Policycalc__V1__QuestionProgress *questionnaire_progress(
		const struct questionnaire *questionnaire);

/* --- question_unit.c ------------------------------------------------------------------------------ */

/** Whether it says anything; @text may be NULL. */
bool text_is_given(const Policycalc__V1__Text *text);
/** What is asked of one unit. NULL when memory is short. */
Policycalc__V1__QuestionAttribute *unit_answer(
		const struct questionnaire *questionnaire, const struct unit *unit);

/* --- question_answer.c ------------------------------------------------------------------------ */

/** The response. NULL when memory is short. */
Policycalc__V1__NextQuestionResponse *questionnaire_answer(
		const struct questionnaire *questionnaire);
