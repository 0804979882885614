#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `stapled verify` on the test vectors of testdata/vectors and compares
# exit status, reason, issuer, identity and the end of freshness with what they
# say. Lists how many the command line cannot express: those in which one
# verifier sees several tokens. `go test ./internal/vectorgen` runs all.
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

# 2. All cases, each with what keeps the command line from expressing it.
files=()
for file in testdata/vectors/*.json; do
  case $file in */anchors.json | */keys.json) ;; *) files+=("$file") ;; esac
done
jq -n '
  def unspoken:
    if .steps then "sequences on one verifier"
    elif .token == "" then "no token at all, which the command takes for a mistake"
    else null end;
  [inputs.cases[] | . + {unspoken: unspoken}]' "${files[@]}" >"$work/cases"

# 3. One run for each of the others, shared out among the processors. A line
# break follows the token, as it does in a file; it is not part of it.
jq -r '.[] | select(.unspoken == null)
  | [.name, (.anchors | join(" ")), .policy.audience, .now, .policy.staples, (.token | @base64),
     ((.policy.issuers // [] | map("--issuer", .)) + (.policy.algorithms // [] | map("--algorithm", .))
      + ["--type", .policy.type, "--key-usage", .policy.key_usage, "--leeway", "\(.policy.leeway_seconds)s",
         "--max-staple-age", "\(.policy.max_staple_age_seconds)s", "--max-lifetime", "\(.policy.max_lifetime_seconds)s"]
      | join(" "))] | @tsv' "$work/cases" >"$work/runs"
mkdir "$work/trusted"
cut -f2 "$work/runs" | sort -u | while read -r -a names; do
  (cd "$work/anchors" && cat "${names[@]}") >"$work/trusted/${names[*]}"
done
jobs=$(nproc)
share() { # share K: every jobs-th run
  local i=0 name anchors audience now staples token flags anchor status output
  while IFS=$'\t' read -r name anchors audience now staples token flags; do
    i=$((i + 1))
    [ $((i % jobs)) -eq "$1" ] || continue
    anchor=$work/trusted/$anchors
    { base64 -d <<<"$token" && echo; } >"$work/token.$1"
    status=0
    # shellcheck disable=SC2086 # flags are words
    output=$("$stapled" verify --json --anchor "$anchor" --audience "$audience" --at "$now" \
      --staples "$staples" $flags - <"$work/token.$1" 2>"$work/errors.$1") || status=$?
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
      if .result == "accepted" then
        $run.status == 0 and $run.output.valid and $run.output.issuer == .issuer
        and $run.output.identity == .identity and $run.output.fresh_until == .fresh_until
      else
        $run.status == 1 and $run.output.valid == false and $run.output.reason == .reason
      end;
    ($cases | map(select(.unspoken))) as $unspoken
  | ($cases | map(select(.unspoken == null))) as $spoken
  | ($spoken | map(. as $case | select(agrees($runs[$case.name]) | not))) as $others
  | ($unspoken | group_by(.unspoken)[] | "not expressible by the command line: \(length) with \(.[0].unspoken)"),
    ($others[] | "DISAGREES  \(.name): want \(.result) \(.reason // ""), got \($runs[.name] | tojson)"),
    "\($cases | length) cases, \($unspoken | length) not expressible by the command line",
    "\($spoken | length) vectors, \($spoken | length - ($others | length)) agree"' >"$work/report"
cat "$work/report"
[ -s "$work/runs" ]
if grep -q '^DISAGREES' "$work/report"; then exit 1; fi
