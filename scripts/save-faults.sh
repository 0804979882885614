#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that saving an identity over another leaves one of the two, whatever
# happens meanwhile: strace fails each system call of the saving process with
# ENOSPC, one after the other, and then kills the process in each. Afterwards the
# old or the new identity loads, and saving the next one works and leaves only its
# two files.
#
#   scripts/save-faults.sh
#
# Needs bash, go and strace.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
save=$work/durability
go build -o "$save" ./internal/durability

# The certificate and the key are in two directories.
cert=$work/certs/cert.pem key=$work/keys/key.pem
mkdir "$work/certs" "$work/keys"
"$save" save "$cert" "$key" P-256
cp "$cert" "$work/old.cert"
cp "$key" "$work/old.key"
old() {
  rm -rf "$work/certs" "$work/keys"
  mkdir "$work/certs" "$work/keys"
  cp "$work/old.cert" "$cert"
  cp "$work/old.key" "$key"
}

# The main thread saves: the calls it makes from its first look at a directory on,
# and which call of that name each one is.
strace -f -o "$work/calls" "$save" save "$cert" "$key" P-384
calls=$(awk -v dir="$work/" 'NR == 1 { main = $1 }
  $1 == main && match($2, /^[a-z0-9_]+\(/) {
    name = substr($2, 1, RLENGTH - 1); n[name]++
    if (index($0, dir) && name != "execve") saving = 1
    if (saving && name !~ /^(exit_group|futex|rt_sig.*|sched_yield|tgkill|nanosleep|mmap|munmap|madvise|epoll_.*)$/) print name, n[name]
  }' "$work/calls")
if ! grep -q '^rename' <<<"$calls" || ! grep -q '^fsync' <<<"$calls"; then
  echo "strace did not see the files being saved: $calls" >&2
  exit 1
fi

injections=0 recovered=0 was_old=0 was_new=0
inject() { # inject CALL FAULT N
  local found
  old
  # In its own shell, which prints "Killed" where nobody reads it.
  (strace -f -o /dev/null -e "trace=$1" -e "inject=$1:$2:when=$3" "$save" save "$cert" "$key" P-384 || true) >"$work/log" 2>&1
  injections=$((injections + 1))
  if ! found=$("$save" load "$cert" "$key" ES256 ES384 2>&1); then
    echo "LOST  $1, $2, call $3: $found"
    return
  fi
  case $found in ES256) was_old=$((was_old + 1)) ;; *) was_new=$((was_new + 1)) ;; esac
  # The next save works, and cleans up.
  if "$save" save "$cert" "$key" P-521 && "$save" load "$cert" "$key" ES512 >/dev/null &&
    [ "$(find "$work/certs" "$work/keys" -type f | wc -l)" = 2 ]; then
    recovered=$((recovered + 1))
  else
    echo "STUCK $1, $2, call $3"
  fi
}
while read -r call n; do
  inject "$call" error=ENOSPC "$n"
  inject "$call" signal=KILL "$n"
done <<<"$calls"
printf 'system calls: %s\n' "$(cut -d' ' -f1 <<<"$calls" | sort | uniq -c | awk '{ printf "%s %d, ", $2, $1 }')"
printf 'faults injected: %d, recovered: %d/%d (the old identity %d times, the new one %d times)\n' \
  "$injections" "$recovered" "$injections" "$was_old" "$was_new"
[ "$injections" = "$recovered" ] && [ "$was_new" -gt 0 ] && [ "$was_old" -gt 0 ]
