/* SPDX-License-Identifier: Apache-2.0 */
/* The enterprise a command is about: a file, and name=value behind it. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/dictionary.h"

/** @file may be NULL. CLI_OK, or the exit code after what is wrong was said. */
int profile_from_arguments(struct cli *cli, const char *file,
		const struct dictionary *dictionary, int argc, char **argv,
		Policycalc__V1__Profile **out_profile);

/** Splits "a,b". false when memory is short. */
bool policies_from_argument(
		struct cli *cli, const char *text, char ***out_policies, size_t *out_count);
