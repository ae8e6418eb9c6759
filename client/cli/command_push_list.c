/* SPDX-License-Identifier: Apache-2.0 */
/* What "policycalc push deliveries" and "push dead" share: deliveries, page after page. */
#include "client/cli/command_push.h"

#include "client/lib/list.h"

static int deliveries_read(struct cli *cli, Policycalc__V1__ListDeliveriesRequest *request,
		long long limit, struct list *list)
{
	const Policycalc__V1__ListDeliveriesResponse *page;
	bool last = false;

	while (!last && list->count < (size_t)limit) {
		long long left = limit - (long long)list->count;
		int code;

		request->page_size = left < 1000 ? (int32_t)left : 1000;
		code = push_call(cli, "ListDeliveries", &request->base,
				&policycalc__v1__list_deliveries_response__descriptor, &page);
		if (code != CLI_OK)
			return code;
		if (!list_add_page(list, page->deliveries, page->n_deliveries))
			return cli_out_of_memory(cli);
		last = page_is_last(page->next_page_token, request->page_token);
		request->page_token = page->next_page_token;
	}
	return CLI_OK;
}

int push_list(struct cli *cli, Policycalc__V1__ListDeliveriesRequest *request,
		const char *limit, push_print_fn print, const char *none)
{
	struct list list = { 0 };
	struct buffer out = { 0 };
	long long most;
	int code;

	if (!cli_parse_number(limit, &most) || most < 1)
		return cli_usage(cli, "--limit N");
	arena_init(&list.arena, LIST_BUDGET);
	code = deliveries_read(cli, request, most, &list);
	for (size_t i = 0; code == CLI_OK && cli->json && i < list.count; i++) {
		if (!cli_append_json_line(list.items[i], &out))
			out.failed = true;
	}
	if (code == CLI_OK && !cli->json && list.count &&
			!print(&cli->style, (Policycalc__V1__Delivery *const *)list.items,
					list.count, &out))
		out.failed = true;
	if (code == CLI_OK && !cli->json && !list.count)
		buffer_append_text(&out, none);
	arena_fini(&list.arena);
	return code == CLI_OK ? cli_write(cli, &out) : code;
}
