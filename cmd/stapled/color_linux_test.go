// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stapledjwt/stapled/internal/terminal"
)

// openTerminal opens a pseudo-terminal of a width: the side that reads what a
// person would see, and the one that a program writes to.
func openTerminal(t *testing.T, width uint16) (reader, writer *os.File) {
	t.Helper()
	reader, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	control := func(f *os.File, request uintptr, argument unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(argument)); errno != 0 {
			t.Fatal(errno)
		}
	}
	var number, unlocked int32
	control(reader, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(reader, syscall.TIOCGPTN, unsafe.Pointer(&number))
	writer, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writer.Close() })
	size := [4]uint16{24, width}
	control(writer, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	return reader, writer
}

// TestColor: color is for terminals that want it, and never for JSON.
func TestColor(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is the command when it is called by its name.
	command := filepath.Join(t.TempDir(), "stapled")
	if err := os.Symlink(program, command); err != nil {
		t.Fatal(err)
	}
	const token = "eyJhbGciOiJFUzI1NiJ9.e30.AA"
	for _, row := range []struct {
		name  string
		args  []string
		env   string
		color bool
	}{
		{"terminal", []string{"inspect", token}, "TERM=xterm", true},
		{"NO_COLOR", []string{"inspect", token}, "NO_COLOR=1", false},
		{"dumb", []string{"inspect", token}, "TERM=dumb", false},
		{"JSON", []string{"inspect", "--json", token}, "TERM=xterm", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			reader, writer := openTerminal(t, 66)
			cmd := exec.Command(command, row.args...)
			cmd.Env = []string{row.env}
			cmd.Stdout = writer
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			seen := make([]byte, 16<<10)
			n, err := reader.Read(seen)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(seen[:n]), "\x1b["); got != row.color {
				t.Errorf("color: %t, want %t: %q", got, row.color, seen[:n])
			}
		})
	}
}

func TestTerminalWidth(t *testing.T) {
	_, writer := openTerminal(t, 66)
	if got := terminal.Of(writer); got.Width != 66 || !got.Interactive {
		t.Errorf("terminal: %+v", got)
	}
	if got := terminal.Of(&strings.Builder{}); got.Interactive || got.Color {
		t.Errorf("no terminal: %+v", got)
	}
}
