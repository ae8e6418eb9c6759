/* SPDX-License-Identifier: Apache-2.0 */
/* What the questionnaire tells: lines for people, or one JSON event a line. */
#include "client/cli/ask.h"
#include "client/render/text.h"
#include "proto/codec/codec.h"

#include <stdlib.h>

bool ask_write_out(const struct ask *ask, struct buffer *out)
{
	bool ok = cli_write(ask->cli, out) == CLI_OK;

	return ok && fflush(stdout) == 0;
}

json_t *ask_message_json(const void *message)
{
	static const struct json_options options = {
		.defaults = true, .int64_number = true, .short_enums = true
	};
	struct buffer text = { 0 };
	json_t *json = NULL;

	if (message && message_print_json(message, &options, &text) && !text.failed)
		json = json_loadb(text.data, text.size, 0, NULL);
	buffer_fini(&text);
	return json;
}

bool ask_write_event(const struct ask *ask, const char *event, const char *key, json_t *value)
{
	json_t *line = json_pack("{s:s}", "event", event);
	struct buffer out = { 0 };
	char *text;

	if (line && key && value)
		(void)json_object_set(line, key, value);
	json_decref(value);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	buffer_append_text(&out, text ? text : "{}");
	buffer_append_char(&out, '\n');
	free(text);
	return ask_write_out(ask, &out);
}

bool ask_say(const struct ask *ask, const char *event, const char *key, const char *text)
{
	struct buffer out = { 0 };

	if (ask->cli->json)
		return ask_write_event(ask, event, key, json_string(text));
	text_append_spaces(&out, 2);
	text_append_wrapped(&out, slice_from(text), ask->cli->style.width - 2, 2);
	buffer_append_char(&out, '\n');
	return ask_write_out(ask, &out);
}
