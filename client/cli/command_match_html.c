/* SPDX-License-Identifier: Apache-2.0 */
/* match --format html: the report, with the procedure of what the firm may have. */
#include "client/cli/command_match.h"

#include "client/render/html.h"
#include "policycalc/v1/registry_service.pb-c.h"

#include <string.h>

/* Policies whose steps are drawn: more lanes than these nobody reads. */
#define DRAWN_MOST 9
#define ASKED_MOST 100

/* Eligible ones first, as the answer is ordered, then those that only people must judge. */
static size_t policies_choose(const Policycalc__V1__MatchResponse *match, char **out_ids)
{
	size_t count = 0;

	for (size_t i = 0; i < match->n_answers && count < ASKED_MOST; i++) {
		Policycalc__V1__Verdict verdict = match->answers[i]->verdict;

		if (verdict == POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE ||
				verdict == POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW)
			out_ids[count++] = match->answers[i]->policy_id;
	}
	return count;
}

static int guide_call(struct cli *cli, const Policycalc__V1__MatchResponse *match, char **ids,
		size_t count, const Policycalc__V1__GetGuideResponse **out_guide)
{
	Policycalc__V1__GetGuideRequest request = POLICYCALC__V1__GET_GUIDE_REQUEST__INIT;

	request.policies = ids;
	request.n_policies = count;
	request.revision = match->revision;
	request.as_of = match->as_of;
	return cli_call(cli, "/policycalc.v1.CatalogService/GetGuide", &request.base,
			&policycalc__v1__get_guide_response__descriptor, out_guide);
}

/* The procedure of the policies whose steps are known; NULL when there are none. */
static int guide_read(struct cli *cli, const Policycalc__V1__MatchResponse *match,
		const Policycalc__V1__GetGuideResponse **out_guide)
{
	const Policycalc__V1__GetGuideResponse *all;
	char *ids[ASKED_MOST];
	size_t count = policies_choose(match, ids);
	size_t kept = 0;
	int code;

	*out_guide = NULL;
	if (count == 0)
		return CLI_OK;
	code = guide_call(cli, match, ids, count, &all);
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < all->n_policies && kept < DRAWN_MOST; i++) {
		if (!all->policies[i]->not_stated)
			ids[kept++] = all->policies[i]->id;
	}
	return kept ? guide_call(cli, match, ids, kept, out_guide) : CLI_OK;
}

static bool is_said(const Policycalc__V1__Profile *said,
		const Policycalc__V1__AttributeValue *known)
{
	for (size_t i = 0; i < said->n_attributes; i++) {
		if (strcmp(said->attributes[i]->name, known->name) == 0)
			return true;
	}
	return false;
}

int match_read_known(struct cli *cli, const char *id, const Policycalc__V1__Profile **profile)
{
	Policycalc__V1__GetEnterpriseRequest request =
			POLICYCALC__V1__GET_ENTERPRISE_REQUEST__INIT;
	const Policycalc__V1__GetEnterpriseResponse *response;
	const Policycalc__V1__Profile *said = *profile;
	Policycalc__V1__Profile *whole;
	int code;

	request.uscc = (char *)(uintptr_t)id;
	code = cli_call(cli, "/policycalc.v1.RegistryService/GetEnterprise", &request.base,
			&policycalc__v1__get_enterprise_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	if (!response->profile)
		return cli_failure(cli, "an answer without content");
	whole = ARENA_NEW(&cli->arena, Policycalc__V1__Profile);
	if (!whole)
		return cli_out_of_memory(cli);
	*whole = *response->profile;
	whole->attributes = ARENA_NEW_ARRAY(&cli->arena, Policycalc__V1__AttributeValue *,
			said->n_attributes + response->profile->n_attributes + 1);
	if (!whole->attributes)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < said->n_attributes; i++)
		whole->attributes[i] = said->attributes[i];
	whole->n_attributes = said->n_attributes;
	for (size_t i = 0; i < response->profile->n_attributes; i++) {
		if (!is_said(said, response->profile->attributes[i]))
			whole->attributes[whole->n_attributes++] =
					response->profile->attributes[i];
	}
	*profile = whole;
	return CLI_OK;
}

int match_write_html(struct cli *cli, const Policycalc__V1__Profile *profile,
		const struct render_dictionary *dictionary,
		const Policycalc__V1__MatchResponse *match)
{
	struct report report = {
		.profile = profile, .match = match, .dictionary = *dictionary
	};
	struct buffer out = { 0 };
	int code = guide_read(cli, match, &report.guide);

	if (code != CLI_OK)
		return code;
	(void)report_print_html(&report, &cli->style, &cli->arena, &out);
	if (cli->arena.exhausted)
		out.failed = true;
	return cli_write(cli, &out);
}
