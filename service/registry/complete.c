/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/complete.h"

#include "base/memory.h"

#include <assert.h>

void complete_fini(struct complete *complete)
{
	for (size_t i = 0; i < complete->count; i++)
		memory_free(complete->groups[i].lists);
	memory_free(complete->groups);
	*complete = (struct complete){ .count = 0 };
}

/* Room for one more in a list of @size bytes each. */
static bool make_room(void **list, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 8;
	void *grown;

	if (count < *capacity)
		return true;
	grown = memory_resize(*list, wanted * size);
	if (!grown)
		return false;
	*list = grown;
	*capacity = wanted;
	return true;
}

static struct complete_group *find_group(const struct complete *complete, uint32_t attribute)
{
	for (size_t i = 0; i < complete->count; i++) {
		if (complete->groups[i].attribute == attribute)
			return &complete->groups[i];
	}
	return NULL;
}

bool complete_reserve(struct complete *complete, uint32_t attribute)
{
	struct complete_group *group = find_group(complete, attribute);

	if (!group) {
		if (!make_room((void **)&complete->groups, complete->count, &complete->capacity,
				    sizeof(*complete->groups)))
			return false;
		group = &complete->groups[complete->count++];
		*group = (struct complete_group){ .attribute = attribute };
	}
	return make_room((void **)&group->lists, group->count, &group->capacity,
			sizeof(*group->lists));
}

void complete_add(
		struct complete *complete, uint32_t attribute, const struct complete_list *list)
{
	struct complete_group *group = find_group(complete, attribute);

	assert(group && group->count < group->capacity);
	group->lists[group->count++] = *list;
	if (list->sequence > complete->newest_sequence)
		complete->newest_sequence = list->sequence;
}

enum known { UNKNOWN, NO, YES };

struct complete_answer complete_ask(const struct complete_group *group, const struct fact *own,
		const struct supplies *supplies, int64_t record_sequence, int64_t sequence)
{
	struct complete_answer answer = { NULL, 0 };
	const struct supply *supply = own ? supplies_get(supplies, own->supply) : NULL;
	int64_t own_days = supply ? supply->days : INT64_MIN;
	const struct complete_list *newest = NULL;
	enum known known;
	bool flag = false;

	known = own && fact_is_flag(own, &flag) ? (flag ? YES : NO) : UNKNOWN;
	for (size_t i = 0; i < group->count && group->lists[i].sequence <= sequence; i++) {
		const struct complete_list *list = &group->lists[i];
		enum known before = known;

		if (newest && newest->days > list->days)
			continue;
		newest = list;
		if (list->days <= own_days)
			continue;
		known = NO;
		answer.list = list;
		if (known != before && list->sequence > record_sequence)
			answer.changed_sequence = list->sequence;
	}
	return answer;
}
