/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what: bearer tokens and certificates, the identities they stand for, and the roles that a
 * method asks for.
 *
 * A file holds one of them a line: "NAME ROLE,… SHA-256" of a token, or "NAME ROLE,… uri:…" or "… dns:…", a
 * name in a client's certificate. A name may have several, so that tokens can be changed one after another;
 * the tokens themselves are written down nowhere. The table of methods says which
 * roles may call each; a method without a row nobody may call.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each is for: base/role.def; what it may call: access_methods.c. */
enum access_role_number {
#define ROLE(word, name, zh, en) ACCESS_NUMBER_##word,
#include "base/role.def"
#undef ROLE
	ACCESS_ROLE_COUNT,
};

enum access_role {
#define ROLE(word, name, zh, en) ACCESS_##word = 1 << ACCESS_NUMBER_##word,
#include "base/role.def"
#undef ROLE
	ACCESS_EVERY_ROLE = (1 << ACCESS_ROLE_COUNT) - 1,
	ACCESS_ANYBODY = 1 << ACCESS_ROLE_COUNT, /* of methods: also who has no token */
};

#define ACCESS_NAME_MOST 64
#define ACCESS_TOKENS_MOST 1000
/* A token has so many bytes at least and at most. */
#define ACCESS_TOKEN_LEAST 20
#define ACCESS_TOKEN_MOST 512

/* What access_roles_print() needs. */
#define ACCESS_ROLES_SIZE 100

struct access_identity {
	char name[ACCESS_NAME_MOST + 1];
	uint32_t roles;
};

/* A name of a certificate has so many bytes at most, "uri:" included. */
#define ACCESS_CERTIFICATE_MOST 255

/* The tokens and certificates of a file; immutable. */
struct access;

/** ERROR_INVALID with file and line. */
struct access *access_load(const char *path, struct error *err);
void access_free(struct access *access);
size_t access_count(const struct access *access);
/**
 * The identity of "Bearer TOKEN"; NULL when there is none. Takes as long whichever token it is. Any thread;
 * lives as long as @access.
 */
const struct access_identity *access_find(
		const struct access *access, struct slice authorization);

/**
 * The identity of the first line of the file that has one of @names, each ended by NUL and the last by
 * another: "uri:…" as they are, "dns:…" in lower case. NULL when there is none.
 */
const struct access_identity *access_find_certificate(
		const struct access *access, const char *names);

/** The roles of which a caller must have one; ACCESS_ANYBODY; 0: nobody, there is no such method. */
uint32_t access_roles_of_method(const char *service, const char *name);
/** Whether it changes something that stays, so that its calls are to be written down (see audit.h). */
bool access_method_changes(const char *service, const char *name);
/** Whether its work is not that of one enterprise, so that it is limited apart. */
bool access_method_is_heavy(const char *service, const char *name);
/** "batch, department or operator"; "nobody" for none. */
void access_roles_print(uint32_t roles, char out[ACCESS_ROLES_SIZE]);
/** One role by its name; 0 when there is none. */
uint32_t access_role_parse(struct slice name);
