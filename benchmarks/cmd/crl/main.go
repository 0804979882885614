// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command crl measures what it costs package responder/crl to load a CRL of a
// million entries, beside x509.ParseRevocationList, and prints a JSON object.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/stapledjwt/stapled/benchmarks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "crl:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	entries := flag.Int("entries", 1_000_000, "the number of entries")
	rounds := flag.Int("rounds", 7, "the number of rounds")
	write := flag.String("write", "", "only write the list into this `directory`")
	flag.Parse()
	if flag.NArg() > 0 || *entries < 1000 || *rounds < 1 {
		return errors.New("at least 1,000 -entries and one round, and no arguments")
	}
	if *write != "" {
		return benchmarks.WriteCRL(*write, *entries)
	}
	dir, err := os.MkdirTemp("", "crl-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Another process makes the list, so that this one's peak is that of loading.
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "a CRL of %d entries\n", *entries)
	writer := exec.Command(self, "-write", dir, "-entries", fmt.Sprint(*entries))
	writer.Stderr = os.Stderr
	if err := writer.Run(); err != nil {
		return err
	}
	measured, err := benchmarks.MeasureCRL(dir, *rounds)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}
