/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/origin.h"

#include "base/hash.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* The four bytes of an address of IPv4, also of one within IPv6; NULL: it is none. */
static const unsigned char *four_of(const struct sockaddr *where)
{
	const struct in6_addr *six;

	if (where->sa_family == AF_INET)
		return (const unsigned char *)&((const struct sockaddr_in *)where)->sin_addr;
	if (where->sa_family != AF_INET6)
		return NULL;
	six = &((const struct sockaddr_in6 *)where)->sin6_addr;
	return IN6_IS_ADDR_V4MAPPED(six) ? six->s6_addr + 12 : NULL;
}

uint64_t origin_hash(const struct sockaddr *where, uint64_t seed)
{
	const unsigned char *four = where ? four_of(where) : NULL;
	uint64_t family = AF_UNIX, key = 0;

	if (four) {
		family = AF_INET;
		memcpy(&key, four, 4);
	} else if (where && where->sa_family == AF_INET6) {
		family = AF_INET6;
		memcpy(&key, ((const struct sockaddr_in6 *)where)->sin6_addr.s6_addr, 8);
	}
	return hash_mix(seed ^ hash_mix(key ^ hash_mix(family)));
}

bool origin_is_local(const struct sockaddr *where)
{
	const unsigned char *four = where ? four_of(where) : NULL;

	if (four)
		return four[0] == 127;
	return !where || where->sa_family != AF_INET6 ||
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)where)->sin6_addr);
}
