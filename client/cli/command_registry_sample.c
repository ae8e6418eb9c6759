/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/registry.h"
#include "client/cli/sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WRITE_SIZE ((size_t)256 * 1024)

static const char HELP_ZH[] =
		"用法：policycalc registry sample N [--seed S] [--as-of 日期] [--out 文件]\n"
		"\n"
		"生成 N 家虚构企业的 CSV（默认写到标准输出），用于演示和测速，不需要服务。\n"
		"数据彼此相关，但全部是编造的：名称写明“虚构”，有一列“虚构样例”，代码里的\n"
		"行政区划 999999 并不存在。\n"
		"  --seed S      随机种子（默认 1）；同样的种子、日期得到同样的文件\n"
		"  --as-of 日期  数据截至哪一天（默认 2026-06-30）\n"
		"  --out 文件    写到文件\n";
static const char HELP_EN[] =
		"usage: policycalc registry sample N [--seed S] [--as-of DATE] [--out FILE]\n"
		"\n"
		"Makes up N enterprises as CSV (on standard output), for demonstration and\n"
		"measuring; needs no service. The figures belong together, and all are "
		"invented:\n"
		"the names say so, a column says so, and the division 999999 of the codes does "
		"not\n"
		"exist.\n"
		"  --seed S      default 1; the same seed and day give the same file\n"
		"  --as-of DATE  the day of the figures (default 2026-06-30)\n"
		"  --out FILE    write to a file\n";

static int rows_write(const struct cli *cli, const struct sample *sample, long long count,
		FILE *file, const char *path)
{
	struct buffer out = { 0 };
	bool ok = true;

	sample_append_headings(sample, &out);
	errno = 0;
	for (long long i = 1; ok && i <= count; i++) {
		sample_append_row(sample, (uint64_t)i, &out);
		if (out.size < WRITE_SIZE && i < count)
			continue;
		ok = !out.failed && fwrite(out.data, 1, out.size, file) == out.size;
		buffer_clear(&out);
	}
	if (ok && out.size)
		ok = fwrite(out.data, 1, out.size, file) == out.size;
	ok = ok && fflush(file) == 0;
	buffer_fini(&out);
	if (ok)
		return CLI_OK;
	if (errno == EPIPE)
		return CLI_FAILURE;
	return cli_failure(cli, "%s: %s", path, strerrordesc_np(errno ? errno : ENOMEM));
}

int command_registry_sample(struct cli *cli, int argc, char **argv)
{
	const char *seed = NULL, *as_of = NULL, *path = NULL;
	const struct cli_option list[] = {
		{ "--seed", .text = &seed },
		{ "--as-of", .text = &as_of },
		{ "--out", .text = &path },
	};
	struct sample sample = { .day = { 2026, 6, 30 } };
	long long count = 0;
	long long number = 1;
	FILE *file = stdout;
	int code = cli_options(cli, list, 3, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1 || !cli_parse_number(argv[0], &count) || count > SAMPLE_MOST)
		return cli_usage(cli,
				cli_word(cli, "需要一个行数，最多 %d",
						"a number of rows is needed, at most %d"),
				SAMPLE_MOST);
	if (seed && !cli_parse_number(seed, &number))
		return cli_usage(cli, "--seed S");
	if (as_of && (!date_parse(slice_from(as_of), &sample.day) || sample.day.year < 1910))
		return cli_usage(cli, "%s",
				cli_word(cli, "--as-of 需要一个日期，如 2026-03-01",
						"--as-of needs a day such as 2026-03-01"));
	sample.seed = (uint64_t)number;
	sample.english = cli->style.english;
	if (path) {
		file = fopen(path, "wb");
		if (!file)
			return cli_usage(cli, "%s: %s", path, strerrordesc_np(errno));
	}
	code = rows_write(cli, &sample, count, file, path ? path : "stdout");
	if (path && fclose(file) != 0 && code == CLI_OK)
		code = cli_failure(cli, "%s: %s", path, strerrordesc_np(errno));
	return code;
}
