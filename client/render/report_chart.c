/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/report_chart.h"

#include "client/render/markup.h"
#include "client/render/report.h"
#include "client/render/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 700

static void svg_begin(const struct page *page, const char *name, int height)
{
	buffer_format(page->out,
			"<svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
			"font-size=\"13\" paint-order=\"stroke\" "
			"stroke-linejoin=\"round\" aria-label=\"",
			WIDTH, height, WIDTH, height);
	page_text(page, name);
	page_raw(page, "\">\n");
}

/* Text at a place, cut to @columns. */
static void svg_text(const struct page *page, int64_t x, int64_t y, const char *anchor,
		const char *text, size_t columns)
{
	struct buffer cut = { 0 };

	(void)text_append_cut(&cut, slice_from(text), columns);
	buffer_format(page->out,
			"<text x=\"%" PRId64 "\" y=\"%" PRId64
			"\" text-anchor=\"%s\" stroke=\"#fff\" stroke-width=\"3\">",
			x, y, anchor);
	page_flush(page, &cut);
	buffer_fini(&cut);
	page_raw(page, "</text>\n");
}

/* --- bars ------------------------------------------------------------------------------------- */

#define BAR_LEFT 190
#define BAR_ROOM 380
#define BAR_STEP 24
#define BAR_HEIGHT 15
#define BAR_TOP 22
#define LABEL_COLUMNS 26

static int64_t bar_size(int64_t value, int64_t most)
{
	if (value > most)
		value = most;
	/* Sums of money are large: what is left of a pixel does not show. */
	return most < INT64_MAX / BAR_ROOM ? value * BAR_ROOM / most
					   : value / (most / BAR_ROOM);
}

void chart_print_bars(const struct page *page, const char *name, const struct chart_bar *bars,
		size_t count, const struct chart_mark *marks, size_t mark_count, int64_t most)
{
	int height = BAR_TOP + BAR_STEP * (int)count + 6;

	svg_begin(page, name, height);
	for (size_t i = 0; i < mark_count; i++) {
		int64_t x = BAR_LEFT + bar_size(marks[i].value, most);

		buffer_format(page->out,
				"<line x1=\"%" PRId64 "\" y1=\"16\" x2=\"%" PRId64
				"\" y2=\"%d\" stroke=\"#a3261e\" stroke-dasharray=\"%s\"/>\n",
				x, x, height, i ? "2 4" : "6 3");
		/* Two marks stand on either side of their lines. */
		svg_text(page, i ? x + 4 : x - 4, 12, i ? "start" : "end", marks[i].label, 30);
	}
	for (size_t i = 0; i < count; i++) {
		int64_t top = BAR_TOP + BAR_STEP * (int64_t)i;
		int64_t size = bar_size(bars[i].value, most);

		svg_text(page, BAR_LEFT - 8, top + 12, "end", bars[i].label, LABEL_COLUMNS);
		buffer_format(page->out,
				"<rect x=\"%d\" y=\"%" PRId64 "\" width=\"%" PRId64
				"\" height=\"%d\" fill=\"#0b5394\"/>\n",
				BAR_LEFT, top, size, BAR_HEIGHT);
		svg_text(page, BAR_LEFT + size + 6, top + 12, "start", bars[i].figure,
				LABEL_COLUMNS);
	}
	page_raw(page, "</svg>\n");
}

/* --- trend ------------------------------------------------------------------------------------ */

#define PLOT_LEFT 50
#define PLOT_RIGHT 560
#define PLOT_TOP 14
#define PLOT_BOTTOM 270
#define PLOT_HEIGHT 300
#define NAME_GAP 15
#define STEP_PERMILLE 100
#define LINES_MOST 16

static const struct {
	const char *colour;
	const char *dash;
} LINES[] = {
	{ "#1c2733", "" }, /* the city */
	{ "#0b5394", "" },
	{ "#a3261e", "8 3" },
	{ "#17694a", "4 3" },
	{ "#8a5a00", "" },
	{ "#6a3d9a", "8 3 2 3" },
	{ "#00798c", "2 3" },
	{ "#b15928", "8 3" },
	{ "#555555", "4 3" },
	{ "#d1495b", "" },
};
#define LINE_KINDS (sizeof(LINES) / sizeof(LINES[0]))

/* The name of a line at its right end. */
struct line_name {
	const char *text;
	size_t line;
	int64_t y;
};

struct trend_plot {
	const struct page *page;
	int64_t least, most; /* permille, whole steps */
	struct line_name names[LINES_MOST];
	size_t name_count;
};

static int64_t plot_x(size_t month, size_t months)
{
	int64_t last = months > 1 ? (int64_t)months - 1 : 1;

	return PLOT_LEFT + 10 + (int64_t)month * (PLOT_RIGHT - PLOT_LEFT - 20) / last;
}

static int64_t plot_y(const struct trend_plot *plot, int64_t permille)
{
	return PLOT_BOTTOM -
	       (permille - plot->least) * (PLOT_BOTTOM - PLOT_TOP) / (plot->most - plot->least);
}

/* Whole steps that hold every point; false when there is none. */
static bool plot_scale(struct trend_plot *plot, const Policycalc__V1__CoverageReport *report)
{
	int64_t least = INT64_MAX, most = -1;

	for (size_t i = 0; i < report->n_trend; i++)
		for (size_t k = 0; k < report->trend[i]->n_points; k++) {
			const Policycalc__V1__CoverageTrendPoint *point =
					report->trend[i]->points[k];

			if (!point->_rate_permille_case)
				continue;
			if (point->rate_permille < least)
				least = point->rate_permille;
			if (point->rate_permille > most)
				most = point->rate_permille;
		}
	if (most < 0)
		return false;
	plot->least = least / STEP_PERMILLE * STEP_PERMILLE;
	plot->most = (most + STEP_PERMILLE - 1) / STEP_PERMILLE * STEP_PERMILLE;
	if (plot->most == plot->least)
		plot->most += STEP_PERMILLE;
	return true;
}

static void axes_print(
		const struct trend_plot *plot, const Policycalc__V1__CoverageTrend *months)
{
	const struct page *page = plot->page;

	for (int64_t at = plot->least; at <= plot->most; at += STEP_PERMILLE) {
		char text[REPORT_FIGURE_SIZE];

		buffer_format(page->out,
				"<line x1=\"%d\" y1=\"%" PRId64 "\" x2=\"%d\" y2=\"%" PRId64
				"\" stroke=\"#c9d2da\"/>\n",
				PLOT_LEFT, plot_y(plot, at), PLOT_RIGHT, plot_y(plot, at));
		(void)snprintf(text, sizeof(text), "%" PRId64 "%%", at / 10);
		svg_text(page, PLOT_LEFT - 6, plot_y(plot, at) + 4, "end", text, 8);
	}
	for (size_t i = 0; i < months->n_points; i++) {
		const char *month = months->points[i]->month;

		/* "2025-11": the year under the first month of each. */
		if (strlen(month) == 7)
			svg_text(page, plot_x(i, months->n_points), PLOT_BOTTOM + 16, "middle",
					i == 0 || (i > 1 && strcmp(month + 5, "01") == 0)
							? month
							: month + 5,
					8);
	}
}

static void line_print(struct trend_plot *plot, const Policycalc__V1__CoverageTrend *trend,
		size_t line)
{
	const struct page *page = plot->page;
	bool is_drawing = false;

	buffer_format(page->out,
			"<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
			"stroke-dasharray=\"%s\" d=\"",
			LINES[line % LINE_KINDS].colour, line ? "1.5" : "3",
			LINES[line % LINE_KINDS].dash);
	for (size_t i = 0; i < trend->n_points; i++) {
		const Policycalc__V1__CoverageTrendPoint *point = trend->points[i];

		if (point->_rate_permille_case)
			buffer_format(page->out, "%s%" PRId64 " %" PRId64,
					is_drawing ? "L" : "M", plot_x(i, trend->n_points),
					plot_y(plot, point->rate_permille));
		is_drawing = point->_rate_permille_case != 0;
	}
	page_raw(page, "\"/>\n");
	for (size_t i = 0; i < trend->n_points; i++) {
		const Policycalc__V1__CoverageTrendPoint *point = trend->points[i];

		if (point->_rate_permille_case)
			buffer_format(page->out,
					"<circle cx=\"%" PRId64 "\" cy=\"%" PRId64
					"\" r=\"%d\" fill=\"%s\" stroke=\"%s\"/>\n",
					plot_x(i, trend->n_points),
					plot_y(plot, point->rate_permille), line ? 2 : 3,
					point->revised ? "#ffffff"
						       : LINES[line % LINE_KINDS].colour,
					LINES[line % LINE_KINDS].colour);
	}
}

static void name_add(struct trend_plot *plot, const Policycalc__V1__CoverageTrend *trend,
		size_t line)
{
	const Policycalc__V1__CoverageTrendPoint *last =
			trend->n_points ? trend->points[trend->n_points - 1] : NULL;

	if (!last || !last->_rate_permille_case)
		return;
	plot->names[plot->name_count++] = (struct line_name){
		report_short_name(
				plot->page->style, trend->short_name, trend->name, trend->code),
		line, plot_y(plot, last->rate_permille)
	};
}

static int compare_names(const void *a, const void *b)
{
	const struct line_name *left = a, *right = b;

	if (left->y != right->y)
		return left->y < right->y ? -1 : 1;
	return (left->line > right->line) - (left->line < right->line);
}

/* Names that would stand on one another give way, first down, then up. */
static void names_print(struct trend_plot *plot)
{
	const struct page *page = plot->page;
	int64_t bottom = PLOT_BOTTOM;

	qsort(plot->names, plot->name_count, sizeof(plot->names[0]), compare_names);
	for (size_t i = 1; i < plot->name_count; i++)
		if (plot->names[i].y < plot->names[i - 1].y + NAME_GAP)
			plot->names[i].y = plot->names[i - 1].y + NAME_GAP;
	for (size_t i = plot->name_count; i-- > 0;) {
		if (plot->names[i].y > bottom)
			plot->names[i].y = bottom;
		bottom = plot->names[i].y - NAME_GAP;
	}
	for (size_t i = 0; i < plot->name_count; i++) {
		const struct line_name *name = &plot->names[i];

		buffer_format(page->out,
				"<line x1=\"%d\" y1=\"%" PRId64 "\" x2=\"%d\" y2=\"%" PRId64
				"\" stroke=\"%s\" stroke-width=\"%s\" "
				"stroke-dasharray=\"%s\"/>\n",
				PLOT_RIGHT + 4, name->y, PLOT_RIGHT + 28, name->y,
				LINES[name->line % LINE_KINDS].colour, name->line ? "1.5" : "3",
				LINES[name->line % LINE_KINDS].dash);
		svg_text(page, PLOT_RIGHT + 33, name->y + 4, "start", name->text, 14);
	}
}

void chart_print_trend(const struct page *page, const char *name,
		const Policycalc__V1__CoverageReport *report)
{
	struct trend_plot plot = { .page = page };

	if (!plot_scale(&plot, report))
		return;
	svg_begin(page, name, PLOT_HEIGHT);
	axes_print(&plot, report->trend[0]);
	/* The city last, so that it lies on top. */
	for (size_t i = report->n_trend; i-- > 0;) {
		if (i >= LINES_MOST)
			continue;
		line_print(&plot, report->trend[i], i);
		name_add(&plot, report->trend[i], i);
	}
	names_print(&plot);
	page_raw(page, "</svg>\n");
}
