/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/catalog_search.h"

#include <string.h>

/* --- words ----------------------------------------------------------------------------------- */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool text_contains(const char *text, struct slice word)
{
	size_t size = text ? strlen(text) : 0;

	for (size_t at = 0; at + word.size <= size; at++) {
		size_t i = 0;

		while (i < word.size && fold(text[at + i]) == fold(word.data[i]))
			i++;
		if (i == word.size)
			return true;
	}
	return false;
}

static bool label_contains(const Policycalc__V1__Text *text, struct slice word)
{
	return text && (text_contains(text->zh, word) || text_contains(text->en, word));
}

static bool list_contains(char *const *list, size_t count, struct slice word)
{
	for (size_t i = 0; i < count; i++)
		if (text_contains(list[i], word))
			return true;
	return false;
}

static bool policy_contains(const Policycalc__V1__Policy *policy, struct slice word)
{
	return text_contains(policy->id, word) || label_contains(policy->title, word) ||
	       label_contains(policy->summary, word) ||
	       list_contains(policy->keywords, policy->n_keywords, word) ||
	       list_contains(policy->departments, policy->n_departments, word);
}

/* Takes the next word off *@text; words are parted by blanks, the ideographic one included. */
static struct slice next_word(const char **text)
{
	static const char wide_blank[] = "\xe3\x80\x80";
	const char *next = *text;
	struct slice word;

	for (;;) {
		if (*next == ' ' || *next == '\t' || *next == '\n' || *next == '\r')
			next++;
		else if (strncmp(next, wide_blank, 3) == 0)
			next += 3;
		else
			break;
	}
	word.data = next;
	while (*next && !strchr(" \t\n\r", *next) && strncmp(next, wide_blank, 3) != 0)
		next++;
	word.size = (size_t)(next - word.data);
	*text = next;
	return word;
}

bool policy_is_asked_for(const Policycalc__V1__Policy *policy,
		const Policycalc__V1__ListPoliciesRequest *request)
{
	const char *search = request->search;
	struct slice word;

	if (request->kind != POLICYCALC__V1__KIND__KIND_UNSPECIFIED &&
			policy->kind != request->kind)
		return false;
	if (request->level != POLICYCALC__V1__LEVEL__LEVEL_UNSPECIFIED &&
			policy->level != request->level)
		return false;
	if (request->department[0] && !list_contains(policy->departments, policy->n_departments,
						      slice_from(request->department)))
		return false;
	for (word = next_word(&search); word.size; word = next_word(&search))
		if (!policy_contains(policy, word))
			return false;
	return true;
}
