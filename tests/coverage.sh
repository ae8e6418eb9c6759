#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds with gcc's counters, runs the tests and prints which share of the lines and branches of service/
# they went through, room by room, with the limits that are to be reached. See --help.
set -eu
cd "$(dirname "$0")/.."

usage() {
	cat <<'TEXT'
usage: sh tests/coverage.sh [--no-install] [--html] [TEST...]

Builds build-coverage (gcc -O0 with counters), runs the tests (all of them, or the ones named) and prints the
lines and branches of service/ that they went through, room by room, and the total. Generated code does not
count. What a service that was killed had counted is lost, so the true figures are a little higher.

  --no-install   do not install packages
  --html         also write build-coverage/coverage.html, file by file

Exit status: 0 when at least 90% of the lines and 80% of the branches were gone through and every test passed.
TEXT
}
install=yes html=no
while [ $# -gt 0 ]; do
	case $1 in
	--no-install) install=no ;;
	--html) html=yes ;;
	-h|--help) usage; exit 0 ;;
	-*) echo "tests/coverage.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
if ! command -v gcovr >/dev/null 2>&1; then
	[ $install = yes ] || { echo "tests/coverage.sh: gcovr is missing (package gcovr)" >&2; exit 2; }
	root=
	[ "$(id -u)" = 0 ] || root=sudo
	$root apt-get update -qq
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcovr >/dev/null
fi

# Optimisation folds branches into others and hides them; threads must not lose each other's counts.
if [ ! -f build-coverage/build.ninja ]; then
	said=$(CC=gcc CFLAGS="-fprofile-update=atomic" meson setup build-coverage --buildtype=debug \
		-Db_coverage=true -Doptimization=0 2>&1) || { echo "$said" >&2; exit 1; }
fi
# Ninja tells what failed on stdout, with all that went well.
ninja -C build-coverage all >build-coverage/ninja.log 2>&1 || {
	sed -n '/^FAILED:/,/^\[[0-9]*\/[0-9]*\]/p' build-coverage/ninja.log >&2
	tail -n 1 build-coverage/ninja.log >&2
	exit 1
}
find build-coverage -name '*.gcda' -delete
result=0
# Unoptimised code with counters is several times slower.
meson test -C build-coverage --no-rebuild --num-processes $(($(nproc) * 2)) --timeout-multiplier 6 "$@" \
	>build-coverage/tests.log 2>&1 || result=1
sed -n '/^Ok:/,/^Timeout:/p' build-coverage/tests.log
[ $result = 0 ] || sed -n '/^Summary of Failures/,/^Ok:/p' build-coverage/tests.log | grep -E 'FAIL|TIMEOUT' || true

if [ $html = yes ]; then set -- --html-details coverage.html; else set --; fi
cd build-coverage # where gcovr leaves what it writes meanwhile
gcovr --root .. --filter "../service/" --exclude-unreachable-branches --exclude-throw-branches \
	--json-summary coverage.json "$@" . >/dev/null
python3 - coverage.json <<'PYTHON' || result=1
import collections, json, sys
rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in json.load(open(sys.argv[1], encoding="utf-8"))["files"]:
    parts = file["filename"].split("/")
    room = "/".join(parts[:2]) if len(parts) > 2 else "service"
    for name in (room, "whole"):
        for i, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
            rooms[name][i] += file[key]
print(f"{'':24} {'lines':>16} {'branches':>22}")
for name, (line, lines, branch, branches) in sorted(rooms.items(), key=lambda r: (r[0] == "whole", r[0])):
    print(f"{name:24} {100 * line / max(1, lines):6.1f} % of {lines:6} {100 * branch / max(1, branches):6.1f} % of {branches:6}")
line, lines, branch, branches = rooms["whole"]
met = line * 10 >= lines * 9 and branch * 10 >= branches * 8
print("lines at least 90 %, branches at least 80 %: " + ("reached" if met else "NOT reached"))
sys.exit(0 if met else 1)
PYTHON
exit $result
