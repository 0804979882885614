// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package readme

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/exhaustive"
)

var (
	diffBlock  = regexp.MustCompile("(?ms)^   ```diff\n(.*?)^   ```")
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
)

// TestContributing takes the walk of CONTRIBUTING.md through a new rule: it
// applies the four changes to a copy of the repository and, where every variant is
// asked for, runs the commands, which compile that copy.
func TestContributing(t *testing.T) {
	text := read(t, "CONTRIBUTING.md")
	dir := t.TempDir()
	copyRepository(t, dir)
	changed := make(map[string]bool)
	for _, block := range diffBlock.FindAllStringSubmatch(text, -1) {
		changed[apply(t, dir, block[1])] = true
	}
	if len(changed) != 4 {
		t.Fatalf("the walk changes %d files, and says four: %v", len(changed), changed)
	}
	commands := shellBlock.FindAllStringSubmatch(text, -1)
	if len(commands) != 1 {
		t.Fatalf("%d blocks of commands, want 1", len(commands))
	}
	var all strings.Builder
	lines := strings.Split(strings.TrimSpace(commands[0][1]), "\n")
	if exhaustive.Of(t, len(lines), 0) == 0 {
		return
	}
	for _, command := range lines {
		run := exec.Command("bash", "-c", command)
		run.Dir = dir
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		all.Write(out)
	}
	for _, want := range []string{
		"noticed by TestForgeries/T14_jti_of_129_bytes/cold",
		"1 checks removed one at a time, 1 noticed",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the commands do not say %q:\n%s", want, &all)
		}
	}
}

// copyRepository leaves out what the walk does not need.
func copyRepository(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == ".git" || name == ".ci" || name == "benchmarks" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		// This test would take the walk again.
		if strings.HasSuffix(name, "contributing_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// apply applies a diff of one hunk, indented by three spaces, and gives the name
// of its file. What the hunk removes or keeps must occur once.
func apply(t *testing.T, dir, diff string) string {
	t.Helper()
	var name string
	var before, after strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		line = strings.TrimPrefix(line, "   ")
		switch {
		case strings.HasPrefix(line, "--- a/"):
			name = strings.TrimPrefix(line, "--- a/")
		case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "@@"):
		case strings.HasPrefix(line, "+"):
			after.WriteString(line[1:] + "\n")
		case strings.HasPrefix(line, "-"):
			before.WriteString(line[1:] + "\n")
		default:
			kept := strings.TrimPrefix(line, " ") + "\n"
			before.WriteString(kept)
			after.WriteString(kept)
		}
	}
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), before.String()); n != 1 {
		t.Fatalf("CONTRIBUTING.md: what it quotes of %s occurs %d times there, and must occur once:\n%s", name, n, &before)
	}
	changed := strings.Replace(string(text), before.String(), after.String(), 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
