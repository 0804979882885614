// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package cli holds what the program's commands share: results and logs, help
// and flags, one-line errors with their exit status, and reading tokens from an
// argument or stdin.
package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// Console is one run of the command: its streams and the flags of every
// subcommand.
type Console struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	JSON           bool
	LogLevel       string
}

// Silent is the default level of commands that write only their error to
// stderr.
const Silent = slog.LevelError + 4

// Logger logs to stderr, at the level that the user asked for, or else the
// command's default level.
func (a *Console) Logger(standard slog.Level) (*slog.Logger, error) {
	level := standard
	if a.LogLevel != "" {
		if err := level.UnmarshalText([]byte(a.LogLevel)); err != nil {
			return nil, Usagef("--log-level %q must be one of debug, info, warn, error", a.LogLevel)
		}
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: plainAttr})), nil
}

// plainAttr keeps each log line on one line: slog formats errors with %+v,
// which adds a stack trace to step-ca's errors. It writes durations as flags
// take them.
func plainAttr(_ []string, attr slog.Attr) slog.Attr {
	switch value := attr.Value.Any().(type) {
	case error:
		return slog.String(attr.Key, value.Error())
	case time.Duration:
		return slog.String(attr.Key, timetext.Duration(value))
	}
	return attr
}

// PrintJSON prints one object on one line. The object may hold text from an
// unverified token, so PrintJSON also escapes the control characters that
// encoding/json does not (U+007F to U+009F, which some terminals obey).
func (a *Console) PrintJSON(value any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	raw := encoded.Bytes()
	var line strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		// A byte that is not UTF-8 may be one of these in another encoding.
		if r >= 0x7f && r <= 0x9f || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.Write(raw[:size])
		}
		raw = raw[size:]
	}
	return a.Print(line.String())
}

// Print writes a result. It returns an error if the reader has gone: half a
// result is no result.
func (a *Console) Print(text string) error {
	if _, err := io.WriteString(a.Stdout, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
