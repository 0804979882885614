// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package vectors reads test vectors that other projects published, and keeps a
// tally of where stapled agrees with them.
//
// The vectors are not part of this repository. Tests find them through the
// environment variable STAPLED_VECTORS, absolute or relative to the root of the
// module; if it is unset, they skip and say so. If STAPLED_CONFORMANCE names a
// directory, each tally is written there as JSON, as input for
// docs/conformance.md.
package vectors

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The environment variables.
const (
	DirVariable    = "STAPLED_VECTORS"
	ResultVariable = "STAPLED_CONFORMANCE"
)

// Source says where a suite was published.
type Source struct {
	Repo    string `json:"repo"`
	Commit  string `json:"commit"`
	Licence string `json:"licence"`
}

// Suite is one file of vectors.
type Suite[Case any] struct {
	Name   string `json:"suite"`
	Source Source `json:"source"`
	Cases  []Case `json:"cases"`
	Fuzz   []Seed `json:"fuzz"`
}

// Seed is an input that another project's fuzzer found interesting.
type Seed struct {
	Name  string `json:"name"`
	Level string `json:"level"` // the ASN.1 type that it is meant to be
	Data  DER    `json:"data"`
}

// Available reports whether the vectors are there.
func Available() bool { return os.Getenv(DirVariable) != "" }

// Load reads a suite of at least one case. It skips the test if the vectors
// are not there.
func Load[Case any](t testing.TB, file string) *Suite[Case] {
	t.Helper()
	if !Available() {
		t.Skipf("%s is unset: it names the directory of the third-party vectors", DirVariable)
	}
	data, err := os.ReadFile(filepath.Join(directory(t, DirVariable), file))
	if err != nil {
		t.Fatal(err)
	}
	suite := new(Suite[Case])
	if err := json.Unmarshal(data, suite); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(suite.Cases) == 0 {
		t.Fatalf("%s: no cases", file)
	}
	return suite
}

// directory returns the directory that a variable names. A test runs in the
// directory of its package; a relative name is relative to the root of the
// module, where the go command is run.
func directory(t testing.TB, variable string) string {
	t.Helper()
	name := os.Getenv(variable)
	if filepath.IsAbs(name) {
		return name
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, name)
		}
		if root == filepath.Dir(root) {
			t.Fatalf("%s=%s is relative, and there is no go.mod above the test", variable, name)
		}
		root = filepath.Dir(root)
	}
}

// DER is standard base64 in a suite. It is nil for null.
type DER []byte

// UnmarshalText decodes base64.
func (d *DER) UnmarshalText(text []byte) (err error) {
	*d, err = base64.StdEncoding.DecodeString(string(text))
	return err
}
