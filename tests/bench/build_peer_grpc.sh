#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build_peer_grpc.sh FOLDER: builds FOLDER/peer_grpc, the gRPC C++ server that measurements are compared
# with, unless it is there and younger than its sources. It takes packages that the product does not
# (libgrpc++-dev, protobuf-compiler-grpc): without them it says so and exits with 77.
set -eu
folder=$1
cd "$(dirname "$0")/../.."

plugin=$(command -v grpc_cpp_plugin) && pkg-config --exists grpc++ 2>/dev/null || {
	echo "gRPC C++ is not there (packages libgrpc++-dev, protobuf-compiler-grpc): measured without it" >&2
	exit 77
}
protos="google/rpc/status.proto policycalc/v1/calculator_service.proto"
for proto in proto/policycalc/v1/*.proto; do
	case $proto in
	*_service.proto) ;;
	*) protos="$protos ${proto#proto/}" ;;
	esac
done
mkdir -p "$folder/peer_grpc.src"
if [ -x "$folder/peer_grpc" ] && [ -z "$(find proto tests/bench/peer_grpc.cc -newer "$folder/peer_grpc" -type f)" ]; then
	exit 0
fi
protoc -Iproto --cpp_out="$folder/peer_grpc.src" $protos
protoc -Iproto --grpc_out="$folder/peer_grpc.src" --plugin=protoc-gen-grpc="$plugin" \
	policycalc/v1/calculator_service.proto
g++ -O2 -DNDEBUG -w -I"$folder/peer_grpc.src" -o "$folder/peer_grpc" tests/bench/peer_grpc.cc \
	$(find "$folder/peer_grpc.src" -name '*.cc') $(pkg-config --cflags --libs grpc++ protobuf)
