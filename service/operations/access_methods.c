/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods: deny by default. tests/unit/operations/test_access.c walks all that there are. */
#include "operations/access.h"

#include <stdio.h>
#include <string.h>

#define ADMIN "policycalc.v1.AdminService"
#define CALCULATOR "policycalc.v1.CalculatorService"
#define CATALOG "policycalc.v1.CatalogService"
#define REGISTRY "policycalc.v1.RegistryService"
#define PUSH "policycalc.v1.PushService"
#define HEALTH "grpc.health.v1.Health"

/* What else is to be known of a method. */
enum {
	LIGHT = 0,
	HEAVY = 1 << 0,	  /* its work is not that of one enterprise: it is limited apart */
	CHANGES = 1 << 1, /* something that stays, or gives all away: stands in the audit log */
};

static const struct row {
	const char *service;
	const char *name;
	uint32_t roles;
	unsigned kind;
} rows[] = {
	/* Those that name an enterprise of the registry ask for ACCESS_REGISTRY besides. */
	{ CALCULATOR, "Match", ACCESS_READER, LIGHT },
	{ CALCULATOR, "MatchStream", ACCESS_READER, HEAVY },
	{ CALCULATOR, "Combine", ACCESS_READER, LIGHT },
	{ CALCULATOR, "NextQuestion", ACCESS_READER, LIGHT },

	{ CATALOG, "ListPolicies", ACCESS_READER, LIGHT },
	{ CATALOG, "GetPolicy", ACCESS_READER, LIGHT },
	{ CATALOG, "ListAttributes", ACCESS_READER, LIGHT },
	{ CATALOG, "GetGuide", ACCESS_READER, LIGHT },
	{ CATALOG, "ListRevisions", ACCESS_READER, LIGHT },
	{ CATALOG, "DiffRevisions", ACCESS_READER, HEAVY },
	{ CATALOG, "ExportCatalog", ACCESS_READER | ACCESS_EDITOR, HEAVY },
	{ CATALOG, "CheckCatalog", ACCESS_EDITOR | ACCESS_PUBLISHER, HEAVY },
	{ CATALOG, "Simulate", ACCESS_EDITOR | ACCESS_PUBLISHER, HEAVY },
	{ CATALOG, "PublishCatalog", ACCESS_PUBLISHER, HEAVY | CHANGES },

	{ REGISTRY, "GetEnterprise", ACCESS_REGISTRY, LIGHT },
	{ REGISTRY, "FindEnterprises", ACCESS_REGISTRY, HEAVY },
	{ REGISTRY, "GetReport", ACCESS_REGISTRY, HEAVY },
	{ REGISTRY, "GetRegistry", ACCESS_REGISTRY | ACCESS_BATCH | ACCESS_OPERATOR, LIGHT },
	{ REGISTRY, "GetSubscription", ACCESS_REGISTRY | ACCESS_BATCH, LIGHT },
	{ REGISTRY, "SetSubscription", ACCESS_BATCH, CHANGES },
	{ REGISTRY, "ImportEnterprises", ACCESS_BATCH, HEAVY | CHANGES },
	{ REGISTRY, "AddCounters", ACCESS_BATCH, CHANGES },

	{ PUSH, "StartRun", ACCESS_BATCH, HEAVY | CHANGES },
	{ PUSH, "CancelRun", ACCESS_BATCH, CHANGES },
	{ PUSH, "GetRun", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR, LIGHT },
	{ PUSH, "ListRuns", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR, LIGHT },
	{ PUSH, "WatchRun", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR, LIGHT },
	{ PUSH, "PullDeliveries", ACCESS_BATCH, CHANGES },
	{ PUSH, "AckDeliveries", ACCESS_BATCH, CHANGES },
	{ PUSH, "ListDeliveries", ACCESS_BATCH | ACCESS_DEPARTMENT, LIGHT },
	{ PUSH, "ConfirmDeliveries", ACCESS_DEPARTMENT, CHANGES },
	{ PUSH, "DecideDeadLetters", ACCESS_BATCH, CHANGES },
	{ PUSH, "GetPushStatus", ACCESS_BATCH | ACCESS_OPERATOR, LIGHT },

	/* A copy has everything in it: who may look after the service may read it all. */
	{ ADMIN, "Backup", ACCESS_OPERATOR, HEAVY | CHANGES },

	/* Whoever balances load, or restarts what hangs, has no token. */
	{ HEALTH, "Check", ACCESS_ANYBODY, LIGHT },
	{ HEALTH, "Watch", ACCESS_ANYBODY, LIGHT },
	{ HEALTH, "List", ACCESS_ANYBODY, LIGHT },
	{ "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", ACCESS_EVERY_ROLE,
			LIGHT },
	{ "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", ACCESS_EVERY_ROLE,
			LIGHT },
};

static const char *const names[ACCESS_ROLE_COUNT] = {
#define ROLE(word, name, zh, en) name,
#include "base/role.def"
#undef ROLE
};

static const struct row *row_find(const char *service, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].service, service) == 0 && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

uint32_t access_roles_of_method(const char *service, const char *name)
{
	const struct row *row = row_find(service, name);

	return row ? row->roles : 0;
}

bool access_method_is_heavy(const char *service, const char *name)
{
	const struct row *row = row_find(service, name);

	return row && row->kind & HEAVY;
}

bool access_method_changes(const char *service, const char *name)
{
	const struct row *row = row_find(service, name);

	return row && row->kind & CHANGES;
}

void access_roles_print(uint32_t roles, char out[ACCESS_ROLES_SIZE])
{
	size_t used = 0;

	strcpy(out, "nobody");
	roles &= ACCESS_EVERY_ROLE;
	for (size_t i = 0; i < ACCESS_ROLE_COUNT; i++) {
		bool is_last = roles >> i == 1;

		if (roles & 1u << i)
			used += (size_t)snprintf(out + used, ACCESS_ROLES_SIZE - used, "%s%s",
					used == 0 ? ""
					: is_last ? " or "
						  : ", ",
					names[i]);
	}
}

uint32_t access_role_parse(struct slice name)
{
	for (size_t i = 0; i < ACCESS_ROLE_COUNT; i++)
		if (slice_equals_text(name, names[i]))
			return 1u << i;
	return 0;
}
