/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/rows.h"

#include "base/memory.h"
#include "proto/codec/codec.h"

/* Rows read at once: some milliseconds of the registry's thread. */
#define SLICE 1024
/* What one firm may need while it is looked at. */
#define ROW_MEMORY ((size_t)256 << 20)
#define ROW_FIELDS 2000000
#define ROW_DEPTH 32

struct slice_copy {
	const struct rows_visit *visit;
	struct buffer bytes;
	size_t ends[SLICE];
	size_t count;
};

/* On the registry's thread, while the report's waits. */
static bool on_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct slice_copy *copy = context;

	(void)id;
	(void)changed_sequence;
	if (copy->visit->wants && !copy->visit->wants(copy->visit->context, profile))
		return true;
	if (!message_pack(&profile->base, &copy->bytes))
		return error_set(err, ERROR_MEMORY, "out of memory while reading enterprises");
	copy->ends[copy->count++] = copy->bytes.size;
	return true;
}

static bool slice_look(struct slice_copy *copy, struct arena *scratch, struct error *err)
{
	static const struct message_limits limits = { ROW_DEPTH, ROW_FIELDS, ROW_FIELDS };
	size_t start = 0;

	for (size_t i = 0; i < copy->count; i++) {
		struct slice bytes = { copy->bytes.data + start, copy->ends[i] - start };
		const ProtobufCMessage *profile = message_unpack(bytes,
				&policycalc__v1__profile__descriptor, &limits, scratch, err);

		start = copy->ends[i];
		if (!profile || !copy->visit->row(copy->visit->context,
						(const Policycalc__V1__Profile *)profile,
						scratch, err))
			return false;
		arena_reset(scratch);
	}
	return true;
}

bool rows_visit(const struct rows_source *source, int64_t sequence, int64_t last_id,
		const struct rows_visit *visit, struct rows_progress *progress,
		struct error *err)
{
	struct slice_copy *copy = memory_alloc_zero(1, sizeof(*copy));
	struct arena scratch;
	bool ok = copy != NULL;

	if (!copy)
		return error_set(err, ERROR_MEMORY, "out of memory while reading enterprises");
	copy->visit = visit;
	arena_init(&scratch, ROW_MEMORY);
	for (int64_t first = 1; ok && first <= last_id; first += SLICE) {
		int64_t rest = last_id - first + 1;

		buffer_clear(&copy->bytes);
		copy->count = 0;
		ok = source->scan(source->context, sequence, first, SLICE, on_row, copy, err) &&
		     slice_look(copy, &scratch, err);
		progress->done += rest < SLICE ? rest : SLICE;
		if (ok && !source->progress(source->context, progress->done, progress->total))
			ok = error_set(err, ERROR_CANCELLED, "the call was cancelled");
	}
	arena_fini(&scratch);
	buffer_fini(&copy->bytes);
	memory_free(copy);
	return ok;
}
