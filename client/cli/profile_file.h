/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as people write it: a JSON or YAML file, name=value arguments, or both. */
#pragma once

#include "base/diagnostics.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "policycalc/v1/profile.pb-c.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The attribute dictionary of the service. */
struct dictionary {
	Policycalc__V1__Attribute **attributes;
	size_t count;
};

/**
 * Reads JSON (when the first character is '{') or YAML as one tree. Every YAML scalar is a string.
 * NULL with @err filled, with line and column. To be freed with json_decref().
 */
json_t *profile_tree_parse(struct slice text, struct error *err);

/* A name that an argument has said; borrowed. */
struct argument {
	struct slice name;
	struct argument *next;
};

/* A profile being put together; everything lives in ->arena. Mistakes are collected. */
struct profile_builder {
	struct arena *arena;
	const struct dictionary *dictionary;
	struct diagnostics *diagnostics; /* message only, path says which part of the input */
	bool english;
	Policycalc__V1__Profile *profile;
	size_t fact_capacity;
	size_t item_capacity;
	struct argument *arguments;
};

/** false when memory is short. */
bool profile_builder_init(struct profile_builder *builder, struct arena *arena,
		const struct dictionary *dictionary, struct diagnostics *diagnostics,
		bool english);
/** Adds what a file says: {uscc, date, attributes, projects, loans, hires, complete_lists}. */
void profile_add_tree(struct profile_builder *builder, const json_t *tree, const char *path);
/** Adds "name=value", "name@period=value", "list.id.name=value", "uscc=…", "date=…". */
void profile_add_argument(struct profile_builder *builder, const char *argument);
