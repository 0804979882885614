#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the commands of docs/other-cas.md about OpenSSL word for word, but on a
# free port.
#
#   scripts/other-cas.sh
#
# Needs bash, go and openssl. STAPLED names the stapled command to test
# (default: built here).
# shellcheck disable=SC2016 # $ is for the commands that it writes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/stack.sh
. scripts/stack.sh
build_stapled
# shellcheck disable=SC2154 # from build_stapled
case $stapled in /*) ;; *) stapled=$PWD/$stapled ;; esac
mkdir -p "$work/path" "$work/ca"
ln -s "$stapled" "$work/path/stapled"
export PATH=$work/path:$PATH

# A port on which nothing listens: `openssl ocsp -port 0` tells the one it gets.
cd "$work/ca"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout probe.key -out probe.pem -subj /CN=probe 2>/dev/null
: >index.txt
openssl ocsp -index index.txt -CA probe.pem -rsigner probe.pem -rkey probe.key -port 0 >"$work/probe" 2>&1 &
child=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's/^ACCEPT .*:\([0-9][0-9]*\) .*/\1/p' "$work/probe")
  [ -z "$port" ] || break
  sleep 0.05
done
stop_child || true
[ -n "$port" ] || die 'openssl ocsp -port starts'
rm -f probe.key probe.pem index.txt
cd - >/dev/null

# A command with ! must fail. The responder in the background must listen before
# the commands after it, and ends with them.
{
  printf 'set -e\ntrap '\''kill $(jobs -p)'\'' EXIT\n'
  sed -n '/^```sh openssl$/,/^```$/p' docs/other-cas.md | grep -v '^```' |
    sed -e "s/8889/$port/g" -e 's/^! \(.*\)/if \1; then exit 1; fi/' \
      -e 's|^\(openssl ocsp .*\) &$|\1 >ocsp.log 2>\&1 \&\nfor _ in $(seq 100); do if grep -q ^ACCEPT ocsp.log; then break; fi; sleep 0.05; done|'
} >"$work/commands"
[ "$(wc -l <"$work/commands")" -gt 40 ] || die 'docs/other-cas.md has no commands'
cd "$work/ca"
check 'OpenSSL: every command' bash -x "$work/commands"
cp "$work/log" "$work/out" # each check has its own log
check 'its responder makes staples' grep 'ok  *responder.staple' "$work/out"
check 'its responder sees the revocation, one request late' grep 'missing  *responder.status *revoked' "$work/out"
check 'the CRL has a number' grep 'crlNumber=0x01' "$work/out"
cd / && finish
