// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// A demo waits for one staple to run out. Below three seconds there would be
// none to forge with in between, and nobody waits for longer than a minute.
const (
	demoValidity    = 5 * time.Second
	minDemoValidity = 3 * time.Second
	maxDemoValidity = time.Minute
)

// playDemo plays the story, with staples that are valid for that long, and prints
// it as it happens. When ctx ends, so does the demo. An outcome other than the
// expected one makes it a rejection.
func playDemo(ctx context.Context, a *console, validity time.Duration, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "stapled-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w: set TMPDIR", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := terminalOf(a.stdout)
	if a.json {
		t = terminal{}
	}
	show := &show{console: a, terminal: t}
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
