// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"errors"
	"testing"

	"github.com/stapledjwt/stapled"
)

func TestLifecycle(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- c.Run(t.Context()) }()
	client := clientOf(t, dir)
	must(t, client.Health(t.Context()))
	if err := c.Run(t.Context()); !errors.Is(err, stapled.Closed) {
		t.Errorf("second Run: got %v, want %v", err, stapled.Closed)
	}
	must(t, c.Close(), c.Close(), <-ran)
	if err := c.Run(context.Background()); !errors.Is(err, stapled.Closed) {
		t.Errorf("Run after Close: got %v, want %v", err, stapled.Closed)
	}
	// An ended context is an orderly end, too.
	again, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, again.Run(ctx))
}
