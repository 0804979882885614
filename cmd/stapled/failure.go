// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/stapledjwt/stapled"
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
func (a *app) finish(cmd *cobra.Command, err error) int {
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
	line := oneLine(err)
	// To name another file may not be what helps then. An error with this reason
	// says so itself.
	var file *fs.PathError
	if errors.As(err, &file) && errors.Is(file, fs.ErrPermission) && !errors.Is(err, stapled.PermissionDenied) {
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
func (a *app) warn(err error) {
	_, _ = io.WriteString(a.stderr, "stapled: warning: "+oneLine(err)+"\n")
}

// explained are the reasons that a message says in words.
var explained = []stapled.Reason{
	stapled.ConfigInvalid, stapled.Canceled, stapled.Unreachable, stapled.Refused, stapled.AlreadyRevoked, stapled.WrongPassword,
	stapled.NotCADirectory, stapled.DirectoryNotEmpty, stapled.PermissionDenied, stapled.DatabaseLocked, stapled.DatabaseDamaged,
	stapled.DatabaseWriteFailed, stapled.AddressInUse, stapled.Closed, stapled.Failed,
}

// oneLine is the text of an error without line breaks, control characters and
// the reason, if the text explains it.
func oneLine(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*stapled.Error](err); ok && e.Err != nil && slices.Contains(explained, e.Reason) {
		own := strings.TrimPrefix(e.Error(), string(e.Reason)+": ")
		// These say everything before the cause, which only repeats it.
		if cause := errors.Unwrap(e.Err); cause != nil && (errors.Is(err, stapled.DatabaseLocked) || errors.Is(err, stapled.AddressInUse) || errors.Is(err, stapled.WrongPassword)) {
			own = strings.TrimSuffix(own, ": "+cause.Error())
		}
		text = strings.Replace(text, e.Error(), own, 1)
	}
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
