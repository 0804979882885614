#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that `openssl ocsp` verifies the responder's answers: good,
# revoked and unknown, with SHA-1 and with SHA-256 CertIDs, with a nonce and
# without, by POST and by GET.
#
#   scripts/interop-openssl-ocsp.sh
#
# Needs bash, go, curl and openssl. STAPLED names the stapled command to test
# (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh

start_stack

# A leaf, from the x5c member of a token's header.
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
nonce_answered() { # openssl finds its nonce in the answer
  ask good -nonce -issuer "$intermediate" -cert "$work/leaf.pem" | tee "$work/nonce" &&
    grep -q 'OCSP Nonce' "$work/nonce" && ! grep -qi 'no nonce\|nonce verify' "$work/nonce"
}
got() { # got PATH: GET has a good answer, with any number of slashes before the request
  curl -sS --fail --path-as-is -o "$work/got.der" "$ocsp_url$1$(openssl base64 -A -in "$work/request.der" | sed 's/+/%2B/g; s/=/%3D/g')" &&
    openssl ocsp -respin "$work/got.der" -reqin "$work/request.der" -issuer "$intermediate" -CAfile "$root" -resp_text | tee "$work/got" &&
    grep -q 'Cert Status: good' "$work/got"
}
both() { # both WHAT STATUS ARGUMENT...: with both hashes
  local what=$1 status=$2 hash
  shift 2
  for hash in sha1 sha256; do
    check "$what ($hash)" ask "$status" "-$hash" "$@"
    # The copy keeps check from overwriting its own input.
    cp "$work/log" "$work/answer"
    check "the answer repeats the $hash CertID" grep -qi "Hash Algorithm: $hash\$" "$work/answer"
  done
}

both "leaf is good" good -issuer "$intermediate" -cert "$work/leaf.pem"
both "leaf is good, asked without a nonce" good -no_nonce -issuer "$intermediate" -cert "$work/leaf.pem"
both "intermediate is good, signed by the root" good -issuer "$root" -cert "$intermediate"
both "a serial that was never issued is unknown" unknown -issuer "$intermediate" -serial 0x1234

check "a nonce comes back" nonce_answered
check "another nonce comes back, though an answer is held" nonce_answered
openssl ocsp -issuer "$intermediate" -cert "$work/leaf.pem" -no_nonce -reqout "$work/request.der"
check "GET" got /
check "GET with slashes before the request" got ///

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/other.key" -out "$work/other.pem" -subj '/CN=Another CA' -days 1 2>/dev/null
check "another CA is unauthorized" refused unauthorized -issuer "$work/other.pem" -serial "$serial"
check "two certificates in one request are malformed" refused malformedrequest -issuer "$intermediate" -cert "$work/leaf.pem" -serial 0x1234

check "stapled revoke revokes the leaf" "$stapled" revoke --dir "$dir" --serial "$serial" --reason keyCompromise
both "leaf is revoked" revoked -issuer "$intermediate" -cert "$work/leaf.pem"
check "the answer gives the reason" grep -q "Reason: keyCompromise" "$work/answer"
check "the answer gives the time" grep -q "Revocation Time: " "$work/answer"
check "SIGTERM ends stapled up with status 0" stop_child

finish
