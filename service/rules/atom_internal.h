/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files about atoms share. */
#pragma once

#include "rules/atom.h"
#include "rules/program.h"

#define LITERAL_ERROR 2u
#define LITERAL_UNSTATED 4u

/** The literal of an atom, which may be there already. Any literal when memory is short. */
uint32_t atoms_put(struct atoms *atoms, const struct atom *atom);
/** The conjunction of the literals on the stack from @from on, which it takes away. */
uint32_t atoms_pop_all(struct atoms *atoms, size_t from);
void atoms_push(struct atoms *atoms, uint32_t literal);
