/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of push runs in the registry database; registry_schema.h makes them with its own. */
#pragma once

#define REGISTRY_SCHEMA_LEDGER ""
