/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit integers, for products that leave 64 bits. A compiler extension, named in one place. */
#pragma once

__extension__ typedef __int128 wide_int;
