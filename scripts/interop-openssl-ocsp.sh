#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that `openssl ocsp` verifies the answers of the responder: good,
# revoked and unknown, with SHA-1 and with SHA-256 CertIDs.
#
#   scripts/interop-openssl-ocsp.sh
#
# Needs bash, go and openssl. STAPLED names the stapled command to test
# (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
child=
failures=0

stop_child() { # ends the server that this script started, and no other
  [ -n "$child" ] || return 0
  local pid=$child status=0
  child=
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  return "$status"
}
cleanup() {
  stop_child || true
  rm -rf "$work"
}
trap cleanup EXIT

pass() { printf 'PASS  %s\n' "$1"; }
fail() {
  printf 'FAIL  %s\n' "$1"
  failures=$((failures + 1))
  if [ -s "$work/log" ]; then sed 's/^/      /' "$work/log"; fi
}
check() { # check NAME COMMAND...: the command has to succeed
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then pass "$name"; else fail "$name"; fi
}
die() {
  : >"$work/log"
  fail "$1"
  if [ -s "$work/up.err" ]; then sed 's/^/      /' "$work/up.err"; fi
  exit 1
}

stapled=${STAPLED:-}
if [ -z "$stapled" ]; then
  stapled=$work/stapled
  go build -o "$stapled" ./cmd/stapled
fi

dir=$work/stack
root=$dir/certs/root_ca.crt
intermediate=$dir/certs/intermediate_ca.crt
"$stapled" up --dir "$dir" --json >"$work/up.json" 2>"$work/up.err" &
child=$!
ocsp_url=
for _ in $(seq 300); do
  ocsp_url=$(sed -n 's/.*"ocsp_url" *: *"\([^"]*\)".*/\1/p' "$work/up.json")
  if [ -n "$ocsp_url" ]; then break; fi
  kill -0 "$child" 2>/dev/null || die "stapled up has ended"
  sleep 0.1
done
[ -n "$ocsp_url" ] || die "stapled up is not ready after 30 s"

# A leaf, out of the x5c member of a token's header.
"$stapled" token --dir "$dir" --audience interop >"$work/token" 2>"$work/up.err" || die "stapled token makes no token"
header=$(cut -d. -f1 <"$work/token" | tr -- '-_' '+/')
while [ $((${#header} % 4)) -ne 0 ]; do header+='='; done
leaf_der=$(openssl base64 -d -A <<<"$header" | sed -n 's/.*"x5c" *: *\[ *"\([^"]*\)".*/\1/p')
openssl base64 -d -A <<<"$leaf_der" | openssl x509 -inform DER -out "$work/leaf.pem" || die "the token carries no readable certificate"
serial=0x$(openssl x509 -in "$work/leaf.pem" -noout -serial | cut -d= -f2)

ask() { # ask STATUS ARGUMENT...: openssl trusts the answer, which says STATUS
  local status=$1 out
  shift
  out=$(openssl ocsp "$@" -url "$ocsp_url" -CAfile "$root" -resp_text 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  grep -q '^Response verify OK' <<<"$out" && grep -q ": $status\$" <<<"$out" && grep -q 'Next Update' <<<"$out"
}
refused() { # refused STATUS ARGUMENT...: the responder answers with an OCSP error
  local status=$1
  shift
  openssl ocsp "$@" -url "$ocsp_url" -CAfile "$root" 2>&1 | tee "$work/refused"
  grep -q "$status" "$work/refused"
}
both() { # both WHAT STATUS ARGUMENT...: under both hashes
  local what=$1 status=$2 hash
  shift 2
  for hash in sha1 sha256; do
    check "$what ($hash)" ask "$status" "-$hash" "$@"
    # The copy keeps check from overwriting what it looks at.
    cp "$work/log" "$work/answer"
    check "the answer repeats the $hash CertID" grep -qi "Hash Algorithm: $hash\$" "$work/answer"
  done
}

both "leaf is good" good -issuer "$intermediate" -cert "$work/leaf.pem"
both "leaf is good, asked without a nonce" good -no_nonce -issuer "$intermediate" -cert "$work/leaf.pem"
both "intermediate is good, signed by the root" good -issuer "$root" -cert "$intermediate"
both "a serial that was never issued is unknown" unknown -issuer "$intermediate" -serial 0x1234

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/other.key" -out "$work/other.pem" -subj '/CN=Another CA' -days 1 2>/dev/null
check "another CA is unauthorized" refused unauthorized -issuer "$work/other.pem" -serial "$serial"
check "two certificates in one request are malformed" refused malformedrequest -issuer "$intermediate" -cert "$work/leaf.pem" -serial 0x1234

check "stapled revoke revokes the leaf" "$stapled" revoke --dir "$dir" --serial "$serial" --reason keyCompromise
both "leaf is revoked" revoked -issuer "$intermediate" -cert "$work/leaf.pem"
check "the answer gives the reason" grep -q "Reason: keyCompromise" "$work/answer"
check "the answer gives the time" grep -q "Revocation Time: " "$work/answer"
check "SIGTERM ends stapled up with status 0" stop_child

if [ "$failures" -gt 0 ]; then
  printf '%d checks failed\n' "$failures"
  exit 1
fi
printf 'all checks passed\n'
