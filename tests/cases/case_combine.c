/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a case expects of the best combination, one line each:
 *
 *     combine  total 85万元, whole 100万元, chosen a b/p1
 *     combine  left out c because of a; d under cap pool
 *     combine  possible 100万元, possible chosen a b, answers e.staff
 *     combine  counts a 20万元 under cap pool
 */
#include "case.h"
#include "proto/codec/codec.h"

#include <string.h>

static const Policycalc__V1__Combination *ask(struct case_file *file)
{
	Policycalc__V1__CombineRequest request = POLICYCALC__V1__COMBINE_REQUEST__INIT;
	Policycalc__V1__CombineResponse *response = NULL;
	struct error err = { 0 };

	if (!file->profile)
		case_broken(file, "no enterprise yet");
	request.profile = file->profile;
	request.as_of = (char *)file->as_of;
	if (!ruleset_combine(case_compile(file), &request, "2026-01-01", file->arena, &response,
			    NULL, &err))
		case_broken(file, "%s", err.message);
	return response->combination;
}

static char *money(struct case_file *file, int64_t fen)
{
	char text[64];

	unit_print_money(fen, text);
	return arena_copy_text(file->arena, text);
}

static char *unit_words(struct case_file *file, const Policycalc__V1__CombinationUnit *unit)
{
	return arena_format(file->arena, "%s%s%s", unit->policy_id, *unit->item_id ? "/" : "",
			unit->item_id);
}

static char *units_words(struct case_file *file, Policycalc__V1__CombinationUnit *const *units,
		size_t count)
{
	char *text = arena_format(file->arena, "%s", count ? "" : "none");

	for (size_t i = 0; text && i < count; i++)
		text = arena_format(file->arena, "%s%s%s", text, i ? " " : "",
				unit_words(file, units[i]));
	return text;
}

static char *chosen_words(
		struct case_file *file, const Policycalc__V1__CombinationChoice *choice)
{
	char *text = arena_format(file->arena, "%s", choice->n_chosen ? "" : "none");

	for (size_t i = 0; text && i < choice->n_chosen; i++)
		text = arena_format(file->arena, "%s%s%s", text, i ? " " : "",
				unit_words(file, choice->chosen[i]->unit));
	return text;
}

static char *reason_words(
		struct case_file *file, const Policycalc__V1__CombinationReason *reason)
{
	switch ((int)reason->cause) {
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_GROUP:
		return arena_format(file->arena, "because of %s",
				units_words(file, reason->units, reason->n_units));
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_HIGHEST:
		return arena_format(file->arena, "lower than %s",
				units_words(file, reason->units, reason->n_units));
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_CAP:
		return arena_format(file->arena, "under cap %s", reason->name);
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_NOT_STATED:
		return arena_format(file->arena, "not stated");
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_NOTHING:
		return arena_format(file->arena, "nothing");
	case POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_NOT_KNOWN:
		return arena_format(file->arena, "nothing certain");
	default:
		return arena_format(file->arena, "not searched");
	}
}

/* "c because of a and under cap pool; d not stated" */
static char *left_out_words(
		struct case_file *file, const Policycalc__V1__CombinationChoice *choice)
{
	char *text = arena_format(file->arena, "%s", choice->n_left_out ? "" : "none");

	for (size_t i = 0; text && i < choice->n_left_out; i++) {
		const Policycalc__V1__CombinationLeftOut *one = choice->left_out[i];

		text = arena_format(file->arena, "%s%s%s", text, i ? "; " : "",
				unit_words(file, one->unit));
		for (size_t k = 0; text && k < one->n_reasons; k++)
			text = arena_format(file->arena, "%s %s%s", text, k ? "and " : "",
					reason_words(file, one->reasons[k]));
	}
	return text;
}

/* What the unit named first counts: "20万元", "20万元 under cap pool". */
static char *counts_words(struct case_file *file,
		const Policycalc__V1__CombinationChoice *choice, const char *name)
{
	for (size_t i = 0; i < choice->n_chosen; i++) {
		const Policycalc__V1__CombinationChosen *chosen = choice->chosen[i];

		if (strcmp(unit_words(file, chosen->unit), name) == 0)
			return arena_format(file->arena, "%s%s%s",
					money(file, chosen->counted_fen),
					chosen->truncated_by ? " " : "",
					chosen->truncated_by
							? reason_words(file,
									  chosen->truncated_by)
							: "");
	}
	return arena_format(file->arena, "nothing");
}

static char *answers_words(struct case_file *file, const Policycalc__V1__Combination *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_answers ? "" : "none");

	for (size_t i = 0; text && i < answer->n_answers; i++)
		text = arena_format(file->arena, "%s%s%s", text, i ? " " : "",
				answer->answers[i]->name);
	return text;
}

static char *later_words(struct case_file *file, const Policycalc__V1__Combination *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_opening_later ? "" : "none");

	for (size_t i = 0; text && i < answer->n_opening_later; i++)
		text = arena_format(file->arena, "%s%s%s %s", text, i ? "; " : "",
				unit_words(file, answer->opening_later[i]->unit),
				answer->opening_later[i]->date);
	return text;
}

/* "CREDIT loan 0元 to 500万元; NONE title" */
static char *others_words(struct case_file *file, const Policycalc__V1__Combination *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_others ? "" : "none");

	for (size_t i = 0; text && i < answer->n_others; i++) {
		const Policycalc__V1__CombinationOther *one = answer->others[i];
		const ProtobufCEnumValue *nature = protobuf_c_enum_descriptor_get_value(
				&policycalc__v1__nature__descriptor, (int)one->nature);

		text = arena_format(file->arena, "%s%s%s %s", text, i ? "; " : "",
				nature ? nature->name + strlen("NATURE_") : "?",
				units_words(file, one->units, one->n_units));
		if (one->possible_fen)
			text = arena_format(file->arena, "%s %s to %s", text,
					money(file, one->sure_fen),
					money(file, one->possible_fen));
		if (one->open_ended)
			text = arena_format(file->arena, "%s open", text);
	}
	return text;
}

static char *sentence_of(struct case_file *file,
		const Policycalc__V1__CombinationChoice *choice, const char *name)
{
	for (size_t i = 0; i < choice->n_left_out; i++) {
		if (strcmp(unit_words(file, choice->left_out[i]->unit), name) == 0)
			return choice->left_out[i]->reasons[0]->sentence->zh;
	}
	return arena_format(file->arena, "nothing");
}

/* The word at the front of @part when it begins with @word; moves behind it. */
static bool starts(char **part, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*part, word, size) != 0 || ((*part)[size] && (*part)[size] != ' '))
		return false;
	*part = case_trim(*part + size);
	return true;
}

static bool expect_choice(struct case_file *file,
		const Policycalc__V1__CombinationChoice *choice, char *part)
{
	if (starts(&part, "total"))
		case_compare(file, "total", part, money(file, choice->total_fen));
	else if (starts(&part, "whole"))
		case_compare(file, "whole", part, money(file, choice->whole_term_fen));
	else if (starts(&part, "chosen"))
		case_compare(file, "chosen", part, chosen_words(file, choice));
	else if (starts(&part, "left out"))
		case_compare(file, "left out", part, left_out_words(file, choice));
	else if (starts(&part, "proved"))
		case_compare(file, "proved", "yes", choice->proved ? "yes" : "no");
	else if (starts(&part, "open"))
		case_compare(file, "open", "yes", choice->open_ended ? "yes" : "no");
	else if (starts(&part, "counts")) {
		char *name = case_word(file, &part);

		case_compare(file, "counts", case_trim(part), counts_words(file, choice, name));
	} else if (starts(&part, "says")) {
		char *name = case_word(file, &part);

		case_compare(file, "says", case_trim(part), sentence_of(file, choice, name));
	} else {
		return false;
	}
	return true;
}

void case_combine(struct case_file *file, char *rest)
{
	const Policycalc__V1__Combination *answer = ask(file);

	while (*rest) {
		char *part = case_trim(case_cut(&rest, ", "));

		if (starts(&part, "answers"))
			case_compare(file, "answers", part, answers_words(file, answer));
		else if (starts(&part, "later"))
			case_compare(file, "later", part, later_words(file, answer));
		else if (starts(&part, "others"))
			case_compare(file, "others", part, others_words(file, answer));
		else if (starts(&part, "possible")) {
			if (!expect_choice(file, answer->possible, part))
				case_broken(file, "what is possible %s?", part);
		} else if (!expect_choice(file, answer->sure, part)) {
			case_broken(file, "what is %s?", part);
		}
	}
}
