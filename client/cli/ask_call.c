/* SPDX-License-Identifier: Apache-2.0 */
/* What the service is asked: the next question, and in the end the policies that match. */
#include "client/cli/ask.h"
#include "client/render/canvas.h"
#include "client/render/text.h"

#include <string.h>

static int profile_make(struct ask *ask, Policycalc__V1__Profile **out_profile)
{
	struct diagnostics diagnostics;
	struct profile_builder builder;
	json_t *tree = ask_tree(ask);
	int code = CLI_OK;

	diagnostics_init(&diagnostics, &ask->cli->arena);
	if (!tree || !profile_builder_init(&builder, &ask->cli->arena, &ask->dictionary,
				     &diagnostics, ask->cli->style.english)) {
		json_decref(tree);
		return cli_out_of_memory(ask->cli);
	}
	profile_add_tree(&builder, tree, "");
	json_decref(tree);
	for (size_t i = 0; i < diagnostics.count; i++)
		code = cli_usage(ask->cli, "%s",
				cli_said(ask->cli, diagnostics.list[i].message,
						&ask->cli->arena));
	if (ask->cli->arena.exhausted)
		return cli_out_of_memory(ask->cli);
	*out_profile = builder.profile;
	return code;
}

static char **policies_split(struct ask *ask, size_t *out_count)
{
	const char *text = ask->policies ? ask->policies : "";
	char **list = ARENA_NEW_ARRAY(&ask->cli->arena, char *, strlen(text) / 2 + 2);

	*out_count = 0;
	while (list && *text) {
		size_t size = strcspn(text, ",");

		if (size)
			list[(*out_count)++] = arena_copy(&ask->cli->arena, text, size);
		text += size + (text[size] == ',');
	}
	return list;
}

int ask_fetch_question(struct ask *ask)
{
	Policycalc__V1__NextQuestionRequest request =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;
	size_t skipped = 0;
	int code = profile_make(ask, &request.profile);

	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < ask->step_count; i++)
		skipped += ask->steps[i].skipped_count;
	ask->profile = request.profile;
	request.enterprise = (char *)(uintptr_t)(ask->id ? ask->id : "");
	request.revision = ask->revision;
	request.as_of = (char *)(uintptr_t)(ask->as_of ? ask->as_of : "");
	request.include_superseded = ask->include_superseded;
	request.policies = policies_split(ask, &request.n_policies);
	request.skipped = ARENA_NEW_ARRAY(&ask->cli->arena, char *, skipped + 1);
	request.choice_limit = 20;
	if (!request.policies || !request.skipped)
		return cli_out_of_memory(ask->cli);
	for (size_t i = 0; i < ask->step_count; i++) {
		for (size_t k = 0; k < ask->steps[i].skipped_count; k++)
			request.skipped[request.n_skipped++] =
					(char *)(uintptr_t)ask->steps[i].skipped[k];
	}
	code = cli_call(ask->cli, "/policycalc.v1.CalculatorService/NextQuestion",
			&request.base, &policycalc__v1__next_question_response__descriptor,
			&ask->response);
	if (code != CLI_OK)
		return code;
	if (!ask->response->progress ||
			(ask->response->question && !ask->response->question->n_attributes))
		return cli_failure(ask->cli, "%s",
				cli_word(ask->cli, "答复没有内容",
						"an answer without content"));
	/* All that follows is asked of the same revision and day. */
	ask->revision = ask->response->revision;
	ask->as_of = ask->response->as_of;
	return CLI_OK;
}

/* Amounts of what the firm gets that are open still: what would tell them, and how. */
static void open_amounts_print(struct ask *ask, const Policycalc__V1__MatchResponse *result,
		struct buffer *out)
{
	const struct render_dictionary names = { ask->dictionary.attributes,
		ask->dictionary.count };
	const struct canvas canvas = { &ask->cli->style, &names, out };
	bool any = false;

	for (size_t i = 0; i < result->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = result->answers[i];

		if ((answer->verdict != POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE &&
				    answer->verdict !=
						    POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW) ||
				!answer->amount || !answer->amount->n_missing)
			continue;
		if (!any)
			canvas_line(&canvas, 0, "",
					cli_word(ask->cli,
							"结论已定而金额还不确定的（用 "
							"match -f 档案 名称=值 补充）：",
							"Settled, but for the amount (tell "
							"more "
							"with match -f FILE name=value):"));
		any = true;
		canvas_line(&canvas, 2, "● ", word_text(&ask->cli->style, answer->title));
		canvas_print_missing(&canvas,
				cli_word(ask->cli, "补充后可算出金额：",
						"would tell the amount: "),
				answer->amount->missing, answer->amount->n_missing);
	}
}

int ask_show_result(struct ask *ask)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	const Policycalc__V1__MatchResponse *result = NULL;
	struct buffer out = { 0 };
	struct error err = { 0 };
	int code = profile_make(ask, &request.profile);

	if (code != CLI_OK)
		return code;
	request.enterprise = (char *)(uintptr_t)(ask->id ? ask->id : "");
	request.revision = ask->revision;
	request.as_of = (char *)(uintptr_t)ask->as_of;
	request.include_superseded = ask->include_superseded;
	request.policies = policies_split(ask, &request.n_policies);
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	code = cli_call(ask->cli, "/policycalc.v1.CalculatorService/Match", &request.base,
			&policycalc__v1__match_response__descriptor, &result);
	if (code != CLI_OK)
		return code;
	if (ask->cli->json) {
		if (!ask_write_event(ask, "result", "result", ask_message_json(result)))
			return CLI_FAILURE;
	} else {
		buffer_format(&out, "\n%s\n\n", ask_done_word(ask));
		(void)match_print_table(result, &ask->cli->style, &out);
		open_amounts_print(ask, result, &out);
		buffer_append_text(&out, cli_word(ask->cli, "以主管部门审核为准。\n",
							 "An aid, not a decision: "
							 "以主管部门审核为准.\n"));
		if (!ask_write_out(ask, &out))
			return CLI_FAILURE;
	}
	if (!ask->transcript_path)
		return CLI_OK;
	ask_print_transcript(ask, result, &out);
	if (out.failed || !ask_write_file(ask->transcript_path,
					  (struct slice){ out.data, out.size }, &err))
		code = out.failed ? cli_out_of_memory(ask->cli)
				  : cli_failure(ask->cli, "%s",
						    cli_said(ask->cli, err.message,
								    &ask->cli->arena));
	buffer_fini(&out);
	if (code == CLI_OK)
		(void)ask_say(ask, "transcript", "path",
				ask->cli->json ? ask->transcript_path
					       : arena_format(&ask->cli->arena, "%s%s",
								 cli_word(ask->cli, "记录：",
										 "transcript:"
										 " "),
								 ask->transcript_path));
	return code;
}
