/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's memory is base/memory.h's in tests, too, as operations/crypto_library.h makes it in the service. */
#pragma once

#include <stdbool.h>

/** Before anything else is asked of OpenSSL. false: that was too late. */
bool openssl_memory_begin(void);
