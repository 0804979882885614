#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0
#
# Shows that verification does no I/O: traces every system call that a program
# makes while it verifies 1,000 tokens, and permits only those of the Go runtime's
# memory allocator and scheduler.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/noio" ./internal/noio
# The runtime would read the limits of its control group every few seconds
# (runtime.GOMAXPROCS); this turns it off.
GODEBUG=updatemaxprocs=0 strace -f -qq -o "$work/trace" "$work/noio" 2>"$work/stderr"

permitted='futex|mmap|munmap|madvise|mprotect|nanosleep|clock_nanosleep|sched_yield|sched_getaffinity'
permitted+='|clone|clone3|set_robust_list|rseq|gettid|getpid|tgkill|sigaltstack|rt_sigprocmask|rt_sigreturn'
# The scheduler sleeps in epoll_pwait. epoll_ctl is not permitted: it would add a
# socket or a file to wait for.
permitted+='|epoll_pwait|timer_create|timer_settime|timer_delete|prctl|restart_syscall'

grep -q 'noio: end' "$work/trace" || { echo 'FAIL: the trace has no end mark'; exit 1; }

# The scheduler wakes its own poller through an eventfd that it made for this; all
# other reads and writes stay in.
wake=$(sed -nE 's/.*eventfd2(\(| resumed).* = ([0-9]+)$/\2/p' "$work/trace" | head -1)

# A line is "PID name(...". If another thread or a signal interrupted the call, a
# later line "PID <... name resumed>" ends it. Calls between the marks count, except
# for the rest of the call that writes the first mark.
awk -v own="^(read|write)[(]${wake:-none}, " '
	/noio: end/ { exit }
	/noio: begin/ { begun = 1; if (/unfinished/) skip[$1] = 1; next }
	!begun { next }
	{ pid = $1; sub(/^[0-9]+ +/, "") }
	/^(---|[+][+][+])/ { next }
	/^<[.][.][.]/ { if (skip[pid]) { skip[pid] = 0; next }; print $2; next }
	$0 ~ own { if (/unfinished/) skip[pid] = 1; next }
	{ sub(/[(].*/, ""); print }' "$work/trace" | sort | uniq -c | sort -rn >"$work/calls"
[ -s "$work/calls" ] || { echo 'FAIL: the trace has nothing between the marks'; exit 1; }

if grep -vE "^ *[0-9]+ ($permitted)$" "$work/calls"; then
	echo 'FAIL: system calls besides memory and scheduling while verifying'
	exit 1
fi
echo 'system calls while verifying 1,000 tokens (memory and scheduling only):'
cat "$work/calls"
echo 'PASS: no network and no file system call'
