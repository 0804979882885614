#!/usr/bin/env bash
# Shows that verification does no I/O: traces every system call that a program
# makes while it verifies 1,000 tokens, and permits only those of the memory
# allocator and the scheduler of the Go runtime.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/noio" ./internal/noio
strace -f -qq -o "$work/trace" "$work/noio" 2>"$work/stderr"

permitted='futex|mmap|munmap|madvise|mprotect|nanosleep|clock_nanosleep|sched_yield|sched_getaffinity'
permitted+='|clone|clone3|set_robust_list|rseq|gettid|getpid|tgkill|sigaltstack|rt_sigprocmask|rt_sigreturn'
# epoll_pwait is how the scheduler sleeps; epoll_ctl, which would give it a socket
# or a file to wait for, is not permitted.
permitted+='|epoll_pwait|timer_create|timer_settime|timer_delete|prctl|restart_syscall'

sed -n '/noio: begin/,/noio: end/p' "$work/trace" | sed '1d;$d' >"$work/between"
grep -q 'noio: end' "$work/trace" || { echo 'FAIL: the trace has no end mark'; exit 1; }

# A line is "PID name(...", "PID <... name resumed>", or a signal.
sed -E -e 's/^[0-9]+ +//' -e '/^(---|\+\+\+)/d' -e 's/^<\.\.\. ([a-z0-9_]+) resumed.*/\1/' -e 's/\(.*//' \
	"$work/between" | sort | uniq -c | sort -rn >"$work/calls"

if grep -vE "^ *[0-9]+ ($permitted)$" "$work/calls"; then
	echo 'FAIL: system calls besides memory and scheduling while verifying'
	exit 1
fi
echo 'system calls while verifying 1,000 tokens (memory and scheduling only):'
cat "$work/calls"
echo 'PASS: no network and no file system call'
