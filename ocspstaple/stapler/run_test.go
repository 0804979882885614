// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestRefreshAtHalf(t *testing.T) {
	for _, row := range []struct {
		name             string
		validity, maxAge time.Duration
		half             time.Duration
	}{
		{"of ten minutes", 10 * time.Minute, 0, 5 * time.Minute},
		{"of ten seconds", 10 * time.Second, 0, 5 * time.Second},
		{"of the default age, not of a week", 7 * 24 * time.Hour, 0, 30 * time.Minute},
		{"of the age configured", time.Hour, 2 * time.Minute, time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf, seen := newLeaf(), new(observer)
				f := &fetcher{answer: good(leaf, row.validity)}
				s := newStapler(t, leaf, f, func(c *stapler.Config) { c.MaxAge, c.Observer = row.maxAge, seen })
				run(t, s)
				if err := s.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				for range 40 {
					time.Sleep(row.half / 2)
					current(t, s)
				}
				calls := f.seen()
				distinct := make(map[time.Duration]bool)
				for n := range calls[1:] {
					interval := calls[n+1].at.Sub(calls[n].at)
					distinct[interval] = true
					longest := row.half * 11 / 10
					if n == 0 { // a fleet may have started together
						longest = row.half * 15 / 10
					}
					// thisUpdate is in whole seconds.
					if interval < row.half*9/10-time.Second || interval > longest {
						t.Errorf("asked after %s, want %s to %s", interval, row.half*9/10, longest)
					}
				}
				if len(calls) < 17 || len(calls) > 24 {
					t.Errorf("asked %d times in 20 halves", len(calls))
				}
				if len(distinct) < 2 {
					t.Error("no jitter")
				}
				if refreshed, failed := seen.told(); refreshed != len(calls) || len(failed) > 0 {
					t.Errorf("asked %d times, the observer was told of %d refreshes and of %s", len(calls), refreshed, failed)
				}
			})
		})
	}
}

// TestBackOff: the waits double up to the cap, each shortened by up to a half,
// until the first answer. Without a staple the cap is five seconds.
func TestBackOff(t *testing.T) {
	for _, row := range []struct {
		name     string
		held     bool
		min, cap time.Duration
	}{
		{"with a staple", true, 2 * time.Second, 30 * time.Second},
		{"without a staple", false, 2 * time.Second, 5 * time.Second},
		{"without a staple, and a longer first wait", false, 8 * time.Second, 8 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := newLeaf()
				f := &fetcher{answer: always(nil, errDown)}
				s := newStapler(t, leaf, f, func(c *stapler.Config) {
					c.MaxAge, c.RetryMin, c.RetryMax = 20*time.Hour, row.min, 30*time.Second
				})
				if row.held {
					f.set(good(leaf, 20*time.Hour))
					if err := s.Refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
					f.set(always(nil, errDown))
					time.Sleep(11 * time.Hour)
				}
				before := len(f.seen())
				run(t, s)
				time.Sleep(10 * time.Minute)
				calls, want := f.seen()[before:], row.min
				for n := range calls[1:] {
					interval := calls[n+1].at.Sub(calls[n].at)
					if interval < want/2 || interval > want {
						t.Errorf("wait %d was %s, want %s to %s", n, interval, want/2, want)
					}
					want = min(2*want, row.cap)
				}
				if len(calls) < 20 {
					t.Errorf("asked %d times only", len(calls))
				}
				if _, err := s.Current(time.Now()); !row.held {
					wantReason(t, err, stapled.StapleMissing)
					if !errors.Is(err, errDown) {
						t.Errorf("error %v does not tell of the last attempt", err)
					}
				}

				// The next failure counts as the first again.
				f.set(good(leaf, 10*time.Minute))
				time.Sleep(30 * time.Second)
				current(t, s)
				f.set(always(nil, errDown))
				before = len(f.seen())
				time.Sleep(8 * time.Minute)
				calls = f.seen()[before:]
				if wait := calls[1].at.Sub(calls[0].at); wait > row.min {
					t.Errorf("the wait after a new failure was %s", wait)
				}
			})
		})
	}
}

// TestOutage: the current staple lasts until its end and is replaced if the
// responder comes back before that. There are several attempts until then.
func TestOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: good(leaf, 10*time.Minute)}
		s := newStapler(t, leaf, f, func(c *stapler.Config) { c.RetryMax = time.Hour })
		run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.set(always(nil, errDown))
		held := current(t, s)
		time.Sleep(time.Until(held.NextUpdate()))
		if got := current(t, s); got != held {
			t.Error("the staple was replaced")
		}
		late, calls := 0, f.seen()
		for n, call := range calls[1:] {
			left := held.NextUpdate().Sub(call.at)
			if left < time.Minute {
				late++
			}
			if n+2 == len(calls) {
				break
			}
			// A quarter of the remaining time, but not without a pause.
			wait, most := calls[n+2].at.Sub(call.at), max(left/4, 5*time.Second)
			if wait > most || left < 20*time.Second && wait < most/2 {
				t.Errorf("asked again after %s, with %s left", wait, left)
			}
		}
		if late < 4 {
			t.Errorf("asked %d times in the last minute", late)
		}
		time.Sleep(time.Second)
		_, err := s.Current(time.Now())
		wantReason(t, err, stapled.StapleStale)
		if !errors.Is(err, errDown) {
			t.Errorf("error %v does not tell of the last attempt", err)
		}
		f.set(good(leaf, 10*time.Minute))
		time.Sleep(time.Hour)
		if current(t, s) == held {
			t.Error("the staple was not replaced after the outage")
		}
	})
}

// TestAnswersPastTheirHalf: a responder that makes its answers in advance is
// not asked without a pause.
func TestAnswersPastTheirHalf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: func(context.Context, stapler.Request) ([]byte, error) {
			return answer(leaf, -8*time.Minute, 10*time.Minute), nil
		}}
		s := newStapler(t, leaf, f, func(c *stapler.Config) { c.RetryMin = 10 * time.Second })
		run(t, s)
		time.Sleep(10 * time.Minute)
		if n := len(f.seen()); n > 61 {
			t.Errorf("asked %d times in ten minutes", n)
		}
		current(t, s)
	})
}

func TestUnknownKeepsTheStapleHeld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: good(leaf, 10*time.Minute)}
		s := newStapler(t, leaf, f)
		done := run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		held := current(t, s)
		f.set(func(context.Context, stapler.Request) ([]byte, error) {
			return answer(leaf, 0, 10*time.Minute, saying(testca.Unknown)), nil
		})
		time.Sleep(9 * time.Minute)
		if current(t, s) != held {
			t.Error("the staple was replaced")
		}
		f.set(good(leaf, 10*time.Minute))
		time.Sleep(time.Minute)
		if current(t, s) == held {
			t.Error("the staple was not replaced afterwards")
		}
		select {
		case err := <-done:
			t.Errorf("Run returned %v", err)
		default:
		}
	})
}
