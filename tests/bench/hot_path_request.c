/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hot_path_request starter FILE
 * hot_path_request workload FILE POLICIES [SEED [MATCHES]]
 *
 * Writes the MatchRequest whose cost is counted, as a gRPC client sends it: the five bytes in front
 * included. Of the starter catalog it asks for everything, about a manufacturer of which six facts are
 * known; of the workload for the MATCHES (20) answers that fit the first enterprise which so many
 * policies match, or which most do of the first 10,000.
 */
#include "sweep_workload.h"

#include "base/buffer.h"
#include "proto/codec/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTERPRISES 10000
#define STARTER_DAY "2025-06-01"
#define WORKLOAD_DAY "2026-06-01"

static FILE *file_open(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	return file;
}

static void file_close(FILE *file)
{
	if (ferror(file) | fclose(file)) {
		(void)fprintf(stderr, "a file was not written: %s\n", strerror(errno));
		exit(1);
	}
}

/* The first that at least @wanted policies match, or else the one that most do. */
static long enterprise_choose(
		const struct workload *workload, uint64_t wanted, uint64_t *out_matches)
{
	long best = 0;

	*out_matches = 0;
	for (long i = 0; i < ENTERPRISES && *out_matches < wanted; i++) {
		uint64_t matches;

		(void)workload_loop(workload, i, 1, &matches);
		if (matches <= *out_matches)
			continue;
		*out_matches = matches;
		best = i;
	}
	return best;
}

/* As it lies on the wire. */
static void request_write(const Policycalc__V1__MatchRequest *request, FILE *file)
{
	struct buffer bytes = { 0 };

	if (!message_pack(&request->base, &bytes)) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	(void)fputc(0, file);
	for (int shift = 24; shift >= 0; shift -= 8)
		(void)fputc((int)(bytes.size >> shift & 0xFF), file);
	(void)fwrite(bytes.data, 1, bytes.size, file);
	file_close(file);
	buffer_fini(&bytes);
}

static void workload_request_write(
		const struct workload *workload, long enterprise, int limit, const char *path)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Verdict eligible = POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE;
	struct arena arena;

	arena_init(&arena, (size_t)16 << 20);
	request.profile = workload_profile(workload, enterprise, &arena);
	request.as_of = (char *)WORKLOAD_DAY;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.limit = limit;
	request.verdicts = &eligible;
	request.n_verdicts = 1;
	request_write(&request, file_open(path));
	arena_fini(&arena);
}

static void starter_request_write(const char *path)
{
	static const struct {
		const char *name;
		const char *code;
		int64_t count, money_fen;
	} rows[] = {
		{ "region", "411282", 0, 0 },
		{ "industry", "C3130", 0, 0 },
		{ "staff", NULL, 126, 0 },
		{ "revenue", NULL, 0, 8600000000 },
		{ "rd_expense", NULL, 0, 420000000 },
		{ "assets", NULL, 0, 7200000000 },
	};
	enum { COUNT = sizeof(rows) / sizeof(*rows) };
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__AttributeValue attributes[COUNT];
	Policycalc__V1__AttributeValue *list[COUNT];
	Policycalc__V1__Value values[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		policycalc__v1__attribute_value__init(&attributes[i]);
		policycalc__v1__value__init(&values[i]);
		attributes[i].name = (char *)rows[i].name;
		attributes[i].value = &values[i];
		values[i].kind_case = rows[i].code    ? POLICYCALC__V1__VALUE__KIND_CODE
				      : rows[i].count ? POLICYCALC__V1__VALUE__KIND_COUNT
						      : POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		if (rows[i].code)
			values[i].code = (char *)rows[i].code;
		else if (rows[i].count)
			values[i].count = rows[i].count;
		else
			values[i].money_fen = rows[i].money_fen;
		list[i] = &attributes[i];
	}
	profile.attributes = list;
	profile.n_attributes = COUNT;
	request.profile = &profile;
	request.as_of = (char *)STARTER_DAY;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request_write(&request, file_open(path));
}

static void workload_ask(const struct workload_options *options, int limit, const char *path)
{
	struct workload *workload = workload_new(options);
	uint64_t matches;
	long enterprise = enterprise_choose(workload, (uint64_t)limit, &matches);

	workload_request_write(workload, enterprise, limit, path);
	(void)printf("%ld policies, of which %llu match enterprise %ld; the request asks for "
		     "%d\n",
			options->policy_count, (unsigned long long)matches, enterprise, limit);
	workload_free(workload);
}

int main(int argc, char **argv)
{
	struct workload_options options = { .enterprise_count = ENTERPRISES, .seed = 42 };
	long limit = argc > 5 ? strtol(argv[5], NULL, 10) : 20;

	if (argc == 3 && strcmp(argv[1], "starter") == 0) {
		starter_request_write(argv[2]);
		return 0;
	}
	if (argc > 3)
		options.policy_count = strtol(argv[3], NULL, 10);
	if (argc > 4)
		options.seed = strtoull(argv[4], NULL, 10);
	if (argc < 4 || strcmp(argv[1], "workload") != 0 || options.policy_count < 1 ||
			limit < 1 || limit > 1000000) {
		(void)fprintf(stderr, "usage: hot_path_request starter FILE\n"
				      "       hot_path_request workload FILE POLICIES [SEED "
				      "[MATCHES]]\n");
		return 2;
	}
	workload_ask(&options, (int)limit, argv[2]);
	return 0;
}
