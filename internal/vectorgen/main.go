// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command vectorgen writes the test vectors of testdata/vectors: tokens, and
// what a verifier must say of them. Its output depends on nothing but the keys
// that are checked in beside the vectors, so that a change of a vector is
// always a change somebody meant.
//
// What a verifier must say is written down in the tables here. The verifier is
// not asked.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stapledjwt/stapled/certs"
)

//go:generate go run . -dir ../../testdata/vectors

func main() {
	dir := flag.String("dir", "testdata/vectors", "`DIRECTORY` of the vectors and of keys.json")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "vectorgen:", err)
		os.Exit(1)
	}
}

// run writes the files that differ. A key that is not in keys.json yet is made
// and added; keys that are there stay.
func run(dir string) error {
	ring, err := loadKeyring(filepath.Join(dir, keysFile))
	if err != nil {
		return err
	}
	ring.grows = true
	files := generate(ring)
	files[keysFile] = ring.encode()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := certs.WriteFile(path, content); err != nil {
			return err
		}
		// Unlike other files with keys, these are meant to be read.
		if err := os.Chmod(path, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return nil
}

// generate makes every file of vectors, and the anchors, by their names.
func generate(ring *keyring) map[string][]byte {
	m := newMaker(ring)
	files := make(map[string][]byte)
	for _, g := range groups() {
		files[g.file] = g.encode(m)
	}
	files[anchorsFile] = m.encodeAnchors()
	return files
}
