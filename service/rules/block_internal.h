/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about blocks share. */
#pragma once

#include "base/map.h"
#include "rules/block.h"
#include "rules/plane.h"
#include "rules/program.h"

/* The most codes of one column that get a plane each; with more, rows are looked at one by one. */
#define CODE_PLANES_MOST 256

/* block_pool.c: planes, taken and given back like a stack. */
struct plane_chunk {
	uint64_t *memory;
	uint64_t *words; /* of it, from the first line of a cache on */
	size_t size;
};

struct plane_pool {
	struct plane_chunk *chunks;
	size_t chunk_count;
	size_t chunk, next; /* where the next one is taken: words of the chunk */
};

/** Room that begins with a line of a cache. */
uint64_t *pool_take(struct plane_pool *pool, size_t words);
/** Gives all room back; it stays with the pool. */
void plane_pool_reset(struct plane_pool *pool);
void plane_pool_fini(struct plane_pool *pool);

struct code_entry {
	struct slice text;
	bool marked;
	bool mentioned; /* by an atom about members */
};

/* The codes of a slot: all that were seen, and those of this round with a plane each. */
struct slot_codes {
	struct code_entry *entries;
	size_t count, capacity;
	struct map numbers; /* mark and text, to number + 1 */
	uint64_t **planes;  /* by number; NULL: not there in this round */
	uint32_t *present;
	size_t present_count;
	bool many;	     /* too many: not all have a plane */
	size_t asker_count;  /* atoms about texts, */
	size_t member_count; /* about members of lists */
	uint64_t round;
};

/* The thresholds that atoms hold against the numbers of a slot. */
struct slot_numbers {
	int64_t *thresholds; /* ascending, each once; with ->cells the last is one more */
	size_t count;
	uint16_t *cells; /* NULL: they are compared one by one */
	bool crowded;	 /* in some cell there is more than one */
};

/* The rows of a column by their numbers, see block_number.c. */
struct number_order {
	uint16_t *rows;
	const uint16_t *ends; /* by threshold */
	uint64_t *notes;      /* planes */
};

/* A column in this round. */
struct slot_column {
	uint64_t round;
	struct block_column column;
	bool sure; /* every row is known */
	const uint64_t *asked;
	struct number_order order; /* or */
	const uint64_t *planes;	   /* by rank */
	uint64_t order_round;	   /* when one of both was made */
};

/* An atom or a formula in this round. */
struct answer_note {
	uint64_t round;
	struct block_answer answer;
};

/* A code from which something else follows than "no". */
struct code_hit {
	uint32_t code;
	enum atom_answer answer;
};

#define OWN_FEW 4

/* What follows from the codes of a column by the numbers that the column itself has for them. */
struct own_answers {
	uint8_t *answers;
	size_t count, capacity;
	uint64_t stamp; /* of these numbers */
	bool plain;	/* each is yes or no */
	/* Those that are not as most of them are, if they are few; the first fills up the list. */
	uint32_t few[OWN_FEW];
	bool has_few;
	bool few_are_no;
};

/* What is remembered of an atom from round to round. */
struct atom_memory {
	uint8_t *answers; /* CODE: by code */
	size_t answer_count, answer_capacity;
	struct code_hit *hits;
	size_t hit_count, hit_capacity;
	uint64_t generation;
	struct own_answers own;
	uint32_t code;	  /* MEMBER, HELD, VALID */
	size_t threshold; /* AT_LEAST: its place in slot_numbers */
	uint64_t *done;	  /* OTHER: rows that were asked this round */
};

#define BRIEF_CODES 24

/*
 * An atom about a text of which at most so many codes are a yes, and all others a no: what is asked again in
 * every block, in a line of memory.
 */
struct code_brief {
	uint32_t answer_count; /* as of its memory when it was written; 0: it is none */
	uint32_t generation;
	uint32_t slot;
	uint32_t count;
	uint16_t codes[BRIEF_CODES];
};

struct block {
	const struct atoms *atoms;
	size_t slot_count;
	bool *attributes; /* by slot: its values come in a column */
	struct block_source source;
	uint64_t round;
	uint64_t rows[BLOCK_WORDS];
	uint64_t odd[BLOCK_WORDS];
	struct slot_numbers *numbers;	/* by slot */
	struct slot_column *columns;	/* by slot */
	struct answer_note *atom_notes; /* by atom; of OTHER only */
	/* Formulas whose answers are kept through a round have places, from 1 on: they are few, and what is
	 * known of them lies close together. */
	uint32_t *places;	  /* by formula; 0: none */
	uint32_t *place_formulas; /* by place, as are: */
	struct answer_note *place_notes;
	const uint64_t **
			sure; /* where it is yes, of those that every row has answered with yes or no
				   in this round; others NULL. Of rows not in the block anything is
				   said, but where no row of it is yes it is plane_zeros itself, and
				   where all are, ->rows */
	size_t place_count;	      /* with place 0 */
	struct atom_memory *memories; /* by atom */
	struct code_brief *briefs;    /* by atom */
	struct plane_pool kept;	      /* until the next round */
	struct plane_pool scratch;

	struct slot_codes *codes; /* by slot */
	size_t code_count;	  /* of all of them */
	struct arena code_arena;
	uint64_t code_generation;

	struct value *values; /* of one row, by slot */
	struct arena arena;   /* of one row */
};

/** The column of a slot in this round; NULL on failure. */
const struct slot_column *block_column(struct block *block, int slot, struct error *err);

/* block_parts.c */
bool block_places_init(struct block *block);
void block_places_fini(struct block *block);
/** block_parts_find() of literals of formulas. */
bool block_literals_find(const struct block *block, const uint32_t *literals, size_t count,
		struct block_parts *out_parts);

/** Asks an atom; with @keep, of all rows, and its answer is good until the next round. */
bool block_ask_atom(struct block *block, uint32_t atom, bool keep, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
/** Fills an answer from its "yes" among what is known of @column. */
bool block_answer_known(struct block *block, struct plane_pool *pool,
		const struct slot_column *column, const uint64_t *yes,
		struct block_answer *out_answer);

/* block_number.c */
bool block_numbers_init(struct block *block);
void block_numbers_fini(struct block *block);
/** The known rows that reach the atom's bound, among @need at least; NULL when memory is short. */
const uint64_t *block_ask_threshold(struct block *block, struct plane_pool *pool,
		const struct atom *atom, const struct slot_column *column,
		const uint64_t *need);

/* block_atom.c */
bool block_ask_quotient(struct block *block, struct plane_pool *pool, const struct atom *atom,
		struct block_answer *out_answer, struct error *err);

/* block_code.c */
bool block_codes_init(struct block *block);
bool block_codes_renew(struct block *block);
void block_codes_fini(struct block *block);
bool block_ask_code(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
bool block_ask_member(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
bool block_ask_valid(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err);

/* block_brief.c */
/** Notes what is remembered of an atom, if it can be; whether it was asked in this round or not. */
void block_brief_write(struct block *block, uint32_t atom);
/** false: the atom is to be asked for. */
bool block_ask_brief(struct block *block, struct plane_pool *pool, uint32_t atom,
		struct block_answer *out_answer);

/* block_direct.c */
/** How rows stand that have no value. */
enum atom_answer block_ask_unknown(struct block *block, const struct atom *atom);
/** false: it is to be asked of planes. */
bool block_ask_code_directly(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer);
bool block_ask_member_directly(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer);

/* block_row.c */
bool block_ask_rows(struct block *block, uint32_t atom, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
/** How the atom stands with its slot at @value; ASKED: as the slot itself does, which is unknown. */
enum atom_answer block_ask_value(
		struct block *block, const struct atom *atom, const struct value *value);

static inline uint32_t column_code(const struct block_column *column, size_t at)
{
	return column->numbers ? column->numbers[column->codes[at]] : column->codes[at];
}

static inline bool block_fail_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory for the rows of a block");
}
