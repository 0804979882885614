// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
)

func TestParseSerial(t *testing.T) {
	for _, row := range []struct {
		text, want string // "" for a refusal
	}{
		{"6699", "6699"}, {"0x1a2b", "6699"}, {"0X1A2B", "6699"}, {"1a:2b", "6699"}, {"1A:2B", "6699"}, {"00:1a:2b", "6699"},
		{"0x" + strings.Repeat("f", 40), "1461501637330902918203684832716283019655932542975"},
		{"0x" + strings.Repeat("f", 41), ""}, {"", ""}, {"0", ""}, {"0x", ""}, {"0x0", ""}, {"-1", ""}, {"+1", ""}, {"0x-1", ""},
		{"1_000", ""}, {"1a2b", ""}, {"1a:2", ""}, {"1a::2b", ""}, {":", ""}, {"0x1a:2b", ""}, {"1e5", ""}, {" 1", ""},
	} {
		got, err := parseSerial(row.text)
		switch {
		case (err != nil) != (row.want == ""):
			t.Errorf("parseSerial(%q): %v, %v", row.text, got, err)
		case err == nil && got.String() != row.want:
			t.Errorf("parseSerial(%q) = %s, want %s", row.text, got, row.want)
		}
	}
}

func TestParseTime(t *testing.T) {
	day := time.Date(2026, 11, 21, 23, 20, 0, 0, time.UTC)
	for _, row := range []struct {
		text string
		want time.Time // zero for a refusal
	}{
		{"2026-11-21T23:20:00Z", day}, {"2026-11-22T00:20:00+01:00", day}, {"2026-11-21T23:20:00.5Z", day.Add(500 * time.Millisecond)},
		{stamp(day), day}, {day.Format(shortStamp), day}, {"2026-11-22 00:20:00+01:00", day},
		{"2026-11-21 23:20:00", time.Time{}}, {"2026-11-21", time.Time{}}, {"yesterday", time.Time{}}, {"1h", time.Time{}}, {"+1", time.Time{}}, {"-", time.Time{}}, {" ", time.Time{}},
	} {
		clock, err := parseTime(row.text)
		if (err != nil) != row.want.IsZero() {
			t.Errorf("parseTime(%q): %v", row.text, err)
		} else if err == nil && !clock().Equal(row.want) {
			t.Errorf("parseTime(%q) = %s", row.text, clock())
		}
	}
	for text, distance := range map[string]time.Duration{"": 0, "+11m": 11 * time.Minute, "-1h": -time.Hour, "+1h30m": 90 * time.Minute} {
		clock, err := parseTime(text)
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

func TestParseReason(t *testing.T) {
	for _, row := range []struct {
		name, want string
		code       ocspstaple.CRLReason
	}{
		{"keyCompromise", "keyCompromise", 1}, {"KEYCOMPROMISE", "keyCompromise", 1}, {"unspecified", "unspecified", 0},
		{"aACompromise", "aACompromise", 10}, {"privilegeWithdrawn", "privilegeWithdrawn", 9},
		{"removeFromCRL", "", 0}, {"1", "", 0}, {"", "", 0},
	} {
		code, name, err := parseReason(row.name)
		if code != row.code || name != row.want || (err != nil) != (row.want == "") {
			t.Errorf("parseReason(%q) = %d, %q, %v", row.name, code, name, err)
		}
	}
}

func TestParseClaims(t *testing.T) {
	got, err := parseClaims([]string{"n=5", `s=five`, `o={"a":[1]}`, "null=null", "t=true", "e=", `q="5"`, "f=1.50", "brace=}", "sp= 7 "})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"brace":"}","e":"","f":1.50,"n":5,"null":"null","o":{"a":[1]},"q":"5","s":"five","sp":7,"t":true}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	for _, bad := range [][]string{{"novalue"}, {"=v"}, {""}, {"a=1", "a=2"}, {"iss=x"}, {"AUD=x"}, {"jti=1"}, {"o={"}, {"l=[1,"}, {`q="5`}} {
		if got, err := parseClaims(bad); err == nil {
			t.Errorf("parseClaims(%q) = %v", bad, got)
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
		if got := oneLine(row.err); got != row.want {
			t.Errorf("oneLine(%q) = %q, want %q", row.err, got, row.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ÄÖ ✔":    "plain ÄÖ ✔",
		"\x1b]0;x\a":    `\x1b]0;x\a`,
		"\u009b31m":     `\u009b31m`,
		"\u202eevil":    `\u202eevil`,
		"a\nb\tc":       `a\nb\tc`,
		"\xff":          `\ufffd`,
		"zero\u200bwid": `zero\u200bwid`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""}, {"short", 10, "short"}, {"exactly 10", 10, "exactly 10"},
		{"a word that breaks at spaces", 12, "a word that/breaks at/spaces"},
		{"nospacesatallhere", 5, "nospa/cesat/allhe/re"},
		{"ÄÖÜÄÖÜ", 4, "ÄÖÜÄ/ÖÜ"},
		{`["billing","echo","orders"]`, 18, `["billing","echo",/"orders"]`},
		{`["a","a-long-one","b"]`, 13, `["a",/"a-long-one",/"b"]`},
	} {
		if got := strings.Join(wrap(row.text, row.width), "/"); got != row.want {
			t.Errorf("wrap(%q, %d) = %s, want %s", row.text, row.width, got, row.want)
		}
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 900 * time.Millisecond: "0s", time.Second: "1s", 61 * time.Second: "1m1s", time.Hour: "1h", 5 * time.Minute: "5m",
		25*time.Hour + 30*time.Minute: "1d1h", 400 * 24 * time.Hour: "1y35d", 24*time.Hour + time.Second: "1d",
	} {
		if got := length(d); got != want {
			t.Errorf("length(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for word, want := range map[string]string{
		"/a/b-c_d.e": "/a/b-c_d.e", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", word, got, want)
		}
	}
}

// TestUnexpectedStep: a step that goes otherwise shows, and counts.
func TestUnexpectedStep(t *testing.T) {
	for _, row := range []struct {
		name string
		step step
		want bool
	}{
		{"as expected", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "r", HTTPStatus: 401}, true},
		{"no request", step{Expected: accepted, Outcome: accepted}, true},
		{"other outcome", step{Expected: rejected, Outcome: accepted, HTTPStatus: 200}, false},
		{"other reason", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "s", HTTPStatus: 401}, false},
		{"other status", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "r", HTTPStatus: 403}, false},
	} {
		var out strings.Builder
		s := &show{app: &app{stdout: &out}}
		if err := s.end(row.step); err != nil {
			t.Fatal(err)
		}
		if (s.failed == 0) != row.want || strings.Contains(out.String(), "✘") == row.want {
			t.Errorf("%s: failed %d: %s", row.name, s.failed, out.String())
		}
	}
}

// TestLogLine: the stack trace that step-ca's errors add to %+v stays out.
func TestLogLine(t *testing.T) {
	var out strings.Builder
	log, err := (&app{stderr: &out}).logger(slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("refused", "error", traced{}, "retry_in", 5*time.Minute)
	if got := out.String(); strings.Contains(got, "trace") || !strings.Contains(got, "error=short retry_in=5m\n") {
		t.Error(got)
	}
}

type traced struct{}

func (traced) Error() string              { return "short" }
func (traced) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("a trace")) }

// TestHelp: every command explains itself, with an example, in 80 columns or in
// those of the terminal. Only what people copy is longer.
func TestHelp(t *testing.T) {
	var commands []string
	for _, cmd := range newRootCommand(&app{}).Commands() {
		commands = append(commands, cmd.Name())
		if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, "stapled "+cmd.Name()) {
			t.Errorf("%s: Short, Long or Example is missing", cmd.Name())
		}
	}
	slices.Sort(commands)
	if want := []string{"completion", "demo", "inspect", "revoke", "token", "up", "verify", "version"}; !slices.Equal(commands, want) {
		t.Errorf("commands %v, want %v", commands, want)
	}
	for columns, want := range map[string]int{"": standardWidth, "20": leastWidth, "60": 60, "100": 100, "300": widestText} {
		t.Setenv("COLUMNS", columns)
		for _, args := range append([]string{""}, commands...) {
			var out, errs strings.Builder
			if status := execute(append(strings.Fields(args), "--help"), strings.NewReader(""), &out, &errs); status != 0 || errs.Len() > 0 {
				t.Errorf("%s --help: status %d, %s", args, status, errs.String())
			}
			text := out.String()
			if before, rest, ok := strings.Cut(text, "\nExamples:\n"); ok {
				_, after, _ := strings.Cut(rest, "\n\nFlags:\n")
				text = before + "\n" + after
			}
			longest := 0
			for line := range strings.Lines(text) {
				longest = max(longest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
			}
			if longest > want || longest < want*3/4 {
				t.Errorf("%s --help has lines of %d columns in %d", args, longest, want)
			}
			if strings.Contains(out.String(), "`") {
				t.Errorf("%s --help: a mark: %s", args, out.String())
			}
		}
	}
}

// TestPermission: whoever may not open a file has another way out than to name
// another file, and whoever may not listen has not.
func TestPermission(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: give --anchor a file", &fs.PathError{Op: "open", Path: "a.pem", Err: fs.ErrPermission}),
			"stapled: open a.pem: permission denied: give --anchor a file; run this as a user who may do that\n"},
		{stapled.Errorf(stapled.PermissionDenied, "%w; run this as its owner", &fs.PathError{Op: "open", Path: "a.pem", Err: fs.ErrPermission}),
			"stapled: open a.pem: permission denied; run this as its owner\n"},
		{fmt.Errorf("listen: %w: choose another address", fs.ErrPermission), "stapled: listen: permission denied: choose another address\n"},
	} {
		var out strings.Builder
		if status := (&app{stderr: &out}).finish(nil, row.err); status != exitUnusable || out.String() != row.want {
			t.Errorf("status %d: %s", status, out.String())
		}
	}
}
