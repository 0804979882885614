// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// The exit statuses.
const (
	ExitDone     = 0
	ExitRejected = 1
	ExitUnusable = 2
)

// Rejection ends the command with status 1. Err is nil if the result on stdout
// says everything.
type Rejection struct{ Err error }

func (r *Rejection) Error() string {
	if r.Err == nil {
		return "rejected"
	}
	return r.Err.Error()
}

func (r *Rejection) Unwrap() error { return r.Err }

// usageError is a mistake in the command line, so Finish points to the help.
type usageError struct {
	err error
	// of is the command whose help to name; nil means the command that was run.
	of *cobra.Command
}

func (u *usageError) Error() string { return u.err.Error() }

func (u *usageError) Unwrap() error { return u.err }

// Usagef returns an error about the command line: status 2, and a pointer to
// the help.
func Usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// Finish prints an error on one line, and returns the exit status.
func (a *Console) Finish(cmd *cobra.Command, err error) int {
	if err == nil {
		return ExitDone
	}
	status := ExitUnusable
	var rejected *Rejection
	if errors.As(err, &rejected) {
		status = ExitRejected
		if rejected.Err == nil {
			return status
		}
	}
	line := OneLine(err)
	// Naming another file may not help. An error with this reason says so itself.
	var file *fs.PathError
	if errors.As(err, &file) && errors.Is(file, fs.ErrPermission) && !errors.Is(err, stapled.PermissionDenied) {
		line += "; run this as a user with that permission"
	}
	var usage *usageError
	if errors.As(err, &usage) {
		if usage.of != nil {
			cmd = usage.of
		}
		line += fmt.Sprintf(": see `%s --help`", cmd.CommandPath())
	}
	// If stderr is closed, nobody reads the error.
	_, _ = io.WriteString(a.Stderr, "stapled: "+line+"\n")
	return status
}

// Warn prints a one-line warning that does not stop the command.
func (a *Console) Warn(err error) {
	_, _ = io.WriteString(a.Stderr, "stapled: warning: "+OneLine(err)+"\n")
}

// OneLine returns the text of an error without line breaks and control
// characters, and without the reason if the text explains it.
func OneLine(err error) string {
	var parts []string
	for line := range strings.Lines(explain(err)) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return terminal.Printable(withoutTokens(strings.Join(parts, "; ")))
}

var longWord = regexp.MustCompile(`[A-Za-z0-9_.+=-]{200,}`)

// withoutTokens cuts words as long as a token, such as a token given in the
// wrong place: errors end up in logs.
func withoutTokens(text string) string {
	return longWord.ReplaceAllStringFunc(text, func(word string) string {
		return fmt.Sprintf("%s… (%d characters)", word[:16], len(word))
	})
}
