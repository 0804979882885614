// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command gateways measures `stapled gateway` with wrk and a gRPC client, in
// turn with bare servers that give the same answers, and nginx with it and with
// look-ups in its place, all on loopback. It prints a JSON object, or with -text
// tables. It needs Linux, because it reads the processor time of the servers from
// /proc.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/stapledjwt/stapled/benchmarks"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gateways:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	plan := benchmarks.GatewayPlan{Progress: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	flag.StringVar(&plan.Stapled, "stapled", "", "the stapled `command` to measure (required)")
	flag.StringVar(&plan.Wrk, "wrk", "wrk", "the wrk `command`")
	flag.StringVar(&plan.Nginx, "nginx", "nginx", "the nginx `command`")
	flag.IntVar(&plan.Tokens, "tokens", 60_000, "the number of different tokens; more than a verifier remembers")
	flag.IntVar(&plan.Rounds, "rounds", 7, "the number of rounds")
	flag.DurationVar(&plan.Slot, "slot", time.Second, "the time of each path in each round, in whole seconds")
	text := flag.Bool("text", false, "print tables")
	role := flag.String("role", "", "only run this `role`, for another process")
	flag.StringVar(&plan.Dir, "dir", "", "the `directory` of the role")
	flag.Parse()
	if *role != "" {
		return benchmarks.ServeGatewayPeer(*role, plan.Dir)
	}
	if plan.Self, err = os.Executable(); err != nil {
		return err
	}
	if flag.NArg() > 0 || plan.Stapled == "" || plan.Rounds < 1 || plan.Slot < time.Second || plan.Slot%time.Second != 0 || plan.Tokens < 40_000 {
		return errors.New("-stapled is required; at least one round, a -slot of whole seconds, and 40,000 -tokens; no arguments")
	}
	for _, command := range []string{plan.Stapled, plan.Wrk, plan.Nginx} {
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("%w: install it, or name another", err)
		}
	}
	if plan.Dir, err = os.MkdirTemp("", "gateways-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(plan.Dir)) }()
	measured, err := benchmarks.MeasureGateways(plan)
	if err != nil {
		return err
	}
	if !*text {
		return json.NewEncoder(os.Stdout).Encode(measured)
	}
	for _, t := range []*benchmarks.Table{measured.Targets(), measured.Servers(), measured.Behind()} {
		if err := t.Text(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}
