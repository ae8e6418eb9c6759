/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service's side of an import costs a row, without the wire: taken off the message, judged, laid
 * over and written; the same rows once more; a feed in which one row in a hundred changed; and what
 * reading all of it costs beside a bare SELECT.
 *
 *     bench_import service/catalog [rows [folder]]
 *
 * Rows have forty attributes of the starter catalog. Times are of the processor, and of the clock where
 * the disk counts. The folder is made, and removed with what the bench put there.
 */
#include "base/date.h"
#include "base/memory.h"
#include "figures.h"
#include "publish/publish.h"
#include "registry/import.h"
#include "store/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS 40
#define MESSAGE_ROWS 1000
#define MESSAGE_MEMORY ((size_t)32 << 20)
#define CATALOG_MEMORY ((size_t)1 << 30)

static _Noreturn void broken(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err ? err->message : "no memory");
	exit(1);
}

static double clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int64_t now(void)
{
	return time(NULL);
}

static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* --- made-up rows ---------------------------------------------------------------------------- */

/* Forty attributes of the enterprise itself, in the dictionary's order. */
static size_t columns_choose(const struct catalog *catalog,
		const Policycalc__V1__Attribute *columns[COLUMNS])
{
	size_t count = 0;

	for (size_t i = 0; i < catalog->attribute_count && count < COLUMNS; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];

		/* Texts, and titles that have no codes, are left out, and so are series. */
		if (*attribute->item_list || attribute->derived || attribute->deprecated ||
				attribute->type > POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE)
			continue;
		columns[count++] = attribute;
	}
	return count;
}

static void value_make(const Policycalc__V1__Attribute *attribute, Policycalc__V1__Value *value,
		struct arena *arena)
{
	uint64_t random = random_next();

	policycalc__v1__value__init(value);
	switch ((int)attribute->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = (int64_t)(random % 1000000) * 10000;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = (int64_t)(random % 1000) * 1000;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = (int64_t)(random % 500) + 1;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = random & 1;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		value->date = arena_format(arena, "20%02u-%02u-%02u", (unsigned)(random % 25),
				(unsigned)(random >> 8) % 12 + 1,
				(unsigned)(random >> 16) % 28 + 1);
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = strcmp(attribute->choice_table, "regions") == 0 ? (char *)"411282"
			      : attribute->n_choices
					      ? attribute->choices[random %
									 attribute->n_choices]
								->code
					      : (char *)"C3130";
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value->codes = ARENA_NEW(arena, Policycalc__V1__CodeList);
		policycalc__v1__code_list__init(value->codes);
		break;
	default:
		broken("a type that is left out", NULL);
	}
}

/* A code with a check character; numbers are scattered, as real ones are. */
static char *code_make(uint64_t number, struct arena *arena)
{
	static const char symbols[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	char *code = arena_format(arena, "91411282MA%07llX",
			(unsigned long long)(number * 0x9E3779B1u & 0xfffffff));
	int weight = 1;
	int sum = 0;

	for (int i = 0; i < 17; i++) {
		sum += (int)(strchr(symbols, code[i]) - symbols) * weight;
		weight = weight * 3 % 31;
	}
	return arena_format(arena, "%s%c", code, symbols[(31 - sum % 31) % 31]);
}

/* Row @number, @version of it: the same numbers give the same row. */
static void row_make(const Policycalc__V1__Attribute *const columns[], size_t column_count,
		uint64_t number, uint64_t version, struct arena *arena,
		Policycalc__V1__Profile *profile)
{
	Policycalc__V1__AttributeValue *rows =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue, column_count);
	Policycalc__V1__Value *values =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__Value, column_count);

	policycalc__v1__profile__init(profile);
	profile->uscc = code_make(number, arena);
	profile->attributes =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *, column_count);
	random_state = (number + 1) * 0x9E3779B97F4A7C15u + version;
	for (size_t i = 0; i < column_count; i++) {
		policycalc__v1__attribute_value__init(&rows[i]);
		rows[i].name = columns[i]->name;
		rows[i].value = &values[i];
		value_make(columns[i], &values[i], arena);
		profile->attributes[i] = &rows[i];
	}
	profile->n_attributes = column_count;
}

/* --- measuring ------------------------------------------------------------------------------- */

struct bench {
	struct ruleset *ruleset;
	const Policycalc__V1__Attribute *columns[COLUMNS];
	size_t column_count;
	int64_t row_count;
	struct registry *registry;
	size_t bytes; /* on the wire */
};

static struct slice message_make(const struct bench *bench, int64_t first, int64_t count,
		unsigned changed_in, struct arena *arena)
{
	Policycalc__V1__ImportRows rows = POLICYCALC__V1__IMPORT_ROWS__INIT;
	Policycalc__V1__Profile *profiles =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__Profile, (size_t)count);
	uint8_t *bytes;
	size_t size;

	rows.profiles = ARENA_NEW_ARRAY(arena, Policycalc__V1__Profile *, (size_t)count);
	for (int64_t i = 0; i < count; i++) {
		bool changed = changed_in && (first + i) % changed_in == 0;

		row_make(bench->columns, bench->column_count, (uint64_t)(first + i), changed,
				arena, &profiles[i]);
		rows.profiles[i] = &profiles[i];
	}
	rows.n_profiles = (size_t)count;
	rows.first_row = first + 1;
	size = policycalc__v1__import_rows__get_packed_size(&rows);
	bytes = arena_alloc(arena, size);
	if (!bytes)
		broken("making rows", NULL);
	policycalc__v1__import_rows__pack(&rows, bytes);
	return (struct slice){ (const char *)bytes, size };
}

static void print_rate(const char *what, int64_t rows, double processor, double clock)
{
	printf("%s: %.2f us of processor, %.2f us of the clock a row: %.0f rows/s\n", what,
			processor * 1e6 / (double)rows, clock * 1e6 / (double)rows,
			(double)rows / clock);
	(void)fflush(stdout);
}

/* One import of all rows, of which one in @changed_in differs from the first import. */
static void import_measure(
		struct bench *bench, const char *what, unsigned changed_in, const char *day)
{
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	struct import_options options = { .header = &header, .now = now };
	Policycalc__V1__ImportEnterprisesResponse *response;
	struct error err = { 0 };
	struct arena rows_arena, answer_arena;
	const char *field;
	struct import *import;
	double importing = 0, clock = 0;

	header.supplier = (char *)"bench";
	header.date = (char *)(uintptr_t)day;
	import = import_new(bench->registry, bench->ruleset, &options, &field, &err);
	if (!import)
		broken("import", &err);
	arena_init(&rows_arena, (size_t)256 << 20);
	arena_init(&answer_arena, MESSAGE_MEMORY);
	bench->bytes = 0;
	for (int64_t first = 0; first < bench->row_count; first += MESSAGE_ROWS) {
		int64_t count = bench->row_count - first < MESSAGE_ROWS
						? bench->row_count - first
						: MESSAGE_ROWS;
		struct slice bytes = message_make(bench, first, count, changed_in, &rows_arena);
		char *copy;
		int64_t begin = figures_now();
		double clock_begin = clock_now();

		copy = memory_copy(bytes.data, bytes.size);
		if (!copy)
			broken("import", NULL);
		if (!import_rows(import, bench->ruleset, (struct slice){ copy, bytes.size },
				    &err))
			broken("import", &err);
		memory_free(copy);
		importing += (double)(figures_now() - begin) / 1e9;
		clock += clock_now() - clock_begin;
		bench->bytes += bytes.size;
		arena_reset(&rows_arena);
	}
	double clock_begin = clock_now();
	int64_t begin = figures_now();

	if (!import_finish(import, &answer_arena, &response, &err))
		broken("import", &err);
	importing += (double)(figures_now() - begin) / 1e9;
	clock += clock_now() - clock_begin;
	if (response->rejected || response->rows != bench->row_count) {
		fprintf(stderr, "%lld rows rejected: %s %s\n", (long long)response->rejected,
				response->n_rejects ? response->rejects[0]->field : "",
				response->n_rejects ? response->rejects[0]->message : "");
		exit(1);
	}
	printf("%s: %lld new, %lld changed, %lld as they were; %.0f bytes a row on the wire\n",
			what, (long long)response->inserted, (long long)response->updated,
			(long long)response->unchanged,
			(double)bench->bytes / (double)bench->row_count);
	print_rate("  service's side", bench->row_count, importing, clock);
	import_free(import);
	arena_fini(&rows_arena);
	arena_fini(&answer_arena);
}

struct reading {
	int64_t rows;
	uint64_t sum;
};

static bool on_record(void *context, const struct enterprise_row *row, struct error *err)
{
	struct reading *reading = context;

	(void)err;
	reading->rows++;
	reading->sum += (unsigned char)row->record.data[row->record.size - 1];
	return true;
}

static bool on_profile(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct reading *reading = context;

	(void)id;
	(void)changed_sequence;
	(void)err;
	reading->rows++;
	reading->sum += profile->n_attributes;
	return true;
}

static void scan_measure(struct bench *bench)
{
	struct registry_store *store = registry_store(bench->registry);
	struct reading bare = { 0 };
	struct reading whole = { 0 };
	struct error err = { 0 };
	int64_t sequence;
	int64_t begin;
	double clock;
	double bare_time;

	if (!registry_snapshot(bench->registry, &sequence, &err))
		broken("reading", &err);
	/* Once unmeasured, so that both read from the system's memory. */
	if (!registry_store_scan(store, sequence, 1, bench->row_count, on_record, &bare, &err))
		broken("reading", &err);
	bare = (struct reading){ 0 };
	clock = clock_now();
	begin = figures_now();
	if (!registry_store_scan(store, sequence, 1, bench->row_count, on_record, &bare, &err))
		broken("reading", &err);
	bare_time = (double)(figures_now() - begin) / 1e9;
	print_rate("bare SELECT", bare.rows, bare_time, clock_now() - clock);
	clock = clock_now();
	begin = figures_now();
	if (!registry_scan(bench->registry, sequence, 1, bench->row_count, on_profile, &whole,
			    &err))
		broken("reading", &err);
	print_rate("scan as profiles", whole.rows, (double)(figures_now() - begin) / 1e9,
			clock_now() - clock);
	printf("  %.1f times the bare SELECT; %.0f attributes a row\n",
			(double)(figures_now() - begin) / 1e9 / bare_time,
			(double)whole.sum / (double)whole.rows);
	if (bare.rows != bench->row_count || whole.rows != bench->row_count)
		broken("reading: rows are missing", NULL);
}

static void catalog_read(struct bench *bench, const char *folder)
{
	static struct arena arena;
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct draft draft;
	struct catalog *catalog;

	arena_init(&arena, CATALOG_MEMORY);
	diagnostics_init(&diagnostics, &arena);
	if (!draft_load(folder, &arena, &draft, &err))
		broken("reading the catalog", &err);
	catalog = draft_check(&draft, false, &arena, &diagnostics, &bench->ruleset, NULL, &err);
	if (!catalog)
		broken("checking the catalog", &err);
	bench->column_count = columns_choose(ruleset_catalog(bench->ruleset), bench->columns);
}

static void remove_file(const char *folder, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
}

int main(int argc, char **argv)
{
	struct bench bench = { .row_count = argc > 2 ? atoll(argv[2]) : 200000 };
	char made[] = "/tmp/policycalc-bench-XXXXXX";
	const char *folder = argc > 3 ? argv[3] : mkdtemp(made);
	struct registry_store *store;
	struct directory *directory;
	struct error err = { 0 };

	if (argc < 2 || bench.row_count < 1 || !folder)
		return 2;
	catalog_read(&bench, argv[1]);
	directory = directory_open(folder, &err);
	if (!directory)
		broken("opening the folder", &err);
	store = registry_store_open(directory, &err);
	if (!store)
		broken("opening the registry", &err);
	bench.registry = registry_open(store, &err);
	if (!bench.registry)
		broken("opening the registry", &err);
	printf("%lld rows of %zu attributes\n", (long long)bench.row_count, bench.column_count);
	import_measure(&bench, "first import", 0, "2026-01-10");
	import_measure(&bench, "the same again", 0, "2026-01-10");
	import_measure(&bench, "1% changed", 100, "2026-02-10");
	scan_measure(&bench);
	registry_close(bench.registry);
	registry_store_close(store);
	directory_close(directory);
	remove_file(folder, "registry.db");
	remove_file(folder, "registry.db-wal");
	remove_file(folder, "lock");
	(void)rmdir(folder);
	ruleset_unref(bench.ruleset);
	return 0;
}
