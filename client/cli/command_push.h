/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of "policycalc push" share. */
#pragma once

#include "client/cli/cli.h"
#include "policycalc/v1/push_service.pb-c.h"

#define PUSH_PATH "/policycalc.v1.PushService/"

int command_push_deliveries(struct cli *cli, int argc, char **argv);
int command_push_confirm(struct cli *cli, int argc, char **argv);
int command_push_pull(struct cli *cli, int argc, char **argv);
int command_push_ack(struct cli *cli, int argc, char **argv);
int command_push_subscribe(struct cli *cli, int argc, char **argv);
int command_push_dead(struct cli *cli, int argc, char **argv);
int command_push_status(struct cli *cli, int argc, char **argv);

/* What the rows of one list may take beside the pages they are borrowed from. */
#define LIST_BUDGET ((size_t)1 << 30)

/* Prints a table of deliveries; false when memory is short. */
typedef bool (*push_print_fn)(const struct render_style *style,
		Policycalc__V1__Delivery *const *deliveries, size_t count, struct buffer *out);
/**
 * Prints the deliveries that @request asks for, at most @limit ("100"): one table by @print, or NDJSON;
 * @none when there are none. Returns the exit code.
 */
int push_list(struct cli *cli, Policycalc__V1__ListDeliveriesRequest *request,
		const char *limit, push_print_fn print, const char *none);

/** Names each delivery that does not count, and why, on stderr; CLI_FINDINGS when there is one. */
int push_others_tell(
		struct cli *cli, Policycalc__V1__DeliveryStatus *const *others, size_t count);
/** "已确认 3 份", or @response as JSON. */
int push_count_write(struct cli *cli, const void *response, int64_t count, const char *zh,
		const char *en);
/** "'x' is too much" on stderr; returns CLI_USAGE. */
int push_too_much(const struct cli *cli, const char *argument);
/** As cli_call(), of a method of PushService. */
int push_call(struct cli *cli, const char *name, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *out_response);
