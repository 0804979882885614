// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// endSignals returns the signals that ask for an orderly end. SIGHUP means that
// the terminal has gone; if it is ignored from the start, as under nohup, it
// stays ignored.
func endSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// UntilSignal returns a context that ends with a signal. After stop, a second
// signal ends the process at once.
func UntilSignal(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	if parent == nil {
		parent = context.Background()
	}
	// A reader that has gone must not kill the process midway: the write then
	// fails, and that ends the command in an orderly way.
	signal.Ignore(syscall.SIGPIPE)
	return signal.NotifyContext(parent, endSignals()...)
}

// UntilEndSignal is UntilSignal for a service that SIGHUP reloads.
func UntilEndSignal(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	if parent == nil {
		parent = context.Background()
	}
	signal.Ignore(syscall.SIGPIPE)
	return signal.NotifyContext(parent, syscall.SIGINT, syscall.SIGTERM)
}
