/* SPDX-License-Identifier: Apache-2.0 */
/* Two rules that were made of one text in different ways. */
#pragma once

#include "rules/program.h"

/** Ends the test unless both say the same of themselves: tree, places, steps, constants, slots and cost. */
void rules_compare(const struct rule *a, const struct rule *b);
/** The same of their values, and of the parts that decide them. What is told lies in ->arena. */
void answers_of_rules_compare(const struct rule *a, const struct rule *b,
		const struct evaluation *evaluation);
