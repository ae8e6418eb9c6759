/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about blocks share. */
#pragma once

#include "rules/block.h"
#include "rules/program.h"

/* Loops over planes are compiled for several machines and chosen when the program starts. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&  \
		defined(__GNUC__) && !defined(__clang__)
#define BLOCK_CLONES                                                                           \
	__attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"),        \
			optimize("O3")))
#else
#define BLOCK_CLONES
#endif

/* The most codes of one column that get a plane each; with more, rows are looked at one by one. */
#define CODE_PLANES_MOST 256

/* Planes, taken and given back like a stack. */
struct plane_chunk {
	uint64_t *words;
	size_t size;
};

struct plane_pool {
	struct plane_chunk *chunks;
	size_t chunk_count;
	size_t chunk, next; /* where the next one is taken: words of the chunk */
};

uint64_t *pool_take(struct plane_pool *pool, size_t words);

/* The codes that stand in a column, with a plane each. */
struct code_planes {
	uint32_t *present;
	uint64_t **planes;
	size_t count, capacity;
	bool many; /* too many: there are none */
};

/* A column in this round. */
struct slot_column {
	uint64_t round;
	struct block_column column;
	bool sure; /* every row is known */
	const uint64_t *asked;
	struct code_planes codes;
	uint64_t codes_round;
};

/* An atom or a formula in this round. */
struct answer_note {
	uint64_t round;
	struct block_answer answer;
};

/* What is remembered of an atom from round to round. */
struct atom_memory {
	uint8_t *answers; /* CODE: by code; what was not asked yet is ANSWER_NOT_YET */
	size_t answer_capacity;
	uint64_t answer_generation;
	uint32_t code;	/* MEMBER, HELD, VALID */
	uint64_t *done; /* OTHER: rows that were asked this round */
	uint64_t *planes[4];
};

#define ANSWER_NOT_YET 255

struct code_entry {
	struct slice text;
	bool marked;
	bool mentioned; /* by an atom */
	uint64_t stamp; /* of the column that is being looked at */
	uint32_t ordinal;
};

struct block {
	const struct atoms *atoms;
	size_t slot_count;
	bool *attributes; /* by slot: its values come in a column */
	struct block_source source;
	uint64_t round;
	uint64_t rows[BLOCK_WORDS];
	uint64_t odd[BLOCK_WORDS];
	struct slot_column *columns;	/* by slot */
	struct answer_note *atom_notes; /* by atom */
	struct answer_note *formula_notes;
	struct atom_memory *memories; /* by atom */
	struct plane_pool kept;	      /* until the next round */
	struct plane_pool scratch;

	struct code_entry *codes;
	size_t code_count, code_capacity;
	struct map code_numbers; /* mark and text, to number + 1 */
	struct arena code_arena;
	uint64_t code_generation;
	uint64_t code_stamp;

	struct value *values; /* of one row, by slot */
	struct arena arena;   /* of one row */
};

extern const uint64_t block_zeros[BLOCK_WORDS];

/** The column of a slot in this round; NULL on failure. */
const struct slot_column *block_column(struct block *block, int slot, struct error *err);

/** Asks an atom. */
bool block_ask_atom(struct block *block, uint32_t atom, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
/** Fills an answer from its "yes" among what is known of @column. */
bool block_answer_known(struct block *block, struct plane_pool *pool,
		const struct slot_column *column, const uint64_t *yes,
		struct block_answer *out_answer);

/* block_atom.c */
void numbers_at_least(const int64_t *numbers, int64_t bound, uint64_t *out_yes);
bool block_ask_quotient(struct block *block, struct plane_pool *pool, const struct atom *atom,
		struct block_answer *out_answer, struct error *err);

/* block_code.c */
bool block_codes_init(struct block *block);
bool block_codes_renew(struct block *block);
void block_codes_fini(struct block *block);
bool block_ask_code(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err);
bool block_ask_member(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err);
bool block_ask_valid(struct block *block, struct plane_pool *pool, uint32_t atom,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err);

/* block_row.c */
bool block_ask_rows(struct block *block, uint32_t atom, const uint64_t *need,
		struct block_answer *out_answer, struct error *err);
/** How the atom stands with its slot at @value; ASKED: as the slot itself does, which is unknown. */
enum atom_answer block_ask_value(
		struct block *block, const struct atom *atom, const struct value *value);

static inline bool block_fail_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory for the rows of a block");
}
