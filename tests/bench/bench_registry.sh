#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a release build and measures imports into the registry, from the file to the commit.
# Options are those of bench_registry.py: see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench service/policycalcd client/policycalc >/dev/null
exec /usr/bin/python3 tests/bench/bench_registry.py --build build-bench "$@"
