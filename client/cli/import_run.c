/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_run.h"

#include "client/cli/dictionary.h"
#include "client/cli/progress.h"
#include "client/cli/registry.h"
#include "client/lib/clock.h"
#include "client/lib/import_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCRATCH_BUDGET ((size_t)256 << 20)
#define DEFAULT_REJECTS ".rejects.csv"
#define ADVANCE_ROWS 256 /* between looks at the clock */

struct import_run {
	struct cli *cli;
	const struct import_request *request;
	struct import_file file;
	struct dictionary dictionary;
	struct arena scratch;
	struct row_reader reader;
	struct row_problem problem;
	struct import_rejects rejects;
	struct import_stream stream;
	struct progress progress;
	int64_t rows;
	struct call *call;
};

static void run_fini(struct import_run *run)
{
	progress_fini(&run->progress);
	call_free(run->call);
	import_stream_fini(&run->stream);
	(void)import_rejects_close(&run->rejects, NULL);
	buffer_fini(&run->problem.message);
	arena_fini(&run->scratch);
	import_file_close(&run->file);
}

/* --- before the first row --------------------------------------------------------------------- */

static int complete_check(struct import_run *run, const char *name)
{
	const struct import_columns *columns = &run->reader.columns;
	const Policycalc__V1__Attribute *found = NULL;

	for (size_t i = 0; i < run->dictionary.count; i++) {
		const Policycalc__V1__Attribute *attribute = run->dictionary.attributes[i];

		if (!*attribute->item_list && strcmp(attribute->name, name) == 0)
			found = attribute;
	}
	if (!found || found->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG)
		return cli_usage(run->cli,
				cli_word(run->cli,
						"--complete "
						"%s：不是企业的是否类属性（policycalc "
						"attributes 列出全部属性）",
						"--complete %s: no yes-or-no attribute of the "
						"enterprise (policycalc attributes lists "
						"them)"),
				name);
	for (size_t i = 0; i < columns->count; i++)
		if (columns->list[i].role == COLUMN_VALUE &&
				columns->list[i].attribute == found)
			return CLI_OK;
	if (run->file.form == IMPORT_JSON)
		return CLI_OK;
	return cli_usage(run->cli,
			cli_word(run->cli, "--complete %s：文件里没有这一列，名单会是空的",
					"--complete %s: the file has no such column, so the "
					"list "
					"would be empty"),
			name);
}

static int columns_read(struct import_run *run)
{
	struct cli *cli = run->cli;
	struct diagnostics diagnostics;
	bool ok;

	diagnostics_init(&diagnostics, &cli->arena);
	ok = import_columns_read(run->file.headings, run->file.heading_count, &run->dictionary,
			run->request->day, cli->style.english, &cli->arena, &diagnostics,
			&run->reader.columns);
	if (cli->arena.exhausted || (!ok && !diagnostics.error_count))
		return cli_out_of_memory(cli);
	for (size_t i = 0; i < diagnostics.count; i++)
		(void)cli_usage(cli, "%s: %s", run->request->path, diagnostics.list[i].message);
	return ok && !(run->request->strict && diagnostics.warning_count) ? CLI_OK : CLI_USAGE;
}

/* The rejects file must not be the file that is read. */
static int rejects_prepare(struct import_run *run)
{
	const struct import_request *request = run->request;
	bool is_stdin = strcmp(request->path, "-") == 0;
	struct stat in, out;

	run->rejects = (struct import_rejects){ .path = request->rejects,
		.english = run->cli->style.english,
		.headings = run->file.headings,
		.heading_count = run->file.heading_count };
	if (!run->rejects.path)
		run->rejects.path = arena_format(&run->cli->arena, "%s" DEFAULT_REJECTS,
				is_stdin ? "stdin" : request->path);
	if (!run->rejects.path)
		return cli_out_of_memory(run->cli);
	if (fstat(run->file.fd, &in) == 0 && stat(run->rejects.path, &out) == 0 &&
			in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return cli_usage(run->cli,
				cli_word(run->cli, "%s：退回文件就是导入的文件本身",
						"%s: the rejects would overwrite the file that "
						"is "
						"read"),
				run->rejects.path);
	return CLI_OK;
}

static const char *supplier_of(struct import_run *run)
{
	const char *name = strrchr(run->request->path, '/');

	if (run->request->supplier)
		return run->request->supplier;
	if (run->reader.columns.sample)
		return SAMPLE_MARK;
	name = name ? name + 1 : run->request->path;
	return arena_format(&run->cli->arena, "%s%.150s",
			cli_word(run->cli, "未注明：", "not stated: "), name);
}

static int run_open(struct import_run *run)
{
	const struct import_request *request = run->request;
	struct cli *cli = run->cli;
	int code = import_file_open(
			&run->file, cli, request->path, request->encoding, request->delimiter);

	if (code == CLI_OK)
		code = dictionary_load(cli, 0, &run->dictionary);
	run->reader = (struct row_reader){ .dictionary = &run->dictionary,
		.decoder = &run->file.decoder,
		.day = request->date,
		.english = cli->style.english,
		.keep = &cli->arena,
		.scratch = &run->scratch };
	if (code == CLI_OK && run->file.form == IMPORT_TABLE)
		code = columns_read(run);
	for (size_t i = 0; code == CLI_OK && i < request->complete_count; i++)
		code = complete_check(run, request->complete[i]);
	return code == CLI_OK ? rejects_prepare(run) : code;
}

/* --- the rows --------------------------------------------------------------------------------- */

/* The first message; CLI_FAILURE after it was said why there is no call. */
static int call_begin(struct import_run *run, const char *supplier)
{
	const struct import_request *request = run->request;
	Policycalc__V1__ImportEnterprisesRequest message =
			POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__INIT;
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	int code = cli_start_call(run->cli, REGISTRY_PATH "ImportEnterprises", &run->call);

	if (code != CLI_OK)
		return code;
	header.supplier = (char *)(uintptr_t)supplier;
	header.date = (char *)(uintptr_t)request->date;
	header.complete = request->complete;
	header.n_complete = request->complete_count;
	header.dry_run = request->dry_run;
	header.replace = request->replace;
	header.sample = run->reader.columns.sample;
	message.part_case = POLICYCALC__V1__IMPORT_ENTERPRISES_REQUEST__PART_HEADER;
	message.header = &header;
	run->stream.call = run->call;
	run->stream.ended = !call_send(run->call, &message.base);
	return CLI_OK;
}

static int row_reject(struct import_run *run, const struct csv_row *row)
{
	const struct row_problem *problem = &run->problem;
	const struct import_columns *columns = &run->reader.columns;
	struct reject reject = { .line = row->line,
		.column = problem->column,
		.reason = problem->reason,
		.message = { problem->message.data, problem->message.size },
		.fields = run->reader.fields,
		.field_count = run->reader.field_count };
	struct error err;

	if (problem->column && problem->column <= columns->count)
		reject.heading = columns->list[problem->column - 1].heading;
	if (import_rejects_add(&run->rejects, &reject, &err))
		return CLI_OK;
	return cli_failure(run->cli, "%s", err.message);
}

/* Sends every row that can be sent; ends early when the service has ended the call. */
static int rows_send(struct import_run *run)
{
	struct buffer profile = { 0 };
	struct csv_row row;
	struct error err;
	bool more = true;
	int code = CLI_OK;

	while (code == CLI_OK && !run->stream.ended) {
		enum row_outcome outcome;

		if (!import_file_next(&run->file, &row, &more, &err)) {
			code = err.code == ERROR_MEMORY
					       ? cli_out_of_memory(run->cli)
					       : cli_failure(run->cli, "%s", err.message);
			break;
		}
		if (!more)
			break;
		buffer_clear(&profile);
		arena_reset(&run->scratch);
		outcome = run->file.form == IMPORT_TABLE
					  ? row_read_table(&run->reader, &row, &profile,
							    &run->problem)
					  : row_read_json(&run->reader, &row, &profile,
							    &run->problem);
		run->rows += outcome != ROW_EMPTY;
		if (outcome == ROW_NO_MEMORY)
			code = cli_out_of_memory(run->cli);
		else if (outcome == ROW_REJECT)
			code = row_reject(run, &row);
		else if (outcome == ROW_PROFILE)
			run->stream.ended = !import_stream_add(&run->stream, row.line,
							    (struct slice){ profile.data,
									    profile.size }) ||
					    run->stream.ended;
		if (run->rows % ADVANCE_ROWS == 0)
			progress_advance(&run->progress, run->file.csv.size, run->rows);
	}
	buffer_fini(&profile);
	if (code == CLI_OK && run->stream.rows.failed)
		code = cli_out_of_memory(run->cli);
	if (code == CLI_OK && !run->stream.ended)
		(void)import_stream_flush(&run->stream);
	return code;
}

static int call_finish(struct import_run *run,
		const Policycalc__V1__ImportEnterprisesResponse **out_response)
{
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	int code;

	call_half_close(run->call);
	(void)call_receive(run->call, &policycalc__v1__import_enterprises_response__descriptor,
			&run->cli->arena, &message, &status);
	*out_response = (const Policycalc__V1__ImportEnterprisesResponse *)message;
	if (message)
		return CLI_OK;
	progress_fini(&run->progress);
	if (status.code == PCALC_OK)
		return cli_failure(run->cli, "%s",
				cli_word(run->cli, "服务没有答复", "no answer came"));
	/* What is wrong with the request is wrong the next time, too. */
	code = cli_status(run->cli, &status);
	if (code != CLI_FAILURE)
		return code;
	return cli_failure(run->cli,
			cli_word(run->cli,
					"导入中断（已发送 %lld "
					"行）；把同一个文件再导入一次即可",
					"the import broke off (%lld rows sent): import the "
					"same file "
					"again"),
			(long long)run->stream.sent);
}

/* --- what the service rejected ---------------------------------------------------------------- */

static int finding_compare(const void *left, const void *right)
{
	const Policycalc__V1__RowFinding *const *a = left;
	const Policycalc__V1__RowFinding *const *b = right;

	return ((*a)->row > (*b)->row) - ((*a)->row < (*b)->row);
}

/* The column that holds @field, "rd_expense@2025" or "uscc"; from 1, 0: none. */
static size_t column_find(const struct import_columns *columns, const char *field)
{
	size_t name_size = strcspn(field, "@");
	const char *period = field[name_size] ? field + name_size + 1 : "";
	struct slice name = { field, name_size };

	for (size_t i = 0; i < columns->count; i++) {
		const struct import_column *column = &columns->list[i];

		if (column->role == COLUMN_USCC && slice_equals_text(name, "uscc"))
			return i + 1;
		if (column->role == COLUMN_VALUE &&
				slice_equals_text(name, column->attribute->name) &&
				(!*column->period || !*period ||
						strcmp(column->period, period) == 0))
			return i + 1;
	}
	return 0;
}

static int finding_reject(struct import_run *run, const Policycalc__V1__RowFinding *finding,
		bool has_fields)
{
	struct reject reject = { .line = finding->row,
		.column = column_find(&run->reader.columns, finding->field),
		.reason = *finding->reason ? finding->reason : "REJECTED",
		.message = slice_from(finding->message) };
	struct error err;

	reject.heading = reject.column ? run->reader.columns.list[reject.column - 1].heading
				       : slice_from(finding->field);
	if (has_fields) {
		reject.fields = run->reader.fields;
		reject.field_count = run->reader.field_count;
	}
	if (import_rejects_add(&run->rejects, &reject, &err))
		return CLI_OK;
	return cli_failure(run->cli, "%s", err.message);
}

/* Reads the file once more for the rows that the service has rejected. */
static int findings_reject(struct import_run *run,
		const Policycalc__V1__ImportEnterprisesResponse *response)
{
	const Policycalc__V1__RowFinding **list = ARENA_NEW_ARRAY(&run->cli->arena,
			const Policycalc__V1__RowFinding *, response->n_rejects + 1);
	struct import_file again = { .fd = -1 };
	struct csv_row row = { 0 };
	enum text_outcome decoded;
	size_t bad;
	bool more;
	int code = CLI_OK;

	if (!list)
		return cli_out_of_memory(run->cli);
	for (size_t i = 0; i < response->n_rejects; i++)
		list[i] = response->rejects[i];
	qsort(list, response->n_rejects, sizeof(const Policycalc__V1__RowFinding *),
			finding_compare);
	more = response->n_rejects && import_file_reopen(&run->file, &again);
	run->reader.decoder = &again.decoder;
	for (size_t i = 0; code == CLI_OK && i < response->n_rejects; i++) {
		bool found;

		while (more && row.line < list[i]->row)
			if (!import_file_next(&again, &row, &more, NULL))
				more = false;
		found = more && row.line == list[i]->row &&
			row_take_fields(&run->reader, &row, &decoded, &bad);
		code = finding_reject(run, list[i], found);
	}
	run->reader.decoder = &run->file.decoder;
	import_file_close(&again);
	return code;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int result_fill(
		struct import_run *run, const char *supplier, struct import_result *result)
{
	const struct import_columns *columns = &run->reader.columns;
	const Policycalc__V1__ImportEnterprisesResponse *response = result->response;
	struct error err;

	result->rows = run->rows;
	result->rejected = run->rejects.count;
	if (response && response->rejected > (int64_t)response->n_rejects)
		result->unlisted = response->rejected - (int64_t)response->n_rejects;
	result->rejected += result->unlisted;
	result->incomplete |= run->request->complete_count && result->rejected;
	result->rejects_path = run->rejects.path;
	result->rejects_written = run->rejects.file != NULL;
	memcpy(result->tallies, run->rejects.tallies, sizeof(result->tallies));
	result->tally_count = run->rejects.tally_count;
	result->supplier = supplier;
	if (run->file.decoder.encoding != ENCODING_AUTO)
		result->encoding = encoding_name(run->file.decoder.encoding);
	result->milliseconds = clock_now_ms() - run->progress.begun_ms;
	result->left = ARENA_NEW_ARRAY(&run->cli->arena, struct slice, columns->count + 1);
	if (!result->left)
		return cli_out_of_memory(run->cli);
	for (size_t i = 0; i < columns->count; i++)
		if (columns->list[i].role == COLUMN_LEFT)
			result->left[result->left_count++] = columns->list[i].heading;
	if (!import_rejects_close(&run->rejects, &err))
		return cli_failure(run->cli, "%s", err.message);
	return CLI_OK;
}

/* An empty complete list would say of everybody that they are not on it. */
static int nothing_check(struct import_run *run)
{
	struct cli *cli = run->cli;
	const char *path = run->request->path;

	if (run->request->complete_count)
		return cli_usage(cli,
				cli_word(cli,
						"%s：一行数据也没有，不能作为 --complete "
						"的完整名单",
						"%s: has no rows, so it cannot be the whole "
						"list of "
						"--complete"),
				path);
	(void)cli_usage(cli, cli_word(cli, "%s：一行数据也没有", "%s: has no rows"), path);
	return CLI_OK;
}

int import_run(struct cli *cli, const struct import_request *request,
		struct import_result *out_result)
{
	struct import_run run = { .cli = cli, .request = request, .file = { .fd = -1 } };
	struct import_result result = { 0 };
	const char *supplier = NULL;
	int code;

	arena_init(&run.scratch, SCRATCH_BUDGET);
	code = run_open(&run);
	if (code == CLI_OK) {
		supplier = supplier_of(&run);
		code = supplier ? call_begin(&run, supplier) : cli_out_of_memory(cli);
	}
	if (code == CLI_OK) {
		progress_init(&run.progress, run.file.size, cli->style.english);
		code = rows_send(&run);
	}
	if (code == CLI_OK && run.rows == 0)
		code = nothing_check(&run);
	/* Whoever is missing from a complete list is said not to be on it: a row that could not be read
	 * must not say so. The service sees to its own. */
	if (code == CLI_OK && !(request->complete_count && run.rejects.count))
		code = call_finish(&run, &result.response);
	progress_fini(&run.progress);
	if (code == CLI_OK && result.response)
		code = findings_reject(&run, result.response);
	if (code == CLI_OK)
		code = result_fill(&run, supplier, &result);
	run_fini(&run);
	if (code == CLI_OK)
		*out_result = result;
	return code;
}
