// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package cli holds what the commands of the program share: results and logs,
// help and flags, one line per error and the exit status that goes with it, and
// tokens taken from an argument or from stdin.
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

// Console is one run of the command: its streams and the flags that every
// subcommand has.
type Console struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	JSON           bool
	LogLevel       string
}

// Silent is the standard level of commands that write nothing but their error to
// stderr.
const Silent = slog.LevelError + 4

// Logger logs to stderr, from the level that the user asked for, or else from the
// standard level of the command.
func (a *Console) Logger(standard slog.Level) (*slog.Logger, error) {
	level := standard
	if a.LogLevel != "" {
		if err := level.UnmarshalText([]byte(a.LogLevel)); err != nil {
			return nil, Usagef("--log-level %q must be one of debug, info, warn, error", a.LogLevel)
		}
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: plainAttr})), nil
}

// plainAttr keeps a log line a line: slog formats errors with %+v, to which
// those of step-ca add a stack trace. It writes durations as flags take them.
func plainAttr(_ []string, attr slog.Attr) slog.Attr {
	switch value := attr.Value.Any().(type) {
	case error:
		return slog.String(attr.Key, value.Error())
	case time.Duration:
		return slog.String(attr.Key, timetext.Duration(value))
	}
	return attr
}

// PrintJSON prints one object on one line. What it holds may come from a token
// that was not verified, so control characters that encoding/json leaves
// alone (U+007F to U+009F, which some terminals obey) are escaped too.
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
		// A byte that is no UTF-8 may be one of these in another encoding.
		if r >= 0x7f && r <= 0x9f || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.Write(raw[:size])
		}
		raw = raw[size:]
	}
	return a.Print(line.String())
}

// Print writes a result. If the reader has gone, that is an error: half a result is
// no result.
func (a *Console) Print(text string) error {
	if _, err := io.WriteString(a.Stdout, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
