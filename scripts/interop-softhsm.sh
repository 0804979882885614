#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the key of a delegate can live in a PKCS #11 device: step-ca
# certifies a key in a SoftHSM token, a responder signs with it, and
# `openssl ocsp` verifies the answers.
#
#   scripts/interop-softhsm.sh
#
# Needs bash, go, gcc, curl, jq, openssl, softhsm2 and opensc. STAPLED names the
# stapled command to test, built with cgo (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh
module=/usr/lib/softhsm/libsofthsm2.so

# 1. A token of its own, with a key of each kind.
export SOFTHSM2_CONF=$work/softhsm2.conf
mkdir "$work/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" >"$SOFTHSM2_CONF"
printf '246813' >"$work/pin"
softhsm2-util --init-token --free --label ocsp --so-pin 13579 --pin "$(cat "$work/pin")" >"$work/init.err" 2>&1 || die "softhsm2-util makes no token"
generate() { # generate TYPE LABEL ID
  pkcs11-tool --module "$module" --token-label ocsp --login --pin "$(cat "$work/pin")" --keypairgen --key-type "$1" --label "$2" --id "$3"
}
check "the token makes a P-256 key" generate EC:prime256v1 p256 01
check "the token makes an RSA key" generate rsa:2048 rsa 02
uri() { printf 'pkcs11:module-path=%s;token=ocsp;object=%s?pin-source=%s' "$module" "$1" "$work/pin"; }

# 2. A CA with a provisioner for delegates.
build_stapled
start_stack
stop_child || true
"$stapled" ocsp delegate --print-template >"$dir/templates/ocsp-delegate.tpl"
jq '.authority.provisioners += [.authority.provisioners[0] | .name = "ocsp" | .options = {x509: {templateFile: "templates/ocsp-delegate.tpl"}}]' \
  "$dir/config/ca.json" >"$work/ca.json"
cp "$work/ca.json" "$dir/config/ca.json"
start_stack
"$stapled" token --dir "$dir" --audience interop >/dev/null 2>"$work/up.err" || die "stapled token enrolls no service"
leaf=$dir/identities/service.stapled.internal/cert.pem

delegate() { # delegate OBJECT: into OBJECT.crt
  "$stapled" ocsp delegate --ca-url "$ca_url" --root "$root" --provisioner ocsp --password-file "$dir/secrets/password" \
    --cert "$work/$1.crt" --key "$(uri "$1")"
}
certifies() { # the certificate is for the key of the token, and no key was written
  delegate "$1" && [ ! -e "$work/$1.key" ] && openssl x509 -in "$work/$1.crt" -noout -text | tee "$work/text" &&
    grep -q 'OCSP Signing' "$work/text" && grep -q 'OCSP No Check' "$work/text"
}

go test -c -tags softhsm -o "$work/shared.test" ./internal/kmskey

# 3. A responder whose key never leaves the token. It reads what the CA has issued
# from an index of one certificate and one revocation.
address=127.0.0.1:$(free_port)
leaf_serial=$(openssl x509 -in "$leaf" -noout -serial | cut -d= -f2)
{
  printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=service\n' "$leaf_serial"
  printf 'R\t491231235959Z\t260101000000Z,keyCompromise\t1234\tunknown\t/CN=revoked\n'
} >"$work/index.txt"
serve() { # serve OBJECT
  cat >"$work/$1.yaml" <<EOF
address: $address
state_dir: $work/$1-state
authorities:
  - certificate: $intermediate
    sources:
      - index: {file: $work/index.txt}
    signer:
      certificate: $work/$1.crt
      key: "$(uri "$1")"
EOF
  start responder "$stapled" ocsp serve --config "$work/$1.yaml"
  within 10 curl -sf "http://$address/readyz" || { cat "$work/responder.err"; return 1; }
}
ask() { # ask STATUS ARGUMENT...: openssl trusts the answer, which says STATUS
  local status=$1 out
  shift
  out=$(openssl ocsp -issuer "$intermediate" "$@" -url "http://$address" -CAfile "$root" -resp_text 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  grep -q 'Response verify OK' <<<"$out" && grep -q ": $status\$" <<<"$out" && grep -q -E 'CN ?= ?ocsp-delegate' <<<"$out"
}
for object in p256 rsa; do
  check "step-ca certifies the $object key of the token" certifies "$object"
  check "stapled ocsp serve signs with it ($object)" serve "$object"
  check "openssl verifies a good answer ($object)" ask good -cert "$leaf"
  check "openssl verifies a good answer with a nonce ($object)" ask good -nonce -cert "$leaf"
  check "openssl verifies a revoked answer ($object)" ask revoked -serial 0x1234
  check "SIGTERM ends the responder with status 0 ($object)" stop responder
done

check "what fails to open leaves the open keys alone" env STAPLED_TEST_KEY="$(uri p256)" STAPLED_TEST_KEY2="$(uri rsa)" \
  "$work/shared.test" -test.run '^TestShared$' -test.v

# 4. What goes wrong, in words, and without the PIN.
broken() { # broken NAME URI PATTERN
  refuses "$1" "$3" "$stapled" ocsp delegate --ca-url "$ca_url" --root "$root" --provisioner ocsp \
    --password-file "$dir/secrets/password" --cert "$work/broken.crt" --key "$2"
  check "$1: the PIN is not in the error" silent
}
silent() { ! grep -E '246813|999111' "$work/said"; }
refuses() { # as in stack.sh, and keeps what was said
  local name=$1 pattern=$2
  shift 2
  if "$@" >"$work/log" 2>&1; then fail "$name"; elif grep -qi -- "$pattern" "$work/log"; then pass "$name"; else fail "$name"; fi
  cp "$work/log" "$work/said"
}
at="pkcs11:module-path=$module;token=ocsp"
broken "a wrong PIN" "$at;object=p256?pin-value=999111" "check module-path, token and PIN"
broken "no such key" "$at;object=none?pin-value=246813" "find the key"
broken "no such token" "pkcs11:module-path=$module;token=none;object=p256?pin-value=246813" "check module-path, token and PIN"
broken "no such module" "pkcs11:module-path=/none.so;token=ocsp;object=p256?pin-value=246813" "check module-path, token and PIN"
CGO_ENABLED=0 go build -o "$work/bin/stapled-nocgo" ./cmd/stapled
stapled=$work/bin/stapled-nocgo
broken "a program built without cgo" "$at;object=p256?pin-value=246813" "build it with CGO_ENABLED=1"

check "SIGTERM ends stapled up with status 0" stop_child
finish
