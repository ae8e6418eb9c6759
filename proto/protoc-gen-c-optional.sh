#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# protoc-gen-c understands proto3 `optional` (as a oneof of one member) but does not say so.
# This wrapper appends CodeGeneratorResponse.supported_features = FEATURE_PROTO3_OPTIONAL.
protoc-gen-c && printf '\020\001'
