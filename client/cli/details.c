/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/details.h"

#include "client/render/text.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <string.h>

#define DETAILS_BUDGET ((size_t)1 << 20)

const char *details_head_zh(int code)
{
	static const char *const heads[] = {
		[PCALC_OK] = "完成",
		[PCALC_CANCELLED] = "已取消",
		[PCALC_UNKNOWN] = "未知错误",
		[PCALC_INVALID_ARGUMENT] = "请求有误",
		[PCALC_DEADLINE_EXCEEDED] = "超过时限",
		[PCALC_NOT_FOUND] = "没有找到",
		[PCALC_ALREADY_EXISTS] = "已经存在",
		[PCALC_PERMISSION_DENIED] = "没有权限",
		[PCALC_RESOURCE_EXHAUSTED] = "超出限额或资源不足",
		[PCALC_FAILED_PRECONDITION] = "条件不满足",
		[PCALC_ABORTED] = "已中止",
		[PCALC_OUT_OF_RANGE] = "超出范围",
		[PCALC_UNIMPLEMENTED] = "服务没有这个功能",
		[PCALC_INTERNAL] = "服务内部错误",
		[PCALC_UNAVAILABLE] = "服务不可用",
		[PCALC_DATA_LOSS] = "数据损坏",
		[PCALC_UNAUTHENTICATED] = "身份未通过验证",
	};

	if (code == PCALC_OUT_OF_MEMORY)
		return "内存不足";
	return code >= 0 && code < (int)(sizeof(heads) / sizeof(*heads)) ? heads[code]
									 : heads[PCALC_UNKNOWN];
}

static void detail_print(const char *where, const char *what)
{
	struct buffer clean = { 0 };

	text_append_clean(&clean, slice_from(where));
	buffer_append_text(&clean, *where ? ": " : "");
	text_append_clean(&clean, slice_from(what));
	(void)fprintf(stderr, "  %s\n", clean.failed ? "" : clean.data);
	buffer_fini(&clean);
}

/* Whether the one detail only says again what the message has said. */
static bool detail_repeats(const Google__Rpc__BadRequest *bad, const char *message)
{
	const char *what = bad->n_field_violations == 1 ? bad->field_violations[0]->description
							: NULL;
	size_t size = what ? strlen(what) : 0;
	size_t message_size = strlen(message);

	return size && size <= message_size &&
	       strcmp(message + message_size - size, what) == 0 &&
	       strstr(message, bad->field_violations[0]->field);
}

static const void *detail_unpack(
		struct arena *arena, struct slice bytes, const ProtobufCMessageDescriptor *type)
{
	return message_unpack(bytes, type, NULL, arena, NULL);
}

/* What the message says in English, in words that say what to do. */
static void reason_print(const struct cli *cli, const char *reason)
{
	if (strcmp(reason, "SECOND_IDENTITY_NEEDED") == 0)
		(void)fprintf(stderr, "%s\n",
				cli_word(cli,
						"  "
						"双人复核：草稿已经检查并记下。请另一个人用另一"
						"个令牌发布同一份"
						"草稿",
						"  four eyes: the draft is checked and noted. "
						"It is published "
						"when somebody\n  else sends the same with "
						"another token"));
}

/* The server's words in Chinese. */
static const char *limit_word(const struct cli *cli, const char *limit)
{
	static const struct {
		const char *en, *zh;
	} words[] = {
		{ "calls a second", "每秒调用次数" },
		{ "calls at once", "同时进行的调用数" },
		{ "heavy calls a second", "每秒繁重调用次数" },
		{ "heavy calls at once", "同时进行的繁重调用数" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(limit, words[i].en) == 0)
			return cli_word(cli, words[i].zh, words[i].en);
	return limit;
}

static void quota_print(const struct cli *cli, const Google__Rpc__QuotaFailure *failure)
{
	static const char IDENTITY[] = "identity ";

	for (size_t i = 0; i < failure->n_violations; i++) {
		const char *subject = failure->violations[i]->subject;
		const char *limit = limit_word(cli, failure->violations[i]->description);
		struct buffer where = { 0 };

		if (strncmp(subject, IDENTITY, strlen(IDENTITY)) == 0)
			buffer_format(&where, "%s %s", cli_word(cli, "身份", "identity"),
					subject + strlen(IDENTITY));
		else
			buffer_append_text(&where,
					strcmp(subject, "address") == 0
							? cli_word(cli, "本机地址",
									  "this address")
							: subject);
		detail_print(cli_word(cli, "超出限额", "over the limit"), limit);
		detail_print(cli_word(cli, "属于", "of"), where.failed ? "" : where.data);
		buffer_fini(&where);
	}
}

/* In seconds that somebody can count, never too few. */
static void retry_print(const struct cli *cli, const Google__Rpc__RetryInfo *retry)
{
	int64_t wait_ms = retry_delay_ms(retry);

	if (wait_ms > 0)
		(void)fprintf(stderr,
				cli_word(cli, "  请在 %lld 秒后再试\n",
						"  try again in %lld s\n"),
				(long long)(wait_ms + 999) / 1000);
}

void details_print(const struct cli *cli, const struct buffer *details, const char *message)
{
	static const char BAD_REQUEST[] = "type.googleapis.com/google.rpc.BadRequest";
	static const char REASON[] = "type.googleapis.com/google.rpc.ErrorInfo";
	static const char PRECONDITION[] = "type.googleapis.com/google.rpc.PreconditionFailure";
	static const char QUOTA[] = "type.googleapis.com/google.rpc.QuotaFailure";
	static const char RETRY[] = "type.googleapis.com/google.rpc.RetryInfo";
	const Google__Rpc__Status *status;
	struct arena arena;

	arena_init(&arena, DETAILS_BUDGET);
	status = detail_unpack(&arena, (struct slice){ details->data, details->size },
			&google__rpc__status__descriptor);
	for (size_t i = 0; status && i < status->n_details; i++) {
		const Google__Rpc__Status__Detail *any = status->details[i];
		struct slice bytes = { (const char *)any->value.data, any->value.len };

		if (strcmp(any->type_url, BAD_REQUEST) == 0) {
			const Google__Rpc__BadRequest *bad = detail_unpack(
					&arena, bytes, &google__rpc__bad_request__descriptor);

			for (size_t j = 0; bad && !detail_repeats(bad, message) &&
					   j < bad->n_field_violations;
					j++)
				detail_print(bad->field_violations[j]->field,
						cli_said(cli,
								bad->field_violations[j]
										->description,
								&arena));
		} else if (strcmp(any->type_url, REASON) == 0) {
			const Google__Rpc__ErrorInfo *info = detail_unpack(
					&arena, bytes, &google__rpc__error_info__descriptor);

			if (info)
				reason_print(cli, info->reason);
		} else if (strcmp(any->type_url, PRECONDITION) == 0) {
			const Google__Rpc__PreconditionFailure *unmet = detail_unpack(&arena,
					bytes, &google__rpc__precondition_failure__descriptor);

			for (size_t j = 0; unmet && j < unmet->n_violations; j++)
				detail_print(unmet->violations[j]->subject,
						cli_said(cli, unmet->violations[j]->description,
								&arena));
		} else if (strcmp(any->type_url, QUOTA) == 0) {
			const Google__Rpc__QuotaFailure *quota = detail_unpack(
					&arena, bytes, &google__rpc__quota_failure__descriptor);

			if (quota)
				quota_print(cli, quota);
		} else if (strcmp(any->type_url, RETRY) == 0) {
			const Google__Rpc__RetryInfo *retry = detail_unpack(
					&arena, bytes, &google__rpc__retry_info__descriptor);

			if (retry)
				retry_print(cli, retry);
		}
	}
	arena_fini(&arena);
}
