/* SPDX-License-Identifier: Apache-2.0 */
/* What all calls of a server share: the methods by path, the limits, the observer. */
#pragma once

#include "base/map.h"
#include "rpc/stream.h"

struct rpc_engine {
	struct map methods; /* "/service/Method" → const struct rpc_method * */
	char *paths;	    /* the map's keys */
	struct rpc_limits limits;
	struct rpc_observer observer;
	struct rpc_gate gate;
	struct rpc_recorder recorder;
	struct rpc_quota *quota; /* NULL: there are no such limits */
};
