#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that responder/stepdb reads step-ca's database in PostgreSQL and in
# MariaDB. step-ca's own code writes it, on private servers on loopback, in a
# temporary directory. It shows what is good, revoked and unknown; two responders
# with equal answers; a revocation that ends the reuse of an answer; a server that
# is killed and comes back; read-only servers and a standby, which are refused, or
# as current as they are configured to be; and how long a scan of 100,000
# revocations takes.
#
#   scripts/interop-stepdb.sh
#
# Needs bash, go, PostgreSQL and MariaDB (in Debian the packages postgresql and
# mariadb-server). If it runs as root, the servers run as postgres and mysql.
# STAPLED names the stapled command to test (default: built here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' >/dev/null || { echo 'PostgreSQL is missing: install the package postgresql' >&2; exit 1; }
PATH=$PATH:/usr/sbin
export PATH
for program in mariadbd mariadb-install-db; do
  command -v "$program" >/dev/null || { echo 'MariaDB is missing: install the package mariadb-server' >&2; exit 1; }
done

# shellcheck source=scripts/stack.sh
. scripts/stack.sh
build_stapled
# shellcheck disable=SC2154 # from build_stapled
case $stapled in /*) ;; *) stapled=$PWD/$stapled ;; esac
export STAPLED=$stapled

log=$work/log
status=0
go test -tags interop -count=1 -v -timeout 5m -run '^TestStepDB' ./internal/e2e >"$log" 2>&1 || status=$?
if [ "$status" != 0 ] || grep -q -- '--- SKIP' "$log"; then
  grep -v '^ *=== ' "$log" | tail -80
  exit 1
fi
sed -n 's/^ *--- PASS: Test\(.*\/.*\) (.*/PASS  \1/p; s/^.*figures: /      /p' "$log"
printf '%d passed, 0 failed\n' "$(grep -c -- '--- PASS: .*/' "$log")"
