/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One enterprise against P policies, ids out: the match index beside the straight ordered loop.
 *
 * usage: bench_match_index [policies [rounds [seed [shapes]]]]    at most 33 rounds
 *
 * Index and loop take turns over the same enterprises, twice each time: the second time counts, when each finds its own
 * in the near caches, as it does where it is asked all the time. What the index takes the first time, when the other has
 * just been at work, is printed beside it. What is printed is the median of the rounds, and of their ratios.
 * The bytes of an index are all that was allocated for it and is there when its rules are gone, malloc()'s own included;
 * not the room that each thread works in, which is printed beside them.
 * The enterprises lie ready for both: numbers as they are, codes by number. Every list of ids is compared
 * with the loop's, with all attributes known and with 5 of the 22 numbers unknown; so are the catalogs of
 * other shapes, whose time and memory stand beside those of the ordinary one, with whose index theirs takes turns, too;
 * "shapes": only so many.
 */
#include "figures.h"
#include "made_rules.h"
#include "ordered_loop.h"

#include "rules/match_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 301
#define MANY_ROUNDS 9 /* times as many of catalogs of at most so many policies: */
#define MANY_ROUNDS_POLICIES 10000
#define UNKNOWN_NUMBERS 5
#define AHEAD 8 /* rules that are asked for before their turn */

struct bench {
	struct generator generator;
	size_t policy_count;
	struct ordered_loop *loop;
	struct arena arena; /* rules */
	struct scope *scope;
	struct match_index *index;
	struct match_work *work;
	int64_t build_time;
	size_t index_heap, work_heap;	 /* bytes of the heap that each has */
	uint32_t codes[MADE_COUNT][128]; /* of the index */
	size_t enterprise_count;
	struct made_enterprise *enterprises;
	uint64_t *known; /* of the half-known ones */
	struct match_value (*values)[MADE_COUNT];
	struct match_value (*partial)[MADE_COUNT];
	uint32_t *ids, *undecided;
};

struct figure {
	double index_us, loop_us, ratio;
};

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static _Noreturn void broken(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

/* --- the catalog ------------------------------------------------------------------------------- */

/* From checked rules to the index. */
static void index_make(struct bench *bench, const struct rule *const *rules)
{
	struct match_index_options options = { .policy_count = bench->policy_count,
		.slot_count = MADE_COUNT };
	uint32_t *literals = checked(calloc(bench->policy_count, sizeof(*literals)));
	struct evaluation bound = { 0 };
	int64_t begin = figures_now();
	struct atoms *atoms = checked(atoms_new(&bound));

	/* As the service does. */
	if (!atoms_set_apart(atoms, bench->policy_count, match_index_room(bench->policy_count)))
		broken("no memory for atoms");
	for (size_t i = 0; i < bench->policy_count; i++) {
		if (i + AHEAD < bench->policy_count)
			atoms_fetch(rules[i + AHEAD]);
		if (!atoms_add_rule(atoms, rules[i], &literals[i]))
			broken("no memory for atoms");
	}
	options.literals = literals;
	options.room = &atoms->arena;
	bench->index = checked(match_index_new(atoms, &options));
	atoms_free(atoms);
	bench->build_time = figures_now() - begin;
	free(literals);
}

/* --- enterprises ------------------------------------------------------------------------------- */

static void codes_make(struct bench *bench)
{
	char text[16];

	for (int a = 0; a < MADE_COUNT; a++) {
		for (int v = 0; v < made_code_count(a); v++)
			bench->codes[a][v] = match_index_code(
					bench->index, a, slice_from(made_code(a, v, text)));
	}
}

static void enterprise_make(struct bench *bench, size_t at)
{
	struct made_enterprise *enterprise = &bench->enterprises[at];

	generator_enterprise(&bench->generator, at, enterprise);
	for (int a = 0; a < MADE_COUNT; a++) {
		struct match_value *value = &bench->values[at][a];
		int64_t from = enterprise->values[a];

		value->state = MATCH_KNOWN;
		if (made_type(a) == MADE_CODE) {
			value->code = bench->codes[a][from];
		} else if (made_type(a) == MADE_TAGS) {
			for (uint64_t left = (uint64_t)from; left; left &= left - 1) {
				uint32_t code = bench->codes[a][__builtin_ctzll(left)];

				if (code != MATCH_CODE_NONE)
					value->codes |= UINT64_C(1) << code;
			}
		} else {
			value->integer = from * made_unit(a);
		}
	}
}

static void enterprises_make(struct bench *bench, size_t count)
{
	uint64_t random = 4711;

	bench->enterprise_count = count;
	bench->enterprises = checked(calloc(count, sizeof(*bench->enterprises)));
	bench->known = checked(calloc(count, sizeof(*bench->known)));
	bench->values = checked(calloc(count, sizeof(*bench->values)));
	bench->partial = checked(calloc(count, sizeof(*bench->partial)));
	bench->ids = checked(calloc(bench->policy_count + 1, sizeof(*bench->ids)));
	bench->undecided = checked(calloc(bench->policy_count + 1, sizeof(*bench->undecided)));
	for (size_t i = 0; i < count; i++) {
		enterprise_make(bench, i);
		bench->known[i] = UINT64_MAX;
		while (__builtin_popcountll(~bench->known[i]) < UNKNOWN_NUMBERS)
			bench->known[i] &= ~(
					UINT64_C(1) << generator_random(&random, MADE_NUMBERS));
		memcpy(bench->partial[i], bench->values[i], sizeof(bench->partial[i]));
		for (int a = 0; a < MADE_NUMBERS; a++) {
			if (!((bench->known[i] >> a) & 1))
				bench->partial[i][a].state = MATCH_UNKNOWN;
		}
	}
}

static void bench_init(struct bench *bench, size_t policy_count, uint64_t seed,
		const struct made_shape *shape, size_t enterprise_count)
{
	struct rule_memo *memo;
	const struct rule **rules;
	size_t before;

	memset(bench, 0, sizeof(*bench));
	bench->policy_count = policy_count;
	arena_init(&bench->arena, SIZE_MAX);
	generator_init(&bench->generator, seed, shape);
	bench->scope = made_scope_new();
	before = figures_heap();
	/* Rules as a catalog has them: of terms that many share. */
	memo = checked(rule_memo_new());
	rules = made_rules_new(
			&bench->generator, policy_count, bench->scope, memo, &bench->arena);
	index_make(bench, rules);
	free((void *)rules);
	rule_memo_free(memo);
	arena_fini(&bench->arena);
	bench->index_heap = figures_heap() - before;
	before = figures_heap();
	bench->work = checked(match_work_new(bench->index));
	bench->work_heap = figures_heap() - before;
	bench->loop = ordered_loop_new(&bench->generator, policy_count, 500);
	codes_make(bench);
	enterprises_make(bench, enterprise_count);
}

static void bench_fini(struct bench *bench)
{
	match_work_free(bench->work);
	match_index_free(bench->index);
	ordered_loop_free(bench->loop);
	scope_free(bench->scope);
	generator_fini(&bench->generator);
	free(bench->enterprises);
	free(bench->known);
	free(bench->values);
	free(bench->partial);
	free(bench->ids);
	free(bench->undecided);
}

/* --- answers ----------------------------------------------------------------------------------- */

/*
 * Whether both hold the same numbers, those aside that are open: @marks is all false and stays so.
 */
static bool list_equals(const uint32_t *list, size_t count, const uint32_t *found,
		size_t found_count, const struct match_found *all, bool *marks)
{
	bool same = true;

	for (size_t i = 0; i < count; i++)
		marks[list[i]] = true;
	for (size_t i = 0; i < found_count; i++) {
		same = same && marks[found[i]];
		marks[found[i]] = false;
	}
	for (size_t i = 0; i < all->open_count; i++)
		marks[all->open[i]] = false;
	for (size_t i = 0; i < count; i++) {
		same = same && !marks[list[i]];
		marks[list[i]] = false;
	}
	return same;
}

struct answer_counts {
	size_t matches, undecided, open;
};

/* Compares all lists; how many match, and how many may, are added up. */
static void answers_check(struct bench *bench, struct answer_counts *out)
{
	bool *marks = checked(calloc(bench->policy_count + 1, sizeof(*marks)));
	struct match_found found;

	*out = (struct answer_counts){ 0 };
	for (size_t i = 0; i < bench->enterprise_count; i++) {
		size_t undecided = 0;
		size_t count = ordered_loop_match(
				bench->loop, &bench->enterprises[i], bench->ids);

		match_index_find(bench->work, bench->values[i], &found);
		if (found.undecided_count ||
				!list_equals(bench->ids, count, found.eligible,
						found.eligible_count, &found, marks))
			broken("the index finds other policies than the loop");
		out->matches += count;
		out->open += found.open_count;
		ordered_loop_judge(bench->loop, &bench->enterprises[i], bench->known[i],
				bench->ids, &count, bench->undecided, &undecided);
		match_index_find(bench->work, bench->partial[i], &found);
		if (!list_equals(bench->ids, count, found.eligible, found.eligible_count,
				    &found, marks) ||
				!list_equals(bench->undecided, undecided, found.undecided,
						found.undecided_count, &found, marks))
			broken("the index finds other policies than the loop, of some unknown");
		out->undecided += undecided;
	}
	free(marks);
	/* These are for the rules; so few that their time is no matter. */
	if (out->open * 50 > out->matches)
		broken("the index leaves too much open");
}

/* --- times ------------------------------------------------------------------------------------- */

/* Once over all enterprises, so that something of the answers is used. */
static int64_t index_time(struct bench *bench, struct match_value (*values)[MADE_COUNT],
		uint64_t *out_sum)
{
	int64_t begin = figures_now();
	struct match_found found;

	for (size_t i = 0; i < bench->enterprise_count; i++) {
		match_index_find(bench->work, values[i], &found);
		*out_sum += found.eligible_count + found.undecided_count;
	}
	return figures_now() - begin;
}

static int64_t loop_time(struct bench *bench, uint64_t *out_sum)
{
	int64_t begin = figures_now();

	for (size_t i = 0; i < bench->enterprise_count; i++)
		*out_sum += ordered_loop_match(bench->loop, &bench->enterprises[i], bench->ids);
	return figures_now() - begin;
}

/* The peer is the loop, or the index with all known. */
struct times {
	double index[ROUNDS_MOST], peer[ROUNDS_MOST], ratio[ROUNDS_MOST];
	double first[ROUNDS_MOST]; /* of the index, right after another */
};

static void times_print(const char *name, struct times *times, unsigned rounds,
		const char *peer, double limit)
{
	double index = median_of(times->index, (size_t)rounds);

	printf("%s: index %.2f us, %s %.2f us, ratio %.2f (limit %.4g); right after another ",
			name, index, peer, median_of(times->peer, (size_t)rounds),
			median_of(times->ratio, (size_t)rounds), limit);
	printf("%.2f us\n", median_of(times->first, (size_t)rounds));
}

static void measure(struct bench *bench, unsigned rounds, const char *shape, double least)
{
	static struct times two, three;
	double share = 1000.0 * (double)bench->enterprise_count;
	char name[80];
	uint64_t sum = 0;

	for (unsigned i = 0; i < rounds; i++) {
		double index, loop, partial;

		two.first[i] = (double)index_time(bench, bench->values, &sum) / share;
		index = (double)index_time(bench, bench->values, &sum) / share;
		(void)loop_time(bench, &sum);
		loop = (double)loop_time(bench, &sum) / share;
		three.first[i] = (double)index_time(bench, bench->partial, &sum) / share;
		partial = (double)index_time(bench, bench->partial, &sum) / share;
		two.index[i] = index;
		two.peer[i] = loop;
		two.ratio[i] = loop / index;
		three.index[i] = partial;
		three.peer[i] = index;
		three.ratio[i] = partial / index;
	}
	(void)snprintf(name, sizeof(name), "match index, P=%zu%s", bench->policy_count, shape);
	times_print(name, &two, rounds, "ordered loop", least);
	(void)snprintf(name, sizeof(name), "match index, P=%zu%s, %d unknown",
			bench->policy_count, shape, UNKNOWN_NUMBERS);
	times_print(name, &three, rounds, "all known", 2);
	if (sum == 0)
		broken("nothing matches");
}

/* The index of another shape, and that of the ordinary catalog, in turn. */
static void shapes_measure(
		struct bench *bench, struct bench *made, unsigned rounds, const char *shape)
{
	static struct times times;
	char name[80];
	uint64_t sum = 0;

	for (unsigned i = 0; i < rounds; i++) {
		(void)index_time(made, made->values, &sum);
		times.peer[i] = (double)index_time(made, made->values, &sum) /
				(1000.0 * (double)made->enterprise_count);
		times.first[i] = (double)index_time(bench, bench->values, &sum) /
				 (1000.0 * (double)bench->enterprise_count);
		times.index[i] = (double)index_time(bench, bench->values, &sum) /
				 (1000.0 * (double)bench->enterprise_count);
		times.ratio[i] = times.index[i] / times.peer[i];
	}
	(void)snprintf(name, sizeof(name), "match index, P=%zu%s", bench->policy_count, shape);
	times_print(name, &times, rounds, "as made", 2);
}

/* --- all --------------------------------------------------------------------------------------- */

/* @made: the ordinary one, or NULL when this is it. The caller ends @bench. */
static void shape_measure(struct bench *bench, struct bench *made, size_t policies,
		unsigned rounds, uint64_t seed, const struct made_shape *shape,
		const char *name, size_t *out_size)
{
	size_t enterprises = policies <= 1000 ? 1000 : policies <= 100000 ? 200 : 40;
	double least = policies < 10000 ? 10 : policies < 1000000 ? 35 : 40;
	struct answer_counts counts;

	bench_init(bench, policies, seed, shape, enterprises);
	answers_check(bench, &counts);
	if (getenv("MATCH_INDEX_DUMP"))
		match_index_dump(bench->index, stdout);
	/* A sanitizer's malloc() counts nothing: then what the index says of itself. */
	*out_size = bench->index_heap ? bench->index_heap : match_index_size(bench->index);
	printf("match index, P=%zu%s: built in %.1f ms, %.0f bytes a policy (by its own count "
	       "%.0f, the room of a "
	       "thread %.0f, loop %.0f); %.2f%% match, %.4f%% open, %.2f%% undecided with %d "
	       "unknown; all as the loop "
	       "says\n",
			policies, name, (double)bench->build_time / 1e6,
			(double)*out_size / (double)policies,
			(double)match_index_size(bench->index) / (double)policies,
			(double)match_work_size(bench->work) / (double)policies,
			(double)ordered_loop_size(bench->loop) / (double)policies,
			(double)counts.matches * 100 / (double)(policies * enterprises),
			(double)counts.open * 100 / (double)(policies * enterprises),
			(double)counts.undecided * 100 / (double)(policies * enterprises),
			UNKNOWN_NUMBERS);
	/* Of small catalogs a round is over in milliseconds, and what else the machine does is in some of them. */
	if (policies <= MANY_ROUNDS_POLICIES)
		rounds *= MANY_ROUNDS;
	measure(bench, rounds, name, least);
	if (made)
		shapes_measure(bench, made, rounds, name);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		struct made_shape shape;
	} shapes[] = {
		{ "", { 0 } },
		{ ", all thresholds distinct", { .distinct = true } },
		{ ", no region", { .no_region = true } },
		{ ", wide ORs", { .wide = true } },
	};
	size_t policies = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 42;
	size_t count = argc > 4 ? strtoul(argv[4], NULL, 10) : 4;
	static struct bench made, other;
	size_t sizes[4];

	if (policies < MATCH_INDEX_LEAST || rounds < 1 || MANY_ROUNDS * rounds > ROUNDS_MOST ||
			count < 1 || count > 4)
		return 2;
	shape_measure(&made, NULL, policies, rounds, seed, &shapes[0].shape, shapes[0].name,
			&sizes[0]);
	for (size_t i = 1; i < count; i++) {
		shape_measure(&other, &made, policies, rounds, seed, &shapes[i].shape,
				shapes[i].name, &sizes[i]);
		bench_fini(&other);
	}
	bench_fini(&made);
	if (count < 2)
		return 0;
	printf("match index, P=%zu: all thresholds distinct take %.2f times the memory (limit "
	       "2)\n",
			policies, (double)sizes[1] / (double)sizes[0]);
	return 0;
}
