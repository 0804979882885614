// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// TestNeverOlder: an answer from before the staple held is refused, and the
// responder itself is asked once more.
func TestNeverOlder(t *testing.T) {
	for _, row := range []struct {
		name   string
		offset time.Duration // of the thisUpdate of the second answer to that of the first
	}{{"older", -time.Second}, {"as old", 0}} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf, seen := newLeaf(), new(observer)
				second := answer(leaf, row.offset, time.Hour)
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
				if _, failed := seen.told(); len(failed) != 1 || failed[0] != stapler.NotNewer {
					t.Errorf("observer was told of %s", failed)
				}
			})
		})
	}
}

// TestCacheOnTheWay: where a cache gives an old answer, the responder gives the
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
				f := &fetcher{answer: func(ctx context.Context, cert *x509.Certificate) ([]byte, error) {
					if stapler.Revalidate(ctx) {
						return good(leaf, 10*time.Minute)(ctx, cert)
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
