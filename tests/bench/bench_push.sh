#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a release build and measures push runs, from what has changed to what is in the ledger.
# Options are those of bench_push.py: see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
meson configure build-bench -Dtests=true # a folder of before may be without
ninja -C build-bench service/policycalcd client/policycalc tests/bench/bench_select >/dev/null
exec /usr/bin/python3 tests/bench/bench_push.py --build build-bench "$@"
