/* SPDX-License-Identifier: Apache-2.0 */
#include "block_rules.h"

const char *const block_codes[BLOCK_CODES] = { "410000", "411200", "411282", "411224", "C3130",
	"C31", "C", "elsewhere" };

uint64_t block_seed = 20260114;

unsigned random_below(unsigned limit)
{
	block_seed ^= block_seed << 13;
	block_seed ^= block_seed >> 7;
	block_seed ^= block_seed << 17;
	return (unsigned)(block_seed >> 33) % limit;
}

const char *random_code(void)
{
	return block_codes[random_below(BLOCK_CODES)];
}

static const char *relation(void)
{
	static const char *const relations[] = { "==", "!=", "<", "<=", ">", ">=" };

	return relations[random_below(6)];
}

static const char *make_bound(struct arena *arena)
{
	switch (random_below(12)) {
	case 0:
		return "p.limit";
	case 1:
		return "p.unstated";
	case 2:
		return "9223372036854775807";
	case 3:
		return "(-9223372036854775807 - 1)";
	case 4:
		return "p.limit * 2 - 1";
	case 5:
		return "1 / (p.limit - 5)";
	default:
		return arena_format(arena, "%d", (int)random_below(21) - 10);
	}
}

static const char *make_day(struct arena *arena)
{
	switch (random_below(5)) {
	case 0:
		return "as_of";
	case 1:
		return "p.day";
	case 2:
		return "as_of + duration(\"0.5s\")";
	default:
		return arena_format(arena, "timestamp(\"2026-01-%02uT00:00:00Z\")",
				1 + random_below(20));
	}
}

static const char *make_codes(struct arena *arena)
{
	const char *list = "[";
	unsigned count = random_below(4);

	if (random_below(8) == 0)
		return "p.codes";
	for (unsigned i = 0; i < count; i++)
		list = arena_format(arena, "%s%s\"%s\"", list, i ? ", " : "", random_code());
	return arena_format(arena, "%s%s]", list, count ? "" : "\"none\"");
}

static const char *make_number_atom(struct arena *arena)
{
	unsigned slot = random_below(2) ? NUMBERS - 1 : random_below(NUMBERS);

	if (slot == NUMBERS - 1 && random_below(3))
		return arena_format(arena, "e.n%u %s %d", slot, relation(),
				(int)random_below(4000) - 2000);
	switch (random_below(6)) {
	case 0:
		return arena_format(arena, "%s %s e.n%u", make_bound(arena), relation(), slot);
	case 1:
		return arena_format(arena, "e.n%u in [1, 2, %s]", slot, make_bound(arena));
	default:
		return arena_format(arena, "e.n%u %s %s", slot, relation(), make_bound(arena));
	}
}

static const char *make_code_atom(struct arena *arena)
{
	unsigned slot = random_below(CODES);

	switch (random_below(10)) {
	case 0:
		return arena_format(arena, "e.c%u.startsWith(\"%.2s\")", slot, random_code());
	case 1:
		return arena_format(arena, "region.within(e.c%u, \"%s\")", slot,
				random_below(2) ? "411200" : random_code());
	case 2:
		return arena_format(arena, "region.kind(e.c%u) == \"COUNTY\"", slot);
	case 3:
		return arena_format(arena, "e.c%u %s p.code", slot, relation());
	case 4:
		return arena_format(arena,
				"[\"%.3s\", \"%.2s\"].exists(x, e.c%u.startsWith(x))",
				random_code(), random_code(), slot);
	case 5:
		return arena_format(arena, "(p.unstated > 3 ? e.c%u == \"C\" : true)", slot);
	default:
		return arena_format(arena, "e.c%u in %s", slot, make_codes(arena));
	}
}

static const char *make_list_atom(struct arena *arena)
{
	unsigned slot = random_below(LISTS);

	switch (random_below(9)) {
	case 0:
		return arena_format(arena, "%s.exists(x, x in e.l%u)", make_codes(arena), slot);
	case 1:
		return arena_format(arena, "%s.all(x, x in e.l%u)", make_codes(arena), slot);
	case 2:
		return arena_format(
				arena, "%s.exists(x, !(x in e.l%u))", make_codes(arena), slot);
	case 3:
		return arena_format(arena, "e.l%u.exists(x, x in %s)", slot, make_codes(arena));
	case 4:
		return arena_format(arena, "e.l%u.exists(x, x == \"%s\")", slot, random_code());
	case 5:
		return arena_format(arena, "size(e.l%u) >= %u", slot, random_below(4));
	case 6:
		return arena_format(arena, "p.code in e.l%u", slot);
	case 7:
		return arena_format(arena, "e.l%u.exists(x, x in [\"\"].filter(y, y != \"\"))",
				slot);
	default:
		return arena_format(arena, "\"%s\" in e.l%u", random_code(), slot);
	}
}

static const char *make_map_atom(struct arena *arena)
{
	unsigned slot = random_below(MAPS);
	const char *code = random_code();

	switch (random_below(6)) {
	case 0:
		return arena_format(arena, "\"%s\" in e.t%u", code, slot);
	case 1:
		return arena_format(arena, "e.t%u[\"%s\"] %s %s", slot, code, relation(),
				make_day(arena));
	case 2:
		return arena_format(arena, "e.t%u.C %s %s", slot, relation(), make_day(arena));
	case 3:
		return arena_format(arena, "%s.exists(x, x in e.t%u)", make_codes(arena), slot);
	default:
		return arena_format(arena, "(\"%s\" in e.t%u && e.t%u[\"%s\"] >= %s)", code,
				slot, slot, code, make_day(arena));
	}
}

static const char *make_other_atom(struct arena *arena)
{
	switch (random_below(11)) {
	case 0:
		return arena_format(arena, "e.n0 + e.n1 %s %s", relation(), make_bound(arena));
	case 1:
		return arena_format(arena, "e.n2 / e.n1 %s e.n3", relation());
	case 2:
		return arena_format(arena, "e.d0 %s e.d1", relation());
	case 3:
		return arena_format(arena, "date.addYears(e.d0, 1) %s as_of", relation());
	case 4:
		return arena_format(arena, "(%s ? %s : %s)", block_rule_make(arena, 1),
				block_rule_make(arena, 1), block_rule_make(arena, 1));
	case 5:
		return arena_format(arena, "e.f%u %s %s", random_below(FLAGS),
				random_below(2) ? "==" : "!=",
				random_below(2) ? "p.flag" : "e.f0");
	case 6:
		return arena_format(arena, "(e.n3 %s 2) == e.f1", relation());
	case 7:
		return arena_format(arena, "e.c0 == e.c1");
	case 8:
		return arena_format(arena, "[1, 2, 3].exists(x, x %s e.n0)", relation());
	case 9:
		return arena_format(arena, "money.mulDiv(e.n0, p.limit, 3, \"down\") %s e.n1",
				relation());
	default:
		return arena_format(arena, "math.greatest(e.n0, e.n1) %s %s", relation(),
				make_bound(arena));
	}
}

static const char *make_atom(struct arena *arena)
{
	switch (random_below(14)) {
	case 0:
		return random_below(4) ? "p.flag" : "p.unstated > 1";
	case 1:
	case 2:
		return arena_format(arena, "e.f%u", random_below(FLAGS));
	case 3:
	case 4:
	case 5:
		return make_number_atom(arena);
	case 6:
	case 7:
		return make_code_atom(arena);
	case 8:
	case 9:
		return make_list_atom(arena);
	case 10:
		return make_map_atom(arena);
	case 11:
		return arena_format(arena, "e.d%u %s %s", random_below(DAYS), relation(),
				make_day(arena));
	case 12:
		return arena_format(arena, "e.q%u %s %s", random_below(QUOTIENTS), relation(),
				random_below(3) ? arena_format(arena, "%u",
								  random_below(7) * 100000)
						: make_bound(arena));
	default:
		return make_other_atom(arena);
	}
}

const char *block_rule_make(struct arena *arena, int depth)
{
	const char *text;
	const char *joint = random_below(2) ? " && " : " || ";
	unsigned count = 2 + random_below(random_below(8) ? 2 : 15);

	if (depth <= 0 || random_below(6) == 0)
		return make_atom(arena);
	if (random_below(5) == 0)
		return arena_format(arena, "!%s(%s)", random_below(4) ? "" : "!!",
				block_rule_make(arena, depth - 1));
	text = arena_format(arena, "(%s", block_rule_make(arena, depth - 1));
	for (unsigned i = 1; i < count; i++)
		text = arena_format(arena, "%s%s%s", text, joint,
				block_rule_make(arena, depth - 1));
	return arena_format(arena, "%s)", text);
}
