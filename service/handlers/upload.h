/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft as it comes in, one file a message: paths are looked at, sizes are limited, and the files
 * are copied, since a message lives only as long as its callback.
 */
#pragma once

#include "policycalc/v1/catalog_service.pb-c.h"
#include "publish/publish.h"

#define UPLOAD_FILE_MAX ((size_t)1 << 20)
#define UPLOAD_TOTAL_MAX ((size_t)256 << 20)
#define UPLOAD_COUNT_MAX 200000
#define UPLOAD_PATH_MAX 255

struct upload {
	struct arena arena;
	struct draft draft;
	size_t capacity;
	size_t total; /* bytes of contents */
};

void upload_init(struct upload *upload);
void upload_fini(struct upload *upload);
/**
 * Adds a copy. ERROR_INVALID when the file is none that a draft may have, with the field and a colon first
 * ("file.path: ..."), ERROR_LIMIT when it is too large, or all are together.
 */
bool upload_add(struct upload *upload, const Policycalc__V1__SourceFile *file,
		struct error *err);
/**
 * Bytes that checking what was received so far, and what follows, may take: in proportion to its
 * contents, so that a small draft cannot take the memory of a large one.
 */
size_t upload_check_memory(const struct upload *upload);
/** Whether a path stays inside a folder and is the same everywhere; says why not. */
bool upload_path_is_good(const char *path, const char **out_why);
