/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static ssize_t on_read_file(void *context, void *data, size_t size)
{
	return read(*(const int *)context, data, size);
}

/* For looking at the first line in several ways. */
static ssize_t on_read_slice(void *context, void *data, size_t size)
{
	struct slice *rest = context;

	if (size > rest->size)
		size = rest->size;
	memcpy(data, rest->data, size);
	*rest = (struct slice){ rest->data + size, rest->size - size };
	return (ssize_t)size;
}

static bool path_ends_with(const char *path, const char *suffix)
{
	size_t size = strlen(path);
	size_t suffix_size = strlen(suffix);

	return size >= suffix_size && strcasecmp(path + size - suffix_size, suffix) == 0;
}

/* By the name, or by the first character. */
static enum import_form form_find(const char *path, struct slice beginning)
{
	size_t i = 0;

	if (path_ends_with(path, ".ndjson") || path_ends_with(path, ".jsonl"))
		return IMPORT_JSON;
	if (path_ends_with(path, ".csv") || path_ends_with(path, ".tsv"))
		return IMPORT_TABLE;
	while (i < beginning.size && memchr(" \t\r\n", beginning.data[i], 4))
		i++;
	return i < beginning.size && beginning.data[i] == '{' ? IMPORT_JSON : IMPORT_TABLE;
}

/* The delimiter under which a heading is that of the code; "," when there is none. */
static char delimiter_find(
		struct import_file *file, struct slice beginning, struct arena *arena)
{
	static const char candidates[] = { ',', '\t', ';', '|' };
	char found = ',';

	for (size_t i = 0; i < sizeof(candidates); i++) {
		struct text_decoder decoder = file->decoder;
		struct slice rest = beginning;
		struct csv_reader reader;
		struct csv_row row;
		struct slice *fields = NULL;
		size_t bad = 0;
		bool more = false;
		bool has = false;

		decoder.text = (struct buffer){ 0 };
		csv_reader_init(&reader, on_read_slice, &rest, candidates[i]);
		if (csv_reader_next(&reader, &row, &more, NULL) && more && !row.flaw)
			fields = ARENA_NEW_ARRAY(arena, struct slice, row.field_count);
		if (fields) {
			memcpy(fields, row.fields, row.field_count * sizeof(*fields));
			has = text_decode(&decoder, fields, row.field_count, &bad) ==
					      TEXT_GOOD &&
			      import_headings_have_uscc(fields, row.field_count, arena);
		}
		buffer_fini(&decoder.text);
		csv_reader_fini(&reader);
		if (!has)
			continue;
		found = candidates[i];
		break;
	}
	return found;
}

static int headings_read(struct import_file *file, struct cli *cli)
{
	enum text_outcome decoded;
	struct csv_row row;
	struct error err;
	size_t bad = 0;
	bool more;

	if (!csv_reader_next(&file->csv, &row, &more, &err))
		return err.code == ERROR_MEMORY
				       ? cli_out_of_memory(cli)
				       : cli_usage(cli, "%s: %s", file->path, err.message);
	if (!more)
		return cli_usage(cli, cli_word(cli, "%s：文件是空的", "%s: the file is empty"),
				file->path);
	if (row.flaw)
		return cli_usage(cli,
				cli_word(cli,
						"%s：第 1 "
						"行不是可以读的表头（太长、引号不配对，或不是"
						"文本）",
						"%s: line 1 is no heading that can be read "
						"(too "
						"long, a quote that is not closed, or no "
						"text)"),
				file->path);
	file->headings = ARENA_NEW_ARRAY(&cli->arena, struct slice, row.field_count);
	if (!file->headings)
		return cli_out_of_memory(cli);
	memcpy(file->headings, row.fields, row.field_count * sizeof(*file->headings));
	file->heading_count = row.field_count;
	decoded = text_decode(&file->decoder, file->headings, file->heading_count, &bad);
	if (decoded == TEXT_NO_MEMORY)
		return cli_out_of_memory(cli);
	if (decoded != TEXT_GOOD)
		return cli_usage(cli,
				cli_word(cli,
						"%s：第 1 行第 %zu 列不是 %s 文字（--encoding "
						"指定编码）",
						"%s: line 1, column %zu is no text in %s "
						"(--encoding "
						"says which)"),
				file->path, bad + 1, encoding_name(file->decoder.encoding));
	for (size_t i = 0; i < file->heading_count; i++) {
		file->headings[i].data = arena_copy(
				&cli->arena, file->headings[i].data, file->headings[i].size);
		if (!file->headings[i].data)
			return cli_out_of_memory(cli);
	}
	return CLI_OK;
}

static bool fd_open(struct import_file *file)
{
	struct stat about;

	file->fd = strcmp(file->path, "-") == 0 ? STDIN_FILENO
						: open(file->path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return false;
	if (fstat(file->fd, &about) == 0 && S_ISREG(about.st_mode))
		file->size = (uint64_t)about.st_size;
	return true;
}

int import_file_open(struct import_file *file, struct cli *cli, const char *path,
		enum encoding encoding, char delimiter)
{
	struct slice beginning;
	struct error err;

	*file = (struct import_file){ .path = path, .fd = -1 };
	if (!fd_open(file))
		return cli_usage(cli, "%s: %s", path, strerrordesc_np(errno));
	if (!text_decoder_init(&file->decoder, encoding))
		return cli_failure(cli, "%s",
				cli_word(cli, "本机不能转换 GB18030（缺少 gconv 模块）",
						"this machine cannot convert GB18030 (its "
						"gconv "
						"modules are missing)"));
	csv_reader_init(&file->csv, on_read_file, &file->fd, ',');
	if (!csv_reader_peek(&file->csv, &beginning, &err))
		return err.code == ERROR_MEMORY ? cli_out_of_memory(cli)
						: cli_usage(cli, "%s: %s", path, err.message);
	if (beginning.size >= 2 && (memcmp(beginning.data, "\xff\xfe", 2) == 0 ||
						   memcmp(beginning.data, "\xfe\xff", 2) == 0))
		return cli_usage(cli,
				cli_word(cli,
						"%s：文件是 UTF-16 编码，请另存为 UTF-8 或 "
						"GB18030",
						"%s: the file is UTF-16; save it as UTF-8 or "
						"GB18030"),
				path);
	if (slice_starts_with(beginning, slice_from(BYTE_ORDER_MARK))) {
		csv_reader_skip(&file->csv, strlen(BYTE_ORDER_MARK));
		beginning.data += strlen(BYTE_ORDER_MARK);
		beginning.size -= strlen(BYTE_ORDER_MARK);
	}
	text_decoder_guess(&file->decoder, beginning);
	file->form = form_find(path, beginning);
	if (file->form == IMPORT_JSON) {
		csv_reader_set_lines(&file->csv);
		return CLI_OK;
	}
	if (!delimiter)
		delimiter = delimiter_find(file, beginning, &cli->arena);
	if (delimiter >= '@' && file->decoder.encoding == ENCODING_GB18030)
		return cli_usage(cli,
				cli_word(cli,
						"GB18030 文件不能用 '%c' "
						"分隔：它也是汉字的一部分；请"
						"转为 UTF-8",
						"'%c' cannot separate a GB18030 file: it is "
						"part of "
						"characters; convert it to UTF-8"),
				delimiter);
	csv_reader_set_delimiter(&file->csv, delimiter);
	return headings_read(file, cli);
}

bool import_file_reopen(const struct import_file *file, struct import_file *out_file)
{
	struct slice beginning;
	struct csv_row row;
	bool more = true;

	*out_file = (struct import_file){ .path = file->path, .fd = -1, .form = file->form };
	if (strcmp(file->path, "-") == 0 || !file->size || !fd_open(out_file) ||
			!text_decoder_init(&out_file->decoder, file->decoder.encoding))
		return false;
	csv_reader_init(&out_file->csv, on_read_file, &out_file->fd, file->csv.delimiter);
	if (!csv_reader_peek(&out_file->csv, &beginning, NULL))
		return false;
	if (slice_starts_with(beginning, slice_from(BYTE_ORDER_MARK)))
		csv_reader_skip(&out_file->csv, strlen(BYTE_ORDER_MARK));
	if (file->form == IMPORT_JSON)
		csv_reader_set_lines(&out_file->csv);
	else
		return csv_reader_next(&out_file->csv, &row, &more, NULL) && more;
	return true;
}

bool import_file_next(struct import_file *file, struct csv_row *out_row, bool *out_more,
		struct error *err)
{
	return csv_reader_next(&file->csv, out_row, out_more, err) ||
	       error_prefix(err, "%s", file->path);
}

void import_file_close(struct import_file *file)
{
	if (file->fd > STDIN_FILENO)
		(void)close(file->fd);
	csv_reader_fini(&file->csv);
	text_decoder_fini(&file->decoder);
	*file = (struct import_file){ .fd = -1 };
}
