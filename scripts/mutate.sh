#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Removes the checks of certs, ocspstaple, verifier and what these share, one at a
# time. Each time a case of the catalogue that is about the rule must turn red, or
# the row that the table names. Otherwise the script fails. It also fails if no
# case of some kind of forgery ever turns red.
#
#   scripts/mutate.sh            all of them, about ten minutes on two cores
#   scripts/mutate.sh NAME...    these
#   scripts/mutate.sh --list     print their names
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./internal/mutation "$@"
