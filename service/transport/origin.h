/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client comes from, as a number: one of an address of IPv4, of a network of IPv6 (/64), of all Unix sockets. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** @where: NULL is taken for a Unix socket. Nobody who does not know @seed can foretell it. */
uint64_t origin_hash(const struct sockaddr *where, uint64_t seed);
/** It is this machine. */
bool origin_is_local(const struct sockaddr *where);
