// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/stepca"
)

// ledger records what the CA has acknowledged.
type ledger struct {
	mu      sync.Mutex
	issued  map[string]*certs.Identity
	revoked map[string]bool // true: acknowledged; false: requested, but not acknowledged
	refused atomic.Int64
}

func newLedger() *ledger {
	return &ledger{issued: make(map[string]*certs.Identity), revoked: make(map[string]bool)}
}

func (l *ledger) counts() (issued, revoked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, acknowledged := range l.revoked {
		if acknowledged {
			revoked++
		}
	}
	return len(l.issued), revoked
}

// enroll records a certificate once the CA has issued it.
func (l *ledger) enroll(ctx context.Context, client *stepca.Client) (*certs.Identity, error) {
	id, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "durability.internal"})
	if err != nil {
		l.refused.Add(1)
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issued[id.Leaf().SerialNumber.String()] = id
	return id, nil
}

// revoke records that it requests a revocation, and then that it is done.
func (l *ledger) revoke(ctx context.Context, client *stepca.Client, id *certs.Identity) error {
	number := id.Leaf().SerialNumber
	serial := number.String()
	l.mu.Lock()
	l.revoked[serial] = false
	l.mu.Unlock()
	err := client.Revoke(ctx, number, ocsp.KeyCompromise, "durability")
	if err != nil && !errors.Is(err, stapled.AlreadyRevoked) {
		l.refused.Add(1)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked[serial] = true
	return nil
}

// load enrolls and revokes from several goroutines until done reports true.
func (l *ledger) load(ctx context.Context, client *stepca.Client, done func() bool) {
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for ctx.Err() == nil && !done() {
				id, err := l.enroll(ctx, client)
				if err == nil {
					err = l.revoke(ctx, client, id)
				}
				if err == nil {
					_, err = l.enroll(ctx, client) // which stays good
				}
				if errors.Is(err, stapled.Unreachable) {
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	workers.Wait()
}

// untilIssued ends a load after the CA has issued this many more certificates.
func (l *ledger) untilIssued(more int) func() bool {
	before, _ := l.counts()
	return func() bool { now, _ := l.counts(); return now >= before+more }
}

// check asks the responder about everything. It must report every acknowledged
// revocation, and know every certificate.
func (l *ledger) check(ctx context.Context, client *stepca.Client, f *figures, what string) error {
	l.mu.Lock()
	serials := slices.Collect(maps.Keys(l.issued))
	l.mu.Unlock()
	var mu sync.Mutex
	var firstErr error
	revoked, known := 0, 0
	next := make(chan string)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for serial := range next {
				var status ocspstaple.Status
				answer, err := client.Status(ctx, l.issued[serial].Leaf().SerialNumber)
				if err == nil {
					status = answer.Status()
				}
				mu.Lock()
				if err != nil && firstErr == nil {
					firstErr = err
				}
				wasRevoked, asked := l.revoked[serial]
				if err == nil && wasRevoked && status == ocspstaple.Revoked {
					revoked++
				}
				if err == nil && (status == ocspstaple.Good || asked && status == ocspstaple.Revoked) {
					known++
				}
				mu.Unlock()
			}
		})
	}
	for _, serial := range serials {
		next <- serial
	}
	close(next)
	workers.Wait()
	wantKnown, wantRevoked := l.counts()
	f.line(what+": acknowledged revocations that are revoked", revoked, wantRevoked)
	f.line(what+": acknowledged certificates that are known", known, wantKnown)
	return firstErr
}

// figures prints results as they come, and fails the run if one has a loss.
type figures struct {
	prefix string
	quiet  bool // print only results with a loss
	lost   bool
}

func (f *figures) line(what string, got, want int) {
	if !f.quiet || got != want {
		fmt.Printf("%-9s %s: %d/%d\n", f.prefix, what, got, want)
	}
	f.lost = f.lost || got != want
}

func (f *figures) err() error {
	if f.lost {
		return errors.New("something that was acknowledged is lost, see above")
	}
	return nil
}
