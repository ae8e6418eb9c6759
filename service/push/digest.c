/* SPDX-License-Identifier: Apache-2.0 */
#include "push/digest.h"

#include "base/buffer.h"
#include "base/date.h"
#include "store/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NATURE(word) POLICYCALC__V1__NATURE__NATURE_##word

bool digest_key(int64_t run, const char *uscc, enum digest_part part, const char *series,
		unsigned char out_key[DIGEST_KEY_SIZE], struct error *err)
{
	static const char *const parts[DIGEST_PART_END] = { "released", "held", "suppressed" };
	struct buffer text = { 0 };
	bool ok;

	buffer_format(&text, "%lld/%.32s/%s%s%s", (long long)run, uscc, parts[part],
			*series ? "/" : "", series);
	ok = text.failed ? error_set(err, ERROR_MEMORY, "out of memory while making a key")
			 : entry_hash((struct slice){ text.data, text.size }, out_key, err);
	buffer_fini(&text);
	return ok;
}

void digest_key_print(const unsigned char key[DIGEST_KEY_SIZE],
		char out_text[static 2 * DIGEST_KEY_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_KEY_SIZE; i++) {
		out_text[2 * i] = digits[key[i] >> 4];
		out_text[2 * i + 1] = digits[key[i] & 15];
	}
	out_text[2 * DIGEST_KEY_SIZE] = '\0';
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_key_parse(const char *text, unsigned char out_key[DIGEST_KEY_SIZE])
{
	if (strlen(text) != (size_t)2 * DIGEST_KEY_SIZE)
		return false;
	for (size_t i = 0; i < DIGEST_KEY_SIZE; i++) {
		int high = digit_of(text[2 * i]);
		int low = digit_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out_key[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

int64_t digest_told_value(const struct told_amount *amount)
{
	return amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST
			       ? amount->least
			       : amount->most;
}

int64_t digest_value(const Policycalc__V1__AmountAnswer *amount)
{
	if (!amount)
		return 0;
	return amount->exactness == POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST
			       ? amount->least_fen
			       : amount->most_fen;
}

Policycalc__V1__Text *digest_disclaimer(struct arena *arena)
{
	Policycalc__V1__Text *text = ARENA_NEW(arena, Policycalc__V1__Text);

	if (!text)
		return NULL;
	policycalc__v1__text__init(text);
	text->zh = (char *)"本消息由政策计算器依据现有数据得出，能否享受以主管部门审核为准。";
	text->en = (char *)"Computed from the data at hand; the authority in charge decides.";
	return text;
}

/* --- what is kept of an answer --------------------------------------------------------------- */

/* The figures and the sentence; how it was computed can be asked for. */
static Policycalc__V1__AmountAnswer *amount_copy(
		const Policycalc__V1__AmountAnswer *from, struct arena *arena)
{
	Policycalc__V1__AmountAnswer *amount = ARENA_NEW(arena, Policycalc__V1__AmountAnswer);

	if (!amount)
		return NULL;
	policycalc__v1__amount_answer__init(amount);
	amount->exactness = from->exactness;
	amount->least_fen = from->least_fen;
	amount->most_fen = from->most_fen;
	amount->beneficiary = from->beneficiary;
	amount->nature = from->nature;
	amount->sentence = from->sentence;
	amount->term_months = from->term_months;
	amount->first_year_least_fen = from->first_year_least_fen;
	amount->first_year_most_fen = from->first_year_most_fen;
	return amount;
}

static Policycalc__V1__NearChange *change_copy(
		const Policycalc__V1__NearChange *from, struct arena *arena)
{
	Policycalc__V1__NearChange *change = ARENA_NEW(arena, Policycalc__V1__NearChange);

	if (!change)
		return NULL;
	*change = *from;
	change->parameter_source = NULL;
	return change;
}

static Policycalc__V1__NearMiss *near_copy(
		const Policycalc__V1__NearMiss *from, struct arena *arena)
{
	Policycalc__V1__NearMiss *near = ARENA_NEW(arena, Policycalc__V1__NearMiss);

	if (!near)
		return NULL;
	*near = *from;
	near->amount = NULL;
	if (from->amount) {
		near->amount = amount_copy(from->amount, arena);
		if (!near->amount)
			return NULL;
	}
	near->changes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__NearChange *, from->n_changes + 1);
	for (size_t i = 0; near->changes && i < from->n_changes; i++) {
		near->changes[i] = change_copy(from->changes[i], arena);
		if (!near->changes[i])
			return NULL;
	}
	return near->changes ? near : NULL;
}

Policycalc__V1__DeltaEntry *digest_card(
		const Policycalc__V1__Policy *policy, struct arena *arena)
{
	Policycalc__V1__DeltaEntry *card = ARENA_NEW(arena, Policycalc__V1__DeltaEntry);

	if (!card)
		return NULL;
	policycalc__v1__delta_entry__init(card);
	card->series = policy->series;
	card->policy = policy->id;
	card->title = policy->title;
	card->policy_kind = policy->kind;
	card->departments = policy->departments;
	card->n_departments = policy->n_departments;
	return card;
}

/* --- one line of reason ---------------------------------------------------------------------- */

static const char *money_print(int64_t fen, bool zh, struct arena *arena)
{
	uint64_t size = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
	const char *sign = fen < 0 ? "-" : "";
	unsigned long long yuan = size / 100;
	unsigned cents = (unsigned)(size % 100);

	if (zh && cents == 0 && yuan >= 10000) {
		unsigned long long wan = yuan / 10000;
		unsigned part = (unsigned)(yuan % 10000);
		int decimals = 4;

		if (part == 0)
			return arena_format(arena, "%s%llu 万元", sign, wan);
		for (; part % 10 == 0; part /= 10)
			decimals--;
		return arena_format(arena, "%s%llu.%0*u 万元", sign, wan, decimals, part);
	}
	if (cents)
		return arena_format(arena, zh ? "%s%llu.%02u 元" : "CNY %s%llu.%02u", sign,
				yuan, cents);
	return arena_format(arena, zh ? "%s%llu 元" : "CNY %s%llu", sign, yuan);
}

static const char *amount_print(const struct told_amount *amount, bool zh, struct arena *arena)
{
	const char *least = money_print(amount->least, zh, arena);
	const char *most = money_print(amount->most, zh, arena);

	if (!least || !most)
		return NULL;
	switch (amount->exactness) {
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT:
		return least;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO:
		return arena_format(arena, zh ? "最高 %s" : "up to %s", most);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE:
		return arena_format(arena, zh ? "%s～%s" : "%s to %s", least, most);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST:
		return arena_format(arena, zh ? "至少 %s" : "at least %s", least);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE:
		return zh ? "无法计算" : "not computable";
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_STATED:
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UNSPECIFIED:
	default:
		return zh ? "未规定金额" : "no stated amount";
	}
}

static const char *text_of(const Policycalc__V1__Text *text, bool zh)
{
	if (!text)
		return "";
	return zh || !*text->en ? text->zh : text->en;
}

static const char *settled_of(const struct digest_news *news, bool zh)
{
	return news->answer ? text_of(news->answer->settled_sentence, zh) : "";
}

static const char *near_of(const struct digest_news *news, bool zh)
{
	return news->answer && news->answer->n_near
			       ? text_of(news->answer->near[0]->sentence, zh)
			       : "";
}

static const char *amounts_print(const struct digest_news *news, bool zh, struct arena *arena)
{
	const char *before = amount_print(&news->before->amount, zh, arena);
	const char *now = amount_print(&news->delta.next.amount, zh, arena);

	if (!before || !now)
		return NULL;
	return arena_format(arena,
			zh ? "可享受金额由%s变为%s" : "the amount goes from %s to %s", before,
			now);
}

static const char *lapsed_print(const struct digest_news *news, bool zh, struct arena *arena)
{
	if (news->delta.cause == LAPSE_CAUSE(WITHDRAWN))
		return zh ? "政策已结束或撤销" : "the policy has ended or was withdrawn";
	if (!news->delta.near)
		return settled_of(news, zh);
	return arena_format(arena, zh ? "%s；%s" : "%s; %s", settled_of(news, zh),
			near_of(news, zh));
}

static const char *version_print(const struct digest_news *news, bool zh, struct arena *arena)
{
	const struct told_amount *before = &news->before->amount;
	const struct told_amount *now = &news->delta.next.amount;
	const char *amounts = "";

	if (before->exactness != now->exactness || before->least != now->least ||
			before->most != now->most) {
		amounts = amounts_print(news, zh, arena);
		if (!amounts)
			return NULL;
		amounts = arena_format(arena, zh ? "；%s" : "; %s", amounts);
	}
	if (!amounts)
		return NULL;
	return arena_format(arena,
			zh ? "政策已换新版本，仍可享受：%s%s"
			   : "a new version of the policy is in force and still fits: %s%s",
			settled_of(news, zh), amounts);
}

static const char *reason_print(const struct digest_news *news, bool zh, struct arena *arena)
{
	char day[11];

	switch ((int)news->delta.kind) {
	case DELTA_KIND(NEWLY_NEAR):
		return near_of(news, zh);
	case DELTA_KIND(AMOUNT_CHANGED):
		return amounts_print(news, zh, arena);
	case DELTA_KIND(LAPSED):
		return lapsed_print(news, zh, arena);
	case DELTA_KIND(CLOSING_SOON):
		date_print(date_from_days(news->window_end), day);
		return arena_format(arena,
				zh ? "申报窗口 %s 截止，还有 %d 天"
				   : "applications close on %s, in %d days",
				day, (int)(news->window_end - news->today));
	case DELTA_KIND(VERSION_CHANGED):
		return version_print(news, zh, arena);
	case DELTA_KIND(NEWLY_ELIGIBLE):
	case DELTA_KIND(UNSPECIFIED):
	default:
		return settled_of(news, zh);
	}
}

/* --- entries --------------------------------------------------------------------------------- */

static void entry_head(Policycalc__V1__DeltaEntry *entry, const struct digest_news *news)
{
	const Policycalc__V1__PolicyAnswer *answer = news->answer;

	if (!answer) {
		*entry = *news->card;
		return;
	}
	entry->series = answer->series;
	entry->policy = answer->policy_id;
	entry->title = answer->title;
	entry->policy_kind = answer->kind;
	entry->departments = answer->departments;
	entry->n_departments = answer->n_departments;
}

static bool entry_reason(Policycalc__V1__DeltaEntry *entry, const struct digest_news *news,
		struct arena *arena)
{
	Policycalc__V1__Text *reason = ARENA_NEW(arena, Policycalc__V1__Text);

	if (!reason)
		return false;
	policycalc__v1__text__init(reason);
	reason->zh = (char *)(uintptr_t)reason_print(news, true, arena);
	reason->en = (char *)(uintptr_t)reason_print(news, false, arena);
	entry->reason = reason;
	return reason->zh && reason->en;
}

Policycalc__V1__DeltaEntry *digest_entry(const struct digest_news *news, struct arena *arena)
{
	Policycalc__V1__DeltaEntry *entry = ARENA_NEW(arena, Policycalc__V1__DeltaEntry);
	const Policycalc__V1__PolicyAnswer *answer = news->answer;
	bool lapsed = news->delta.kind == DELTA_KIND(LAPSED);

	if (!entry)
		return NULL;
	policycalc__v1__delta_entry__init(entry);
	entry_head(entry, news);
	entry->kind = news->delta.kind;
	entry->cause = news->delta.cause;
	if (answer && answer->amount && !lapsed && !news->delta.near) {
		entry->amount = amount_copy(answer->amount, arena);
		if (!entry->amount)
			return NULL;
	}
	if (news->delta.kind == DELTA_KIND(AMOUNT_CHANGED) ||
			news->delta.kind == DELTA_KIND(VERSION_CHANGED)) {
		entry->_before_fen_case = POLICYCALC__V1__DELTA_ENTRY___BEFORE_FEN_BEFORE_FEN;
		entry->before_fen = digest_told_value(&news->before->amount);
	}
	if (news->window_end && !lapsed) {
		char *day = arena_alloc(arena, 11);

		if (!day)
			return NULL;
		date_print(date_from_days(news->window_end), day);
		entry->deadline = day;
	}
	if (news->delta.near && answer && answer->n_near) {
		entry->near = near_copy(answer->near[0], arena);
		if (!entry->near)
			return NULL;
	}
	return entry_reason(entry, news, arena) ? entry : NULL;
}

/* --- order ----------------------------------------------------------------------------------- */

static int class_of(const Policycalc__V1__DeltaEntry *entry)
{
	if (entry->kind == DELTA_KIND(LAPSED))
		return 2;
	return entry->kind == DELTA_KIND(NEWLY_NEAR);
}

/* Money in hand goes before credit lines, shares and what is no money. */
static bool is_cash(const Policycalc__V1__AmountAnswer *amount)
{
	return amount && (amount->nature == NATURE(CASH) || amount->nature == NATURE(TAX) ||
					 amount->nature == NATURE(INTEREST));
}

static const Policycalc__V1__AmountAnswer *amount_of(const Policycalc__V1__DeltaEntry *entry)
{
	return entry->near ? entry->near->amount : entry->amount;
}

static int entry_compare(const void *a, const void *b)
{
	const Policycalc__V1__DeltaEntry *left = *(Policycalc__V1__DeltaEntry *const *)a;
	const Policycalc__V1__DeltaEntry *right = *(Policycalc__V1__DeltaEntry *const *)b;
	bool left_cash = is_cash(amount_of(left)), right_cash = is_cash(amount_of(right));
	int64_t left_value = digest_value(amount_of(left));
	int64_t right_value = digest_value(amount_of(right));
	int order = class_of(left) - class_of(right);

	if (!order)
		order = (int)right_cash - (int)left_cash;
	if (!order)
		order = (right_value > left_value) - (right_value < left_value);
	if (!order)
		order = strcmp(left->series, right->series);
	return order ? order : (int)left->kind - (int)right->kind;
}

void digest_sort(Policycalc__V1__DeltaEntry **entries, size_t count)
{
	if (count)
		qsort(entries, count, sizeof(*entries), entry_compare);
}
