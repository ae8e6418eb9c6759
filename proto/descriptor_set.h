/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as an encoded google.protobuf.FileDescriptorSet, imports included: for reflection.
 */
#pragma once

#include <stddef.h>

extern const unsigned char policycalc_descriptor_set[];
extern const size_t policycalc_descriptor_set_size;
