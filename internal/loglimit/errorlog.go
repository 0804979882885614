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

// maxTrace bounds the stack trace of a panic, in bytes: enough for the frames
// that matter.
const maxTrace = 4096

// ErrorLog is for [http.Server.ErrorLog] and its like, which tell what went
// wrong with a connection as text: the text becomes the attribute "error" of
// lines with this level and message, as every handshake that a stranger spoils has
// another text. What is the program's own failure has a message of its own and the
// level Error.
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
	// The texts of net/http.
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
