/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the match command share. */
#pragma once

#include "client/cli/cli.h"

/**
 * Writes the report of @match, which is in the FULL view and was asked with @profile; asks the service
 * for the procedures. Returns the exit code.
 */
int match_write_html(struct cli *cli, const Policycalc__V1__Profile *profile,
		const struct render_dictionary *dictionary,
		const Policycalc__V1__MatchResponse *match);
/** *profile with what the registry knows of enterprise @id behind it: what the report shows. */
int match_read_known(struct cli *cli, const char *id, const Policycalc__V1__Profile **profile);
