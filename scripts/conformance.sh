#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the third-party test vectors in the directory that STAPLED_VECTORS names,
# and writes docs/conformance.md from what the tests counted.
#
#   scripts/conformance.sh            write the page
#   scripts/conformance.sh --check    fail if the page is out of date
set -euo pipefail
: "${STAPLED_VECTORS:?names the directory of the third-party vectors}"
STAPLED_VECTORS=$(cd "$STAPLED_VECTORS" && pwd)
export STAPLED_VECTORS
cd "$(dirname "$0")/.."
exec go run ./internal/vectors/conformance "$@"
