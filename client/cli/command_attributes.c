/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/cli.h"
#include "client/cli/dictionary.h"
#include "client/render/table.h"
#include "client/render/text.h"
#include "proto/codec/value_text.h"

#include <string.h>

static const char HELP_ZH[] =
		"用法：policycalc attributes [名称] [--revision N] [--format table|json]\n"
		"\n"
		"列出企业属性；给出名称时说明这一个，包括可选的值；给出名称或含义的一部分时\n"
		"列出含有它的。\n"
		"JSON 为每行一个属性（NDJSON）。\n";
static const char HELP_EN[] =
		"usage: policycalc attributes [NAME] [--revision N] [--format table|json]\n"
		"\n"
		"Lists the attributes of an enterprise; with a name, explains that one with "
		"its choices; with a part of a name or meaning, lists those that hold it.\n"
		"JSON is one attribute a line (NDJSON).\n";

static void attribute_print(const struct cli *cli, const Policycalc__V1__Attribute *attribute,
		struct buffer *out)
{
	const struct render_style *style = &cli->style;
	struct table table = { .columns = 2,
		.headings = { cli_word(cli, "代码", "code"),
				cli_word(cli, "含义", "meaning") } };

	buffer_format(out, "%s%s%s  %s\n", *attribute->item_list ? attribute->item_list : "",
			*attribute->item_list ? "." : "", attribute->name,
			word_text(style, attribute->label));
	buffer_format(out, "%s%s\n", cli_word(cli, "类型：", "type: "),
			word_type(style, attribute->type));
	if (*word_text(style, attribute->question)) {
		text_append_wrapped(out, slice_from(word_text(style, attribute->question)),
				style->width, 0);
		buffer_append_char(out, '\n');
	}
	if (*word_text(style, attribute->help)) {
		text_append_wrapped(out, slice_from(word_text(style, attribute->help)),
				style->width, 0);
		buffer_append_char(out, '\n');
	}
	if (attribute->deprecated)
		buffer_format(out, "%s%s\n", cli_word(cli, "已停用：", "deprecated: "),
				attribute->deprecated_note);
	for (size_t i = 0; i < attribute->n_choices; i++) {
		const char *cells[] = { attribute->choices[i]->code,
			word_text(style, attribute->choices[i]->label) };

		table_add(&table, cells);
	}
	if (attribute->n_choices && !table_print(&table, style->width, style->colour, out))
		out->failed = true;
	table_fini(&table);
}

/* "projects.invested", as the list writes it. */
static char *attribute_path(struct cli *cli, const Policycalc__V1__Attribute *attribute)
{
	return arena_format(&cli->arena, "%s%s%s", attribute->item_list,
			*attribute->item_list ? "." : "", attribute->name);
}

/* Whether one looks for it: by a part of its name or of its label; "" is a part of all. */
static bool attribute_has(const struct cli *cli, const Policycalc__V1__Attribute *attribute,
		const char *path, const char *text)
{
	return strstr(path, text) || strstr(word_text(&cli->style, attribute->label), text);
}

/* Those that @text is a part of; *out_count says how many. */
static int attributes_list(struct cli *cli, const struct dictionary *dictionary,
		const char *text, size_t *out_count)
{
	struct table table = { .columns = 3,
		.headings = { cli_word(cli, "名称", "name"), cli_word(cli, "类型", "type"),
				cli_word(cli, "含义", "meaning") },
		.whole = { true, false, false } };
	struct buffer out = { 0 };

	*out_count = 0;
	for (size_t i = 0; i < dictionary->count; i++) {
		const Policycalc__V1__Attribute *attribute = dictionary->attributes[i];
		const char *path = attribute_path(cli, attribute);
		const char *cells[] = { path, word_type(&cli->style, attribute->type),
			word_text(&cli->style, attribute->label) };

		if (!path) {
			out.failed = true;
			break;
		}
		if (!attribute_has(cli, attribute, path, text))
			continue;
		if (cli->json && !cli_append_json_line(attribute, &out))
			out.failed = true;
		if (!attribute->deprecated)
			table_add(&table, cells);
		++*out_count;
	}
	if (!cli->json && *out_count &&
			!table_print(&table, cli->style.width, cli->style.colour, &out))
		out.failed = true;
	table_fini(&table);
	return cli_write(cli, &out);
}

static int attribute_find(
		struct cli *cli, const struct dictionary *dictionary, const char *name)
{
	const char **names = ARENA_NEW_ARRAY(&cli->arena, const char *, dictionary->count);
	struct buffer out = { 0 };
	const char *near;
	size_t found = 0;
	int code;

	if (!names)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < dictionary->count; i++) {
		const Policycalc__V1__Attribute *attribute = dictionary->attributes[i];
		const char *path = attribute_path(cli, attribute);

		names[i] = attribute->name;
		if (!path)
			return cli_out_of_memory(cli);
		if (strcmp(attribute->name, name) != 0 && strcmp(path, name) != 0)
			continue;
		if (cli->json && !cli_append_json_line(attribute, &out))
			out.failed = true;
		else if (!cli->json)
			attribute_print(cli, attribute, &out);
		found++;
	}
	if (found)
		return cli_write(cli, &out);
	code = attributes_list(cli, dictionary, name, &found);
	if (code != CLI_OK || found)
		return code;
	near = name_suggest(slice_from(name), names, dictionary->count);
	if (near)
		return cli_usage(cli,
				cli_word(cli, "没有属性 '%s'，是不是 '%s'？",
						"no attribute '%s'; did you mean '%s'?"),
				name, near);
	return cli_usage(cli, cli_word(cli, "没有属性 '%s'", "no attribute '%s'"), name);
}

int command_attributes(struct cli *cli, int argc, char **argv)
{
	const char *revision_text = NULL;
	const struct cli_option list[] = { { "--revision", .text = &revision_text } };
	struct dictionary dictionary;
	long long revision = 0;
	size_t count;
	int code = cli_options(cli, list, 1, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc > 1)
		return cli_usage(cli, "%s", cli_word(cli, "最多一个名称", "at most one name"));
	if (revision_text && !cli_parse_number(revision_text, &revision))
		return cli_usage(cli, "%s",
				cli_word(cli, "--revision 需要一个版本号",
						"--revision needs a number"));
	code = dictionary_load(cli, revision, &dictionary);
	if (code != CLI_OK)
		return code;
	if (argc == 1)
		return attribute_find(cli, &dictionary, argv[0]);
	return attributes_list(cli, &dictionary, "", &count);
}
