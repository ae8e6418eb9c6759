/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptors.h"

#include "base/log.h"
#include "operations/process.h"

#include <inttypes.h>

/* What a process is usually allowed at first. */
#define FEW 64

/* Connections for which there are descriptors, beside a quarter of them at most for all else. */
static size_t count_connections(uint64_t allowed)
{
	uint64_t others = allowed / 4 < SERVER_OTHER_DESCRIPTORS ? allowed / 4
								 : SERVER_OTHER_DESCRIPTORS;
	struct server_limits limits = { .connection_count = 1 };
	size_t least = server_descriptors(&limits) - SERVER_OTHER_DESCRIPTORS;

	if (allowed < FEW || allowed - others <= least)
		return 1;
	/* Of nine one is spare: see places_spare(). */
	return (size_t)((allowed - others - least) / 9 * 8) + 1;
}

/* false: there are enough. */
static bool is_short(struct server_limits *limits, uint64_t *out_wanted, uint64_t *out_allowed)
{
	*out_wanted = server_descriptors(limits);
	*out_allowed = process_allow_descriptors(*out_wanted);
	if (*out_allowed >= *out_wanted)
		return false;
	if (count_connections(*out_allowed) < limits->connection_count)
		limits->connection_count = count_connections(*out_allowed);
	return true;
}

void descriptors_fit(struct server_limits *limits)
{
	uint64_t wanted, allowed;

	if (is_short(limits, &wanted, &allowed))
		log_event(LOG_LEVEL_WARNING, "descriptors_short",
				LOG_TEXT("message",
						"more connections need a higher limit of open "
						"files (ulimit -n, LimitNOFILE=)"),
				LOG_NUMBER("connections", limits->connection_count),
				LOG_NUMBER("allowed", allowed), LOG_NUMBER("wanted", wanted));
}

void descriptors_check(size_t connections, FILE *out)
{
	struct server_limits limits = { .connection_count = connections };
	uint64_t wanted, allowed;

	if (is_short(&limits, &wanted, &allowed))
		fprintf(out,
				"warning: %" PRIu64 " open files are allowed (ulimit -n, "
				"LimitNOFILE=), and %" PRIu64
				" wanted: at most %zu connections are taken\n",
				allowed, wanted, limits.connection_count);
}
