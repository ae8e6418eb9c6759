/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state;

void random_begin(uint64_t seed)
{
	random_state = seed;
}

unsigned random_below(unsigned bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		       UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % bound;
}

uint64_t random_wide(uint64_t bound)
{
	uint64_t high = random_below(1U << 31);

	return (high << 31 | random_below(1U << 31)) % bound;
}

void random_order(size_t *out_order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = random_below((unsigned)i + 1);

		out_order[i] = out_order[k];
		out_order[k] = i;
	}
}

struct facts_sent sent_of_profile(Policycalc__V1__Profile *profile)
{
	return (struct facts_sent){ &profile->attributes, &profile->n_attributes };
}

struct facts_sent sent_of_item(Policycalc__V1__Item *item)
{
	return (struct facts_sent){ &item->attributes, &item->n_attributes };
}

/* A list that is one longer, with the same in front. */
static void *grown(const void *list, size_t count, size_t size, struct arena *arena)
{
	void *longer = arena_alloc(arena, (count + 1) * size);

	assert_non_null(longer);
	if (count)
		memcpy(longer, list, count * size);
	return longer;
}

static Policycalc__V1__Value *send(
		struct facts_sent sent, const char *name, struct arena *arena)
{
	Policycalc__V1__AttributeValue *attribute =
			ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	Policycalc__V1__Value *value = ARENA_NEW(arena, Policycalc__V1__Value);

	assert_non_null(attribute);
	assert_non_null(value);
	policycalc__v1__attribute_value__init(attribute);
	policycalc__v1__value__init(value);
	attribute->name = (char *)(uintptr_t)name;
	attribute->value = value;
	*sent.list = grown(*sent.list, *sent.count, sizeof(**sent.list), arena);
	(*sent.list)[(*sent.count)++] = attribute;
	return value;
}

void send_flag(struct facts_sent sent, const char *name, bool flag, struct arena *arena)
{
	Policycalc__V1__Value *value = send(sent, name, arena);

	value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	value->flag = flag;
}

void send_count(struct facts_sent sent, const char *name, int64_t count, struct arena *arena)
{
	Policycalc__V1__Value *value = send(sent, name, arena);

	value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	value->count = count;
}

void send_money(struct facts_sent sent, const char *name, int64_t fen, struct arena *arena)
{
	Policycalc__V1__Value *value = send(sent, name, arena);

	value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	value->money_fen = fen;
}

Policycalc__V1__Item *send_item(Policycalc__V1__Profile *profile, const char *list,
		const char *id, struct arena *arena)
{
	Policycalc__V1__Item *item = ARENA_NEW(arena, Policycalc__V1__Item);

	assert_non_null(item);
	policycalc__v1__item__init(item);
	item->list = (char *)(uintptr_t)list;
	item->id = (char *)(uintptr_t)id;
	profile->items =
			grown(profile->items, profile->n_items, sizeof(*profile->items), arena);
	profile->items[profile->n_items++] = item;
	return item;
}
