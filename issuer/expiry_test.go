// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// TestExpiry: exp = min(now + TTL, nextUpdate and greatest age of every staple,
// notAfter).
func TestExpiry(t *testing.T) {
	in := func(d time.Duration) time.Time { return testca.Now.Add(d) }
	until := func(d time.Duration) func(*testca.Response) { return lasting(in(-time.Minute), in(d)) }
	ends := func(d time.Duration) testca.Edit { return testca.Valid(in(-time.Hour), in(d)) }
	for _, row := range []struct {
		name               string
		ttl, asked, age    time.Duration
		leaf, intermediate testca.Edit
		leafStaple         func(*testca.Response)
		chainStaple        func(*testca.Response) // nil for none
		delegateEnds       time.Duration          // 0 for none
		offset             time.Duration          // of the clock
		want               time.Duration
	}{
		{name: "default TTL", want: 5 * time.Minute},
		{name: "TTL configured", ttl: 2 * time.Minute, want: 2 * time.Minute},
		{name: "TTL asked for", asked: time.Minute, want: time.Minute},
		{name: "TTL asked for, the longest", ttl: time.Minute, asked: time.Minute, want: time.Minute},
		{name: "staple ends first", leafStaple: until(3 * time.Minute), want: 3 * time.Minute},
		{name: "staple ends a second before the TTL", leafStaple: until(299 * time.Second), want: 299 * time.Second},
		{name: "staple ends with the TTL", leafStaple: until(5 * time.Minute), want: 5 * time.Minute},
		{name: "staple of the intermediate ends first", leafStaple: until(4 * time.Minute), chainStaple: until(2 * time.Minute), want: 2 * time.Minute},
		{name: "staple of the leaf ends first", leafStaple: until(2 * time.Minute), chainStaple: until(4 * time.Minute), want: 2 * time.Minute},
		{name: "greatest age of the staple comes first", age: 4 * time.Minute, want: 3 * time.Minute},
		{name: "greatest age of the intermediate's staple comes first", age: 4 * time.Minute,
			leafStaple: lasting(testca.Now, in(time.Hour)), chainStaple: lasting(in(-2*time.Minute), in(time.Hour)), want: 2 * time.Minute},
		{name: "default age", leafStaple: lasting(in(-58*time.Minute), in(time.Hour)), want: 2 * time.Minute},
		{name: "age of hours", age: 24 * time.Hour, leafStaple: lasting(in(-8*time.Hour), in(time.Hour)), want: 5 * time.Minute},
		{name: "leaf ends first", leaf: ends(90 * time.Second), want: 90 * time.Second},
		{name: "leaf ends before its staple", leaf: ends(90 * time.Second), leafStaple: until(2 * time.Minute), want: 90 * time.Second},
		{name: "staple ends before its leaf", leaf: ends(2 * time.Minute), leafStaple: until(90 * time.Second), want: 90 * time.Second},
		{name: "intermediate ends first", intermediate: ends(80 * time.Second), want: 80 * time.Second},
		{name: "delegate of the responder ends first", delegateEnds: 70 * time.Second, want: 70 * time.Second},
		{name: "fraction of a second", offset: 900 * time.Millisecond, want: 5 * time.Minute},
		{name: "fraction of a TTL", ttl: 1900 * time.Millisecond, want: time.Second},
		{name: "fractions that add up to a second", ttl: 1900 * time.Millisecond, offset: 200 * time.Millisecond, want: time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			edits := func(edit testca.Edit) []testca.Edit {
				if edit == nil {
					return nil
				}
				return []testca.Edit{edit}
			}
			intermediate := testca.New().Intermediate(edits(row.intermediate)...)
			leaf := intermediate.Leaf(edits(row.leaf)...)
			if row.leafStaple == nil {
				row.leafStaple = func(*testca.Response) {}
			}
			sign1 := func(r *testca.Response) {
				row.leafStaple(r)
				if row.delegateEnds != 0 {
					delegate := intermediate.Delegate(ends(row.delegateEnds))
					testca.SignedBy(delegate, delegate.Cert)(r)
				}
			}
			staples := []*ocspstaple.Staple{staple(t, leaf, sign1)}
			if row.chainStaple != nil {
				staples = append(staples, staple(t, intermediate, row.chainStaple))
			}
			iss := newIssuer(t, leaf, issuer.StaticStaples(staples), func(c *issuer.Config) {
				c.TTL, c.MaxStapleAge = row.ttl, row.age
				below(c, intermediate.Issuer.Cert)
				c.Now = func() time.Time { return in(row.offset) }
			})
			_, claims := open(t, sign(t, iss, issuer.Claims{Audience: []string{"orders"}, TTL: row.asked}), leaf.Cert)
			if got := time.Duration(claims["exp"].(float64)-float64(testca.Now.Unix())) * time.Second; got != row.want {
				t.Errorf("exp is in %s, want %s", got, row.want)
			}
			if claims["iat"].(float64) != float64(testca.Now.Unix()) || claims["nbf"] != claims["iat"] {
				t.Errorf("iat is %v and nbf %v", claims["iat"], claims["nbf"])
			}
		})
	}
}
