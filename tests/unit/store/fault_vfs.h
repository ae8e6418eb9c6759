/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A face before SQLite's own VFS that fails the n-th operation which changes a file (write,
 * sync, truncate, delete), or ends the process in the middle of it; or that reads one. It becomes the
 * default VFS.
 */
#pragma once

enum fault {
	FAULT_NONE,
	FAULT_IO,   /* the operation fails with an I/O error */
	FAULT_FULL, /* writes fail as on a full disk */
	FAULT_KILL, /* half of the bytes are written, then SIGKILL */
	FAULT_SYNC, /* the next sync fails, once, and takes along what was written since the last */
	FAULT_READ,  /* the read fails with an I/O error; only reads are counted */
	FAULT_POWER, /* it does nothing and fails, as does all that follows: the power is off */
};

/** Once, before the first database is opened. Ends the test when it cannot. */
void fault_vfs_install(void);
/**
 * From now on it is known what of the files is on the disk for sure, which FAULT_SYNC and FAULT_POWER
 * need; what is in them now is. Before the database is opened.
 */
void fault_vfs_record(void);
/** The power fails now, if it has not. To be followed by closing everything, and: */
void fault_vfs_cut(void);
/** The power is back. What was not synced is lost (@seed 0), or this and that of it is. */
void fault_vfs_power_on(unsigned seed);
/**
 * The @nth operation from now on (1 is the next) meets @fault, and every later one too, except
 * after a kill or a failed sync. Returns how many operations there were since the last call.
 */
unsigned fault_vfs_set(enum fault fault, unsigned nth);
