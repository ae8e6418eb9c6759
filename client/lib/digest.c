/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/digest.h"

#include "client/lib/client_internal.h"
#include "proto/codec/codec.h"

pcalc_digest *pcalc_digest_decode(const void *bytes, size_t size, struct pcalc_failure *failure)
{
	pcalc_digest *digest = handle_new(sizeof(*digest), failure);
	struct error err = { 0 };

	if (!digest)
		return NULL;
	digest->message = (const Policycalc__V1__Digest *)message_unpack(
			(struct slice){ bytes, size }, &policycalc__v1__digest__descriptor,
			&message_limits_default, &digest->arena, &err);
	if (digest->message)
		return digest;
	if (digest->arena.exhausted)
		(void)failure_out_of_memory(failure);
	else
		(void)failure_set(failure, PCALC_INTERNAL, err.message);
	pcalc_digest_free(digest);
	return NULL;
}

void pcalc_digest_free(pcalc_digest *digest)
{
	handle_free(digest);
}

struct pcalc_digest_summary pcalc_digest_summary_get(const pcalc_digest *digest)
{
	const Policycalc__V1__Digest *message = digest->message;

	return (struct pcalc_digest_summary){
		.key = message->key,
		.uscc = message->uscc,
		.name = message->name,
		.region = message->region,
		.run = message->run,
		.revision = message->revision,
		.as_of = message->as_of,
		.engine_version = message->engine_version,
		.disclaimer = text_from(message->disclaimer),
		.news_count = message->n_entries,
		.replaces_count = message->n_replaces,
	};
}

bool pcalc_digest_news(const pcalc_digest *digest, size_t index, struct pcalc_news *out_news)
{
	const Policycalc__V1__DeltaEntry *entry;
	struct pcalc_news news = { 0 };

	if (index >= digest->message->n_entries)
		return false;
	entry = digest->message->entries[index];
	news = (struct pcalc_news){
		.kind = (enum pcalc_news_kind)entry->kind,
		.series = entry->series,
		.policy = entry->policy,
		.title = text_from(entry->title),
		.policy_kind = (int)entry->policy_kind,
		.departments = (const char *const *)entry->departments,
		.department_count = entry->n_departments,
		.amount = amount_from(entry->amount),
		.has_before = entry->_before_fen_case ==
			      POLICYCALC__V1__DELTA_ENTRY___BEFORE_FEN_BEFORE_FEN,
		.deadline = entry->deadline,
		.reason = text_from(entry->reason),
		.cause = (enum pcalc_lapse_cause)entry->cause,
		.has_near = entry->near != NULL,
	};
	news.before_fen = news.has_before ? entry->before_fen : 0;
	if (entry->near)
		news.near = near_from(entry->near);
	*out_news = news;
	return true;
}

const char *pcalc_digest_replaces(const pcalc_digest *digest, size_t index)
{
	return index < digest->message->n_replaces ? digest->message->replaces[index] : NULL;
}
