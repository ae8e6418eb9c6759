/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/ask.h"
#include "client/cli/dictionary.h"
#include "client/cli/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP_ZH[] =
		"用法：policycalc ask [-f 档案] [名称=值 ...] [选项]\n"
		"\n"
		"问答：每次只问最有用的一个问题，直到全部政策都有结论，或您说“够了”。\n"
		"\n"
		"  -f 档案             已知的情况，同 match\n"
		"  --id 代码           登记库中的企业（统一社会信用代码）；库中已有的不再问\n"
		"  --as-of 日期        按哪一天计算（YYYY-MM-DD，默认今天）\n"
		"  --policy 编号       只问这些政策（编号或系列，多项用逗号分隔）\n"
		"  --all               也问已截止、已被取代的政策\n"
		"  --save 文件         退出、输入结束或 Ctrl-C 时保存；随时可答“保存”\n"
		"  --resume 文件       接着上次保存的继续\n"
		"  --transcript 文件   结束时写下问答和结果（Markdown）\n"
		"  --max N             最多问 N 个问题\n"
		"  --format 格式       table 或 json（每行一个事件）\n"
		"\n"
		"可以答：值（3800万元、12.5%、是、灵宝市、编号），或 不知道、返回、保存、够了、"
		"退出、帮助。\n"
		"标准输入不是终端时，每行一个回答。\n";
static const char HELP_EN[] =
		"usage: policycalc ask [-f PROFILE] [name=value ...] [options]\n"
		"\n"
		"Asks the one question that helps most, again and again, until every policy "
		"is\n"
		"settled or you have enough.\n"
		"\n"
		"  -f PROFILE         what is known, as for match\n"
		"  --id CODE          an enterprise of the registry (USCC): what is known is "
		"not "
		"asked\n"
		"  --as-of DATE       day of the question (YYYY-MM-DD, default today)\n"
		"  --policy ID        only about these (id or series; several with commas)\n"
		"  --all              also about policies that are closed or superseded\n"
		"  --save FILE        save on quit, end of input and Ctrl-C; \"save\" at any "
		"time\n"
		"  --resume FILE      go on from what was saved\n"
		"  --transcript FILE  write questions, answers and result (Markdown)\n"
		"  --max N            ask at most N questions\n"
		"  --format FORMAT    table or json (one event a line)\n"
		"\n"
		"Answers: a value (3800万元, 12.5%, yes, 灵宝市, a number of the list), or "
		"skip, back,\n"
		"save, enough, quit, help. When standard input is no terminal: one answer a "
		"line.\n";

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* --- the dialogue ----------------------------------------------------------------------------- */

static bool question_show(struct ask *ask)
{
	struct buffer out = { 0 };

	ask_list_choices(ask);
	if (ask->cli->json)
		return ask_write_event(ask, "progress", "progress",
				       ask_message_json(ask->response->progress)) &&
		       (!ask->response->question ||
				       ask_write_event(ask, "question", "question",
						       ask_message_json(
								       ask->response->question)));
	ask_print_progress(ask, &out);
	if (ask->response->question)
		ask_print_question(ask, &out);
	return ask_write_out(ask, &out);
}

/* The next line without blanks around it; false at the end of input and after Ctrl-C. */
static bool line_read(struct ask *ask, char **line, size_t *room, struct slice *out_line)
{
	ssize_t size;

	if (ask->terminal) {
		fputs("> ", stdout);
		fflush(stdout);
	}
	if (interrupted)
		return false;
	size = getline(line, room, stdin);
	if (size < 0 || interrupted)
		return false;
	*out_line = (struct slice){ *line, (size_t)size };
	while (out_line->size && strchr(" \t\r\n", out_line->data[out_line->size - 1]))
		out_line->size--;
	while (out_line->size && strchr(" \t", *out_line->data))
		*out_line = (struct slice){ out_line->data + 1, out_line->size - 1 };
	return true;
}

static int save_now(struct ask *ask)
{
	struct error err = { 0 };

	if (!ask->save_path)
		return ask_say(ask, "problem", "message",
				       cli_word(ask->cli, "没有用 --save 指定文件",
						       "there is no --save FILE"))
				       ? CLI_OK
				       : CLI_FAILURE;
	if (!ask_save(ask, &err))
		return cli_failure(ask->cli, "%s",
				cli_said(ask->cli, err.message, &ask->cli->arena));
	return ask_say(ask, "saved", "path",
			       ask->cli->json ? ask->save_path
					      : arena_format(&ask->cli->arena, "%s%s",
								cli_word(ask->cli, "已保存：",
										"saved: "),
								ask->save_path))
			       ? CLI_OK
			       : CLI_FAILURE;
}

static bool step_add(struct ask *ask, const struct ask_step *step)
{
	if (ask->step_count == ask->step_capacity) {
		size_t capacity = ask->step_capacity ? ask->step_capacity * 2 : 32;
		struct ask_step *steps =
				ARENA_NEW_ARRAY(&ask->cli->arena, struct ask_step, capacity);

		if (!steps)
			return false;
		if (ask->step_count)
			memcpy(steps, ask->steps, ask->step_count * sizeof(*steps));
		ask->steps = steps;
		ask->step_capacity = capacity;
	}
	ask->steps[ask->step_count++] = *step;
	return true;
}

/* The step of the question at hand, still without an answer. */
static struct ask_step step_begin(struct ask *ask)
{
	const Policycalc__V1__Question *question = ask->response->question;
	const char *period = question->n_attributes == 1 ? question->attributes[0]->period : "";
	const char *texts[2] = { question->text ? question->text->zh : "",
		question->text && *question->text->en ? question->text->en
		: question->text		      ? question->text->zh
						      : "" };
	struct ask_step step = { .facts = NULL };

	for (int i = 0; i < 2; i++)
		step.question[i] = *period && !strstr(texts[i], period)
						   ? arena_format(&ask->cli->arena,
								     i ? "%s (%s)" : "%s（%s）",
								     texts[i], period)
						   : texts[i];
	return step;
}

static bool step_skip(struct ask *ask)
{
	const Policycalc__V1__Question *question = ask->response->question;
	struct ask_step step = step_begin(ask);

	step.answer = cli_word(ask->cli, "不知道", "don't know");
	step.skipped = ARENA_NEW_ARRAY(&ask->cli->arena, const char *, question->n_attributes);
	for (size_t i = 0; step.skipped && i < question->n_attributes; i++)
		step.skipped[step.skipped_count++] = question->attributes[i]->key;
	return step.skipped && step_add(ask, &step);
}

/* Takes a value: true when a step was added, false when the same question is asked again. */
static bool value_take(struct ask *ask, struct slice line)
{
	struct ask_step step = step_begin(ask);
	struct buffer problem = { 0 };
	struct buffer out = { 0 };
	bool ok = line.size && ask_read_answer(ask, line, &step, &problem);

	if (ok && step_add(ask, &step)) {
		buffer_fini(&problem);
		if (!ask->cli->json)
			return ask_say(ask, "", "",
					arena_format(&ask->cli->arena, "→ %s", step.answer));
		return ask_write_event(ask, "answer", "answer", json_string(step.answer));
	}
	if (!line.size)
		buffer_append_text(&problem,
				cli_word(ask->cli, "请回答，或答“不知道”（“帮助”看说明）",
						"answer, or say skip (\"help\" explains)"));
	buffer_append_char(&problem, 0);
	if (problem.failed)
		(void)cli_out_of_memory(ask->cli);
	else
		(void)ask_say(ask, "problem", "message", problem.data);
	buffer_fini(&problem);
	if (!ask->cli->json && ask->listed_anew) {
		ask->listed_anew = false;
		ask_print_listed(ask, &out);
		(void)ask_write_out(ask, &out);
	}
	return false;
}

enum turn {
	TURN_AGAIN,  /* the same question */
	TURN_NEXT,   /* the question that follows from what is known now */
	TURN_RESULT, /* the user has enough */
	TURN_LEAVE,
	TURN_FAILED,
};

static enum turn line_take(struct ask *ask, struct slice line)
{
	struct buffer out = { 0 };

	switch (ask_word_of(line)) {
	case ASK_SKIP:
		return step_skip(ask) ? TURN_NEXT : TURN_FAILED;
	case ASK_BACK:
		if (ask->step_count > 0) {
			ask->step_count--;
			return TURN_NEXT;
		}
		(void)ask_say(ask, "problem", "message",
				cli_word(ask->cli, "已是第一个问题",
						"this is the first question"));
		return TURN_AGAIN;
	case ASK_SAVE:
		return save_now(ask) == CLI_OK ? TURN_AGAIN : TURN_FAILED;
	case ASK_QUIT:
		return TURN_LEAVE;
	case ASK_ENOUGH:
		return TURN_RESULT;
	case ASK_HELP:
		if (ask->cli->json)
			return TURN_AGAIN;
		ask_print_help(ask, &out);
		return ask_write_out(ask, &out) ? TURN_AGAIN : TURN_FAILED;
	case ASK_VALUE:
	default:
		return value_take(ask, line) ? TURN_NEXT : TURN_AGAIN;
	}
}

static int dialogue_run(struct ask *ask, long long most)
{
	char *line = NULL;
	size_t room = 0;
	enum turn turn = TURN_NEXT;
	size_t before = ask->step_count;
	int code = CLI_OK;

	while (turn == TURN_NEXT || turn == TURN_AGAIN) {
		struct slice text;

		if (turn == TURN_NEXT) {
			code = ask_fetch_question(ask);
			if (code != CLI_OK || !question_show(ask))
				break;
			if (!ask->response->question ||
					(most > 0 && ask->step_count >= before + (size_t)most)) {
				turn = TURN_RESULT;
				break;
			}
		}
		turn = line_read(ask, &line, &room, &text) ? line_take(ask, text) : TURN_LEAVE;
	}
	free(line);
	if (code != CLI_OK)
		return code;
	if (turn == TURN_FAILED)
		return CLI_FAILURE;
	if (ask->save_path)
		code = save_now(ask);
	/* The end of a script is an end like "enough"; one who quits wants to see no more. */
	if (code == CLI_OK && (turn == TURN_RESULT ||
					      (!ask->terminal && !interrupted && feof(stdin))))
		code = ask_show_result(ask);
	return code;
}

/* --- the command ------------------------------------------------------------------------------ */

static int known_read(
		struct ask *ask, const char *file, const char *resume, int argc, char **argv)
{
	struct buffer text = { 0 };
	struct error err = { 0 };
	json_t *tree = NULL;
	bool ok;

	if (resume && !ask_resume(ask, resume, &err))
		return cli_usage(ask->cli, "%s",
				cli_said(ask->cli, err.message, &ask->cli->arena));
	if (resume && (file || argc))
		return cli_usage(ask->cli, "%s",
				cli_word(ask->cli, "--resume 不与 -f 和 名称=值 同用",
						"--resume goes without -f and name=value"));
	if (resume)
		return CLI_OK;
	if (file) {
		ok = file_read(file, &text, &err);
		if (ok) {
			tree = profile_tree_parse(
					(struct slice){ text.data ? text.data : "", text.size },
					&err);
			ok = tree != NULL;
		}
		buffer_fini(&text);
		if (!ok)
			return cli_usage(ask->cli, "%s: %s", file,
					cli_said(ask->cli, err.message, &ask->cli->arena));
	}
	ok = ask_begin_tree(ask, tree, argc, argv, &err);
	json_decref(tree);
	return ok ? CLI_OK
		  : cli_usage(ask->cli, "%s",
				    cli_said(ask->cli, err.message, &ask->cli->arena));
}

int command_ask(struct cli *cli, int argc, char **argv)
{
	struct ask ask = { .cli = cli };
	const char *file = NULL;
	const char *resume = NULL;
	const char *most_text = NULL;
	const struct cli_option list[] = {
		{ "-f", .text = &file },
		{ "--id", .text = &ask.id },
		{ "--as-of", .text = &ask.as_of },
		{ "--policy", .text = &ask.policies },
		{ "--all", .flag = &ask.include_superseded },
		{ "--save", .text = &ask.save_path },
		{ "--resume", .text = &resume },
		{ "--transcript", .text = &ask.transcript_path },
		{ "--max", .text = &most_text },
	};
	struct sigaction action = { .sa_handler = on_interrupt };
	long long most = 0;
	int code = cli_options(cli, list, sizeof(list) / sizeof(list[0]), HELP_ZH, HELP_EN,
			&argc, argv);

	if (code >= 0)
		return code;
	if (most_text && (!cli_parse_number(most_text, &most) || most < 1))
		return cli_usage(cli, "%s",
				cli_word(cli, "--max 需要一个正整数",
						"--max needs a number from 1"));
	ask.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !cli->json;
	code = dictionary_load(cli, 0, &ask.dictionary);
	if (code == CLI_OK)
		code = known_read(&ask, file, resume, argc, argv);
	if (code == CLI_OK) {
		/* No restart: a line that is being typed is given up. */
		(void)sigaction(SIGINT, &action, NULL);
		code = dialogue_run(&ask, most);
	}
	json_decref(ask.base);
	return code;
}
