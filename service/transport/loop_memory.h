/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libuv takes its memory where we do. It calls abort() when it gets none for its list of watched descriptors, so
 * a loop has that list from the beginning, as long as it will ever be.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/**
 * On the thread that makes a loop, before and after: in between, libuv has what it asks for, or the process ends
 * with a message and EXIT_FAILURE (only a start may).
 */
void loop_memory_begin(void);
void loop_memory_end(void);

/**
 * Makes the list of @uv, which watches nothing of its own yet, long enough for @count descriptors, or for as many as
 * the process may have. 0, or libuv's error.
 */
int loop_memory_reserve(uv_loop_t *uv, size_t count);
