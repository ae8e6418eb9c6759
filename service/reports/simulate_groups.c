/* SPDX-License-Identifier: Apache-2.0 */
/* Who gains and loses where: by registered region, section of industry and size. */
#include "reports/simulate_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *code;
	Policycalc__V1__Text label;
} sizes[] = {
#define SIZE(the_code, the_zh, the_en)                                                         \
	{                                                                                      \
		the_code,                                                                      \
		{                                                                              \
			.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),    \
			.zh = (char *)(the_zh), .en = (char *)(the_en)                         \
		}                                                                              \
	}
	[FIRM_SIZE_UNKNOWN] = SIZE("", "", ""),
	[FIRM_SIZE_MICRO] = SIZE("MICRO", "微型", "micro"),
	[FIRM_SIZE_SMALL] = SIZE("SMALL", "小型", "small"),
	[FIRM_SIZE_MEDIUM] = SIZE("MEDIUM", "中型", "medium"),
	[FIRM_SIZE_LARGE] = SIZE("LARGE", "大型", "large"),
	[FIRM_SIZE_NONE] = SIZE("NOT_COVERED", "划型表外", "not in the size table"),
};

static void region_read(const struct catalog *catalog, const Policycalc__V1__Profile *profile,
		struct firm_codes *codes)
{
	const char *code = firm_code(profile, FIRM_REGION);
	const Policycalc__V1__Region *region = firm_region_of_code(catalog, slice_from(code));

	codes->code[GROUP_REGION] = region ? region->code : code;
	if (region)
		codes->label[GROUP_REGION] = region->name;
}

static void industry_read(const struct catalog *catalog, const Policycalc__V1__Profile *profile,
		struct arena *arena, struct firm_codes *codes)
{
	const char *code = firm_code(profile, FIRM_INDUSTRY);

	code = *code ? firm_industry_code(catalog, code, arena) : NULL;
	codes->code[GROUP_INDUSTRY] = "";
	for (size_t i = 0; code && i < catalog->industry_count; i++) {
		const Policycalc__V1__Industry *industry = catalog->industries[i];

		if (industry->code[0] == *code && industry->code[1] == '\0') {
			codes->code[GROUP_INDUSTRY] = industry->code;
			codes->label[GROUP_INDUSTRY] = industry->name;
		}
	}
}

bool firm_codes_read(const struct simulate *simulate, const struct look *look,
		const Policycalc__V1__Profile *profile, struct arena *arena,
		struct firm_codes *out_codes, struct error *err)
{
	const struct catalog *catalog = ruleset_catalog(simulate->options.draft);
	enum firm_size size;

	*out_codes = (struct firm_codes){ 0 };
	if (look)
		size = look_size(look);
	else if (!ruleset_firm_size(simulate->options.draft, profile, simulate->options.day,
				 arena, &size, err))
		return false;
	region_read(catalog, profile, out_codes);
	industry_read(catalog, profile, arena, out_codes);
	out_codes->code[GROUP_SIZE] = sizes[size].code;
	if (*sizes[size].code)
		out_codes->label[GROUP_SIZE] = &sizes[size].label;
	return !arena->exhausted || arena_error(arena, err, "grouping an enterprise");
}

static Policycalc__V1__SimulatedGroup *group_of(struct groups *groups, const char *code,
		const Policycalc__V1__Text *label, struct arena *arena)
{
	Policycalc__V1__SimulatedGroup *group = map_find(&groups->by_code, slice_from(code));

	if (group)
		return group;
	if (groups->count == groups->capacity) {
		size_t capacity = groups->capacity ? groups->capacity * 2 : 16;
		Policycalc__V1__SimulatedGroup **grown = ARENA_NEW_ARRAY(
				arena, Policycalc__V1__SimulatedGroup *, capacity);

		if (!grown)
			return NULL;
		if (groups->count)
			memcpy(grown, groups->list, groups->count * sizeof(*grown));
		groups->list = grown;
		groups->capacity = capacity;
	}
	group = ARENA_NEW(arena, Policycalc__V1__SimulatedGroup);
	if (!group)
		return NULL;
	policycalc__v1__simulated_group__init(group);
	group->code = arena_copy_text(arena, code);
	group->label = (Policycalc__V1__Text *)(uintptr_t)label;
	if (!group->code || !map_put(&groups->by_code, slice_from(group->code), group))
		return NULL;
	groups->list[groups->count++] = group;
	return group;
}

static bool group_add(Policycalc__V1__SimulatedGroup *group, const struct outcome outcomes[])
{
	bool before = outcomes[SIDE_BEFORE].verdict == VERDICT(ELIGIBLE);
	bool after = outcomes[SIDE_AFTER].verdict == VERDICT(ELIGIBLE);

	group->before += before;
	group->after += after;
	group->gaining += after && !before;
	group->losing += before && !after;
	return !__builtin_add_overflow(group->before_fen,
			       before ? outcomes[SIDE_BEFORE].sure : 0, &group->before_fen) &&
	       !__builtin_add_overflow(group->after_fen, after ? outcomes[SIDE_AFTER].sure : 0,
			       &group->after_fen);
}

bool groups_add(struct groups groups[GROUP_COUNT], const struct firm_codes *codes,
		const struct outcome outcomes[SIDE_COUNT], struct arena *arena,
		struct error *err)
{
	for (int i = 0; i < GROUP_COUNT; i++) {
		Policycalc__V1__SimulatedGroup *group =
				group_of(&groups[i], codes->code[i], codes->label[i], arena);

		if (!group)
			return error_set(err, ERROR_MEMORY, "out of memory while simulating");
		if (!group_add(group, outcomes))
			return error_set(err, ERROR_LIMIT,
					"the amounts add up to more than can be told");
	}
	return true;
}

static bool group_join(Policycalc__V1__SimulatedGroup *group,
		const Policycalc__V1__SimulatedGroup *add)
{
	group->before += add->before;
	group->after += add->after;
	group->gaining += add->gaining;
	group->losing += add->losing;
	return !__builtin_add_overflow(
			       group->before_fen, add->before_fen, &group->before_fen) &&
	       !__builtin_add_overflow(group->after_fen, add->after_fen, &group->after_fen);
}

bool groups_join(struct groups groups[GROUP_COUNT], const struct groups from[GROUP_COUNT],
		struct arena *arena, struct error *err)
{
	for (int i = 0; i < GROUP_COUNT; i++) {
		for (size_t k = 0; k < from[i].count; k++) {
			const Policycalc__V1__SimulatedGroup *add = from[i].list[k];
			Policycalc__V1__SimulatedGroup *group =
					group_of(&groups[i], add->code, add->label, arena);

			if (!group)
				return error_set(err, ERROR_MEMORY,
						"out of memory while simulating");
			if (!group_join(group, add))
				return error_set(err, ERROR_LIMIT,
						"the amounts add up to more than can be told");
		}
	}
	return true;
}

static int group_compare(const void *a, const void *b)
{
	const Policycalc__V1__SimulatedGroup *left =
			*(Policycalc__V1__SimulatedGroup *const *)a;
	const Policycalc__V1__SimulatedGroup *right =
			*(Policycalc__V1__SimulatedGroup *const *)b;

	if (!*left->code != !*right->code)
		return *left->code ? -1 : 1;
	return strcmp(left->code, right->code);
}

static int size_rank(const char *code)
{
	for (int i = 1; i < FIRM_SIZE_COUNT; i++) {
		if (strcmp(sizes[i].code, code) == 0)
			return i;
	}
	return FIRM_SIZE_COUNT;
}

static int size_compare(const void *a, const void *b)
{
	const Policycalc__V1__SimulatedGroup *left =
			*(Policycalc__V1__SimulatedGroup *const *)a;
	const Policycalc__V1__SimulatedGroup *right =
			*(Policycalc__V1__SimulatedGroup *const *)b;

	return size_rank(left->code) - size_rank(right->code);
}

void groups_sort(struct groups groups[GROUP_COUNT])
{
	for (int i = 0; i < GROUP_COUNT; i++) {
		if (groups[i].count)
			qsort(groups[i].list, groups[i].count, sizeof(*groups[i].list),
					i == GROUP_SIZE ? size_compare : group_compare);
	}
}

void groups_fini(struct groups groups[GROUP_COUNT])
{
	for (int i = 0; i < GROUP_COUNT; i++)
		map_fini(&groups[i].by_code);
}
