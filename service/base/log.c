/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/date.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Room that is kept for what closes the line. */
#define LINE_SIZE 4096
#define LINE_RESERVE 8

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_ERROR] = "error",
};
#define LEVEL_COUNT (sizeof(level_names) / sizeof(*level_names))

static atomic_int least_level = LOG_LEVEL_INFO;
static int log_descriptor = 2;

/* A line in the making; what does not fit is left out whole. */
struct line {
	char text[LINE_SIZE];
	size_t size;
};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *out_level)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

bool log_is_wanted(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

void log_set_descriptor(int descriptor)
{
	log_descriptor = descriptor;
}

/* What is left; quotes that close texts eat into the reserve. */
static size_t line_room(const struct line *line)
{
	size_t used = line->size + LINE_RESERVE;

	return used < LINE_SIZE ? LINE_SIZE - used : 0;
}

static bool line_add(struct line *line, const char *text, size_t size)
{
	if (size > line_room(line))
		return false;
	memcpy(line->text + line->size, text, size);
	line->size += size;
	return true;
}

/* Bytes of the UTF-8 character at @text; 0 when it is none that JSON may hold. */
static size_t character_size(const unsigned char *text)
{
	unsigned char first = text[0];
	size_t size = first < 0x80   ? 1
		      : first < 0xc2 ? 0
		      : first < 0xe0 ? 2
		      : first < 0xf0 ? 3
		      : first < 0xf5 ? 4
				     : 0;

	for (size_t i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if (size == 3 && ((first == 0xe0 && text[1] < 0xa0) ||
					 (first == 0xed && text[1] > 0x9f)))
		return 0;
	if (size == 4 && ((first == 0xf0 && text[1] < 0x90) ||
					 (first == 0xf4 && text[1] > 0x8f)))
		return 0;
	return size;
}

static void line_add_string(struct line *line, const char *text)
{
	const unsigned char *next = (const unsigned char *)text;

	if (!line_add(line, "\"", 1))
		return;
	while (*next) {
		size_t size = character_size(next);
		char escape[8];
		bool added;

		if (size == 0) {
			added = line_add(line, "\xef\xbf\xbd", 3);
			size = 1;
		} else if (*next == '"' || *next == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*next;
			added = line_add(line, escape, 2);
		} else if (*next < 0x20 || *next == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)*next);
			added = line_add(line, escape, 6);
		} else {
			added = line_add(line, (const char *)next, size);
		}
		if (!added)
			break;
		next += size;
	}
	/* The reserve always has room for the closing quote. */
	line->text[line->size++] = '"';
}

static void line_add_field(struct line *line, const struct log_field *field)
{
	char number[32];
	size_t name_size = strlen(field->name);

	/* A field whose start, or number, does not fit is left out, so that the line stays JSON. */
	if (name_size + 40 > line_room(line))
		return;
	line_add(line, ",\"", 2);
	line_add(line, field->name, name_size);
	line_add(line, "\":", 2);
	if (field->text) {
		line_add_string(line, field->text);
	} else {
		snprintf(number, sizeof(number), "%lld", (long long)field->number);
		line_add(line, number, strlen(number));
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
		size_t field_count)
{
	struct line line = { .size = 0 };
	struct timespec now;
	char start[128];
	char day[11];
	int64_t seconds;

	if (!log_is_wanted(level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	seconds = now.tv_sec % SECONDS_PER_DAY;
	date_print(date_from_days(now.tv_sec / SECONDS_PER_DAY), day);
	snprintf(start, sizeof(start),
			"{\"time\":\"%sT%02d:%02d:%02d.%03dZ\",\"level\":\"%s\",\"event\":",
			day, (int)(seconds / 3600), (int)(seconds / 60 % 60),
			(int)(seconds % 60), (int)(now.tv_nsec / 1000000), level_names[level]);
	line_add(&line, start, strlen(start));
	line_add_string(&line, event);
	for (size_t i = 0; i < field_count; i++)
		line_add_field(&line, &fields[i]);
	line.text[line.size++] = '}';
	line.text[line.size++] = '\n';
	/* A log that nobody can read is no reason to stop answering. */
	if (write(log_descriptor, line.text, line.size) < 0)
		return;
}
