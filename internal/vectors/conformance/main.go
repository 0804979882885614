// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs the third-party test vectors and writes the page
// docs/conformance.md from the tests' counts. See scripts/conformance.sh.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/stapledjwt/stapled/internal/vectors"
)

// page is the path of the file from the root of the repository.
const page = "docs/conformance.md"

// packages are those whose tests count vectors.
var packages = []string{"./internal/certpath", "./ocspstaple", "./verifier", "./responder"}

func main() {
	check := flag.Bool("check", false, "fail if "+page+" is not what the run produces, and write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	want, err := produce(ctx, ".")
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(page, want, 0o644)
	}
	return compare(".", want)
}

var errOutdated = errors.New(page + " is not what the vectors produce; run scripts/conformance.sh")

func compare(root string, want []byte) error {
	got, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errOutdated
	}
	return nil
}

// produce runs the vector tests of the module and returns the page.
func produce(ctx context.Context, root string) ([]byte, error) {
	if !vectors.Available() {
		return nil, fmt.Errorf("%s is unset: it names the directory of the third-party vectors", vectors.DirVariable)
	}
	source := os.Getenv(vectors.DirVariable)
	if !filepath.IsAbs(source) { // relative to the root
		source = filepath.Join(root, source)
	}
	source, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	text, err := produceIn(ctx, root, source, dir)
	return text, errors.Join(err, os.RemoveAll(dir))
}

func produceIn(ctx context.Context, root, source, dir string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-run", "^TestVector"}, packages...)...)
	command.Dir = root
	command.Env = append(os.Environ(), vectors.DirVariable+"="+source, vectors.ResultVariable+"="+dir)
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test: %w\n%s", err, out)
	}
	tallies, err := vectors.Tallies(dir)
	if err != nil {
		return nil, err
	}
	if err := complete(tallies, source); err != nil {
		return nil, err
	}
	return document(tallies)
}

// complete checks that no suite and no case was left out.
func complete(tallies []*vectors.Tally, source string) error {
	suites, err := vectors.Sizes(source)
	if err != nil {
		return err
	}
	counted := make(map[string]int)
	for _, y := range tallies {
		if _, ok := suites[y.Suite]; !ok {
			return fmt.Errorf("a test counts cases of %q, which is not a suite in %s", y.Suite, source)
		}
		counted[y.Suite] += y.Cases
	}
	for suite, size := range suites {
		if counted[suite] < size {
			return fmt.Errorf("the tests have counted %d of the %d cases of %s", counted[suite], size, suite)
		}
	}
	return nil
}
