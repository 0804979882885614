// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"strings"
)

// badgerLogger passes badger's lines to slog, and ends the guard when one is
// about something that has failed. Badger says so nowhere else when it writes
// on its own account: collecting garbage, moving tables. It says it before it
// goes on to the next write, which would come to lie behind the hole, or tries
// again, behind half a record. So it is kept from going on.
type badgerLogger struct{ *guard }

func (l badgerLogger) Errorf(format string, args ...any) {
	line := badgerLine(format, args)
	l.log.Error("database", "message", line)
	if strings.HasPrefix(format, "Failed to populate discard stats") {
		return // only delays the collection of garbage
	}
	l.stop(line)
}

// Warningf is about a failure if it has an error among its arguments: one of
// the compactions.
func (l badgerLogger) Warningf(format string, args ...any) {
	line := badgerLine(format, args)
	l.log.Warn("database", "message", line)
	for _, arg := range args {
		if _, failed := arg.(error); failed {
			l.stop(line)
		}
	}
}

// stop never returns.
func (l badgerLogger) stop(line string) {
	l.end(errors.New(line))
	select {}
}

// Infof is about badger's files, so it is a debug line here.
func (l badgerLogger) Infof(format string, args ...any) {
	l.log.Debug("database", "message", badgerLine(format, args))
}

func (l badgerLogger) Debugf(string, ...any) {}

func badgerLine(format string, args []any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}
