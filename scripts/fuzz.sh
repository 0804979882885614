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
cache=$(go env GOCACHE)/fuzz
trap 'rm -rf "$work"' EXIT

workers=()
[ "$jobs" -eq 1 ] || workers=(-test.parallel=1)
# The end of the time is an interrupt, not -fuzztime: its deadline reaches the
# coordinator before the context of its workers, and then it sometimes reports the
# deadline itself as a failure (internal/fuzz.CoordinateFuzzing).
fuzz() { # fuzz DIRECTORY TARGET
  local binary=$work/$2.test log=$work/$2 package
  package=$(go list "./$1")
  if ! go test -c -fuzz "^$2\$" -o "$binary" "./$1" >"$log" 2>&1 ||
    ! (cd "$1" && timeout --foreground --preserve-status --signal=INT --kill-after=60 "$duration" \
      "$binary" -test.run='^$' -test.fuzz="^$2\$" -test.timeout=0 \
      -test.fuzzcachedir="$cache/$package" "${workers[@]}") >>"$log" 2>&1; then
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
