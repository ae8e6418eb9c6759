/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would still be in each file if the power failed now: what was there at its last sync, and of
 * what was written since nothing, or this and that sector.
 *
 * A file that was never synced is not there. One whose deletion was not synced is there again.
 */
#pragma once

/** Forgets everything: all that is in the files now is taken to be on the disk. */
void fault_disk_forget(void);
/** @path is about to be opened, and perhaps made; only from now on what happens to it is known. */
void fault_disk_watch(const char *path);
/** What is in it now is on the disk. */
void fault_disk_sync(const char *path);
/** It is gone from the disk. */
void fault_disk_delete(const char *path);
/** @path is again what it was when it was synced last. */
void fault_disk_undo(const char *path);
/**
 * The power has failed and is back. @seed 0: of what was not synced nothing is there; else some sectors
 * are, and others not. Nobody has a file open.
 */
void fault_disk_fail(unsigned seed);
