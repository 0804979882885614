#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Follows docs/step-ca.md word for word: the blocks of each section one after the
# other, in one shell, and those of a server in the background.
#
#   scripts/step-ca-page.sh
#
# Needs bash, go, jq and PostgreSQL. Variables:
#   STAPLED                the stapled command to test (default: built here)
#   STAPLED_INTEROP_CACHE  as for scripts/interop-step.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack.sh
. scripts/stack.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh
build_stapled
build_stock step-ca step
mkdir "$work/path" "$work/reader"
ln -s "$(realpath "$stapled")" "$work/path/stapled"
# shellcheck disable=SC2154 # from build_stock
ln -s "$stock/step" "$stock/step-ca" "$work/path/"
export PATH=$work/path:$PATH
start_postgresql
page=$PWD/docs/step-ca.md

# script SECTION prints its blocks as one script. A command with ! must fail. A
# server has answered when something listens on the address that it announces.
script() {
  awk -v section="$1" '
    $0 == "```sh " section { plain = 1; next }
    $0 == "```sh " section " server" { server = 1; next }
    $0 == "```" { plain = server = 0; next }
    plain && sub(/^! /, "") { printf "if %s; then echo \"this must fail: line %d\"; exit 1; fi\n", $0, NR; next }
    plain { print }
    server { n++; printf "%s >server%d.log 2>&1 &\npids+=($!)\nready\n", $0, n }
  ' "$page"
}
follow() { # follow SECTION
  {
    cat <<'EOF'
set -e
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait' EXIT
ready() { # the server that was started last listens, or has ended
  for _ in $(seq 300); do
    kill -0 "${pids[-1]}" 2>/dev/null || { cat server*.log; exit 1; }
    if grep -qE 'Serving HTTPS|listening|serving|ocsp_url|http://' server${#pids[@]}.log; then sleep 0.5; return; fi
    sleep 0.1
  done
  echo 'a server does not answer'; cat server*.log; exit 1
}
EOF
    script "$1"
  } >"$work/$1.sh"
  [ "$(grep -c '' "$work/$1.sh")" -gt 20 ] || die "the page has no section $1"
  (cd "$work/reader" && exec bash "$work/$1.sh")
}
SECONDS=0
for section in crl database place; do
  start=$SECONDS
  check "docs/step-ca.md, $section: every command" follow "$section"
  printf '      %d s\n' $((SECONDS - start))
done
finish
