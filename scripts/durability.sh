#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that nothing the CA has acknowledged is lost. `stapled up` runs on bbolt
# and on a badger directory. The disk fills up while it issues and revokes, has
# space again, and the script kills the CA; the script kills it right after a
# revocation, 60 times; it appends garbage to the newest file, and cuts bytes from
# it. It kills a stock step-ca on PostgreSQL as often. Then it asks the OCSP
# responder about every certificate.
#
#   scripts/durability.sh
#
# Needs bash, go, root for a small tmpfs (or else strace, which then refuses the
# writes) and PostgreSQL's initdb and pg_ctl. Variables:
#   STAPLED                the stapled command to test (default: built here)
#   STAPLED_INTEROP_CACHE  as for scripts/interop-step.sh
#   DURABILITY_STRACE      if set: strace, even if a tmpfs can be mounted
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh

mounts=()
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && su postgres -s /bin/sh -c "$1"); else sh -c "$1"; fi; }
end() {
  local mount
  [ ! -f "$work/pg/data/postmaster.pid" ] || as_postgres "$pg_ctl -D $work/pg/data stop -m immediate" >/dev/null 2>&1 || true
  for mount in "${mounts[@]}"; do umount "$mount" || true; done
  cleanup
}
trap end EXIT

build_stapled
driver=$work/bin/durability
go build -o "$driver" ./internal/durability
build_stock step-ca

# 1. stapled up on the two databases that are files.
with=()
files() { # files KIND
  local kind=$1 disk=$work/$1
  mkdir "$disk"
  if [ -z "${DURABILITY_STRACE:-}" ] && mount -t tmpfs -o size=24m stapled-durability "$disk" 2>/dev/null; then
    mounts+=("$disk")
    echo "$kind: the disk is a tmpfs of 24 MiB"
  else
    with=(--strace)
    echo "$kind: strace injects ENOSPC into the writes to the database"
  fi
  "$driver" init "$disk/stack"
  if [ "$kind" = badgerv2 ]; then # as in older directories
    sed -i 's/"type": "bbolt"/"type": "badgerv2"/' "$disk/stack/config/ca.json"
    rm "$disk/stack/db"
    "$driver" badger "$disk/stack/db"
  fi
  "$driver" stack --kind "$kind" --dir "$disk/stack" --stapled "$stapled" --work "$work" "${with[@]}"
}

# 2. The stock step-ca on PostgreSQL, and stapled up after it.
postgresql() {
  local bin port data=$work/pg/data
  bin=$(find /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin -name pg_ctl 2>/dev/null | sort -V | tail -1)
  [ -n "$bin" ] || { echo 'PostgreSQL is missing: install the package postgresql' >&2; return 1; }
  pg_ctl=$bin
  mkdir "$work/pg"
  chmod 711 "$work"
  [ "$(id -u)" != 0 ] || chown postgres "$work/pg"
  as_postgres "$(dirname "$bin")/initdb -D $data -A trust -U postgres" >/dev/null
  "$driver" init "$work/pg-stack"
  port=$(($(sed -n 's/.*"address": "127.0.0.1:\([0-9]*\)".*/\1/p' "$work/pg-stack/config/ca.json") + 7))
  start="$pg_ctl -D $data -o '-p $port -k $work/pg -c listen_addresses=127.0.0.1' -w -l $work/pg/log start"
  as_postgres "$start" >/dev/null
  sed -i "s|\"type\": \"bbolt\"|\"type\": \"postgresql\", \"database\": \"stepca\"|; s|\"dataSource\": \"[^\"]*\"|\"dataSource\": \"postgresql://postgres:pw@127.0.0.1:$port/\"|" "$work/pg-stack/config/ca.json"
  rm "$work/pg-stack/db"
  printf '%s\n' "cd /; $pg_ctl -D $data stop -m immediate && $start" >"$work/pg/restart"
  chmod 755 "$work/pg/restart"
  local restart="sh $work/pg/restart"
  [ "$(id -u)" != 0 ] || restart="su postgres -s /bin/sh $work/pg/restart"
  "$driver" step-ca --dir "$work/pg-stack" --stapled "$stapled" --step-ca "$stock/step-ca" --restart-postgres "$restart"
}

pg_ctl=
files bbolt
files badgerv2
postgresql
echo 'nothing acknowledged was lost'
