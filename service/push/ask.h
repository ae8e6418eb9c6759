/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one enterprise stands with every policy of a run. The only place of this room that asks the
 * calculator.
 *
 * Its facts are read once. First it is asked how everything stands, in figures; near misses and
 * sentences, which cost many times as much, are made only of what may be news.
 */
#pragma once

#include "calculator/look.h"
#include "push/delta.h"
#include "push/scope.h"

/* The policies of a run as the calculator has them; immutable, shared by threads. */
struct ask_book {
	struct sweep *sweep; /* NULL: there are none */
	size_t *policies;    /* by target: index in it */
};

/** Lives in @arena, but for what ask_book_fini() frees. */
bool ask_book_init(struct ask_book *book, const struct push_scope *scope, const char *day,
		struct arena *arena, struct error *err);
void ask_book_fini(struct ask_book *book);

/* One policy's answer, by index of the target. */
struct ask_answer {
	struct now_state now;
	bool is_known;	  /* asked, and decided */
	bool may_be_near; /* INELIGIBLE, by nothing but figures that may be close */
	Policycalc__V1__PolicyAnswer *message; /* with its sentences; NULL: not made */
};

struct ask {
	const struct push_scope *scope;
	const struct ask_book *book;
	struct look *look; /* of the book's sweep; one a thread */
	const Policycalc__V1__Profile *profile;
	struct arena *arena;
	struct ask_answer *answers; /* one a target */
};

/**
 * Asks about the targets @wanted (one flag a target). ERROR_INVALID when the profile is no longer one of
 * this catalog.
 */
bool ask_all(struct ask *ask, const bool *wanted, struct error *err);
/** Asks near misses of a target that was asked: one that is found makes it NEAR. */
bool ask_near(struct ask *ask, size_t target, struct error *err);
/** Makes ->message of a target that was asked. */
bool ask_words(struct ask *ask, size_t target, struct error *err);
/**
 * Whether a near miss is worth telling: each change at most a fifth of what it has to come to, or one
 * unit of a count, with a parameter behind it, and then nothing is left to know or to judge.
 */
bool ask_is_near(const Policycalc__V1__NearMiss *near);
