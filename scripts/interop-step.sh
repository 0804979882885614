#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the directory of `stapled up` is a real step-ca: the stock step
# command works against `stapled up`, what it revokes is revoked for the OCSP
# responder, and the stock step-ca runs on the same directory afterwards. Then
# the other way round: `stapled up` runs a CA that `step ca init` made.
#
#   scripts/interop-step.sh
#
# Needs bash, go and openssl. Variables:
#   STAPLED                the stapled command to test (default: built here)
#   STAPLED_INTEROP_CACHE  directory for the two stock binaries, of v0.30.2
#                          (default: ~/.cache/stapled-interop); they are built
#                          there unless they are there already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh

build_stock step-ca step
step=$stock/step
stepca=$stock/step-ca

# Nothing of the user's own step configuration counts.
export STEPPATH=$work/steppath
password=$dir/secrets/password

ca() { # ca COMMAND ARGUMENT...: step ca, against this CA
  local command=$1
  shift
  "$step" ca "$command" "$@" --ca-url "$ca_url" --root "$root"
}
certificate() { # certificate NAME: enrols NAME into NAME.crt and NAME.key
  ca certificate "$1.internal" "$work/$1.crt" "$work/$1.key" --provisioner "$provisioner" --provisioner-password-file "$password" --force
}
serial() { "$step" certificate inspect --format json "$work/$1.crt" | sed -n 's/^  "serial_number": *"\([0-9]*\)".*/\1/p'; }
ocsp() { # ocsp NAME STATUS: the responder says STATUS, and openssl trusts it
  local out
  out=$(openssl ocsp -sha256 -issuer "$intermediate" -cert "$work/$1.crt" -url "$ocsp_url" -CAfile "$root" -no_nonce 2>&1) || { printf '%s\n' "$out"; return 1; }
  printf '%s\n' "$out"
  grep -q '^Response verify OK' <<<"$out" && grep -q ": $2\$" <<<"$out"
}
names_responder() { [ "$(openssl x509 -in "$work/$1.crt" -noout -ocsp_uri)" = "$ocsp_url" ]; }
by_token() { # by_token NAME REASON: revokes with a provisioner token
  local token
  token=$(ca token "$(serial "$1")" --revoke --provisioner "$provisioner" --provisioner-password-file "$password") &&
    ca revoke "$(serial "$1")" --token "$token" --reasonCode "$2"
}

start_stack
provisioner=$(sed -n 's/.*"provisioner" *: *"\([^"]*\)".*/\1/p' "$dir/config/stapled.json")

# 1. The stock step command against stapled up.
check "step ca health works against stapled up" ca health
check "step ca certificate enrols from stapled up" certificate first
check "the certificate names the responder" names_responder first
check "the certificate leads to the root" openssl verify -CAfile "$root" -untrusted "$intermediate" "$work/first.crt"
check "the responder says that it is good" ocsp first good
check "step ca renew renews it" ca renew "$work/first.crt" "$work/first.key" --force
check "the responder says that the renewed one is good" ocsp first good
check "step ca certificate enrols another" certificate second
check "step ca revoke revokes by provisioner token" by_token first keyCompromise
check "the responder says that it is revoked" ocsp first revoked
refuses "step ca renew of the revoked certificate is refused" "necessary authorization" ca renew "$work/first.crt" "$work/first.key" --force
check "step ca revoke revokes by the certificate itself" ca revoke --cert "$work/second.crt" --key "$work/second.key"
check "the responder says that this one is revoked, too" ocsp second revoked
check "SIGTERM ends stapled up with status 0" stop_child

# 2. The stock step-ca on the same directory.
"$stepca" "$dir/config/ca.json" --password-file "$password" >"$work/step-ca.err" 2>&1 &
child=$!
for _ in $(seq 300); do
  if ca health >/dev/null 2>&1; then break; fi
  kill -0 "$child" 2>/dev/null || die "the stock step-ca does not start on the directory"
  sleep 0.1
done
check "the stock step-ca starts on the directory" ca health
check "the stock step-ca issues" certificate third
check "its certificate names the responder" names_responder third
check "the stock step-ca revokes" by_token third superseded
check "the stock step-ca issues one more" certificate fourth
refuses "the stock step-ca knows what was revoked before" "necessary authorization" ca renew "$work/first.crt" "$work/first.key" --force
refuses "stapled up refuses the directory while step-ca has it" "in use" timeout 30 "$stapled" up --dir "$dir" --json
stop_child || true # step-ca's exit status is its own affair

# 3. stapled up again, after step-ca.
was=$ca_url
start_stack
check "stapled up keeps its addresses" test "$was" = "$ca_url"
check "what step-ca has issued is good" ocsp fourth good
check "what step-ca has revoked is revoked" ocsp third revoked
check "what was revoked before is still revoked" ocsp first revoked
check "SIGTERM ends stapled up with status 0 again" stop_child

# 4. A CA that `step ca init` made, and that has issued before. It gets the
# addresses that are free now.
existing() { # existing COMMAND...: with the directory of that CA
  STEPPATH=$work/existing "$@"
}
printf 'existing password\n' >"$work/password"
check "step ca init makes a CA" existing "$step" ca init --deployment-type standalone --name Existing \
  --dns 127.0.0.1 --address "${ca_url#https://}" --provisioner admin --password-file "$work/password"
dir=$work/existing root=$dir/certs/root_ca.crt intermediate=$dir/certs/intermediate_ca.crt
password=$work/password provisioner=admin
"$stepca" "$dir/config/ca.json" --password-file "$password" >"$work/step-ca.err" 2>&1 &
child=$!
for _ in $(seq 300); do
  if ca health >/dev/null 2>&1; then break; fi
  kill -0 "$child" 2>/dev/null || die "step-ca does not start on its own directory"
  sleep 0.1
done
check "its step-ca issues" certificate fifth
stop_child || true
refuses "stapled up says what the directory lacks" 'create that file, for example with {"ocsp_address"' "$stapled" up --dir "$dir"
cp "$password" "$dir/secrets/password"
printf '{"ocsp_address": "%s", "ocsp_url": "%s", "ca_url": "%s", "provisioner": "admin"}\n' \
  "${ocsp_url#http://}" "$ocsp_url" "$ca_url" >"$dir/config/stapled.json"
start_stack
check "the responder answers for what was issued before" ocsp fifth good
stapled_token() {
  local token
  token=$("$stapled" token --dir "$dir" --audience echo --staple-chain) &&
    "$stapled" verify --anchor "$root" --audience echo --staples chain "$token"
}
check "stapled token signs with a certificate of this CA" stapled_token
check "stapled revoke revokes what was issued before" "$stapled" revoke --dir "$dir" --cert "$work/fifth.crt"
check "the responder says that it is revoked" ocsp fifth revoked
check "SIGTERM ends stapled up on this CA with status 0" stop_child

finish
