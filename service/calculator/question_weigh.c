/* SPDX-License-Identifier: Apache-2.0 */
/* How likely the answers to a question are. */
#include "calculator/period.h"
#include "calculator/question.h"

#define ODDS_EVEN 1000000
#define ODDS_MOST UINT64_C(1000000000)

int64_t unit_period(const struct questionnaire *questionnaire, const struct unit *unit)
{
	Policycalc__V1__Period period = unit->place->attribute->period;

	if (!period_is_recurring(period))
		return 0;
	return period_of_date(period, questionnaire->as_of) - 1 - (int64_t)unit->place->back;
}

/* What the priors say; false: nothing. Of items nobody counts anything. */
static bool priors_ask(const struct questionnaire *questionnaire, const struct unit *unit,
		const struct classifier *classifier, const struct question_class *faces,
		size_t count, uint32_t *out_weights)
{
	const struct question_priors *priors = questionnaire->priors;
	struct question_answers answers = {
		.attribute = unit->place->attribute,
		.period = unit_period(questionnaire, unit),
		.classes = faces,
		.count = count,
	};

	if (!priors || unit->list != LIST_ENTERPRISE)
		return false;
	if (classifier) {
		answers.class_of = classifier->class_of;
		answers.classifier = classifier->codes;
	}
	return priors->weigh(priors->context, &answers, out_weights);
}

void answers_weigh(const struct questionnaire *questionnaire, const struct unit *unit,
		const struct classifier *classifier, struct answers *answers)
{
	answers->total = 0;
	if (priors_ask(questionnaire, unit, classifier, answers->faces, answers->count,
			    answers->weights)) {
		for (size_t i = 0; i < answers->count; i++)
			answers->total += answers->weights[i];
	}
	if (answers->total)
		return;
	for (size_t i = 0; i < answers->count; i++)
		answers->weights[i] = 1;
	answers->total = answers->count;
}

/*
 * Flags are taken to be independent: against "none of these" each one alone stands by its own odds,
 * which are even when nothing is known of it.
 */
void answers_weigh_group(const struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	static const struct question_class faces[2] = { { 0, 0, NULL }, { 1, 1, NULL } };

	answers->weights[0] = ODDS_EVEN;
	answers->total = ODDS_EVEN;
	for (size_t i = 0; i < question->unit_count; i++) {
		const struct unit *unit = &questionnaire->units[question->units[i]];
		uint32_t weights[2];
		uint64_t odds = ODDS_EVEN;

		if (priors_ask(questionnaire, unit, NULL, faces, 2, weights) &&
				(weights[0] || weights[1]))
			odds = weights[0] ? weights[1] * (uint64_t)ODDS_EVEN / weights[0]
					  : ODDS_MOST;
		answers->weights[i + 1] = (uint32_t)(odds < ODDS_MOST ? odds : ODDS_MOST);
		answers->total += answers->weights[i + 1];
	}
}
