// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
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

// TestHelp: every command explains itself, with an example, in 80 columns or in
// those of the terminal. Only what people copy is longer.
func TestHelp(t *testing.T) {
	var commands []string
	for _, cmd := range cli.Commands(newRootCommand(&app{&cli.Console{}})) {
		commands = append(commands, strings.TrimPrefix(cmd.CommandPath(), "stapled "))
		if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s: Short, Long or Example is missing", cmd.CommandPath())
		}
	}
	slices.Sort(commands)
	if want := []string{"certs", "completion", "demo", "doctor", "gateway", "inspect", "ocsp", "ocsp delegate", "ocsp query", "ocsp serve", "revoke", "token", "up", "verify", "version"}; !slices.Equal(commands, want) {
		t.Errorf("commands %v, want %v", commands, want)
	}
	for columns, want := range map[string]int{"": terminal.StandardWidth, "20": terminal.LeastWidth, "60": 60, "100": 100, "300": cli.WidestText} {
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

// TestFlagsAreNounPhrases: the help of a flag says what its value is, and does not
// order something.
func TestFlagsAreNounPhrases(t *testing.T) {
	verbs := strings.Fields("accept add ask be choose do draw give keep let log make print protect read require revoke say serve show sign trust use verify write")
	root := newRootCommand(&app{&cli.Console{}})
	for _, cmd := range append(cli.Commands(root), root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			first, _, _ := strings.Cut(f.Usage, " ")
			if slices.Contains(verbs, first) || strings.ContainsAny(f.Usage, "`") || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: %s", cmd.Name(), f.Name, f.Usage)
			}
		})
	}
}
