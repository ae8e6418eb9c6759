#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: archive.sh OUT.a IN.a... --needed IN.a... -- links the objects of all IN into one and hides all
# names but pcalc_. From those after --needed come only the objects that something refers to.
set -eu
out=$1
shift
object=$out.o
for argument; do
	shift
	[ "$argument" != --needed ] || argument=--no-whole-archive
	set -- "$@" "$argument"
done
ld -r -o "$object" --whole-archive "$@"
objcopy --wildcard --keep-global-symbol='pcalc_*' "$object"
rm -f "$out"
ar rcs "$out" "$object"
rm -f "$object"
