/* SPDX-License-Identifier: Apache-2.0 */
/* What test_memory.c does with runs, deliveries, wishes, searches and reports. */
#pragma once

#include "policycalc/policycalc.h"

/* Each uses @client in one way, frees all that it made, and returns the code of what failed first. */
enum pcalc_code use_run(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_runs(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_watch(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_pull(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_deliveries(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_confirm(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_subscription(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_find(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_report(pcalc_client *client, struct pcalc_failure *failure);
enum pcalc_code use_simulate(pcalc_client *client, struct pcalc_failure *failure);
