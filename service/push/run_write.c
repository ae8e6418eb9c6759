/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks between the threads and the ledger: those that were worked on are committed in their order, as
 * many as there are in one transaction; one by one when that fails. A checkpoint that nothing else is
 * written with is written once a second only: whoever resumes an older one finds nothing new in the blocks
 * behind it.
 */
#include "push/run_internal.h"

/* Blocks in one transaction. */
#define BATCH_MOST 12
#define CHECKPOINT_MS 1000

/* --- lists ----------------------------------------------------------------------------------- */

void run_free_blocks(struct push_block *block)
{
	while (block) {
		struct push_block *next = block->next;

		push_block_free(block);
		block = next;
	}
}

void run_queue_block(struct push_run *run, struct push_block *block)
{
	pthread_mutex_lock(&run->lock);
	block->next = NULL;
	*run->waiting_end = block;
	run->waiting_end = &block->next;
	pthread_cond_signal(&run->wanted);
	pthread_mutex_unlock(&run->lock);
}

/* Takes a block that was worked on, and that @is_wanted says is wanted. */
static struct push_block *block_worked(struct push_run *run, int64_t number,
		bool (*is_wanted)(const struct push_block *block, int64_t number))
{
	struct push_block *found = NULL;

	pthread_mutex_lock(&run->lock);
	for (struct push_block **at = &run->worked; *at; at = &(*at)->next) {
		if (!is_wanted(*at, number))
			continue;
		found = *at;
		*at = found->next;
		break;
	}
	pthread_mutex_unlock(&run->lock);
	return found;
}

static bool is_deferred(const struct push_block *block, int64_t number)
{
	(void)number;
	return block->err.code == ERROR_NONE && block->deferred_count;
}

static bool is_failed_at(const struct push_block *block, int64_t number)
{
	return block->number == number && block->err.code != ERROR_NONE;
}

static bool is_done_at(const struct push_block *block, int64_t number)
{
	return block->number == number && block->err.code == ERROR_NONE &&
	       !block->deferred_count;
}

static void blocks_put_back(struct push_run *run, struct push_block *blocks)
{
	pthread_mutex_lock(&run->lock);
	while (blocks) {
		struct push_block *next = blocks->next;

		blocks->next = run->worked;
		run->worked = blocks;
		blocks = next;
	}
	pthread_mutex_unlock(&run->lock);
}

/* --- writing --------------------------------------------------------------------------------- */

bool run_write_checkpoint(struct push_run *run, struct push_block *blocks, struct error *err)
{
	struct ledger *ledger = &run->engine->ledger;
	int64_t now_ms = run_now(run);
	bool is_due = now_ms - run->stored_ms >= CHECKPOINT_MS || now_ms < run->stored_ms;
	bool changed = false;
	bool ok = true;

	for (const struct push_block *block = blocks; block; block = block->next)
		changed |= push_block_is_changed(block);
	if (!changed && !is_due)
		return true;
	if (!ledger_store_begin(ledger->store, err))
		return false;
	for (struct push_block *block = blocks; ok && block; block = block->next)
		ok = !push_block_is_changed(block) ||
		     push_block_write(block, ledger, now_ms, err);
	if (ok && run_store(run, err) && ledger_store_commit(ledger->store, err)) {
		run->stored_block = run->next_write;
		run->stored_ms = now_ms;
		return true;
	}
	ledger_store_rollback(ledger->store);
	return false;
}

/* What was read has changed meanwhile: the block is begun again. */
static bool block_again(struct push_run *run, int64_t number, struct error *err)
{
	struct push_block *block = push_block_new(&run->plan, number);

	if (!block)
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	if (!push_block_read(block, &run->engine->ledger, run->engine->host.columns, err)) {
		push_block_free(block);
		return false;
	}
	run_queue_block(run, block);
	return true;
}

static bool counts_copy(struct push_counts *to, const struct push_counts *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct push_count *count = &from->list[i];

		if (!push_counts_add(to, count->series, count->kind, count->count,
				    count->amount_fen))
			return false;
	}
	return true;
}

/* Commits blocks in their order. On failure what is in memory is as before. */
static bool batch_write(struct push_run *run, struct push_block *blocks, struct error *err)
{
	struct push_counts counts = run->counts;
	int64_t deliveries = run->deliveries, errors = run->errors, next = run->next_write;
	bool ok;

	run->counts = (struct push_counts){ 0 };
	ok = counts_copy(&run->counts, &counts);
	for (const struct push_block *block = blocks; ok && block; block = block->next) {
		ok = counts_copy(&run->counts, &block->counts);
		run->deliveries += (int64_t)block->made_count;
		run->errors += block->errors;
		run->next_write++;
	}
	if (!ok)
		error_set(err, ERROR_MEMORY, "out of memory while counting news");
	if (ok && run_write_checkpoint(run, blocks, err)) {
		push_counts_fini(&counts);
		return true;
	}
	push_counts_fini(&run->counts);
	run->counts = counts;
	run->deliveries = deliveries;
	run->errors = errors;
	run->next_write = next;
	return false;
}

/* Takes those that are next and done, in their order. */
static struct push_block *batch_take(struct push_run *run, size_t *out_count)
{
	struct push_block *blocks = NULL, **end = &blocks;

	*out_count = 0;
	while (*out_count < (run->is_contended ? 1 : BATCH_MOST)) {
		struct push_block *block = block_worked(
				run, run->next_write + (int64_t)*out_count, is_done_at);

		if (!block)
			break;
		block->next = NULL;
		*end = block;
		end = &block->next;
		++*out_count;
	}
	return blocks;
}

bool run_commit_blocks(struct push_run *run, bool *out_done, struct error *err)
{
	size_t count;
	struct push_block *blocks = batch_take(run, &count);
	int64_t number = run->next_write;

	*out_done = count > 0;
	if (!blocks) {
		if (run->between_looks)
			run->between_looks(run);
		/* A thread may have come with it, done or deferred, since: it is for the next step. */
		blocks = block_worked(run, number, is_failed_at);
		if (!blocks)
			return true;
		*err = blocks->err;
		push_block_free(blocks);
		return false;
	}
	if (batch_write(run, blocks, err)) {
		run_free_blocks(blocks);
		run->is_contended = false;
		pthread_mutex_lock(&run->lock);
		run->in_flight -= count;
		pthread_mutex_unlock(&run->lock);
		return true;
	}
	/* One by one: only what was pulled is begun again, and a full disk keeps what it has room for. */
	if (count > 1) {
		run->is_contended = true;
		blocks_put_back(run, blocks);
		return true;
	}
	run_free_blocks(blocks);
	return err->code == ERROR_CONFLICT && block_again(run, number, err);
}

bool run_load_deferred(struct push_run *run, bool *out_done, struct error *err)
{
	struct push_block *block = block_worked(run, 0, is_deferred);

	*out_done = block != NULL;
	if (!block)
		return true;
	if (push_block_load(block, &run->engine->ledger, err)) {
		run_queue_block(run, block);
		return true;
	}
	push_block_free(block);
	return false;
}
