/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the report that one hands over takes, from the answer to the page: the starter catalog's
 * full answer for an enterprise, with near misses, best combination and procedure.
 *
 *     bench_report service/catalog service/quickstart-firm.yaml [rounds]
 */
#include "client/cli/dictionary.h"
#include "client/cli/profile_argument.h"
#include "client/render/html.h"
#include "figures.h"
#include "proto/codec/choice_table.h"
#include "publish/publish.h"

#include <stdio.h>
#include <stdlib.h>

#define TODAY "2026-06-01"
#define DRAWN_MOST 9 /* as client/cli/command_match_html.c */
#define ASKED_MOST 100

static _Noreturn void broken(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->message);
	exit(1);
}

/* The answer as a client gets it: out of the wire's bytes. */
static void *over_the_wire(const ProtobufCMessage *message, struct arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, size + 1);
	void *copy;

	if (!bytes)
		exit(1);
	protobuf_c_message_pack(message, bytes);
	copy = protobuf_c_message_unpack(message->descriptor, NULL, size, bytes);
	if (!copy)
		exit(1);
	return copy;
}

static Policycalc__V1__MatchResponse *match_read(const struct ruleset *ruleset,
		Policycalc__V1__Profile *profile, struct arena *arena)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };

	request.profile = profile;
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request.near = request.combine = true;
	if (!ruleset_match(ruleset, &request, TODAY, arena, &response, NULL, &err))
		broken("Match", &err);
	return over_the_wire(&response->base, arena);
}

static Policycalc__V1__GetGuideResponse *guide_call(
		const struct ruleset *ruleset, char **ids, size_t count, struct arena *arena)
{
	Policycalc__V1__GetGuideRequest request = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;
	Policycalc__V1__GetGuideResponse *response = NULL;
	struct error err = { 0 };

	request.policies = ids;
	request.n_policies = count;
	if (!ruleset_guide(ruleset, &request, TODAY, arena, &response, NULL, &err))
		broken("GetGuide", &err);
	return over_the_wire(&response->base, arena);
}

/* The procedure of what it can have, as far as it is stated. */
static Policycalc__V1__GetGuideResponse *guide_read(const struct ruleset *ruleset,
		const Policycalc__V1__MatchResponse *match, struct arena *arena)
{
	Policycalc__V1__GetGuideResponse *guide;
	Policycalc__V1__GetGuideResponse *all;
	char *ids[ASKED_MOST];
	size_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < match->n_answers && count < ASKED_MOST; i++) {
		if (match->answers[i]->verdict == POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE ||
				match->answers[i]->verdict ==
						POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW)
			ids[count++] = match->answers[i]->policy_id;
	}
	all = guide_call(ruleset, ids, count, arena);
	for (size_t i = 0; i < all->n_policies && kept < DRAWN_MOST; i++) {
		if (!all->policies[i]->not_stated)
			ids[kept++] = all->policies[i]->id;
	}
	guide = guide_call(ruleset, ids, kept, arena);
	policycalc__v1__get_guide_response__free_unpacked(all, NULL);
	return guide;
}

/* The dictionary as the service gives it: with the choices of the tables. */
static struct dictionary dictionary_of(const struct catalog *catalog, struct arena *arena)
{
	struct dictionary dictionary = { .count = catalog->attribute_count };
	struct choice_tables tables;

	dictionary.attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__Attribute *, dictionary.count + 1);
	if (!dictionary.attributes || !choice_tables_init(catalog, arena, &tables))
		exit(1);
	for (size_t i = 0; i < dictionary.count; i++)
		dictionary.attributes[i] =
				(Policycalc__V1__Attribute *)(uintptr_t)attribute_with_choices(
						catalog->attributes[i], &tables, arena);
	return dictionary;
}

static int measure(const struct report *report, unsigned rounds)
{
	struct render_style style = { 0 };
	struct figures figures = figures_new(rounds);
	struct buffer out = { 0 };
	struct arena arena;
	bool ok = true;

	arena_init(&arena, (size_t)64 << 20);
	for (unsigned i = 0; ok && i < rounds; i++) {
		int64_t begin = figures_now();

		buffer_fini(&out);
		ok = report_print_html(report, &style, &arena, &out) && !arena.exhausted;
		figures.times[figures.count++] = figures_now() - begin;
		arena_reset(&arena);
	}
	printf("%zu answers, a page of %zu bytes\n", report->match->n_answers, out.size);
	figures_print(&figures, "HTML report", 1, 10000);
	figures_fini(&figures);
	buffer_fini(&out);
	arena_fini(&arena);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 500;
	struct cli cli = { .lang = "zh" };
	struct report report = { 0 };
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct dictionary dictionary;
	struct ruleset *ruleset = NULL;
	struct catalog *catalog;
	Policycalc__V1__Profile *profile = NULL;
	Policycalc__V1__MatchResponse *match;
	Policycalc__V1__GetGuideResponse *guide;
	struct error err = { 0 };
	int code;

	if (argc < 3 || rounds == 0)
		return 2;
	arena_init(&cli.arena, (size_t)512 << 20);
	diagnostics_init(&diagnostics, &cli.arena);
	if (!draft_load(argv[1], &cli.arena, &draft, &err))
		broken(argv[1], &err);
	catalog = draft_check(&draft, false, &cli.arena, &diagnostics, &ruleset, NULL, &err);
	if (!catalog)
		broken(argv[1], &err);
	dictionary = dictionary_of(catalog, &cli.arena);
	if (profile_from_arguments(&cli, argv[2], &dictionary, 0, NULL, &profile) != CLI_OK)
		return 1;
	report.profile = profile;
	report.match = match = match_read(ruleset, profile, &cli.arena);
	report.guide = guide = guide_read(ruleset, match, &cli.arena);
	report.dictionary =
			(struct render_dictionary){ dictionary.attributes, dictionary.count };
	code = measure(&report, rounds);
	policycalc__v1__match_response__free_unpacked(match, NULL);
	policycalc__v1__get_guide_response__free_unpacked(guide, NULL);
	ruleset_unref(ruleset);
	arena_fini(&cli.arena);
	return code;
}
