/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How firms answer: what is counted, what is left out so that no firm can be told, and that it changes
 * which question is best.
 *
 * Firms are of a hundred kinds, dealt out one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firms.h"
#include "fixture.h"

#include "registry/column_pack.h"
#include "registry/priors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS 100

static const char *dictionary;

struct world {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__Profile *kinds[KINDS];
	Policycalc__V1__Profile *rare;
	int64_t rare_count; /* the first firms are of the rare kind */
	int64_t last_id;
	size_t scans;
	char folder[64];
	char path[96];
	struct column_cache *cache;
	atomic_bool stop;
};

/* --- the registry ----------------------------------------------------------------------------- */

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	struct world *world = context;

	world->scans++;
	for (int64_t id = first_id; id < first_id + count && id <= world->last_id; id++) {
		const Policycalc__V1__Profile *profile =
				id <= world->rare_count ? world->rare
							: world->kinds[(id - 1) % KINDS];

		if (!row(row_context, id, sequence, profile, err))
			return false;
	}
	return true;
}

static void cache_open(struct world *world)
{
	const struct column_origin origin = firms_origin(world, on_scan);
	struct error err = { 0 };

	world->cache = column_cache_open(world->path, &origin, &err);
	if (!world->cache)
		fail_msg("%s", err.message);
}

/* What a firm of kind @number says. */
static const char *kind_text(struct arena *arena, unsigned number)
{
	const char *text = arena_format(arena, "staff = %u, revenue = %u万元, region = %s",
			number, number, number < 90 ? "411282" : "411202");

	text = arena_format(arena, "%s, srdi = %s, tech_sme = %s", text, number ? "是" : "否",
			number == 99 ? "是" : "否");
	if (number < 75)
		return arena_format(arena, "%s, titles = 无", text);
	return arena_format(arena, "%s, titles = srdi:2020-12-31", text);
}

static void world_init(struct world *world, const char *lines, int64_t last_id)
{
	const char *mistake = NULL;

	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, (size_t)64 << 20);
	fixture_read(&world->file, &world->arena, dictionary, lines);
	world->ruleset = fixture_compile(&world->file, &mistake);
	if (!world->ruleset)
		fail_msg("%s", mistake);
	world->last_id = last_id;
	for (unsigned i = 0; i < KINDS; i++) {
		Policycalc__V1__Profile *profile =
				fixture_profile(&world->file, kind_text(&world->arena, i));

		profile->uscc = (char *)"91411282MA00000000";
		for (size_t k = 0; k < profile->n_attributes; k++) {
			if (strcmp(profile->attributes[k]->name, "revenue") == 0)
				profile->attributes[k]->period = (char *)"2024";
		}
		world->kinds[i] = profile;
	}
	strcpy(world->folder, "/tmp/priors-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->path, sizeof(world->path), "%s/columns.cache", world->folder);
	cache_open(world);
}

static void world_fini(struct world *world)
{
	column_cache_close(world->cache);
	unlink(world->path);
	rmdir(world->folder);
	ruleset_unref(world->ruleset);
	arena_fini(&world->arena);
}

static struct priors *count(struct world *world)
{
	struct error err = { 0 };
	struct priors *priors =
			priors_count(world->cache, 1, world->last_id, &world->stop, &err);

	if (!priors)
		fail_msg("%s", err.message);
	assert_int_equal(priors_sequence(priors), 1);
	return priors;
}

/* --- asking ----------------------------------------------------------------------------------- */

static size_t class_of(const void *classifier, struct slice code)
{
	const char *const *codes = classifier;
	size_t at = 0;

	while (codes[at] && !slice_equals_text(code, codes[at]))
		at++;
	return at;
}

/* The weights in thousandths of all, "200 800"; "none" when the priors have nothing to say. */
static const char *shares(struct world *world, const struct priors *priors,
		const char *attribute, int64_t period, const struct question_class *classes,
		size_t class_count, const char *const *codes)
{
	struct question_priors asked = priors_for_questions(priors);
	struct question_answers answers = {
		.attribute = ruleset_find_attribute(world->ruleset, attribute, ""),
		.period = period,
		.classes = classes,
		.count = class_count,
		.class_of = codes ? class_of : NULL,
		.classifier = codes,
	};
	uint32_t weights[8];
	uint64_t total = 0;
	const char *text = "";

	assert_non_null(answers.attribute);
	if (!asked.weigh(asked.context, &answers, weights))
		return "none";
	for (size_t i = 0; i < class_count; i++)
		total += weights[i];
	for (size_t i = 0; i < class_count; i++) {
		/* Never ruled out. */
		assert_true(weights[i] > 0);
		text = arena_format(&world->arena, "%s%s%u", text, i ? " " : "",
				(unsigned)((weights[i] * UINT64_C(1000) + total / 2) / total));
	}
	return text;
}

static const struct question_class flag_classes[] = { { 0, 0, NULL }, { 1, 1, NULL } };
static const struct question_class figure_classes[] = { { 0, 19, NULL }, { 20, 98, NULL },
	{ 99, INT64_MAX, NULL } };
static const struct question_class money_classes[] = { { 0, 50000000 - 1, NULL },
	{ 50000000, INT64_MAX, NULL } };
static const struct question_class code_classes[] = { { 0, 0, "411282" }, { 0, 0, "411202" },
	{ 0, 0, "411203" } };
static const char *const code_names[] = { "411282", "411202", "411203", NULL };
static const struct question_class title_classes[] = { { 0, 0, "" }, { 0, 0, "srdi" },
	{ 0, 0, "hnte" } };
static const char *const title_names[] = { "", "srdi", "hnte", NULL };

static void knows_how_firms_answer(void **state)
{
	struct world world;
	struct priors *priors;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n", 2000);
	priors = count(&world);
	assert_false(priors_is_empty(priors));
	/* A hundredth goes to what nobody has been seen to answer. */
	assert_string_equal(shares(&world, priors, "staff", 0, figure_classes, 3, NULL),
			"201 785 13");
	assert_string_equal(shares(&world, priors, "srdi", 0, flag_classes, 2, NULL), "15 985");
	assert_string_equal(
			shares(&world, priors, "tech_sme", 0, flag_classes, 2, NULL), "985 15");
	assert_string_equal(shares(&world, priors, "region", 0, code_classes, 3, code_names),
			"894 102 3");
	assert_string_equal(shares(&world, priors, "titles", 0, title_classes, 3, title_names),
			"746 251 3");
	/* Of a period nobody told the last one before speaks, or the next one after. */
	assert_string_equal(shares(&world, priors, "revenue", 2024, money_classes, 2, NULL),
			"500 500");
	assert_string_equal(shares(&world, priors, "revenue", 2025, money_classes, 2, NULL),
			"500 500");
	assert_string_equal(shares(&world, priors, "revenue", 2020, money_classes, 2, NULL),
			"500 500");
	/* What nobody told, and what is no state. */
	assert_string_equal(
			shares(&world, priors, "dishonest", 0, flag_classes, 2, NULL), "none");
	assert_string_equal(
			shares(&world, priors, "revenue", 0, money_classes, 2, NULL), "none");
	priors_unref(priors);
	world_fini(&world);
}

/* Neither few firms nor a rare answer shows. */
static void tells_nothing_of_few(void **state)
{
	struct world world;
	struct priors *priors;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n", PRIORS_FIRMS_LEAST - 1);
	priors = count(&world);
	assert_true(priors_is_empty(priors));
	priors_unref(priors);
	column_cache_close(world.cache);
	unlink(world.path);
	cache_open(&world);
	world.last_id = PRIORS_FIRMS_LEAST;
	priors = count(&world);
	assert_false(priors_is_empty(priors));
	priors_unref(priors);
	world_fini(&world);
}

/* Nine firms with a code of their own do not show; ten do. */
static void leaves_rare_codes_out(void **state)
{
	struct world world;
	struct priors *priors;

	(void)state;
	for (int64_t firms = PRIORS_CODE_FIRMS - 1; firms <= PRIORS_CODE_FIRMS; firms++) {
		world_init(&world, "policy a\nwindow always\nrequire e.srdi\n",
				PRIORS_FIRMS_LEAST);
		world.rare = fixture_profile(&world.file, "region = 411203");
		world.rare->uscc = (char *)"91411203MA00000000";
		world.rare_count = firms;
		priors = count(&world);
		assert_string_equal(shares(&world, priors, "region", 0, code_classes, 3,
						    code_names),
				firms < PRIORS_CODE_FIRMS ? "893 103 3" : "884 102 13");
		priors_unref(priors);
		world_fini(&world);
	}
}

/* Of a large registry so many blocks are read, spread evenly, and the shares are nearly the same. */
static void reads_no_more_than_it_needs(void **state)
{
	struct world world;
	struct priors *priors;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n",
			INT64_C(90) * COLUMN_ROWS);
	priors = count(&world);
	assert_int_equal(world.scans, PRIORS_BLOCKS_MOST);
	assert_int_equal(priors_block(world.last_id, 0), 0);
	assert_int_equal(priors_block(world.last_id, 32), 45);
	assert_string_equal(shares(&world, priors, "titles", 0, title_classes, 3, title_names),
			"747 250 3");
	assert_string_equal(shares(&world, priors, "revenue", 2024, money_classes, 2, NULL),
			"510 490");
	priors_unref(priors);
	world_fini(&world);
}

/* --- what may happen -------------------------------------------------------------------------- */

/* The bytes of a whole question. */
static size_t question_bytes(struct world *world, const struct priors *priors,
		const char **out_key, uint8_t *room, size_t size)
{
	Policycalc__V1__NextQuestionRequest request =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct question_priors asked = { 0 };
	struct error err = { 0 };

	if (priors)
		asked = priors_for_questions(priors);
	if (!ruleset_next_question(world->ruleset, &request, priors ? &asked : NULL,
			    "2026-06-01", &world->arena, &response, NULL, &err))
		fail_msg("%s", err.message);
	assert_int_equal(response->priors_sequence, priors ? 1 : 0);
	*out_key = response->question->attributes[0]->key;
	assert_true(policycalc__v1__next_question_response__get_packed_size(response) <= size);
	return policycalc__v1__next_question_response__pack(response, room);
}

/* Nearly all firms are srdi and nearly none is tech_sme: to ask for that settles it at once. */
static void changes_the_best_question(void **state)
{
	struct world world;
	struct priors *priors[2];
	uint8_t bytes[2][4096];
	size_t size[2];
	const char *key;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi && e.tech_sme\n", 20000);
	(void)question_bytes(&world, NULL, &key, bytes[0], sizeof(bytes[0]));
	assert_string_equal(key, "e.srdi");
	/* The same from the file that the first count has made. */
	for (int i = 0; i < 2; i++) {
		priors[i] = count(&world);
		size[i] = question_bytes(&world, priors[i], &key, bytes[i], sizeof(bytes[i]));
		assert_string_equal(key, "e.tech_sme");
		column_cache_close(world.cache);
		cache_open(&world);
	}
	assert_int_equal(world.scans, 5);
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0], bytes[1], size[0]);
	priors_unref(priors_ref(priors[0]));
	priors_unref(priors[0]);
	priors_unref(priors[1]);
	world_fini(&world);
}

/* Bytes that changed in the file are read anew from the registry, and no column counts twice. */
static void survives_a_damaged_file(void **state)
{
	struct world world;
	struct priors *priors;
	const char *whole[3];
	off_t size;
	int file;

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n", 5000);
	priors = count(&world);
	whole[0] = shares(&world, priors, "staff", 0, figure_classes, 3, NULL);
	whole[1] = shares(&world, priors, "region", 0, code_classes, 3, code_names);
	whole[2] = shares(&world, priors, "titles", 0, title_classes, 3, title_names);
	priors_unref(priors);
	size = 0;
	file = open(world.path, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	size = lseek(file, 0, SEEK_END);
	assert_true(size > 10000);
	for (off_t at = size / 16; at < size; at += size / 16) {
		char byte;

		assert_int_equal(pread(file, &byte, 1, at), 1);
		byte = (char)(byte ^ 0x55);
		assert_int_equal(pwrite(file, &byte, 1, at), 1);
	}
	close(file);
	priors = count(&world);
	assert_true(world.scans > 2);
	assert_string_equal(
			shares(&world, priors, "staff", 0, figure_classes, 3, NULL), whole[0]);
	assert_string_equal(shares(&world, priors, "region", 0, code_classes, 3, code_names),
			whole[1]);
	assert_string_equal(shares(&world, priors, "titles", 0, title_classes, 3, title_names),
			whole[2]);
	priors_unref(priors);
	world_fini(&world);
}

static void stops_when_told(void **state)
{
	struct world world;
	struct error err = { 0 };

	(void)state;
	world_init(&world, "policy a\nwindow always\nrequire e.srdi\n", 5000);
	atomic_store(&world.stop, true);
	assert_null(priors_count(world.cache, 1, world.last_id, &world.stop, &err));
	assert_int_equal(err.code, ERROR_CANCELLED);
	assert_int_equal(world.scans, 0);
	world_fini(&world);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_how_firms_answer),
		cmocka_unit_test(tells_nothing_of_few),
		cmocka_unit_test(leaves_rare_codes_out),
		cmocka_unit_test(reads_no_more_than_it_needs),
		cmocka_unit_test(changes_the_best_question),
		cmocka_unit_test(survives_a_damaged_file),
		cmocka_unit_test(stops_when_told),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
