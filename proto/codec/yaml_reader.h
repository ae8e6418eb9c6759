/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of one YAML document, held to our subset, and the reports about them. Inner header of
 * the codec: yaml_source.c reads and reports, yaml_parse.c gives the events their meaning.
 */
#pragma once

#include "base/diagnostics.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <yaml.h>

struct yaml_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; YAML_NO_EVENT before the first */
	struct slice text;
	const char *path;
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct yaml_places *places;
	unsigned depth;
	bool is_fatal;			    /* nothing more can be read; it has been reported */
	size_t last_line, last_line_offset; /* where the line of the last excerpt began */
	size_t last_index, last_offset;	    /* the character and byte that yaml_reader_offset()
					       found */
};

/** Moves to the next event; false at a fatal mistake, which it reports. */
bool yaml_reader_next(struct yaml_reader *reader);
/** Consumes the node whose first event is current; its last event is current then. */
bool yaml_reader_skip(struct yaml_reader *reader);
/** Reports an error from @start to @end; positions as libyaml counts them. */
void yaml_report(struct yaml_reader *reader, yaml_mark_t start, yaml_mark_t end,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
/** Reports text that no event can carry: bad UTF-8, NUL. false when there is any. */
bool yaml_check_text(struct yaml_reader *reader);
/** The byte of a character; asked in rising order it costs one pass over the text. */
size_t yaml_reader_offset(struct yaml_reader *reader, size_t index);
/** Reports that memory is short, and makes it fatal; returns false. */
bool yaml_exhausted(struct yaml_reader *reader);

struct yaml_places *yaml_places_new(struct arena *arena);
/** Keeps a copy of @place; false when memory is short. */
bool yaml_places_add(struct yaml_places *places, const struct yaml_place *place);
/** The file is read: what was added moves to the arena. False when memory is short. */
bool yaml_places_finish(struct yaml_places *places);
/** Forgets what was added to places that are not finished. */
void yaml_places_drop(struct yaml_places *places);
