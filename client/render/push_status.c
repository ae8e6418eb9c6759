/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/push_status.h"

#include "client/render/table.h"
#include "client/render/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- why a try has failed --------------------------------------------------------------------- */

/* What the service says of a try; of other words nothing better is known. */
static void reason_print(
		const struct render_style *style, const char *reason, struct buffer *out)
{
	static const struct word_pair words[] = {
		{ "连不上接收方", "Couldn't connect to server" },
		{ "找不到接收方的地址", "Couldn't resolve host name" },
		{ "接收方未在限时内答复", "Timeout was reached" },
		{ "接收方未答复即断开", "Server returned nothing (no headers, no data)" },
		{ "答复不完整", "Transferred a partial file" },
		{ "接收数据失败", "Failure when receiving data from the peer" },
		{ "接收方的证书不可信", "SSL peer certificate or SSH remote key was not OK" },
		{ "无法建立加密连接", "SSL connect error" },
		{ "服务停止时尚未答复", "the service ended before the answer came" },
		{ "消息内容损坏", "what it says cannot be read" },
		{ "多次领取，均未送达", "handed out many times, and never delivered" },
	};
	static const char answered[] = "the receiver answered ";
	static const char given_up[] = "given up after ";
	const char *last = strstr(reason, "; the last: ");

	if (!style->english) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			if (strcmp(words[i].en, reason) == 0) {
				buffer_append_text(out, words[i].zh);
				return;
			}
		}
		if (strncmp(reason, answered, strlen(answered)) == 0) {
			buffer_format(out, "接收方答复 %ld%s",
					strtol(reason + strlen(answered), NULL, 10),
					strchr(reason, ';') ? "（不跟随跳转）" : "");
			return;
		}
		if (strncmp(reason, given_up, strlen(given_up)) == 0 && last) {
			buffer_format(out, "试 %ld 次后放弃：",
					strtol(reason + strlen(given_up), NULL, 10));
			reason_print(style, last + strlen("; the last: "), out);
			return;
		}
	}
	text_append_clean(out, slice_from(reason));
}

/* --- dead letters ----------------------------------------------------------------------------- */

bool dead_print(const struct render_style *style, Policycalc__V1__Delivery *const *deliveries,
		size_t count, struct buffer *out)
{
	struct table table = { .columns = 5,
		.headings = { word(style, "凭证号", "key"), word(style, "企业", "enterprise"),
				word(style, "试发", "tries"), word(style, "时间", "time"),
				word(style, "原因", "why") },
		.right = { false, false, true, false, false },
		.whole = { false, true, true, true, false } };
	struct buffer reason = { 0 };
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Delivery *delivery = deliveries[i];
		char tries[16], time[17];
		const char *cells[] = { delivery->key,
			delivery->digest ? delivery->digest->uscc : "", tries, time, "" };

		(void)snprintf(tries, sizeof(tries), "%d", (int)delivery->tries);
		/* To the minute, without the letter in the middle. */
		(void)snprintf(time, sizeof(time), "%s", delivery->changed_at);
		if (strlen(time) > 10)
			time[10] = ' ';
		buffer_clear(&reason);
		reason_print(style, delivery->reason, &reason);
		ok = ok && !reason.failed; /* the next one begins anew */
		cells[4] = reason.data;
		table_add(&table, cells);
	}
	ok = ok && table_print(&table, style->width, style->colour, out);
	buffer_fini(&reason);
	table_fini(&table);
	return ok;
}

/* --- status ----------------------------------------------------------------------------------- */

static void webhook_print(const struct render_style *style,
		const Policycalc__V1__WebhookStatus *webhook, struct buffer *out)
{
	buffer_append_text(out, word(style, "推送接口：", "webhook: "));
	text_append_clean(out, slice_from(webhook->receiver));
	buffer_append_text(out, webhook->down ? word(style, "（不可用，逐份试探）\n",
								" (down: one try at a time)\n")
					      : word(style, "（正常）\n", " (well)\n"));
	buffer_format(out,
			word(style,
					"  启动以来：试发 %lld 次，已送达 %lld，失败待重试 "
					"%lld，成为退信 %lld；在途 %d\n",
					"  since the start: %lld tries, %lld delivered, %lld "
					"failed, %lld dead; %d under way\n"),
			(long long)webhook->tries, (long long)webhook->delivered,
			(long long)webhook->failed, (long long)webhook->dead,
			(int)webhook->in_flight);
	if (webhook->pause_ms)
		buffer_format(out,
				word(style, "  暂停发送，还有 %.1f 秒\n",
						"  paused for %.1f s\n"),
				(double)webhook->pause_ms / 1000);
	if (*webhook->reason) {
		buffer_append_text(
				out, word(style, "  最近一次失败：", "  the last failure: "));
		reason_print(style, webhook->reason, out);
		buffer_append_text(out, word(style, "（", " ("));
		text_append_clean(out, slice_from(webhook->failed_at));
		buffer_append_text(out, word(style, "）\n", ")\n"));
	}
	if (webhook->n_kinds || *webhook->region) {
		buffer_append_text(out, word(style, "  只发送：", "  only: "));
		for (size_t i = 0; i < webhook->n_kinds; i++)
			buffer_format(out, "%s%s", i ? word(style, "、", ", ") : "",
					word_kind(style, webhook->kinds[i]));
		if (*webhook->region) {
			buffer_append_text(
					out, word(style, webhook->n_kinds ? "；地区 " : "地区 ",
							     webhook->n_kinds ? "; region "
									      : "region "));
			text_append_clean(out, slice_from(webhook->region));
		}
		buffer_append_char(out, '\n');
	}
}

void push_status_print(const struct render_style *style,
		const Policycalc__V1__GetPushStatusResponse *status, struct buffer *out)
{
	buffer_format(out,
			word(style,
					"待确认 %lld，可领取 %lld（其中待重试 %lld），已领取 "
					"%lld，退信 %lld\n",
					"%lld held, %lld released (%lld of them to be tried "
					"again), %lld leased, %lld dead letters\n"),
			(long long)status->held, (long long)status->released,
			(long long)status->retrying, (long long)status->leased,
			(long long)status->dead);
	if (status->webhook)
		webhook_print(style, status->webhook, out);
	else
		buffer_append_text(out,
				word(style, "推送接口：没有配置（--webhook-url）\n",
						"webhook: there is none (--webhook-url)\n"));
}
