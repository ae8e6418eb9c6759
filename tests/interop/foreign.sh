#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the clients of other implementations that tests/interop/ drives our servers with, and keeps them
# between runs in $POLICYCALC_FOREIGN, or ~/.cache/policycalc-foreign: those in Go from the Go module proxy, the one in
# C++ and one in Java with Debian's libraries, the examples in Go and Java with what the proxy and Maven Central have. What cannot be made leaves NAME.missing with the reason, and its tests are
# skipped with it.
#
# usage: sh tests/interop/foreign.sh [NAME]...
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=${POLICYCALC_FOREIGN:-$HOME/.cache/policycalc-foreign}
grpc_go=v1.85.0
mkdir -p "$folder" || exit 1
log=$folder/log
proxy=there

# fresh NAME STAMP: whether NAME is there, and made from what STAMP tells of.
fresh() {
	[ -x "$folder/$1" ] && [ "$(cat "$folder/$1.made" 2>/dev/null)" = "$2" ]
}
made() {
	echo "$2" >"$folder/$1.made"
	rm -f "$folder/$1.missing"
}
missing() {
	rm -rf "${folder:?}/$1" "$folder/$1.made"
	echo "no $1: $2" | tee "$folder/$1.missing"
}

# go_program NAME MODULE PACKAGE VERSION
go_program() {
	! fresh "$1" "$2@$4" || return 0
	command -v go >/dev/null 2>&1 || { missing "$1" "there is no Go"; return 0; }
	[ $proxy = there ] || { missing "$1" "the Go module proxy was not reached"; return 0; }
	echo "building $1 $4"
	work=$(mktemp -d)
	if ! (cd "$work" && go mod init foreign && timeout 60 go get "$3@$4") >"$log" 2>&1; then
		proxy=gone
		missing "$1" "$(tail -n 1 "$log" | cut -c 1-150)"
	elif (cd "$work" && timeout 400 go build -o "$folder/$1" "$3") >"$log" 2>&1; then
		made "$1" "$2@$4"
	else
		missing "$1" "$(tail -n 1 "$log" | cut -c 1-150)"
	fi
	rm -rf "$work"
}

cpp_program() {
	stamp=$(cat "$here/interop_client.cc" "$here/grpc_testing.proto" | cksum)
	! fresh interop-cpp "$stamp" || return 0
	if ! pkg-config --exists grpc++ protobuf || ! command -v grpc_cpp_plugin >/dev/null; then
		missing interop-cpp "install libgrpc++-dev and protobuf-compiler-grpc"
		return 0
	fi
	echo "building interop-cpp"
	work=$(mktemp -d)
	if (cd "$work" && protoc -I"$here" --cpp_out=. --grpc_out=. \
		--plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" grpc_testing.proto &&
		c++ -std=c++17 -I. "$here/interop_client.cc" grpc_testing.pb.cc grpc_testing.grpc.pb.cc \
			-o "$folder/interop-cpp" $(pkg-config --cflags --libs grpc++ protobuf)) >"$log" 2>&1; then
		made interop-cpp "$stamp"
	else
		missing interop-cpp "$(grep -m 1 -i error "$log" | cut -c 1-150)"
	fi
	rm -rf "$work"
}

# With Debian's grpc-java. The jars that it needs are beside the classes, in a file for java's command line.
java_program() {
	stamp=$(cat "$here/InteropClient.java" "$here/grpc_testing.proto" | cksum)
	! fresh interop-java "$stamp" || return 0
	jars=
	for jar in grpc-api grpc-context grpc-core grpc-netty grpc-protobuf grpc-protobuf-lite grpc-stub guava protobuf \
		opencensus-api perfmark-api netty-buffer netty-codec netty-codec-http netty-codec-http2 \
		netty-codec-socks netty-common netty-handler netty-handler-proxy netty-resolver netty-transport \
		netty-transport-native-unix-common; do
		jars=$jars:/usr/share/java/$jar.jar
		[ -f "/usr/share/java/$jar.jar" ] || {
			missing interop-java "install libgrpc-java libnetty-java libprotobuf-java libperfmark-java libguava-java"
			return 0
		}
	done
	command -v javac >/dev/null 2>&1 || { missing interop-java "there is no javac"; return 0; }
	echo "building interop-java"
	rm -rf "${folder:?}/interop-java"
	mkdir -p "$folder/interop-java"
	work=$(mktemp -d)
	if protoc -I"$here" --java_out="$work" grpc_testing.proto >"$log" 2>&1 &&
		javac -nowarn -proc:none -d "$folder/interop-java" -cp "$jars" -sourcepath "$work" \
			"$here/InteropClient.java" >>"$log" 2>&1; then
		echo "-cp $folder/interop-java$jars" >"$folder/interop-java/arguments"
		made interop-java "$stamp"
	else
		missing interop-java "$(grep -m 1 -i error "$log" | cut -c 1-150)"
	fi
	rm -rf "$work"
}

# example NAME COMMAND: what examples/NAME/build.sh makes of the schema.
example() {
	stamp=$(cat "$here/examples/$1"/* "$here"/../../proto/policycalc/v1/*.proto "$here"/../../proto/google/rpc/*.proto | cksum)
	! fresh "example-$1" "$stamp" || return 0
	command -v "$2" >/dev/null 2>&1 || { missing "example-$1" "there is no $2"; return 0; }
	echo "building example-$1"
	rm -rf "${folder:?}/example-$1"
	if timeout 400 sh "$here/examples/$1/build.sh" "$here/../../proto" "$folder/example-$1" >"$log" 2>&1; then
		made "example-$1" "$stamp"
	else
		missing "example-$1" "$(tail -n 1 "$log" | cut -c 1-150)"
	fi
}

for name in ${*:-interop-cpp interop-java h2spec interop-go grpcurl connectconformance example-go example-java}; do
	case $name in
	interop-cpp) cpp_program ;;
	interop-java) java_program ;;
	h2spec) go_program h2spec github.com/summerwind/h2spec \
		github.com/summerwind/h2spec/cmd/h2spec v2.2.1+incompatible ;;
	interop-go) go_program interop-go google.golang.org/grpc \
		google.golang.org/grpc/interop/client $grpc_go ;;
	grpcurl) go_program grpcurl github.com/fullstorydev/grpcurl \
		github.com/fullstorydev/grpcurl/cmd/grpcurl v1.9.4 ;;
	connectconformance) go_program connectconformance connectrpc.com/conformance \
		connectrpc.com/conformance/cmd/connectconformance v1.0.7 ;;
	example-go) example go go ;;
	example-java) example java mvn ;;
	*) echo "foreign.sh: nothing is known of '$name'" >&2; exit 2 ;;
	esac
done
