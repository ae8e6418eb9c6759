/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, as one JSON object a line on stderr, for machines and people.
 *
 *     {"time":"2026-03-01T04:05:06.789Z","level":"info","event":"listening","address":"..."}
 *
 * An event has a short lower-case name and typed fields. Never a value of a profile: names, numbers
 * and status messages only. Any thread may write; a line goes out in one write(2), and a line too
 * long for the buffer loses the end of its texts, never its form.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
};

struct log_field {
	const char *name;
	const char *text; /* NULL: it is a number */
	int64_t number;
};

#define LOG_TEXT(field_name, value) ((struct log_field){ (field_name), (value), 0 })
#define LOG_NUMBER(field_name, value)                                                          \
	((struct log_field){ (field_name), NULL, (int64_t)(value) })

/** Lines below @level are dropped from now on; LOG_LEVEL_INFO at first. Any thread. */
void log_set_level(enum log_level level);
/** "debug", "info", "warning", "error"; false for other words. */
bool log_level_parse(const char *name, enum log_level *out_level);
const char *log_level_name(enum log_level level);
/** Whether a line of @level would be written. */
bool log_is_wanted(enum log_level level);
/** Where lines go; 2 (stderr) at first. Before threads are started. */
void log_set_descriptor(int descriptor);

void log_write(enum log_level level, const char *event, const struct log_field *fields,
		size_t field_count);
/* log_event(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", address)) */
#define log_event(level, event, ...)                                                           \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ },                 \
			sizeof((const struct log_field[]){ __VA_ARGS__ }) /                    \
					sizeof(struct log_field))
