#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `stapled verify` on every test vector of testdata/vectors that is one
# token, and compares exit status, reason, issuer, identity and the end of
# freshness with the vector. It leaves out two kinds, prints how many there are, and
# `go test ./internal/vectorgen` runs them: sequences, which are for one verifier
# that remembers, while a command remembers nothing; and tokens wrapped as by a
# shell or a file, because the command removes the wrapping and a verifier does not.
#
#   scripts/vectors.sh
#
# Needs bash, go, jq and base64. STAPLED names the stapled command to test
# (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stapled=${STAPLED:-$work/stapled}
[ -n "${STAPLED:-}" ] || go build -o "$stapled" ./cmd/stapled

# 1. Every anchor as PEM.
mkdir "$work/anchors"
jq -r '.anchors[] | [.name, .certificate] | @tsv' testdata/vectors/anchors.json |
  while IFS=$'\t' read -r name certificate; do
    printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(fold -w 64 <<<"$certificate")" \
      >"$work/anchors/$name"
  done

# 2. All cases. A verifier rejects an empty token as malformed; the command takes
# it for a mistake, such as an empty variable: exit status 2.
files=()
for file in testdata/vectors/*.json; do
  case $file in */anchors.json | */keys.json) ;; *) files+=("$file") ;; esac
done
jq -n '[inputs.cases[]
  | .kind = if .steps then "sequence" elif (.token // "" | test("^(\\s|Bearer )|\\s$")) then "wrapped" else "single" end]' \
  "${files[@]}" >"$work/cases"

# 3. One run for each case that is one token, divided among the processors. Every
# member of the policy becomes a flag, even if it is the default. An unknown member
# of a policy is an error. A line break follows the token, as in a file; it is not
# part of the token. Names and flag values have no spaces.
jq -r --arg anchors "$work/anchors/" '.[] | select(.kind == "single")
  | .name as $name
  | [$name, .now, (.peer // "-"), ([
      ((.scopes // {}) as $scopes | .anchors[]
        | "--anchor", $anchors + . + ($scopes[.] // [] | map(",scope=" + .) | add // "")),
      (.policy | to_entries[]
        | if .key == "audience" then "--audience", .value
          elif .key == "issuers" then (.value[] | "--issuer", .)
          elif .key == "algorithms" then (.value[] | "--algorithm", .)
          elif .key == "type" then "--type", .value
          elif .key == "key_usage" then "--key-usage", .value
          elif .key == "staples" then "--staples", .value
          elif .key == "max_staple_age_seconds" then "--max-staple-age", "\(.value)s"
          elif .key == "max_lifetime_seconds" then "--max-lifetime", "\(.value)s"
          elif .key == "leeway_seconds" then "--leeway", "\(.value)s"
          else error("\($name): no flag for policy.\(.key)") end)
    ] | map(if test("\\s") then error("\($name): a space in \(.)") else . end) | join(" ")), (.token | @base64)] | @tsv' \
  "$work/cases" >"$work/runs"
jobs=$(nproc)
share() { # share K: every jobs-th run, with offset K
  local i=0 name now peer flags token status output
  while IFS=$'\t' read -r name now peer flags token; do
    i=$((i + 1))
    [ $((i % jobs)) -eq "$1" ] || continue
    { base64 -d <<<"$token" && echo; } >"$work/token.$1"
    if [ "$peer" != - ]; then
      printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(fold -w 64 <<<"$peer")" >"$work/peer.$1"
      flags+=" --peer $work/peer.$1"
    fi
    status=0
    # shellcheck disable=SC2086 # flags are words
    output=$("$stapled" verify --json --at "$now" $flags - <"$work/token.$1" 2>"$work/errors.$1") || status=$?
    [ "${output:0:1}" = '{' ] || output=$(jq -Rs '{broken: .}' <"$work/errors.$1")
    printf '{"name":"%s","status":%d,"output":%s}\n' "$name" "$status" "$output"
  done <"$work/runs" >"$work/results.$1"
}
pids=()
for ((k = 0; k < jobs; k++)); do
  share "$k" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done

# 4. The comparison.
cat "$work"/results.* | jq -rs --slurpfile list "$work/cases" '
  (map({key: .name, value: .}) | from_entries) as $runs
  | $list[0] as $cases
  | def agrees($run):
      if .token == "" then
        $run.status == 2 and ($run.output.broken | startswith("stapled: the input is empty: "))
      elif .result == "accepted" then
        $run.status == 0 and $run.output.valid and $run.output.issuer == .issuer
        and $run.output.identity == .identity and $run.output.fresh_until == .fresh_until
      else
        $run.status == 1 and $run.output.valid == false and $run.output.reason == .reason
      end;
    ($cases | map(select(.kind == "sequence"))) as $sequences
  | ($cases | map(select(.kind == "wrapped"))) as $wrapped
  | ($cases | map(select(.kind == "single"))) as $single
  | ($single | map(. as $case | select(agrees($runs[$case.name]) | not))) as $others
  | ($others[] | "DISAGREES  \(.name): want \(.result) \(.reason // ""), got \($runs[.name] | tojson)"),
    "\($cases | length) cases, \($sequences | length) of them not run: sequences, for one verifier that remembers what it has seen",
    "\($wrapped | length) of them not run: the command takes off what is around the token",
    "\($single | length) cases of one token, \($single | length - ($others | length)) agree"' >"$work/report"
cat "$work/report"
[ -s "$work/runs" ]
if grep -q '^DISAGREES' "$work/report"; then exit 1; fi
