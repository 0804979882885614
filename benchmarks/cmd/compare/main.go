// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command compare measures all paths in interleaved rounds, writes
// docs/performance.md, and prints the results: tables, or with -json one JSON
// object of ratios. scripts/bench.sh runs it. With -sizes it prints only the
// sizes of tokens, with -strangers only what the tokens of strangers cost.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/benchmarks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run() error {
	asJSON := flag.Bool("json", false, "print one JSON object of ratios")
	page := flag.String("page", "", "write the page of results to this `file`")
	sizes := flag.Bool("sizes", false, "print the sizes of tokens and measure nothing")
	strangers := flag.Bool("strangers", false, "print what the tokens of strangers cost and measure nothing else")
	benchstat := flag.String("benchstat", "", "put what this `file` has into the page")
	responders := flag.String("responders", "", "put what command responders has printed into this `file` into the page")
	revocations := flag.String("crl", "", "put what command crl has printed into this `file` into the page")
	cached := flag.String("cached", "", "put what command cached has printed into this `file` into the page")
	gateways := flag.String("gateways", "", "put what command gateways has printed into this `file` into the page")
	// The caches of a default configuration hold fewer.
	plan := benchmarks.Plan{Tokens: 16_000, Leaves: 14_000, Progress: progress}
	flag.IntVar(&plan.Rounds, "rounds", 24, "the number of rounds")
	flag.DurationVar(&plan.Slot, "slot", 30*time.Millisecond, "the time of each path in each round")
	flag.DurationVar(&plan.Budget, "budget", 100*time.Second, "no more rounds after this time, and no more issuers after as much again")
	flag.IntVar(&plan.Issuers, "issuers", 100_000, "the number of distinct issuers in turn")
	flag.Parse()
	if flag.NArg() > 0 || plan.Rounds < benchmarks.MinRounds || plan.Slot <= 0 || plan.Issuers < 1 {
		return fmt.Errorf("at least %d rounds, a positive -slot and -issuers, and no arguments", benchmarks.MinRounds)
	}

	if *sizes {
		list, err := benchmarks.TokenSizes()
		if err != nil {
			return err
		}
		return benchmarks.SizeTable(list).Text(os.Stdout)
	}
	report := benchmarks.Report{Machine: benchmarks.ThisMachine(), Plan: plan}
	if *benchstat != "" {
		text, err := os.ReadFile(*benchstat)
		if err != nil {
			return err
		}
		report.Benchstat = string(text)
	}
	for _, result := range []struct {
		file string
		into any
	}{{*responders, &report.Responders}, {*revocations, &report.Revocations}, {*cached, &report.Cached}, {*gateways, &report.Gateways}} {
		if result.file == "" {
			continue
		}
		text, err := os.ReadFile(result.file)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, result.into); err != nil {
			return fmt.Errorf("%s: %w", result.file, err)
		}
	}
	setup, err := benchmarks.NewSetup()
	if err != nil {
		return err
	}
	if *strangers {
		list, err := setup.Strangers(plan.Slot / 8)
		if err != nil {
			return err
		}
		return (&benchmarks.Measurement{Strangers: list}).StrangersTable().Text(os.Stdout)
	}
	if report.Measurement, err = setup.Measure(plan); err != nil {
		return err
	}
	if *page != "" {
		if err := writePage(*page, report); err != nil {
			return err
		}
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(report.Ratios())
	}
	return report.Text(os.Stdout)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// writePage replaces the whole page or nothing.
func writePage(path string, report benchmarks.Report) error {
	var page bytes.Buffer
	if err := report.Markdown(&page); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".performance-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // already gone if all went well
	if _, err := temporary.Write(page.Bytes()); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
