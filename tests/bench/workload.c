/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the workload of the measurements, and writes it as a catalog that can be published.
 *
 *   workload attributes                       a JSON object a line: name, type, unit
 *   workload policies P [SEED [SHAPE]]        {"id":"w000000","rule":"..."}
 *   workload enterprises E [SEED]             {"id":"e000000","attributes":{...}}: money in fen, ratios in ppm
 *   workload answers P E [SEED [SHAPE]]       {"id":"e000000","matches":N,"hash":"..."}, then {"total":N}
 *   workload catalog P DIR [SEED [SHAPE]]     attributes.yaml, ... policies/w000000.yaml
 *   workload csv E [SEED]                     enterprises for a database; the numbers in their own units
 *   workload sql P E [SEED]                   {"id","matches","sum","where"}: the answers over E of them
 *   workload edit DIR NUMBER                  writes policy NUMBER of that folder anew, with another summary
 *
 * SHAPE is of letters: d all thresholds distinct, r no region asked for, w wide ORs.
 */
#include "workload_catalog.h"
#include "workload_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *unit_name(int attribute)
{
	if (made_type(attribute) != MADE_NUMBER)
		return "";
	return made_is_money(attribute) ? "fen" : made_is_ratio(attribute) ? "ppm" : "count";
}

static void attributes_print(void)
{
	static const char *const types[] = { "int", "string", "bool", "list(string)" };
	static const enum made_type order[] = { MADE_NUMBER, MADE_CODE, MADE_FLAG, MADE_TAGS };

	for (int a = 0; a < MADE_COUNT; a++) {
		int type = 0;

		while (order[type] != made_type(a))
			type++;
		printf("{\"name\":\"%s\",\"type\":\"%s\",\"unit\":\"%s\"}\n", made_name(a),
				types[type], unit_name(a));
	}
}

static void policies_print(const struct generator *generator, long count)
{
	for (long i = 0; i < count; i++) {
		struct made_policy policy;
		char *rule = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&rule, &size);

		if (!out)
			abort();
		generator_policy(generator, (uint64_t)i, &policy);
		made_policy_print(&policy, out);
		(void)fclose(out);
		printf("{\"id\":\"w%06ld\",\"rule\":\"", i);
		for (const char *next = rule; *next; next++) {
			if (*next == '"')
				(void)putchar('\\');
			(void)putchar(*next);
		}
		printf("\"}\n");
		free(rule);
		made_policy_fini(&policy);
	}
}

static void enterprise_print(long number, const struct made_enterprise *enterprise)
{
	char text[16];

	printf("{\"id\":\"e%06ld\",\"attributes\":{", number);
	for (int a = 0; a < MADE_COUNT; a++) {
		int64_t value = enterprise->values[a];
		const char *joint = "";

		printf("%s\"%s\":", a ? "," : "", made_name(a));
		switch (made_type(a)) {
		case MADE_NUMBER:
			printf("%" PRId64, value * made_unit(a));
			break;
		case MADE_FLAG:
			printf(value ? "true" : "false");
			break;
		case MADE_CODE:
			printf("\"%s\"", made_code(a, (int)value, text));
			break;
		case MADE_TAGS:
			printf("[");
			for (uint64_t left = (uint64_t)value; left; left &= left - 1) {
				printf("%s\"%s\"", joint,
						made_code(a, __builtin_ctzll(left), text));
				joint = ",";
			}
			printf("]");
			break;
		}
	}
	printf("}}\n");
}

static void answers_print(const struct generator *generator, long policies, long enterprises)
{
	struct made_policy *made = calloc((size_t)policies, sizeof(*made));
	int64_t total = 0;

	if (!made)
		abort();
	for (long i = 0; i < policies; i++)
		generator_policy(generator, (uint64_t)i, &made[i]);
	for (long j = 0; j < enterprises; j++) {
		struct made_enterprise enterprise;
		struct made_answer answer = { 0 };

		generator_enterprise(generator, (uint64_t)j, &enterprise);
		for (long i = 0; i < policies; i++) {
			if (made_policy_holds(&made[i], &enterprise))
				made_answer_put(&answer, (uint64_t)i);
		}
		total += answer.matches;
		printf("{\"id\":\"e%06ld\",\"matches\":%" PRId64 ",\"hash\":\"%016" PRIx64
		       "\"}\n",
				j, answer.matches, answer.hash);
	}
	printf("{\"total\":%" PRId64 "}\n", total);
	for (long i = 0; i < policies; i++)
		made_policy_fini(&made[i]);
	free(made);
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: workload attributes | policies P [SEED [SHAPE]]"
			      " | enterprises E [SEED] | answers P E [SEED [SHAPE]]"
			      " | catalog P DIR [SEED [SHAPE]] | csv E [SEED] | sql P E [SEED]"
			      " | edit DIR NUMBER\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool has_second = strcmp(what, "answers") == 0 || strcmp(what, "catalog") == 0 ||
			  strcmp(what, "sql") == 0;
	int seed_at = has_second ? 4 : 3;
	long count = argc > 2 ? atol(argv[2]) : 0;
	const char *letters = argc > seed_at + 1 ? argv[seed_at + 1] : "";
	struct made_shape shape = { strchr(letters, 'd') != NULL, strchr(letters, 'r') != NULL,
		strchr(letters, 'w') != NULL };
	struct generator generator;
	int status = 0;

	if (strcmp(what, "edit") == 0 && argc == 4)
		return workload_catalog_edit(argv[2], atol(argv[3])) ? 0 : 1;
	if (strcmp(what, "attributes") != 0 && count < 1)
		return usage();
	generator_init(&generator, argc > seed_at ? strtoull(argv[seed_at], NULL, 10) : 42,
			&shape);
	if (strcmp(what, "attributes") == 0) {
		attributes_print();
	} else if (strcmp(what, "policies") == 0) {
		policies_print(&generator, count);
	} else if (strcmp(what, "enterprises") == 0) {
		for (long j = 0; j < count; j++) {
			struct made_enterprise enterprise;

			generator_enterprise(&generator, (uint64_t)j, &enterprise);
			enterprise_print(j, &enterprise);
		}
	} else if (strcmp(what, "answers") == 0 && argc > 3 && atol(argv[3]) > 0) {
		answers_print(&generator, count, atol(argv[3]));
	} else if (strcmp(what, "csv") == 0) {
		workload_csv_print(&generator, count);
	} else if (strcmp(what, "sql") == 0 && argc > 3 && atol(argv[3]) > 0) {
		workload_sql_print(&generator, count, atol(argv[3]));
	} else if (strcmp(what, "catalog") == 0 && argc > 3) {
		status = workload_catalog_write(&generator, count, argv[3]) ? 0 : 1;
	} else {
		status = usage();
	}
	generator_fini(&generator);
	return fflush(stdout) == 0 ? status : 1;
}
