// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// disk can be filled and freed again.
type disk interface {
	fill(*server) error
	free() error
}

// smallDisk is a file system that a filler file fills to the last byte.
type smallDisk struct{ filler string }

func (d smallDisk) fill(*server) error {
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; {
		_, err := f.Write(make([]byte, size))
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

func (d smallDisk) free() error { return os.Remove(d.filler) }

// tracedDisk uses strace to fail every write to the files of a database.
type tracedDisk struct {
	files  func() []string
	strace *exec.Cmd
	said   *output
}

func (d *tracedDisk) fill(s *server) error {
	args := []string{"-f", "-qq", "-o", "/dev/null", "-p", strconv.Itoa(s.cmd.Process.Pid),
		"-e", "trace=write,pwrite64,ftruncate", "-e", "inject=write,pwrite64,ftruncate:error=ENOSPC"}
	for _, file := range d.files() {
		args = append(args, "-P", file)
	}
	d.strace, d.said = exec.Command("strace", args...), new(output)
	d.strace.Stdout, d.strace.Stderr = d.said, d.said
	if err := d.strace.Start(); err != nil {
		return err
	}
	status := filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		raw, err := os.ReadFile(status)
		if err != nil {
			return err
		}
		if !strings.Contains(string(raw), "TracerPid:\t0\n") {
			return nil
		}
	}
	return errors.New("strace does not attach: " + d.said.String())
}

func (d *tracedDisk) free() error {
	if d.strace == nil {
		return nil
	}
	err := d.strace.Process.Signal(syscall.SIGTERM) // detaches
	_ = d.strace.Wait()
	d.strace = nil
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return err
}
