/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the audit log. Whoever appends puts a record on the queue; the thread takes all there are, writes
 * them as one batch and tells each what came of it.
 *
 *     queue ──► batches ──► written ──► told
 *                 └── failed: beginnings are told and forgotten, ends are told and owed; those owed go first
 *                     next time
 */
#include "operations/audit.h"

#include "base/log.h"
#include "base/memory.h"
#include "operations/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_SIZE 32

struct records {
	struct audit_record *first, *last;
};

struct audit {
	EVP_MAC *hmac;
	unsigned char key[KEY_SIZE];
	uint64_t line_count;
	char head[AUDIT_HEX_SIZE];
	pthread_t thread;
	bool has_thread;

	/* The thread's, once it runs. */
	struct audit_file file;
	struct audit_batch batch;
	struct buffer members;
	struct records owed;
	size_t open_count; /* beginnings whose end, or outcome, is to come */
	bool is_broken;	   /* the last batch was not written */
	uint64_t most;	   /* bytes, after which a new file goes on; 0: any */
	bool is_stuck;	   /* it did not */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct records queue;
	bool is_ending;
};

static void records_add(struct records *records, struct audit_record *record)
{
	record->next = NULL;
	if (records->last)
		records->last->next = record;
	else
		records->first = record;
	records->last = record;
}

static struct audit_record *records_take(struct records *records)
{
	struct audit_record *record = records->first;

	if (record) {
		records->first = record->next;
		if (!records->first)
			records->last = NULL;
	}
	return record;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void put(struct buffer *out, const char *name, const char *text)
{
	if (out->size)
		buffer_append_char(out, ',');
	buffer_format(out, "\"%s\":", name);
	audit_put_text(out, text);
}

static void put_method(struct buffer *out, const struct audit_record *record)
{
	buffer_append_text(out, ",\"method\":\"");
	buffer_format(out, "%s/%s\"", record->service, record->method);
}

/* An end or an outcome: of what was done, so that it is owed until it is written. */
static bool is_due(const struct audit_record *record)
{
	return record->event == AUDIT_END || record->event == AUDIT_CUT ||
	       record->event == AUDIT_OUTCOME;
}

static void put_end(struct buffer *out, const struct audit_record *record)
{
	put(out, "event", record->event == AUDIT_OUTCOME ? "outcome" : "end");
	buffer_format(out, ",\"call\":%llu", (unsigned long long)record->call);
	put(out, "identity", record->identity);
	put_method(out, record);
	put(out, "status", record->status);
	if (record->event == AUDIT_OUTCOME) {
		buffer_format(out, ",\"revision\":%lld", (long long)record->revision);
		return;
	}
	if (record->event == AUDIT_CUT)
		buffer_append_text(out, ",\"settled\":false");
	buffer_format(out, ",\"revision\":%lld,\"messages\":%llu,\"request\":\"",
			(long long)record->revision, (unsigned long long)record->messages);
	for (size_t i = 0; i < AUDIT_HASH_SIZE; i++)
		buffer_format(out, "%02x", record->request[i]);
	buffer_append_char(out, '"');
}

static void put_record(struct buffer *out, const struct audit_record *record)
{
	buffer_clear(out);
	out->failed = false;
	if (is_due(record)) {
		put_end(out, record);
		return;
	}
	put(out, "event", record->event == AUDIT_BEGIN ? "begin" : "refused");
	put(out, "identity", record->identity);
	put(out, "peer", record->peer);
	put_method(out, record);
	if (record->event == AUDIT_REFUSED)
		put(out, "status", record->status);
	buffer_format(out, ",\"revision\":%lld", (long long)record->revision);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* A full file is put away. Without room for a new one the old one grows on. */
static void turn(struct audit *audit)
{
	struct error err = { ERROR_NONE, "" };
	bool was_stuck = audit->is_stuck;

	if (!audit->most || (uint64_t)audit->file.size < audit->most)
		return;
	audit->is_stuck = !audit_file_turn(&audit->file,
			(2 * audit->open_count + AUDIT_BATCH_MOST) * AUDIT_LINE_MOST, &err);
	if (!audit->is_stuck)
		log_event(LOG_LEVEL_INFO, "audit_new_file",
				LOG_NUMBER("line", (int64_t)audit->file.seq),
				LOG_TEXT("head", audit->file.head));
	else if (!was_stuck)
		log_event(LOG_LEVEL_ERROR, "audit_no_new_file",
				LOG_TEXT("message", err.message));
}

/* @work in one write. The lines of one batch have their ends' room set aside with them. */
static bool write_all(struct audit *audit, const struct records *work, struct error *err)
{
	size_t begun = 0, due = 0, count = 0;

	audit_batch_begin(&audit->batch, &audit->file);
	for (struct audit_record *record = work->first; record; record = record->next) {
		uint64_t seq;

		put_record(&audit->members, record);
		seq = audit_batch_add(&audit->batch, &audit->members);
		if (record->event == AUDIT_BEGIN)
			record->call = seq;
		begun += record->event == AUDIT_BEGIN;
		due += is_due(record);
		count++;
	}
	/* An end and its outcome go into the room that is there for them, which nothing else takes. */
	if (count > due && !audit_file_reserve(&audit->file,
					   (2 * (audit->open_count + begun) + count) *
							   AUDIT_LINE_MOST,
					   err))
		return false;
	return audit_file_write(&audit->file, &audit->batch, err);
}

static void tell(struct audit *audit, struct audit_record *record, bool written)
{
	if (record->event == AUDIT_BEGIN && written)
		audit->open_count++;
	if ((record->event == AUDIT_END || record->event == AUDIT_OUTCOME) && written)
		audit->open_count--;
	if (written) {
		record->told(record, AUDIT_WRITTEN);
		return;
	}
	if (!is_due(record)) {
		record->told(record, AUDIT_FAILED);
		return;
	}
	records_add(&audit->owed, record);
	if (!record->is_owed) {
		record->is_owed = true;
		record->told(record, AUDIT_FAILED);
	}
}

/* What is begun or refused fails alone: the ends of what was done have their room. */
static bool write_ends(struct audit *audit, struct records *work, struct error *err)
{
	struct records all = *work;
	struct audit_record *record;

	*work = (struct records){ NULL, NULL };
	while ((record = records_take(&all))) {
		if (is_due(record))
			records_add(work, record);
		else
			tell(audit, record, false);
	}
	return work->first && write_all(audit, work, err);
}

/* While ends are owed nothing is begun. */
static void do_batch(struct audit *audit, struct records *work)
{
	struct error err = { ERROR_NONE, "an end is owed" }, again;
	struct audit_record *record;
	bool is_whole = !audit->owed.first && write_all(audit, work, &err);
	bool written = is_whole || write_ends(audit, work, &again);

	if (!is_whole)
		log_event(LOG_LEVEL_ERROR, "audit_not_written",
				LOG_TEXT("message", err.message));
	else if (audit->is_broken)
		log_event(LOG_LEVEL_INFO, "audit_written_again",
				LOG_NUMBER("line", (int64_t)audit->file.seq));
	audit->is_broken = !is_whole;
	while ((record = records_take(work)))
		tell(audit, record, written);
}

static void do_work(struct audit *audit, struct records *queue)
{
	struct records all = audit->owed;
	struct audit_record *record;

	audit->owed = (struct records){ NULL, NULL };
	while ((record = records_take(queue)))
		records_add(&all, record);
	while (all.first) {
		struct records work = { NULL, NULL };

		for (size_t i = 0; i < AUDIT_BATCH_MOST && (record = records_take(&all)); i++)
			records_add(&work, record);
		turn(audit);
		do_batch(audit, &work);
	}
}

static void *audit_main(void *argument)
{
	struct audit *audit = argument;

	pthread_mutex_lock(&audit->lock);
	for (;;) {
		struct records queue = audit->queue;

		if (!queue.first) {
			if (audit->is_ending)
				break;
			pthread_cond_wait(&audit->changed, &audit->lock);
			continue;
		}
		audit->queue = (struct records){ NULL, NULL };
		pthread_mutex_unlock(&audit->lock);
		do_work(audit, &queue);
		pthread_mutex_lock(&audit->lock);
	}
	pthread_mutex_unlock(&audit->lock);
	return NULL;
}

void audit_append(struct audit *audit, struct audit_record *record)
{
	pthread_mutex_lock(&audit->lock);
	records_add(&audit->queue, record);
	pthread_cond_signal(&audit->changed);
	pthread_mutex_unlock(&audit->lock);
}

/* --- opening and closing --------------------------------------------------------------------- */

/* Whole under its name, or not there: a key of zeros would be none. */
static bool key_make(const char *path, unsigned char key[KEY_SIZE], struct error *err)
{
	char fresh[AUDIT_PATH_MOST];
	bool ok = false;
	int file;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return error_set(err, ERROR_INVALID, "%s: its name is too long", path);
	(void)unlink(fresh);
	file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file >= 0) {
		ok = getrandom(key, KEY_SIZE, 0) == KEY_SIZE &&
		     write(file, key, KEY_SIZE) == KEY_SIZE && fsync(file) == 0;
		close(file);
	}
	if (!ok || rename(fresh, path) != 0)
		return error_set(err, ERROR_IO, "%s: a key cannot be made: %s", path,
				strerror(errno));
	return audit_sync_folder(path, err);
}

static bool key_load(struct audit *audit, const char *log, struct error *err)
{
	char path[AUDIT_PATH_MOST];
	struct stat stat = { .st_size = 0 };
	bool ok = false;
	int file;

	if (snprintf(path, sizeof(path), "%s.key", log) >= (int)sizeof(path))
		return error_set(err, ERROR_INVALID, "%s: its name is too long", log);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0 && errno != ENOENT)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (file < 0)
		return key_make(path, audit->key, err);
	if (fstat(file, &stat) != 0)
		error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	else if (stat.st_mode & (S_IRWXO | S_IRWXG))
		error_set(err, ERROR_INVALID, "%s: others may read or change it: chmod 600",
				path);
	else if (stat.st_size == 0)
		ok = key_make(path, audit->key, err);
	else
		ok = (stat.st_size == KEY_SIZE &&
				     read(file, audit->key, KEY_SIZE) == KEY_SIZE) ||
		     error_set(err, ERROR_INVALID, "%s: is no key of an audit log", path);
	close(file);
	return ok;
}

/* A line for each piece that was set aside, also by a start that did not come to say so. */
static bool add_torn(struct audit *audit, struct error *err)
{
	struct audit_torn torn;
	struct error none = { ERROR_NONE, "" };

	while (audit_tail_find_torn(&audit->file, audit->batch.seq + 1, &torn, &none)) {
		buffer_clear(&audit->members);
		put(&audit->members, "event", "torn");
		put(&audit->members, "file", torn.name);
		buffer_format(&audit->members, ",\"bytes\":%llu",
				(unsigned long long)torn.size);
		put(&audit->members, "sha256", torn.hash);
		(void)audit_batch_add(&audit->batch, &audit->members);
		log_event(LOG_LEVEL_WARNING, "audit_torn", LOG_TEXT("file", torn.name),
				LOG_NUMBER("bytes", (int64_t)torn.size));
	}
	if (none.code != ERROR_NONE)
		*err = none;
	return none.code == ERROR_NONE;
}

static bool say_open(struct audit *audit, const char *version, struct error *err)
{
	audit_batch_begin(&audit->batch, &audit->file);
	if (!add_torn(audit, err))
		return false;
	buffer_clear(&audit->members);
	put(&audit->members, "event", "open");
	put(&audit->members, "version", version);
	(void)audit_batch_add(&audit->batch, &audit->members);
	if (!audit_file_write(&audit->file, &audit->batch, err))
		return false;
	audit->line_count = audit->file.seq;
	memcpy(audit->head, audit->file.head, sizeof(audit->head));
	return true;
}

struct audit *audit_open(
		const char *path, const char *version, uint64_t most, struct error *err)
{
	struct audit *audit = memory_alloc_zero(1, sizeof(*audit));

	if (!audit) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the audit log");
		return NULL;
	}
	pthread_mutex_init(&audit->lock, NULL);
	pthread_cond_init(&audit->changed, NULL);
	audit->file.descriptor = -1;
	audit->most = most;
	audit->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!audit->hmac)
		error_set(err, ERROR_MEMORY, "out of memory while opening the audit log");
	else if (audit_file_open(&audit->file, path, err) && key_load(audit, path, err) &&
			say_open(audit, version, err)) {
		audit->has_thread =
				pthread_create(&audit->thread, NULL, audit_main, audit) == 0;
		if (audit->has_thread)
			return audit;
		error_set(err, ERROR_MEMORY, "cannot start the thread of the audit log");
	}
	audit_close(audit);
	return NULL;
}

static void say_close(struct audit *audit)
{
	struct records nothing = { NULL, NULL };
	struct audit_record *record;
	struct error err;

	if (audit->owed.first)
		do_work(audit, &nothing);
	while ((record = records_take(&audit->owed)))
		record->told(record, AUDIT_LOST);
	buffer_clear(&audit->members);
	audit->members.failed = false;
	put(&audit->members, "event", "close");
	audit_batch_begin(&audit->batch, &audit->file);
	(void)audit_batch_add(&audit->batch, &audit->members);
	if (!audit_file_write(&audit->file, &audit->batch, &err))
		log_event(LOG_LEVEL_ERROR, "audit_not_written",
				LOG_TEXT("message", err.message));
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	if (audit->has_thread) {
		pthread_mutex_lock(&audit->lock);
		audit->is_ending = true;
		pthread_cond_signal(&audit->changed);
		pthread_mutex_unlock(&audit->lock);
		pthread_join(audit->thread, NULL);
		say_close(audit);
	}
	audit_file_close(&audit->file);
	buffer_fini(&audit->batch.bytes);
	buffer_fini(&audit->members);
	EVP_MAC_free(audit->hmac);
	pthread_cond_destroy(&audit->changed);
	pthread_mutex_destroy(&audit->lock);
	explicit_bzero(audit->key, sizeof(audit->key));
	memory_free(audit);
}

uint64_t audit_line_count(const struct audit *audit)
{
	return audit->line_count;
}

const char *audit_head(const struct audit *audit)
{
	return audit->head;
}

/* --- requests -------------------------------------------------------------------------------- */

struct audit_hash *audit_hash_new(const struct audit *audit)
{
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = { OSSL_PARAM_utf8_string("digest", digest, 6),
		OSSL_PARAM_END };
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(audit->hmac);

	if (context && EVP_MAC_init(context, audit->key, KEY_SIZE, parameters) == 1)
		return (struct audit_hash *)context;
	EVP_MAC_CTX_free(context);
	return NULL;
}

void audit_hash_add(struct audit_hash *hash, struct slice message)
{
	unsigned char size[8];

	for (size_t i = 0; i < sizeof(size); i++)
		size[i] = (unsigned char)((uint64_t)message.size >> (56 - 8 * i));
	(void)EVP_MAC_update((EVP_MAC_CTX *)hash, size, sizeof(size));
	(void)EVP_MAC_update(
			(EVP_MAC_CTX *)hash, (const unsigned char *)message.data, message.size);
}

void audit_hash_end(struct audit_hash *hash, unsigned char out[AUDIT_HASH_SIZE])
{
	EVP_MAC_CTX *context = (EVP_MAC_CTX *)hash;
	size_t size = 0;

	if (EVP_MAC_final(context, out, &size, AUDIT_HASH_SIZE) != 1)
		memset(out, 0, AUDIT_HASH_SIZE);
	EVP_MAC_CTX_free(context);
}
