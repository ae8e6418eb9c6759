#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes Go of the schema and builds match.go: sh build.sh PROTO_DIR OUTPUT. Needs Go, its module proxy and protoc.
# google/rpc is the stock package: what is on the wire is the same.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
proto=$(cd "$1" && pwd)
case $2 in /*) output=$2 ;; *) output=$(pwd)/$2 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOBIN=$work/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$work/bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
cd "$work"
go mod init example
options="google/rpc/status.proto=google.golang.org/genproto/googleapis/rpc/status
	google/rpc/error_details.proto=google.golang.org/genproto/googleapis/rpc/errdetails"
names=
for file in "$proto"/policycalc/v1/*.proto; do
	name=policycalc/v1/$(basename "$file")
	names="$names $name"
	options="$options $name=example/policycalc/v1"
done
flags=
for option in $options; do flags="$flags --go_opt=M$option --go-grpc_opt=M$option"; done
PATH=$work/bin:$PATH protoc -I "$proto" --go_out=. --go_opt=module=example \
	--go-grpc_out=. --go-grpc_opt=module=example $flags $names
cp "$here/match.go" .
go get google.golang.org/grpc@v1.85.0
go mod tidy
go build -o "$output" .
