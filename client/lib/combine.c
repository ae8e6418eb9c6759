/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A combination comes by itself or with the answers of a match; struct pcalc_combination is the
 * same for both. Messages within a message may be absent: they read as empty.
 */
#include "client/lib/client_internal.h"

typedef Policycalc__V1__CombinationChoice choice_message;
typedef Policycalc__V1__CombinationUnit unit_message;
typedef Policycalc__V1__CombinationReason reason_message;

static const choice_message no_choice = POLICYCALC__V1__COMBINATION_CHOICE__INIT;

pcalc_combination *pcalc_combine(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_combine_options *options, struct pcalc_failure *failure)
{
	pcalc_combination *combination = handle_new(sizeof(*combination), failure);
	Policycalc__V1__CombineRequest request = POLICYCALC__V1__COMBINE_REQUEST__INIT;
	const Policycalc__V1__CombineResponse *response;

	if (!combination)
		return NULL;
	/* Packing only reads; the generated struct has no way to say so. */
	request.profile = (Policycalc__V1__Profile *)(uintptr_t)profile_message(profile);
	if (options) {
		request.revision = options->revision;
		if (options->as_of)
			request.as_of = (char *)(uintptr_t)options->as_of;
		request.strict = options->strict;
		request.policies = (char **)(uintptr_t)options->policies;
		request.n_policies = options->policy_count;
	}
	response = (const Policycalc__V1__CombineResponse *)client_call(client,
			CALCULATOR_PATH "Combine", &request.base,
			&policycalc__v1__combine_response__descriptor, &combination->arena,
			failure);
	if (response && response->combination) {
		combination->message = response->combination;
		combination->revision = response->revision;
		combination->as_of = response->as_of;
		combination->warnings = response->warnings;
		combination->warning_count = response->n_warnings;
		return combination;
	}
	if (response)
		(void)failure_set(failure, PCALC_INTERNAL, "an answer without content");
	pcalc_combination_free(combination);
	return NULL;
}

void pcalc_combination_free(pcalc_combination *combination)
{
	handle_free(combination);
}

struct pcalc_combination_summary pcalc_combination_get_summary(
		const pcalc_combination *combination)
{
	return (struct pcalc_combination_summary){
		.revision = combination->revision,
		.as_of = combination->as_of,
		.answer_count = combination->message->n_answers,
		.other_count = combination->message->n_others,
		.later_count = combination->message->n_opening_later,
	};
}

/* --- benefits and reasons ---------------------------------------------------------------------- */

static struct pcalc_benefit benefit_from(const unit_message *unit)
{
	if (!unit)
		return (struct pcalc_benefit){
			.policy_id = "", .title = { "", "" }, .item_list = "", .item_id = ""
		};
	return (struct pcalc_benefit){
		.policy_id = unit->policy_id,
		.title = text_from(unit->title),
		.item_list = unit->list,
		.item_id = unit->item_id,
		.verdict = (enum pcalc_verdict)unit->verdict,
	};
}

static bool benefit_get(unit_message *const *units, size_t count, size_t index,
		struct pcalc_benefit *out_benefit)
{
	if (index >= count)
		return false;
	*out_benefit = benefit_from(units[index]);
	return true;
}

static struct pcalc_combination_reason reason_from(const reason_message *reason)
{
	if (!reason)
		return (struct pcalc_combination_reason){
			.name = "", .sentence = { "", "" }, .document = "", .clause = ""
		};
	return (struct pcalc_combination_reason){
		.cause = (enum pcalc_cause)reason->cause,
		.name = reason->name,
		.limit_fen = reason->limit_fen,
		.sentence = text_from(reason->sentence),
		.document = reason->source ? reason->source->doc : "",
		.clause = reason->source ? reason->source->clause : "",
		.benefit_count = reason->n_units,
	};
}

/* --- the choices ------------------------------------------------------------------------------- */

static const choice_message *choice_find(
		const pcalc_combination *combination, enum pcalc_choice_kind kind)
{
	const choice_message *choice = NULL;

	if (kind == PCALC_CHOICE_SURE)
		choice = combination->message->sure;
	else if (kind == PCALC_CHOICE_POSSIBLE)
		choice = combination->message->possible;
	return choice ? choice : &no_choice;
}

struct pcalc_choice pcalc_combination_get_choice(
		const pcalc_combination *combination, enum pcalc_choice_kind kind)
{
	const choice_message *choice = choice_find(combination, kind);

	return (struct pcalc_choice){
		.first_year_fen = choice->total_fen,
		.whole_term_fen = choice->whole_term_fen,
		.proved = choice->proved,
		.open_ended = choice->open_ended,
		.chosen_count = choice->n_chosen,
		.left_out_count = choice->n_left_out,
	};
}

bool pcalc_combination_get_chosen(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, struct pcalc_chosen *out_chosen)
{
	const choice_message *choice = choice_find(combination, kind);
	const Policycalc__V1__CombinationChosen *chosen;

	if (index >= choice->n_chosen)
		return false;
	chosen = choice->chosen[index];
	*out_chosen = (struct pcalc_chosen){
		.benefit = benefit_from(chosen->unit),
		.amount_fen = chosen->amount_fen,
		.counted_fen = chosen->counted_fen,
		.whole_term_fen = chosen->whole_term_fen,
		.truncated = chosen->truncated_by != NULL,
		.truncated_by = reason_from(chosen->truncated_by),
	};
	return true;
}

bool pcalc_combination_get_sharer(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t benefit,
		struct pcalc_benefit *out_benefit)
{
	const choice_message *choice = choice_find(combination, kind);
	const reason_message *cap;

	if (index >= choice->n_chosen)
		return false;
	cap = choice->chosen[index]->truncated_by;
	return cap && benefit_get(cap->units, cap->n_units, benefit, out_benefit);
}

bool pcalc_combination_get_left_out(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, struct pcalc_left_out *out_left_out)
{
	const choice_message *choice = choice_find(combination, kind);
	const Policycalc__V1__CombinationLeftOut *left_out;

	if (index >= choice->n_left_out)
		return false;
	left_out = choice->left_out[index];
	*out_left_out = (struct pcalc_left_out){
		.benefit = benefit_from(left_out->unit),
		.amount_fen = left_out->amount_fen,
		.reason_count = left_out->n_reasons,
	};
	return true;
}

static const reason_message *reason_find(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t reason)
{
	const choice_message *choice = choice_find(combination, kind);

	if (index >= choice->n_left_out || reason >= choice->left_out[index]->n_reasons)
		return NULL;
	return choice->left_out[index]->reasons[reason];
}

bool pcalc_combination_get_reason(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t reason,
		struct pcalc_combination_reason *out_reason)
{
	const reason_message *found = reason_find(combination, kind, index, reason);

	if (!found)
		return false;
	*out_reason = reason_from(found);
	return true;
}

bool pcalc_combination_get_rival(const pcalc_combination *combination,
		enum pcalc_choice_kind kind, size_t index, size_t reason, size_t benefit,
		struct pcalc_benefit *out_benefit)
{
	const reason_message *found = reason_find(combination, kind, index, reason);

	return found && benefit_get(found->units, found->n_units, benefit, out_benefit);
}

/* --- beside them ------------------------------------------------------------------------------- */

bool pcalc_combination_get_answer(const pcalc_combination *combination, size_t index,
		struct pcalc_combination_answer *out_answer)
{
	if (index >= combination->message->n_answers)
		return false;
	*out_answer = (struct pcalc_combination_answer){
		.name = combination->message->answers[index]->name,
		.benefit_count = combination->message->answers[index]->n_units,
	};
	return true;
}

bool pcalc_combination_get_waiting(const pcalc_combination *combination, size_t index,
		size_t benefit, struct pcalc_benefit *out_benefit)
{
	const Policycalc__V1__Combination *message = combination->message;

	return index < message->n_answers &&
	       benefit_get(message->answers[index]->units, message->answers[index]->n_units,
			       benefit, out_benefit);
}

bool pcalc_combination_get_other(const pcalc_combination *combination, size_t index,
		struct pcalc_combination_other *out_other)
{
	const Policycalc__V1__CombinationOther *other;

	if (index >= combination->message->n_others)
		return false;
	other = combination->message->others[index];
	*out_other = (struct pcalc_combination_other){
		.beneficiary = (enum pcalc_beneficiary)other->beneficiary,
		.nature = (enum pcalc_nature)other->nature,
		.sure_fen = other->sure_fen,
		.possible_fen = other->possible_fen,
		.open_ended = other->open_ended,
		.benefit_count = other->n_units,
	};
	return true;
}

bool pcalc_combination_get_other_benefit(const pcalc_combination *combination, size_t index,
		size_t benefit, struct pcalc_benefit *out_benefit)
{
	const Policycalc__V1__Combination *message = combination->message;

	return index < message->n_others &&
	       benefit_get(message->others[index]->units, message->others[index]->n_units,
			       benefit, out_benefit);
}

bool pcalc_combination_get_later(const pcalc_combination *combination, size_t index,
		struct pcalc_combination_later *out_later)
{
	const Policycalc__V1__CombinationLater *later;

	if (index >= combination->message->n_opening_later)
		return false;
	later = combination->message->opening_later[index];
	*out_later = (struct pcalc_combination_later){
		.benefit = benefit_from(later->unit),
		.date = later->date,
		.amount_fen = later->amount_fen,
	};
	return true;
}

bool pcalc_combination_get_warning(const pcalc_combination *combination, size_t index,
		struct pcalc_warning *out_warning)
{
	if (index >= combination->warning_count)
		return false;
	*out_warning = warning_from(combination->warnings[index]);
	return true;
}
