/* SPDX-License-Identifier: Apache-2.0 */
/* Inner header of the codec. */
#pragma once

#include "base/arena.h"
#include "proto/codec/field.h"

/** Reads the text of a scalar into an element of @field. ERROR_LIMIT means @arena is exhausted.
 */
bool yaml_scalar_read(const ProtobufCFieldDescriptor *field, struct slice text, bool is_plain,
		void *element, struct arena *arena, struct error *err);
