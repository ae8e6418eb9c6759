/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled catalog, and pure answers from it.
 *
 * A ruleset is one revision of the catalog, compiled. It is immutable, shared and reference-counted;
 * every thread reads it. What depends on the day is bound per epoch: the span between two days on
 * which a parameter, a version or a window changes. Nothing here does I/O or knows the clock: the
 * day of the question is a parameter.
 */
#pragma once

#include "base/arena.h"
#include "base/diagnostics.h"
#include "base/error.h"
#include "base/slice.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "policycalc/v1/guide.pb-c.h"
#include "policycalc/v1/question.pb-c.h"
#include "proto/codec/catalog.h"
#include "proto/codec/encode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where a field of the catalog stood, for diagnostics of rules: answers the file, line and column of
 * @field of @message (a rule text), or false. Handed down by publish/.
 */
typedef bool (*catalog_locate_fn)(void *context, const ProtobufCMessage *message,
		const char *field_name, size_t index, const char **out_path, int *out_line,
		int *out_column);

struct ruleset;

/**
 * Compiles @catalog: scopes, derived attributes, regions, and every rule. Copies what it keeps, so
 * the catalog may go. Reports all mistakes to @diagnostics (@locate may be NULL); NULL when there
 * was an error. The result holds one reference. The compiled rules serve every day; what depends on
 * the day (parameters, versions, windows) is bound per epoch inside, on demand and thread-safe.
 */
struct ruleset *ruleset_new(const struct catalog *catalog, catalog_locate_fn locate,
		void *context, struct diagnostics *diagnostics, struct error *err);

/*
 * What a ruleset asks of every policy before it can compile the first one. Who reads a large catalog notes each policy
 * when it was just read: later each would be fetched from memory once more.
 */
struct survey;

/** NULL when memory is short: then nothing is noted, and the ruleset looks at all policies itself. */
struct survey *survey_new(void);
void survey_free(struct survey *survey);
/** Each policy of a catalog once, in the order in which they stand there. They must outlive @survey. */
void survey_note(struct survey *survey, const Policycalc__V1__Policy *policy);

/**
 * As ruleset_new() of a catalog that lives in @arena, which the ruleset takes over, also when it fails: nothing is
 * copied, and @arena is empty afterwards. Only a catalog that was checked before: nothing locates rules. @survey: of
 * its policies, or NULL.
 */
struct ruleset *ruleset_new_in(struct arena *arena, const struct catalog *catalog,
		const struct survey *survey, struct diagnostics *diagnostics,
		struct error *err);

struct ruleset *ruleset_ref(struct ruleset *ruleset);
void ruleset_unref(struct ruleset *ruleset);
/** Whether anybody but the caller, who holds a reference, holds one. */
bool ruleset_is_shared(const struct ruleset *ruleset);
/** About how many bytes of memory it takes. */
size_t ruleset_size(const struct ruleset *ruleset);
int64_t ruleset_revision(const struct ruleset *ruleset);
const char *ruleset_content_hash(const struct ruleset *ruleset);

/** Borrowed from the ruleset; NULL when there is none. @item_list "" is the enterprise. */
const Policycalc__V1__Attribute *ruleset_find_attribute(
		const struct ruleset *ruleset, const char *name, const char *item_list);
/**
 * What people call what an answer names, "e.rd_expense_y2", "i.cost@projects/p1": the attribute's label with its
 * periods, and who supplies it; NULL where the dictionary has none. false when memory is short.
 */
bool ruleset_name_words(const struct ruleset *ruleset, const char *name, struct arena *arena,
		Policycalc__V1__Text **out_label, Policycalc__V1__Text **out_supplier);
const Policycalc__V1__Parameter *ruleset_find_parameter(
		const struct ruleset *ruleset, const char *name);
const Policycalc__V1__Policy *ruleset_find_policy(
		const struct ruleset *ruleset, const char *id);
/** The version of @series in force on @day; NULL when there is none. */
const Policycalc__V1__Policy *ruleset_find_version(
		const struct ruleset *ruleset, const char *series, const char *day);
/** The catalog the ruleset was made from, as it keeps it; borrowed, sorted by id. */
const struct catalog *ruleset_catalog(const struct ruleset *ruleset);

/* What is wrong with the fields of a request. */
struct violation {
	const char *field; /* "profile.attributes[3].value" */
	const char *description;
};
struct violations {
	struct violation *list;
	size_t count;
};

/**
 * Answers @request on @today (used when the request names no day). The response lives in @arena and
 * borrows titles, labels and sources from the ruleset and ids from the request: encode it before
 * ruleset_unref(). Wrong requests fill @out_violations (all of them, up to a hundred) and fail with
 * ERROR_INVALID; an unknown policy is ERROR_NOT_FOUND. An absent profile is one of which nothing is
 * known. MatchRequest.revision is the caller's business: the ruleset was chosen by it. The same
 * ruleset, request and day give the same bytes.
 */
bool ruleset_match(const struct ruleset *ruleset, const Policycalc__V1__MatchRequest *request,
		const char *today, struct arena *arena,
		Policycalc__V1__MatchResponse **out_response, struct violations *out_violations,
		struct error *err);

/* What an answer came to, for those who count. */
#define MATCH_VERDICTS 6 /* VERDICT_UNSPECIFIED to VERDICT_ELIGIBLE */
struct match_tally {
	size_t verdicts[MATCH_VERDICTS]; /* of all policies asked about, told or not */
	size_t near;			 /* answers that tell a near miss */
	size_t rule_errors; /* answers that need review because a rule could not be computed */
};

/**
 * As ruleset_match(), but puts the packed response in front of what @encoder holds: the same bytes, in less
 * time, since what is the same in every response is not packed again. What it put there before it
 * failed is of no use. @out_tally may be NULL.
 */
bool ruleset_match_encode(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, const char *today,
		struct arena *arena, struct encoder *encoder, struct match_tally *out_tally,
		struct violations *out_violations, struct error *err);

/**
 * Makes ready what lets ruleset_match() of @day ("YYYY-MM-DD") pass over policies that cannot fit, for
 * catalogs of some hundred policies and more. It takes a while: not on a loop. Otherwise a thread of the
 * ruleset's own makes it when a day is asked for again and again; answers are the same before and after.
 * A day that is none is ERROR_INVALID.
 */
bool ruleset_prepare(const struct ruleset *ruleset, const char *day, struct error *err);

/**
 * As ruleset_match(), for those who count answers and read none: each has its ids, title, verdicts and
 * what is missing, and of its conditions and items only ids, labels, roles and statuses; near, combine
 * and view aside. The statuses are those of the FULL view.
 */
bool ruleset_match_statuses(const struct ruleset *ruleset,
		const Policycalc__V1__MatchRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__MatchResponse **out_response,
		struct error *err);

/** The best combination; as ruleset_match() in all else. */
bool ruleset_combine(const struct ruleset *ruleset,
		const Policycalc__V1__CombineRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__CombineResponse **out_response,
		struct violations *out_violations, struct error *err);

/* Values of an attribute that no rule in question tells apart. */
struct question_class {
	int64_t from, until; /* of numbers, in the type's integer; of flags 0 or 1; of dates seconds
				since 1970 of 00:00 in China; both included */
	const char *code; /* of codes: one of them; "" for "none" or "any other"; else NULL */
};

/* The answers to a question about one attribute of the enterprise, which are to be weighed. */
struct question_answers {
	const Policycalc__V1__Attribute *attribute;
	int64_t period; /* by its number, see calculator/period.h; 0: a state */
	const struct question_class *classes;
	size_t count;
	/* Of codes, otherwise NULL: the class that @code falls into ("": none of a list); ->count when
	 * it falls into none. */
	size_t (*class_of)(const void *classifier, struct slice code);
	const void *classifier;
};

/*
 * How likely the answers to a question are: what a registry knows of firms. Without it (NULL, or when
 * ->weigh answers false) every class is equally likely. ->weigh fills one weight a class, of which
 * only the proportions count, at most a milliard each. It must be quick, and give the same weights
 * for the same answers: the response's bytes depend on it.
 */
struct question_priors {
	bool (*weigh)(void *context, const struct question_answers *answers,
			uint32_t *out_weights);
	void *context;
	int64_t sequence; /* the snapshot of the registry; goes into the response */
};

/**
 * The question most worth asking next; as ruleset_match() in all else. @priors may be NULL.
 */
bool ruleset_next_question(const struct ruleset *ruleset,
		const Policycalc__V1__NextQuestionRequest *request,
		const struct question_priors *priors, const char *today, struct arena *arena,
		Policycalc__V1__NextQuestionResponse **out_response,
		struct violations *out_violations, struct error *err);

/* What a profile says of an attribute, or what follows from it. */
struct profile_reading {
	bool known;
	bool flag;
	int64_t integer;  /* of money, ratios and counts */
	const char *text; /* of codes and texts; else "" */
	size_t count;	  /* of lists of codes and of titles */
};

/**
 * Reads the attributes called @names (of the enterprise, derived ones too, of the last full period
 * before @day) out of @profile. What is absent, wrong or not in the dictionary is not known. Texts
 * live in @arena.
 */
bool ruleset_read_values(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, const char *const *names, size_t count, struct arena *arena,
		struct profile_reading *out_readings, struct error *err);

/**
 * Whether @policy (one of the ruleset's own) is in force and open on @day ("YYYY-MM-DD"). Borrows
 * from the ruleset. NULL when @day is not a date, the policy is not of the ruleset, or memory is short.
 */
Policycalc__V1__Availability *ruleset_availability(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, const char *day, struct arena *arena);

/* "e.NAME OP p.NAME" and nothing else, with one of < <= > >=. */
struct condition_figure {
	struct slice attribute, parameter;
	bool least; /* > or >= */
};

/** Whether a REQUIRE condition is of that form; then @out_figure lies in its rule. */
bool condition_read_figure(const Policycalc__V1__Condition *condition,
		struct condition_figure *out_figure);

/**
 * Whether some near miss may turn the condition at @index (as sweep_condition() counts them): when
 * not, whoever fails it is not near to @policy.
 */
bool ruleset_condition_may_turn(const struct ruleset *ruleset,
		const Policycalc__V1__Policy *policy, size_t index);

/**
 * Whether @policy may come out ELIGIBLE for anyone on @day ("YYYY-MM-DD"): not when a condition about
 * the enterprise itself is left to people whatever its facts are.
 */
bool ruleset_policy_may_fit(const struct ruleset *ruleset, const Policycalc__V1__Policy *policy,
		const char *day);

/**
 * What all of @policy may cost in the calendar year of @day ("YYYY-MM-DD"), in fen. false when the
 * catalog does not say, or not for that day.
 */
bool ruleset_budget(const struct ruleset *ruleset, const Policycalc__V1__Policy *policy,
		const char *day, int64_t *out_fen);

/**
 * The procedure of one policy, or of several merged into one errand: each shared paper once, the same
 * step of policies of one department once. The response lives in @arena and borrows texts from the
 * ruleset. Wrong requests fill @out_violations and fail with ERROR_INVALID, an unknown policy is
 * ERROR_NOT_FOUND. GetGuideRequest.revision is the caller's business, as in ruleset_match().
 */
bool ruleset_guide(const struct ruleset *ruleset,
		const Policycalc__V1__GetGuideRequest *request, const char *today,
		struct arena *arena, Policycalc__V1__GetGuideResponse **out_response,
		struct violations *out_violations, struct error *err);

/* --- for editors ------------------------------------------------------------------------------ */

enum doubt_kind {
	DOUBT_NEVER,	/* no enterprise can meet the condition */
	DOUBT_ALWAYS,	/* every enterprise meets it */
	DOUBT_CONFLICT, /* none can meet it and ->other, or it and the others together */
};

/* A condition that cannot do what a condition is for. */
struct doubt {
	enum doubt_kind kind;
	const Policycalc__V1__Policy *policy; /* the ruleset's own */
	const char *condition; /* its id; "region" and "industry" are the policy's scopes */
	const char *other;     /* CONFLICT: the other's id; NULL: several others */
	const char *attribute; /* no value of which meets them: "e.staff"; NULL: it shows in the text */
	const Policycalc__V1__Text *label; /* of the attribute, or NULL */
	bool whole;			   /* as long as the policy is in force; else: */
	int64_t first, last; /* days since 1970; INT64_MIN and INT64_MAX without end */
};

/**
 * Finds doubts, policy by policy in id order. Each attribute is varied alone while all others are
 * unknown, so that what is found holds whatever they are; what depends on several attributes at once
 * is not found. false when memory is short.
 */
bool ruleset_find_doubts(const struct ruleset *ruleset,
		void (*found)(void *context, const struct doubt *doubt), void *context,
		struct error *err);

/** Whether any rule, scope, score table or derived attribute reads @attribute, of any period. */
bool ruleset_reads_attribute(
		const struct ruleset *ruleset, const char *name, const char *item_list);
/** Whether any rule reads the parameter. */
bool ruleset_reads_parameter(const struct ruleset *ruleset, const char *name);
