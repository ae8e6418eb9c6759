/* SPDX-License-Identifier: Apache-2.0 */
/* The same numbers as a page for people: one document, in Chinese or English, that loads nothing. */
#include "operations/metrics_internal.h"

#include <stdio.h>
#include <time.h>

struct page {
	struct buffer *out;
	bool is_english;
};

static const char STYLE[] =
		"<style>:root{color-scheme:light dark}"
		"body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:0 auto;"
		"max-width:1200px;padding:12px 16px}"
		"header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline}"
		"h1{font-size:22px;margin:4px 0}h2{font-size:17px;margin:22px 0 6px}"
		".ok{color:#137333}.bad{color:#c5221f}.dim{opacity:.7}"
		"@media(prefers-color-scheme:dark){.ok{color:#81c995}.bad{color:#f28b82}}"
		".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));"
		"gap:8px}"
		".tile{border:1px solid #8886;border-radius:8px;padding:6px 10px}"
		".tile b{display:block;font-size:20px;font-weight:600;overflow-wrap:anywhere}"
		".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
		"th,td{padding:3px 8px;text-align:right;border-bottom:1px solid #8884;"
		"white-space:nowrap;font-variant-numeric:tabular-nums}"
		"th:first-child,td:first-child{text-align:left;padding-left:0}"
		"</style>";

static const char *say(const struct page *page, const char *chinese, const char *english)
{
	return page->is_english ? english : chinese;
}

/* 1,234,567 */
static void put_number(struct buffer *out, uint64_t number)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			buffer_append_char(out, ',');
		buffer_append_char(out, digits[i]);
	}
}

static void put_bytes(struct buffer *out, uint64_t bytes)
{
	if (bytes < (uint64_t)1 << 20)
		buffer_format(out, "%.1f KiB", (double)bytes / 1024);
	else if (bytes < (uint64_t)1 << 30)
		buffer_format(out, "%.1f MiB", (double)bytes / (1 << 20));
	else
		buffer_format(out, "%.2f GiB", (double)bytes / (1 << 30));
}

static void put_span(const struct page *page, int64_t seconds)
{
	struct buffer *out = page->out;
	long long days = seconds / 86400, hours = seconds / 3600, minutes = seconds / 60;

	if (seconds < 0)
		buffer_append_text(out, "—");
	else if (days > 1)
		buffer_format(out, "%lld %s", days, say(page, "天", "days"));
	else if (hours > 1)
		buffer_format(out, "%lld %s", hours, say(page, "小时", "hours"));
	else if (minutes > 1)
		buffer_format(out, "%lld %s", minutes, say(page, "分钟", "minutes"));
	else
		buffer_format(out, "%lld %s", (long long)seconds, say(page, "秒", "seconds"));
}

static void put_duration(struct buffer *out, uint64_t us)
{
	if (us < 1000)
		buffer_format(out, "%llu µs", (unsigned long long)us);
	else if (us < 1000000)
		buffer_format(out, "%.1f ms", (double)us / 1e3);
	else
		buffer_format(out, "%.2f s", (double)us / 1e6);
}

/* --- tiles ----------------------------------------------------------------------------------- */

static void tile_open(const struct page *page, const char *chinese, const char *english)
{
	buffer_format(page->out, "<div class=tile>%s<b>", say(page, chinese, english));
}

static void tile_close(const struct page *page)
{
	buffer_append_text(page->out, "</b></div>\n");
}

static void tile_number(const struct page *page, const char *chinese, const char *english,
		uint64_t number)
{
	tile_open(page, chinese, english);
	put_number(page->out, number);
	tile_close(page);
}

static void tiles_open(const struct page *page, const char *chinese, const char *english)
{
	buffer_format(page->out, "<h2>%s</h2><div class=tiles>\n", say(page, chinese, english));
}

static void tiles_close(const struct page *page)
{
	buffer_append_text(page->out, "</div>\n");
}

/* --- parts of the page ----------------------------------------------------------------------- */

static void put_head(const struct page *page, const struct metrics_state *state)
{
	struct buffer *out = page->out;

	buffer_format(out,
			"<!DOCTYPE html><html lang=%s><head><meta charset=utf-8>"
			"<meta name=viewport content=\"width=device-width\">"
			"<meta http-equiv=refresh content=15><title>policycalc · %s</title>%s"
			"</head><body>\n<header><h1>policycalc <span class=%s>%s</span></h1>"
			"<span class=dim>%s · <a href=\"/metrics\">Prometheus</a> · "
			"<a href=\"?lang=%s\">%s</a></span></header>\n",
			page->is_english ? "en" : "zh-CN", say(page, "运行状态", "status"),
			STYLE, state->is_serving ? "ok" : "bad",
			state->is_serving ? say(page, "正在服务", "serving")
					  : say(page, "不接受请求", "not serving"),
			state->version, page->is_english ? "zh" : "en",
			page->is_english ? "中文" : "English");
}

static void put_service(const struct page *page, const struct metrics_state *state,
		const struct metrics_sums *sums)
{
	uint64_t calls = 0, under_way = 0;

	for (size_t i = 0; i <= sums->method_count; i++) {
		uint64_t ended = 0;

		for (size_t code = 0; code < METRICS_CODES; code++)
			ended += sums->rows[i].handled[code];
		calls += sums->rows[i].started;
		/* Both are read while they grow. */
		under_way += sums->rows[i].started > ended ? sums->rows[i].started - ended : 0;
	}
	tiles_open(page, "服务", "Service");
	tile_open(page, "已运行", "Up for");
	put_span(page, state->now - state->started);
	tile_close(page);
	tile_number(page, "调用", "Calls", calls);
	tile_number(page, "进行中的调用", "Calls under way", under_way);
	tile_open(page, "连接", "Connections");
	put_number(page->out, state->connections);
	buffer_append_text(page->out, " / ");
	put_number(page->out, state->connections_most);
	tile_close(page);
	tile_open(page, "内存", "Memory");
	put_bytes(page->out, state->resident_bytes);
	tile_close(page);
	tile_open(page, "文件描述符", "File descriptors");
	put_number(page->out, state->descriptors);
	buffer_append_text(page->out, " / ");
	put_number(page->out, state->descriptors_most);
	tile_close(page);
	tiles_close(page);
}

static void put_catalog(const struct page *page, const struct metrics_state *state,
		const struct metrics_sums *sums)
{
	tiles_open(page, "政策库", "Catalog");
	tile_number(page, "版本", "Revision", (uint64_t)state->revision);
	tile_open(page, "发布于", "Published");
	put_span(page, state->published ? state->now - state->published : -1);
	buffer_append_text(page->out, state->published ? say(page, "前", " ago") : "");
	tile_close(page);
	tile_number(page, "政策", "Policies", state->policies);
	tile_open(page, "装载用时", "Loaded in");
	put_duration(page->out, state->load_us);
	tile_close(page);
	tile_number(page, "测算次数", "Questions answered", sums->matches);
	tile_number(page, "规则无法计算", "Rule errors", sums->outcomes[METRICS_RULE_ERROR]);
	tiles_close(page);
}

static void put_outcomes(const struct page *page, const struct metrics_sums *sums)
{
	static const char *const chinese[] = { "不符合", "未在申报期", "待补充信息",
		"需人工审核", "符合", "差一点（问到时）" };
	static const char *const english[] = { "Ineligible", "Not open", "Needs information",
		"Needs review", "Eligible", "Near, when asked" };

	tiles_open(page, "测算结论（每项政策计一次）", "Outcomes, one a policy");
	for (size_t i = METRICS_ELIGIBLE + 1; i > 0; i--)
		tile_number(page, chinese[i - 1], english[i - 1], sums->outcomes[i - 1]);
	tile_number(page, chinese[METRICS_NEAR], english[METRICS_NEAR],
			sums->outcomes[METRICS_NEAR]);
	tiles_close(page);
}

/* Where in the buckets @share of the calls ends, between their bounds in proportion. */
static uint64_t quantile(const struct metrics_row *row, uint64_t count, double share)
{
	double wanted = share * (double)count;
	uint64_t below = 0;

	for (size_t i = 0; i < METRICS_BUCKETS - 1; i++) {
		uint64_t from = i ? metrics_bounds_us[i - 1] : 0;

		if (row->buckets[i] && (double)(below + row->buckets[i]) >= wanted)
			return from + (uint64_t)((double)(metrics_bounds_us[i] - from) *
						      (wanted - (double)below) /
						      (double)row->buckets[i]);
		below += row->buckets[i];
	}
	return metrics_bounds_us[METRICS_BUCKETS - 2];
}

/* What ended in one of the statuses that are the service's fault. */
static uint64_t faults_of(const struct metrics_row *row)
{
	return row->handled[2] + row->handled[13] + row->handled[14] + row->handled[15];
}

static void put_method(const struct page *page, const struct metrics_method *method,
		const struct metrics_row *row)
{
	struct buffer *out = page->out;
	const char *service = strrchr(method->service, '.');
	uint64_t faults = faults_of(row);
	uint64_t ended = 0;

	for (size_t code = 0; code < METRICS_CODES; code++)
		ended += row->handled[code];
	buffer_format(out, "<tr><td>%s/%s<td>", service ? service + 1 : method->service,
			method->name);
	put_number(out, row->started);
	buffer_append_text(out, "<td>");
	put_number(out, ended - row->handled[0] - faults);
	buffer_append_text(out, faults ? "<td class=bad>" : "<td>");
	put_number(out, faults);
	for (int i = 0; i < 3; i++) {
		static const double shares[] = { 0.5, 0.95, 0.99 };

		buffer_append_text(out, "<td>");
		if (ended == 0)
			buffer_append_text(out, "—");
		else
			put_duration(out, quantile(row, ended, shares[i]));
	}
	buffer_append_text(out, "\n");
}

static void put_methods(const struct page *page, const struct metrics_sums *sums)
{
	bool has_any = false;

	buffer_format(page->out,
			"<h2>%s</h2><div class=wide><table><tr><th>%s<th>%s<th>%s<th>%s"
			"<th>50%%<th>95%%<th>99%%\n",
			say(page, "调用", "Calls"), say(page, "方法", "Method"),
			say(page, "次数", "Begun"), say(page, "请求有误", "Refused"),
			say(page, "服务故障", "Failed"));
	for (size_t i = 0; i <= sums->method_count; i++) {
		if (sums->rows[i].started == 0)
			continue;
		put_method(page, &sums->methods[i], &sums->rows[i]);
		has_any = true;
	}
	if (!has_any)
		buffer_format(page->out, "<tr><td colspan=7 class=dim>%s\n",
				say(page, "还没有调用", "none yet"));
	buffer_append_text(page->out, "</table></div>\n");
}

static void put_registry(const struct page *page, const struct metrics_state *state)
{
	static const char *const run_chinese[] = { NULL, "进行中", "已完成", "已取消", "失败" };
	static const char *const chinese[] = { NULL, "待部门确认", "可领取", "已领取", NULL,
		NULL, NULL, NULL, "死信", NULL };

	tiles_open(page, "企业库与推送", "Registry and pushes");
	if (!state->registry_at) {
		buffer_format(page->out, "<div class=tile>%s</div>",
				say(page, "企业库正忙，稍后再看",
						"the registry is busy; look again"));
		tiles_close(page);
		return;
	}
	tile_number(page, "企业", "Enterprises", (uint64_t)state->enterprises);
	for (size_t i = 1; i < METRICS_RUN_STATES; i++) {
		buffer_format(page->out, "<div class=tile>%s%s<b>",
				say(page, "推送任务：", "Runs: "),
				say(page, run_chinese[i], metrics_run_names[i]));
		put_number(page->out, (uint64_t)state->runs[i]);
		tile_close(page);
	}
	for (size_t i = 1; i < METRICS_DELIVERY_STATES; i++) {
		if (!chinese[i] || state->deliveries[i] < 0)
			continue;
		buffer_format(page->out, "<div class=tile>%s%s<b>",
				say(page, "推送件：", "Deliveries: "),
				say(page, chinese[i], metrics_delivery_names[i]));
		put_number(page->out, (uint64_t)state->deliveries[i]);
		tile_close(page);
	}
	tile_number(page, "推送件：等待重试", "Deliveries: retrying",
			(uint64_t)state->retrying);
	tiles_close(page);
}

/* What waits there. */
static const char *queue_chinese(const char *name)
{
	static const char *const words[][2] = { { "store", "政策库" }, { "registry", "企业库" },
		{ "checker", "检查草稿" }, { "reporter", "统计报表" },
		{ "finder", "查找企业" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	return name;
}

static void put_queues(const struct page *page, const struct metrics_state *state)
{
	tiles_open(page, "排队的工作", "Jobs that wait");
	for (size_t i = 0; i < state->queue_count; i++) {
		buffer_format(page->out, "<div class=tile>%s<b>",
				page->is_english ? state->queues[i].name
						 : queue_chinese(state->queues[i].name));
		put_number(page->out, state->queues[i].waiting);
		buffer_append_text(page->out, " / ");
		put_number(page->out, state->queues[i].most);
		tile_close(page);
	}
	tiles_close(page);
}

void metrics_print_page(struct metrics *metrics, const struct metrics_state *state,
		bool is_english, struct buffer *out)
{
	struct page page = { out, is_english };
	struct metrics_sums sums;

	if (!metrics_sum(metrics, &sums)) {
		out->failed = true;
		return;
	}
	put_head(&page, state);
	put_service(&page, state, &sums);
	put_catalog(&page, state, &sums);
	put_outcomes(&page, &sums);
	put_methods(&page, &sums);
	put_registry(&page, state);
	put_queues(&page, state);
	buffer_append_text(out, "</body></html>\n");
	metrics_sums_fini(&sums);
}
