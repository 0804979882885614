#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that openssl alone can check a token: takes tokens apart, verifies chain,
# staple and signature with the openssl command, and compares the outcome with
# that of `stapled verify`.
#
#   scripts/openssl-token.sh
#
# Needs bash, go and openssl. STAPLED names the stapled command to test
# (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/stack.sh
. scripts/stack.sh

unbase64url() { # from standard input
  local text
  text=$(tr -- '-_' '+/')
  while [ $((${#text} % 4)) -ne 0 ]; do text+='='; done
  openssl base64 -d -A <<<"$text"
}

base64url() { openssl base64 -A | tr -- '+/' '-_' | tr -d =; }

# elements NAME prints the strings of an array of the header, one per line. Our
# headers have no escapes and no nesting.
elements() { sed -n "s/.*\"$1\":\\[\\([^]]*\\)\\].*/\\1/p" "$parts/header" | tr -d '"' | tr ',' '\n'; }

# check_with_openssl TOKEN: the six steps that need only openssl's own clock.
check_with_openssl() {
  parts=$work/parts
  rm -rf "$parts"
  mkdir "$parts"

  # 1. Three segments.
  IFS=. read -r header payload signature rest <<<"$1"
  [ -n "$signature" ] && [ -z "$rest" ] || return 1
  unbase64url <<<"$header" >"$parts/header"
  unbase64url <<<"$signature" >"$parts/signature.raw"
  grep -q '"alg":"ES256"' "$parts/header" || { echo 'this script checks ES256'; return 1; }

  # 2. The chain, leaf first, and the staple of the leaf.
  local i=0 value
  while read -r value || [ -n "$value" ]; do # the last line has no newline
    openssl base64 -d -A <<<"$value" | openssl x509 -inform DER -out "$parts/x5c$i.pem" || return 1
    i=$((i + 1))
  done < <(elements x5c)
  [ "$i" -eq 2 ] || { echo "this script checks chains of 2 certificates, not $i"; return 1; }
  elements ocsp | head -1 | openssl base64 -d -A >"$parts/staple.der"

  # 3. The signature: R and S (RFC 7518 §3.4) become the DER that openssl reads.
  local hex
  hex=$(od -An -v -tx1 "$parts/signature.raw" | tr -d ' \n')
  [ ${#hex} -eq 128 ] || return 1
  printf 'asn1=SEQUENCE:rs\n[rs]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:64}" "${hex:64}" >"$parts/rs.conf"
  openssl asn1parse -genconf "$parts/rs.conf" -noout -out "$parts/signature.der"
  openssl x509 -in "$parts/x5c0.pem" -noout -pubkey >"$parts/key.pem"
  printf '%s.%s' "$header" "$payload" >"$parts/input"
  openssl dgst -sha256 -verify "$parts/key.pem" -signature "$parts/signature.der" "$parts/input" || return 1

  # 4. The chain leads to the anchor, for a TLS client.
  openssl verify -x509_strict -purpose sslclient -CAfile "$root" -untrusted "$parts/x5c1.pem" "$parts/x5c0.pem" || return 1

  # 5. and 6. The staple: signed by the issuer, fresh, and good.
  openssl ocsp -respin "$parts/staple.der" -no_nonce -sha256 -issuer "$parts/x5c1.pem" -cert "$parts/x5c0.pem" \
    -CAfile "$root" -verify_other "$parts/x5c1.pem" >"$parts/answer" 2>&1 || { cat "$parts/answer"; return 1; }
  cat "$parts/answer"
  grep -q '^Response verify OK' "$parts/answer" && grep -q 'x5c0.pem: good$' "$parts/answer" &&
    ! grep -q 'WARNING' "$parts/answer"
}
check_with_stapled() { "$stapled" verify --anchor "$root" --audience openssl "$1"; }

# both accept|reject NAME TOKEN
both() {
  local outcome
  for by in openssl stapled; do
    if "check_with_$by" "$3" >"$work/log" 2>&1; then outcome=accept; else outcome=reject; fi
    if [ "$outcome" = "$1" ]; then pass "$2: $by ${1}s"; else fail "$2: $by ${outcome}s"; fi
  done
}

start_stack
token() { "$stapled" token --dir "$dir" --audience openssl "$@" 2>"$work/token.err" || die 'stapled token makes no token'; }
one=$(token --name one)
two=$(token --name two)

both accept 'an honest token' "$one"
both accept 'another service' "$two"

IFS=. read -r header1 payload1 signature1 <<<"$one"
IFS=. read -r header2 payload2 _ <<<"$two"
both reject 'the payload of another token' "$header1.$payload2.$signature1"
both reject 'the header of another token' "$header2.$payload1.$signature1"

# A token with only its staple wrong takes the key: sign the header again with the
# other service's staple in it.
key=$(find "$dir/identities" -path '*/one/*' -name '*key*')
sign() { # sign HEADER PAYLOAD: a token signed by the key of service one
  local header=$1 payload=$2 raw
  printf '%s.%s' "$header" "$payload" | openssl dgst -sha256 -sign "$key" -out "$work/der"
  raw=$(openssl asn1parse -inform DER -in "$work/der" | sed -n 's/.*INTEGER *://p' |
    while read -r n; do printf '%64s' "$n" | tr ' ' 0; done)
  # shellcheck disable=SC2059,SC2001 # the format is the bytes
  printf '%s.%s.%s\n' "$header" "$payload" \
    "$(printf "$(sed 's/../\\x&/g' <<<"$raw")" | base64url)"
}
both accept 'signed again by openssl' "$(sign "$header1" "$payload1")"

staple2=$(unbase64url <<<"$header2" | sed 's/.*"ocsp":\(\[[^]]*\]\).*/\1/')
foreign=$(unbase64url <<<"$header1" | sed "s|\"ocsp\":\\[[^]]*\\]|\"ocsp\":$staple2|" | base64url)
both reject "another certificate's staple" "$(sign "$foreign" "$payload1")"

"$stapled" revoke --dir "$dir" --cert "$(find "$dir/identities" -path '*/one/*' -name '*cert*')" >"$work/log" 2>&1 || die 'stapled revoke fails'
openssl ocsp -sha256 -no_nonce -issuer "$intermediate" -cert "$work/parts/x5c0.pem" -url "$ocsp_url" \
  -CAfile "$root" -respout "$work/revoked.der" >"$work/log" 2>&1
revoked=$(unbase64url <<<"$header1" | sed "s|\"ocsp\":\\[[^]]*\\]|\"ocsp\":[\"$(openssl base64 -A -in "$work/revoked.der")\"]|" | base64url)
both reject 'a staple that says revoked' "$(sign "$revoked" "$payload1")"

check 'SIGTERM ends stapled up with status 0' stop_child
finish
