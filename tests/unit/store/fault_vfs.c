/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_vfs.h"

#include "fault_disk.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* stands right behind this struct */
	const char *path;   /* SQLite's, as long as the file is open; NULL: a temporary one */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim;
static enum fault current_fault;
static unsigned current_nth;
static unsigned operation_count;
static bool is_recording;
static bool is_off; /* the power */

unsigned fault_vfs_set(enum fault fault, unsigned nth)
{
	unsigned count = operation_count;

	current_fault = fault;
	current_nth = nth;
	operation_count = 0;
	return count;
}

/* Whether the fault is met; with the power off always. A sync that fails does so by itself. */
static bool fault_is_due(void)
{
	if (current_fault == FAULT_READ)
		return false;
	operation_count++;
	if (is_off)
		return true;
	if (current_fault == FAULT_NONE || current_fault == FAULT_SYNC ||
			operation_count < current_nth)
		return false;
	is_off = current_fault == FAULT_POWER;
	return true;
}

void fault_vfs_record(void)
{
	fault_disk_forget();
	is_recording = true;
}

void fault_vfs_cut(void)
{
	is_off = true;
}

void fault_vfs_power_on(unsigned seed)
{
	is_off = false;
	(void)fault_vfs_set(FAULT_NONE, 0);
	fault_disk_fail(seed);
	fault_vfs_record();
}

static void fault_die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static int on_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	if (current_fault == FAULT_READ && ++operation_count >= current_nth)
		return SQLITE_IOERR_READ;
	return real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
}

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	const sqlite3_io_methods *real = real_of(file)->pMethods;

	if (fault_is_due()) {
		if (!is_off && current_fault != FAULT_FULL)
			(void)real->xWrite(real_of(file), data, size / 2, offset);
		if (current_fault == FAULT_KILL)
			fault_die();
		return current_fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	return real->xWrite(real_of(file), data, size, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (fault_is_due() && current_fault != FAULT_FULL) {
		if (current_fault == FAULT_KILL)
			fault_die();
		return SQLITE_IOERR_TRUNCATE;
	}
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	const struct fault_file *ours = (struct fault_file *)file;
	int code;

	if (fault_is_due() && current_fault != FAULT_FULL) {
		if (current_fault == FAULT_KILL)
			fault_die();
		return SQLITE_IOERR_FSYNC;
	}
	if (current_fault == FAULT_SYNC && operation_count >= current_nth) {
		current_fault = FAULT_NONE;
		if (ours->path)
			fault_disk_undo(ours->path);
		return SQLITE_IOERR_FSYNC;
	}
	code = real_of(file)->pMethods->xSync(real_of(file), flags);
	if (code == SQLITE_OK && is_recording && ours->path)
		fault_disk_sync(ours->path);
	return code;
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int on_lock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int on_unlock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int on_check_lock(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int on_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int on_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int on_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: no shared memory, which exclusive locking mode does without. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct fault_file *ours = (struct fault_file *)file;
	int code;

	(void)vfs;
	ours->real = (sqlite3_file *)(ours + 1);
	ours->path = name;
	if (is_recording && name)
		fault_disk_watch(name);
	code = real_vfs->xOpen(real_vfs, name, ours->real, flags, out);
	ours->base.pMethods = ours->real->pMethods ? &methods : NULL;
	return code;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int code;

	(void)vfs;
	if (fault_is_due() && current_fault != FAULT_FULL) {
		if (current_fault == FAULT_KILL)
			fault_die();
		return SQLITE_IOERR_DELETE;
	}
	code = real_vfs->xDelete(real_vfs, name, sync);
	if (code == SQLITE_OK && is_recording && sync)
		fault_disk_delete(name);
	return code;
}

void fault_vfs_install(void)
{
	if (sqlite3_initialize() != SQLITE_OK)
		abort();
	real_vfs = sqlite3_vfs_find(NULL);
	shim = *real_vfs;
	shim.iVersion = 1;
	shim.zName = "fault";
	shim.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
	shim.xOpen = on_open;
	shim.xDelete = on_delete;
	if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK)
		abort();
}
