#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the commands of the README word for word: those of "terminal 1" in the
# background, and, once the stack is up, those of "terminal 2".
#
#   scripts/readme.sh
#
# Needs bash, go, git and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/stack.sh
. scripts/stack.sh

blocks() { sed -n "/^\`\`\`sh $1\$/,/^\`\`\`\$/p" README.md | grep -v '^```'; }
blocks 'terminal 1' >"$work/terminal1"
blocks 'terminal 2' >"$work/terminal2"
if [ ! -s "$work/terminal1" ] || [ ! -s "$work/terminal2" ]; then die 'the README has no commands'; fi

# A clone has only the files that a reader would have.
git clone -q . "$work/clone"
cd "$work/clone"

# The last command of terminal 1 keeps running: exec makes it the child to stop.
{ echo 'set -e'; sed '$s/^/exec /' "$work/terminal1"; } >"$work/terminal1.sh"
bash "$work/terminal1.sh" >"$work/up.out" 2>"$work/up.err" &
child=$!
for _ in $(seq 1200); do
  if grep -q 'http://127.0.0.1:7843' "$work/up.out"; then break; fi
  kill -0 "$child" 2>/dev/null || die 'terminal 1 has ended'
  sleep 0.1
done
pass 'terminal 1: the stack is up'

# Each command of terminal 2 must succeed; one with ! must fail.
{ echo 'set -e'; sed 's/^! \(.*\)/if \1; then exit 1; fi/' "$work/terminal2"; } >"$work/terminal2.sh"
check 'terminal 2: every command' bash "$work/terminal2.sh"
cat "$work/log"
check 'SIGTERM ends terminal 1 with status 0' stop_child
finish
