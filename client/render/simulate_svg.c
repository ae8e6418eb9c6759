/* SPDX-License-Identifier: Apache-2.0 */
/* The curve: enterprises above, money below, over the same values of the parameter. */
#include "client/render/simulate.h"

#include "client/render/markup.h"

#define WIDTH 720
#define LEFT 100
#define RIGHT 24
#define PANEL 190
#define TOP 44
#define GAP 40
#define PLOT (WIDTH - LEFT - RIGHT)
#define TICKS 4

struct plot {
	const Policycalc__V1__SimulatedCurve *curve;
	const struct render_style *style;
	struct buffer *out;
	int64_t least, most; /* values of the parameter */
};

struct panel {
	int top;
	int64_t most; /* at the upper edge */
	bool money;
	const char *colour;
	const char *title;
};

static int64_t figure_of(const Policycalc__V1__SimulatedPoint *point, bool is_money)
{
	return is_money ? point->sure_fen : point->eligible;
}

static double x_of(const struct plot *plot, int64_t value)
{
	if (plot->most == plot->least)
		return LEFT + PLOT / 2.0;
	return LEFT +
	       PLOT * ((double)(value - plot->least) / (double)(plot->most - plot->least));
}

static double y_of(const struct panel *panel, int64_t figure)
{
	if (panel->most == 0)
		return panel->top + PANEL;
	return panel->top + PANEL - PANEL * ((double)figure / (double)panel->most);
}

static void text_at(const struct plot *plot, double x, double y, const char *anchor,
		const char *text)
{
	buffer_format(plot->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
			anchor);
	markup_append(plot->out, slice_from(text));
	buffer_append_text(plot->out, "</text>\n");
}

static void figure_text(const struct plot *plot, const struct panel *panel, int64_t figure,
		struct buffer *out)
{
	char text[WORD_MONEY_SIZE];

	if (panel->money)
		word_money(plot->style, figure, text);
	buffer_format(out, panel->money ? "%s" : "%.0s%lld", panel->money ? text : "",
			(long long)figure);
}

static void panel_frame(const struct plot *plot, const struct panel *panel)
{
	for (int tick = 0; tick <= TICKS; tick++) {
		int64_t figure =
				panel->most / TICKS * tick + panel->most % TICKS * tick / TICKS;
		double y = y_of(panel, figure);
		struct buffer label = { 0 };

		buffer_format(plot->out,
				"<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" "
				"stroke=\"#ddd\"/>\n",
				LEFT, y, LEFT + PLOT, y);
		figure_text(plot, panel, figure, &label);
		text_at(plot, LEFT - 8, y + 4, "end", label.data ? label.data : "");
		buffer_fini(&label);
		if (panel->most == 0)
			break;
	}
	buffer_format(plot->out, "<g font-weight=\"bold\" fill=\"%s\">\n", panel->colour);
	text_at(plot, LEFT, panel->top - 10, "start", panel->title);
	buffer_append_text(plot->out, "</g>\n");
}

static void panel_draw(const struct plot *plot, const struct panel *panel)
{
	const Policycalc__V1__SimulatedCurve *curve = plot->curve;

	panel_frame(plot, panel);
	buffer_format(plot->out,
			"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
			panel->colour);
	for (size_t i = 0; i < curve->n_points; i++)
		buffer_format(plot->out, "%s%.1f,%.1f", i ? " " : "",
				x_of(plot, curve->points[i]->value),
				y_of(panel, figure_of(curve->points[i], panel->money)));
	buffer_append_text(plot->out, "\"/>\n");
	for (size_t i = 0; i < curve->n_points; i++) {
		const Policycalc__V1__SimulatedPoint *point = curve->points[i];
		struct buffer label = { 0 };

		simulate_append_value(plot->style, curve, point->value, &label);
		buffer_append_text(&label, word(plot->style, "：", ": "));
		figure_text(plot, panel, figure_of(point, panel->money), &label);
		buffer_format(plot->out,
				"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>",
				x_of(plot, point->value),
				y_of(panel, figure_of(point, panel->money)), panel->colour);
		markup_append(plot->out, slice_from(label.data ? label.data : ""));
		buffer_append_text(plot->out, "</title></circle>\n");
		buffer_fini(&label);
	}
}

/* Labels below, so many as have room. */
static void values_draw(const struct plot *plot, int bottom)
{
	const Policycalc__V1__SimulatedCurve *curve = plot->curve;
	size_t each = (curve->n_points + 6) / 7;

	for (size_t i = 0; i < curve->n_points; i += each) {
		struct buffer label = { 0 };

		simulate_append_value(plot->style, curve, curve->points[i]->value, &label);
		text_at(plot, x_of(plot, curve->points[i]->value), bottom + 18, "middle",
				label.data ? label.data : "");
		buffer_fini(&label);
	}
	if (curve->_draft_value_case && curve->draft_value >= plot->least &&
			curve->draft_value <= plot->most)
		buffer_format(plot->out,
				"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" "
				"stroke=\"#888\" "
				"stroke-dasharray=\"4 4\"/>\n",
				x_of(plot, curve->draft_value), TOP,
				x_of(plot, curve->draft_value), bottom);
}

bool simulate_print_svg(const Policycalc__V1__SimulatedCurve *curve,
		const struct render_style *style, struct buffer *out)
{
	struct plot plot = { .curve = curve, .style = style, .out = out };
	struct panel panels[] = {
		{ .top = TOP,
				.colour = "#1f5fa8",
				.title = word(style, "符合的企业（家）",
						"Eligible enterprises") },
		{ .top = TOP + PANEL + GAP,
				.money = true,
				.colour = "#a8481f",
				.title = word(style, "确定金额", "Money, for certain") },
	};
	int bottom = TOP + 2 * PANEL + GAP;

	if (curve->n_points) {
		plot.least = curve->points[0]->value;
		plot.most = curve->points[curve->n_points - 1]->value;
	}
	for (size_t i = 0; i < curve->n_points; i++) {
		for (size_t k = 0; k < 2; k++) {
			int64_t figure = figure_of(curve->points[i], panels[k].money);

			panels[k].most = figure > panels[k].most ? figure : panels[k].most;
		}
	}
	buffer_format(out,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
			"width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
			"font-size=\"12\" "
			"role=\"img\">\n<rect width=\"100%%\" height=\"100%%\" "
			"fill=\"#fff\"/>\n<title>",
			WIDTH, bottom + 50, WIDTH, bottom + 50);
	markup_append(out, slice_from(word_text(style, curve->label)));
	buffer_append_text(out, "</title>\n");
	for (size_t k = 0; k < 2; k++)
		panel_draw(&plot, &panels[k]);
	values_draw(&plot, bottom);
	text_at(&plot, LEFT + PLOT / 2.0, bottom + 40, "middle",
			word_text(style, curve->label));
	buffer_append_text(out, "</svg>\n");
	return !out->failed;
}
