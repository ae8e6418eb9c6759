/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that change something go into the audit log: between rpc/recorder.h and operations/audit.h. */
#pragma once

#include "handlers/snapshot.h"
#include "rpc/recorder.h"

struct recorder;

/**
 * Opens the audit log @path: "" is audit.log in @folder; "none": nothing is recorded. A file of more
 * than @most bytes is put away and another goes on; 0: never. @snapshot, which says what
 * the catalog's revision is, is borrowed.
 */
struct recorder *recorder_open(const char *path, long most, const char *folder,
		struct snapshot *snapshot, struct error *err);
/** After the server. */
void recorder_close(struct recorder *recorder);
/** What the server is to ask. */
struct rpc_recorder recorder_rpc(struct recorder *recorder);
