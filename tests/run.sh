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

Builds policycalc three times (plain with gcc, ASan+UBSan, TSan with clang), runs every test and prints
"N passed, N failed, N skipped" as its last line. Exit status 0 when nothing failed.

  --long         also the long versions: fuzzing (in a fourth build, by clang), kills, soak
  --only STAGE   only: plain, answers, sanitize, threads, clang, format, proto, long; may be repeated
  --no-install   do not install packages
TEXT
}

long=no install=yes only=
while [ $# -gt 0 ]; do
	case $1 in
	--long) long=yes ;;
	--only)
		shift
		case ${1:-} in
		plain|answers|sanitize|threads|clang|format|proto|long) only="$only $1" ;;
		*) echo "tests/run.sh: no stage '${1:-}'" >&2; usage >&2; exit 2 ;;
		esac ;;
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
fetch_pid= ahead_pid=
# A process, and all that it has begun: first itself, so that it begins no other.
kill_tree() {
	kill "$1" 2>/dev/null || true
	for child in $2; do kill_tree "$child" "$(pgrep -P "$child")"; done
}
# By whose children they are: a number that was noted may be somebody else's by now.
clean_up() {
	for child in $(pgrep -P $$); do
		kill_tree "$child" "$(pgrep -P "$child")"
	done
	wait
	[ -z "$memory" ] || rm -rf "$memory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -z "${TMPDIR:-}" ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 2000000 ] 2>/dev/null; then
	memory=$(mktemp -d /dev/shm/tests-XXXXXX)
	chmod 1777 "$memory"
	printf '#!/bin/sh\n' >"$memory/start" && chmod +x "$memory/start"
	if "$memory/start" 2>/dev/null; then export TMPDIR="$memory"; fi
fi

wanted() {
	case $1 in
	long|clang) [ -n "$only" ] || [ $long = no ] || return 0 ;;
	*) [ -n "$only" ] || return 0 ;;
	esac
	case " $only " in *" $1 "*) return 0 ;; esac
	return 1
}
stage_failed() {
	echo "FAILED: $1"
	failed=$((failed + 1))
}
# make_build NAME: configures build-NAME, if not so already, and builds what its tests need; "yes" or "no" in
# $logs/NAME.built says how that ended. $idle is what it is begun with. gold, where it is, links in a third of
# the time.
idle=
# In the background, so that it can be ended with us, or hurried.
begun() {
	"$@" >"$log" 2>&1 &
	echo $! >"$logs/ahead.pid"
	wait $!
}
make_build() {
	name=$1 compiler=${CC:-gcc} suites=
	case $name in
	# Nobody looks at its variables: lines and functions are enough, of all that is made here.
	ci) set -- -Dwerror=true -Dbuildtype=debugoptimized -Dc_args=-g1 ;;
	# Half optimized, which compiles in less than half of the time and runs as fast; instrumented so, code
	# is warned of that is right: warnings are errors in the builds of gcc and clang without it. What UBSan finds
	# ends the program with a trap, which ASan reports with its line: reports of its own are a fifth of the
	# compiling.
	ci-asan) set -- -Dwerror=false -Doptimization=1 -Ddebug=true \
		"-Dc_args=-g1 -fsanitize-undefined-trap-on-error" -Db_sanitize=address,undefined -Db_lundef=false ;;
	# Only what is tested there: half of the programs are not. Those of "fuzz" go over their corpora, so that
	# clang has seen their code, too; libFuzzer's own are made of the same files.
	ci-tsan) compiler=clang suites="threads fuzz"
		set -- -Dwerror=true -Dbuildtype=debugoptimized -Dc_args=-g1 -Db_sanitize=thread -Db_lundef=false ;;
	ci-clang) compiler=clang
		set -- -Dwerror=true -Dbuildtype=debug -Dfuzz=true -Db_lundef=false -Db_sanitize=address,undefined ;;
	esac
	log=$logs/$name-build.log built=no options="$compiler $linker $*"
	# One that somebody made with other options, or half, is another.
	if [ "$(cat "build-$name/options" 2>/dev/null)" != "$options" ] || [ ! -f "build-$name/build.ninja" ]; then
		rm -rf "build-$name"
		if begun $idle env CC="$compiler" CC_LD=$linker meson setup "build-$name" "$@"; then
			echo "$options" >"build-$name/options"
		else
			rm -f "build-$name/build.ninja"
		fi
	fi
	if [ -f "build-$name/build.ninja" ]; then
		targets=all
		[ $name != ci-clang ] || targets=fuzz
		[ -z "$suites" ] || targets=$(targets_of "build-$name" $suites)
		! begun $idle ninja -C "build-$name" $targets || built=yes
	fi
	rm -f "$logs/ahead.pid"
	echo $built >"$logs/$name.built.new"
	mv "$logs/$name.built.new" "$logs/$name.built"
}
# targets_of BUILD SUITE...: the programs that tests of these suites run, as ninja names them.
targets_of() {
	python3 - "$@" <<'PYTHON'
import json, os, sys
build, *suites = sys.argv[1:]
def read(name):
    with open(f"{build}/meson-info/intro-{name}.json", encoding="utf-8") as file:
        return json.load(file)
files = {target["id"]: target["filename"] for target in read("targets")}
wanted = {file for test in read("tests") if {"policycalc:" + suite for suite in suites} & set(test["suite"])
          for target in test["depends"] for file in files[target]}
print(" ".join(sorted(os.path.relpath(file, os.path.realpath(build)) for file in wanted)))
PYTHON
}
# build NAME: its build is made, now or already. Those of later stages ($builds) are made while tests run, which
# wait half of their time, with what the processors have left.
build() {
	name=$1
	if [ -n "$ahead_pid" ]; then
		while [ ! -f "$logs/$name.built" ] && kill -0 "$ahead_pid" 2>/dev/null; do
			# Now we wait for it: others on this machine are not more important.
			chrt --other --pid 0 "$(cat "$logs/ahead.pid" 2>/dev/null)" 2>/dev/null || true
			sleep 0.2
		done
	fi
	[ -f "$logs/$name.built" ] || make_build "$name"
	if [ -z "$ahead_pid" ]; then
		(
			trap - EXIT INT TERM
			idle="nice -n 19"
			! chrt --idle 0 true 2>/dev/null || idle="chrt --idle 0"
			for name in ${builds#*"$name "}; do make_build "$name"; done
		) &
		ahead_pid=$!
	fi
	[ "$(cat "$logs/$name.built")" != yes ] || return 0
	if grep -q -E '^FAILED|error:' "$logs/$name-build.log"; then
		grep -A 8 -E '^FAILED|error:' "$logs/$name-build.log" | head -n 60
	else
		tail -n 30 "$logs/$name-build.log"
	fi
	stage_failed "$name: build"
	return 1
}
# run_kind KIND AT_ONCE [meson test options]: those tests of $name that wait, or those that compute.
run_kind() {
	kind=$1 at_once=$2
	shift 2
	trap - EXIT INT TERM
	# Those that wait go first when they have something to do.
	invert= first=
	[ $kind = waiting ] || invert=-v first="nice -n 5"
	grep $invert -E '^[^/]*(interop|foreign|systemd)' "$logs/$name.tests" | sed 's,^[^/]* / ,,' >"$logs/$name.$kind"
	[ -s "$logs/$name.$kind" ] || return 0
	$first xargs -d '\n' meson test -C "build-$name" --no-rebuild --print-errorlogs --logbase $kind \
		--num-processes "$at_once" "$@" <"$logs/$name.$kind" >"$logs/$name-$kind.log" 2>&1
}
# run_tests NAME [meson test options]: runs and counts. A skipped interop test is a failure: this script
# installs the clients it needs, so a missing one means that the install step is wrong.
run_tests() {
	name=$1
	shift
	# What an earlier run wrote must not be counted for this one.
	rm -f "build-$name"/meson-logs/waiting*.json "build-$name"/meson-logs/computing*.json
	meson test -C "build-$name" --no-rebuild --list "$@" 2>"$logs/$name-list.log" | grep ' / ' >"$logs/$name.tests" || true
	# Those that talk with a service mostly wait: twice as many as there are processors, and beside them what
	# only computes, so that neither a wait nor the last test of a kind leaves a processor idle.
	ended=0
	run_kind waiting $(($(nproc) * 2)) "$@" &
	waiting_pid=$!
	run_kind computing "$(nproc)" "$@" &
	wait $! || ended=$?
	wait $waiting_pid || ended=$?
	# A setup writes into a log of its own name.
	counts=$(python3 - "$(wc -l <"$logs/$name.tests")" "build-$name"/meson-logs/waiting*.json \
			"build-$name"/meson-logs/computing*.json <<'PYTHON'
import json, os, sys
good = bad = skip = 0
for name in filter(os.path.exists, sys.argv[2:]):
    for line in open(name, encoding="utf-8", errors="replace"):
        test = json.loads(line)
        result = test["result"]
        if result in ("OK", "EXPECTEDFAIL"):
            good += 1
        elif result == "SKIP" and "interop" not in test["name"].split(" / ")[0]:
            skip += 1
        else:
            bad += 1
# What was not run is in no log.
print(good, max(bad, int(sys.argv[1]) - good - skip), skip)
PYTHON
	) || counts="0 1 0"
	set -- $counts
	[ "$1" -gt 0 ] || [ "$2" -gt 0 ] || set -- 0 1 "$3"
	# It did not come to its end.
	[ $ended = 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
	echo "$name: $1 passed, $2 failed, $3 skipped"
	for kind in waiting computing; do
		log=$logs/$name-$kind.log
		if [ "$2" -gt 0 ] && grep -q -E ' (FAIL|TIMEOUT|ERROR) |^Traceback' "$log" 2>/dev/null; then
			grep -v '^ninja' "$log" | tail -n 150
		fi
		[ "$3" = 0 ] || grep -h -E ' SKIP ' "$log" 2>/dev/null || true
	done
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# Clients of other implementations and tools, kept between runs, come while the first build is made. Those in
# Node.js have to; the Go module proxy and the npm registry may be out of reach: what needs them is skipped
# then, and says why.
buf=build-ci-buf/node_modules/.bin/buf
buf_version=1.75.0
fetch() {
	trap - EXIT INT TERM
	if [ $install = yes ] && [ ! -d tests/interop/node/node_modules ]; then
		echo "installing the Node.js clients"
		(cd tests/interop/node && npm ci --no-audit --no-fund) >"$logs/npm.log" 2>&1 ||
			echo "npm ci in tests/interop/node" >"$logs/fetch.failed"
	fi
	if wanted plain || wanted sanitize; then
		if [ $install = yes ]; then sh tests/interop/foreign.sh; else sh tests/interop/foreign.sh interop-cpp interop-java; fi
	fi
	if wanted proto && [ $install = yes ] && [ "$($buf --version 2>/dev/null)" != $buf_version ]; then
		echo "installing buf $buf_version" # 90 MB
		timeout 120 npm install --prefix build-ci-buf --no-save --no-audit --no-fund --fetch-retries 1 \
			@bufbuild/buf@$buf_version >"$logs/buf-install.log" 2>&1 || true
	fi
}
fetch &
fetch_pid=$!
fetched() {
	[ -n "$fetch_pid" ] || return 0
	wait "$fetch_pid" || true
	fetch_pid=
	[ ! -f "$logs/fetch.failed" ] || {
		grep -v '^$' "$logs/npm.log" | tail -n 10
		stage_failed "$(cat "$logs/fetch.failed")"
	}
}

# In the order in which they are needed.
builds=
! { wanted plain || wanted answers; } || builds="ci "
! wanted sanitize || builds="${builds}ci-asan "
! wanted threads || builds="${builds}ci-tsan "
! { wanted clang || wanted long; } || builds="${builds}ci-clang "

format() {
	trap - EXIT INT TERM
	# No list (git does not trust the folder) is no answer.
	git ls-files '*.c' '*.h' >"$logs/format.files" && [ -s "$logs/format.files" ] &&
		xargs clang-format --dry-run -Werror <"$logs/format.files" >"$logs/format.log" 2>&1
}
format_pid=
! wanted format || { format & format_pid=$!; }
if wanted plain; then
	plain=no
	! build ci || plain=yes
	fetched
	[ $plain = no ] || run_tests ci --timeout-multiplier 4
fi
fetched
if wanted format; then
	if wait "$format_pid"; then
		passed=$((passed + 1))
	else
		grep -E 'error' "$logs/format.log" | head -n 20
		stage_failed "format: run clang-format -i on the files named above"
	fi
fi
if wanted proto; then
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
# The measurements without the clock: what they compare is the same in every build.
if wanted answers; then
	if build ci; then
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
	export ASAN_OPTIONS="abort_on_error=0:exitcode=99:detect_stack_use_after_return=1:handle_sigill=1"
	brief='--no-suite plain'
	[ $long = no ] || brief=
	build ci-asan &&
		run_tests ci-asan --setup sanitize --timeout-multiplier 4 --no-suite kills --no-suite foreign $brief
	unset ASAN_OPTIONS
fi
if wanted threads; then
	# Where everyone may read it: some tests start the daemon as another user, and a clone may lie in a
	# folder that is closed to others.
	suppressions=$(mktemp)
	cat tests/tsan.supp >"$suppressions"
	chmod 644 "$suppressions"
	build ci-tsan && TSAN_OPTIONS="exitcode=99:suppressions=$suppressions" \
		run_tests ci-tsan --setup threads --timeout-multiplier 6 --suite threads --suite fuzz
	rm -f "$suppressions"
fi
if wanted clang; then
	build ci-clang && run_tests ci-clang --timeout-multiplier 4 --suite fuzz
fi
if wanted long; then
	build ci-clang &&
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
	build ci &&
		run_tests ci --setup long --timeout-multiplier 0
fi

echo "logs: $logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
