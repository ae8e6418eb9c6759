/* SPDX-License-Identifier: Apache-2.0 */
#include "push/ledger_choice.h"

#include "push/digest.h"

#define CHOICE_STEP 500

bool ledger_choose_keys(struct ledger *ledger, const struct ledger_choice *choice,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err)
{
	*out_count = 0;
	*out_other_count = 0;
	for (size_t i = 0; i < key_count; i++) {
		struct ledger_delivery *delivery = NULL;
		unsigned char key[LEDGER_KEY_SIZE];
		const char *why = NULL;

		if (digest_key_parse(keys[i], key) &&
				!ledger_store_find_delivery(ledger->store, key, false, arena,
						&delivery, err))
			return false;
		if (!delivery || delivery->state != (int)choice->state)
			why = choice->why_not;
		else if (choice->refuse &&
				!choice->refuse(choice->context, delivery, arena, &why, err))
			return false;
		if (why) {
			if (!ledger_other_add(out_others, out_other_count, keys[i], delivery,
					    why, arena, err))
				return false;
			continue;
		}
		if (!choice->decide(choice->context, delivery, arena, err))
			return false;
		++*out_count;
	}
	return true;
}

bool ledger_choose_step(struct ledger *ledger, const struct ledger_choice *choice,
		int64_t *before, struct arena *arena, struct error *err)
{
	const struct ledger_listing listing = { .before = *before,
		.state = (int)choice->state };
	struct ledger_delivery *list = NULL;
	size_t count = 0;

	if (!ledger_store_list_deliveries(ledger->store, &listing, CHOICE_STEP, false, arena,
			    &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!choice->decide(choice->context, &list[i], arena, err))
			return false;
	}
	*before = count == CHOICE_STEP ? list[count - 1].id : 0;
	return true;
}
