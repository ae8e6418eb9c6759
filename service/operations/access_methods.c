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

static const struct row {
	const char *service;
	const char *name;
	uint32_t roles;
} rows[] = {
	/* Those that name an enterprise of the registry ask for ACCESS_REGISTRY besides. */
	{ CALCULATOR, "Match", ACCESS_READER },
	{ CALCULATOR, "MatchStream", ACCESS_READER },
	{ CALCULATOR, "Combine", ACCESS_READER },
	{ CALCULATOR, "NextQuestion", ACCESS_READER },

	{ CATALOG, "ListPolicies", ACCESS_READER },
	{ CATALOG, "GetPolicy", ACCESS_READER },
	{ CATALOG, "ListAttributes", ACCESS_READER },
	{ CATALOG, "GetGuide", ACCESS_READER },
	{ CATALOG, "ListRevisions", ACCESS_READER },
	{ CATALOG, "DiffRevisions", ACCESS_READER },
	{ CATALOG, "ExportCatalog", ACCESS_READER | ACCESS_EDITOR },
	{ CATALOG, "CheckCatalog", ACCESS_EDITOR | ACCESS_PUBLISHER },
	{ CATALOG, "Simulate", ACCESS_EDITOR | ACCESS_PUBLISHER },
	{ CATALOG, "PublishCatalog", ACCESS_PUBLISHER },

	{ REGISTRY, "GetEnterprise", ACCESS_REGISTRY },
	{ REGISTRY, "FindEnterprises", ACCESS_REGISTRY },
	{ REGISTRY, "GetReport", ACCESS_REGISTRY },
	{ REGISTRY, "GetRegistry", ACCESS_REGISTRY | ACCESS_BATCH | ACCESS_OPERATOR },
	{ REGISTRY, "GetSubscription", ACCESS_REGISTRY | ACCESS_BATCH },
	{ REGISTRY, "SetSubscription", ACCESS_BATCH },
	{ REGISTRY, "ImportEnterprises", ACCESS_BATCH },
	{ REGISTRY, "AddCounters", ACCESS_BATCH },

	{ PUSH, "StartRun", ACCESS_BATCH },
	{ PUSH, "CancelRun", ACCESS_BATCH },
	{ PUSH, "GetRun", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR },
	{ PUSH, "ListRuns", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR },
	{ PUSH, "WatchRun", ACCESS_BATCH | ACCESS_DEPARTMENT | ACCESS_OPERATOR },
	{ PUSH, "PullDeliveries", ACCESS_BATCH },
	{ PUSH, "AckDeliveries", ACCESS_BATCH },
	{ PUSH, "ListDeliveries", ACCESS_BATCH | ACCESS_DEPARTMENT },
	{ PUSH, "ConfirmDeliveries", ACCESS_DEPARTMENT },
	{ PUSH, "DecideDeadLetters", ACCESS_BATCH },
	{ PUSH, "GetPushStatus", ACCESS_BATCH | ACCESS_OPERATOR },

	/* A copy has everything in it: who may look after the service may read it all. */
	{ ADMIN, "Backup", ACCESS_OPERATOR },

	/* Whoever balances load, or restarts what hangs, has no token. */
	{ HEALTH, "Check", ACCESS_ANYBODY },
	{ HEALTH, "Watch", ACCESS_ANYBODY },
	{ HEALTH, "List", ACCESS_ANYBODY },
	{ "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", ACCESS_EVERY_ROLE },
	{ "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo",
			ACCESS_EVERY_ROLE },
};

static const char *const names[] = { "reader", "registry", "batch", "department", "editor",
	"publisher", "operator" };

uint32_t access_roles_of_method(const char *service, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].service, service) == 0 && strcmp(rows[i].name, name) == 0)
			return rows[i].roles;
	return 0;
}

void access_roles_print(uint32_t roles, char out[ACCESS_ROLES_SIZE])
{
	size_t used = 0;

	strcpy(out, "nobody");
	roles &= ACCESS_EVERY_ROLE;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
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
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_equals_text(name, names[i]))
			return 1u << i;
	return 0;
}
