/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ruleset that counts itself, in the place of the calculator's: the handlers' tests look at who
 * holds what, and at what is answered from a catalog, not at verdicts.
 */
#include "fake_ruleset.h"

#include "base/memory.h"

#include <stdatomic.h>

struct ruleset {
	atomic_int references;
	int64_t revision;
	size_t size;
};

static atomic_int alive;

struct ruleset *fake_ruleset_new(int64_t revision)
{
	struct ruleset *ruleset = memory_alloc_zero(1, sizeof(*ruleset));

	if (!ruleset)
		return NULL;
	atomic_init(&ruleset->references, 1);
	ruleset->revision = revision;
	atomic_fetch_add(&alive, 1);
	return ruleset;
}

int fake_ruleset_alive(void)
{
	return atomic_load(&alive);
}

struct ruleset *ruleset_ref(struct ruleset *ruleset)
{
	atomic_fetch_add(&ruleset->references, 1);
	return ruleset;
}

void ruleset_unref(struct ruleset *ruleset)
{
	if (!ruleset || atomic_fetch_sub(&ruleset->references, 1) != 1)
		return;
	atomic_fetch_sub(&alive, 1);
	memory_free(ruleset);
}

bool ruleset_is_shared(const struct ruleset *ruleset)
{
	return atomic_load(&ruleset->references) > 1;
}

size_t ruleset_size(const struct ruleset *ruleset)
{
	return ruleset->size;
}

void fake_ruleset_grow(struct ruleset *ruleset, size_t size)
{
	ruleset->size = size;
}

int64_t ruleset_revision(const struct ruleset *ruleset)
{
	return ruleset->revision;
}
