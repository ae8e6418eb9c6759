/* SPDX-License-Identifier: Apache-2.0 */
/* match --format html: the report, with the procedure of what the firm may have. */
#include "client/cli/command_match.h"

#include "client/render/html.h"

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
