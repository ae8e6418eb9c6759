/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RegistryService: what is known of one enterprise, the registry itself, and subscriptions;
 * registry_import.c takes the imports.
 */
#include "handlers/ask_registry.h"
#include "policycalc/v1/push_service.pb-c.h"
#include "policycalc/v1/registry_service.pb-c.h"

#define SERVICE "policycalc.v1.RegistryService"

/* --- GetEnterprise, GetRegistry -------------------------------------------------------------- */

static const ProtobufCMessage *ask_enterprise(struct registry *registry,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	Policycalc__V1__GetEnterpriseResponse *response;

	return registry_describe(registry,
			       (const Policycalc__V1__GetEnterpriseRequest *)request, arena,
			       &response, err)
			       ? &response->base
			       : NULL;
}

static void on_get_enterprise(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__GetEnterpriseRequest *request =
			(const Policycalc__V1__GetEnterpriseRequest *)message;

	if (request->sequence < 0)
		call_refuse_field(call, "sequence", "must be 0 (now) or more");
	else
		call_ask_registry(call, message, ask_enterprise, "uscc");
}

static const ProtobufCMessage *ask_registry(struct registry *registry,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	Policycalc__V1__GetRegistryResponse *response;

	(void)request;
	return registry_summary(registry, arena, &response, err) ? &response->base : NULL;
}

static void on_get_registry(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_ask_registry(call, message, ask_registry, NULL);
}

/* --- subscriptions --------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_subscription(struct registry *registry,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	Policycalc__V1__GetSubscriptionResponse *response = response_new(
			arena, &policycalc__v1__get_subscription_response__descriptor, err);

	return response && registry_subscription(registry,
					   ((const Policycalc__V1__GetSubscriptionRequest *)
									   request)
							   ->uscc,
					   arena, &response->subscription, err)
			       ? &response->base
			       : NULL;
}

static void on_get_subscription(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_ask_registry(call, message, ask_subscription, "uscc");
}

/* The kind of news that @name means, without prefix; or NULL. */
static const ProtobufCEnumValue *find_delta(const char *name, struct arena *arena)
{
	const char *full = arena_format(arena, "DELTA_KIND_%s", name);

	return full ? protobuf_c_enum_descriptor_get_value_by_name(
				      &policycalc__v1__delta_kind__descriptor, full)
		    : NULL;
}

static bool check_subscription(
		struct rpc_call *call, const Policycalc__V1__Subscription *subscription)
{
	struct arena *arena = rpc_call_arena(call);

	for (size_t i = 0; i < subscription->n_kinds; i++) {
		if (subscription->kinds[i] == 0 ||
				!protobuf_c_enum_descriptor_get_value(
						&policycalc__v1__kind__descriptor,
						(int)subscription->kinds[i])) {
			call_refuse_field(call, "subscription.kinds", "is no kind of policy");
			return false;
		}
	}
	if (!protobuf_c_enum_descriptor_get_value(
			    &policycalc__v1__subscription__frequency__descriptor,
			    (int)subscription->frequency)) {
		call_refuse_field(call, "subscription.frequency", "is no frequency");
		return false;
	}
	for (size_t i = 0; i < subscription->n_deltas; i++) {
		const ProtobufCEnumValue *delta = find_delta(subscription->deltas[i], arena);

		if (!delta || delta->value == 0) {
			call_refuse_field(call, "subscription.deltas",
					"is no kind of news: NEWLY_ELIGIBLE, LAPSED, …");
			return false;
		}
	}
	return true;
}

static Policycalc__V1__Warning *warning_new(
		struct arena *arena, const char *reason, const char *field, const char *message)
{
	Policycalc__V1__Warning *warning = ARENA_NEW(arena, Policycalc__V1__Warning);

	if (!warning)
		return NULL;
	policycalc__v1__warning__init(warning);
	warning->reason = (char *)reason;
	warning->field = (char *)field;
	warning->message = (char *)message;
	return warning;
}

static const ProtobufCMessage *ask_set_subscription(struct registry *registry,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	const Policycalc__V1__Subscription *wanted =
			((const Policycalc__V1__SetSubscriptionRequest *)message)->subscription;
	Policycalc__V1__SetSubscriptionResponse *response = response_new(
			arena, &policycalc__v1__set_subscription_response__descriptor, err);
	Policycalc__V1__Subscription kept = *wanted;

	if (!response)
		return NULL;
	if (kept.frequency == POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_UNSPECIFIED)
		kept.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY;
	/* Before anything is kept: what is kept is answered. */
	if (wanted->opted_out && (wanted->n_kinds || wanted->n_deltas)) {
		response->warnings = ARENA_NEW_ARRAY(arena, Policycalc__V1__Warning *, 1);
		if (response->warnings)
			response->warnings[0] = warning_new(arena, "OPTED_OUT",
					"subscription.opted_out",
					"nothing at all is told, so that kinds and deltas mean "
					"nothing");
		if (!response->warnings || !response->warnings[0]) {
			arena_error(arena, err, "answering");
			return NULL;
		}
		response->n_warnings = 1;
	}
	if (!registry_set_subscription(registry, &kept, err) ||
			!registry_subscription(registry, kept.uscc, arena,
					&response->subscription, err))
		return NULL;
	return &response->base;
}

static void on_set_subscription(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__SetSubscriptionRequest *request =
			(const Policycalc__V1__SetSubscriptionRequest *)message;

	if (!request->subscription)
		call_refuse_field(call, "subscription", "must be given");
	else if (check_subscription(call, request->subscription))
		call_ask_registry(call, message, ask_set_subscription, "subscription.uscc");
}

const struct rpc_method registry_get_enterprise_method = {
	.service = SERVICE,
	.name = "GetEnterprise",
	.input = &policycalc__v1__get_enterprise_request__descriptor,
	.output = &policycalc__v1__get_enterprise_response__descriptor,
	.on_message = on_get_enterprise,
};

const struct rpc_method registry_get_registry_method = {
	.service = SERVICE,
	.name = "GetRegistry",
	.input = &policycalc__v1__get_registry_request__descriptor,
	.output = &policycalc__v1__get_registry_response__descriptor,
	.on_message = on_get_registry,
};

const struct rpc_method registry_get_subscription_method = {
	.service = SERVICE,
	.name = "GetSubscription",
	.input = &policycalc__v1__get_subscription_request__descriptor,
	.output = &policycalc__v1__get_subscription_response__descriptor,
	.on_message = on_get_subscription,
};

const struct rpc_method registry_set_subscription_method = {
	.service = SERVICE,
	.name = "SetSubscription",
	.input = &policycalc__v1__set_subscription_request__descriptor,
	.output = &policycalc__v1__set_subscription_response__descriptor,
	.on_message = on_set_subscription,
};
