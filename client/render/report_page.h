/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the page of a report; inner to report.h. */
#pragma once

#include "client/render/html.h"
#include "client/render/report.h"

/** <td>text</td>, escaped; figures stand at the right. */
void cell_text(const struct page *page, const char *text);
/** A short name that is not to be broken. */
void cell_name(const struct page *page, const char *text);
void cell_figure(const struct page *page, const char *text);
void cell_number(const struct page *page, int64_t number);
/** "80万元"; "—" for 0. */
void cell_money(const struct page *page, int64_t fen);
/** A table with its caption and the headings of @count columns: Chinese, English, ...; closed by
 * page_raw("</tbody></table>"). */
void table_begin(const struct page *page, const char *caption_zh, const char *caption_en,
		const char *const (*headings)[2], size_t count);

/** The monthly report. */
void page_coverage(const struct page *page, const Policycalc__V1__CoverageReport *report);
/** Its appendix: what opens, the names, counters. */
void page_coverage_appendix(
		const struct page *page, const Policycalc__V1__CoverageReport *report);
