// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command cached counts the requests that reach the responder through nginx with
// proxy_cache, while 1,000 certificates are asked for 5,000 times a second, and
// prints a JSON object.
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
		fmt.Fprintln(os.Stderr, "cached:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	var plan benchmarks.CachePlan
	flag.StringVar(&plan.Nginx, "nginx", "nginx", "the nginx `command`")
	flag.IntVar(&plan.Certificates, "certificates", 1000, "the number of certificates")
	flag.IntVar(&plan.PerSecond, "rate", 5000, "the number of requests a second")
	flag.DurationVar(&plan.Time, "time", 20*time.Second, "how long to ask")
	flag.DurationVar(&plan.Validity, "validity", 20*time.Second, "the validity of an answer; nginx keeps it for up to half of that")
	flag.Parse()
	if flag.NArg() > 0 || plan.Certificates < 1 || plan.PerSecond < 1 || plan.Time <= 0 {
		return errors.New("positive numbers, and no arguments")
	}
	if plan.Dir, err = os.MkdirTemp("", "cached-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(plan.Dir)) }()
	fmt.Fprintf(os.Stderr, "%d certificates, %d requests a second through nginx for %s\n", plan.Certificates, plan.PerSecond, plan.Time)
	measured, err := benchmarks.MeasureCached(plan)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}
