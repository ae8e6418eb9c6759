/* SPDX-License-Identifier: Apache-2.0 */
#include "ordered_loop.h"

#include <stdlib.h>
#include <string.h>

#define CLAUSES_MOST 9

/* A clause is one atom, or several of which the first says how many. */
struct packed_atom {
	uint8_t test, attribute;
	uint8_t join, count;
	union {
		struct {
			int32_t least, most;
		};
		uint64_t set[2];
	};
};

struct ordered_loop {
	struct packed_atom *atoms;
	uint32_t *starts; /* by policy: its first atom, and the end of the last */
	size_t policy_count;
	size_t atom_count, capacity;
};

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static void clause_put(struct ordered_loop *loop, const struct made_atom *atoms, uint8_t count,
		uint8_t join)
{
	if (loop->atom_count + count > loop->capacity) {
		loop->capacity = 2 * loop->capacity + 1024;
		loop->atoms = checked(
				realloc(loop->atoms, loop->capacity * sizeof(*loop->atoms)));
	}
	for (uint8_t i = 0; i < count; i++) {
		struct packed_atom *atom = &loop->atoms[loop->atom_count++];

		*atom = (struct packed_atom){ .test = atoms[i].test,
			.attribute = atoms[i].attribute,
			.join = join,
			.count = count };
		if (atoms[i].test <= TEST_FLAG) {
			atom->least = atoms[i].least;
			atom->most = atoms[i].most;
		} else {
			memcpy(atom->set, atoms[i].set, sizeof(atom->set));
		}
	}
}

static inline bool atom_holds(const struct packed_atom *atom, const int64_t *values)
{
	int64_t value = values[atom->attribute];

	switch (atom->test) {
	case TEST_LEAST:
	case TEST_MOST:
	case TEST_BETWEEN:
	case TEST_FLAG:
		return value >= atom->least && value <= atom->most;
	case TEST_IN:
		return (atom->set[value >> 6] >> (value & 63)) & 1;
	case TEST_ANY_TAG:
		return ((uint64_t)value & atom->set[0]) != 0;
	default:
		return ((uint64_t)value & atom->set[0]) == atom->set[0];
	}
}

static inline bool clause_holds(const struct packed_atom *atom, const int64_t *values)
{
	bool holds = atom_holds(atom, values);

	switch (atom->join) {
	case JOIN_ANY:
		for (int i = 1; i < atom->count && !holds; i++)
			holds = atom_holds(atom + i, values);
		return holds;
	case JOIN_NOT:
		return !holds;
	case JOIN_NOT_ALL:
		return !(holds && atom_holds(atom + 1, values));
	default:
		return holds;
	}
}

/* The clauses of one policy, those that fewest of the sample meet first. */
static void policy_put(struct ordered_loop *loop, const struct made_policy *policy,
		const struct made_enterprise *sample, size_t sample_count)
{
	size_t met[CLAUSES_MOST] = { 0 };
	int order[CLAUSES_MOST];
	int count = policy->count + (policy->wide ? 1 : 0);

	for (int c = 0; c < count; c++) {
		int at = c;

		for (size_t j = 0; j < sample_count; j++) {
			bool holds = false;

			if (c < policy->count)
				holds = made_clause_holds(&policy->clauses[c], &sample[j]);
			for (int i = 0; c == policy->count && i < MADE_WIDE && !holds; i++)
				holds = made_atom_holds(&policy->wide[i], &sample[j]);
			met[c] += holds;
		}
		for (; at > 0 && met[order[at - 1]] > met[c]; at--)
			order[at] = order[at - 1];
		order[at] = c;
	}
	for (int i = 0; i < count; i++) {
		if (order[i] == policy->count)
			clause_put(loop, policy->wide, MADE_WIDE, JOIN_ANY);
		else
			clause_put(loop, policy->clauses[order[i]].atoms,
					policy->clauses[order[i]].count,
					policy->clauses[order[i]].join);
	}
}

struct ordered_loop *ordered_loop_new(
		const struct generator *generator, size_t policy_count, size_t sample)
{
	struct ordered_loop *loop = checked(calloc(1, sizeof(*loop)));
	struct made_enterprise *enterprises = checked(calloc(sample, sizeof(*enterprises)));

	for (size_t j = 0; j < sample; j++)
		generator_enterprise(generator, 1000000000 + j, &enterprises[j]);
	loop->policy_count = policy_count;
	loop->starts = checked(calloc(policy_count + 1, sizeof(*loop->starts)));
	for (size_t i = 0; i < policy_count; i++) {
		struct made_policy policy;

		generator_policy(generator, i, &policy);
		loop->starts[i] = (uint32_t)loop->atom_count;
		policy_put(loop, &policy, enterprises, sample);
		made_policy_fini(&policy);
	}
	loop->starts[policy_count] = (uint32_t)loop->atom_count;
	free(enterprises);
	return loop;
}

void ordered_loop_free(struct ordered_loop *loop)
{
	free(loop->atoms);
	free(loop->starts);
	free(loop);
}

size_t ordered_loop_size(const struct ordered_loop *loop)
{
	return loop->atom_count * sizeof(*loop->atoms) +
	       loop->policy_count * sizeof(*loop->starts);
}

size_t ordered_loop_match(const struct ordered_loop *loop,
		const struct made_enterprise *enterprise, uint32_t *out_ids)
{
	const int64_t *values = enterprise->values;
	size_t count = 0;

	for (size_t i = 0; i < loop->policy_count; i++) {
		const struct packed_atom *atom = &loop->atoms[loop->starts[i]];
		const struct packed_atom *end = &loop->atoms[loop->starts[i + 1]];

		while (atom < end && clause_holds(atom, values))
			atom += atom->count;
		if (atom == end)
			out_ids[count++] = (uint32_t)i;
	}
	return count;
}

/* --- with three values ------------------------------------------------------------------------- */

enum truth { FALSE, NEITHER, TRUE };

static enum truth atom_judge(
		const struct packed_atom *atom, const int64_t *values, uint64_t known)
{
	if (!((known >> atom->attribute) & 1))
		return NEITHER;
	return atom_holds(atom, values) ? TRUE : FALSE;
}

static enum truth clause_judge(
		const struct packed_atom *atom, const int64_t *values, uint64_t known)
{
	enum truth truth = atom_judge(atom, values, known);
	bool all = atom->join == JOIN_NOT_ALL;

	for (int i = 1; i < atom->count; i++) {
		enum truth next = atom_judge(atom + i, values, known);

		if (all ? next < truth : next > truth)
			truth = next;
	}
	return atom->join == JOIN_NOT || all ? TRUE - truth : truth;
}

void ordered_loop_judge(const struct ordered_loop *loop,
		const struct made_enterprise *enterprise, uint64_t known, uint32_t *out_ids,
		size_t *out_count, uint32_t *out_undecided, size_t *out_undecided_count)
{
	*out_count = *out_undecided_count = 0;
	for (size_t i = 0; i < loop->policy_count; i++) {
		const struct packed_atom *atom = &loop->atoms[loop->starts[i]];
		const struct packed_atom *end = &loop->atoms[loop->starts[i + 1]];
		enum truth truth = TRUE;

		for (; atom < end && truth != FALSE; atom += atom->count) {
			enum truth next = clause_judge(atom, enterprise->values, known);

			truth = next < truth ? next : truth;
		}
		if (truth == TRUE)
			out_ids[(*out_count)++] = (uint32_t)i;
		else if (truth == NEITHER)
			out_undecided[(*out_undecided_count)++] = (uint32_t)i;
	}
}
