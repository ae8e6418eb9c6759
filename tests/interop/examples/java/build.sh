#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches grpc-java from Maven Central, makes Java of the schema and compiles Match.java:
#
#     sh build.sh PROTO_DIR OUTPUT; java -cp 'OUTPUT/classes:OUTPUT/jars/*' Match ADDRESS
set -eu
here=$(cd "$(dirname "$0")" && pwd)
proto=$(cd "$1" && pwd)
mkdir -p "$2/classes"
output=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$output/jars"
(cd "$proto" && protoc -I . --java_out="$work" google/rpc/*.proto policycalc/v1/*.proto)
javac -nowarn -proc:none -d "$output/classes" -cp "$output/jars/*" -sourcepath "$work" "$here/Match.java"
