#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the third-party test vectors, which STAPLED_VECTORS names the directory
# of, and writes docs/conformance.md from what the tests have counted.
#
#   scripts/conformance.sh            write the page
#   scripts/conformance.sh --check    fail if the page is not what it would be
set -euo pipefail
: "${STAPLED_VECTORS:?names the directory of the third-party vectors}"
STAPLED_VECTORS=$(cd "$STAPLED_VECTORS" && pwd)
export STAPLED_VECTORS
cd "$(dirname "$0")/.."
exec go run ./internal/vectors/conformance "$@"
