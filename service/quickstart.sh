#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From a clean clone to an answer: installs packages, builds, starts the service with the starter
# catalog, and matches a made-up firm. See --help.
set -eu
cd "$(dirname "$0")/.."

usage() {
	cat <<'TEXT'
用法 usage: sh service/quickstart.sh [--once] [--listen HOST:PORT]

安装所需软件包（apt，非 root 时用 sudo），编译，用自带的政策目录启动服务，
并用一家虚构的灵宝市制造业企业演示政策匹配。再次运行很快，且不改变任何内容。
Installs the packages it needs (apt, with sudo when not root), makes a release build in build/,
starts the service with the starter catalog and matches a made-up firm. Running it again is quick
and changes nothing.

  --once               答复后即停止服务 stop after the answer
  --listen HOST:PORT   服务地址（默认 127.0.0.1 上从 50551 起第一个空闲端口）
                       default: the first free port of 127.0.0.1 from 50551
TEXT
}
say() { printf '%s\n' "quickstart: $*"; }
fail() { printf '%s\n' "quickstart: $*" >&2; exit 1; }

once=no listen=
while [ $# -gt 0 ]; do
	case $1 in
	--once) once=yes ;;
	--listen) [ $# -gt 1 ] || { usage >&2; exit 2; }; shift; listen=$1 ;;
	--listen=*) listen=${1#--listen=} ;;
	-h|--help) usage; exit 0 ;;
	*) usage >&2; echo "quickstart: 没有选项 no option '$1'" >&2; exit 2 ;;
	esac
	shift
done

# --- packages ---------------------------------------------------------------------------------
packages="gcc libc6-dev meson ninja-build pkg-config
	libuv1-dev libnghttp2-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler
	libsqlite3-dev libssl-dev libyaml-dev libjansson-dev libutf8proc-dev zlib1g-dev
	libcurl4-openssl-dev"
missing=
command -v dpkg-query >/dev/null 2>&1 || fail "需要 Debian 12（未找到 dpkg）needs Debian 12 (no dpkg)"
for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
		missing="$missing $package"
done
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		fail "需要 root 或 sudo 来安装 needs root or sudo to install:$missing"
	fi
}
if [ -n "$missing" ]; then
	say "安装软件包 installing:$missing"
	as_root apt-get update -qq || fail "apt-get update 失败 failed"
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		$missing >/dev/null || fail "apt-get install 失败 failed"
fi

# --- build ------------------------------------------------------------------------------------
state=build/quickstart
if [ ! -f build/build.ninja ]; then
	say "配置 configuring build/"
	log=$(mktemp)
	meson setup build --buildtype=release -Dtests=false >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		fail "配置失败 configuring failed"
	}
	rm -f "$log"
fi
mkdir -p "$state"
say "编译 building"
ninja -C build service/policycalcd client/policycalc >"$state/build.log" 2>&1 || {
	grep -E -A 8 'error|FAILED' "$state/build.log" >&2 || tail -n 30 "$state/build.log" >&2
	fail "编译失败 the build failed: $state/build.log"
}
daemon=build/service/policycalcd
client=build/client/policycalc

# --- service ----------------------------------------------------------------------------------
pid=
stop() {
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	pid=
}
trap 'stop' EXIT
trap 'printf "\n"; say "服务已停止 stopped"; exit 130' INT
trap 'exit 143' TERM HUP

# Starts the service at $1 and waits until it answers. 0: it does; 1: it ended.
start() {
	"$daemon" --data "$state/data" --listen "$1" >"$state/service.log" 2>&1 &
	pid=$!
	tries=0
	while [ "$tries" -lt 300 ]; do
		kill -0 "$pid" 2>/dev/null || { wait "$pid" 2>/dev/null || true; pid=; return 1; }
		# Another process may hold the port and answer: the log must say nothing of that, and
		# ours must still run afterwards.
		if "$client" --server "$1" --timeout 2 catalog log >/dev/null 2>&1; then
			sleep 0.2
			kill -0 "$pid" 2>/dev/null && return 0
		fi
		tries=$((tries + 1))
		sleep 0.1
	done
	tail -n 20 "$state/service.log" >&2
	fail "服务 30 秒内没有应答 the service did not answer within 30 seconds"
}
if [ -n "$listen" ]; then
	start "$listen" || { tail -n 20 "$state/service.log" >&2; fail "服务未能启动 the service did not start"; }
else
	port=50551
	listen=127.0.0.1:$port
	until start "$listen"; do
		if grep -q 'in use by process' "$state/service.log"; then
			tail -n 1 "$state/service.log" >&2
			fail "服务已在运行，请先停止它，或直接提问 the service already runs: stop it, or ask it"
		fi
		grep -q -i 'in use' "$state/service.log" && [ "$port" -lt 50570 ] || {
			tail -n 20 "$state/service.log" >&2
			fail "服务未能启动 the service did not start"
		}
		port=$((port + 1))
		listen=127.0.0.1:$port
	done
fi
say "服务地址 serving at $listen（数据 data: $state/data）"

# --- the question -----------------------------------------------------------------------------
firm=service/quickstart-firm.yaml
printf '\n%s\n%s\n\n' "虚构企业 a made-up firm：灵宝市一家专用设备制造企业，数字都是编的" "  $firm"
"$client" --server "$listen" match -f "$firm" --explain || fail "匹配失败 the match failed"
option=
[ "$listen" = 127.0.0.1:50551 ] || option=" --server $listen"
running=
[ "$once" = no ] || running="
  sh service/quickstart.sh    # 先启动服务 start the service first"
cat <<TEXT

再问一次 ask again:$running
  $client$option match -f $firm --explain --all        # 全部政策，逐项条件 every policy and condition
  $client$option match -f $firm --explain rd_budget_filed=是
  $client$option match region=灵宝市 staff=45 revenue=3800万元
  $client$option ask region=灵宝市        # 问答 the questionnaire
  $client$option match -f $firm --format html > report.html
  $client$option combine -f $firm
  $client$option guide henan-srdi-loan-2022
  $client$option policy smx-transformation-2022
  $client$option policies --search 贷
  $client$option --help
TEXT
if [ "$once" = yes ]; then
	exit 0
fi
printf '\n'
say "服务正在运行，按 Ctrl-C 停止 the service is running; Ctrl-C stops it"
wait "$pid" || fail "服务意外结束 the service ended: $state/service.log"
