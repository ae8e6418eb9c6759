#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the measurements need (not with --no-install), builds a release build, measures it beside its
# peers and prints the table "what to reach": medians, ratios, and which limits are met; build-bench/table gets
# the table, the figures as JSON, and plots, after every step. A quarter of an hour; --quick: eight minutes; --answers: one
# minute, answers only. What fails is named at the end, where the status is 1; the rest is measured, and --resume
# measures only what is missing. See --help; --starter is the older table of the starter catalog alone, --rooms a
# few seconds of it. --readme puts the table that is there into README.md.
set -eu
cd "$(dirname "$0")/../.."

# What is built is what service/quickstart.sh and tests/run.sh install; here, what measures it.
packages="nghttp2-client nghttp2-server python3-grpcio python3-protobuf protobuf-compiler
	libgrpc++-dev protobuf-compiler-grpc nodejs npm"
install=yes
if [ "${1:-}" = --no-install ]; then
	install=no
	shift
fi
have_package() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
# Node and npm may be there without being packages of the system.
have() {
	case $1 in
	nodejs) command -v node >/dev/null || have_package nodejs ;;
	npm) command -v npm >/dev/null ;;
	*) have_package "$1" ;;
	esac
}
missing=
for package in $packages; do
	have "$package" || missing="$missing $package"
done
if [ $install = yes ] && [ -n "$missing" ]; then
	echo "installing:$missing" >&2
	# Whatever cannot be had is left out of the measurements, which say so.
	{ as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
		-y -qq --no-install-recommends $missing >/dev/null; } || true
fi

if [ "${1:-}" = --readme ]; then
	shift
	exec /usr/bin/python3 tests/bench/readme.py "$@"
fi

[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
meson configure build-bench -Dtests=true # a folder of before may be without
ninja -C build-bench service/policycalcd client/policycalc tests/bench/policycalc-workload \
	tests/bench/test-bench-generator tests/bench/hot_path_request tests/bench/bench_explain \
	tests/bench/bench_calculator tests/bench/bench_question tests/bench/bench_report \
	tests/bench/bench_import tests/bench/bench_columns tests/bench/bench_load tests/bench/bench_sweep \
	tests/bench/bench_turns tests/bench/bench_cores tests/bench/bench_match_index \
	tests/bench/bench_few_policies >/dev/null
program=table.py
case ${1:-} in
--rooms) program=bench.py ;;
--starter) program=bench.py; shift ;;
esac
status=0
/usr/bin/python3 tests/bench/$program --build build-bench "$@" || status=1
if [ $# = 0 ] && ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then
	# Push runs take a minute more; a clock for them comes of the package faketime.
	sh tests/bench/bench_push.sh || status=1
elif [ $# = 0 ]; then
	echo "push runs: skipped, the package faketime is not there" >&2
fi
exit $status
