/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/audit_check.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE ((AUDIT_HEX_SIZE - 1) / 2)

void audit_check_init(struct audit_check *check, const struct cli *cli)
{
	*check = (struct audit_check){ .cli = cli };
	memset(check->head, '0', AUDIT_HEX_SIZE - 1);
}

void audit_check_fini(struct audit_check *check)
{
	free(check->open.bits);
	free(check->unsettled.bits);
}

long long audit_check_next(const struct audit_check *check)
{
	return check->lines + (check->first ? check->first : 1);
}

static bool fail(struct audit_check *check, const char *zh, const char *en)
{
	check->broken = audit_check_next(check);
	(void)snprintf(check->reason, sizeof(check->reason), "%s",
			cli_word(check->cli, zh, en));
	return false;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* Bit @line, counted from the first line that is there. */
static bool set_add(struct audit_check *check, struct line_set *set, size_t line)
{
	size_t size = 2 * (line / 8) + 1024;
	unsigned char *bits;

	if (line / 8 >= set->size) {
		bits = realloc(set->bits, size);
		if (!bits)
			return fail(check, "内存不足", "cannot be checked: out of memory");
		memset(bits + set->size, 0, size - set->size);
		set->bits = bits;
		set->size = size;
	}
	set->bits[line / 8] |= (unsigned char)(1u << line % 8);
	return true;
}

static bool set_take(struct line_set *set, size_t line)
{
	unsigned char bit = (unsigned char)(1u << line % 8);

	if (line / 8 >= set->size || !(set->bits[line / 8] & bit))
		return false;
	set->bits[line / 8] &= (unsigned char)~bit;
	return true;
}

/* A call whose beginning is in a file that is not here is believed. */
static bool is_before(const struct audit_check *check, long long call)
{
	return call > 0 && call < check->first;
}

static bool call_begin(struct audit_check *check)
{
	check->begun++;
	return set_add(check, &check->open, (size_t)check->lines);
}

static bool call_end(struct audit_check *check, const json_t *object)
{
	long long call = json_integer_value(json_object_get(object, "call"));
	bool is_cut = json_is_false(json_object_get(object, "settled"));
	size_t line = (size_t)(call - check->first);

	if (is_before(check, call))
		return true;
	if (call < check->first || !set_take(&check->open, line))
		return fail(check, "它所结束的调用没有开始，或已经结束",
				"ends a call that did not begin, or has ended");
	check->ended++;
	check->cut += is_cut;
	return !is_cut || set_add(check, &check->unsettled, line);
}

static bool call_settle(struct audit_check *check, const json_t *object)
{
	long long call = json_integer_value(json_object_get(object, "call"));

	if (is_before(check, call))
		return true;
	if (call < check->first || !set_take(&check->unsettled, (size_t)(call - check->first)))
		return fail(check, "它所说的调用没有中断，或已有结果",
				"tells of a call that was not cut, or was told of already");
	check->outcomes++;
	return true;
}

static bool event_count(struct audit_check *check, const json_t *object, const char *event)
{
	if (strcmp(event, "begin") == 0)
		return call_begin(check);
	if (strcmp(event, "end") == 0)
		return call_end(check, object);
	if (strcmp(event, "outcome") == 0)
		return call_settle(check, object);
	if (strcmp(event, "refused") == 0)
		check->refused++;
	else if (strcmp(event, "torn") == 0)
		check->torn_lines++;
	else if (strcmp(event, "open") != 0 && strcmp(event, "close") != 0 &&
			strcmp(event, "continue") != 0)
		return fail(check, "未知的事件", "is of no known event");
	return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* The first of all: of the first file, or of one whose elder were put away. */
static void start(struct audit_check *check, const json_t *object, const char *prev,
		long long seq, const char *event)
{
	const char *former = json_string_value(json_object_get(object, "former"));

	check->first = 1;
	if (strcmp(event, "continue") != 0 || !former || seq <= 1 ||
			strlen(prev) != AUDIT_HEX_SIZE - 1)
		return;
	check->first = seq;
	memcpy(check->head, prev, AUDIT_HEX_SIZE);
	(void)snprintf(check->former, sizeof(check->former), "%s", former);
}

static bool object_check(struct audit_check *check, const json_t *object)
{
	const char *prev = json_string_value(json_object_get(object, "prev"));
	const char *event = json_string_value(json_object_get(object, "event"));
	const char *time = json_string_value(json_object_get(object, "time"));
	long long seq = json_integer_value(json_object_get(object, "seq"));
	long long next;

	if (!prev || !event || !time)
		return fail(check, "不是审计日志的一行", "is no line of an audit log");
	if (!check->first)
		start(check, object, prev, seq, event);
	next = audit_check_next(check);
	if (strcmp(event, "continue") == 0 && seq > next) {
		(void)fail(check, "", "");
		(void)snprintf(check->reason, sizeof(check->reason),
				cli_word(check->cli, "第 %lld 至 %lld 行所在的文件缺失或不完整",
						"the file with lines %lld to %lld is missing "
						"or not whole"),
				next, seq - 1);
		return false;
	}
	if (strcmp(prev, check->head) != 0)
		return fail(check, "与上一行不相接：它或上一行被改动、删除或插入",
				"does not hang on to the line before: one of them was changed, "
				"taken out or put in");
	if (seq != next)
		return fail(check, "序号不连续", "has not the next number");
	if (!event_count(check, object, event))
		return false;
	(void)snprintf(check->last_time, sizeof(check->last_time), "%s", time);
	if (check->lines == 0)
		(void)snprintf(check->first_time, sizeof(check->first_time), "%s", time);
	return true;
}

static bool line_check(struct audit_check *check, const char *line, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	bool ok = object ? object_check(check, object) : fail(check, "不是 JSON", "is no JSON");

	json_decref(object);
	if (!ok)
		return false;
	if (EVP_Digest(line, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return fail(check, "内存不足", "cannot be checked: out of memory");
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		(void)snprintf(check->head + 2 * i, 3, "%02x", digest[i]);
	check->found |= check->wanted && strcmp(check->wanted, check->head) == 0;
	check->lines++;
	return true;
}

/* --- files ----------------------------------------------------------------------------------- */

/* A line behind what seems torn tells that all up to it was on the disk. */
static bool tells_synced(const struct audit_check *check, const char *line, size_t size)
{
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *synced = json_object_get(object, "synced");
	const json_t *seq = json_object_get(object, "seq");
	bool tells = synced ? json_integer_value(synced) >= audit_check_next(check)
			    : seq && json_integer_value(seq) > audit_check_next(check);

	json_decref(object);
	return tells;
}

/* Without its end, or with zeros in it: what a power cut leaves of a batch that was being written. */
static bool is_torn(const char *line, size_t size)
{
	return line[size - 1] != '\n' || memchr(line, '\0', size);
}

bool audit_check_file(struct audit_check *check, const char *path, FILE *file, bool is_last)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	bool ok = true;

	check->file = path;
	check->files++;
	while (ok && (size = getline(&line, &room, file)) > 0) {
		if (is_last && (check->torn || is_torn(line, (size_t)size))) {
			ok = !tells_synced(check, line, (size_t)size) ||
			     fail(check, "它在写好之后被改动",
					     "was changed after it had been written");
			check->torn += size;
		} else if (line[size - 1] != '\n') {
			ok = fail(check, "没有写完", "is not whole");
		} else {
			ok = line_check(check, line, (size_t)size - 1);
		}
	}
	free(line);
	return ok && !ferror(file);
}
