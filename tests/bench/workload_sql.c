/* SPDX-License-Identifier: Apache-2.0 */
/* The workload for databases: a column an attribute, tags as a set of bits, numbers in their units. */
#include "workload_sql.h"

#include <inttypes.h>
#include <stdlib.h>

void workload_csv_print(const struct generator *generator, long count)
{
	char text[16];

	printf("id");
	for (int a = 0; a < MADE_COUNT; a++)
		printf(",%s", made_name(a));
	printf("\n");
	for (long j = 0; j < count; j++) {
		struct made_enterprise enterprise;

		generator_enterprise(generator, (uint64_t)j, &enterprise);
		printf("%ld", j);
		for (int a = 0; a < MADE_COUNT; a++) {
			if (made_type(a) == MADE_CODE)
				printf(",%s", made_code(a, (int)enterprise.values[a], text));
			else
				printf(",%" PRId64, enterprise.values[a]);
		}
		printf("\n");
	}
}

static void atom_print(const struct made_atom *atom)
{
	const char *name = made_name(atom->attribute);
	const char *joint = "";
	char text[16];

	switch (atom->test) {
	case TEST_LEAST:
		printf("%s >= %d", name, (int)atom->least);
		break;
	case TEST_MOST:
		printf("%s <= %d", name, (int)atom->most);
		break;
	case TEST_BETWEEN:
		printf("%s BETWEEN %d AND %d", name, (int)atom->least, (int)atom->most);
		break;
	case TEST_FLAG:
		printf("%s = %d", name, (int)atom->least);
		break;
	case TEST_IN:
		printf("%s IN (", name);
		for (int value = 0; value < made_code_count(atom->attribute); value++) {
			if (!((atom->set[value >> 6] >> (value & 63)) & 1))
				continue;
			printf("%s'%s'", joint, made_code(atom->attribute, value, text));
			joint = ", ";
		}
		printf(")");
		break;
	case TEST_ANY_TAG:
		printf("(%s & %" PRIu64 ") <> 0", name, atom->set[0]);
		break;
	default:
		printf("(%s & %" PRIu64 ") = %" PRIu64, name, atom->set[0], atom->set[0]);
		break;
	}
}

static void policy_print(const struct made_policy *policy)
{
	for (int c = 0; c < policy->count; c++) {
		const struct made_clause *clause = &policy->clauses[c];
		bool negated = clause->join == JOIN_NOT || clause->join == JOIN_NOT_ALL;

		printf("%s%s(", c ? " AND " : "", negated ? "NOT " : "");
		for (int i = 0; i < clause->count; i++) {
			if (i)
				printf(clause->join == JOIN_ANY ? " OR " : " AND ");
			atom_print(&clause->atoms[i]);
		}
		printf(")");
	}
}

void workload_sql_print(const struct generator *generator, long policies, long enterprises)
{
	struct made_enterprise *list = calloc((size_t)enterprises, sizeof(*list));

	if (!list)
		abort();
	for (long j = 0; j < enterprises; j++)
		generator_enterprise(generator, (uint64_t)j, &list[j]);
	for (long i = 0; i < policies; i++) {
		struct made_policy policy;
		long matches = 0;
		int64_t sum = 0;

		generator_policy(generator, (uint64_t)i, &policy);
		for (long j = 0; j < enterprises; j++) {
			if (!made_policy_holds(&policy, &list[j]))
				continue;
			matches++;
			sum += j;
		}
		printf("{\"id\":\"w%06ld\",\"matches\":%ld,\"sum\":%" PRId64 ",\"where\":\"", i,
				matches, sum);
		policy_print(&policy);
		printf("\"}\n");
		made_policy_fini(&policy);
	}
	free(list);
}
