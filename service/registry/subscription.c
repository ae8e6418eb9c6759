/* SPDX-License-Identifier: Apache-2.0 */
/* What enterprises want to be told: kept as the message is encoded. */
#include "proto/codec/codec.h"
#include "registry/internal.h"

static Policycalc__V1__Subscription *unpack(
		struct slice bytes, struct arena *arena, struct error *err)
{
	ProtobufCMessage *message = message_unpack(
			bytes, &policycalc__v1__subscription__descriptor, NULL, arena, err);

	if (!message && err->code != ERROR_LIMIT)
		error_set(err, ERROR_IO,
				"the registry database is damaged: a subscription cannot be "
				"read");
	return (Policycalc__V1__Subscription *)message;
}

struct one {
	struct arena *arena;
	Policycalc__V1__Subscription *subscription;
};

static bool on_one(void *context, int64_t id, struct slice bytes, struct error *err)
{
	struct one *one = context;

	(void)id;
	one->subscription = unpack(bytes, one->arena, err);
	return one->subscription != NULL;
}

bool registry_subscription(struct registry *registry, const char *uscc, struct arena *arena,
		Policycalc__V1__Subscription **out_subscription, struct error *err)
{
	struct one one = { arena, NULL };
	int64_t id;

	if (!registry_find_id(registry, uscc, &id, err) ||
			!registry_store_each_subscription(
					registry->store, id, 1, on_one, &one, err))
		return false;
	if (!one.subscription) {
		one.subscription = ARENA_NEW(arena, Policycalc__V1__Subscription);
		if (!one.subscription)
			return arena_error(arena, err, "reading a subscription");
		policycalc__v1__subscription__init(one.subscription);
		one.subscription->frequency =
				POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY;
		one.subscription->uscc = arena_copy_text(arena, uscc);
		if (!one.subscription->uscc)
			return arena_error(arena, err, "reading a subscription");
	}
	*out_subscription = one.subscription;
	return true;
}

bool registry_set_subscription(struct registry *registry,
		const Policycalc__V1__Subscription *subscription, struct error *err)
{
	struct buffer bytes = { 0 };
	int64_t id;
	bool ok = registry_find_id(registry, subscription->uscc, &id, err);

	if (ok && !message_pack(&subscription->base, &bytes))
		ok = error_set(err, ERROR_MEMORY, "no memory to keep a subscription");
	if (ok) {
		ok = registry_store_begin(registry->store, err) &&
		     registry_store_put_subscription(registry->store, id,
				     (struct slice){ bytes.data, bytes.size }, err) &&
		     registry_store_commit(registry->store, err);
		if (!ok)
			registry_store_rollback(registry->store);
	}
	buffer_fini(&bytes);
	return ok;
}

struct each {
	struct arena *arena;
	registry_subscription_fn row;
	void *context;
};

static bool on_each(void *context, int64_t id, struct slice bytes, struct error *err)
{
	struct each *each = context;
	const Policycalc__V1__Subscription *subscription;

	arena_reset(each->arena);
	subscription = unpack(bytes, each->arena, err);
	return subscription && each->row(each->context, id, subscription, err);
}

bool registry_each_subscription(struct registry *registry, int64_t first_id, int64_t count,
		registry_subscription_fn row, void *context, struct error *err)
{
	struct each each = { &registry->arena, row, context };

	return registry_store_each_subscription(
			registry->store, first_id, count, on_each, &each, err);
}
