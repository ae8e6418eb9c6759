/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_folder.h"

#include <fcntl.h>
#include <glob.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* In memory where there is such a folder. */
static char shared[] = "/dev/shm/policycalc-audit-XXXXXX",
	    common[] = "/tmp/policycalc-audit-XXXXXX";
static const char *folder;
char path[64], key[64];

/* These stand before libc's. */
int fsync(int file)
{
	(void)file;
	return 0;
}

int fdatasync(int file)
{
	(void)file;
	return 0;
}

bool audit_folder_open(void)
{
	folder = mkdtemp(shared);
	if (!folder)
		folder = mkdtemp(common);
	if (!folder)
		return false;
	(void)snprintf(path, sizeof(path), "%s/audit.log", folder);
	(void)snprintf(key, sizeof(key), "%s/audit.log.key", folder);
	return true;
}

void audit_folder_close(void)
{
	fresh(NULL);
	rmdir(folder);
}

int fresh(void **state)
{
	char pattern[80];
	glob_t found;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s*", path);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
	return 0;
}

size_t read_file(const char *name, char *out, size_t size)
{
	FILE *file = fopen(name, "re");
	size_t length;

	assert_non_null(file);
	length = fread(out, 1, size - 1, file);
	out[length] = '\0';
	fclose(file);
	return length;
}

size_t read_log(char *out, size_t size)
{
	char pattern[80];
	size_t length = 0;
	glob_t older;

	(void)snprintf(pattern, sizeof(pattern), "%s.0*", path);
	if (glob(pattern, 0, NULL, &older) == 0)
		for (size_t i = 0; i < older.gl_pathc; i++)
			length += read_file(older.gl_pathv[i], out + length, size - length);
	globfree(&older);
	return length + read_file(path, out + length, size - length);
}

void write_bytes(const char *name, const void *bytes, size_t size)
{
	int file;

	/* Anew: some file systems wait for the disk when one is made empty. */
	unlink(name);
	file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, size), (long)size);
	close(file);
}

unsigned chain_check(void)
{
	static char text[1 << 17];
	char head[65];
	unsigned count = 0;

	memset(head, '0', 64);
	head[64] = '\0';
	read_log(text, sizeof(text));
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		const char *prev;

		*end = '\0';
		prev = strstr(line, "\"prev\":\"");
		assert_non_null(prev);
		assert_memory_equal(prev + 8, head, 64);
		assert_int_equal(EVP_Digest(line, strlen(line), digest, NULL, EVP_sha256(),
						 NULL),
				1);
		for (size_t i = 0; i < 32; i++)
			(void)snprintf(head + 2 * i, 3, "%02x", digest[i]);
		count++;
	}
	return count;
}
