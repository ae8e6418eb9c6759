/* SPDX-License-Identifier: Apache-2.0 */
/* So that the first connection is served as quickly as all others. */
#pragma once

/**
 * Lets the two ends of a connection that goes nowhere have one call, in memory: what nghttp2 calls elsewhere is
 * looked up then, once for the process, and not while the first client waits. Memory that is short is no matter.
 */
void transport_warm(void);
