// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const fullDiskEnv = "STAPLED_TEST_FULL_DISK"

// TestFullDisk: with a full disk, the new delegate is in use and the old one
// stays in the files, whole; once there is room, the new one is saved. A limit
// on the size of files stands for the disk, so the test is another process.
func TestFullDisk(t *testing.T) {
	if os.Getenv(fullDiskEnv) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$")
		cmd.Env = append(os.Environ(), fullDiskEnv+"=yes")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		first := k.Current().Leaf()
		var before syscall.Rlimit
		s.must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
		full := before
		full.Cur = 100
		s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full))
		time.Sleep(life * 3 / 4)
		synctest.Wait()
		s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
		snapshot := k.Snapshot()
		if !snapshot.Unsaved || !errors.Is(snapshot.Failure.Err, syscall.EFBIG) || snapshot.Certificate.Equal(first) {
			t.Errorf("full: %+v", snapshot)
		}
		if !s.inFiles().Equal(first) {
			t.Error("the old one is not in the files")
		}
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if snapshot := k.Snapshot(); snapshot.Unsaved || snapshot.Failure.Err != nil || !s.inFiles().Equal(snapshot.Certificate) {
			t.Errorf("room again: %+v", snapshot)
		}
	})
}
