#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that no certification path is accepted that `openssl verify` refuses,
# except in the last second of a certificate: on random paths with name
# constraints, path lengths, key usages, policies, key identifiers, unknown
# extensions and ends of validity.
#
#   scripts/interop-openssl-verify.sh                         2000 paths, always the same
#   scripts/interop-openssl-verify.sh --seed N --chains N     others
#
# Needs bash, go and openssl. Paths on which the two disagree are written to files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec go run ./internal/pathdiff "$@"
