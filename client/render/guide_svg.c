/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure as a drawing.
 *
 *     title, days in all
 *     +----------- steps that several policies share ------------+   one lane, the whole width
 *     +-- policy --+  +-- policy --+  +-- policy --+                up to three lanes a band
 *     | box        |  | box  box   |  | note       |                boxes of one row wait for none
 *     |  v         |  |  v         |  |            |                of each other
 *     | box        |  | box        |  |            |
 *     +------------+  +------------+  +------------+
 *
 * Arrows go from a row to the next one of the lane, and from the last row of the shared lane to the
 * first of the band below it. What else a step waits for stands in its box, by number: a line across
 * other boxes would be harder to read than a number. Text is measured as on a terminal: a Han
 * character is two columns, a column half the font size.
 */
#include "client/render/guide.h"
#include "client/render/markup.h"
#include "client/render/text.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__GetGuideResponse guide_message;
typedef Policycalc__V1__GuideStep step_message;

#define PAGE_WIDTH 760
#define MARGIN 20
#define LANE_GAP 16
#define LANE_PAD 12
#define LANES_A_BAND 3
#define BOX_LEAST 150
#define BOX_GAP 10
#define ROW_GAP 30
#define FONT 13
#define LINE 18
#define COLUMN 7 /* width of a column, with a little to spare */
#define SHARED SIZE_MAX

/* Where a step's box stands. */
struct place {
	size_t lane;	 /* index of a policy, or SHARED */
	size_t row;	 /* in its lane */
	bool first_line; /* of the lines of boxes that its row takes */
	bool last_line;
	int x, y, width, height;
	bool placed;
};

struct drawing {
	const guide_message *guide;
	const struct render_style *style;
	struct place *places; /* by step */
	struct buffer *out;
	size_t last_shared_row;
	bool has_shared;
	int shared_end; /* below their frame */
	int y;
};

/* --- words ------------------------------------------------------------------------------------ */

static void text_draw(
		struct drawing *drawing, int x, int y, const char *class, struct slice text)
{
	buffer_format(drawing->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	markup_append(drawing->out, text);
	buffer_append_text(drawing->out, "</text>\n");
}

/* Draws @text wrapped to @width, or only measures it; answers its height. */
static int text_flow(struct drawing *drawing, bool draw, int x, int y, int width,
		const char *class, const char *text)
{
	struct slice rest = slice_from(text);
	size_t columns = width > COLUMN * 4 ? (size_t)(width / COLUMN) : 4;
	int height = 0;

	while (rest.size) {
		struct slice line = text_take_line(&rest, columns);

		height += LINE;
		if (draw)
			text_draw(drawing, x, y + height - 4, class, line);
	}
	return height;
}

/* @label and what @part holds as one paragraph; empties it. */
static int part_flow(struct drawing *drawing, bool draw, int x, int y, int width,
		const char *label, struct buffer *part)
{
	struct buffer whole = { 0 };
	int height = 0;

	if (part->size) {
		buffer_format(&whole, "%s%s", label, part->data);
		height = text_flow(
				drawing, draw, x, y, width, "d", whole.data ? whole.data : "");
	}
	drawing->out->failed |= part->failed || whole.failed;
	buffer_clear(part);
	buffer_fini(&whole);
	return height;
}

/* --- a box ------------------------------------------------------------------------------------ */

/* Whether an arrow shows it, and not words in the box: one that no other box is in the way of. */
static bool is_drawn(const struct drawing *drawing, size_t step, int32_t before)
{
	const struct place *to = &drawing->places[step];
	const struct place *from = &drawing->places[before];

	if (!from->last_line || !to->first_line)
		return false;
	if (from->lane == to->lane)
		return from->row + 1 == to->row;
	return from->lane == SHARED && from->row == drawing->last_shared_row && to->row == 0 &&
	       to->lane < LANES_A_BAND;
}

static int box_flow(struct drawing *drawing, bool draw, size_t index, int x, int y, int width)
{
	const struct render_style *style = drawing->style;
	const guide_message *guide = drawing->guide;
	const step_message *step = guide->steps[index];
	struct buffer part = { 0 };
	int top = y;

	buffer_format(&part, "%zu. %s", index + 1, word_text(style, step->title));
	y += text_flow(drawing, draw, x, y, width, "t", part.data ? part.data : "");
	drawing->out->failed |= part.failed;
	buffer_clear(&part);
	if (*word_text(style, step->actor))
		buffer_format(&part, "%s · ", word_text(style, step->actor));
	guide_append_days(style, step, &part);
	if (step->critical)
		buffer_append_text(&part, word(style, " · 关键", " · critical"));
	y += part_flow(drawing, draw, x, y, width, "", &part);
	buffer_append_text(&part, word_text(style, step->channel));
	y += part_flow(drawing, draw, x, y, width, word(style, "途径：", "where: "), &part);
	guide_append_papers(style, guide, step->materials, step->n_materials, &part);
	y += part_flow(drawing, draw, x, y, width, word(style, "交：", "hand in: "), &part);
	guide_append_papers(
			style, guide, step->reused_materials, step->n_reused_materials, &part);
	y += part_flow(drawing, draw, x, y, width, word(style, "已交：", "handed in: "), &part);
	for (size_t i = 0; i < step->n_after; i++) {
		if (step->after[i] < 0 || (size_t)step->after[i] >= guide->n_steps ||
				is_drawn(drawing, index, step->after[i]))
			continue;
		buffer_format(&part, "%s%d", part.size ? word(style, "、", ", ") : "",
				step->after[i] + 1);
	}
	y += part_flow(drawing, draw, x, y, width, word(style, "须先完成：", "after: "), &part);
	drawing->out->failed |= part.failed;
	buffer_fini(&part);
	return y - top;
}

static void box_draw(struct drawing *drawing, size_t index)
{
	struct place *place = &drawing->places[index];

	buffer_format(drawing->out,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" "
			"class=\"%s\"/>"
			"\n",
			place->x, place->y, place->width, place->height,
			drawing->guide->steps[index]->critical ? "box critical" : "box");
	(void)box_flow(drawing, true, index, place->x + 8, place->y + 6, place->width - 16);
	place->placed = true;
}

/* --- a lane ----------------------------------------------------------------------------------- */

static size_t lane_of(const guide_message *guide, const step_message *step)
{
	if (step->n_policies != 1 || step->policies[0] < 0 ||
			(size_t)step->policies[0] >= guide->n_policies)
		return SHARED;
	return (size_t)step->policies[0];
}

/* Rows are the depths that occur in the lane, numbered from 0; answers how many. */
static size_t lane_rows(struct drawing *drawing, size_t lane)
{
	const guide_message *guide = drawing->guide;
	size_t rows = 0;
	int32_t last = -1;

	/* Steps come by depth; one that does not is put in the row at hand. */
	for (size_t i = 0; i < guide->n_steps; i++) {
		if (drawing->places[i].lane != lane)
			continue;
		if (rows == 0 || guide->steps[i]->depth > last) {
			last = guide->steps[i]->depth;
			rows++;
		}
		drawing->places[i].row = rows - 1;
	}
	return rows;
}

/* Places the boxes of one row from @y on, in lines of as many as fit; answers the height. */
static int row_place(struct drawing *drawing, size_t lane, size_t row, int x, int y, int width)
{
	size_t fit = (size_t)((width + BOX_GAP) / (BOX_LEAST + BOX_GAP));
	size_t count = 0;
	size_t used = 0;
	size_t done = 0;
	int tallest = 0;
	int top = y;

	for (size_t i = 0; i < drawing->guide->n_steps; i++)
		count += drawing->places[i].lane == lane && drawing->places[i].row == row;
	fit = fit < 1 ? 1 : fit > count ? count : fit;
	for (size_t i = 0; i < drawing->guide->n_steps; i++) {
		struct place *place = &drawing->places[i];

		if (place->lane != lane || place->row != row)
			continue;
		if (used == fit) {
			y += tallest + BOX_GAP;
			tallest = 0;
			used = 0;
		}
		place->first_line = done < fit;
		place->last_line = done / fit == (count - 1) / fit;
		done++;
		place->width = (width - (int)(fit - 1) * BOX_GAP) / (int)fit;
		place->x = x + (int)used * (place->width + BOX_GAP);
		place->y = y;
		place->height = box_flow(drawing, false, i, 0, 0, place->width - 16) + 12;
		if (place->height > tallest)
			tallest = place->height;
		used++;
	}
	return y + tallest - top;
}

static const char *lane_title(const struct drawing *drawing, size_t lane)
{
	if (lane == SHARED)
		return word(drawing->style, "共同步骤（各项政策只办一次）",
				"Steps taken once for several policies");
	return word_text(drawing->style, drawing->guide->policies[lane]->title);
}

/* Places, or draws, one lane; answers the height of its frame. */
static int lane_flow(struct drawing *drawing, bool draw, size_t lane, int x, int y, int width,
		int height)
{
	int inner = width - 2 * LANE_PAD;
	size_t rows = lane_rows(drawing, lane);
	int at = y + LANE_PAD;

	if (draw)
		buffer_format(drawing->out,
				"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" "
				"class=\"lane\"/>\n",
				x, y, width, height);
	at += text_flow(drawing, draw, x + LANE_PAD, at, inner, "h", lane_title(drawing, lane));
	if (lane != SHARED && *guide_note(drawing->style, drawing->guide->policies[lane]))
		at += text_flow(drawing, draw, x + LANE_PAD, at, inner, "d",
				guide_note(drawing->style, drawing->guide->policies[lane]));
	for (size_t row = 0; row < rows; row++) {
		at += row == 0 ? BOX_GAP : ROW_GAP;
		at += row_place(drawing, lane, row, x + LANE_PAD, at, inner);
	}
	for (size_t i = 0; draw && i < drawing->guide->n_steps; i++) {
		if (drawing->places[i].lane == lane)
			box_draw(drawing, i);
	}
	return at + LANE_PAD - y;
}

/* Lanes @first to @last side by side, at the height of the tallest. */
static void band_draw(struct drawing *drawing, size_t first, size_t count)
{
	int width = (PAGE_WIDTH - 2 * MARGIN - (int)(count - 1) * LANE_GAP) / (int)count;
	int tallest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t lane = first == SHARED ? SHARED : first + i;
		int height = lane_flow(drawing, false, lane, 0, drawing->y, width, 0);

		if (height > tallest)
			tallest = height;
	}
	for (size_t i = 0; i < count; i++) {
		size_t lane = first == SHARED ? SHARED : first + i;
		int x = MARGIN + (int)i * (width + LANE_GAP);

		(void)lane_flow(drawing, true, lane, x, drawing->y, width, tallest);
	}
	drawing->y += tallest + ROW_GAP;
}

/* --- arrows ----------------------------------------------------------------------------------- */

static void arrow_draw(
		struct drawing *drawing, const struct place *from, const struct place *to)
{
	int x = from->x + from->width / 2;
	int end = to->x + to->width / 2;
	/* Between two rows; from the shared steps, between their frame and the others', whose boxes
	 * need not begin at one height. */
	int turn = from->lane == to->lane ? to->y - 12 : drawing->shared_end + ROW_GAP / 2;

	buffer_format(drawing->out, "<path d=\"M%d %d", x, from->y + from->height);
	if (x == end)
		buffer_format(drawing->out, " V%d", to->y - 2);
	else
		buffer_format(drawing->out, " V%d H%d V%d", turn, end, to->y - 2);
	buffer_append_text(drawing->out, "\" class=\"way\" marker-end=\"url(#tip)\"/>\n");
}

static void arrows_draw(struct drawing *drawing)
{
	const guide_message *guide = drawing->guide;

	for (size_t i = 0; i < guide->n_steps; i++) {
		const step_message *step = guide->steps[i];

		for (size_t k = 0; k < step->n_after; k++) {
			if (step->after[k] < 0 || (size_t)step->after[k] >= guide->n_steps ||
					!is_drawn(drawing, i, step->after[k]))
				continue;
			arrow_draw(drawing, &drawing->places[step->after[k]],
					&drawing->places[i]);
		}
	}
}

/* --- all -------------------------------------------------------------------------------------- */

static const char HEAD[] =
		"<style>"
		"text{font-family:\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"PingFang SC\","
		"\"Microsoft YaHei\",SimSun,sans-serif;font-size:13px;fill:#1c2733}"
		".h{font-weight:700;font-size:13.5px}.t{font-weight:700}.d{fill:#41505f}"
		".title{font-weight:700;font-size:17px}"
		".lane{fill:#f4f7fa;stroke:#c5d0da}.box{fill:#fff;stroke:#5b7286}"
		".critical{stroke:#b3261e;stroke-width:2.5}"
		".way{fill:none;stroke:#41505f;stroke-width:1.5}"
		"</style>\n"
		"<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" "
		"markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
		"<path d=\"M0 0L10 5L0 10z\" fill=\"#41505f\"/></marker></defs>\n";

static void head_draw(struct drawing *drawing)
{
	struct buffer line = { 0 };

	drawing->y += text_flow(drawing, true, MARGIN, drawing->y, PAGE_WIDTH - 2 * MARGIN,
			"title", word(drawing->style, "办事流程图", "Procedure"));
	drawing->y += 6;
	guide_append_total(drawing->style, drawing->guide, &line);
	if (drawing->guide->papers_saved > 0)
		buffer_format(&line,
				word(drawing->style, "；合并办理少交材料 %d 份",
						"; %d papers fewer than one by one"),
				drawing->guide->papers_saved);
	buffer_format(&line,
			word(drawing->style, "。按 %s，目录第 %lld 版；以主管部门审核为准",
					". As of %s, catalog revision %lld; the department "
					"decides"),
			drawing->guide->as_of, (long long)drawing->guide->revision);
	drawing->y += text_flow(drawing, true, MARGIN, drawing->y, PAGE_WIDTH - 2 * MARGIN, "d",
			line.data ? line.data : "");
	drawing->y += 10;
	drawing->out->failed |= line.failed;
	buffer_fini(&line);
}

static void lanes_draw(struct drawing *drawing)
{
	const guide_message *guide = drawing->guide;

	for (size_t i = 0; i < guide->n_steps; i++) {
		drawing->places[i].lane = lane_of(guide, guide->steps[i]);
		drawing->has_shared |= drawing->places[i].lane == SHARED;
	}
	if (drawing->has_shared) {
		drawing->last_shared_row = lane_rows(drawing, SHARED) - 1;
		band_draw(drawing, SHARED, 1);
		drawing->shared_end = drawing->y - ROW_GAP;
	}
	for (size_t i = 0; i < guide->n_policies; i += LANES_A_BAND) {
		size_t rest = guide->n_policies - i;

		band_draw(drawing, i, rest < LANES_A_BAND ? rest : LANES_A_BAND);
	}
	arrows_draw(drawing);
	drawing->y += MARGIN - ROW_GAP;
}

bool guide_print_svg(const guide_message *guide, const struct render_style *style,
		bool standalone, struct buffer *out)
{
	struct buffer body = { 0 };
	struct drawing drawing = {
		.guide = guide,
		.style = style,
		.places = calloc(guide->n_steps + 1, sizeof(*drawing.places)),
		.out = &body,
		.y = MARGIN,
	};

	if (!drawing.places)
		return false;
	head_draw(&drawing);
	lanes_draw(&drawing);
	if (standalone)
		buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buffer_format(out,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
			"role=\"img\" aria-label=\"%s\"",
			PAGE_WIDTH, drawing.y, word(style, "办事流程图", "Procedure"));
	/* An A4 page without its margins is 190 by 277 mm: as wide as it, or as high when longer. */
	if (standalone && drawing.y * 190 <= PAGE_WIDTH * 277)
		buffer_format(out, " width=\"190mm\" height=\"%dmm\"",
				(drawing.y * 190 + PAGE_WIDTH - 1) / PAGE_WIDTH);
	else if (standalone)
		buffer_format(out, " width=\"%dmm\" height=\"277mm\"",
				(PAGE_WIDTH * 277 + drawing.y - 1) / drawing.y);
	buffer_append_text(out, ">\n");
	buffer_append_text(out, HEAD);
	buffer_format(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", PAGE_WIDTH,
			drawing.y);
	buffer_append(out, body.data, body.size);
	buffer_append_text(out, "</svg>\n");
	out->failed |= body.failed;
	buffer_fini(&body);
	free(drawing.places);
	return !out->failed;
}
