#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the tests need, builds, and runs everything that CI runs. The last line is
# "N passed, N failed, N skipped". See --help.
set -eu
cd "$(dirname "$0")/.."

usage() {
	cat <<'TEXT'
usage: sh tests/run.sh [--long] [--only STAGE]... [--no-install]

Builds policycalc three times (plain with gcc, ASan+UBSan, TSan with clang) and what fuzzes a fourth
time, runs every test and prints "N passed, N failed, N skipped" as its last line. Exit status 0 when
nothing failed.

  --long         also the long versions: fuzzing, kills, soak
  --only STAGE   only: plain, answers, sanitize, threads, clang, format, proto, long; may be repeated
  --no-install   do not install packages
TEXT
}

long=no install=yes only=
while [ $# -gt 0 ]; do
	case $1 in
	--long) long=yes ;;
	--only) shift; only="$only ${1:?--only needs a stage}" ;;
	--no-install) install=no ;;
	-h|--help) usage; exit 0 ;;
	*) echo "tests/run.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
	esac
	shift
done

# --- packages ---------------------------------------------------------------------------------
packages="gcc g++ libc6-dev meson ninja-build pkg-config git ca-certificates
	libuv1-dev libnghttp2-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev
	libsqlite3-dev libssl-dev libyaml-dev libjansson-dev libutf8proc-dev zlib1g-dev
	libcurl4-openssl-dev haproxy
	libcmocka-dev clang libclang-rt-14-dev clang-format sqlite3 procps
	python3 python3-grpcio python3-protobuf python3-h2 python3-yaml faketime nghttp2-client curl graphviz
	libgrpc++-dev protobuf-compiler-grpc libgrpc-java libprotobuf-java libnetty-java libperfmark-java
	libguava-java"
have_package() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
if [ $install = yes ]; then
	missing=
	for package in $packages; do
		have_package "$package" || missing="$missing $package"
	done
	# npm, node and Java come from Debian unless the machine has its own.
	command -v node >/dev/null 2>&1 || missing="$missing nodejs"
	command -v npm >/dev/null 2>&1 || missing="$missing npm"
	command -v javac >/dev/null 2>&1 || missing="$missing default-jdk-headless"
	if [ -n "$missing" ]; then
		echo "installing:$missing"
		as_root apt-get update -qq
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends $missing >/dev/null
	fi
fi

# --- running ----------------------------------------------------------------------------------
passed=0 failed=0 skipped=0
logs=$(pwd)/build-ci-logs
rm -rf "$logs"
mkdir -p "$logs"

linker=bfd
! command -v ld.gold >/dev/null 2>&1 || linker=gold

# Tests wait for disks more than they compute: what they write goes to memory, where there is enough of it
# and programs may be started from there.
memory=
forget_memory() {
	[ -z "$memory" ] || rm -rf "$memory"
}
trap forget_memory EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -z "${TMPDIR:-}" ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 2000000 ] 2>/dev/null; then
	memory=$(mktemp -d /dev/shm/tests-XXXXXX)
	chmod 1777 "$memory"
	printf '#!/bin/sh\n' >"$memory/start" && chmod +x "$memory/start"
	if "$memory/start" 2>/dev/null; then export TMPDIR="$memory"; fi
fi

wanted() {
	[ -z "$only" ] && { [ "$1" != long ] || [ $long = yes ]; } && return 0
	case " $only " in *" $1 "*) return 0 ;; esac
	return 1
}
stage_failed() {
	echo "FAILED: $1"
	failed=$((failed + 1))
}
# build NAME TARGET COMPILER [meson options]: configures (again) and builds build-NAME. gold, where it is,
# links in a third of the time.
build() {
	name=$1 target=$2 compiler=$3
	shift 3
	log=$logs/$name-build.log
	if [ ! -f "build-$name/build.ninja" ]; then
		rm -rf "build-$name"
		CC=$compiler CC_LD=$linker meson setup "build-$name" -Dwerror=true "$@" >"$log" 2>&1 ||
			{ tail -n 30 "$log"; stage_failed "$name: configure"; return 1; }
	fi
	ninja -C "build-$name" "$target" >"$log" 2>&1 ||
		{ grep -A 8 -E '^FAILED|error:' "$log" | head -n 60; stage_failed "$name: build"; return 1; }
}
# run_tests NAME [meson test options]: runs and counts. A skipped interop test is a failure: this script
# installs the clients it needs, so a missing one means that the install step is wrong.
run_tests() {
	name=$1
	shift
	log=$logs/$name-test.log
	# What an earlier run wrote must not be counted for this one.
	rm -f "build-$name"/meson-logs/testlog*.json
	# Many wait more than they compute: twice as many as there are processors keep these busy.
	meson test -C "build-$name" --no-rebuild --print-errorlogs --num-processes $(($(nproc) * 2)) "$@" \
		>"$log" 2>&1 || true
	# A setup writes into a log of its own name.
	counts=$(python3 - "$(ls -t "build-$name"/meson-logs/testlog*.json | head -n 1)" <<'PYTHON'
import json, sys
good = bad = skip = 0
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    test = json.loads(line)
    result = test["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        good += 1
    elif result == "SKIP" and "interop" not in test["name"].split(" / ")[0]:
        skip += 1
    else:
        bad += 1
print(good, bad, skip)
PYTHON
	) || counts="0 1 0"
	set -- $counts
	[ "$1" -gt 0 ] || [ "$2" -gt 0 ] || set -- 0 1 "$3"
	echo "$name: $1 passed, $2 failed, $3 skipped"
	if [ "$2" -gt 0 ]; then
		grep -v '^ninja' "$log" | tail -n 150
	fi
	if [ "$3" -gt 0 ]; then
		grep -E ' SKIP ' "$log" || true
	fi
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

if [ $install = yes ] && [ ! -d tests/interop/node/node_modules ]; then
	echo "installing the Node.js clients"
	(cd tests/interop/node && npm ci --no-audit --no-fund) >"$logs/npm.log" 2>&1 ||
		{ grep -v '^$' "$logs/npm.log" | tail -n 10; stage_failed "npm ci in tests/interop/node"; }
fi

# Clients of other implementations, kept between runs in a folder of the user's. The Go module proxy may be out of
# reach: their tests are skipped then, and say why.
if wanted plain || wanted sanitize; then
	if [ $install = yes ]; then sh tests/interop/foreign.sh; else sh tests/interop/foreign.sh interop-cpp interop-java; fi
fi

if wanted format; then
	if git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror >"$logs/format.log" 2>&1; then
		passed=$((passed + 1))
	else
		grep -E 'error' "$logs/format.log" | head -n 20
		stage_failed "format: run clang-format -i on the files named above"
	fi
fi
if wanted proto; then
	# A tool of 90 MB, kept between runs; without the registry the schema goes unlinted, and that is said.
	buf=build-ci-buf/node_modules/.bin/buf
	buf_version=1.75.0
	if [ $install = yes ] && [ "$($buf --version 2>/dev/null)" != $buf_version ]; then
		echo "installing buf $buf_version"
		timeout 120 npm install --prefix build-ci-buf --no-save --no-audit --no-fund --fetch-retries 1 \
			@bufbuild/buf@$buf_version >"$logs/buf-install.log" 2>&1 || true
	fi
	if ! $buf --version >/dev/null 2>&1; then
		echo "proto: skipped, buf is not there and the npm registry was not reached"
		skipped=$((skipped + 1))
	elif $buf lint proto >"$logs/proto.log" 2>&1; then
		passed=$((passed + 1))
	else
		head -n 20 "$logs/proto.log"
		stage_failed "proto: buf lint, STANDARD and COMMENTS"
	fi
fi
if wanted plain; then
	build ci all "${CC:-gcc}" -Dbuildtype=debugoptimized && run_tests ci
fi
# The measurements without the clock: what they compare is the same in every build.
if wanted answers; then
	if build ci all "${CC:-gcc}" -Dbuildtype=debugoptimized; then
		if timeout 600 /usr/bin/python3 tests/bench/table.py --answers --build build-ci \
				>"$logs/answers.log" 2>&1; then
			passed=$((passed + 1))
		else
			tail -n 20 "$logs/answers.log"
			stage_failed "answers of the measurements"
		fi
	fi
fi
if wanted sanitize; then
	export ASAN_OPTIONS="abort_on_error=0:exitcode=99:detect_stack_use_after_return=1"
	export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:exitcode=99"
	brief='--no-suite plain'
	[ $long = no ] || brief=
	# Half optimized, which compiles in less than half of the time and runs as fast; instrumented so, code
	# is warned of that is right: warnings are errors in the builds of gcc and clang without it.
	build ci-asan all "${CC:-gcc}" -Doptimization=1 -Ddebug=true -Dc_args=-g1 -Dwerror=false \
		-Db_sanitize=address,undefined -Db_lundef=false &&
		run_tests ci-asan --setup sanitize --timeout-multiplier 4 --no-suite kills --no-suite foreign $brief
	unset ASAN_OPTIONS UBSAN_OPTIONS
fi
if wanted threads; then
	# Where everyone may read it: some tests start the daemon as another user, and a clone may lie in a
	# folder that is closed to others.
	suppressions=$(mktemp)
	cat tests/tsan.supp >"$suppressions"
	chmod 644 "$suppressions"
	build ci-tsan all clang -Dbuildtype=debugoptimized -Dc_args=-g1 -Db_sanitize=thread -Db_lundef=false &&
		TSAN_OPTIONS="exitcode=99:suppressions=$suppressions" \
			run_tests ci-tsan --timeout-multiplier 6 --suite threads
	rm -f "$suppressions"
fi
if wanted clang; then
	build ci-clang fuzz clang -Dbuildtype=debug -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined && run_tests ci-clang --timeout-multiplier 4 --suite fuzz
fi
if wanted long; then
	build ci-clang fuzz clang -Dbuildtype=debug -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined &&
	for target in build-ci-clang/tests/fuzz/fuzz_*; do
		[ -f "$target" ] && [ -x "$target" ] || continue
		case $target in *_replay|*.p) continue ;; esac
		seed=$(date +%s)
		echo "fuzzing $(basename "$target") for ten minutes, seed $seed"
		corpus=$(mktemp -d)
		cp -r "tests/fuzz/corpus/$(basename "$target" | sed s/^fuzz_//)"/. "$corpus" 2>/dev/null || true
		if "$target" -max_total_time=600 -seed="$seed" -rss_limit_mb=2048 "$corpus" \
				>"$logs/$(basename "$target").log" 2>&1; then
			passed=$((passed + 1))
		else
			tail -n 30 "$logs/$(basename "$target").log"
			stage_failed "$(basename "$target") seed $seed"
		fi
		rm -rf "$corpus"
	done
	build ci all "${CC:-gcc}" -Dbuildtype=debugoptimized &&
		run_tests ci --setup long --timeout-multiplier 0
fi

echo "logs: $logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
