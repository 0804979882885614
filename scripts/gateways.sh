#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Tries the gateways of docs/gateways with the same good, bad and forged requests:
# real nginx, HAProxy and Caddy (Debian's 2.6 and 2.11 with our module) before a
# real `stapled gateway`, with the configuration that the pages show. Clients of
# ours take the parts of Envoy and Traefik.
#
#   scripts/gateways.sh
#
# Needs bash, go, nginx, haproxy and caddy. Prints a line per gateway and case.
# Variables:
#   STAPLED    the stapled command to test (default: built here)
#   CADDY_2_6  Debian's Caddy (default: /usr/bin/caddy)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in /usr/sbin/nginx /usr/sbin/haproxy "${CADDY_2_6:-/usr/bin/caddy}"; do
  [ -x "$program" ] || { echo "$program is missing: install the packages nginx, haproxy and caddy" >&2; exit 2; }
done
if [ -z "${STAPLED:-}" ]; then
  go build -o "$work/stapled" ./cmd/stapled
  STAPLED=$work/stapled
fi
STAPLED=$(realpath "$STAPLED")
go -C gateway/caddy build -o "$work/caddy" ./cmd/caddy
export STAPLED CADDY=$work/caddy CADDY_2_6=${CADDY_2_6:-/usr/bin/caddy}

go test -count=1 -tags gateways -c -o "$work/gateways" ./internal/e2e/gateways
cd internal/e2e/gateways
if ! "$work/gateways" -test.run TestGateways >"$work/log" 2>&1; then
  cat "$work/log"
  exit 1
fi
grep -E '^(ok|FAIL) |^[0-9]+ passed' "$work/log"
