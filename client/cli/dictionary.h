/* SPDX-License-Identifier: Apache-2.0 */
/* The attribute dictionary, read from the service. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/profile_file.h"

/** Reads all pages into the command's arena. CLI_OK, or the exit code after saying why not. */
int dictionary_load(struct cli *cli, long long revision, struct dictionary *out_dictionary);
