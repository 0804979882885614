#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that a stapler keeps a staple fresh with the responders of other CAs, and
# that what they revoke ends the issuer: `openssl ca` with `openssl ocsp -port`,
# CFSSL, and the PKI engine of HashiCorp Vault as a library. One line for each
# fact, and the last line counts.
#
#   scripts/interop-cas.sh
#
# Needs go, a C compiler (for CFSSL's SQLite) and openssl, and the network for
# the modules. They take about two minutes to build the first time, and the tests
# half a minute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../interop"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed=0 failed=0
for module in . cfssl vault; do
  status=0
  go -C "$module" test -count=1 -timeout 5m -v ./... >"$work/log" 2>&1 || status=$?
  # A test with subtests is counted by these.
  while read -r result name; do
    case $result in
      PASS) printf 'ok %s\n' "$name" && passed=$((passed + 1)) ;;
      *) printf 'not ok %s\n' "$name" && failed=$((failed + 1)) ;;
    esac
  done < <(sed -nE 's/^ +--- (PASS|FAIL|SKIP): Test([^ ]*).*/\1 \2/p' "$work/log" | tr '_' ' ')
  if [ "$status" -ne 0 ]; then
    grep -vE '^(=== | *--- PASS)' "$work/log" | sed 's/^/  /'
    [ "$failed" -gt 0 ] || failed=1
  fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq 19 ]
