// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// TestNeverOlder: an answer older than the current staple is refused, and the
// responder itself is asked once more.
func TestNeverOlder(t *testing.T) {
	for _, row := range []struct {
		name   string
		offset time.Duration // of the thisUpdate of the second answer to that of the first
		valid  time.Duration
	}{
		{"older", -time.Second, time.Hour},
		{"as old, and not valid for longer", 0, 10 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf, seen := newLeaf(), new(observer)
				second := answer(leaf, row.offset, row.valid)
				f := &fetcher{answer: good(leaf, 10*time.Minute)}
				s := newStapler(t, leaf, f, func(c *stapler.Config) { c.Observer = seen })
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				held := current(t, s)
				f.set(always(second, nil))
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				if current(t, s) != held {
					t.Error("the staple was replaced")
				}
				calls := f.seen()
				if len(calls) != 3 || calls[1].revalidated || !calls[2].revalidated {
					t.Errorf("asked %+v", calls)
				}
				if _, failed := seen.told(); len(failed) != 1 || failed[0] != stapled.StapleNotNewer {
					t.Errorf("observer was told of %s", failed)
				}
			})
		})
	}
}

// TestCacheOnTheWay: if a cache gives an old answer, the responder gives the
// current one.
func TestCacheOnTheWay(t *testing.T) {
	for _, row := range []struct {
		name  string
		sleep time.Duration // after which the cache still gives its first answer
	}{{"not newer", 5 * time.Minute}, {"stale", 11 * time.Minute}} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf, seen := newLeaf(), new(observer)
				cached := answer(leaf, 0, 10*time.Minute)
				f := &fetcher{answer: func(ctx context.Context, req stapler.Request) ([]byte, error) {
					if req.Revalidate {
						return good(leaf, 10*time.Minute)(ctx, req)
					}
					return cached, nil
				}}
				s := newStapler(t, leaf, f, func(c *stapler.Config) { c.Observer = seen })
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(row.sleep)
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				if refreshed, failed := seen.told(); refreshed != 2 || len(failed) > 0 {
					t.Errorf("observer was told of %d refreshes and of %s", refreshed, failed)
				}
				if calls := f.seen(); len(calls) != 3 || calls[0].revalidated || calls[1].revalidated {
					t.Errorf("asked %+v", calls)
				}
			})
		})
	}
}

// TestStaleCacheInAnOutage: the first attempt asks the cache, and then bypasses
// it. As long as that yields nothing, later attempts only bypass it.
func TestStaleCacheInAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: good(leaf, 10*time.Minute)}
		s := newStapler(t, leaf, f)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		cached := answer(leaf, 0, 10*time.Minute)
		time.Sleep(11 * time.Minute)
		f.set(always(cached, nil))
		for n, want := range []int{2, 1, 1} {
			before := len(f.seen())
			wantReason(t, s.Refresh(t.Context()), stapled.StapleStale)
			calls := f.seen()[before:]
			if len(calls) != want || !calls[len(calls)-1].revalidated {
				t.Errorf("attempt %d asked %+v", n, calls)
			}
		}
		f.set(good(leaf, 10*time.Minute))
		for n, revalidated := range []bool{true, false} {
			before := len(f.seen())
			if err := s.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			if calls := f.seen()[before:]; len(calls) != 1 || calls[0].revalidated != revalidated {
				t.Errorf("after the outage, attempt %d asked %+v", n, calls)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestLongerAnswerOfTheSameTime: a responder fed by a CRL repeats its
// thisUpdate and moves only nextUpdate.
func TestLongerAnswerOfTheSameTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf, from := newLeaf(), time.Now().Truncate(time.Second)
		f := &fetcher{answer: func(context.Context, stapler.Request) ([]byte, error) {
			return leaf.Staple(func(r *testca.Response) {
				now := time.Now().Truncate(time.Second)
				r.ProducedAt = now
				r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = from, now.Add(10*time.Minute)
			}), nil
		}}
		s := newStapler(t, leaf, f)
		run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		if _, err := s.Current(time.Now()); err != nil {
			t.Errorf("after asking %d times: %v", len(f.seen()), err)
		}
	})
}

// TestWaitEndsWithTheCertificate: no staple can come anymore.
func TestWaitEndsWithTheCertificate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := testca.New().Intermediate().Leaf(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Minute)))
		s := newStapler(t, leaf, &fetcher{answer: always(nil, errDown)})
		run(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := s.Wait(ctx); !errors.Is(err, stapled.CertificateExpired) || ctx.Err() != nil {
			t.Errorf("Wait: %v", err)
		}
	})
}

// TestClockSetBack: the current staple is then from the future, and every true
// answer is older. The stapler asks for one within a minute, and takes it.
func TestClockSetBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		var behind atomic.Int64 // how far the clock is behind the bubble's
		now := func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }
		f := &fetcher{answer: func(context.Context, stapler.Request) ([]byte, error) {
			return answer(leaf, -time.Duration(behind.Load()), 20*time.Minute), nil
		}}
		s := newStapler(t, leaf, f)
		stapler.SetClockForTest(s, now)
		run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		behind.Store(int64(3 * time.Hour))
		_, err := s.Current(now())
		wantReason(t, err, stapled.StapleNotYetValid)
		time.Sleep(time.Minute + time.Second)
		if _, err := s.Current(now()); err != nil {
			t.Errorf("a minute after the clock was set back, having asked %d times: %v", len(f.seen()), err)
		}
		time.Sleep(time.Hour)
		if _, err := s.Current(now()); err != nil {
			t.Errorf("an hour after the clock was set back: %v", err)
		}
	})
}
