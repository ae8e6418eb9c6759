/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The solver against all subsets, and against itself: what a larger problem, another order of its
 * parts, or one more unit may change.
 *
 * The oracle here goes through every subset and knows nothing of parts, classes or bounds. Problems
 * are small in their figures, so that ties and full caps are frequent.
 */
#include "calculator/solver.h"
#include "effort.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_UNITS 64
#define MOST_GROUPS 64
#define MOST_CAPS 12

static struct arena arena;

/* --- random problems -------------------------------------------------------------------------- */

/* A problem with storage of its own. */
struct made {
	struct solver_unit units[MOST_UNITS];
	struct solver_group groups[MOST_GROUPS];
	struct solver_seat seats[MOST_GROUPS][MOST_UNITS];
	struct solver_cap caps[MOST_CAPS];
	struct solver_problem problem;
};

static void made_link(struct made *made, size_t units, size_t groups, size_t caps)
{
	made->problem = (struct solver_problem){ made->units, units, made->groups, groups,
		made->caps, caps, 0 };
	for (size_t i = 0; i < groups; i++)
		made->groups[i].seats = made->seats[i];
}

static void group_make(struct made *made, size_t group, size_t units)
{
	size_t want = 2 + random_wide(5);
	size_t count = 0;
	size_t members = 0;

	for (size_t i = 0; i < units; i++) {
		if (random_wide(units) >= want)
			continue;
		/* Now and then a unit belongs to the member before it. */
		if (members == 0 || random_wide(6) > 0)
			members++;
		made->seats[group][count++] = (struct solver_seat){ i, members - 1 };
	}
	made->groups[group].count = count;
	made->groups[group].at_most = random_wide(4) == 0 ? 1 + random_wide(3) : 1;
}

static void make(struct made *made, size_t units, size_t groups, size_t caps, int64_t most)
{
	for (size_t i = 0; i < caps; i++) {
		made->caps[i].limit = (int64_t)random_wide((size_t)most * 2 + 1);
		made->caps[i].parent = i > 0 && random_wide(2) ? random_wide(i) : SOLVER_NONE;
	}
	for (size_t i = 0; i < units; i++) {
		made->units[i].value = (int64_t)random_wide((size_t)most + 1);
		made->units[i].cap = caps && random_wide(3) ? random_wide(caps) : SOLVER_NONE;
	}
	for (size_t i = 0; i < groups; i++)
		group_make(made, i, units);
	made_link(made, units, groups, caps);
}

static void make_any(struct made *made, size_t units)
{
	static const int64_t scales[] = { 3, 10, 100, 1000000000 };

	make(made, units, random_wide(units + 1), random_wide(MOST_CAPS / 2),
			scales[random_wide(4)]);
}

/* --- all subsets ------------------------------------------------------------------------------ */

struct oracle {
	const struct solver_problem *problem;
	uint32_t members[MOST_GROUPS][MOST_UNITS]; /* the units of each */
	size_t member_count[MOST_GROUPS];
	uint32_t set;
	int64_t total;
};

static void oracle_init(struct oracle *oracle, const struct solver_problem *problem)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->problem = problem;
	for (size_t i = 0; i < problem->group_count; i++) {
		for (size_t k = 0; k < problem->groups[i].count; k++) {
			const struct solver_seat *seat = &problem->groups[i].seats[k];

			oracle->members[i][seat->member] |= UINT32_C(1) << seat->unit;
			if (seat->member >= oracle->member_count[i])
				oracle->member_count[i] = seat->member + 1;
		}
	}
}

static bool oracle_allows(const struct oracle *oracle, uint32_t set)
{
	for (size_t i = 0; i < oracle->problem->group_count; i++) {
		size_t had = 0;

		for (size_t k = 0; k < oracle->member_count[i]; k++)
			had += (oracle->members[i][k] & set) != 0;
		if (had > oracle->problem->groups[i].at_most)
			return false;
	}
	return true;
}

/* Caps here always lie in one with a lower number. */
static int64_t oracle_total(const struct oracle *oracle, uint32_t set)
{
	const struct solver_problem *problem = oracle->problem;
	int64_t sums[MOST_CAPS + 1] = { 0 };

	for (uint32_t rest = set; rest; rest &= rest - 1) {
		size_t unit = (size_t)__builtin_ctz(rest);
		size_t cap = problem->units[unit].cap;

		sums[cap == SOLVER_NONE ? 0 : cap + 1] += problem->units[unit].value;
	}
	for (size_t i = problem->cap_count; i-- > 0;) {
		size_t parent = problem->caps[i].parent;
		int64_t sum = sums[i + 1] < problem->caps[i].limit ? sums[i + 1]
								   : problem->caps[i].limit;

		sums[parent == SOLVER_NONE ? 0 : parent + 1] += sum;
	}
	return sums[0];
}

/* Larger total, then fewer units, then the first unit in which they differ. */
static bool oracle_is_better(const struct oracle *oracle, uint32_t set, int64_t total)
{
	int size = __builtin_popcount(set);
	int best = __builtin_popcount(oracle->set);
	uint32_t differs = set ^ oracle->set;

	if (total != oracle->total)
		return total > oracle->total;
	if (size != best)
		return size < best;
	return differs && (set & (differs & (~differs + 1)));
}

static void oracle_solve(struct oracle *oracle)
{
	uint32_t end = UINT32_C(1) << oracle->problem->unit_count;

	for (uint32_t set = 1; set < end; set++) {
		int64_t total;

		if (!oracle_allows(oracle, set))
			continue;
		total = oracle_total(oracle, set);
		if (oracle_is_better(oracle, set, total)) {
			oracle->set = set;
			oracle->total = total;
		}
	}
}

/* --- properties ------------------------------------------------------------------------------- */

static struct solver_answer solve(const struct solver_problem *problem)
{
	struct solver_answer answer = { 0 };

	assert_true(solver_solve(problem, &arena, &answer));
	return answer;
}

static uint32_t set_of(const struct solver_problem *problem, const struct solver_answer *answer)
{
	uint32_t set = 0;

	for (size_t i = 0; i < problem->unit_count; i++)
		set |= (uint32_t)answer->chosen[i] << i;
	return set;
}

/* What is told of units left out is so: adding one breaks that group, or fills nothing but a cap. */
static void check_left_out(const struct solver_problem *problem,
		const struct solver_answer *answer, struct oracle *oracle)
{
	uint32_t set = set_of(problem, answer);

	for (size_t unit = 0; unit < problem->unit_count; unit++) {
		uint32_t with = set | UINT32_C(1) << unit;
		bool forbidden = false;
		size_t cap = SOLVER_NONE;

		if (answer->chosen[unit]) {
			assert_true(answer->counted[unit] > 0);
			continue;
		}
		assert_int_equal(answer->counted[unit], 0);
		for (size_t i = 0; i < problem->group_count; i++)
			forbidden |= solver_group_forbids(problem, answer, i, unit);
		assert_int_equal(forbidden, !oracle_allows(oracle, with));
		cap = solver_full_cap(problem, answer, unit);
		assert_int_equal(cap != SOLVER_NONE || problem->units[unit].value == 0,
				oracle_total(oracle, with) == answer->total);
		assert_true(forbidden || cap != SOLVER_NONE || problem->units[unit].value == 0);
	}
}

static void test_all_subsets(void **state)
{
	size_t rounds = effort(10000, 100000);
	static struct made made;
	static struct oracle oracle;

	(void)state;
	random_begin(20261126);
	for (size_t i = 0; i < rounds; i++) {
		size_t units = 1 + random_wide(16);
		struct solver_answer answer;

		make_any(&made, units);
		oracle_init(&oracle, &made.problem);
		oracle_solve(&oracle);
		answer = solve(&made.problem);
		if (!answer.proved || set_of(&made.problem, &answer) != oracle.set ||
				answer.total != oracle.total)
			fail_msg("problem %zu: %x of %lld, should be %x of %lld", i,
					set_of(&made.problem, &answer), (long long)answer.total,
					oracle.set, (long long)oracle.total);
		check_left_out(&made.problem, &answer, &oracle);
		arena_reset(&arena);
	}
}

/* Problems of so many nodes that the search is begun again with prices; without caps there are none. */
static void test_searches_with_prices(void **state)
{
	size_t rounds = getenv("POLICYCALC_LONG") ? 400 : 24;
	static struct made made;
	static struct oracle oracle;
	size_t priced = 0;

	(void)state;
	random_begin(18);
	for (size_t i = 0; i < rounds; i++) {
		struct solver_answer answer;

		make(&made, 20, 8 + random_wide(12), i % 4 ? 0 : 3, 1000000000);
		answer = solve(&made.problem);
		oracle_init(&oracle, &made.problem);
		oracle_solve(&oracle);
		assert_true(answer.proved);
		assert_int_equal(answer.total, oracle.total);
		assert_int_equal(set_of(&made.problem, &answer), oracle.set);
		priced += answer.nodes > 150 && i % 4 != 0;
		arena_reset(&arena);
	}
	assert_true(priced > 0);
}

/* Groups, the units in them, their members' numbers, and caps in another order. */
static void shuffle(const struct made *from, struct made *to)
{
	size_t caps[MOST_CAPS];
	size_t groups[MOST_GROUPS];
	size_t order[MOST_UNITS];
	size_t cap_count = from->problem.cap_count;
	size_t group_count = from->problem.group_count;

	*to = *from;
	random_order(caps, cap_count);
	for (size_t i = 0; i < cap_count; i++) {
		size_t parent = from->caps[i].parent;

		to->caps[caps[i]] = (struct solver_cap){ from->caps[i].limit,
			parent == SOLVER_NONE ? SOLVER_NONE : caps[parent] };
	}
	for (size_t i = 0; i < from->problem.unit_count; i++) {
		if (from->units[i].cap != SOLVER_NONE)
			to->units[i].cap = caps[from->units[i].cap];
	}
	random_order(groups, group_count);
	for (size_t i = 0; i < group_count; i++) {
		size_t count = from->groups[i].count;
		struct solver_seat *seats = to->seats[groups[i]];

		to->groups[groups[i]] = from->groups[i];
		random_order(order, count);
		for (size_t k = 0; k < count; k++) {
			seats[k] = from->seats[i][order[k]];
			seats[k].member = count - 1 - seats[k].member;
		}
	}
	made_link(to, from->problem.unit_count, group_count, cap_count);
}

static void test_order_changes_nothing(void **state)
{
	static struct made made;
	static struct made other;

	(void)state;
	random_begin(7);
	for (size_t i = 0; i < 2000; i++) {
		struct solver_answer answer;
		struct solver_answer again;

		make_any(&made, 1 + random_wide(24));
		shuffle(&made, &other);
		answer = solve(&made.problem);
		again = solve(&other.problem);
		assert_true(answer.proved && again.proved);
		assert_memory_equal(answer.chosen, again.chosen, made.problem.unit_count);
		assert_memory_equal(answer.counted, again.counted,
				made.problem.unit_count * sizeof(int64_t));
		arena_reset(&arena);
	}
}

static void test_more_never_lowers_the_total(void **state)
{
	static struct made made;

	(void)state;
	random_begin(11);
	for (size_t i = 0; i < 3000; i++) {
		size_t units = 2 + random_wide(22);
		size_t last = units - 1;
		struct solver_answer with;
		struct solver_answer without;
		int64_t value;

		make_any(&made, units);
		with = solve(&made.problem);
		/* Without the last unit: a value of 0 takes it away. */
		value = made.units[last].value;
		made.units[last].value = 0;
		without = solve(&made.problem);
		made.units[last].value = value;
		assert_true(with.proved && without.proved);
		assert_true(with.total >= without.total);
		assert_false(without.chosen[last]);
		if (made.problem.cap_count) {
			made.caps[random_wide(made.problem.cap_count)].limit +=
					1 + (int64_t)random_wide(50);
			without = solve(&made.problem);
			assert_true(without.total >= with.total);
		}
		arena_reset(&arena);
	}
}

static size_t nodes_of(size_t units, size_t groups, size_t caps, int64_t most, size_t rounds)
{
	static struct made made;
	size_t worst = 0;

	for (size_t i = 0; i < rounds; i++) {
		struct solver_answer answer;

		make(&made, units, groups, caps, most);
		answer = solve(&made.problem);
		if (!answer.proved)
			fail_msg("%zu units, %zu groups, %zu caps, round %zu: not proved",
					units, groups, caps, i);
		if (answer.nodes > worst)
			worst = answer.nodes;
		arena_reset(&arena);
	}
	return worst;
}

static void test_forty_units(void **state)
{
	size_t rounds = effort(100, 2000);

	(void)state;
	random_begin(40);
	for (size_t groups = 0; groups <= 60; groups += 10) {
		for (size_t caps = 0; caps <= 9; caps += 3) {
			size_t small = nodes_of(40, groups, caps, 10, rounds);
			size_t large = nodes_of(40, groups, caps, 1000000000, rounds);

			print_message("40 units, %zu groups, %zu caps: at most %zu and %zu "
				      "nodes\n",
					groups, caps, small, large);
			assert_true(small < SOLVER_NODES && large < SOLVER_NODES);
		}
	}
}

/* Past the budget: allowed, nothing can be added, and it says so. */
static void test_budget(void **state)
{
	static struct made made;
	static struct oracle oracle;
	size_t cut = 0;

	(void)state;
	random_begin(3);
	for (size_t i = 0; i < 500; i++) {
		struct solver_answer answer;
		struct solver_answer best;

		make(&made, 20, 15, 4, 100);
		best = solve(&made.problem);
		made.problem.node_budget = 1 + random_wide(30);
		answer = solve(&made.problem);
		oracle_init(&oracle, &made.problem);
		assert_true(oracle_allows(&oracle, set_of(&made.problem, &answer)));
		assert_int_equal(oracle_total(&oracle, set_of(&made.problem, &answer)),
				answer.total);
		assert_true(answer.total <= best.total);
		if (answer.proved)
			assert_memory_equal(answer.chosen, best.chosen, 20);
		else
			cut++;
		for (size_t unit = 0; unit < 20; unit++) {
			bool forbidden = false;

			for (size_t k = 0; k < made.problem.group_count; k++)
				forbidden |= solver_group_forbids(
						&made.problem, &answer, k, unit);
			assert_true(answer.chosen[unit] || forbidden ||
					made.units[unit].value == 0 ||
					solver_full_cap(&made.problem, &answer, unit) !=
							SOLVER_NONE);
		}
		arena_reset(&arena);
	}
	assert_true(cut > 50);
}

/* --- by hand ---------------------------------------------------------------------------------- */

/* Sums leave 64 bits, and so do those under a cap. */
static void test_large_sums(void **state)
{
	struct solver_unit units[3] = { { INT64_MAX, SOLVER_NONE }, { INT64_MAX, SOLVER_NONE },
		{ INT64_MAX, SOLVER_NONE } };
	struct solver_cap cap = { INT64_MAX, SOLVER_NONE };
	struct solver_problem problem = { .units = units, .unit_count = 3 };
	struct solver_answer answer = solve(&problem);

	(void)state;
	assert_true(answer.proved && answer.total == (wide_int)INT64_MAX * 3);
	problem.caps = &cap;
	problem.cap_count = 1;
	units[0].cap = units[1].cap = units[2].cap = 0;
	answer = solve(&problem);
	assert_true(answer.proved && answer.total == INT64_MAX);
	assert_int_equal(answer.chosen_count, 1);
	assert_true(answer.chosen[0]);
}

static void test_nothing(void **state)
{
	struct solver_unit unit = { 0, SOLVER_NONE };
	struct solver_problem problem = { .units = &unit };
	struct solver_answer answer = solve(&problem);

	(void)state;
	assert_true(answer.proved && answer.total == 0 && answer.chosen_count == 0);
	problem.unit_count = 1;
	answer = solve(&problem);
	assert_true(answer.proved && answer.chosen_count == 0 && !answer.chosen[0]);
}

/* Two units of one member are had together; the other member has one that is larger. */
static void test_members(void **state)
{
	struct solver_unit units[3] = { { 6, SOLVER_NONE }, { 9, SOLVER_NONE },
		{ 5, SOLVER_NONE } };
	struct solver_seat seats[3] = { { 0, 0 }, { 1, 1 }, { 2, 0 } };
	struct solver_group group = { 1, seats, 3 };
	struct solver_problem problem = { units, 3, &group, 1, NULL, 0, 0 };
	struct solver_answer answer = solve(&problem);

	(void)state;
	assert_true(answer.proved && answer.total == 11 && !answer.chosen[1]);
	assert_true(solver_group_forbids(&problem, &answer, 0, 1));
}

/* Many items at once: a large part is filled up and not proved, small ones are solved apart. */
static void test_many(void **state)
{
	enum { COUNT = 6000 };
	static struct solver_unit units[COUNT];
	static struct solver_seat seats[COUNT];
	static struct solver_group groups[COUNT / 2];
	struct solver_cap cap = { 1000, SOLVER_NONE };
	struct solver_problem problem = { units, COUNT, groups, COUNT / 2, NULL, 0, 0 };
	struct solver_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		units[i] = (struct solver_unit){ (int64_t)(i % 100) + 1, SOLVER_NONE };
		seats[i] = (struct solver_seat){ i, i % 2 };
		groups[i / 2] = (struct solver_group){ 1, &seats[i / 2 * 2], 2 };
	}
	answer = solve(&problem);
	assert_true(answer.proved && answer.chosen_count == COUNT / 2);
	assert_true(answer.total == (wide_int)51 * COUNT / 2);
	problem.caps = &cap;
	problem.cap_count = 1;
	for (size_t i = 0; i < COUNT; i++)
		units[i].cap = 0;
	answer = solve(&problem);
	assert_false(answer.proved);
	assert_true(answer.total == 1000);
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)256 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_large_sums),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_all_subsets),
		cmocka_unit_test(test_searches_with_prices),
		cmocka_unit_test(test_order_changes_nothing),
		cmocka_unit_test(test_more_never_lowers_the_total),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_forty_units),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
