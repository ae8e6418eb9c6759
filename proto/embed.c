/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time tool: writes a file's bytes as a C array, so that any compiler, with or without
 * LTO and sanitizers, can link it.
 *
 * usage: embed INPUT OUTPUT HEADER NAME
 *
 * Defines `const unsigned char NAME[]` and `const size_t NAME_size`, as HEADER declares them.
 */
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *path)
{
	perror(path);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	unsigned long size = 0;
	FILE *input;
	FILE *output;
	int byte;

	if (argc != 5) {
		fprintf(stderr, "usage: embed INPUT OUTPUT HEADER NAME\n");
		return EXIT_FAILURE;
	}
	input = fopen(argv[1], "rb");
	if (!input)
		return fail(argv[1]);
	output = fopen(argv[2], "w");
	if (!output)
		return fail(argv[2]);
	fprintf(output, "/* Made by proto/embed.c. */\n#include \"%s\"\n", argv[3]);
	fprintf(output, "const unsigned char %s[] = {", argv[4]);
	while ((byte = getc(input)) != EOF)
		fprintf(output, "%s%d,", size++ % 20 == 0 ? "\n\t" : " ", byte);
	fprintf(output, "\n};\nconst size_t %s_size = %luu;\n", argv[4], size);
	if (ferror(input))
		return fail(argv[1]);
	if (ferror(output) || fclose(output) != 0)
		return fail(argv[2]);
	fclose(input);
	return size ? EXIT_SUCCESS : EXIT_FAILURE;
}
