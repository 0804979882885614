// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// A demo waits for one staple to run out. Below three seconds there would be
// none to forge with in between, and nobody waits for longer than a minute.
const (
	demoValidity    = 5 * time.Second
	minDemoValidity = 3 * time.Second
	maxDemoValidity = time.Minute
)

func newDemoCommand(a *app) *cobra.Command {
	var validity time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole story in one process: accepted, revoked, rejected",
		Long: `Run the whole story in a few seconds, in one process on loopback: a step-ca
with its OCSP responder, a service that signs tokens, and two gateways that
verify them. A certificate is revoked, and the demo measures when its last good
token is refused.

Nothing in it is simulated. The CA lives in a temporary directory that is
removed at the end.

With --json, one object per step: step, expected and outcome ("accepted" or
"rejected"), reason (as in the log of the gateway; its callers never see it),
http_status (0 for steps that are not HTTP requests), and ms: how long the
verification took where a gateway decided, else the step. For
last_good_token_after_next_update, ms is the revocation window that was
measured.

Exit status 1 if any outcome differs from the expected one.`,
		Example: `  stapled demo
  stapled demo --json --staple-validity 10s`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := a.logger(silent)
			if err != nil {
				return err
			}
			if validity < minDemoValidity || validity > maxDemoValidity || validity%time.Second != 0 {
				return usagef("--staple-validity %s is not a whole number of seconds from %s to %s", timetext.Duration(validity), timetext.Duration(minDemoValidity), timetext.Duration(maxDemoValidity))
			}
			return a.demo(cmd.Context(), validity, log)
		},
	}
	cmd.Flags().DurationVar(&validity, "staple-validity", demoValidity, "make staples valid for this `DURATION`, the bound that the demo measures: whole seconds from 3s to 1m")
	return cmd
}

func (a *app) demo(parent context.Context, validity time.Duration, log *slog.Logger) (err error) {
	if parent == nil {
		parent = context.Background()
	}
	ctx, stop := signal.NotifyContext(parent, endSignals()...)
	defer stop()
	// A reader that has gone must not end the process before the keys of the CA
	// are removed: writing then fails, and that ends the demo.
	signal.Ignore(syscall.SIGPIPE)
	dir, err := os.MkdirTemp("", "stapled-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w: set TMPDIR", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := terminalOf(a.stdout)
	if a.json {
		t = terminal{}
	}
	show := &show{app: a, terminal: t}
	stage := &stage{dir: dir, validity: validity, log: log, show: show}
	defer func() { err = errors.Join(err, stage.close()) }()
	if err := stage.play(ctx); err != nil {
		show.abandon()
		if ctx.Err() != nil {
			return errors.New("the demo was interrupted: run it again")
		}
		return err
	}
	if show.failed > 0 {
		return &rejection{fmt.Errorf("%d of %d steps went otherwise than expected: run `stapled demo --log-level debug` to see why", show.failed, show.steps)}
	}
	return nil
}
