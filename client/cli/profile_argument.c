/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/profile_argument.h"

#include "client/cli/file.h"
#include "client/cli/profile_file.h"

#include <string.h>

static int profile_read_file(struct cli *cli, struct profile_builder *builder, const char *path)
{
	struct buffer text = { 0 };
	struct error err;
	json_t *tree;

	if (!file_read(path, &text, &err)) {
		buffer_fini(&text);
		return cli_usage(cli, "%s", cli_said(cli, err.message, &cli->arena));
	}
	tree = profile_tree_parse(
			(struct slice){ text.data ? text.data : "", text.size }, &err);
	buffer_fini(&text);
	if (!tree && err.code == ERROR_MEMORY)
		return cli_out_of_memory(cli);
	if (!tree)
		return cli_usage(cli, "%s:%s", path, cli_said(cli, err.message, &cli->arena));
	profile_add_tree(builder, tree, path);
	json_decref(tree);
	return CLI_OK;
}

int profile_from_arguments(struct cli *cli, const char *file,
		const struct dictionary *dictionary, int argc, char **argv,
		Policycalc__V1__Profile **out_profile)
{
	struct diagnostics diagnostics;
	struct profile_builder builder;
	int code = CLI_OK;

	diagnostics_init(&diagnostics, &cli->arena);
	if (!profile_builder_init(&builder, &cli->arena, dictionary, &diagnostics,
			    cli->style.english))
		return cli_out_of_memory(cli);
	if (file)
		code = profile_read_file(cli, &builder, file);
	for (int i = 0; code == CLI_OK && i < argc; i++)
		profile_add_argument(&builder, argv[i]);
	if (cli->arena.exhausted)
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < diagnostics.count; i++)
		code = cli_usage(cli, "%s%s%s", diagnostics.list[i].path,
				*diagnostics.list[i].path ? ": " : "",
				cli_said(cli, diagnostics.list[i].message, &cli->arena));
	*out_profile = builder.profile;
	return code;
}

bool policies_from_argument(
		struct cli *cli, const char *text, char ***out_policies, size_t *out_count)
{
	size_t most = 1;

	for (const char *at = text; *at; at++)
		most += *at == ',';
	*out_policies = ARENA_NEW_ARRAY(&cli->arena, char *, most);
	*out_count = 0;
	while (*out_policies && *text) {
		size_t size = strcspn(text, ",");

		if (size)
			(*out_policies)[(*out_count)++] = arena_copy(&cli->arena, text, size);
		text += size + (text[size] == ',');
	}
	return !cli->arena.exhausted;
}
