// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command responders measures how many OCSP requests the responder of `stapled
// up` answers in a second of processor time, beside `openssl ocsp -port` and,
// if given, the stapled of an earlier commit. All of them have the same
// certificates, and the same client asks them in turn over loopback. A bare
// handler of net/http shows how much of it is not HTTP. It needs
// Linux, because it reads the processor time of the servers from /proc.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/stapledjwt/stapled/benchmarks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "responders:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	plan := benchmarks.ResponderPlan{Progress: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	flag.StringVar(&plan.Stapled, "stapled", "", "the stapled `command` to measure (required)")
	flag.StringVar(&plan.Before, "before", "", "the stapled `command` of an earlier commit, to compare with")
	flag.StringVar(&plan.OpenSSL, "openssl", "openssl", "the openssl `command`; empty leaves it out")
	flag.IntVar(&plan.Certificates, "certificates", 20_000, "the number of certificates; more than 8,192, the number of answers held")
	flag.IntVar(&plan.Again, "again", 100, "the number of certificates whose answers are given again")
	flag.IntVar(&plan.Rounds, "rounds", 7, "the number of rounds")
	flag.DurationVar(&plan.Slot, "slot", 1500*time.Millisecond, "the time of each path in each round")
	bare := flag.String("bare", "", "only serve what to compare with, from this `directory`")
	flag.Parse()
	if *bare != "" {
		return benchmarks.ServeBare(*bare)
	}
	if plan.Bare, err = os.Executable(); err != nil {
		return err
	}
	if flag.NArg() > 0 || plan.Stapled == "" || plan.Rounds < 1 || plan.Slot <= 0 || plan.Again < 1 || plan.Certificates <= max(8192, plan.Again) {
		return errors.New("-stapled is required; at least one round, a positive -slot, and more -certificates than 8,192 and -again; no arguments")
	}
	if plan.Dir, err = os.MkdirTemp("", "responders-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(plan.Dir)) }()
	measured, err := benchmarks.MeasureResponders(plan)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}
