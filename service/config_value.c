/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a kind that several options have. */
#include "config_tls.h"
#include "config_webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool config_parse_number(const char *text, long least, long most, long *out_number)
{
	char *end;
	long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || *end || number < least || number > most)
		return false;
	*out_number = number;
	return true;
}

bool config_parse_switch(const char *text, bool *out_value)
{
	static const char *const words[] = { "true", "yes", "1", "false", "no", "0" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*out_value = i < 3;
			return true;
		}
	}
	return false;
}

bool config_is_local(const char *address)
{
	bool is_loopback;

	if (strncmp(address, CONFIG_PLAIN_PREFIX, strlen(CONFIG_PLAIN_PREFIX)) == 0)
		address += strlen(CONFIG_PLAIN_PREFIX);
	/* 127.0.0.0/8 as numbers: a name may begin with them, too. */
	is_loopback = strncmp(address, "127.", 4) == 0 &&
		      address[strspn(address, "0123456789.")] == ':';
	return is_loopback || strncmp(address, "unix:", 5) == 0 ||
	       strncmp(address, "[::1]:", 6) == 0 || strncmp(address, "localhost:", 10) == 0;
}
