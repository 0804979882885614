// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package demo plays the whole story in one process: tokens are accepted, forged
// ones are rejected, a certificate is revoked, and the last good token ends.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// A demo waits for one staple to run out. Less than three seconds leaves no
// time to forge tokens, and nobody watches for longer than a minute.
const (
	DefaultValidity = 5 * time.Second
	MinValidity     = 3 * time.Second
	MaxValidity     = time.Minute
)

// Run plays the story with staples of the given validity, and prints it as it
// happens. It stops when ctx ends. If any outcome is unexpected, it returns a
// rejection.
func Run(ctx context.Context, a *cli.Console, validity time.Duration, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "stapled-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w: set TMPDIR", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := terminal.Of(a.Stdout)
	if a.JSON {
		t = terminal.Terminal{}
	}
	show := &show{Console: a, Terminal: t}
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
		return &cli.Rejection{Err: fmt.Errorf("%d of %d steps did not go as expected: run `stapled demo --log-level debug` to see why", show.failed, show.steps)}
	}
	return nil
}
