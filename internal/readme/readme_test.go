// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// A block that is a test is run.
func TestGoOfTheREADMECompiles(t *testing.T) {
	blocks := goBlock.FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("the README has no Go")
	}
	for _, block := range blocks {
		file, verb := filepath.Join(t.TempDir(), "main.go"), "vet"
		if strings.Contains(block[1], "*testing.T") {
			file, verb = filepath.Join(t.TempDir(), "main_test.go"), "test"
		}
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.Command("go", verb, file)
		command.Dir = root
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := exec.Command("gofmt", "-l", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("not gofmt-ed: %s %v", out, err)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]+)(?:#([^)]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^a-z0-9 -]`)
)

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, filepath.Join(root, "README.md"), filepath.Join(root, "SECURITY.md"))
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target := filepath.Join(filepath.Dir(document), match[1])
			linked, err := os.ReadFile(target)
			if _, missing := os.Stat(target); missing != nil {
				t.Errorf("%s links to %s, which is not there", document, match[1])
			}
			if match[2] == "" || err != nil {
				continue
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(string(linked), -1) {
				slug := noSlug.ReplaceAllString(strings.ToLower(h[1]), "")
				found = found || strings.ReplaceAll(slug, " ", "-") == match[2]
			}
			if !found {
				t.Errorf("%s links to %s#%s, which has no such heading", document, match[1], match[2])
			}
		}
	}
}

// The test column of a rule names the rows of the catalogue that are about it,
// and T19, which is a test of its own.
func TestEveryRuleNamesTestsThatExist(t *testing.T) {
	rows := map[string]bool{"T19": true}
	about := make(map[string][]string) // the rows of the cases of each rule
	for _, c := range catalogue.Forgeries() {
		rows[c.Row()] = true
		for _, rule := range c.Rules() {
			about[rule] = append(about[rule], c.Row())
		}
	}
	rule := regexp.MustCompile(`(?m)^\| (\d\.\d+) \|.*\| ([^|]*) \|$`)
	span := regexp.MustCompile(`([ST])(\d\d)(?: to [ST](\d\d))?`)
	cited := make(map[string][]string) // by rule
	rules := rule.FindAllStringSubmatch(read(t, "docs/format.md"), -1)
	if len(rules) < 30 {
		t.Fatalf("found %d rules in docs/format.md", len(rules))
	}
	everywhere := make(map[string]bool)
	for _, r := range rules {
		for _, test := range span.FindAllStringSubmatch(r[2], -1) {
			for row := range rows {
				if row[:1] == test[1] && test[2] <= row[1:] && row[1:] <= max(test[2], test[3]) {
					cited[r[1]] = append(cited[r[1]], row)
					everywhere[row] = true
				}
			}
			for _, end := range []string{test[2], test[3]} {
				if end != "" && !rows[test[1]+end] {
					t.Errorf("rule %s names %s%s, and there is no such row", r[1], test[1], end)
				}
			}
		}
		if !slices.ContainsFunc(cited[r[1]], func(row string) bool { return slices.Contains(about[r[1]], row) }) {
			t.Errorf("rule %s names no row of the catalogue that has a case about it: %v", r[1], about[r[1]])
		}
		for _, row := range cited[r[1]] {
			if row != "T19" && !slices.Contains(about[r[1]], row) {
				t.Errorf("rule %s names %s, and no case of that row is about it", r[1], row)
			}
		}
	}
	for _, c := range catalogue.Forgeries() {
		if !slices.ContainsFunc(c.Rules(), func(rule string) bool { return slices.Contains(cited[rule], c.Row()) }) {
			t.Errorf("%s is about the rules %v, and none of them names %s", c.Name(), c.Rules(), c.Row())
		}
	}
	for row := range rows {
		if !everywhere[row] {
			t.Errorf("no rule of docs/format.md names %s", row)
		}
	}
}

func TestEveryReasonIsSpecified(t *testing.T) {
	text := read(t, "docs/format.md")
	for _, reason := range stapled.Reasons() {
		if !strings.Contains(text, "`"+string(reason)+"`") {
			t.Errorf("docs/format.md does not mention %s", reason)
		}
	}
}
