// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package loglimit

import (
	"context"
	"log"
	"log/slog"
	"strings"
	"time"
)

// maxTrace bounds the stack trace of a panic, in bytes: enough for the relevant
// frames.
const maxTrace = 4096

// ErrorLog returns a logger for [http.Server.ErrorLog] and the like, which
// report connection errors as text. The text becomes the attribute "error" of
// lines with this level and message, because every handshake that a stranger
// spoils has a different text. The program's own failures have their own
// message and the level Error.
func (h *Handler) ErrorLog(level slog.Level, message string) *log.Logger {
	return log.New(errorWriter{h, level, message}, "", 0)
}

type errorWriter struct {
	handler *Handler
	level   slog.Level
	message string
}

// Write implements io.Writer. Package log calls it once for each line.
func (w errorWriter) Write(text []byte) (int, error) {
	level, message, most := w.level, w.message, MaxValue
	// These are texts of net/http.
	switch line := string(text[:min(len(text), 64)]); {
	case strings.HasPrefix(line, "http: panic serving "), strings.HasPrefix(line, "http2: panic serving "):
		level, message, most = slog.LevelError, "handler panicked", maxTrace
	case strings.HasPrefix(line, "http: Accept error: "):
		level, message = slog.LevelError, "connections cannot be accepted"
	}
	ctx := context.Background()
	if !w.handler.Enabled(ctx, level) {
		return len(text), nil
	}
	r := slog.NewRecord(time.Now(), level, message, 0)
	r.AddAttrs(slog.String("error", strings.TrimSuffix(string(text), "\n")))
	return len(text), w.handler.handle(ctx, r, most)
}
