#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a release build, measures it and prints figures and ratios, and the figures of single rooms
# beside their limits. Needs the packages of tests/run.sh and nghttp2-server (nghttpd, the peer).
# Options are those of bench.py: see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
meson configure build-bench -Dtests=true # a folder of before may be without
ninja -C build-bench service/policycalcd client/policycalc tests/bench/bench_explain \
	tests/bench/bench_calculator tests/bench/bench_question tests/bench/bench_report >/dev/null
exec /usr/bin/python3 tests/bench/bench.py --build build-bench "$@"
