#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Removes the checks of certs, ocspstaple and verifier one at a time, and fails
# unless a test row that is named after the check turns red each time.
#
#   scripts/mutate.sh            all of them, about ten minutes on two cores
#   scripts/mutate.sh NAME...    these
#   scripts/mutate.sh --list     which there are
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./internal/mutation "$@"
