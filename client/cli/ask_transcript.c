/* SPDX-License-Identifier: Apache-2.0 */
/* The questionnaire as a text one can pass on. */
#include "client/cli/ask.h"

#include <stdlib.h>
#include <string.h>

/* Text in Markdown: nothing in it is taken for markup, and it stays on its line. */
static void append_escaped(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|!~", *text))
			buffer_append_char(out, '\\');
		if ((unsigned char)*text < 32 || *text == 127)
			buffer_append_char(out, ' ');
		else
			buffer_append_char(out, *text);
	}
}

/* A fact the questionnaire began with: "attributes" of the file and arguments. */
static void append_known(const struct ask *ask, struct buffer *out)
{
	const json_t *attributes = json_object_get(ask->base, "attributes");
	const char *name;
	json_t *value;

	if (json_object_size(attributes) == 0)
		return;
	buffer_append_text(
			out, cli_word(ask->cli, "\n## 事先已知\n\n", "\n## Known before\n\n"));
	json_object_foreach((json_t *)(uintptr_t)attributes, name, value)
	{
		char *text = json_is_string(value) ? strdup(json_string_value(value))
						   : json_dumps(value, JSON_ENCODE_ANY);
		size_t size = strcspn(name, "@");
		const char *label = name;

		for (size_t i = 0; i < ask->dictionary.count; i++) {
			const Policycalc__V1__Attribute *attribute =
					ask->dictionary.attributes[i];

			if (!*attribute->item_list && strlen(attribute->name) == size &&
					strncmp(attribute->name, name, size) == 0)
				label = word_text(&ask->cli->style, attribute->label);
		}
		buffer_append_text(out, "- ");
		append_escaped(out, label);
		if (name[size]) {
			buffer_append_text(out, cli_word(ask->cli, "（", " ("));
			append_escaped(out, name + size + 1);
			buffer_append_text(out, cli_word(ask->cli, "）", ")"));
		}
		buffer_append_text(out, cli_word(ask->cli, "：", ": "));
		append_escaped(out, text ? text : "");
		buffer_append_char(out, '\n');
		free(text);
	}
}

static void append_steps(const struct ask *ask, struct buffer *out)
{
	buffer_append_text(out, cli_word(ask->cli, "\n## 问答\n\n", "\n## Questions\n\n"));
	if (ask->step_count == 0)
		buffer_append_text(
				out, cli_word(ask->cli, "没有提问。\n", "None was asked.\n"));
	for (size_t i = 0; i < ask->step_count; i++) {
		const struct ask_step *step = &ask->steps[i];

		buffer_format(out, "%zu. ", i + 1);
		append_escaped(out, step->question[ask->cli->style.english]);
		buffer_append_text(out,
				cli_word(ask->cli, "  \n   **答：**", "  \n   **Answer:** "));
		append_escaped(out, step->answer);
		buffer_append_char(out, '\n');
	}
}

static void append_result(const struct ask *ask, const Policycalc__V1__MatchResponse *result,
		struct buffer *out)
{
	size_t hidden = 0;

	buffer_append_text(out,
			cli_word(ask->cli, "\n## 结果\n\n| 结论 | 政策 | 金额 | 编号 |\n",
					"\n## Result\n\n| Verdict | Policy | Amount | Id |\n"));
	buffer_append_text(out, "|---|---|---|---|\n");
	for (size_t i = 0; i < result->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = result->answers[i];
		struct buffer amount = { 0 };

		if (answer->verdict < POLICYCALC__V1__VERDICT__VERDICT_NEEDS_INFORMATION) {
			hidden++;
			continue;
		}
		word_amount(&ask->cli->style, answer->amount, &amount);
		buffer_append_char(&amount, 0);
		buffer_append_text(out, "| ");
		append_escaped(out, word_verdict(&ask->cli->style, answer->verdict));
		buffer_append_text(out, " | ");
		append_escaped(out, word_text(&ask->cli->style, answer->title));
		buffer_append_text(out, " | ");
		append_escaped(out, amount.failed ? "" : amount.data);
		buffer_append_text(out, " | ");
		append_escaped(out, answer->policy_id);
		buffer_append_text(out, " |\n");
		buffer_fini(&amount);
	}
	if (hidden)
		buffer_format(out,
				cli_word(ask->cli, "\n另有 %zu 项不符合或未开放。\n",
						"\n%zu more do not fit or are not open.\n"),
				hidden);
}

void ask_print_transcript(const struct ask *ask, const Policycalc__V1__MatchResponse *result,
		struct buffer *out)
{
	buffer_append_text(out,
			cli_word(ask->cli, "# 政策问答记录\n\n", "# Policy questionnaire\n\n"));
	buffer_format(out,
			cli_word(ask->cli, "按 %s 计算；政策库第 %lld 版；引擎 %s。%s。\n",
					"As of %s; catalog revision %lld; engine %s; %s.\n"),
			result->as_of, (long long)result->revision, result->engine_version,
			ask_done_word(ask));
	if (ask->response && ask->response->priors_sequence)
		buffer_format(out,
				cli_word(ask->cli,
						"提问次序参考了企业库第 %lld "
						"号快照中企业的情况。\n",
						"The order of the questions rests on the firms "
						"of "
						"registry snapshot %lld.\n"),
				(long long)ask->response->priors_sequence);
	append_known(ask, out);
	append_steps(ask, out);
	append_result(ask, result, out);
	buffer_append_text(out,
			cli_word(ask->cli, "\n> 测算结果仅供参考，以主管部门审核为准。\n",
					"\n> An aid, not a decision: 以主管部门审核为准 (the "
					"authority in charge decides).\n"));
}
