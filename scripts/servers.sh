# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced after scripts/stack.sh by scripts that run several servers at once. Each
# has a name, and its output in $work/NAME.err.
#
# shellcheck disable=SC2154 # from stack.sh

declare -A servers=()

start() { # start NAME COMMAND...
  local name=$1
  shift
  "$@" >"$work/$name.err" 2>&1 &
  servers[$name]=$!
}
stop() { # stop NAME [SIGNAL]: ends one server, and returns its status
  local pid=${servers[$1]:-} status=0
  [ -n "$pid" ] || return 0
  unset "servers[$1]"
  kill "-${2:-TERM}" "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  return "$status"
}
within() { # within SECONDS COMMAND...: the command succeeds in time
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
# free_port prints a TCP port of the loopback interface on which nobody listens
# now, below those that systems assign.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  done
  printf '%d\n' "$port"
}

as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && su postgres -s /bin/sh -c "$1"); else sh -c "$1"; fi; }
# shellcheck disable=SC2034 # for the scripts that source this
start_postgresql() { # sets $pg_url, which ends before the database's name
  pg_ctl=$(find /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin -name pg_ctl 2>/dev/null | sort -V | tail -1)
  [ -n "$pg_ctl" ] || { echo 'PostgreSQL is missing: install the package postgresql' >&2; return 1; }
  local port
  port=$(free_port)
  mkdir "$work/pg"
  chmod 711 "$work"
  [ "$(id -u)" != 0 ] || chown postgres "$work/pg"
  as_postgres "$(dirname "$pg_ctl")/initdb -D $work/pg/data -A trust -U postgres" >/dev/null
  as_postgres "$pg_ctl -D $work/pg/data -o '-p $port -k $work/pg -c listen_addresses=127.0.0.1' -w -l $work/pg/log start" >/dev/null
  pg_url=postgresql://postgres:pw@127.0.0.1:$port/
  export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGPASSWORD=pw
}
stop_postgresql() { as_postgres "$pg_ctl -D $work/pg/data stop -m immediate" >/dev/null; }

end_servers() {
  local name
  for name in "${!servers[@]}"; do stop "$name" || true; done
  [ ! -f "$work/pg/data/postmaster.pid" ] || stop_postgresql || true
  cleanup
}
trap end_servers EXIT
