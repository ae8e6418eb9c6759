#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a release build and measures reports, searches and simulations over a made-up registry.
# Options are those of bench_reports.py: see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench service/policycalcd client/policycalc >/dev/null
exec /usr/bin/python3 tests/bench/bench_reports.py --build build-bench "$@"
