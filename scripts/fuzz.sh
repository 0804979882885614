#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target for a while, and prints how many inputs each has tried. What
# a target finds goes to the testdata directory of its package, where `go test` tries
# it every time.
#
#   scripts/fuzz.sh 20s         one after the other, on all processors
#   scripts/fuzz.sh 10m 4       four at a time, each on one
#
# STAPLED_VECTORS names a directory with third-party vectors to start from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

duration=${1:?usage: scripts/fuzz.sh DURATION [JOBS], for example 20s}
jobs=${2:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

workers=()
[ "$jobs" -eq 1 ] || workers=(-parallel 1)
fuzz() { # fuzz DIRECTORY TARGET
  local log=$work/$2
  if ! go test -run '^$' -fuzz "^$2\$" -fuzztime "$duration" "${workers[@]}" "./$1" >"$log" 2>&1; then
    cat "$log"
    printf 'FAILED   %s %s\n' "$1" "$2"
    return 1
  fi
  printf '%12s executions  %s %s\n' "$(sed -n 's/.*execs: \([0-9]*\) .*/\1/p' "$log" | tail -1)" "$1" "$2"
}

git ls-files '*_test.go' | xargs grep -o '^func Fuzz[A-Za-z0-9]*' | sed 's/func //' >"$work/targets"
[ -s "$work/targets" ] || { echo 'no fuzz target found'; exit 1; }
failed=0 running=0
while IFS=: read -r file target; do
  if [ "$running" -ge "$jobs" ]; then
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
  fi
  fuzz "$(dirname "$file")" "$target" &
  running=$((running + 1))
done <"$work/targets"
while [ "$running" -gt 0 ]; do
  wait -n || failed=$((failed + 1))
  running=$((running - 1))
done
printf '%d fuzz targets, %s each, %d of them found something\n' "$(wc -l <"$work/targets")" "$duration" "$failed"
[ "$failed" -eq 0 ]
