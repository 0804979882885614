#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Measures what verifying and signing cost, beside the raw primitives and other
# libraries, what the responder and the gateway cost, and writes
# docs/performance.md. Takes about twelve minutes, and needs an otherwise idle
# machine.
#
#   scripts/bench.sh           prints tables
#   scripts/bench.sh --json    ends with one JSON object of ratios
#
# Needs go and openssl, and Linux for the responders; installs nginx and wrk with
# apt if they are missing. Progress is on standard error. BEFORE names the stapled command of an earlier commit, whose responder is
# then measured too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../benchmarks"

benchstat=golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

format=()
case "$*" in
  '') ;;
  --json) format=(-json) ;;
  *)
    echo 'usage: scripts/bench.sh [--json]' >&2
    exit 2
    ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/compare" ./cmd/compare
go test -c -o "$work/benchmarks.test" .

# Each path by itself. "hot" is so short that it needs more repetitions.
echo 'Go benchmarks' >&2
bench() { # bench PATTERN TIMES
  "$work/benchmarks.test" -test.run '^$' -test.bench "$1" -test.benchtime "$2" -test.count 6
}
bench '/^hot$' 50000x >"$work/benchmarks.txt"
bench '/(es256|eddsa|rs256|restaple|new_leaf|cold|golang_jwt|go_jose|jwx)' 300x | grep '^Benchmark' >>"$work/benchmarks.txt"
GOBIN=$work go install "$benchstat"
(cd "$work" && ./benchstat benchmarks.txt >benchstat.txt)

# OCSP responders, each in its own process.
go build -C .. -o "$work/stapled" ./cmd/stapled
go build -o "$work/measure-responders" ./cmd/responders
"$work/measure-responders" -stapled "$work/stapled" -before "${BEFORE:-}" >"$work/responders.json"

# A CRL of a million entries.
go build -o "$work/measure-crl" ./cmd/crl
"$work/measure-crl" >"$work/crl.json"

# Behind nginx.
PATH=$PATH:/usr/sbin
missing=()
for tool in nginx wrk; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq >&2
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
go build -o "$work/measure-cached" ./cmd/cached
"$work/measure-cached" >"$work/cached.json"

# The gateway, and nginx with it.
go build -o "$work/measure-gateways" ./cmd/gateways
"$work/measure-gateways" -stapled "$work/stapled" >"$work/gateways.json"

# All paths in turn, round after round: the ratios come from here.
"$work/compare" "${format[@]}" -page ../docs/performance.md -benchstat "$work/benchstat.txt" -responders "$work/responders.json" \
  -crl "$work/crl.json" -cached "$work/cached.json" -gateways "$work/gateways.json"
