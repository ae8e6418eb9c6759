/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data folder: made when missing, readable by its owner alone, and held by one process.
 *
 * SQLite's own locks vanish when any other descriptor of the same file is closed, so the folder
 * carries a lock file of its own: an flock on DIR/lock, held for as long as the folder is open.
 * The file names the process that holds it, for the message that the next one prints.
 */
#pragma once

#include "base/error.h"

struct directory;

/**
 * Makes @path (mode 0700, its parents must exist) and takes the lock. ERROR_UNAVAILABLE when
 * another process holds it, ERROR_PERMISSION when the folder cannot be written,
 * ERROR_PRECONDITION when it is not a folder.
 */
struct directory *directory_open(const char *path, struct error *err);
/** Gives the lock back. */
void directory_close(struct directory *directory);
/** Absolute, without symbolic links; borrowed from the directory. */
const char *directory_path(const struct directory *directory);
