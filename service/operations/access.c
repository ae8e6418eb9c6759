/* SPDX-License-Identifier: Apache-2.0 */
#include "operations/access.h"

#include "base/memory.h"
#include "operations/secret_file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#define DIGEST_SIZE 32
#define EXPECTED "must be NAME ROLE,... and SHA-256, uri:... or dns:..., parted by blanks"
static const char ROLES_EXPECTED[] = "roles are parted by commas, and of these:"
#define ROLE(word, name, zh, en) " " name
#include "base/role.def"
#undef ROLE
		;

struct entry {
	char *certificate; /* "uri:...", "dns:..."; NULL: it is a token */
	unsigned char digest[DIGEST_SIZE];
	struct access_identity identity;
};

struct access {
	EVP_MD *sha256;
	size_t count;
	struct entry entries[ACCESS_TOKENS_MOST];
};

struct reading {
	struct access *access;
	const char *path;
};

static bool name_parse(const char *text, char out[ACCESS_NAME_MOST + 1])
{
	size_t size = strlen(text);

	if (size == 0 || size > ACCESS_NAME_MOST)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
				    text[i]))
			return false;
	memcpy(out, text, size + 1);
	return true;
}

/* 0 when one of them is no role. */
static uint32_t roles_parse(const char *text)
{
	uint32_t roles = 0;

	while (*text) {
		size_t size = strcspn(text, ",");
		uint32_t role = access_role_parse((struct slice){ text, size });

		if (!role)
			return 0;
		roles |= role;
		text += size;
		if (*text == ',' && !*++text)
			return 0;
	}
	return roles;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool digest_parse(const char *text, unsigned char out[DIGEST_SIZE])
{
	if (strlen(text) != 2 * DIGEST_SIZE)
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool is_certificate(const char *text)
{
	return strncmp(text, "uri:", 4) == 0 || strncmp(text, "dns:", 4) == 0;
}

static const char OUT_OF_MEMORY[] = "out of memory";

/* Compared as transport/ gives it: a host's name in lower case. A pattern is no name. */
static bool certificate_parse(const char *text, char **out, const char **out_fault)
{
	size_t size = strlen(text);
	char *copy;

	if (size < 5 || size > ACCESS_CERTIFICATE_MOST) {
		*out_fault = "a name of a certificate has 1 to 251 bytes after uri: or dns:";
		return false;
	}
	if (text[0] == 'd' && strchr(text, '*')) {
		*out_fault = "dns: takes whole names, without *";
		return false;
	}
	copy = memory_copy(text, size);
	if (!copy) {
		*out_fault = OUT_OF_MEMORY;
		return false;
	}
	for (char *at = copy; text[0] == 'd' && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + ('a' - 'A'));
	*out = copy;
	return true;
}

/* What a name may do is said with each of its tokens, and must be the same. */
static bool entry_check(
		const struct access *access, const struct entry *entry, const char **out_fault)
{
	for (size_t i = 0; i < access->count; i++) {
		const struct entry *other = &access->entries[i];

		if (entry->certificate ? other->certificate && strcmp(other->certificate,
									       entry->certificate) ==
										0
				       : !other->certificate && memcmp(other->digest,
										entry->digest,
										DIGEST_SIZE) ==
										0) {
			*out_fault = entry->certificate
						     ? "this certificate stands in the file "
						       "already"
						     : "this token stands in the file already";
			return false;
		}
		if (strcmp(other->identity.name, entry->identity.name) == 0 &&
				other->identity.roles != entry->identity.roles) {
			*out_fault = "another line of this name has other roles";
			return false;
		}
	}
	return true;
}

static bool token_take(void *context, char *line, unsigned number, struct error *err)
{
	struct reading *reading = context;
	struct access *access = reading->access;
	const char *fields[3] = { "", "", "" };
	struct entry entry = { .identity.roles = 0 };
	const char *fault = NULL;
	size_t count = 0;
	char *rest = line, *field;

	if (line[0] == '#')
		return true;
	while ((field = strsep(&rest, " \t")))
		if (*field && count++ < 3)
			fields[count - 1] = field;
	if (count != 3)
		fault = EXPECTED;
	else if (!name_parse(fields[0], entry.identity.name))
		fault = "a name has 1 to 64 letters, digits, -, _ and .";
	else if (!(entry.identity.roles = roles_parse(fields[1])))
		fault = ROLES_EXPECTED;
	else if (is_certificate(fields[2]) ? !certificate_parse(fields[2], &entry.certificate,
							     &fault)
					   : !digest_parse(fields[2], entry.digest))
		fault = fault ? fault
			      : "the SHA-256 of a token has 64 hexadecimal digits (see "
				"policycalc keygen)";
	else if (access->count == ACCESS_TOKENS_MOST)
		fault = "there are at most 1000 tokens";
	else if (entry_check(access, &entry, &fault))
		access->entries[access->count++] = entry;
	if (fault)
		memory_free(entry.certificate);
	return !fault || error_set(err, fault == OUT_OF_MEMORY ? ERROR_MEMORY : ERROR_INVALID,
					 "%s:%u: %s", reading->path, number, fault);
}

struct access *access_load(const char *path, struct error *err)
{
	struct access *access = memory_alloc_zero(1, sizeof(*access));
	struct reading reading = { access, path };

	if (!access) {
		error_set(err, ERROR_MEMORY, "out of memory while reading %s", path);
		return NULL;
	}
	access->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!access->sha256) {
		error_set(err, ERROR_MEMORY, "out of memory while reading %s", path);
	} else if (secret_file_read(path, token_take, &reading, err)) {
		if (access->count > 0)
			return access;
		error_set(err, ERROR_INVALID, "%s: holds no token", path);
	}
	access_free(access);
	return NULL;
}

void access_free(struct access *access)
{
	if (!access)
		return;
	EVP_MD_free(access->sha256);
	for (size_t i = 0; i < access->count; i++)
		memory_free(access->entries[i].certificate);
	explicit_bzero(access->entries, sizeof(access->entries));
	memory_free(access);
}

size_t access_count(const struct access *access)
{
	return access->count;
}

const struct access_identity *access_find(
		const struct access *access, struct slice authorization)
{
	static const char SCHEME[] = "Bearer ";
	const size_t scheme = sizeof(SCHEME) - 1;
	const struct entry *found = NULL;
	unsigned char digest[DIGEST_SIZE];

	if (authorization.size < scheme + ACCESS_TOKEN_LEAST ||
			authorization.size > scheme + ACCESS_TOKEN_MOST ||
			strncasecmp(authorization.data, SCHEME, scheme) != 0)
		return NULL;
	if (EVP_Digest(authorization.data + scheme, authorization.size - scheme, digest, NULL,
			    access->sha256, NULL) != 1)
		return NULL;
	for (size_t i = 0; i < access->count; i++)
		if (!access->entries[i].certificate &&
				CRYPTO_memcmp(digest, access->entries[i].digest, DIGEST_SIZE) ==
						0)
			found = &access->entries[i];
	return found ? &found->identity : NULL;
}

const struct access_identity *access_find_certificate(
		const struct access *access, const char *names)
{
	for (size_t i = 0; *names && i < access->count; i++) {
		const char *certificate = access->entries[i].certificate;

		for (const char *name = names; certificate && *name; name += strlen(name) + 1)
			if (strcmp(name, certificate) == 0)
				return &access->entries[i].identity;
	}
	return NULL;
}
