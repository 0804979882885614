// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"strings"
)

// badgerLogger passes badger's lines to slog, and ends the guard when a line
// reports a failure. When badger writes on its own account (collecting garbage,
// moving tables), it reports failures nowhere else. It logs the failure before
// it goes on to the next write, which would end up after the hole, or tries
// again after half a record. So badgerLogger stops it there.
type badgerLogger struct{ *guard }

func (l badgerLogger) Errorf(format string, args ...any) {
	line := badgerLine(format, args)
	l.log.Error("database", "message", line)
	if strings.HasPrefix(format, "Failed to populate discard stats") {
		return // only delays garbage collection
	}
	l.stop(line)
}

// Warningf reports a failure if one of its arguments is an error; such lines
// come from compactions.
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

// Infof lines are about badger's files, so they are debug lines here.
func (l badgerLogger) Infof(format string, args ...any) {
	l.log.Debug("database", "message", badgerLine(format, args))
}

func (l badgerLogger) Debugf(string, ...any) {}

func badgerLine(format string, args []any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}
