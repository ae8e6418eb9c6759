/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/dictionary.h"

#include "client/lib/list.h"

#include <string.h>

int dictionary_load(struct cli *cli, long long revision, struct dictionary *out_dictionary)
{
	Policycalc__V1__ListAttributesRequest request =
			POLICYCALC__V1__LIST_ATTRIBUTES_REQUEST__INIT;
	struct dictionary dictionary = { 0 };
	const Policycalc__V1__ListAttributesResponse *page;
	bool last = false;

	request.revision = revision;
	while (!last) {
		Policycalc__V1__Attribute **grown;
		int code = cli_call(cli, "/policycalc.v1.CatalogService/ListAttributes",
				&request.base,
				&policycalc__v1__list_attributes_response__descriptor, &page);

		if (code != CLI_OK)
			return code;
		grown = ARENA_NEW_ARRAY(&cli->arena, Policycalc__V1__Attribute *,
				dictionary.count + page->n_attributes);
		if (!grown)
			return cli_out_of_memory(cli);
		if (dictionary.count)
			memcpy(grown, dictionary.attributes, dictionary.count * sizeof(*grown));
		if (page->n_attributes)
			memcpy(grown + dictionary.count, page->attributes,
					page->n_attributes * sizeof(*grown));
		dictionary.attributes = grown;
		dictionary.count += page->n_attributes;
		last = page_is_last(page->next_page_token, request.page_token);
		request.page_token = page->next_page_token;
		request.revision = page->revision;
	}
	*out_dictionary = dictionary;
	return CLI_OK;
}
