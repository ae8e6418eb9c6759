/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policycalc admin backup: the service's databases as one tar file, with their checksums beside them, so
 * that a backup is looked into, checked and restored with what every system has.
 */
#include "client/cli/cli.h"
#include "client/cli/progress.h"
#include "client/lib/answer_stream.h"
#include "policycalc/v1/admin_service.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK ((size_t)512)
#define FILES_MOST 8

static const char HELP_ZH[] =
		"用法：policycalc admin backup 文件\n"
		"\n"
		"备份服务的全部数据库（政策库、企业库、推送账本），服务照常运行。写成一个 tar\n"
		"文件（权限 600），内含 SHA256SUMS。角色 "
		"operator；备份里有全部企业数据，请妥善\n"
		"保管。\n"
		"\n"
		"恢复（服务停着，数据目录是新的空目录）：\n"
		"  tar -xf 文件 -C 目录 && (cd 目录 && sha256sum -c SHA256SUMS)\n"
		"  policycalcd --data 目录\n"
		"例：policycalc admin backup 备份-$(date +%F).tar\n";
static const char HELP_EN[] =
		"usage: policycalc admin backup FILE\n"
		"\n"
		"Copies all databases of the service (catalog, registry, ledger of pushes) "
		"while it\n"
		"goes on, into one tar file (mode 600) with a SHA256SUMS in it. Asks for the "
		"role\n"
		"operator; a backup holds all data of enterprises: keep it safe.\n"
		"\n"
		"To restore it (with the service stopped, into a new folder):\n"
		"  tar -xf FILE -C DIR && (cd DIR && sha256sum -c SHA256SUMS)\n"
		"  policycalcd --data DIR\n"
		"Example: policycalc admin backup backup-$(date +%F).tar\n";

/* The file as it grows: written under another name, which it loses when it is whole. */
struct archive {
	const struct cli *cli;
	const char *path;
	char *part; /* in the command's arena */
	int file;
	const char *name; /* of the entry that is being written */
	uint64_t left;	  /* of its bytes */
	uint64_t size;	  /* of it */
	EVP_MD_CTX *digest;
	char sums[FILES_MOST * 160]; /* lines of SHA256SUMS */
	char hex[FILES_MOST][65];
	size_t count; /* of entries */
	struct error err;
};

/* --- the archive ----------------------------------------------------------------------------- */

static bool archive_error(struct archive *archive, const char *chinese, const char *english)
{
	return error_set(&archive->err, ERROR_IO, "%s",
			cli_word(archive->cli, chinese, english));
}

static bool archive_write(struct archive *archive, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(archive->file, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set(&archive->err, ERROR_IO, "%s: %s", archive->part,
					strerror(errno));
		at += written;
		size -= (size_t)written;
	}
	return true;
}

/* Octal, as tar wants it; what does not fit is binary, as GNU and pax do. */
static void put_size(char field[12], uint64_t size)
{
	if (size < (uint64_t)1 << 33) {
		(void)snprintf(field, 12, "%011llo", (unsigned long long)size);
		return;
	}
	memset(field, 0, 12);
	field[0] = (char)0x80;
	for (int i = 11; size; i--, size >>= 8)
		field[i] = (char)(size & 0xff);
}

static bool archive_head(struct archive *archive, const char *name, uint64_t size)
{
	char block[BLOCK] = { 0 };
	unsigned sum = 0;

	(void)snprintf(block, 100, "%s", name);
	memcpy(block + 100, "0000600", 8);
	memcpy(block + 108, "0000000", 8);
	memcpy(block + 116, "0000000", 8);
	put_size(block + 124, size);
	(void)snprintf(block + 136, 12, "%011llo", (unsigned long long)time(NULL));
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257,
			"ustar\0"
			"00",
			8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 8, "%06o", sum);
	return archive_write(archive, block, BLOCK);
}

/* What fills up the last block of @size bytes. */
static bool archive_pad(struct archive *archive, uint64_t size)
{
	static const char zeros[BLOCK];
	size_t over = (size_t)(size % BLOCK);

	return over == 0 || archive_write(archive, zeros, BLOCK - over);
}

static bool archive_exists(struct archive *archive)
{
	return error_set(&archive->err, ERROR_EXISTS,
			cli_word(archive->cli, "%s 已存在", "%s exists"), archive->path);
}

static bool archive_open(struct cli *cli, struct archive *archive, const char *path)
{
	archive->cli = cli;
	archive->path = path;
	archive->part = arena_format(&cli->arena, "%s.part", path);
	archive->digest = EVP_MD_CTX_new();
	if (!archive->part || !archive->digest)
		return error_set(&archive->err, ERROR_MEMORY, "out of memory");
	/* Asked again at the end: somebody may put one there meanwhile. */
	if (access(path, F_OK) == 0)
		return archive_exists(archive);
	/* Of a backup that was killed, or laid there by somebody who wants to read along. */
	(void)unlink(archive->part);
	archive->file = open(archive->part,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return archive->file >= 0 ||
	       error_set(&archive->err, ERROR_IO, "%s: %s", archive->part, strerror(errno));
}

/* A name of a plain file, as it is to be in the data folder. */
static bool name_is_good(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz._-");

	return size > 0 && size < 64 && !name[size] && name[0] != '.';
}

static bool archive_begin(struct archive *archive, const Policycalc__V1__BackupFile *file)
{
	if (archive->left || archive->count == FILES_MOST || !name_is_good(file->name) ||
			file->size <= 0)
		return archive_error(
				archive, "服务发来的不是备份", "the service sends no backup");
	archive->name = file->name;
	archive->size = archive->left = (uint64_t)file->size;
	if (EVP_DigestInit_ex(archive->digest, EVP_sha256(), NULL) != 1)
		return error_set(&archive->err, ERROR_INTERNAL, "SHA-256");
	return archive_head(archive, file->name, archive->size);
}

static bool archive_end(struct archive *archive)
{
	char *hex = archive->hex[archive->count++];
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t used = strlen(archive->sums);
	unsigned size = 0;

	if (EVP_DigestFinal_ex(archive->digest, digest, &size) != 1)
		return error_set(&archive->err, ERROR_INTERNAL, "SHA-256");
	for (unsigned i = 0; i < size; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	(void)snprintf(archive->sums + used, sizeof(archive->sums) - used, "%s  %s\n", hex,
			archive->name);
	return archive_pad(archive, archive->size);
}

static bool archive_add(struct archive *archive, const void *data, size_t size)
{
	if (size > archive->left || size == 0)
		return archive_error(
				archive, "服务发来的不是备份", "the service sends no backup");
	archive->left -= size;
	return EVP_DigestUpdate(archive->digest, data, size) == 1 &&
	       archive_write(archive, data, size) && (archive->left || archive_end(archive));
}

/*
 * Gives it its name, if nobody else has it by now. File systems that know no such thing (some of the network, and
 * of sticks) have a second name or, without those, a look before.
 */
static bool archive_name(struct archive *archive)
{
	const char *part = archive->part, *path = archive->path;
	bool ok = renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0;

	if (!ok && (errno == EINVAL || errno == ENOSYS)) {
		ok = link(part, path) == 0;
		if (ok)
			(void)unlink(part);
		else if (errno != EEXIST && access(path, F_OK) != 0)
			ok = rename(part, path) == 0;
		else
			errno = EEXIST;
	}
	if (!ok && errno == EEXIST)
		return archive_exists(archive);
	return ok || error_set(&archive->err, ERROR_IO, "%s: %s", path, strerror(errno));
}

/* What came is what was sent: compared, written down, on the disk, and under its name. */
static bool archive_close(struct archive *archive, const Policycalc__V1__BackupSummary *summary)
{
	static const char zeros[2 * BLOCK];
	size_t size = strlen(archive->sums);

	if (archive->left || summary->n_files != archive->count)
		return archive_error(archive, "备份不完整", "the backup is not whole");
	for (size_t i = 0; i < archive->count; i++)
		if (strcmp(summary->files[i]->sha256, archive->hex[i]) != 0)
			return archive_error(archive, "收到的内容与发出的不一致",
					"what came is not what was sent");
	if (!archive_head(archive, "SHA256SUMS", size) ||
			!archive_write(archive, archive->sums, size) ||
			!archive_pad(archive, size) ||
			!archive_write(archive, zeros, sizeof(zeros)))
		return false;
	if (fsync(archive->file) != 0)
		return error_set(&archive->err, ERROR_IO, "%s: %s", archive->part,
				strerror(errno));
	if (!archive_name(archive))
		return false;
	archive->part = NULL;
	return true;
}

static void archive_fini(struct archive *archive)
{
	if (archive->file >= 0)
		(void)close(archive->file);
	if (archive->file >= 0 && archive->part)
		(void)unlink(archive->part);
	EVP_MD_CTX_free(archive->digest);
}

/* --- the command ----------------------------------------------------------------------------- */

static int tell(struct cli *cli, const struct archive *archive,
		const Policycalc__V1__BackupSummary *summary)
{
	struct buffer out = { 0 };

	if (cli->json)
		return cli_write_json(cli, summary);
	buffer_format(&out,
			cli_word(cli, "已备份到 %s：政策库版本 %lld\n",
					"backed up to %s: revision %lld of the catalog\n"),
			archive->path, (long long)summary->revision);
	for (size_t i = 0; i < summary->n_files; i++)
		buffer_format(&out, "  %-12s %12lld  sha256 %.16s…\n", summary->files[i]->name,
				(long long)summary->files[i]->size, summary->files[i]->sha256);
	return cli_write(cli, &out);
}

/* false: the archive says why. */
static bool take(struct archive *archive, struct progress *progress,
		const Policycalc__V1__BackupResponse *response)
{
	switch (response->part_case) {
	case POLICYCALC__V1__BACKUP_RESPONSE__PART_PROGRESS:
		progress->total = (uint64_t)response->progress->total;
		progress_advance(progress, (uint64_t)response->progress->done, 0);
		return true;
	case POLICYCALC__V1__BACKUP_RESPONSE__PART_FILE:
		progress->total = (uint64_t)response->file->size;
		return archive_begin(archive, response->file);
	case POLICYCALC__V1__BACKUP_RESPONSE__PART_CHUNK:
		if (!archive_add(archive, response->chunk.data, response->chunk.len))
			return false;
		progress_advance(progress, archive->size - archive->left, 0);
		return true;
	case POLICYCALC__V1__BACKUP_RESPONSE__PART_SUMMARY:
		return archive_close(archive, response->summary);
	case POLICYCALC__V1__BACKUP_RESPONSE__PART__NOT_SET:
	case _POLICYCALC__V1__BACKUP_RESPONSE__PART__CASE_IS_INT_SIZE:
		break;
	}
	return true;
}

static int receive(struct cli *cli, struct answer_stream *stream, struct archive *archive)
{
	const Policycalc__V1__BackupResponse *response = NULL;
	char name[FILES_MOST][64];
	struct progress progress;
	int code;

	progress_init(&progress, 0, strcmp(cli->lang, "en") == 0);
	for (;;) {
		code = cli_receive(cli, stream, &progress, &response);
		if (code != CLI_OK)
			return code;
		if (!response)
			break;
		if (!take(archive, &progress, response)) {
			progress_fini(&progress);
			return cli_failure(cli, "%s", archive->err.message);
		}
		/* The message goes, its name is needed until its bytes have come. */
		if (response->part_case == POLICYCALC__V1__BACKUP_RESPONSE__PART_FILE)
			archive->name = strcpy(name[archive->count], archive->name);
		if (response->part_case == POLICYCALC__V1__BACKUP_RESPONSE__PART_SUMMARY) {
			progress_fini(&progress);
			return tell(cli, archive, response->summary);
		}
	}
	progress_fini(&progress);
	return cli_failure(cli, "%s",
			cli_word(cli, "备份没有到头就断了", "the backup ended before its end"));
}

static int admin_backup(struct cli *cli, int argc, char **argv)
{
	Policycalc__V1__BackupRequest request = POLICYCALC__V1__BACKUP_REQUEST__INIT;
	struct archive archive = { .file = -1 };
	struct answer_stream stream = { 0 };
	int code = cli_options(cli, NULL, 0, HELP_ZH, HELP_EN, &argc, argv);

	if (code >= 0)
		return code;
	if (argc != 1)
		return cli_usage(cli, "%s",
				cli_word(cli, "用法：policycalc admin backup 文件",
						"usage: policycalc admin backup FILE"));
	/* The file first: what cannot be kept is not asked for. */
	if (!archive_open(cli, &archive, argv[0])) {
		code = cli_failure(cli, "%s", archive.err.message);
	} else {
		code = cli_open_stream(cli, &stream, "/policycalc.v1.AdminService/Backup",
				&request.base, &policycalc__v1__backup_response__descriptor);
		if (code == CLI_OK)
			code = receive(cli, &stream, &archive);
		answer_stream_close(&stream);
	}
	archive_fini(&archive);
	return code;
}

int command_admin(struct cli *cli, int argc, char **argv)
{
	static const struct cli_command commands[] = { { "backup", admin_backup } };

	return cli_dispatch(cli, commands, 1, "admin ", HELP_ZH, HELP_EN, argc, argv);
}
