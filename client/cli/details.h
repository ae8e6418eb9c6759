/* SPDX-License-Identifier: Apache-2.0 */
/* What a failure says beyond its message: which fields are wrong, which limit is reached, when to try again. */
#pragma once

#include "client/cli/cli.h"

/** What became of a call, by its code, in Chinese: "请求有误"; the message that says why goes behind it. */
const char *details_head_zh(int code);

/** On standard error. @details is an encoded google.rpc.Status; what @message has said already is not said again. */
void details_print(const struct cli *cli, const struct buffer *details, const char *message);
