// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command vectorgen writes the test vectors of testdata/vectors: tokens, and
// the result that a verifier must give for them. Its output depends only on the
// keys checked in beside the vectors, so every change to a vector is
// intentional.
//
// Package catalogue defines the vectors and the results.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/catalogue"
)

const anchorsFile = "anchors.json"

//go:generate go run . -dir ../../testdata/vectors

func main() {
	dir := flag.String("dir", "testdata/vectors", "`DIRECTORY` of the vectors and of keys.json")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "vectorgen:", err)
		os.Exit(1)
	}
}

// run writes the files that differ. It makes and adds keys that are missing
// from keys.json; existing keys stay.
func run(dir string) error {
	keys, err := catalogue.LoadKeys(filepath.Join(dir, catalogue.KeysFile))
	if err != nil {
		return err
	}
	keys.Grows = true
	files := generate(keys)
	files[catalogue.KeysFile] = keys.Encode()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := certs.WriteFile(path, content); err != nil {
			return err
		}
		// Unlike other files with keys, these are meant to be public.
		if err := os.Chmod(path, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return nil
}

// generate returns every file of vectors, and the anchors, by name.
func generate(keys *catalogue.Keyring) map[string][]byte {
	m := catalogue.NewMaker(keys)
	files := make(map[string][]byte)
	for _, g := range catalogue.Groups() {
		f := vectorFile{Title: g.Title}
		for _, c := range g.Cases {
			if c.Published() {
				f.Cases = append(f.Cases, newVector(&c, m.Make(&c)))
			}
		}
		files[g.File] = f.encode()
	}
	files[anchorsFile] = encodeAnchors(m.Anchors())
	return files
}

func encodeAnchors(anchors []catalogue.Anchor) []byte {
	var lines []string
	for _, a := range anchors {
		lines = append(lines, fmt.Sprintf("\n  {\n   \"name\": %s,\n   \"comment\": %s,\n   \"certificate\": %s\n  }",
			inline(a.Name), inline(a.Comment), inline(a.Cert.Raw)))
	}
	return []byte("{\n \"anchors\": [" + strings.Join(lines, ",") + "\n ]\n}\n")
}
