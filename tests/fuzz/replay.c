/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files named on the command line: no fuzzer and no clang needed. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = memory_alloc(FILE_MAX);
	uint8_t *exact = NULL;
	size_t size = 0;

	if (file && data) {
		size = fread(data, 1, FILE_MAX, file);
		/* A block of just that size, so that a sanitizer sees a read behind its end. */
		exact = memory_alloc(size ? size : 1);
	}
	if (exact) {
		memcpy(exact, data, size);
		(void)LLVMFuzzerTestOneInput(exact, size);
	} else {
		(void)fprintf(stderr, "cannot read %s\n", path);
	}
	if (file)
		(void)fclose(file);
	memory_free(data);
	if (!exact)
		return 1;
	memory_free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (replay(argv[i]))
			return 1;
	}
	(void)printf("%d inputs\n", argc - 1);
	return 0;
}
