/* SPDX-License-Identifier: Apache-2.0 */
/* A questionnaire as a file: a profile, with the steps under the key "ask". */
#include "client/cli/ask.h"
#include "client/cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const lists[] = { "projects", "loans", "hires", NULL };

static bool json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

/* The object under @key, made when it is not there. */
static json_t *object_under(json_t *tree, const char *key)
{
	json_t *found = json_object_get(tree, key);

	if (json_is_object(found))
		return found;
	return json_put(tree, key, json_object()) ? json_object_get(tree, key) : NULL;
}

/* Items by id, as the list of a file may also be an array. */
static bool items_normalise(json_t *tree, const char *list)
{
	const json_t *array = json_object_get(tree, list);
	json_t *object;
	json_t *child;
	size_t index;

	if (!json_is_array(array) || json_array_size(array) == 0)
		return true;
	object = json_object();
	json_array_foreach((json_t *)(uintptr_t)array, index, child)
	{
		const char *id = json_string_value(json_object_get(child, "id"));
		json_t *item = json_is_object(child) ? json_deep_copy(child) : NULL;
		char number[24];

		(void)snprintf(number, sizeof(number), "%zu", index + 1);
		if (!item || !object || !json_put(object, id ? id : number, item)) {
			json_decref(object);
			return false;
		}
		(void)json_object_del(item, "id");
	}
	return json_put(tree, list, object);
}

/* "projects#2": two items without attributes yet; "projects#0": there are none. */
static bool tree_put_list(json_t *tree, const char *fact, const char *mark)
{
	char list[16];
	long count = strtol(mark + 1, NULL, 10);

	if ((size_t)(mark - fact) >= sizeof(list))
		return false;
	memcpy(list, fact, (size_t)(mark - fact));
	list[mark - fact] = 0;
	if (count == 0)
		return json_put(tree, list, json_array());
	for (long i = 1; i <= count; i++) {
		json_t *items = object_under(tree, list);
		char id[24];

		(void)snprintf(id, sizeof(id), "%ld", i);
		if (!items || !object_under(items, id))
			return false;
	}
	return true;
}

/* "name=value", "name@period=value", "list.id.name=value", "uscc=…", "date=…". */
static bool tree_put(json_t *tree, const char *fact)
{
	const char *equals = strchr(fact, '=');
	const char *mark = strchr(fact, '#');
	const char *first = strchr(fact, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;
	json_t *place = NULL;
	char *name;
	bool ok;

	if (!equals)
		return mark && tree_put_list(tree, fact, mark);
	name = strndup(fact, (size_t)(equals - fact));
	if (!name)
		return false;
	if (strcmp(name, "uscc") == 0 || strcmp(name, "date") == 0) {
		ok = json_put(tree, name, json_string(equals + 1));
	} else {
		const char *leaf = name;

		if (second && second < equals) {
			name[first - fact] = name[second - fact] = 0;
			place = object_under(tree, name);
			place = place ? object_under(place, name + (first - fact) + 1) : NULL;
			leaf = name + (second - fact) + 1;
		} else {
			place = object_under(tree, "attributes");
		}
		ok = place &&
		     json_put(place, leaf,
				     strcmp(equals + 1, "[]") == 0 ? json_array()
								   : json_string(equals + 1));
	}
	free(name);
	return ok;
}

bool ask_begin_tree(
		struct ask *ask, const json_t *tree, int argc, char **argv, struct error *err)
{
	json_decref(ask->base);
	ask->base = tree ? json_deep_copy(tree) : json_object();
	if (!ask->base)
		return error_set(err, ERROR_MEMORY, "out of memory");
	if (!json_is_object(ask->base))
		return true; /* said where the profile is read */
	(void)json_object_del(ask->base, "ask");
	for (size_t i = 0; lists[i]; i++) {
		if (!items_normalise(ask->base, lists[i]))
			return error_set(err, ERROR_INVALID, "%s: an item is an object",
					lists[i]);
	}
	for (int i = 0; i < argc; i++) {
		if (!strchr(argv[i], '=') || !tree_put(ask->base, argv[i]))
			return error_set(err, ERROR_INVALID, "'%s' is not name=value", argv[i]);
	}
	return true;
}

json_t *ask_tree(const struct ask *ask)
{
	json_t *tree = json_deep_copy(ask->base);
	bool ok = tree != NULL;

	for (size_t i = 0; ok && i < ask->step_count; i++) {
		for (size_t k = 0; ok && k < ask->steps[i].fact_count; k++)
			ok = tree_put(tree, ask->steps[i].facts[k]);
	}
	if (ok)
		return tree;
	json_decref(tree);
	return NULL;
}

/* --- saving ----------------------------------------------------------------------------------- */

bool ask_write_file(const char *path, struct slice content, struct error *err)
{
	char *beside = NULL;
	int file = -1;
	bool ok = false;

	if (asprintf(&beside, "%s.new", path) < 0)
		return error_set(err, ERROR_MEMORY, "out of memory");
	file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		goto out;
	while (content.size) {
		ssize_t written = write(file, content.data, content.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			goto out;
		content.data += written;
		content.size -= (size_t)written;
	}
	ok = fsync(file) == 0;
	ok = close(file) == 0 && ok;
	file = -1;
	ok = ok && rename(beside, path) == 0;
out:
	if (!ok)
		(void)error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	if (file >= 0)
		(void)close(file);
	if (!ok)
		(void)unlink(beside);
	free(beside);
	return ok;
}

static json_t *texts_to_json(const char *const *texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++)
		(void)json_array_append_new(array, json_string(texts[i]));
	return array;
}

static json_t *step_to_json(const struct ask_step *step)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "zh", step->question[0], "en",
			step->question[1], "answer", step->answer, "facts",
			texts_to_json(step->facts, step->fact_count), "skipped",
			texts_to_json(step->skipped, step->skipped_count));
}

bool ask_save(const struct ask *ask, struct error *err)
{
	json_t *tree = ask_tree(ask);
	json_t *steps = json_array();
	char *text = NULL;
	bool ok = false;

	for (size_t i = 0; steps && i < ask->step_count; i++)
		(void)json_array_append_new(steps, step_to_json(&ask->steps[i]));
	if (!tree || !steps ||
			!json_put(tree, "ask",
					json_pack("{s:s, s:O, s:o}", "as_of",
							ask->as_of ? ask->as_of : "", "base",
							ask->base, "steps", steps)))
		goto out;
	if (ask->as_of && !json_object_get(tree, "date") &&
			!json_put(tree, "date", json_string(ask->as_of)))
		goto out;
	text = json_dumps(tree, JSON_INDENT(2));
	if (text)
		ok = ask_write_file(ask->save_path, slice_from(text), err);
out:
	if (!text)
		(void)error_set(err, ERROR_MEMORY, "%s: out of memory", ask->save_path);
	free(text);
	json_decref(tree);
	return ok;
}

/* --- resuming --------------------------------------------------------------------------------- */

static const char **texts_from_json(struct ask *ask, const json_t *array, size_t *out_count)
{
	size_t count = json_array_size(array);
	const char **texts = ARENA_NEW_ARRAY(&ask->cli->arena, const char *, count + 1);

	*out_count = 0;
	for (size_t i = 0; texts && i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		texts[i] = text ? arena_copy_text(&ask->cli->arena, text) : NULL;
		if (!texts[i])
			return NULL;
		(*out_count)++;
	}
	return texts;
}

static bool step_from_json(struct ask *ask, const json_t *from, struct ask_step *step)
{
	const char *texts[3] = { json_string_value(json_object_get(from, "zh")),
		json_string_value(json_object_get(from, "en")),
		json_string_value(json_object_get(from, "answer")) };

	if (!texts[0] || !texts[1] || !texts[2])
		return false;
	step->question[0] = arena_copy_text(&ask->cli->arena, texts[0]);
	step->question[1] = arena_copy_text(&ask->cli->arena, texts[1]);
	step->answer = arena_copy_text(&ask->cli->arena, texts[2]);
	step->facts = texts_from_json(ask, json_object_get(from, "facts"), &step->fact_count);
	step->skipped = texts_from_json(
			ask, json_object_get(from, "skipped"), &step->skipped_count);
	return step->question[0] && step->question[1] && step->answer && step->facts &&
	       step->skipped;
}

bool ask_resume(struct ask *ask, const char *path, struct error *err)
{
	struct buffer text = { 0 };
	const json_t *steps;
	const json_t *part;
	const char *as_of;
	json_t *tree = NULL;
	bool ok = false;

	if (!file_read(path, &text, err))
		goto out;
	tree = profile_tree_parse((struct slice){ text.data ? text.data : "", text.size }, err);
	if (!tree) {
		(void)error_prefix(err, "%s", path);
		goto out;
	}
	part = json_object_get(tree, "ask");
	/* A plain profile is taken up as what is known. */
	if (!ask_begin_tree(ask, part ? json_object_get(part, "base") : tree, 0, NULL, err))
		goto out;
	steps = json_object_get(part, "steps");
	ask->step_capacity = json_array_size(steps) + 16;
	ask->steps = ARENA_NEW_ARRAY(&ask->cli->arena, struct ask_step, ask->step_capacity);
	ok = ask->steps != NULL;
	for (size_t i = 0; ok && i < json_array_size(steps); i++)
		ok = step_from_json(
				ask, json_array_get(steps, i), &ask->steps[ask->step_count++]);
	as_of = json_string_value(json_object_get(part, "as_of"));
	if (ok && as_of && *as_of && !ask->as_of)
		ask->as_of = arena_copy_text(&ask->cli->arena, as_of);
	if (!ok)
		(void)error_set(err, ERROR_INVALID, "%s: not a file that ask has saved", path);
out:
	json_decref(tree);
	buffer_fini(&text);
	return ok;
}
