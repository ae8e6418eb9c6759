/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool folder_make(const char *base, const char *name, char *out_path, size_t size)
{
	int length;

	if (!base)
		base = getenv("TMPDIR");
	if (!base || !*base)
		base = "/tmp";
	length = snprintf(out_path, size, "%s/policycalc-%s-XXXXXX", base, name);
	return length > 0 && (size_t)length < size && mkdtemp(out_path);
}

static int on_remove(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_use_memory(void)
{
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
}

void folder_remove(const char *path)
{
	(void)nftw(path, on_remove, 8, FTW_DEPTH | FTW_PHYS);
}
