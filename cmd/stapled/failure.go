// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	exitDone     = 0
	exitRejected = 1
	exitUnusable = 2
)

// rejection ends the command with status 1. Err is nil where the result on
// stdout has told everything already.
type rejection struct{ err error }

func (r *rejection) Error() string {
	if r.err == nil {
		return "rejected"
	}
	return r.err.Error()
}

func (r *rejection) Unwrap() error { return r.err }

// usageError is a mistake in the command line, so the help is what to read.
type usageError struct {
	err error
	// of is whose help that is; nil is the command that was run.
	of *cobra.Command
}

func (u *usageError) Error() string { return u.err.Error() }

func (u *usageError) Unwrap() error { return u.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// finish tells an error in one line, and returns the exit status.
func (a *console) finish(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	status := exitUnusable
	var rejected *rejection
	if errors.As(err, &rejected) {
		status = exitRejected
		if rejected.err == nil {
			return status
		}
	}
	line := a.oneLine(err)
	// To name another file may not be what helps then. Package ca says so itself.
	var file *fs.PathError
	if errors.As(err, &file) && errors.Is(file, fs.ErrPermission) && !strings.Contains(line, "run this as") {
		line += "; run this as a user who may do that"
	}
	var usage *usageError
	if errors.As(err, &usage) {
		if usage.of != nil {
			cmd = usage.of
		}
		line += fmt.Sprintf(": see `%s --help`", cmd.CommandPath())
	}
	// If stderr is gone there is nobody to tell.
	_, _ = io.WriteString(a.stderr, "stapled: "+line+"\n")
	return status
}

// warn tells, in one line, what a user should know although the command goes on.
func (a *console) warn(err error) {
	_, _ = io.WriteString(a.stderr, "stapled: warning: "+a.oneLine(err)+"\n")
}

// oneLine is the text of an error without line breaks and control characters.
func (a *console) oneLine(err error) string {
	text := err.Error()
	if a.explain != nil {
		text = a.explain(err)
	}
	return oneLine(text)
}

func oneLine(text string) string {
	var parts []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return printable(withoutTokens(strings.Join(parts, "; ")))
}

var longWord = regexp.MustCompile(`[A-Za-z0-9_.+=-]{200,}`)

// withoutTokens cuts what is as long as a token, such as one that was given in
// the wrong place: errors end up in logs.
func withoutTokens(text string) string {
	return longWord.ReplaceAllStringFunc(text, func(word string) string {
		return fmt.Sprintf("%s… (%d characters)", word[:16], len(word))
	})
}
