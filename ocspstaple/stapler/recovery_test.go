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
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// TestRecovery: the outage of a responder lasts longer than the staples of a
// fleet. What matters is how soon the fleet signs again, and how often it asks
// the responder until then.
func TestRecovery(t *testing.T) {
	fleet := exhaustive.Of(t, 1000, 300)
	const (
		validity = 10 * time.Minute
		outage   = 14 * time.Minute
	)
	busy := &stapled.Error{Reason: stapled.FetchFailed, Err: &stapler.Busy{RetryAfter: 30 * time.Second, Err: errors.New("HTTP status 503")}}
	for _, row := range []struct {
		name string
		down func(ctx context.Context) error
	}{
		{"it refuses connections", func(context.Context) error { return errDown }},
		{"it is busy, and asks for 30 s", func(context.Context) error { return busy }},
		{"it never answers", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := newLeaf()
				var down atomic.Bool
				var asked atomic.Int64
				var mu sync.Mutex
				var kept []byte // the responder answers the same for a second
				var made time.Time
				f := &responderOf{func(ctx context.Context) ([]byte, error) {
					if asked.Add(1); down.Load() {
						return nil, row.down(ctx)
					}
					mu.Lock()
					defer mu.Unlock()
					if now := time.Now().Truncate(time.Second); kept == nil || !made.Equal(now) {
						kept, made = answer(leaf, 0, validity), now
					}
					return kept, nil
				}}
				var staplers []*stapler.Stapler
				for range fleet {
					s := newStapler(t, leaf, f)
					run(t, s)
					staplers = append(staplers, s)
				}
				signing := func() (n int) {
					for _, s := range staplers {
						if _, err := s.Current(time.Now()); err == nil {
							n++
						}
					}
					return n
				}
				synctest.Wait()
				time.Sleep(time.Second)
				if n := signing(); n != fleet {
					t.Fatalf("%d of %d have a staple to begin with", n, fleet)
				}

				down.Store(true)
				asked.Store(0)
				time.Sleep(validity + 10*time.Second)
				if n := signing(); n != 0 {
					t.Fatalf("%d of %d have a staple after nextUpdate", n, fleet)
				}
				before := asked.Load()
				time.Sleep(outage - validity - 10*time.Second)
				hundreds := float64(fleet) / 100
				whole := float64(asked.Load()) / outage.Seconds() / hundreds
				dead := float64(asked.Load()-before) / (outage - validity - 10*time.Second).Seconds() / hundreds
				down.Store(false)
				began, within := time.Now(), 0
				var all time.Duration
				for time.Since(began) < time.Minute {
					time.Sleep(100 * time.Millisecond)
					n := signing()
					if time.Since(began) <= 6*time.Second {
						within = n
					}
					if n == fleet {
						all = time.Since(began)
						break
					}
				}
				t.Logf("requests a second for each 100 staplers: %.1f during the outage, %.1f from nextUpdate on", whole, dead)
				t.Logf("%d of %d recovered within 6 s of the return, all within %s", within, fleet, all)
				if within < fleet*99/100 {
					t.Error("fewer than 99 % recovered within 6 s")
				}
				if whole > 30 || dead > 30 {
					t.Error("more than 30 requests a second for each 100 staplers")
				}
			})
		})
	}
}

// responderOf is a fetcher that answers for one certificate, and records
// nothing.
type responderOf struct {
	answer func(ctx context.Context) ([]byte, error)
}

func (r *responderOf) Fetch(ctx context.Context, _ stapler.Request) ([]byte, error) {
	return r.answer(ctx)
}

// TestRetryAfterIsHeeded: within the limits of the other waits.
func TestRetryAfterIsHeeded(t *testing.T) {
	for _, row := range []struct {
		name         string
		held         time.Duration // how long a staple is still fresh when the trouble begins; 0 for none
		wish         time.Duration
		atLeast, max time.Duration // of the first wait
	}{
		{"none held, a wish of 3 s", 0, 3 * time.Second, 3 * time.Second, 3 * time.Second},
		{"none held, a wish of an hour", 0, time.Hour, 5 * time.Second, 5 * time.Second},
		{"one held, a wish of 30 s", 30 * time.Minute, 30 * time.Second, 30 * time.Second, 30 * time.Second},
		{"one held, a wish of an hour", 30 * time.Minute, time.Hour, time.Minute, time.Minute},
		{"one held that ends before the wish does", 20 * time.Second, 50 * time.Second, 20 * time.Second, 25 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := newLeaf()
				f := &fetcher{answer: good(leaf, time.Hour)}
				s := newStapler(t, leaf, f)
				if row.held > 0 {
					if err := s.Refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Hour - row.held)
				}
				busy := &stapled.Error{Reason: stapled.ResponderError, Err: &stapler.Busy{RetryAfter: row.wish, Err: stapler.TryLater}}
				f.set(always(nil, busy))
				before := len(f.seen())
				run(t, s)
				if row.held > 0 {
					time.Sleep(10 * time.Minute)
				} else {
					time.Sleep(time.Minute)
				}
				calls := f.seen()[before:]
				if len(calls) < 2 {
					t.Fatalf("asked %d times", len(calls))
				}
				if wait := calls[1].at.Sub(calls[0].at); wait < row.atLeast || wait > row.max {
					t.Errorf("asked again after %s, want %s to %s", wait, row.atLeast, row.max)
				}
			})
		})
	}
}

// TestNudge: a nudge causes an attempt at once, at most one per second.
func TestNudge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: always(nil, errDown)}
		s := newStapler(t, leaf, f, func(c *stapler.Config) { c.RetryMin, c.RetryMax = time.Minute, time.Minute })
		s.Nudge() // before Run, which asks at once anyway
		run(t, s)
		time.Sleep(10*time.Second + time.Millisecond)
		if n := len(f.seen()); n != 1 {
			t.Errorf("asked %d times to begin with", n)
		}
		before := len(f.seen())
		s.Nudge()
		synctest.Wait()
		if n := len(f.seen()) - before; n != 1 {
			t.Errorf("a nudge after ten seconds made %d attempts at once", n)
		}
		before = len(f.seen())
		for range 100 { // ten seconds
			s.Nudge()
			s.Nudge()
			time.Sleep(100 * time.Millisecond)
		}
		if n := len(f.seen()) - before; n < 9 || n > 10 {
			t.Errorf("200 nudges in 10 s made %d attempts", n)
		}

		// The responder's request to wait takes precedence.
		f.set(always(nil, &stapled.Error{Reason: stapled.FetchFailed, Err: &stapler.Busy{RetryAfter: 4 * time.Second, Err: errDown}}))
		time.Sleep(2 * time.Minute)
		for before = len(f.seen()); len(f.seen()) == before; { // at most four seconds
			s.Nudge()
			time.Sleep(99 * time.Millisecond)
		}
		before = len(f.seen())
		for range 30 { // three seconds, less a moment
			s.Nudge()
			time.Sleep(99 * time.Millisecond)
		}
		if n := len(f.seen()) - before; n != 0 {
			t.Errorf("asked %d times before the time of Retry-After", n)
		}

		// With a fresh staple, a nudge has no effect.
		f.set(good(leaf, 10*time.Minute))
		time.Sleep(time.Minute)
		current(t, s)
		before = len(f.seen())
		for range 100 {
			s.Nudge()
			time.Sleep(10 * time.Millisecond)
		}
		if n := len(f.seen()) - before; n != 0 {
			t.Errorf("asked %d times although a fresh staple is held", n)
		}
	})
}

// TestUnknownOfAYoungCertificate: the responder may not know it yet.
func TestUnknownOfAYoungCertificate(t *testing.T) {
	for _, row := range []struct {
		name   string
		age    time.Duration
		lag    time.Duration // of the responder
		reason stapled.Reason
		asked  int
	}{
		{"known at once", time.Minute, 0, "", 1},
		{"known after three seconds", time.Minute, 3 * time.Second, "", 3},
		{"not known in time", time.Minute, time.Hour, stapled.StapleNotYetKnown, 4},
		{"no longer young", 10 * time.Minute, time.Hour, stapled.StapleUnknown, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := testca.New().Intermediate().Leaf(testca.Valid(testca.Now.Add(-row.age), testca.Now.Add(time.Hour)))
				f := &fetcher{}
				f.set(func(context.Context, stapler.Request) ([]byte, error) {
					if time.Since(testca.Now) < row.lag {
						return answer(leaf, 0, 10*time.Minute, saying(testca.Unknown)), nil
					}
					return answer(leaf, 0, 10*time.Minute), nil
				})
				err := newStapler(t, leaf, f).Refresh(t.Context())
				if row.reason == "" && err != nil || row.reason != "" && !errors.Is(err, row.reason) {
					t.Errorf("error %v, want %q", err, row.reason)
				}
				if calls := f.seen(); len(calls) != row.asked {
					t.Errorf("asked %d times, want %d", len(calls), row.asked)
				}
			})
		})
	}
}

// TestExpiredCertificateIsNotAskedAbout: a responder that is down must not hide
// that no answer would help.
func TestExpiredCertificateIsNotAskedAbout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := testca.New().Intermediate().Leaf(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Minute)))
		f := &fetcher{answer: always(nil, errDown)}
		err := newStapler(t, leaf, f).Refresh(t.Context())
		if !errors.Is(err, stapled.CertificateExpired) || len(f.seen()) > 0 {
			t.Errorf("asked %d times, error %v", len(f.seen()), err)
		}
	})
}
