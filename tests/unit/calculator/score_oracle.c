/* SPDX-License-Identifier: Apache-2.0 */
#include "score_oracle.h"

#include <string.h>

static int random_int(int bound)
{
	return (int)random_below((unsigned)bound);
}

/* --- making ----------------------------------------------------------------------------------- */

static void metric_make(struct metric *metric, int name, int full)
{
	int bound;

	metric->ratio = random_int(3) == 0;
	metric->downward = random_int(4) == 0;
	metric->open = random_int(4) == 0;
	metric->name = name;
	metric->step_count = 1 + random_int(STEPS);
	bound = random_int(3);
	metric->otherwise = random_int(3) ? 0 : random_int(full / 2 + 1);
	/* Best first: the last step has the nearest bound and the fewest points. */
	for (int i = metric->step_count - 1; i >= 0; i--) {
		metric->bounds[i] =
				metric->downward ? (metric->ratio ? 30 : MOST) - bound : bound;
		metric->points[i] = i == metric->step_count - 1 ? metric->otherwise
								: metric->points[i + 1];
		metric->points[i] += random_int(full - metric->points[i] + 1);
		bound += 1 + random_int(metric->ratio ? 12 : 2);
	}
}

void table_make(struct table *table)
{
	int full = 0;

	memset(table, 0, sizeof(*table));
	table->row_count = 1 + random_int(ROWS);
	table->group_count = random_int(GROUPS + 1);
	table->has_veto = random_int(4) == 0;
	table->has_direct = random_int(4) == 0;
	for (int i = 0; i < table->group_count; i++)
		table->floors[i] = random_int(8);
	for (int i = 0; i < table->row_count; i++) {
		struct row *row = &table->rows[i];

		row->full = 2 + random_int(FULL - 1);
		full += row->full;
		row->group = random_int(table->group_count + 1) - 1;
		row->judged = random_int(4) == 0;
		row->not_zero = random_int(6) == 0;
		row->metric_count = row->judged ? 0 : 1 + random_int(METRICS);
		for (int k = 0; k < row->metric_count; k++)
			metric_make(&row->metrics[k], (i * METRICS + k) * 2, row->full);
	}
	table->pass = 1 + random_int(full);
}

static const char *sign_of(const struct metric *metric)
{
	if (metric->downward)
		return metric->open ? "<" : "<=";
	return metric->open ? ">" : ">=";
}

static const char *change_of(const struct table *table, int name)
{
	return table->change[name] ? table->change[name] : "";
}

const char *table_lines(const struct table *table, struct arena *arena)
{
	const char *text =
			arena_format(arena, "attribute veto FLAG%s\nattribute direct FLAG%s\n",
					change_of(table, VETO), change_of(table, DIRECT));
	const char *body = arena_format(
			arena, "policy x\nwindow always\nscore t pass %d\n", table->pass);

	for (int i = 0; i < table->group_count; i++)
		body = arena_format(arena, "%sgroup g%d floor %d\n", body, i, table->floors[i]);
	for (int i = 0; i < table->row_count; i++) {
		const struct row *row = &table->rows[i];

		body = arena_format(arena, "%srow r%d full %d%s%s\n", body, i, row->full,
				row->group < 0 ? ""
					       : arena_format(arena, " of g%d", row->group),
				row->judged ? " judged" : "");
		for (int k = 0; k < row->metric_count; k++) {
			const struct metric *metric = &row->metrics[k];

			for (int part = 0; part <= metric->ratio; part++)
				text = arena_format(arena,
						"%sattribute n%02d COUNT from %d to %d%s\n",
						text, metric->name + part, part, MOST,
						change_of(table, metric->name + part));
			if (metric->ratio)
				text = arena_format(arena,
						"%sattribute q%02d RATIO ratio n%02d / n%02d\n",
						text, metric->name, metric->name,
						metric->name + 1);
			body = arena_format(arena, "%smeasure e.%c%02d", body,
					metric->ratio ? 'q' : 'n', metric->name);
			for (int s = 0; s < metric->step_count; s++)
				body = arena_format(arena, "%s%s %s %d %d", body, s ? "," : "",
						sign_of(metric),
						metric->ratio ? metric->bounds[s] * 83333
							      : metric->bounds[s],
						metric->points[s]);
			body = arena_format(
					arena, "%s, otherwise %d\n", body, metric->otherwise);
		}
	}
	for (int i = 0; i < table->row_count; i++) {
		if (table->rows[i].not_zero)
			body = arena_format(arena, "%sveto row r%d\n", body, i);
	}
	if (table->has_veto)
		body = arena_format(arena, "%sveto e.veto\n", body);
	return arena_format(arena, "%s%srequire score t%s\n", text, body,
			table->has_direct ? " or e.direct" : "");
}

int value_make(const struct table *table, int name)
{
	if (name >= VETO)
		return random_int(2);
	for (int i = 0; i < table->row_count; i++) {
		for (int k = 0; k < table->rows[i].metric_count; k++) {
			const struct metric *metric = &table->rows[i].metrics[k];

			if (metric->name == name)
				return random_int(MOST + 1);
			if (metric->ratio && metric->name + 1 == name)
				return 1 + random_int(MOST);
		}
	}
	return -2; /* no such name */
}

/* --- the naive scorer ------------------------------------------------------------------------- */

static bool step_holds(const struct metric *metric, int step, int num, int den)
{
	long long left = metric->ratio ? num * 1000000LL : num;
	long long right = metric->ratio ? metric->bounds[step] * 83333LL * den
					: metric->bounds[step];

	if (metric->open)
		return metric->downward ? left < right : left > right;
	return metric->downward ? left <= right : left >= right;
}

/* The step that a completion reaches; step_count: none. */
static int metric_step(const struct metric *metric, int num, int den)
{
	int step = 0;

	while (step < metric->step_count && !step_holds(metric, step, num, den))
		step++;
	return step;
}

/*
 * A bit for every number of points that a completion gives. The calculator knows nothing of whole
 * numerators and denominators: a step between two that are reached may be reached as well.
 */
static unsigned metric_values(const struct metric *metric, const int *values)
{
	int num = values[metric->name];
	int den = metric->ratio ? values[metric->name + 1] : 1;
	int best = STEPS + 1, worst = 0;
	unsigned bits = 0;

	for (int n = num < 0 ? 0 : num; n <= (num < 0 ? MOST : num); n++) {
		for (int d = den < 0 ? 1 : den; d <= (den < 0 ? MOST : den); d++) {
			int step = metric_step(metric, n, d);

			best = step < best ? step : best;
			worst = step > worst ? step : worst;
		}
	}
	for (int step = best; step <= worst; step++)
		bits |= 1U << (step < metric->step_count ? metric->points[step]
							 : metric->otherwise);
	return bits;
}

static unsigned row_values(const struct row *row, const int *values)
{
	unsigned bits = 1;

	if (row->judged)
		return (2U << row->full) - 1;
	for (int i = 0; i < row->metric_count; i++) {
		unsigned more = metric_values(&row->metrics[i], values);
		unsigned both = 0;

		for (int a = 0; a <= FULL; a++) {
			for (int b = 0; b <= FULL; b++) {
				if ((bits >> a & 1) && (more >> b & 1))
					both |= 1U << (a > b ? a : b);
			}
		}
		bits = both;
	}
	return bits;
}

static bool table_passes(const struct table *table, const int *points)
{
	int total = 0;
	int groups[GROUPS] = { 0 };

	for (int i = 0; i < table->row_count; i++) {
		total += points[i];
		if (table->rows[i].group >= 0)
			groups[table->rows[i].group] += points[i];
		if (table->rows[i].not_zero && points[i] == 0)
			return false;
	}
	for (int i = 0; i < table->group_count; i++) {
		if (groups[i] < table->floors[i])
			return false;
	}
	return total >= table->pass;
}

/* Every choice of points for the rows from @at on, but for row @fixed. */
static void naive_walk(const struct table *table, struct naive *naive, int *points, int at,
		int fixed, bool *out_yes, bool *out_no)
{
	if (at == table->row_count) {
		bool yes = false, no = false;

		if (fixed < 0) {
			*out_yes |= table_passes(table, points);
			*out_no |= !table_passes(table, points);
			return;
		}
		for (points[fixed] = 0; points[fixed] <= FULL; points[fixed]++) {
			if (!(naive->sets[fixed] >> points[fixed] & 1))
				continue;
			yes |= table_passes(table, points);
			no |= !table_passes(table, points);
		}
		naive->matters[fixed] |= yes && no;
		return;
	}
	if (at == fixed) {
		naive_walk(table, naive, points, at + 1, fixed, out_yes, out_no);
		return;
	}
	for (int value = 0; value <= FULL; value++) {
		if (!(naive->sets[at] >> value & 1))
			continue;
		points[at] = value;
		naive_walk(table, naive, points, at + 1, fixed, out_yes, out_no);
	}
}

static struct naive naive_begin(const struct table *table, const int *values)
{
	struct naive naive = { 0 };
	int points[ROWS];

	for (int i = 0; i < table->row_count; i++) {
		naive.sets[i] = row_values(&table->rows[i], values);
		naive.least += __builtin_ctz(naive.sets[i]);
		naive.most += 31 - __builtin_clz(naive.sets[i]);
	}
	naive_walk(table, &naive, points, 0, -1, &naive.yes, &naive.no);
	return naive;
}

struct naive naive_ask(const struct table *table, const int *values)
{
	struct naive naive = naive_begin(table, values);
	int points[ROWS];

	for (int i = 0; i < table->row_count; i++)
		naive_walk(table, &naive, points, 0, i, &naive.yes, &naive.no);
	return naive;
}

/* What a condition waits for: a bit a name. */
static uint64_t naive_missing(
		const struct table *table, const struct naive *naive, const int *values)
{
	uint64_t bits = 0;

	for (int i = 0; i < table->row_count; i++) {
		int least = __builtin_ctz(naive->sets[i]);

		for (int k = 0; naive->matters[i] && k < table->rows[i].metric_count; k++) {
			const struct metric *metric = &table->rows[i].metrics[k];
			unsigned set = metric_values(metric, values);

			if (31 - __builtin_clz(set) <= least || !(set & (set - 1)))
				continue;
			for (int part = 0; part <= metric->ratio; part++) {
				if (values[metric->name + part] < 0)
					bits |= UINT64_C(1) << (metric->name + part);
			}
		}
	}
	if (table->has_veto && values[VETO] < 0)
		bits |= UINT64_C(1) << VETO;
	return bits;
}

Policycalc__V1__ConditionStatus naive_standing(const struct table *table, const int *values)
{
	struct naive naive = naive_begin(table, values);
	bool fails = table->has_veto && values[VETO] == 1;

	if (table->has_direct && values[DIRECT] == 1)
		return STATUS(MET);
	if (!fails && !naive.no && !(table->has_veto && values[VETO] < 0))
		return STATUS(MET);
	if (table->has_direct && values[DIRECT] < 0)
		return STATUS(UNKNOWN);
	return fails || !naive.yes ? STATUS(NOT_MET) : STATUS(UNKNOWN);
}

Policycalc__V1__ConditionStatus naive_status(const struct table *table,
		const struct naive *naive, const int *values, uint64_t *out_missing)
{
	bool fails = table->has_veto && values[VETO] == 1;
	bool may_fail = fails || naive->no || (table->has_veto && values[VETO] < 0);
	bool open = table->has_direct && values[DIRECT] < 0;

	*out_missing = 0;
	if ((table->has_direct && values[DIRECT] == 1) || !may_fail)
		return STATUS(MET);
	if (fails || !naive->yes) {
		*out_missing = open ? UINT64_C(1) << DIRECT : 0;
		return open ? STATUS(UNKNOWN) : STATUS(NOT_MET);
	}
	*out_missing = naive_missing(table, naive, values);
	if (open)
		*out_missing |= UINT64_C(1) << DIRECT;
	return *out_missing ? STATUS(UNKNOWN) : STATUS(REVIEW);
}
