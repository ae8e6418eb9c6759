/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questionnaire against the exact optimum.
 *
 * Random policies over at most nine attributes. Dynamic programming over all states of knowledge
 * gives the least expected cost of settling every verdict, with every class of values equally likely,
 * or as likely as random priors say; following the service's questions gives its own. Verdicts here are judged by a second, naive
 * evaluator, which must also agree on when all is settled.
 *
 * POLICYCALC_LONG=1 runs twenty times as many.
 */
#include "effort.h"
#include "fixture.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ATTRIBUTES_MOST 9
#define POLICIES_MOST 8
#define CONDITIONS_MOST 4
#define STATES_MOST 60000
#define POINTS_MOST 3
#define MEAN_MOST 1.03
#define WORST_MOST 1.4

static const char *dictionary;

/* --- policies --------------------------------------------------------------------------------- */

enum three {
	THREE_NO,
	THREE_YES,
	THREE_UNKNOWN,
};

struct atom {
	unsigned attribute;
	unsigned bound; /* of counts: at least this */
	bool negated;
};

/* Atoms joined by || (or &&), which together are one condition. */
struct condition {
	struct atom atoms[3];
	unsigned count;
	bool any;
	bool exclude;
};

struct policy {
	struct condition conditions[CONDITIONS_MOST];
	unsigned count;
};

struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct policy policies[POLICIES_MOST];
	unsigned policy_count;
	unsigned attribute_count;
	unsigned flags; /* the first attributes are flags, the others counts */
	unsigned cost[ATTRIBUTES_MOST];
	unsigned points[ATTRIBUTES_MOST][POINTS_MOST];
	unsigned point_count[ATTRIBUTES_MOST];
	unsigned answer_count[ATTRIBUTES_MOST]; /* classes of values */
	bool has_priors;
	uint32_t weights[ATTRIBUTES_MOST][POINTS_MOST + 1]; /* by class */
	uint32_t total[ATTRIBUTES_MOST];
	unsigned state_count;
	unsigned stride[ATTRIBUTES_MOST]; /* of a state, whose digits are 0 (unknown) and 1 + class */
	double *optimum;
	double *ours; /* -1: not yet reached */
};

/* The least figure of a class. */
static int class_value(const struct instance *instance, unsigned attribute, unsigned class)
{
	if (attribute < instance->flags)
		return (int)class;
	return class ? (int)instance->points[attribute][class - 1] : 0;
}

static double class_share(const struct instance *instance, unsigned attribute, unsigned class)
{
	return (double)instance->weights[attribute][class] / instance->total[attribute];
}

static enum three atom_judge(const struct instance *instance, const struct atom *atom,
		const unsigned *digits)
{
	unsigned digit = digits[atom->attribute];
	bool holds;

	if (digit == 0)
		return THREE_UNKNOWN;
	holds = atom->attribute < instance->flags
				? digit == 2
				: class_value(instance, atom->attribute, digit - 1) >=
						  (int)atom->bound;
	return holds != atom->negated ? THREE_YES : THREE_NO;
}

static enum three condition_judge(const struct instance *instance,
		const struct condition *condition, const unsigned *digits)
{
	enum three absorbing = condition->any ? THREE_YES : THREE_NO;
	enum three result = condition->any ? THREE_NO : THREE_YES;

	for (unsigned i = 0; i < condition->count; i++) {
		enum three atom = atom_judge(instance, &condition->atoms[i], digits);

		if (atom == absorbing)
			result = absorbing;
		else if (atom == THREE_UNKNOWN && result != absorbing)
			result = THREE_UNKNOWN;
	}
	if (condition->exclude && result != THREE_UNKNOWN)
		result = result == THREE_YES ? THREE_NO : THREE_YES;
	return result;
}

static bool is_settled(const struct instance *instance, const unsigned *digits)
{
	for (unsigned i = 0; i < instance->policy_count; i++) {
		const struct policy *policy = &instance->policies[i];
		bool unknown = false, failed = false;

		for (unsigned k = 0; k < policy->count; k++) {
			enum three three = condition_judge(
					instance, &policy->conditions[k], digits);

			unknown |= three == THREE_UNKNOWN;
			failed |= three == THREE_NO;
		}
		if (unknown && !failed)
			return false;
	}
	return true;
}

static void digits_of(const struct instance *instance, unsigned state, unsigned *digits)
{
	for (unsigned i = 0; i < instance->attribute_count; i++)
		digits[i] = state / instance->stride[i] % (instance->answer_count[i] + 1);
}

/* --- making instances ------------------------------------------------------------------------- */

static struct atom atom_make(const struct instance *instance)
{
	struct atom atom = { .attribute = random_below(instance->attribute_count) };

	atom.negated = random_below(4) == 0;
	if (atom.attribute >= instance->flags)
		atom.bound = instance->points[atom.attribute][random_below(
				instance->point_count[atom.attribute])];
	return atom;
}

static const char *atom_text(
		const struct instance *instance, const struct atom *atom, struct arena *arena)
{
	if (atom->attribute < instance->flags)
		return arena_format(
				arena, "%se.a%u", atom->negated ? "!" : "", atom->attribute);
	return arena_format(arena, "e.a%u %s %u", atom->attribute,
			atom->negated ? "<" : ">=", atom->bound);
}

static const char *condition_text(const struct instance *instance,
		const struct condition *condition, struct arena *arena)
{
	const char *text = condition->exclude ? "exclude " : "require ";

	for (unsigned i = 0; i < condition->count; i++)
		text = arena_format(arena, "%s%s%s", text,
				i == 0		 ? ""
				: condition->any ? " || "
						 : " && ",
				atom_text(instance, &condition->atoms[i], arena));
	return text;
}

static void attributes_make(struct instance *instance)
{
	unsigned states = 1;

	instance->attribute_count = 3 + random_below(ATTRIBUTES_MOST - 2);
	instance->flags = random_below(instance->attribute_count + 1);
	for (unsigned i = 0; i < instance->attribute_count; i++) {
		instance->cost[i] = 1 + random_below(3);
		instance->point_count[i] = 1 + random_below(POINTS_MOST);
		instance->answer_count[i] =
				i < instance->flags ? 2 : instance->point_count[i] + 1;
		for (unsigned k = 0; k < instance->point_count[i]; k++)
			instance->points[i][k] = 10 * (k + 1);
		if (states * (instance->answer_count[i] + 1) > STATES_MOST) {
			instance->attribute_count = i;
			break;
		}
		instance->stride[i] = states;
		states *= instance->answer_count[i] + 1;
	}
	if (instance->flags > instance->attribute_count)
		instance->flags = instance->attribute_count;
	instance->state_count = states;
}

static void policies_make(struct instance *instance)
{
	instance->policy_count = 2 + random_below(POLICIES_MOST - 1);
	for (unsigned i = 0; i < instance->policy_count; i++) {
		struct policy *policy = &instance->policies[i];

		policy->count = 1 + random_below(CONDITIONS_MOST);
		for (unsigned k = 0; k < policy->count; k++) {
			struct condition *condition = &policy->conditions[k];

			condition->count = random_below(3) ? 1 : 2 + random_below(2);
			condition->any = random_below(3) > 0;
			condition->exclude = random_below(4) == 0;
			for (unsigned j = 0; j < condition->count; j++)
				condition->atoms[j] = atom_make(instance);
		}
	}
}

/* Every point that is not used would be a class that the rules do not tell apart: leave it out. */
static void points_keep_used(struct instance *instance)
{
	unsigned states = 1;

	for (unsigned i = 0; i < instance->attribute_count; i++) {
		bool used[POINTS_MOST] = { false };
		unsigned kept = 0;

		for (unsigned p = 0; p < instance->policy_count; p++)
			for (unsigned c = 0; c < instance->policies[p].count; c++)
				for (unsigned a = 0;
						a < instance->policies[p].conditions[c].count;
						a++) {
					const struct atom *atom =
							&instance->policies[p]
									 .conditions[c]
									 .atoms[a];

					if (atom->attribute == i && i >= instance->flags)
						used[atom->bound / 10 - 1] = true;
				}
		for (unsigned k = 0; k < instance->point_count[i]; k++) {
			if (used[k])
				instance->points[i][kept++] = instance->points[i][k];
		}
		instance->point_count[i] = kept;
		instance->answer_count[i] = i < instance->flags ? 2 : kept + 1;
		instance->stride[i] = states;
		states *= instance->answer_count[i] + 1;
	}
	instance->state_count = states;
}

/* From even to nearly certain. */
static void priors_make(struct instance *instance)
{
	for (unsigned i = 0; i < instance->attribute_count; i++) {
		for (unsigned k = 0; k < instance->answer_count[i]; k++) {
			uint32_t weight = instance->has_priors
							  ? 1 + random_below(1U << random_below(
											     7))
							  : 1;

			instance->weights[i][k] = weight;
			instance->total[i] += weight;
		}
	}
}

static void instance_make(struct instance *instance, bool has_priors)
{
	struct arena *arena = &instance->arena;
	const char *lines = "";

	memset(instance, 0, sizeof(*instance));
	arena_init(arena, (size_t)64 << 20);
	attributes_make(instance);
	policies_make(instance);
	points_keep_used(instance);
	instance->has_priors = has_priors;
	priors_make(instance);
	for (unsigned i = 0; i < instance->attribute_count; i++)
		lines = arena_format(arena, "%sattribute a%u %s\n", lines, i,
				i < instance->flags ? "FLAG" : "COUNT from 0");
	for (unsigned i = 0; i < instance->policy_count; i++) {
		lines = arena_format(arena, "%spolicy p%u\nwindow always\n", lines, i);
		for (unsigned k = 0; k < instance->policies[i].count; k++)
			lines = arena_format(arena, "%s%s\n", lines,
					condition_text(instance,
							&instance->policies[i].conditions[k],
							arena));
	}
	fixture_read(&instance->file, arena, dictionary, lines);
	for (size_t i = 0; i < instance->file.catalog.attribute_count; i++) {
		Policycalc__V1__Attribute *attribute = instance->file.catalog.attributes[i];

		if (attribute->name[0] == 'a' && attribute->name[1] >= '0' &&
				attribute->name[1] <= '9')
			attribute->ask_cost = (int32_t)instance->cost[attribute->name[1] - '0'];
	}
	instance->ruleset = fixture_compile(&instance->file, NULL);
	assert_non_null(instance->ruleset);
	instance->optimum = calloc(instance->state_count, sizeof(double));
	instance->ours = malloc(instance->state_count * sizeof(double));
	assert_non_null(instance->optimum);
	assert_non_null(instance->ours);
	for (unsigned i = 0; i < instance->state_count; i++)
		instance->ours[i] = -1;
}

static void instance_free(struct instance *instance)
{
	ruleset_unref(instance->ruleset);
	arena_fini(&instance->arena);
	free(instance->optimum);
	free(instance->ours);
}

/* --- the optimum ------------------------------------------------------------------------------ */

/* A state that knows more has a larger number, so that from the end all successors are there. */
static void optimum_compute(struct instance *instance)
{
	for (unsigned state = instance->state_count; state-- > 0;) {
		unsigned digits[ATTRIBUTES_MOST];
		double best = -1;

		digits_of(instance, state, digits);
		if (is_settled(instance, digits))
			continue;
		for (unsigned i = 0; i < instance->attribute_count; i++) {
			double cost = instance->cost[i];

			if (digits[i])
				continue;
			for (unsigned k = 1; k <= instance->answer_count[i]; k++)
				cost += instance->optimum[state + k * instance->stride[i]] *
					class_share(instance, i, k - 1);
			if (best < 0 || cost < best)
				best = cost;
		}
		assert_true(best >= 0);
		instance->optimum[state] = best;
	}
}

/* --- ours ------------------------------------------------------------------------------------- */

/* A class of the question may hold several of ours: those that what is pending does not tell apart. */
static bool weigh(void *context, const struct question_answers *answers, uint32_t *out_weights)
{
	const struct instance *instance = context;
	unsigned attribute = (unsigned)(answers->attribute->name[1] - '0');
	uint32_t total = 0;

	for (size_t i = 0; i < answers->count; i++) {
		out_weights[i] = 0;
		for (unsigned k = 0; k < instance->answer_count[attribute]; k++) {
			int value = class_value(instance, attribute, k);

			if (value >= answers->classes[i].from &&
					value <= answers->classes[i].until)
				out_weights[i] += instance->weights[attribute][k];
		}
		total += out_weights[i];
	}
	assert_int_equal(total, instance->total[attribute]);
	return true;
}

/* The attribute asked for; -1: done. */
static int ask(struct instance *instance, const unsigned *digits, int64_t *out_left)
{
	Policycalc__V1__NextQuestionRequest request =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	struct facts_sent sent = sent_of_profile(&profile);
	struct question_priors priors = { weigh, instance, 1 };
	struct arena call;
	int asked = -1;

	arena_init(&call, (size_t)16 << 20);
	for (unsigned i = 0; i < instance->attribute_count; i++) {
		const char *name = arena_format(&call, "a%u", i);

		if (!digits[i])
			continue;
		if (i < instance->flags)
			send_flag(sent, name, digits[i] == 2, &call);
		else
			send_count(sent, name, class_value(instance, i, digits[i] - 1), &call);
	}
	request.profile = &profile;
	assert_true(ruleset_next_question(instance->ruleset, &request,
			instance->has_priors ? &priors : NULL, "2026-01-01", &call, &response,
			NULL, NULL));
	assert_int_equal(!response->question, is_settled(instance, digits));
	*out_left = response->progress->expected_questions_milli;
	if (response->question) {
		assert_int_equal(response->question->n_attributes, 1);
		asked = response->question->attributes[0]->name[1] - '0';
	}
	arena_fini(&call);
	return asked;
}

static double ours_compute(struct instance *instance, unsigned state)
{
	unsigned digits[ATTRIBUTES_MOST];
	double cost = 0;
	int64_t left;
	int asked;

	if (instance->ours[state] >= 0)
		return instance->ours[state];
	digits_of(instance, state, digits);
	asked = ask(instance, digits, &left);
	if (asked >= 0) {
		assert_int_equal(digits[asked], 0);
		cost = instance->cost[asked];
		for (unsigned k = 1; k <= instance->answer_count[asked]; k++)
			cost += ours_compute(instance, state + k * instance->stride[asked]) *
				class_share(instance, (unsigned)asked, k - 1);
	}
	instance->ours[state] = cost;
	return cost;
}

static void compare(bool has_priors)
{
	const char *seed = getenv("POLICYCALC_SEED");
	unsigned instances = effort(1000, 20000);
	double sum = 0, worst = 0;
	unsigned counted = 0;

	random_begin(seed ? strtoull(seed, NULL, 10) : 20261127);
	for (unsigned i = 0; i < instances; i++) {
		struct instance instance;
		double ratio;

		instance_make(&instance, has_priors);
		optimum_compute(&instance);
		if (instance.optimum[0] > 0) {
			ratio = ours_compute(&instance, 0) / instance.optimum[0];
			assert_true(ratio > 0.999999);
			sum += ratio;
			worst = ratio > worst ? ratio : worst;
			counted++;
		}
		instance_free(&instance);
	}
	print_message("%u instances %s priors: mean %.4f, worst %.4f of the optimum\n", counted,
			has_priors ? "with" : "without", sum / counted, worst);
	assert_true(counted * 10 >= instances * 9);
	assert_true(sum / counted <= MEAN_MOST);
	assert_true(worst <= WORST_MOST);
}

static void near_optimum(void **state)
{
	(void)state;
	compare(false);
}

static void near_optimum_with_priors(void **state)
{
	(void)state;
	compare(true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_optimum),
		cmocka_unit_test(near_optimum_with_priors),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
