// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/certs"
)

// ledger is what the CA has acknowledged.
type ledger struct {
	mu      sync.Mutex
	issued  map[string]*certs.Identity
	revoked map[string]bool // true: acknowledged; false: asked for, and not acknowledged
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

// enroll writes down a certificate once it is there.
func (l *ledger) enroll(ctx context.Context, client *ca.Client) (*certs.Identity, error) {
	id, err := client.Enrol(ctx, ca.EnrolRequest{Name: "durability.internal"})
	if err != nil {
		l.refused.Add(1)
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issued[id.Leaf().SerialNumber.String()] = id
	return id, nil
}

// revoke writes down that it asks, and then that it is done.
func (l *ledger) revoke(ctx context.Context, client *ca.Client, id *certs.Identity) error {
	serial := id.Leaf().SerialNumber.String()
	l.mu.Lock()
	l.revoked[serial] = false
	l.mu.Unlock()
	err := client.Revoke(ctx, serial, ocsp.KeyCompromise, "durability")
	if err != nil && !errors.Is(err, ca.AlreadyRevoked) {
		l.refused.Add(1)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked[serial] = true
	return nil
}

// load enrolls and revokes from several goroutines until done says so.
func (l *ledger) load(ctx context.Context, client *ca.Client, done func() bool) {
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
				if errors.Is(err, ca.Unreachable) {
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	workers.Wait()
}

// untilIssued ends a load after so many more certificates.
func (l *ledger) untilIssued(more int) func() bool {
	before, _ := l.counts()
	return func() bool { now, _ := l.counts(); return now >= before+more }
}

// check asks the responder about everything. Every revocation that was
// acknowledged has to be there, and every certificate has to be known.
func (l *ledger) check(ctx context.Context, client *ca.Client, f *figures, what string) error {
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
				status, err := ask(ctx, client, l.issued[serial])
				mu.Lock()
				if err != nil && firstErr == nil {
					firstErr = err
				}
				wasRevoked, asked := l.revoked[serial]
				if err == nil && wasRevoked && status == ocsp.Revoked {
					revoked++
				}
				if err == nil && (status == ocsp.Good || asked && status == ocsp.Revoked) {
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

// ask asks the responder of the CA for one status.
func ask(ctx context.Context, client *ca.Client, id *certs.Identity) (int, error) {
	req, err := ocsp.CreateRequest(id.Leaf(), id.Chain[1], &ocsp.RequestOptions{Hash: crypto.SHA256})
	if err != nil {
		return 0, err
	}
	resp, err := post(ctx, client.OCSPURL(), req)
	if err != nil {
		return 0, err
	}
	answer, err := ocsp.ParseResponseForCert(resp, id.Leaf(), id.Chain[1])
	if err != nil {
		return 0, fmt.Errorf("the responder about %v: %w", id.Leaf().SerialNumber, err)
	}
	return answer.Status, nil
}

func post(ctx context.Context, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}

// figures are printed as they come, and fail the run if one is not whole.
type figures struct {
	prefix string
	quiet  bool // prints only what is not whole
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
