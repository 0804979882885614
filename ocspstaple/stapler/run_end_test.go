// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestRunEnds(t *testing.T) {
	t.Run("with its context", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			leaf := newLeaf()
			s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)})
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			synctest.Wait()
			bye := errors.New("shutting down")
			cancel(bye)
			if err := <-done; !errors.Is(err, bye) {
				t.Errorf("Run returned %v", err)
			}
			current(t, s) // what is held stays
		})
	})
	t.Run("with its context, during a question", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			seen := new(observer)
			s := newStapler(t, newLeaf(), &fetcher{answer: func(ctx context.Context, _ stapler.Request) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}, func(c *stapler.Config) { c.Observer = seen })
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			synctest.Wait()
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Run returned %v", err)
			}
			if _, failed := seen.told(); len(failed) > 0 {
				t.Errorf("the end was reported as a failure: %s", failed)
			}
		})
	})
	t.Run("when the certificate ends", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			leaf := newLeaf()
			s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)})
			err := <-run(t, s)
			wantReason(t, err, stapled.CertificateExpired)
			if late := time.Since(leaf.Cert.NotAfter); late < 0 || late > 6*time.Minute {
				t.Errorf("Run returned %s after the end of the certificate", late)
			}
		})
	})
	t.Run("at once when it is called twice", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			leaf := newLeaf()
			s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)})
			run(t, s)
			synctest.Wait()
			if err := s.Run(t.Context()); err == nil {
				t.Error("the second Run returned nil")
			}
		})
	})
}

func TestResponderThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: func(ctx context.Context, _ stapler.Request) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		s := newStapler(t, leaf, f, func(c *stapler.Config) { c.Timeout = 3 * time.Second })
		start := time.Now()
		err := s.Refresh(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}

// TestRefreshWhileRunning: both may be called at once, even by many, and the
// staples only get newer.
func TestRefreshWhileRunning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		var questions atomic.Int32
		f := &fetcher{answer: func(ctx context.Context, req stapler.Request) ([]byte, error) {
			if questions.Add(1) > 1 {
				t.Error("two questions about one certificate at a time")
			}
			defer questions.Add(-1)
			time.Sleep(100 * time.Millisecond)
			return good(leaf, 10*time.Second)(ctx, req)
		}}
		s := newStapler(t, leaf, f)
		run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				var last time.Time
				for range 50 {
					if err := s.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
					staples, err := s.Current(time.Now())
					if err != nil {
						t.Error(err)
						return
					}
					if now := staples[0].ThisUpdate(); now.Before(last) {
						t.Errorf("from %s back to %s", last, now)
					} else {
						last = now
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
	})
}
