// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestDiskFull: a revocation that cannot be written down is answered all the
// same, the metric says so, and it is written when there is room again.
func TestDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		w.start()
		defer w.end()
		book, name := ledgerFile(t, w.dir)
		good, err := os.OpenFile(name, os.O_WRONLY, 0)
		check(t, err)
		defer good.Close()
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		check(t, err)
		defer full.Close()
		check(t, syscall.Dup3(int(full.Fd()), book, syscall.O_CLOEXEC))
		pass(time.Second)
		w.crl("Alpha", 2, 7) // it takes effect all the same
		pass(3 * time.Second)
		w.want("Alpha", "revoked", "Alpha responder")
		w.want("Alpha", "revoked", "Alpha responder")
		if n := w.metric("stapled_ocsp_ledger_unwritten_revocations"); n != "1" {
			t.Errorf("%s revocations are not on disk, want 1", n)
		}
		if !strings.Contains(w.logged(), "no space left on device") {
			t.Errorf("the log is silent:\n%s", w.logged())
		}
		check(t, syscall.Dup3(int(good.Fd()), book, syscall.O_CLOEXEC))
		w.crl("Alpha", 3, 7, 8)
		pass(3 * time.Second)
		w.ask("Alpha", 8)
		w.ask("Alpha", 9)
		if n := w.metric("stapled_ocsp_ledger_unwritten_revocations"); n != "0" {
			t.Errorf("%s revocations are not on disk, want 0:\n%s", n, w.logged())
		}
	})
}

// ledgerFile returns the descriptor of the open ledger, and its name.
func ledgerFile(t *testing.T, dir string) (fd int, name string) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, entry := range open {
		name, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name()))
		if err == nil && strings.HasPrefix(name, dir) && strings.HasSuffix(name, ".revoked") {
			_, err := fmt.Sscan(entry.Name(), &fd)
			check(t, err)
			return fd, name
		}
	}
	t.Fatal("the ledger is not open")
	return 0, ""
}
