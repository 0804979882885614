// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// bubble runs a test with its own clock, which starts at testca.Now.
func bubble(t *testing.T, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(testca.Now))
		test(t)
	})
}

func newLeaf() *testca.Party { return testca.New().Intermediate().Leaf() }

// answer is a response for a party with a thisUpdate of now plus the offset.
func answer(party *testca.Party, offset, validity time.Duration, edits ...func(*testca.Response)) []byte {
	return party.Staple(append([]func(*testca.Response){func(r *testca.Response) {
		from := time.Now().Add(offset).Truncate(time.Second)
		r.ProducedAt = from
		r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = from, from.Add(validity)
	}}, edits...)...)
}

func saying(status testca.CertStatus) func(*testca.Response) {
	return func(r *testca.Response) { r.Singles[0].Status = status }
}

// asked is a call of Fetch.
type asked struct {
	at          time.Time
	serial      string
	revalidated bool
}

// fetcher answers with its function, which a test may replace.
type fetcher struct {
	mu     sync.Mutex
	calls  []asked
	answer func(ctx context.Context, req stapler.Request) ([]byte, error)
}

func (f *fetcher) Fetch(ctx context.Context, req stapler.Request) ([]byte, error) {
	f.mu.Lock()
	f.calls = append(f.calls, asked{time.Now(), req.Certificate.SerialNumber.String(), req.Revalidate})
	answer := f.answer
	f.mu.Unlock()
	return answer(ctx, req)
}

func (f *fetcher) set(answer func(context.Context, stapler.Request) ([]byte, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *fetcher) seen() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]asked(nil), f.calls...)
}

// good answers with fresh staples for one party, or for the parties above it.
func good(party *testca.Party, validity time.Duration) func(context.Context, stapler.Request) ([]byte, error) {
	return func(_ context.Context, req stapler.Request) ([]byte, error) {
		for p := party; p != nil; p = p.Issuer {
			if p.Cert.Equal(req.Certificate) {
				return answer(p, 0, validity), nil
			}
		}
		return nil, errors.New("no such certificate")
	}
}

func always(der []byte, err error) func(context.Context, stapler.Request) ([]byte, error) {
	return func(context.Context, stapler.Request) ([]byte, error) { return der, err }
}

var errDown = errors.New("connection refused")

// observer records its events.
type observer struct {
	mu        sync.Mutex
	refreshed int
	failed    []stapled.Reason
}

func (o *observer) Observe(e stapler.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case e.Outcome == stapler.OutcomeRefreshed && e.Staple != nil && e.Reason == "":
		o.refreshed++
	case e.Outcome == stapler.OutcomeFailed && e.Staple == nil && e.Reason != "":
		o.failed = append(o.failed, e.Reason)
	default:
		panic(fmt.Sprintf("an event that contradicts itself: %+v", e))
	}
}

func (o *observer) told() (int, []stapled.Reason) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refreshed, append([]stapled.Reason(nil), o.failed...)
}

// logged is where a stapler logs to.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newStapler(t *testing.T, leaf *testca.Party, f stapler.Fetcher, edits ...func(*stapler.Config)) *stapler.Stapler {
	t.Helper()
	cfg := stapler.Config{Chain: leaf.Chain(), Fetcher: f}
	for _, edit := range edits {
		edit(&cfg)
	}
	s, err := stapler.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run starts Run and returns a channel for its result. The test ends after Run
// has: a question may be under way.
func run(t *testing.T, s *stapler.Stapler) <-chan error {
	done, ended := make(chan error, 1), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	go func() {
		defer close(ended)
		done <- s.Run(ctx)
	}()
	return done
}

func wantReason(t *testing.T, err error, reason stapled.Reason) {
	t.Helper()
	var e *stapled.Error
	if !errors.As(err, &e) || !errors.Is(err, reason) || e.Reason != reason {
		t.Fatalf("got error %v, want an *Error with the reason %s", err, reason)
	}
	if prefix := string(reason) + ": "; strings.HasPrefix(err.Error(), prefix+prefix) {
		t.Errorf("error %q repeats itself", err)
	}
}

func current(t *testing.T, s *stapler.Stapler) *ocspstaple.Staple {
	t.Helper()
	staples, err := s.Current(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return staples[0]
}
