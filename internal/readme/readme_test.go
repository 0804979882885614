// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/verifier"
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

// rows are the families of table rows in the tests of a package, which are
// named "T01_…", or by row "T01" and a name.
func rows(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	families := make(map[string]bool)
	name := regexp.MustCompile(`"([ST]\d\d)(?:_|")`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range name.FindAllStringSubmatch(string(text), -1) {
			families[match[1]] = true
		}
	}
	return families
}

func TestEveryRuleNamesTestsThatExist(t *testing.T) {
	families := rows(t, "verifier")
	for family := range rows(t, "ocspstaple") {
		families[family] = true
	}
	rule := regexp.MustCompile(`(?m)^\| (\d\.\d+) \|.*\| ([^|]*) \|$`)
	span := regexp.MustCompile(`([ST])(\d\d)(?: to [ST](\d\d))?`)
	cited := make(map[string]bool)
	rules := rule.FindAllStringSubmatch(read(t, "docs/format.md"), -1)
	if len(rules) < 30 {
		t.Fatalf("found %d rules in docs/format.md", len(rules))
	}
	for _, r := range rules {
		tests := span.FindAllStringSubmatch(r[2], -1)
		if len(tests) == 0 {
			t.Errorf("rule %s names no test", r[1])
		}
		for _, test := range tests {
			last := test[3]
			if last == "" {
				last = test[2]
			}
			for family := range families {
				if family[:1] == test[1] && test[2] <= family[1:] && family[1:] <= last {
					cited[family] = true
				}
			}
			for _, end := range []string{test[2], last} {
				if !families[test[1]+end] {
					t.Errorf("rule %s names %s%s, and there is no such row", r[1], test[1], end)
				}
			}
		}
	}
	for family := range families {
		if !cited[family] {
			t.Errorf("no rule of docs/format.md names %s", family)
		}
	}
}

func TestEveryReasonIsSpecified(t *testing.T) {
	text := read(t, "docs/format.md")
	for _, reason := range verifier.Reasons() {
		if !strings.Contains(text, "`"+string(reason)+"`") {
			t.Errorf("docs/format.md does not mention %s", reason)
		}
	}
}
