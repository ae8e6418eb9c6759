/* SPDX-License-Identifier: Apache-2.0 */
/* The workload as databases take it. Of the ordinary shape only: no wide ORs. */
#pragma once

#include "generator.h"

/** A line of names, then an enterprise a line; the id is its number. */
void workload_csv_print(const struct generator *generator, long count);
/** {"id","matches","sum","where"} a line: how many of the enterprises match, and the sum of their ids. */
void workload_sql_print(const struct generator *generator, long policies, long enterprises);
