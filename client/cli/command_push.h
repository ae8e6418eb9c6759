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

/** "'x' is too much" on stderr; returns CLI_USAGE. */
int push_too_much(const struct cli *cli, const char *argument);
/** As cli_call(), of a method of PushService. */
int push_call(struct cli *cli, const char *name, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, void *out_response);
