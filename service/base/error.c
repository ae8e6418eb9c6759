/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	if (!err)
		return false;
	err->code = code;
	va_start(args, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	utf8_mend(err->message);
	return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
	char rest[sizeof(err->message)];
	va_list args;
	size_t used;

	if (!err)
		return false;
	memcpy(rest, err->message, sizeof(rest));
	va_start(args, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	(void)snprintf(err->message + used, sizeof(err->message) - used, ": %s", rest);
	utf8_mend(err->message);
	return false;
}

enum error_code error_code_of_system(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
		return ERROR_LIMIT;
	case ENOMEM:
		return ERROR_MEMORY;
	default:
		return ERROR_IO;
	}
}

const char *error_code_name(enum error_code code)
{
	static const char *const names[] = {
		[ERROR_NONE] = "none",
		[ERROR_INVALID] = "invalid",
		[ERROR_MALFORMED] = "malformed",
		[ERROR_NOT_FOUND] = "not found",
		[ERROR_EXISTS] = "exists",
		[ERROR_PRECONDITION] = "precondition",
		[ERROR_CONFLICT] = "conflict",
		[ERROR_LIMIT] = "limit",
		[ERROR_MEMORY] = "memory",
		[ERROR_CANCELLED] = "cancelled",
		[ERROR_DEADLINE] = "deadline",
		[ERROR_UNAVAILABLE] = "unavailable",
		[ERROR_UNIMPLEMENTED] = "unimplemented",
		[ERROR_PERMISSION] = "permission",
		[ERROR_UNAUTHENTICATED] = "unauthenticated",
		[ERROR_IO] = "io",
		[ERROR_INTERNAL] = "internal",
	};

	return names[code];
}
