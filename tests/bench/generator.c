/* SPDX-License-Identifier: Apache-2.0 */
/* Order and number of the random draws are the workload: whoever changes one changes every answer. */
#include "generator_internal.h"

#include <stdlib.h>
#include <string.h>

const struct definition definitions[MADE_COUNT] = {
	[MADE_REVENUE] = { "revenue", MADE_NUMBER, 0, 2000000, 0, 8, 7.6, 0.8, 1.5, 0.0 },
	[MADE_RD_EXPENSE] = { "rd_expense", MADE_NUMBER, 0, 200000, 0, 5, 4.2, 0.9, 1.3, 0.9 },
	[MADE_RD_INTENSITY] = { "rd_intensity", MADE_NUMBER, 0, 500, 0, 8, 3.3, 0.5, -0.2,
			0.8 },
	[MADE_EMPLOYEES] = { "employees", MADE_NUMBER, 1, 20000, 0, 4, 3.9, 0.6, 1.2, 0.0 },
	[MADE_RD_STAFF] = { "rd_staff_share", MADE_NUMBER, 0, 1000, 0, 3, 4.5, 0.5, 0.0, 0.7 },
	[MADE_COLLEGE] = { "college_share", MADE_NUMBER, 0, 1000, 0, 2, 350, -150, 0, 100 },
	[MADE_AGE] = { "age_years", MADE_NUMBER, 0, 60, 0, 5, 2.0, 0.6, 0.25, 0.0 },
	[MADE_INVENTIONS] = { "invention_patents", MADE_NUMBER, 0, 500, 0, 5, 0.3, 0.8, 0.5,
			1.0 },
	[MADE_UTILITIES] = { "utility_patents", MADE_NUMBER, 0, 1000, 0, 2, 1.3, 0.9, 0.6,
			0.8 },
	[MADE_SOFTWARE] = { "software_copyrights", MADE_NUMBER, 0, 300, 0, 2, 0.8, 1.0, 0.2,
			0.7 },
	[MADE_STANDARDS] = { "standards", MADE_NUMBER, 0, 50, 0, 1, -0.8, 0.8, 0.5, 0.6 },
	[MADE_TAX] = { "tax_paid", MADE_NUMBER, 0, 200000, 0, 4, 4.6, 0.9, 1.5, 0.0 },
	[MADE_ASSETS] = { "total_assets", MADE_NUMBER, 0, 5000000, 0, 2, 7.9, 0.7, 1.6, 0.0 },
	[MADE_DEBT] = { "debt_ratio", MADE_NUMBER, 0, 1500, 0, 2, 500, -180, 20, -20 },
	[MADE_INVESTMENT] = { "investment", MADE_NUMBER, 0, 1000000, 0, 5, 5.5, 1.3, 1.4, 0.2 },
	[MADE_EQUIPMENT] = { "equipment_invest", MADE_NUMBER, 0, 500000, 0, 3, 4.6, 1.3, 1.3,
			0.2 },
	[MADE_EXPORT] = { "export_value", MADE_NUMBER, 0, 500000, 0, 3, 3.0, 2.2, 1.3, 0.0 },
	[MADE_ENERGY] = { "energy_intensity", MADE_NUMBER, 0, 3000, 0, 2, 4.6, 0.8, 0.1, -0.2 },
	[MADE_GROWTH] = { "revenue_growth", MADE_NUMBER, -500, 2000, 0, 4, 90, -180, 0, 60 },
	[MADE_MAIN_SHARE] = { "main_product_share", MADE_NUMBER, 0, 1000, 0, 2, 700, -180, 0,
			20 },
	[MADE_CAPITAL] = { "registered_capital", MADE_NUMBER, 1, 500000, 0, 3, 6.2, 1.0, 1.0,
			0.0 },
	[MADE_HIRES] = { "new_hires", MADE_NUMBER, 0, 2000, 0, 1, 1.0, 1.0, 1.0, 0.0 },
	[MADE_COUNTY] = { "county", MADE_CODE, 0, 0, 16, 0, 0, 0, 0, 0 },
	[MADE_CITY] = { "city", MADE_CODE, 0, 0, 7, 0, 0, 0, 0, 0 },
	[MADE_INDUSTRY] = { "industry", MADE_CODE, 0, 0, 100, 5, 0, 0, 0, 0 },
	[MADE_DIVISION] = { "division", MADE_CODE, 0, 0, 25, 5, 0, 0, 0, 0 },
	[MADE_SECTOR] = { "sector", MADE_CODE, 0, 0, 8, 4, 0, 0, 0, 0 },
	[MADE_SIZE] = { "size_class", MADE_CODE, 0, 0, 4, 7, 0, 0, 0, 0 },
	[MADE_CREDIT] = { "credit_grade", MADE_CODE, 0, 0, 5, 4, 0, 0, 0, 0 },
	[MADE_OWNER] = { "ownership", MADE_CODE, 0, 0, 5, 2, 0, 0, 0, 0 },
	[MADE_BOARD] = { "listing_board", MADE_CODE, 0, 0, 6, 1, 0, 0, 0, 0 },
	[MADE_PARK] = { "park", MADE_CODE, 0, 0, 20, 3, 0, 0, 0, 0 },
	[MADE_ABOVE] = { "above_scale", MADE_FLAG, 0, 1, 2, 4, 0, 0, 0, 0 },
	[MADE_LISTED] = { "listed", MADE_FLAG, 0, 1, 2, 1, 0, 0, 0, 0 },
	[MADE_DISHONEST] = { "dishonest", MADE_FLAG, 0, 1, 2, 6, 0, 0, 0, 0 },
	[MADE_ARREARS] = { "tax_arrears", MADE_FLAG, 0, 1, 2, 3, 0, 0, 0, 0 },
	[MADE_PENALTY] = { "env_penalty", MADE_FLAG, 0, 1, 2, 3, 0, 0, 0, 0 },
	[MADE_ACCIDENT] = { "safety_accident", MADE_FLAG, 0, 1, 2, 2, 0, 0, 0, 0 },
	[MADE_LEGAL] = { "independent_legal", MADE_FLAG, 0, 1, 2, 3, 0, 0, 0, 0 },
	[MADE_HONOURS] = { "honours", MADE_TAGS, 0, 0, 20, 12, 0, 0, 0, 0 },
	[MADE_CHAINS] = { "chains", MADE_TAGS, 0, 0, 12, 4, 0, 0, 0, 0 },
};

/* --- enterprises ------------------------------------------------------------------------------- */

/* The number of the first end that the draw lies below. */
static int random_grade(double draw, const double *ends, int count)
{
	int i = 0;

	while (i < count && draw >= ends[i])
		i++;
	return i;
}

static int64_t number_make(
		const struct definition *of, double g, double size, double technology)
{
	double x = of->spread < 0 ? of->mean - of->spread * g + of->size * size +
						    of->technology * technology
				  : exp(of->mean + of->spread * g + of->size * size +
						    of->technology * technology);
	long value = lround(x);

	return value < of->least ? of->least : value > of->most ? of->most : value;
}

static int64_t size_class(int64_t employees, int64_t revenue)
{
	if (employees >= 1000 && revenue >= 40000)
		return 3;
	if (employees >= 300 && revenue >= 2000)
		return 2;
	return employees >= 20 && revenue >= 300;
}

static void codes_make(uint64_t *state, double size, int64_t *values)
{
	static const double credits[] = { .15, .60, .90, .97 };
	static const double owners[] = { .80, .87, .93, .98 };
	bool home = random_is(state, 0.80);
	int industry, board = 0;
	double draw;

	values[MADE_COUNTY] =
			home ? (int)random_below(state, 10) : 10 + (int)random_below(state, 6);
	values[MADE_CITY] = home ? 0 : values[MADE_COUNTY] - 9;
	industry = random_skewed(state, 100, 1.5);
	values[MADE_INDUSTRY] = industry;
	values[MADE_DIVISION] = industry / 4;
	values[MADE_SECTOR] = (industry / 4) * 8 / 25;
	values[MADE_SIZE] = size_class(values[MADE_EMPLOYEES], values[MADE_REVENUE]);
	values[MADE_CREDIT] = random_grade(random_fraction(state), credits, 4);
	values[MADE_OWNER] = random_grade(random_fraction(state), owners, 4);
	draw = random_fraction(state);
	if (size > 1.5)
		board = draw < .5 ? 0 : 1 + (int)(draw * 10) - 4;
	board = board < 0 ? 0 : board > 5 ? 5 : board;
	values[MADE_BOARD] = board;
	values[MADE_PARK] = random_is(state, .65) ? 0 : 1 + (int)random_below(state, 19);
	values[MADE_ABOVE] = values[MADE_REVENUE] >= 2000 && random_is(state, .9);
	values[MADE_LISTED] = board >= 2;
}

static void tags_make(uint64_t *state, double size, double technology, int64_t *values)
{
	static const double bases[] = { .0, .3, -.2, -.7, -2.0 };
	uint64_t honours = 0;
	uint64_t chains = 0;

	for (int i = 0; i < 20; i++) {
		double base = i < 5 ? bases[i] : -1.0 - 0.08 * i;

		if (technology * 0.8 + size * 0.3 + random_normal(state) * 0.7 + base > 0)
			honours |= UINT64_C(1) << i;
	}
	for (int i = 0; i < 12; i++) {
		if (random_is(state, 0.09))
			chains |= UINT64_C(1) << i;
	}
	values[MADE_HONOURS] = (int64_t)honours;
	values[MADE_CHAINS] = (int64_t)chains;
}

static void enterprise_make(uint64_t seed, uint64_t number, struct made_enterprise *out)
{
	uint64_t state = (seed * 0x1000003) ^ ((number + 1) * UINT64_C(0xD1342543DE82EF95)) ^
			 0xE17E;
	int64_t *values = out->values;
	double size, technology;

	(void)random_next(&state);
	size = random_normal(&state);
	technology = random_normal(&state);
	for (int a = 0; a < MADE_NUMBERS; a++)
		values[a] = number_make(
				&definitions[a], random_normal(&state), size, technology);
	if (random_is(&state, 0.60))
		values[MADE_EXPORT] = 0;
	if (random_is(&state, 0.35))
		values[MADE_INVESTMENT] = values[MADE_EQUIPMENT] = 0;
	codes_make(&state, size, values);
	values[MADE_DISHONEST] = random_is(&state, .03);
	values[MADE_ARREARS] = random_is(&state, .05);
	values[MADE_PENALTY] = random_is(&state, .06);
	values[MADE_ACCIDENT] = random_is(&state, .03);
	values[MADE_LEGAL] = random_is(&state, .95);
	tags_make(&state, size, technology, values);
}

void generator_enterprise(
		const struct generator *generator, uint64_t number, struct made_enterprise *out)
{
	enterprise_make(generator->seed, number, out);
}

/* --- life -------------------------------------------------------------------------------------- */

static int on_compare(const void *a, const void *b)
{
	int32_t left = *(const int32_t *)a;
	int32_t right = *(const int32_t *)b;

	return (left > right) - (left < right);
}

void generator_init(struct generator *generator, uint64_t seed, const struct made_shape *shape)
{
	struct made_enterprise enterprise;

	memset(generator, 0, sizeof(*generator));
	generator->seed = seed;
	if (shape)
		generator->shape = *shape;
	for (int a = 0; a < MADE_COUNT; a++)
		generator->weights += definitions[a].weight;
	for (int a = 0; a < MADE_NUMBERS; a++) {
		generator->quantiles[a] = calloc(GENERATOR_SAMPLE, sizeof(int32_t));
		if (!generator->quantiles[a])
			abort();
	}
	for (uint64_t j = 0; j < GENERATOR_SAMPLE; j++) {
		enterprise_make(seed ^ 0x5A5A, j, &enterprise);
		for (int a = 0; a < MADE_NUMBERS; a++)
			generator->quantiles[a][j] = (int32_t)enterprise.values[a];
	}
	for (int a = 0; a < MADE_NUMBERS; a++)
		qsort(generator->quantiles[a], GENERATOR_SAMPLE, sizeof(int32_t), on_compare);
}

void generator_fini(struct generator *generator)
{
	for (int a = 0; a < MADE_NUMBERS; a++)
		free(generator->quantiles[a]);
}

/* --- attributes -------------------------------------------------------------------------------- */

const char *made_name(int attribute)
{
	return definitions[attribute].name;
}

enum made_type made_type(int attribute)
{
	return definitions[attribute].type;
}

int made_code_count(int attribute)
{
	return definitions[attribute].codes;
}

int made_least(int attribute)
{
	return definitions[attribute].least;
}

uint32_t generator_random(uint64_t *state, uint32_t below)
{
	return random_below(state, below);
}
