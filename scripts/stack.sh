# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts beside it: a running `stapled up` in a temporary
# directory, and checks that count. After start_stack: $stapled is the command
# (default: built here), $dir the stack, $root and $intermediate its
# certificates, $ca_url, $ocsp_url and $gateway_url its addresses.

work=$(mktemp -d)
child=
passed=0 failures=0
dir=$work/stack
# shellcheck disable=SC2034 # for the scripts that source this
root=$dir/certs/root_ca.crt intermediate=$dir/certs/intermediate_ca.crt

stop_child() { # ends only the server that this script started
  [ -n "$child" ] || return 0
  local pid=$child status=0
  child=
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  return "$status"
}
cleanup() {
  stop_child || true
  rm -rf "$work"
}
trap cleanup EXIT

pass() {
  printf 'ok    %s\n' "$1"
  passed=$((passed + 1))
}
fail() {
  printf 'FAIL  %s\n' "$1"
  failures=$((failures + 1))
  if [ -s "$work/log" ]; then sed 's/^/      /' "$work/log"; fi
}
check() { # check NAME COMMAND...: the command must succeed
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then pass "$name"; else fail "$name"; fi
}
refuses() { # refuses NAME PATTERN COMMAND...: it must fail and say PATTERN
  local name=$1 pattern=$2
  shift 2
  if "$@" >"$work/log" 2>&1; then
    fail "$name"
  elif grep -qi -- "$pattern" "$work/log"; then
    pass "$name"
  else
    fail "$name"
  fi
}
die() {
  cat "$work"/*.err >"$work/log" 2>/dev/null || true
  fail "$1"
  exit 1
}
finish() {
  printf '%d passed, %d failed\n' "$passed" "$failures"
  [ "$failures" -eq 0 ]
}

build_stapled() {
  stapled=${STAPLED:-}
  if [ -z "$stapled" ]; then
    stapled=$work/bin/stapled
    go build -o "$stapled" ./cmd/stapled
  fi
}

up_arguments=() # more arguments for stapled up

# build_stock TOOL...: builds the stock step-ca and step in the directory $stock.
build_stock() {
  local version=v0.30.2 tool package
  stock=${STAPLED_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stapled-interop}/$version
  mkdir -p "$stock"
  stock=$(cd "$stock" && pwd) # GOBIN must be absolute
  for tool in "$@"; do
    case $tool in
      step-ca) package=github.com/smallstep/certificates/cmd/step-ca ;;
      step) package=github.com/smallstep/cli/cmd/step ;;
    esac
    if [ ! -x "$stock/$tool" ]; then
      printf 'building %s@%s\n' "$package" "$version"
      CGO_ENABLED=0 GOBIN=$stock go install "$package@$version"
    fi
  done
}

start_stack() {
  build_stapled
  : >"$work/up.json"
  "$stapled" up --dir "$dir" --json "${up_arguments[@]}" >"$work/up.json" 2>"$work/up.err" &
  child=$!
  for _ in $(seq 300); do
    if grep -q gateway_url "$work/up.json"; then break; fi
    kill -0 "$child" 2>/dev/null || die 'stapled up has ended'
    sleep 0.1
  done
  ca_url=$(address ca_url) ocsp_url=$(address ocsp_url) gateway_url=$(address gateway_url)
  if [ -z "$ca_url" ] || [ -z "$ocsp_url" ] || [ -z "$gateway_url" ]; then die 'stapled up is not ready after 30 s'; fi
}
address() { sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" "$work/up.json"; }
