/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc.reflection.v1 and v1alpha: serves a google.protobuf.FileDescriptorSet (see
 * proto/descriptor_set.h) to grpcurl and its like.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"
#include "rpc/method.h"

struct reflection;

/**
 * @descriptor_set (encoded, borrowed) must hold every file and its imports. @services are the
 * full names that list_services tells (borrowed).
 */
struct reflection *reflection_new(struct slice descriptor_set, const char *const *services,
		size_t service_count, struct error *err);
void reflection_free(struct reflection *reflection);
/** Its rows for the registry (both versions); they live as long as @reflection. */
const struct rpc_method *const *reflection_methods(
		struct reflection *reflection, size_t *out_count);
