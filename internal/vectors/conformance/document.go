// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/internal/vectors"
)

const intro = `# Conformance

What other projects have published as test vectors, and what stapled makes of it. This page is written by the tests:
` + "`STAPLED_VECTORS=<directory> scripts/conformance.sh`" + ` runs all cases and writes it, ` + "`--check`" + ` compares. A case that comes out
other than its suite expects fails the tests, unless its reason is written down in them. Nothing is skipped: a suite that
was not counted whole is an error.

Stricter is not wrong here: a stapled token is new, so nothing has to be accepted for the sake of what exists.
`

// runs lists what a suite is compared with. In a recorded run, differences are
// not disagreements: the suite does not recommend it for this kind of verifier.
var runs = []struct {
	name, meaning string
	recorded      bool
}{
	{name: "policy", meaning: "our policy, as users have it"},
	{name: "switches", meaning: "with the permissive switches that a case needs, which exist in the tests of package ocspstaple only; and each refusal for the reason that the case was made for"},
	{name: "whole-path", meaning: "a staple for every certificate of the path"},
	{name: "held", meaning: "path validation, the cases that concern it"},
	{name: "others", meaning: "path validation, the cases about what it does not do: CRLs, host names, options of other validators. Recorded, and held only to accepting nothing that crypto/x509 refuses", recorded: true},
	{name: "first-sight", meaning: "package verifier, a header that it has not seen"},
	{name: "warm", meaning: "package verifier, the signature check for a header that it knows"},
	{name: "signature-first-sight", meaning: "the signature alone, a header that it has not seen"},
	{name: "signature-warm", meaning: "the signature alone, a header that it knows"},
	{name: "token", meaning: "as tokens, under the whole verification"},
	{name: "requests", meaning: "the OCSP responder of package responder, for which all of these requests are about another CA"},
}

func runOf(name string) (index int, err error) {
	for i, run := range runs {
		if run.name == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the page does not say what the run %q is", name)
}

// document writes the page.
func document(tallies []*vectors.Tally) ([]byte, error) {
	for _, y := range tallies {
		if _, err := runOf(y.Run); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(tallies, func(a, b *vectors.Tally) int {
		i, _ := runOf(a.Run)
		j, _ := runOf(b.Run)
		return 2*strings.Compare(a.Suite, b.Suite) + min(max(i-j, -1), 1)
	})
	var b bytes.Buffer
	b.WriteString(intro)
	summary(&b, tallies)
	meanings(&b, tallies)
	sources(&b, tallies)
	for len(tallies) > 0 {
		n := 1
		for n < len(tallies) && alike(tallies[0], tallies[n]) {
			n++
		}
		differences(&b, tallies[:n])
		tallies = tallies[n:]
	}
	return b.Bytes(), nil
}

func summary(b *bytes.Buffer, tallies []*vectors.Tally) {
	b.WriteString("\n## Result\n\n| suite | run | cases | agreed | refused for want of a switch | differ on purpose | recorded |\n|---|---|---:|---:|---:|---:|---:|\n")
	var cases, agreed, refused, differ, recorded int
	for _, y := range tallies {
		n, d, r := refusals(y), len(y.Differs), 0
		if i, _ := runOf(y.Run); runs[i].recorded {
			d, r = 0, d
		}
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %d |\n", y.Suite, y.Run, y.Cases, y.Agreed, n, d, r)
		cases, agreed, refused, differ, recorded = cases+y.Cases, agreed+y.Agreed, refused+n, differ+d, recorded+r
	}
	fmt.Fprintf(b, "\n%d outcomes: %d agreed, %d were refused for want of a switch, %d differ on purpose, %d are recorded only, 0 unexplained.\n",
		cases, agreed, refused, differ, recorded)
}

func refusals(y *vectors.Tally) (n int) {
	for _, count := range y.Policy {
		n += count
	}
	return n
}

func meanings(b *bytes.Buffer, tallies []*vectors.Tally) {
	b.WriteString("\n## Runs\n\n| run | held against |\n|---|---|\n")
	for _, run := range runs {
		if slices.ContainsFunc(tallies, func(y *vectors.Tally) bool { return y.Run == run.name }) {
			fmt.Fprintf(b, "| %s | %s |\n", run.name, run.meaning)
		}
	}
}

// alike reports whether two runs of a suite had the same result.
func alike(a, b *vectors.Tally) bool {
	return a.Suite == b.Suite && len(a.Policy)+len(b.Policy) == 0 && slices.Equal(a.Differs, b.Differs)
}

// differences lists what differs in a run, or in several runs that are alike.
func differences(b *bytes.Buffer, same []*vectors.Tally) {
	y := same[0]
	if len(y.Differs) == 0 && len(y.Policy) == 0 {
		return
	}
	i, _ := runOf(y.Run)
	fmt.Fprintf(b, "\n## %s, %s", y.Suite, y.Run)
	for _, other := range same[1:] {
		fmt.Fprintf(b, " and %s", other.Run)
	}
	b.WriteString("\n")
	if len(y.Policy) > 0 {
		b.WriteString("\nRefused, as without the switch they must be:\n\n| switch | cases |\n|---|---:|\n")
		for _, needs := range sortedKeys(y.Policy) {
			fmt.Fprintf(b, "| %s | %d |\n", needs, y.Policy[needs])
		}
	}
	if len(y.Differs) == 0 {
		return
	}
	heading := "Differ on purpose:"
	if runs[i].recorded {
		heading = "Recorded:"
	}
	fmt.Fprintf(b, "\n%s\n\n| case | expected | got | why |\n|---|---|---|---|\n", heading)
	for _, d := range y.Differs {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(d.Case), cell(d.Expected), cell(d.Got), cell(d.Why))
	}
}

// cell makes a text fit the cell of a table. It gives each error of a joined
// error once.
func cell(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(strings.Join(lines, "; "))
}

func sources(b *bytes.Buffer, tallies []*vectors.Tally) {
	b.WriteString("\n## Sources\n\n| suite | from | commit | license |\n|---|---|---|---|\n")
	seen := make(map[string]bool)
	for _, y := range tallies {
		if !seen[y.Suite] {
			seen[y.Suite] = true
			fmt.Fprintf(b, "| %s | %s | %.12s | %s |\n", y.Suite, cell(y.Source.Repo), y.Source.Commit, cell(y.Source.Licence))
		}
	}
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
