#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a release build, measures it and prints figures and ratios. Needs the packages of tests/run.sh
# and nghttp2-server (nghttpd, the peer). Options are those of bench.py: see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release -Dtests=false >/dev/null
ninja -C build-bench >/dev/null
exec /usr/bin/python3 tests/bench/bench.py --build build-bench "$@"
