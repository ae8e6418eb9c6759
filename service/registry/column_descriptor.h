/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open file of columns, held by the file and by each place in it that somebody reads: when the file is written
 * anew, the old one stays readable for these.
 */
#pragma once

#include "base/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct column_descriptor {
	atomic_uint references;
	int number;
};

/** "cannot @doing @path: ...", of an errno: ERROR_LIMIT when there is no room, or no number for a file. */
bool column_error(struct error *err, const char *doing, const char *path, int number);
/** Made when missing; @flags of open(2) besides. */
struct column_descriptor *column_descriptor_open(
		const char *path, int flags, struct error *err);
/** NULL is fine. */
void column_descriptor_unref(struct column_descriptor *descriptor);
/** All of it: 1; the file is shorter: 0; an error: -1. */
int column_descriptor_read(const struct column_descriptor *descriptor, uint64_t offset,
		size_t size, void *to);
/** All of it, or false and errno. */
bool column_descriptor_write(const struct column_descriptor *descriptor, uint64_t offset,
		const void *from, size_t size);
