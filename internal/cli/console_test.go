// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
)

func TestParseTime(t *testing.T) {
	day := time.Date(2026, 11, 21, 23, 20, 0, 0, time.UTC)
	for _, row := range []struct {
		text string
		want time.Time // zero for a refusal
	}{
		{"2026-11-21T23:20:00Z", day}, {"2026-11-22T00:20:00+01:00", day}, {"2026-11-21T23:20:00.5Z", day.Add(500 * time.Millisecond)},
		{"2026-11-21 23:20:00Z", day}, {"2026-11-21 23:20Z", day}, {"2026-11-22 00:20:00+01:00", day},
		{"2026-11-21 23:20:00", time.Time{}}, {"2026-11-21", time.Time{}}, {"yesterday", time.Time{}}, {"1h", time.Time{}}, {"+1", time.Time{}}, {"-", time.Time{}}, {" ", time.Time{}},
	} {
		clock, err := ParseTime(row.text)
		if (err != nil) != row.want.IsZero() {
			t.Errorf("parseTime(%q): %v", row.text, err)
		} else if err == nil && !clock().Equal(row.want) {
			t.Errorf("parseTime(%q) = %s", row.text, clock())
		}
	}
	for text, distance := range map[string]time.Duration{"": 0, "+11m": 11 * time.Minute, "-1h": -time.Hour, "+1h30m": 90 * time.Minute} {
		clock, err := ParseTime(text)
		if err != nil {
			t.Fatalf("parseTime(%q): %v", text, err)
		}
		// From when the clock is asked on, not from when the text was read.
		before := time.Now()
		if got := clock(); got.Before(before.Add(distance)) || got.After(time.Now().Add(distance)) {
			t.Errorf("parseTime(%q) = %s", text, got)
		}
	}
}

func TestOneLine(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{errors.Join(errors.New("first"), errors.New("second")), "first; second"},
		{fmt.Errorf("a\n\t b \x1b[31m\r\n"), `a; b \x1b[31m`},
		{fmt.Errorf("open it: %w", fs.ErrNotExist), "open it: file does not exist"},
	} {
		if got := OneLine(row.err); got != row.want {
			t.Errorf("oneLine(%q) = %q, want %q", row.err, got, row.want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for word, want := range map[string]string{
		"/a/b-c_d.e": "/a/b-c_d.e", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
	} {
		if got := ShellQuote(word); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", word, got, want)
		}
	}
}

// TestLogLine: the stack trace that step-ca's errors add to %+v stays out.
func TestLogLine(t *testing.T) {
	var out strings.Builder
	log, err := (&Console{Stderr: &out}).Logger(slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("refused", "error", traced{}, "retry_in", 5*time.Minute)
	if got := out.String(); strings.Contains(got, "trace") || !strings.Contains(got, "error=short retry_in=5m\n") {
		t.Error(got)
	}
}

type traced struct{}

func (traced) Error() string { return "short" }

func (traced) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("a trace")) }

// TestPermission: whoever may not open a file has another way out than to name
// another file, and whoever may not listen has not.
func TestPermission(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: give --anchor a file", &fs.PathError{Op: "open", Path: "a.pem", Err: fs.ErrPermission}),
			"stapled: open a.pem: permission denied: give --anchor a file; run this as a user with that permission\n"},
		{stapled.Errorf(stapled.PermissionDenied, "%w; run this as its owner", &fs.PathError{Op: "open", Path: "a.pem", Err: fs.ErrPermission}),
			"stapled: open a.pem: permission denied; run this as its owner\n"},
		{fmt.Errorf("listen: %w: choose another address", fs.ErrPermission), "stapled: listen: permission denied: choose another address\n"},
	} {
		var out strings.Builder
		if status := (&Console{Stderr: &out}).Finish(nil, row.err); status != ExitUnusable || out.String() != row.want {
			t.Errorf("status %d: %s", status, out.String())
		}
	}
}
