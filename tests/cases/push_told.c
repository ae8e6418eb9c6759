/* SPDX-License-Identifier: Apache-2.0 */
/* Push cases: what was told, and what becomes of it. */
#include "proto/codec/codec.h"
#include "push/digest.h"
#include "push_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

static void check(struct push_case *push, bool ok, const struct error *err)
{
	if (!ok)
		case_broken(&push->file, "%s", err->message);
}

/* Oldest first. */
static size_t deliveries_of(struct push_case *push, int64_t enterprise, int64_t run,
		struct ledger_delivery **out_list)
{
	struct ledger_listing listing = { .enterprise = enterprise, .run = run };
	struct ledger_delivery *list = NULL;
	size_t count = 0;
	struct error err;

	check(push,
			ledger_store_list_deliveries(push->world.ledger_store, &listing, 1000,
					true, push->file.arena, &list, &count, &err),
			&err);
	for (size_t i = 0; i < count / 2; i++) {
		struct ledger_delivery other = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = other;
	}
	*out_list = list;
	return count;
}

static const Policycalc__V1__Digest *digest_of(struct push_case *push, struct slice bytes)
{
	struct error err;
	const Policycalc__V1__Digest *digest = (const Policycalc__V1__Digest *)message_unpack(
			bytes, &policycalc__v1__digest__descriptor, &message_limits_default,
			push->file.arena, &err);

	check(push, digest != NULL, &err);
	return digest;
}

/* --- what was told --------------------------------------------------------------------------- */

static const char *amount_words(
		struct push_case *push, const Policycalc__V1__AmountAnswer *amount)
{
	char least[64], most[64];

	if (!amount)
		return "";
	unit_print_money(amount->least_fen, least);
	unit_print_money(amount->most_fen, most);
	switch ((int)amount->exactness) {
	case EXACTNESS(EXACT):
		return arena_format(push->file.arena, " %s", most);
	case EXACTNESS(UP_TO):
		return arena_format(push->file.arena, " up to %s", most);
	case EXACTNESS(RANGE):
		return arena_format(push->file.arena, " %s to %s", least, most);
	default:
		return "";
	}
}

static const char *entry_words(struct push_case *push, const Policycalc__V1__DeltaEntry *entry)
{
	char before[64];
	const char *text =
			arena_format(push->file.arena, "%s %s%s", delta_kind_name(entry->kind),
					entry->policy, amount_words(push, entry->amount));

	if (entry->_before_fen_case) {
		unit_print_money(entry->before_fen, before);
		text = arena_format(push->file.arena, "%s after %s", text, before);
	}
	if (entry->near)
		text = arena_format(push->file.arena, "%s near", text);
	if (entry->cause == LAPSE_CAUSE(WITHDRAWN))
		text = arena_format(push->file.arena, "%s withdrawn", text);
	if (*entry->deadline)
		text = arena_format(push->file.arena, "%s until %s", text, entry->deadline);
	return text;
}

static void expect_told(struct push_case *push, Policycalc__V1__DeliveryState state, char *rest)
{
	const struct firm *firm = case_firm(push, case_word(&push->file, &rest));
	struct ledger_delivery *list;
	size_t count = deliveries_of(push, firm->id, push->run->id, &list);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Digest *digest;

		if (list[i].state != (int)state)
			continue;
		digest = digest_of(push, list[i].digest);
		for (size_t k = 0; k < digest->n_entries; k++)
			text = arena_format(push->file.arena, "%s%s%s", text, *text ? "; " : "",
					entry_words(push, digest->entries[k]));
	}
	case_compare(&push->file, ledger_state_name(state), case_trim(rest),
			*text ? text : "nothing");
}

static void expect_found(struct push_case *push, char *rest)
{
	const char *text = "";

	for (size_t i = 0; i < push->run->n_counts; i++)
		text = arena_format(push->file.arena, "%s%s%s %s %lld", text, *text ? "; " : "",
				delta_kind_name(push->run->counts[i]->kind),
				push->run->counts[i]->series,
				(long long)push->run->counts[i]->count);
	case_compare(&push->file, "found", rest, *text ? text : "nothing");
}

static void expect_states(struct push_case *push, char *rest)
{
	const struct firm *firm = case_firm(push, case_word(&push->file, &rest));
	struct ledger_delivery *list;
	size_t count = deliveries_of(push, firm->id, 0, &list);
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_format(push->file.arena, "%s%s%s", text, *text ? " " : "",
				ledger_state_name(
						(Policycalc__V1__DeliveryState)list[i].state));
	case_compare(&push->file, "states", case_trim(rest), *text ? text : "none");
}

static void expect_says(struct push_case *push, char *rest)
{
	const struct firm *firm = case_firm(push, case_word(&push->file, &rest));
	const char *policy = case_word(&push->file, &rest);
	const char *language = case_word(&push->file, &rest);
	struct ledger_delivery *list;
	size_t count = deliveries_of(push, firm->id, 0, &list);
	const Policycalc__V1__Digest *digest;

	if (count == 0) {
		case_fail(&push->file, "%s was told nothing", firm->name);
		return;
	}
	digest = digest_of(push, list[count - 1].digest);
	for (size_t i = 0; i < digest->n_entries; i++) {
		if (strcmp(digest->entries[i]->policy, policy) != 0)
			continue;
		case_compare(&push->file, "reason", case_trim(rest),
				*language == 'z' ? digest->entries[i]->reason->zh
						 : digest->entries[i]->reason->en);
		return;
	}
	case_fail(&push->file, "nothing is said of %s", policy);
}

/* --- what becomes of it ---------------------------------------------------------------------- */

static void take_lease(struct push_case *push, struct firm *firm,
		const struct ledger_delivery *delivery)
{
	(void)memcpy(firm->old_key, firm->key, sizeof(firm->old_key));
	firm->old_bytes = firm->bytes;
	digest_key_print(delivery->key, firm->key);
	firm->bytes = delivery->digest;
	(void)snprintf(firm->lease, sizeof(firm->lease), "%.*s", SLICE_PRINT(delivery->lease));
	(void)push;
}

static void read_pull(struct push_case *push, char *rest)
{
	struct ledger_lease_order order = {
		.consumer = "test",
		.length_ms = 300000,
		.limit = 2,
		.now_ms = push->world.now_ms,
	};
	const char *text = "";
	bool more = true;

	while (more) {
		struct ledger_delivery *list;
		struct error err;
		size_t count;
		int64_t after;
		bool ok;

		do {
			case_fault_begin(push);
			ok = ledger_lease(&push->world.ledger, &order, push->file.arena, &list,
					&count, &after, &more, &err);
		} while (case_fault_end(push, ok, &err));
		check(push, ok, &err);
		order.filter.after = after;
		for (size_t i = 0; i < count; i++) {
			struct firm *firm = &push->firms[list[i].enterprise - 1];

			take_lease(push, firm, &list[i]);
			text = arena_format(push->file.arena, "%s%s%s", text, *text ? " " : "",
					firm->name);
		}
	}
	case_compare(&push->file, "pulled", rest, *text ? text : "nothing");
}

static void read_ack(struct push_case *push, char *rest, bool failed)
{
	char *name = case_trim(case_cut(&rest, ":"));
	const struct firm *firm = case_firm(push, name);
	Policycalc__V1__AckDeliveriesRequest request =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__INIT;
	Policycalc__V1__AckDeliveriesRequest__Ack ack =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__ACK__INIT;
	Policycalc__V1__AckDeliveriesRequest__Ack *acks[1] = { &ack };
	Policycalc__V1__DeliveryStatus *others[1];
	size_t other_count;
	int64_t count;
	struct error err;
	bool ok;

	ack.key = (char *)(uintptr_t)firm->key;
	ack.lease = (char *)(uintptr_t)firm->lease;
	ack.failed = failed;
	request.acks = acks;
	request.n_acks = 1;
	do {
		case_fault_begin(push);
		ok = ledger_ack(&push->world.ledger, &request, push->world.now_ms,
				push->file.arena, &count, others, &other_count, &err);
	} while (case_fault_end(push, ok, &err));
	check(push, ok, &err);
	case_compare(&push->file, "ack", case_trim(rest), count ? "" : others[0]->reason);
}

/* Pulls and acknowledges. */
static void read_take(struct push_case *push, char *rest)
{
	const char *names = case_keep(&push->file, rest);
	char *copy = case_keep(&push->file, rest);
	char *name;

	read_pull(push, (char *)(uintptr_t)names);
	/* Who got two has the lease of the second: the first one's stays and runs out. */
	while (*(name = case_word(&push->file, &copy)))
		read_ack(push, name, false);
}

static void read_again(struct push_case *push, char *rest)
{
	const struct firm *firm = case_firm(push, case_word(&push->file, &rest));
	bool same = strcmp(firm->key, firm->old_key) == 0 &&
		    slice_equals(firm->bytes, firm->old_bytes) && firm->bytes.size;

	case_compare(&push->file, "redelivery", "the same", same ? "the same" : "another");
}

static void read_decision(struct push_case *push, const char *series_name, bool refuse)
{
	struct ledger_decision decision = {
		.refuse = refuse,
		.confirmed_by = "科技局",
		.note = "",
		.now_ms = push->world.now_ms,
	};
	uint32_t series = 0;
	int64_t before = 0;
	struct error err;

	check(push,
			ledger_find_series(&push->world.ledger, series_name, push->file.arena,
					&series, &err),
			&err);
	if (!series)
		case_broken(&push->file, "there is no series %s", series_name);
	do {
		int64_t count, next;
		bool ok;

		do {
			next = before;
			case_fault_begin(push);
			ok = ledger_confirm_series(&push->world.ledger, &decision, series,
					&next, push->file.arena, &count, &err);
		} while (case_fault_end(push, ok, &err));
		check(push, ok, &err);
		before = next;
	} while (before);
}

bool case_read_told(struct push_case *push, const char *keyword, char *rest)
{
	if (strcmp(keyword, "told") == 0)
		expect_told(push, DELIVERY(RELEASED), rest);
	else if (strcmp(keyword, "held") == 0)
		expect_told(push, DELIVERY(HELD), rest);
	else if (strcmp(keyword, "quiet") == 0)
		expect_told(push, DELIVERY(SUPPRESSED), rest);
	else if (strcmp(keyword, "found") == 0)
		expect_found(push, rest);
	else if (strcmp(keyword, "silent") == 0)
		case_compare(&push->file, "silent", rest,
				push->run->silent ? push->run->reason : "not silent");
	else if (strcmp(keyword, "states") == 0)
		expect_states(push, rest);
	else if (strcmp(keyword, "says") == 0)
		expect_says(push, rest);
	else if (strcmp(keyword, "pull") == 0)
		read_pull(push, rest);
	else if (strcmp(keyword, "take") == 0)
		read_take(push, rest);
	else if (strcmp(keyword, "ack") == 0 || strcmp(keyword, "failed") == 0)
		read_ack(push, rest, *keyword == 'f');
	else if (strcmp(keyword, "again") == 0)
		read_again(push, rest);
	else if (strcmp(keyword, "confirm") == 0 && *rest)
		read_decision(push, rest, false);
	else if (strcmp(keyword, "refuse") == 0)
		read_decision(push, rest, true);
	else
		return false;
	return true;
}
