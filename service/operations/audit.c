/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the audit log. Whoever appends puts a record on the queue; the thread takes all there are, writes
 * them as one batch and tells each what came of it.
 *
 *     queue ──► batch ──► written ──► told
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
	size_t open_count; /* beginnings whose end is to come */
	bool is_broken;	   /* the last batch was not written */

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

static void put_end(struct buffer *out, const struct audit_record *record)
{
	put(out, "event", "end");
	buffer_format(out, ",\"call\":%llu", (unsigned long long)record->call);
	put(out, "identity", record->identity);
	put_method(out, record);
	put(out, "status", record->status);
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
	if (record->event == AUDIT_END) {
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

/* @work in one write. The lines of one batch have their ends' room set aside with them. */
static bool write_all(struct audit *audit, const struct records *work, struct error *err)
{
	size_t begun = 0, ended = 0, count = 0;

	audit_batch_begin(&audit->batch, &audit->file);
	for (struct audit_record *record = work->first; record; record = record->next) {
		uint64_t seq;

		put_record(&audit->members, record);
		seq = audit_batch_add(&audit->batch, &audit->members);
		if (record->event == AUDIT_BEGIN)
			record->call = seq;
		begun += record->event == AUDIT_BEGIN;
		ended += record->event == AUDIT_END;
		count++;
	}
	/* An end goes into the room that is there for it, which nothing else takes. */
	if (count > ended &&
			!audit_file_reserve(&audit->file,
					(audit->open_count + begun + count) * AUDIT_LINE_MOST,
					err))
		return false;
	return audit_file_write(&audit->file, &audit->batch, err);
}

static void tell(struct audit *audit, struct audit_record *record, bool written)
{
	if (record->event == AUDIT_BEGIN && written)
		audit->open_count++;
	if (record->event == AUDIT_END && written)
		audit->open_count--;
	if (written) {
		record->told(record, AUDIT_WRITTEN);
		return;
	}
	if (record->event != AUDIT_END) {
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
		if (record->event == AUDIT_END)
			records_add(work, record);
		else
			tell(audit, record, false);
	}
	return work->first && write_all(audit, work, err);
}

static void do_work(struct audit *audit, struct records *queue)
{
	struct records work = audit->owed;
	struct audit_record *record;
	struct error err = { ERROR_NONE, "" }, again;
	bool written, is_whole;

	audit->owed = (struct records){ NULL, NULL };
	while ((record = records_take(queue)))
		records_add(&work, record);
	is_whole = written = write_all(audit, &work, &err);
	if (!written)
		written = write_ends(audit, &work, &again);
	if (!is_whole)
		log_event(LOG_LEVEL_ERROR, "audit_not_written",
				LOG_TEXT("message", err.message));
	else if (audit->is_broken)
		log_event(LOG_LEVEL_INFO, "audit_written_again",
				LOG_NUMBER("line", (int64_t)audit->file.seq));
	audit->is_broken = !is_whole;
	while ((record = records_take(&work)))
		tell(audit, record, written);
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

static bool key_make(int file, unsigned char key[KEY_SIZE])
{
	return getrandom(key, KEY_SIZE, 0) == KEY_SIZE &&
	       write(file, key, KEY_SIZE) == KEY_SIZE && fsync(file) == 0;
}

static bool key_load(struct audit *audit, const char *log, struct error *err)
{
	char path[4096];
	struct stat stat;
	bool ok = false;
	int file;

	if (snprintf(path, sizeof(path), "%s.key", log) >= (int)sizeof(path))
		return error_set(err, ERROR_INVALID, "%s: its name is too long", log);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (fstat(file, &stat) != 0)
		error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	else if (stat.st_mode & (S_IRWXO | S_IRWXG))
		error_set(err, ERROR_INVALID, "%s: others may read or change it: chmod 600",
				path);
	else if (stat.st_size == 0)
		ok = key_make(file, audit->key) ||
		     error_set(err, ERROR_IO, "%s: a key cannot be made", path);
	else
		ok = (stat.st_size == KEY_SIZE &&
				     read(file, audit->key, KEY_SIZE) == KEY_SIZE) ||
		     error_set(err, ERROR_INVALID, "%s: is no key of an audit log", path);
	close(file);
	return ok;
}

static bool write_line(struct audit *audit, struct error *err)
{
	audit_batch_begin(&audit->batch, &audit->file);
	(void)audit_batch_add(&audit->batch, &audit->members);
	return audit_file_write(&audit->file, &audit->batch, err);
}

static bool say_open(struct audit *audit, const char *version, struct error *err)
{
	put(&audit->members, "event", "open");
	put(&audit->members, "version", version);
	buffer_format(&audit->members, ",\"cut\":%lld", (long long)audit->file.cut);
	if (!write_line(audit, err))
		return false;
	audit->line_count = audit->file.seq;
	memcpy(audit->head, audit->file.head, sizeof(audit->head));
	return true;
}

struct audit *audit_open(const char *path, const char *version, struct error *err)
{
	struct audit *audit = memory_alloc_zero(1, sizeof(*audit));

	if (!audit) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the audit log");
		return NULL;
	}
	pthread_mutex_init(&audit->lock, NULL);
	pthread_cond_init(&audit->changed, NULL);
	audit->file.descriptor = -1;
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
	if (!write_line(audit, &err))
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
