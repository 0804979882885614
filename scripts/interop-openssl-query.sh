#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that `stapled ocsp query` explains the answers of `openssl ocsp -port`:
# good, revoked and unknown; signed by the CA, by a delegate, and by one that is
# not entitled; without nextUpdate; for a CA that it does not serve.
#
#   scripts/interop-openssl-query.sh
#
# Needs bash, go and openssl. STAPLED names the stapled command to test
# (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh
build_stapled
# shellcheck disable=SC2154 # from build_stapled
case $stapled in /*) ;; *) stapled=$PWD/$stapled ;; esac
cd "$work"

# A CA that is a directory and index.txt.
cat >ca.cnf <<'EOF'
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 1
policy = any
[any]
commonName = supplied
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[delegate]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
[forgetful]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
EOF
touch index.txt
echo 1000 >serial
newkey() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }
root() { # root NAME
  newkey "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 2 -out "$1.pem"
}
issue() { # issue NAME EXTENSIONS
  newkey "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  openssl ca -batch -config ca.cnf -extensions "$2" -in "$1.csr" -out "$1.pem" -notext 2>>openssl.err
}
root ca
root other
for name in one two; do issue "$name" leaf; done
issue delegate delegate
issue forgetful forgetful
openssl ca -config ca.cnf -revoke two.pem -crl_reason keyCompromise 2>>openssl.err
# A certificate that index.txt does not know.
newkey stray
openssl req -new -key stray.key -subj /CN=stray -out stray.csr
openssl x509 -req -in stray.csr -CA ca.pem -CAkey ca.key -set_serial 0x77 -out stray.pem 2>>openssl.err

respond() { # respond SIGNER ARGUMENT...: sets $url
  stop_child || true
  local signer=$1 port=
  shift
  : >serve.log
  openssl ocsp -index index.txt -CA ca.pem -rsigner "$signer.pem" -rkey "$signer.key" -port 0 "$@" >serve.log 2>&1 &
  child=$!
  for _ in $(seq 100); do
    port=$(sed -n 's/^ACCEPT .*:\([0-9][0-9]*\) .*/\1/p' serve.log)
    [ -z "$port" ] || break
    sleep 0.05
  done
  [ -n "$port" ] || { cp serve.log log; fail "openssl ocsp -port starts"; exit 1; }
  url=http://127.0.0.1:$port
}
openssl_accepts() {
  openssl ocsp -respin one.der -issuer ca.pem -sha256 -cert one.pem -CAfile ca.pem >out 2>&1
  cat out
  grep -q '^one.pem: good' out
}
query() { # query STATUS PATTERN ARGUMENT...
  local status=$1 pattern=$2 got=0
  shift 2
  "$stapled" ocsp query --url "$url" --issuer ca.pem "$@" >out 2>&1 || got=$?
  cat out
  [ "$got" = "$status" ] && tr -s ' \n' ' ' <out | grep -q -- "$pattern"
}

respond ca -nmin 10
for hash in sha1 sha256; do
  check "good, signed by the CA ($hash)" query 0 'signer CN=ca, the issuer' --cert one.pem --hash "$hash"
done
check "openssl echoes the nonce" query 0 'sent and echoed' --cert one.pem --nonce
check "revoked, with its reason" query 1 'reason keyCompromise' --cert two.pem
check "unknown" query 1 'refused by verifiers, staple_unknown' --cert stray.pem
check "JSON" query 0 '"kind":"issuer"' --cert one.pem --json
check "a response is stored" query 0 accepted --cert one.pem --der one.der
check "openssl accepts the stored response" openssl_accepts
openssl ocsp -issuer ca.pem -cert two.pem -url "$url" -respout two.der -noverify >/dev/null 2>&1
check "a stored response" "$stapled" ocsp query --cert one.pem --issuer ca.pem --response one.der
"$stapled" ocsp query --cert two.pem --issuer ca.pem --response two.der >out 2>&1 || true
check "a response that openssl stored" grep -q certificate_revoked out
"$stapled" ocsp query --cert one.pem --issuer ca.pem --response two.der >out 2>&1 || true
check "a response about another certificate" grep -q staple_mismatch out
respond ca
check "without nextUpdate it is no staple, and why" query 1 'nextUpdate is absent.*-nmin 10' --cert one.pem
respond delegate -nmin 10
check "signed by a delegate" query 0 'ok 6.9 nocheck' --cert one.pem
respond delegate -nmin 10 -resp_no_certs
check "a delegate that is not embedded" query 1 'no certificate is embedded' --cert one.pem
respond forgetful -nmin 10
check "a delegate without id-pkix-ocsp-nocheck" query 1 'WRONG 6.9 nocheck' --cert one.pem
respond other -nmin 10
check "another CA signs" query 1 'WRONG 6.8 signature\|WRONG 6.9 issued by' --cert one.pem
stop_child || true
check "nobody listens" query 2 'is the responder running there' --cert one.pem
cd / && finish
