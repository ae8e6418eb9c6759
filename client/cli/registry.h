/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry's commands share. */
#pragma once

#include "client/cli/cli.h"

#define REGISTRY_PATH "/policycalc.v1.RegistryService/"

int command_registry_counter(struct cli *cli, int argc, char **argv);
int command_registry_import(struct cli *cli, int argc, char **argv);
int command_registry_sample(struct cli *cli, int argc, char **argv);
