/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the client library share: a client of a server of fake_server.py, a profile. */
#pragma once

#include "policycalc/policycalc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static inline const char *server_named(const char *name)
{
	const char *address = getenv(name);

	assert_non_null(address);
	return address;
}

static inline pcalc_client *client_open(const char *name)
{
	struct pcalc_failure failure = { 0 };
	pcalc_client *client = pcalc_connect(server_named(name), 10000, &failure);

	if (!client)
		fail_msg("%s", failure.message);
	return client;
}

static inline pcalc_profile *profile_make(void)
{
	pcalc_profile *profile = pcalc_profile_new();

	assert_non_null(profile);
	assert_int_equal(pcalc_set_money_fen(
					 pcalc_profile_facts(profile), "revenue", "2025", 3800),
			PCALC_OK);
	return profile;
}
