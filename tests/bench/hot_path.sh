#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Where the instructions of `Match` go: counts them (valgrind's callgrind, so the same on every machine and
# however busy it is) over some calls on ten connections with ten streams each, and prints how many one
# call took, in which rooms and in which functions. The kernel's are not among them.
set -eu
cd "$(dirname "$0")/../.."

usage() {
	cat <<'TEXT'
usage: sh tests/bench/hot_path.sh [--calls N] [--policies N] [--top N] [--keep FILE] [workload|starter]

  workload       the workload as a catalog, 20 answers that fit (default)
  starter        the starter catalog, all of it in the answer
  --calls N      calls that are counted (2000)
  --policies N   policies of the workload (1000)
  --top N        functions that are listed (40)
  --keep FILE    keep callgrind's file, for callgrind_annotate or KCachegrind
TEXT
}
calls=2000 policies=1000 top=40 keep= what=workload
while [ $# -gt 0 ]; do
	case $1 in
	--calls) shift; calls=$1 ;;
	--policies) shift; policies=$1 ;;
	--top) shift; top=$1 ;;
	--keep) shift; keep=$1 ;;
	-h|--help) usage; exit 0 ;;
	workload|starter) what=$1 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
for program in valgrind h2load; do
	command -v $program >/dev/null || {
		echo "hot_path.sh: $program is not there: nothing measured" >&2
		exit 77
	}
done

build=build-hot-path
[ -f $build/build.ninja ] || meson setup $build --buildtype=release -Ddebug=true >/dev/null
ninja -C $build service/policycalcd tests/bench/hot_path_request tests/bench/policycalc-workload >/dev/null
folder=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

starter=service/catalog
if [ $what = starter ]; then
	$build/tests/bench/hot_path_request starter "$folder/request"
else
	starter=$folder/catalog
	$build/tests/bench/policycalc-workload catalog "$policies" "$starter" 42
	$build/tests/bench/hot_path_request workload "$folder/request" "$policies" 42
fi
# The catalog is published by a program at full speed; valgrind only sees it loaded. Under it calls are slow, of which each
# would have its line in the log: 9,000 instructions more.
serve() {
	rm -f "$folder/log"
	"$@" $build/service/policycalcd --data "$folder/data" --starter "$starter" \
		--listen "unix:$folder/socket" --threads 1 --slow-call-ms 3600000 2>"$folder/log" &
	server=$!
	tries=0
	until grep -qs '"listening"' "$folder/log"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] && kill -0 $server || { cat "$folder/log" >&2; exit 1; }
		sleep 0.1
	done
}
serve
kill $server
wait $server || true
serve valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$folder/callgrind" -q
ask() {
	h2load -c10 -m10 -n"$1" -d "$folder/request" -H 'content-type: application/grpc' \
		-H 'te: trailers' --base-uri="unix:$folder/socket" \
		http://localhost/policycalc.v1.CalculatorService/Match >"$folder/h2load"
	grep -q "$1 succeeded" "$folder/h2load" || { cat "$folder/h2load" >&2; exit 1; }
}
# What the first calls make is there for all others.
ask 400
callgrind_control -i on $server >/dev/null 2>&1
ask "$calls"
callgrind_control -i off $server >/dev/null 2>&1
kill $server
wait $server || true
server=
total=$(sed -n 's/^summary: *//p; s/^totals: *//p' "$folder/callgrind" | sort -n | tail -n 1)
echo "$what: $((total / calls)) instructions a call ($calls calls, c=10 m=10)"
callgrind_annotate --auto=no --threshold=100 "$folder/callgrind" >"$folder/functions"
# A function that is inlined counts for the room where it is written.
awk -v total="$total" -v calls="$calls" '
	/^ *[0-9,]+ \(/ && !/PROGRAM TOTALS/ {
		count = $1; gsub(",", "", count)
		room = "others"
		if (match($0, /lib(nghttp2|uv|protobuf-c|c)\.so/)) room = substr($0, RSTART, RLENGTH - 3)
		else if (match($0, /(service\/[a-z]+|proto\/codec|proto\/policycalc)\//))
			room = substr($0, RSTART, RLENGTH - 1)
		of[room] += count
	}
	END { for (room in of) printf "%10d %5.1f%%  %s\n", of[room] / calls, 100 * of[room] / total, room }
' "$folder/functions" | sort -rn
echo
awk -v top="$top" -v total="$total" -v calls="$calls" '
		/^ *[0-9,]+ \(/ && !/PROGRAM TOTALS/ {
			count = $1; gsub(",", "", count)
			what = $0; sub(/^ *[0-9,]+ \([^)]*\) */, "", what)
			sub(/ \[[^]]*\]$/, "", what); sub(/^[^:]*\//, "", what)
			if (listed++ < top) printf "%10d %5.1f%%  %s\n", count / calls, 100 * count / total, what
		}' "$folder/functions"
[ -z "$keep" ] || cp "$folder/callgrind" "$keep"
