/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A face before SQLite's own VFS that fails the n-th operation which changes a file (write,
 * sync, truncate, delete), or ends the process in the middle of it. It becomes the default VFS.
 */
#pragma once

enum fault {
	FAULT_NONE,
	FAULT_IO,   /* the operation fails with an I/O error */
	FAULT_FULL, /* writes fail as on a full disk */
	FAULT_KILL, /* half of the bytes are written, then SIGKILL */
};

/** Once, before the first database is opened. Ends the test when it cannot. */
void fault_vfs_install(void);
/**
 * The @nth operation from now on (1 is the next) meets @fault, and every later one too, except
 * after a kill. Returns how many operations there were since the last call.
 */
unsigned fault_vfs_set(enum fault fault, unsigned nth);
