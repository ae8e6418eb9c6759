/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a call on the wire: grpc-status, grpc-message, grpc-status-details-bin. */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "rpc/method.h"

#include <stdbool.h>

struct status {
	enum rpc_status code;
	struct buffer message;	  /* UTF-8 */
	struct buffer details;	  /* encoded google.rpc.Status.details fields */
	struct buffer violations; /* encoded google.rpc.BadRequest.field_violations fields */
	struct buffer encoded_message; /* as they go out; filled by status_encode() */
	struct buffer encoded_details;
};

void status_reset(struct status *status);
void status_fini(struct status *status);
/** false when it does not fit into what a client takes as trailers, or memory is short. */
bool status_add_detail(struct status *status, const char *type_name, struct slice encoded);
bool status_add_violation(struct status *status, struct slice field, struct slice description);
/** "0" to "16". */
struct slice status_code_text(enum rpc_status code);
/**
 * Fills ->encoded_message and ->encoded_details; either stays empty when there is nothing to
 * say or memory is short: the code alone always gets through.
 */
void status_encode(struct status *status);
