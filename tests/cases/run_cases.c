/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs case files: each argument is one, the first is the dictionary that all of them share. Every
 * expectation that does not hold is reported with its line and what came out instead.
 */
#include "case.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_BUDGET ((size_t)256 << 20)

/* --- asking ----------------------------------------------------------------------------------- */

const struct ruleset *case_compile(struct case_file *file)
{
	struct diagnostics diagnostics;
	struct error err = { 0 };

	if (file->ruleset)
		return file->ruleset;
	diagnostics_init(&diagnostics, file->arena);
	file->catalog.content_hash = "";
	file->ruleset = ruleset_new(&file->catalog, NULL, NULL, &diagnostics, &err);
	for (size_t i = 0; !file->ruleset && i < diagnostics.count; i++)
		fprintf(stderr, "%s: %s\n", diagnostics.list[i].path,
				diagnostics.list[i].message);
	if (!file->ruleset)
		case_broken(file, "%s", err.message);
	return file->ruleset;
}

static Policycalc__V1__PolicyAnswer *ask(struct case_file *file, char *policy)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };

	(void)case_compile(file);
	if (!file->profile)
		case_broken(file, "no enterprise yet");
	request.profile = file->profile;
	request.as_of = (char *)file->as_of;
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	request.policies = &policy;
	request.n_policies = 1;
	request.include_superseded = true;
	request.near = true;
	if (!ruleset_match(file->ruleset, &request, "2026-01-01", file->arena, &response, NULL,
			    &err))
		case_broken(file, "%s", err.message);
	if (response->n_answers != 1)
		case_broken(file, "%s names %zu policies", policy, response->n_answers);
	return response->answers[0];
}

/* --- what came out, in the words of the case -------------------------------------------------- */

static const char *enum_word(
		const ProtobufCEnumDescriptor *descriptor, int value, size_t prefix)
{
	const ProtobufCEnumValue *found =
			protobuf_c_enum_descriptor_get_value(descriptor, value);

	return found ? found->name + prefix : "?";
}

static char *pays_words(struct case_file *file, const Policycalc__V1__AmountAnswer *amount)
{
	char least[64];
	char most[64];

	if (!amount)
		return arena_format(file->arena, "nothing");
	unit_print_money(amount->least_fen, least);
	unit_print_money(amount->most_fen, most);
	switch ((int)amount->exactness) {
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT:
		return arena_format(file->arena, "%s%s", most,
				amount->binding == POLICYCALC__V1__AMOUNT_ANSWER__BINDING__BINDING_CAP
						? " capped"
						: "");
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO:
		return arena_format(file->arena, "up to %s", most);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE:
		return arena_format(file->arena, "%s to %s", least, most);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST:
		return arena_format(file->arena, "at least %s", least);
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_STATED:
		return arena_format(file->arena, "not stated");
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE:
		return arena_format(file->arena, "not computable");
	default:
		return arena_format(file->arena, "nothing");
	}
}

/* What is said of an amount beside what it comes to; NULL when @what is nothing of the kind. */
static char *amount_words(struct case_file *file, const char *what,
		const Policycalc__V1__AmountAnswer *amount)
{
	char *text = arena_format(file->arena, "%s", "");
	char least[64];
	char most[64];

	if (!amount)
		return arena_format(file->arena, "none");
	if (strcmp(what, "first year") == 0) {
		unit_print_money(amount->first_year_least_fen, least);
		unit_print_money(amount->first_year_most_fen, most);
		return amount->first_year_least_fen == amount->first_year_most_fen ||
						       amount->exactness ==
								       POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO
				       ? arena_format(file->arena, "%s", most)
				       : arena_format(file->arena, "%s to %s", least, most);
	}
	if (strcmp(what, "cap") == 0) {
		if (!amount->cap)
			return arena_format(file->arena, "none");
		unit_print_money(amount->cap->limit_fen, most);
		return arena_format(file->arena, "%s %s%s%s", most,
				amount->cap->bound ? "bound" : "not reached",
				*amount->cap->parameter ? " by " : "", amount->cap->parameter);
	}
	if (strcmp(what, "rounded") == 0)
		return arena_format(file->arena, "%s", amount->rounded ? "yes" : "no");
	if (strcmp(what, "tier") == 0)
		return arena_format(
				file->arena, "%s", amount->tier ? amount->tier->zh : "none");
	if (strcmp(what, "funding") == 0) {
		for (size_t i = 0; i < amount->n_funding; i++) {
			unit_print_money(amount->funding[i]->most_fen, most);
			text = arena_format(file->arena, "%s%s%s %s", text, i ? " + " : "",
					enum_word(&policycalc__v1__level__descriptor,
							(int)amount->funding[i]->level,
							sizeof("LEVEL_") - 1),
					most);
		}
		return text;
	}
	for (size_t i = 0; i < amount->n_parts; i++) {
		unit_print_money(amount->parts[i]->base_fen, least);
		unit_print_ratio(amount->parts[i]->rate_ppm, most);
		text = arena_format(
				file->arena, "%s%s%s at %s", text, i ? " + " : "", least, most);
	}
	return text;
}

static char *join(struct case_file *file, char *const *names, size_t count)
{
	char *text = arena_format(file->arena, "%s", count ? "" : "none");

	for (size_t i = 0; text && i < count; i++)
		text = arena_format(file->arena, "%s%s%s", text, i ? " " : "", names[i]);
	return text;
}

static char *not_met_words(struct case_file *file,
		Policycalc__V1__ConditionAnswer *const *conditions, size_t condition_count)
{
	char *names[64];
	size_t count = 0;

	for (size_t i = 0; i < condition_count && count < 64; i++) {
		if (conditions[i]->status ==
				POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET)
			names[count++] = conditions[i]->id;
	}
	return join(file, names, count);
}

/* What is not met of the item @id alone. */
static char *item_not_met_words(struct case_file *file,
		const Policycalc__V1__PolicyAnswer *answer, const char *id)
{
	for (size_t i = 0; i < answer->n_items; i++) {
		if (strcmp(answer->items[i]->id, id) == 0)
			return not_met_words(file, answer->items[i]->conditions,
					answer->items[i]->n_conditions);
	}
	case_broken(file, "there is no item %s", id);
}

static char *availability_words(
		struct case_file *file, const Policycalc__V1__Availability *from)
{
	const char *behind = *from->superseded_by ? from->superseded_by : from->date;

	return arena_format(file->arena, "%s%s%s%s",
			enum_word(&policycalc__v1__availability__state__descriptor,
					(int)from->state, sizeof("STATE_") - 1),
			*behind ? " " : "", behind,
			from->begin_not_stated ? " at the latest" : "");
}

static char *items_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	char *text = arena_format(file->arena, "%s", answer->n_items ? "" : "none");

	for (size_t i = 0; text && i < answer->n_items; i++)
		text = arena_format(file->arena, "%s%s%s %s", text, i ? "; " : "",
				answer->items[i]->id,
				enum_word(&policycalc__v1__verdict__descriptor,
						(int)answer->items[i]->verdict,
						sizeof("VERDICT_") - 1));
	return text;
}

static char *same_words(struct case_file *file, const Policycalc__V1__PolicyAnswer *answer)
{
	char *text = arena_format(file->arena, "%s", "");

	for (size_t i = 0; text && i < answer->n_items; i++) {
		if (*answer->items[i]->same_as)
			text = arena_format(file->arena, "%s%s%s=%s", text, *text ? " " : "",
					answer->items[i]->id, answer->items[i]->same_as);
	}
	return text && !*text ? arena_format(file->arena, "none") : text;
}

/* "first year 75万元", "cap 100万元 bound by rd_cap", "funding PROVINCE 5万元 + COUNTY 5万元" */
static bool is_amount_part(struct case_file *file, const char *part,
		const Policycalc__V1__AmountAnswer *amount)
{
	static const char *const words[] = { "first year", "cap", "rounded", "tier", "funding",
		"parts" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t size = strlen(words[i]);

		if (strncmp(part, words[i], size) != 0 || part[size] != ' ')
			continue;
		case_compare(file, words[i], part + size + 1,
				amount_words(file, words[i], amount));
		return true;
	}
	return false;
}

/* Verdict, missing attributes and amount are those of the first near miss. */
static void expect_near(
		struct case_file *file, char *part, const Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__NearMiss *first = answer->n_near ? answer->near[0] : NULL;

	if (strncmp(part, "near: ", 6) == 0)
		case_compare(file, "near", part + 6, case_near_words(file, answer));
	else if (strncmp(part, "near verdict ", 13) == 0)
		case_compare(file, "near verdict", part + 13,
				first ? enum_word(&policycalc__v1__verdict__descriptor,
							(int)first->verdict,
							sizeof("VERDICT_") - 1)
				      : "none");
	else if (strncmp(part, "near missing ", 13) == 0)
		case_compare(file, "near missing", part + 13,
				first ? join(file, first->stays_unknown, first->n_stays_unknown)
				      : "none");
	else if (strncmp(part, "near pays ", 10) == 0)
		case_compare(file, "near pays", part + 10,
				pays_words(file, first ? first->amount : NULL));
	else
		case_broken(file, "what is %s?", part);
}

/* expect VERDICT POLICY[, pays ...][, missing a b][, not met c][, items p1 ELIGIBLE; p2 ...]
 *     [, not met in p1 c][, review JUDGEMENT][, availability OPEN 2025-01-01]
 *     [, conditions VERDICT][, same h2=h1][, first year ...][, cap ...][, rounded yes][, tier ...][, funding ...]
 *     [, parts ...][, settled by a b][, also reads e.a e.b][, score 70..100][, rows staff 20 KNOWN; rd 0..50 OPEN] */
void case_expect(struct case_file *file, char *rest)
{
	char *head = case_cut(&rest, ", ");
	char *verdict = case_word(file, &head);
	Policycalc__V1__PolicyAnswer *answer = ask(file, case_trim(head));

	case_compare(file, "verdict", verdict,
			enum_word(&policycalc__v1__verdict__descriptor, (int)answer->verdict,
					sizeof("VERDICT_") - 1));
	while (*rest) {
		char *part = case_trim(case_cut(&rest, ", "));

		if (strncmp(part, "not met in ", 11) == 0) {
			char *names = part + 11;
			char *id = case_word(file, &names);

			case_compare(file, "not met in the item", case_trim(names),
					item_not_met_words(file, answer, id));
		} else if (strncmp(part, "pays ", 5) == 0)
			case_compare(file, "pays", part + 5, pays_words(file, answer->amount));
		else if (strncmp(part, "missing ", 8) == 0)
			case_compare(file, "missing", part + 8,
					join(file, answer->missing, answer->n_missing));
		else if (strncmp(part, "amount missing ", 15) == 0)
			case_compare(file, "amount missing", part + 15,
					answer->amount ? join(file, answer->amount->missing,
									 answer->amount->n_missing)
						       : "none");
		else if (strncmp(part, "not met ", 8) == 0)
			case_compare(file, "not met", part + 8,
					not_met_words(file, answer->conditions,
							answer->n_conditions));
		else if (strncmp(part, "near", 4) == 0)
			expect_near(file, part, answer);
		else if (strncmp(part, "cliffs ", 7) == 0)
			case_compare(file, "cliffs", part + 7, case_cliff_words(file, answer));
		else if (strncmp(part, "settled by ", 11) == 0)
			case_compare(file, "settled by", part + 11,
					join(file, answer->settled_by, answer->n_settled_by));
		else if (strncmp(part, "also reads ", 11) == 0)
			case_compare(file, "also reads", part + 11,
					join(file, answer->also_reads, answer->n_also_reads));
		else if (strncmp(part, "items ", 6) == 0)
			case_compare(file, "items", part + 6, items_words(file, answer));
		else if (strncmp(part, "review ", 7) == 0)
			case_compare(file, "review", part + 7,
					join(file, answer->review_reasons,
							answer->n_review_reasons));
		else if (strncmp(part, "score ", 6) == 0)
			case_compare(file, "score", part + 6, case_score_words(file, answer));
		else if (strncmp(part, "rows ", 5) == 0)
			case_compare(file, "rows", part + 5, case_rows_words(file, answer));
		else if (strncmp(part, "availability ", 13) == 0)
			case_compare(file, "availability", part + 13,
					availability_words(file, answer->availability));
		else if (strncmp(part, "conditions ", 11) == 0)
			case_compare(file, "conditions", part + 11,
					enum_word(&policycalc__v1__verdict__descriptor,
							(int)answer->conditions_verdict,
							sizeof("VERDICT_") - 1));
		else if (strncmp(part, "same ", 5) == 0)
			case_compare(file, "same", part + 5, same_words(file, answer));
		else if (!is_amount_part(file, part, answer->amount))
			case_broken(file, "what is %s?", part);
	}
}

/* "near" and "cliff" stand for the first of each. */
static const Policycalc__V1__Text *near_sentence(
		const Policycalc__V1__PolicyAnswer *answer, const char *name)
{
	if (strcmp(name, "near") == 0 && answer->n_near)
		return answer->near[0]->sentence;
	if (strcmp(name, "cliff") == 0 && answer->n_cliffs)
		return answer->cliffs[0]->sentence;
	return NULL;
}

/* says POLICY CONDITION|amount|verdict|near|cliff zh|en SENTENCE */
void case_says(struct case_file *file, char *rest)
{
	char *policy = case_word(file, &rest);
	char *condition = case_word(file, &rest);
	char *language = case_word(file, &rest);
	Policycalc__V1__PolicyAnswer *answer = ask(file, policy);
	const Policycalc__V1__Text *near = near_sentence(answer, condition);

	if (near) {
		case_compare(file, "sentence", case_trim(rest),
				*language == 'z' ? near->zh : near->en);
		return;
	}
	if (strcmp(condition, "amount") == 0 && answer->amount) {
		case_compare(file, "sentence", case_trim(rest),
				*language == 'z' ? answer->amount->sentence->zh
						 : answer->amount->sentence->en);
		return;
	}
	if (strcmp(condition, "verdict") == 0) {
		case_compare(file, "sentence", case_trim(rest),
				*language == 'z' ? answer->settled_sentence->zh
						 : answer->settled_sentence->en);
		return;
	}
	for (size_t i = 0; i < answer->n_conditions; i++) {
		const Policycalc__V1__ConditionAnswer *one = answer->conditions[i];

		if (strcmp(one->id, condition) == 0) {
			case_compare(file, "sentence", case_trim(rest),
					*language == 'z' ? one->sentence->zh
							 : one->sentence->en);
			return;
		}
	}
	case_fail(file, "there is no condition %s", condition);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void *checked(struct case_file *file, void *memory)
{
	if (!memory)
		case_broken(file, "out of memory");
	return memory;
}

static void read_enterprise(struct case_file *file, char *rest)
{
	file->profile = checked(file, ARENA_NEW(file->arena, Policycalc__V1__Profile));
	policycalc__v1__profile__init(file->profile);
	case_read_values(file, "", rest, &file->profile->attributes,
			&file->profile->n_attributes);
}

/* item LIST/ID name = value, ... */
static void read_item(struct case_file *file, char *rest)
{
	Policycalc__V1__Item *item =
			checked(file, ARENA_NEW(file->arena, Policycalc__V1__Item));
	Policycalc__V1__Item **grown =
			checked(file, ARENA_NEW_ARRAY(file->arena, Policycalc__V1__Item *,
						      file->profile->n_items + 1));
	char *name = case_word(file, &rest);

	policycalc__v1__item__init(item);
	item->list = case_cut(&name, "/");
	item->id = name;
	case_read_values(file, item->list, case_trim(rest), &item->attributes,
			&item->n_attributes);
	if (file->profile->n_items)
		memcpy(grown, file->profile->items, file->profile->n_items * sizeof(*grown));
	grown[file->profile->n_items++] = item;
	file->profile->items = grown;
}

static void read_complete(struct case_file *file, char *rest)
{
	char **grown = checked(file, ARENA_NEW_ARRAY(file->arena, char *,
						     file->profile->n_complete_lists + 1));

	if (file->profile->n_complete_lists)
		memcpy(grown, file->profile->complete_lists,
				file->profile->n_complete_lists * sizeof(*grown));
	grown[file->profile->n_complete_lists++] = case_word(file, &rest);
	file->profile->complete_lists = grown;
}

static void read_line(struct case_file *file, char *line)
{
	char *rest;
	char *keyword;

	file->raw = checked(file, arena_copy_text(file->arena, line));
	rest = case_trim(line);
	if (*rest == '#' || *rest == 0)
		return;
	if (*rest == '^') {
		case_caret(file, file->raw);
		return;
	}
	/* What stands at the beginning of a line ends the policy above. */
	if (*file->raw != ' ')
		case_reject(file);
	keyword = case_word(file, &rest);
	rest = checked(file, arena_copy_text(file->arena, case_trim(rest)));
	if (strcmp(keyword, "as_of") == 0)
		file->as_of = rest;
	else if (strcmp(keyword, "enterprise") == 0)
		read_enterprise(file, rest);
	else if (strcmp(keyword, "item") == 0)
		read_item(file, rest);
	else if (strcmp(keyword, "complete") == 0)
		read_complete(file, rest);
	else if (strcmp(keyword, "expect") == 0)
		case_expect(file, rest);
	else if (strcmp(keyword, "combine") == 0)
		case_combine(file, rest);
	else if (strcmp(keyword, "says") == 0)
		case_says(file, rest);
	else if (!case_read_catalog(file, keyword, rest))
		case_broken(file, "what is %s?", keyword);
}

static void read_file(struct case_file *file, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[4096];

	file->path = path;
	file->line = 0;
	if (!in)
		case_broken(file, "cannot be read");
	while (fgets(line, sizeof(line), in)) {
		file->line++;
		read_line(file, line);
	}
	case_reject(file);
	fclose(in);
}

int main(int argc, char **argv)
{
	int failures = 0;
	int expectations = 0;

	for (int i = 2; i < argc; i++) {
		struct arena arena;
		struct case_file file = { .arena = &arena, .as_of = "2026-06-30" };

		arena_init(&arena, CASE_BUDGET);
		read_file(&file, argv[1]);
		file.policy = NULL;
		read_file(&file, argv[i]);
		printf("%s: %d expectations, %d failed\n", argv[i], file.expectations,
				file.failures);
		failures += file.failures + (file.expectations == 0);
		expectations += file.expectations;
		ruleset_unref(file.ruleset);
		arena_fini(&arena);
	}
	return failures > 0 || expectations == 0;
}
