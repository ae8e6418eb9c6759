/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a case file that say how much a policy pays. */
#include "case.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

static Policycalc__V1__Amount *amount_of(struct case_file *file)
{
	if (!file->policy->amount) {
		file->policy->amount = CASE_NEW(
				file, Policycalc__V1__Amount, policycalc__v1__amount__init);
		file->policy->amount->nature = POLICYCALC__V1__NATURE__NATURE_CASH;
		file->policy->amount->beneficiary =
				POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE;
	}
	return file->policy->amount;
}

/* cap RULE [when RULE] [of total|of year]; cap none; cap not stated; cap shared RULE */
static void read_cap(struct case_file *file, char *rest)
{
	Policycalc__V1__Amount *amount = amount_of(file);
	Policycalc__V1__Cap *cap =
			CASE_NEW(file, Policycalc__V1__Cap, policycalc__v1__cap__init);
	char *total = strstr(rest, " of total");
	char *year = strstr(rest, " of year");
	char *when;

	if (total) {
		*total = 0;
		cap->scope = POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE;
	}
	if (year) {
		*year = 0;
		cap->scope = POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR;
	}
	if (strncmp(rest, "shared ", 7) == 0) {
		cap->scope = POLICYCALC__V1__CAP__SCOPE__SCOPE_SHARED;
		rest += 7;
	}
	when = strstr(rest, " when ");
	if (when) {
		*when = 0;
		cap->when_rule = case_keep_rule(file, cap, "when_rule", case_trim(when + 6));
	}
	if (strcmp(rest, "none") == 0)
		cap->none = true;
	else if (strcmp(rest, "not stated") == 0)
		cap->not_stated = true;
	else
		cap->limit_rule = case_keep_rule(file, cap, "limit_rule", case_trim(rest));
	case_append(file, &amount->caps, &amount->n_caps, cap);
}

/* bracket [to RULE] rate RULE */
static void read_bracket(struct case_file *file, char *rest)
{
	Policycalc__V1__Bracket *bracket =
			CASE_NEW(file, Policycalc__V1__Bracket, policycalc__v1__bracket__init);
	char *rate = strstr(rest, "rate ");

	if (!rate)
		case_broken(file, "a bracket has a rate");
	bracket->rate_rule = case_keep_rule(file, bracket, "rate_rule", case_trim(rate + 5));
	*rate = 0;
	if (strncmp(rest, "to ", 3) == 0)
		bracket->up_to_rule = case_keep_rule(
				file, bracket, "up_to_rule", case_trim(rest + 3));
	case_append(file, &amount_of(file)->brackets, &amount_of(file)->n_brackets, bracket);
}

/* tier [LABEL:] RULE [when RULE] */
static void read_tier(struct case_file *file, char *rest)
{
	Policycalc__V1__Tier *tier =
			CASE_NEW(file, Policycalc__V1__Tier, policycalc__v1__tier__init);
	char *when = strstr(rest, " when ");
	char *mark = strstr(rest, ": ");

	if (when) {
		*when = 0;
		tier->when_rule = case_keep_rule(file, tier, "when_rule", case_trim(when + 6));
	}
	if (mark && mark > rest && mark[-1] != ' ') {
		*mark = 0;
		tier->label = case_bilingual(file, case_trim(rest), case_trim(rest));
		rest = mark + 2;
	}
	tier->amount_rule = case_keep_rule(file, tier, "amount_rule", case_trim(rest));
	case_append(file, &amount_of(file)->tiers, &amount_of(file)->n_tiers, tier);
}

/* quantity RULE of RULE [unit 分] */
static void read_quantity(struct case_file *file, char *rest)
{
	char *value = strstr(rest, " of ");
	char *unit = strstr(rest, " unit ");

	if (!value)
		case_broken(file, "a quantity is of some value");
	if (unit) {
		*unit = 0;
		amount_of(file)->quantity_unit =
				case_bilingual(file, case_trim(unit + 6), case_trim(unit + 6));
	}
	*value = 0;
	amount_of(file)->quantity_rule =
			case_keep_rule(file, amount_of(file), "quantity_rule", case_trim(rest));
	amount_of(file)->unit_amount_rule = case_keep_rule(
			file, amount_of(file), "unit_amount_rule", case_trim(value + 4));
}

/* funded LEVEL [SHARE], LEVEL [SHARE] ... */
static void read_funding(struct case_file *file, char *rest)
{
	while (*rest) {
		char *one = case_trim(case_cut(&rest, ","));
		Policycalc__V1__FundingShare *share =
				CASE_NEW(file, Policycalc__V1__FundingShare,
						policycalc__v1__funding_share__init);
		struct error err = { 0 };
		long long ppm = 0;

		share->level = (Policycalc__V1__Level)case_enum(file,
				&policycalc__v1__level__descriptor, "LEVEL_",
				case_word(file, &one));
		if (*case_trim(one) &&
				!unit_parse_ratio(slice_from(case_trim(one)), &ppm, &err))
			case_broken(file, "%s", err.message);
		share->share_ppm = ppm;
		case_append(file, &amount_of(file)->funding, &amount_of(file)->n_funding,
				share);
	}
}

bool case_read_amount(struct case_file *file, const char *keyword, char *rest)
{
	if (strcmp(keyword, "pays") == 0) {
		if (strcmp(rest, "not stated") == 0)
			amount_of(file)->not_stated = true;
		else
			amount_of(file)->rule =
					case_keep_rule(file, amount_of(file), "rule", rest);
	} else if (strcmp(keyword, "base") == 0) {
		amount_of(file)->base_rule =
				case_keep_rule(file, amount_of(file), "base_rule", rest);
	} else if (strcmp(keyword, "rate") == 0) {
		amount_of(file)->rate_rule =
				case_keep_rule(file, amount_of(file), "rate_rule", rest);
	} else if (strcmp(keyword, "bracket") == 0) {
		read_bracket(file, rest);
	} else if (strcmp(keyword, "cap") == 0) {
		read_cap(file, rest);
	} else if (strcmp(keyword, "caps") == 0) {
		amount_of(file)->cap_mode =
				strcmp(rest, "highest") == 0
						? POLICYCALC__V1__CAP_MODE__CAP_MODE_HIGHEST
						: POLICYCALC__V1__CAP_MODE__CAP_MODE_ALL;
	} else if (strcmp(keyword, "tier") == 0) {
		read_tier(file, rest);
	} else if (strcmp(keyword, "quantity") == 0) {
		read_quantity(file, rest);
	} else if (strcmp(keyword, "funded") == 0) {
		read_funding(file, rest);
	} else if (strcmp(keyword, "term") == 0) {
		amount_of(file)->term_months = atoi(case_word(file, &rest));
		amount_of(file)->yearly = strcmp(case_trim(rest), "yearly") == 0;
	} else if (strcmp(keyword, "up") == 0) {
		amount_of(file)->up_to = true;
	} else if (strcmp(keyword, "round") == 0) {
		struct error err = { 0 };
		long long unit;
		char *mode = case_word(file, &rest);

		amount_of(file)->rounding = (Policycalc__V1__Rounding)case_enum(
				file, &policycalc__v1__rounding__descriptor, "ROUNDING_", mode);
		if (!unit_parse_money(slice_from(case_trim(rest)), &unit, &err))
			case_broken(file, "%s", err.message);
		amount_of(file)->rounding_unit_fen = unit;
	} else {
		return false;
	}
	return true;
}
