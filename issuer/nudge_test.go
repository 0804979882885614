// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

var _ issuer.Nudger = (*stapler.Stapler)(nil)

// nudged is a source that counts its nudges.
type nudged struct {
	source
	times atomic.Int32
}

func (n *nudged) Nudge() { n.times.Add(1) }

// TestSignNudges: a source is nudged whenever its staples do not permit
// signing, and only then.
func TestSignNudges(t *testing.T) {
	leaf := newParty(testca.P256)
	good := []*ocspstaple.Staple{staple(t, leaf)}
	for _, row := range []struct {
		name    string
		staples []*ocspstaple.Staple
		err     error
		at      time.Duration
		want    int32
	}{
		{"fresh", good, nil, 0, 0},
		{"none", nil, nil, 0, 1},
		{"none, and the source says so", nil, stapled.StapleStale, 0, 1},
		{"stale", good, nil, 10 * time.Minute, 1},
		{"certificate expired", good, nil, 48 * time.Hour, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			keeper := &nudged{source: source{staples: row.staples, err: row.err}}
			iss := newIssuer(t, leaf, keeper, func(c *issuer.Config) {
				c.Now = func() time.Time { return testca.Now.Add(row.at) }
			})
			_, err := iss.Sign(t.Context(), forOrders)
			if got := keeper.times.Load(); got != row.want {
				t.Errorf("Sign: told %d times, want %d; error %v", got, row.want, err)
			}
			keeper.times.Store(0)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://orders.test/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			_, err = newTransport(t, iss, new(recorder), "https://orders.test").RoundTrip(req)
			if got := keeper.times.Load(); got != row.want {
				t.Errorf("Transport: told %d times, want %d; error %v", got, row.want, err)
			}
		})
	}
}
