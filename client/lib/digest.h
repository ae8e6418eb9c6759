/* SPDX-License-Identifier: Apache-2.0 */
/* A digest: of its own when its arena holds it, else borrowed from the list that it is part of. */
#pragma once

#include "base/arena.h"
#include "policycalc/v1/push_service.pb-c.h"

struct pcalc_digest {
	struct arena arena; /* first, as handle_new() wants it; unused when borrowed */
	const Policycalc__V1__Digest *message;
};
