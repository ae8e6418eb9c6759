/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

#include "policycalc/v1/registry_service.pb-c.h"

struct pcalc_subscription {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__Subscription *message;
	Policycalc__V1__Warning *const *warnings;
	size_t warning_count;
};

/* The subscription, or NULL when the service answered without one. */
static pcalc_subscription *subscription_end(pcalc_subscription *subscription,
		const void *response, struct pcalc_failure *failure)
{
	if (response && subscription->message)
		return subscription;
	if (response)
		(void)failure_set(failure, PCALC_INTERNAL, "an answer without a subscription");
	pcalc_subscription_free(subscription);
	return NULL;
}

pcalc_subscription *pcalc_subscription_get(
		pcalc_client *client, const char *uscc, struct pcalc_failure *failure)
{
	Policycalc__V1__GetSubscriptionRequest request =
			POLICYCALC__V1__GET_SUBSCRIPTION_REQUEST__INIT;
	pcalc_subscription *subscription = handle_new(sizeof(*subscription), failure);
	const Policycalc__V1__GetSubscriptionResponse *response;

	if (!subscription)
		return NULL;
	request.uscc = text_field(uscc);
	response = (const Policycalc__V1__GetSubscriptionResponse *)client_call(client,
			REGISTRY_PATH "GetSubscription", &request.base,
			&policycalc__v1__get_subscription_response__descriptor,
			&subscription->arena, failure);
	if (response)
		subscription->message = response->subscription;
	return subscription_end(subscription, response, failure);
}

pcalc_subscription *pcalc_subscription_set(pcalc_client *client, const struct pcalc_wish *wish,
		struct pcalc_failure *failure)
{
	Policycalc__V1__SetSubscriptionRequest request =
			POLICYCALC__V1__SET_SUBSCRIPTION_REQUEST__INIT;
	Policycalc__V1__Subscription message = POLICYCALC__V1__SUBSCRIPTION__INIT;
	pcalc_subscription *subscription = handle_new(sizeof(*subscription), failure);
	const Policycalc__V1__SetSubscriptionResponse *response;

	if (!subscription)
		return NULL;
	message.uscc = text_field(wish->uscc);
	message.opted_out = wish->opted_out;
	message.kinds = (Policycalc__V1__Kind *)(uintptr_t)wish->kinds;
	message.n_kinds = wish->kind_count;
	message.frequency = (Policycalc__V1__Subscription__Frequency)wish->frequency;
	message.deltas = (char **)(uintptr_t)wish->news;
	message.n_deltas = wish->news_count;
	request.subscription = &message;
	response = (const Policycalc__V1__SetSubscriptionResponse *)client_call(client,
			REGISTRY_PATH "SetSubscription", &request.base,
			&policycalc__v1__set_subscription_response__descriptor,
			&subscription->arena, failure);
	if (response) {
		subscription->message = response->subscription;
		subscription->warnings = response->warnings;
		subscription->warning_count = response->n_warnings;
	}
	return subscription_end(subscription, response, failure);
}

void pcalc_subscription_free(pcalc_subscription *subscription)
{
	handle_free(subscription);
}

struct pcalc_wish pcalc_subscription_wish(const pcalc_subscription *subscription)
{
	const Policycalc__V1__Subscription *message = subscription->message;

	return (struct pcalc_wish){
		.uscc = message->uscc,
		.opted_out = message->opted_out,
		.kinds = (const int *)(const void *)message->kinds,
		.kind_count = message->n_kinds,
		.frequency = (enum pcalc_frequency)message->frequency,
		.news = (const char *const *)message->deltas,
		.news_count = message->n_deltas,
	};
}

bool pcalc_subscription_warning(const pcalc_subscription *subscription, size_t index,
		struct pcalc_warning *out_warning)
{
	if (index >= subscription->warning_count)
		return false;
	*out_warning = warning_from(subscription->warnings[index]);
	return true;
}
