/* SPDX-License-Identifier: Apache-2.0 */
/* policycalc push ack: what push pull took was delivered, or was not. */
#include "client/cli/command_push.h"
#include "client/cli/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char ACK_HELP_ZH[] =
		"用法：policycalc push ack 凭证号 租约 ... | -f 文件 [--failed]\n"
		"\n"
		"确认送达。\n"
		"  -f 文件     push pull 写出的 NDJSON 或 CSV（- "
		"为标准输入）：每行的凭证号和租约\n"
		"  --failed    没有送达，退回后可再次领取\n"
		"有未能确认的（租约过期、他人的租约等）时退出码为 1，并逐一列出。\n";
static const char ACK_HELP_EN[] =
		"usage: policycalc push ack KEY LEASE ... | -f FILE [--failed]\n"
		"\n"
		"They were delivered.\n"
		"  -f FILE     what push pull wrote as NDJSON or CSV (-: stdin): key and lease "
		"of "
		"each line\n"
		"  --failed    they were not, and go back to be pulled again\n"
		"Exit status 1 when some do not count (expired, another's lease); each is "
		"named.\n";
typedef Policycalc__V1__AckDeliveriesRequest__Ack ack_message;

#define ACKS_MOST 10000

static bool ack_add(struct cli *cli, Policycalc__V1__AckDeliveriesRequest *request,
		struct slice key, struct slice lease, bool failed)
{
	ack_message *ack = ARENA_NEW(&cli->arena, ack_message);

	if (!ack)
		return false;
	policycalc__v1__ack_deliveries_request__ack__init(ack);
	ack->key = arena_copy(&cli->arena, key.data, key.size);
	ack->lease = arena_copy(&cli->arena, lease.data, lease.size);
	ack->failed = failed;
	if (!ack->key || !ack->lease)
		return false;
	request->acks[request->n_acks++] = ack;
	return true;
}

/* The text of a member that push pull has written: "key":"...". */
static bool member_find(struct slice line, const char *name, struct slice *out)
{
	const char *at = memmem(line.data, line.size, name, strlen(name));
	const char *end;

	if (!at)
		return false;
	at += strlen(name);
	end = memchr(at, '"', (size_t)(line.data + line.size - at));
	if (!end)
		return false;
	*out = (struct slice){ at, (size_t)(end - at) };
	return true;
}

static int acks_send(struct cli *cli, Policycalc__V1__AckDeliveriesRequest *request,
		int64_t *count, int *out_code)
{
	const Policycalc__V1__AckDeliveriesResponse *response;
	int code;

	if (request->n_acks == 0)
		return CLI_OK;
	code = push_call(cli, "AckDeliveries", &request->base,
			&policycalc__v1__ack_deliveries_response__descriptor, &response);
	if (code != CLI_OK)
		return code;
	*count += response->count;
	if (push_others_tell(cli, response->others, response->n_others) != CLI_OK)
		*out_code = CLI_FINDINGS;
	request->n_acks = 0;
	return CLI_OK;
}

/* What push pull wrote, as NDJSON or as CSV, on its way into acknowledgements. */
struct ack_reading {
	struct cli *cli;
	Policycalc__V1__AckDeliveriesRequest *request;
	bool failed;
	int64_t *count;
	int *out_code;
	const char *path;
	bool lines;		  /* NDJSON */
	size_t key, lease, width; /* columns of CSV; the heading gives them */
	struct buffer last;	  /* a delivery has a row of CSV for each of its entries */
};

static ssize_t ack_bytes_read(void *context, void *data, size_t size)
{
	return read(*(const int *)context, data, size);
}

static size_t column_find(const struct csv_row *row, const char *zh, const char *en)
{
	for (size_t i = 0; i < row->field_count; i++)
		if (slice_equals_text(row->fields[i], zh) ||
				slice_equals_text(row->fields[i], en))
			return i;
	return SIZE_MAX;
}

static int ack_row_take(struct ack_reading *reading, const struct csv_row *row)
{
	struct cli *cli = reading->cli;
	struct slice key = { NULL, 0 }, lease = { NULL, 0 };

	if (row->flaw == CSV_WHOLE && row->field_count == 1 &&
			strspn(row->fields[0].data, " \t\r") >= row->fields[0].size)
		return CLI_OK;
	if (!reading->lines && !reading->width) {
		reading->key = column_find(row, "凭证号", "key");
		reading->lease = column_find(row, "租约", "lease");
		reading->width = row->field_count;
		if (reading->key < reading->width && reading->lease < reading->width)
			return CLI_OK;
	} else if (row->flaw == CSV_WHOLE && reading->lines) {
		(void)member_find(row->fields[0], "\"key\":\"", &key);
		(void)member_find(row->fields[0], "\"lease\":\"", &lease);
	} else if (row->flaw == CSV_WHOLE && row->field_count == reading->width) {
		key = row->fields[reading->key];
		lease = row->fields[reading->lease];
	}
	if (!key.size || !lease.size)
		return cli_usage(cli,
				cli_word(cli, "%s:%ld: 没有 key 和 lease（凭证号和租约）",
						"%s:%ld: no key and lease"),
				reading->path, (long)row->line);
	if (slice_equals(key, (struct slice){ reading->last.data, reading->last.size }))
		return CLI_OK;
	buffer_clear(&reading->last);
	buffer_append(&reading->last, key.data, key.size);
	if (reading->last.failed ||
			!ack_add(cli, reading->request, key, lease, reading->failed))
		return cli_out_of_memory(cli);
	return reading->request->n_acks == ACKS_MOST
			       ? acks_send(cli, reading->request, reading->count,
						 reading->out_code)
			       : CLI_OK;
}

static int ack_rows_read(struct ack_reading *reading, struct csv_reader *reader)
{
	static const char MARK[] = "\xEF\xBB\xBF";
	struct slice bytes;
	struct csv_row row;
	struct error err;
	bool more = true;
	int code = CLI_OK;

	if (!csv_reader_peek(reader, &bytes, &err))
		return cli_usage(reading->cli, "%s: %s", reading->path, err.message);
	if (slice_starts_with(bytes, SLICE_LITERAL(MARK))) {
		csv_reader_skip(reader, 3);
		bytes.data += 3;
		bytes.size -= 3;
	}
	while (bytes.size && strchr(" \t\r\n", bytes.data[0])) {
		bytes.data++;
		bytes.size--;
	}
	reading->lines = bytes.size && bytes.data[0] == '{';
	if (reading->lines)
		csv_reader_set_lines(reader);
	while (code == CLI_OK) {
		if (!csv_reader_next(reader, &row, &more, &err))
			return cli_usage(reading->cli, "%s: %s", reading->path, err.message);
		if (!more)
			break;
		code = ack_row_take(reading, &row);
	}
	return code;
}

static int acks_read(struct cli *cli, const char *path,
		Policycalc__V1__AckDeliveriesRequest *request, bool failed, int64_t *count,
		int *out_code)
{
	struct ack_reading reading = { .cli = cli,
		.request = request,
		.failed = failed,
		.count = count,
		.out_code = out_code,
		.path = path };
	int file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct csv_reader reader;
	int code;

	if (file < 0)
		return cli_usage(cli, "%s: %s", path, strerror(errno));
	csv_reader_init(&reader, ack_bytes_read, &file, ',');
	code = ack_rows_read(&reading, &reader);
	csv_reader_fini(&reader);
	buffer_fini(&reading.last);
	if (file != STDIN_FILENO)
		(void)close(file);
	return code;
}

static int acks_take(struct cli *cli, int argc, char **argv,
		Policycalc__V1__AckDeliveriesRequest *request, bool failed)
{
	for (int i = 0; i + 1 < argc && request->n_acks < ACKS_MOST; i += 2) {
		if (!ack_add(cli, request, slice_from(argv[i]), slice_from(argv[i + 1]),
				    failed))
			return cli_out_of_memory(cli);
	}
	return CLI_OK;
}

int command_push_ack(struct cli *cli, int argc, char **argv)
{
	const char *path = NULL;
	bool failed = false;
	const struct cli_option list[] = {
		{ "-f", .text = &path },
		{ "--failed", .flag = &failed },
	};
	Policycalc__V1__AckDeliveriesRequest request =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__INIT;
	Policycalc__V1__AckDeliveriesResponse total =
			POLICYCALC__V1__ACK_DELIVERIES_RESPONSE__INIT;
	int findings = CLI_OK;
	int code = cli_options(cli, list, 2, ACK_HELP_ZH, ACK_HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (path ? argc > 0 : argc < 2 || argc % 2)
		return cli_usage(cli, "%s",
				cli_word(cli, "需要成对的凭证号和租约，或者 -f 文件",
						"pairs of key and lease are needed, or -f "
						"FILE"));
	request.acks = ARENA_NEW_ARRAY(&cli->arena, ack_message *, ACKS_MOST);
	if (!request.acks)
		return cli_out_of_memory(cli);
	code = path ? acks_read(cli, path, &request, failed, &total.count, &findings)
		    : acks_take(cli, argc, argv, &request, failed);
	if (code == CLI_OK)
		code = acks_send(cli, &request, &total.count, &findings);
	if (code == CLI_OK)
		code = push_count_write(cli, &total, total.count,
				failed ? "已退回" : "已确认送达",
				failed ? "given back" : "acknowledged");
	return code == CLI_OK ? findings : code;
}
