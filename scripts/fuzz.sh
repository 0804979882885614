#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target for a while. What a target finds goes to the testdata
# directory of its package, where `go test` tries it every time.
#
#   scripts/fuzz.sh 20s
#
# STAPLED_VECTORS names a directory with third-party vectors to start from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

duration=${1:?usage: scripts/fuzz.sh DURATION, for example 20s}
count=0
while IFS=: read -r file target; do
  printf '== %s %s\n' "$(dirname "$file")" "$target"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" "./$(dirname "$file")"
  count=$((count + 1))
done < <(git ls-files '*_test.go' | xargs grep -o '^func Fuzz[A-Za-z0-9]*' | sed 's/func //')
[ "$count" -gt 0 ] || { echo 'no fuzz target found'; exit 1; }
printf '%d fuzz targets, %s each, nothing found\n' "$count" "$duration"
