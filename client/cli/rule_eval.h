/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluates rule texts by themselves, without service or catalog: "rule eval".
 *
 * A line of input: {"expr": TEXT, "type_env": [{"name", "type"}], "bindings": {name: VALUE}}; what
 * else stands in it is ignored. A line of output: {"value": VALUE}, {"unknown": [names]} or
 * {"error": {"kind": "parse"|"check"|"eval", "message", "line", "column"}}. VALUE is an object with
 * one member that names the kind: {"int": "5"}, {"list": [VALUE]}, {"map": [[VALUE, VALUE]]} ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Answers each line of @in with one on @out. 0 when all gave values or unknowns, 1 otherwise. */
int command_rule_eval_jsonl(FILE *in, FILE *out);

/* One "--var name=value": the value is a VALUE in JSON, or plain text: an int, true, false, a date
 * (YYYY-MM-DD, at 00:00+08:00), "unknown:TYPE", or else a string. */
struct rule_variable {
	const char *name;
	const char *value;
};

/**
 * Evaluates one rule and writes the answer on @out as a line of the same form, mistakes with caret on
 * @messages, in @english or Chinese. 0 for a value or unknown, 1 for an error, 2 for variables that cannot be read.
 */
int command_rule_eval_one(const char *text, const struct rule_variable *variables, size_t count,
		FILE *out, FILE *messages, bool english);
