// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// window is a time span: outside it a token is rejected, and inside it all its
// other windows are open.
type window struct {
	name string
	want stapled.Reason
	// last and first are the instants, relative to testca.Now, at which the
	// token is still, or already, accepted; one of them is zero.
	last, first time.Duration
	make        func(leeway time.Duration) (*testca.Party, *testca.Token)
	config      func(*Config)
}

const (
	closes = 20 * time.Minute
	opens  = -20 * time.Minute
)

// roomy makes a response that is good for hours.
func roomy(r *testca.Response) {
	r.ProducedAt = testca.Now.Add(-2 * time.Hour)
	r.Singles[0].ThisUpdate = r.ProducedAt
	r.Singles[0].NextUpdate = testca.Now.Add(2 * time.Hour)
}

var wide = testca.Valid(testca.Now.Add(-3*time.Hour), testca.Now.Add(3*time.Hour))

// valid gives a certificate a window that ends, or begins, at an instant.
func valid(first, last time.Duration) testca.Edit {
	if first == 0 {
		first = -3 * time.Hour
	}
	if last == 0 {
		last = 3 * time.Hour
	}
	return testca.Valid(testca.Now.Add(first), testca.Now.Add(last))
}

// windowed makes a token that is valid for hours in every respect, except for
// what the edits change.
func windowed(root, ca, leaf testca.Edit, staple func(*testca.Party, *testca.Response), claims func(*testca.Token)) (*testca.Party, *testca.Token) {
	orWide := func(edit testca.Edit) testca.Edit {
		if edit == nil {
			return wide
		}
		return edit
	}
	top := testca.New(orWide(root))
	intermediate := top.Intermediate(orWide(ca))
	client := intermediate.Leaf(orWide(leaf))
	token := testca.NewToken(client, client.Staple(func(r *testca.Response) {
		roomy(r)
		if staple != nil {
			staple(intermediate, r)
		}
	}), intermediate.Staple(roomy))
	token.Claims.Set("iat", unix(-2*time.Hour))
	token.Claims.Set("nbf", unix(-2*time.Hour))
	token.Claims.Set("exp", unix(2*time.Hour))
	if claims != nil {
		claims(token)
	}
	return top, token
}

// certificateWindows are those of each certificate of the path, and of the
// delegate. The leeway moves their beginnings.
func certificateWindows() []window {
	var rows []window
	for _, c := range []struct {
		name                  string
		expired, notYet       stapled.Reason
		anchor, ca, leaf, ocs bool
	}{
		{name: "anchor", expired: stapled.CertificateExpired, notYet: stapled.CertificateNotYetValid, anchor: true},
		{name: "intermediate", expired: stapled.CertificateExpired, notYet: stapled.CertificateNotYetValid, ca: true},
		{name: "leaf", expired: stapled.CertificateExpired, notYet: stapled.CertificateNotYetValid, leaf: true},
		{name: "delegate", expired: stapled.StapleUntrusted, notYet: stapled.StapleUntrusted, ocs: true},
	} {
		build := func(window func(leeway time.Duration) testca.Edit) func(time.Duration) (*testca.Party, *testca.Token) {
			var edit testca.Edit
			pick := func(which bool) testca.Edit {
				if which {
					return edit
				}
				return nil
			}
			return func(leeway time.Duration) (*testca.Party, *testca.Token) {
				edit = window(leeway)
				return windowed(pick(c.anchor), pick(c.ca), pick(c.leaf), func(ca *testca.Party, r *testca.Response) {
					if c.ocs {
						delegate := ca.Delegate(edit)
						testca.SignedBy(delegate, delegate.Cert)(r)
					}
				}, nil)
			}
		}
		rows = append(rows,
			window{name: c.name + " notAfter", want: c.expired, last: closes, make: build(func(time.Duration) testca.Edit { return valid(0, closes) })},
			window{name: c.name + " notBefore", want: c.notYet, first: opens, make: build(func(leeway time.Duration) testca.Edit { return valid(opens+leeway, 0) })})
	}
	return rows
}

// otherWindows are those of the staples and of the claims.
var otherWindows = []window{
	{name: "nextUpdate", want: stapled.StapleStale, last: closes, make: func(time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, func(_ *testca.Party, r *testca.Response) {
			r.Singles[0].NextUpdate = testca.Now.Add(closes)
		}, nil)
	}},
	{name: "nextUpdate of the intermediate's staple", want: stapled.StapleStale, last: closes, make: func(time.Duration) (*testca.Party, *testca.Token) {
		var short []byte
		top, token := windowed(nil, nil, nil, func(ca *testca.Party, _ *testca.Response) {
			short = ca.Staple(roomy, func(r *testca.Response) { r.Singles[0].NextUpdate = testca.Now.Add(closes) })
		}, nil)
		token.Header.Set("ocsp", []string{token.Header.Get("ocsp").([]string)[0], std(short)})
		return top, token
	}},
	{name: "MaxStapleAge", want: stapled.StapleStale, last: closes,
		config: func(cfg *Config) { cfg.MaxStapleAge = 2*time.Hour + closes },
		make: func(time.Duration) (*testca.Party, *testca.Token) {
			return windowed(nil, nil, nil, nil, nil)
		}},
	{name: "exp", want: stapled.TokenExpired, last: closes - 1, make: func(time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, nil, func(t *testca.Token) { t.Claims.Set("exp", unix(closes)) })
	}},
	{name: "thisUpdate", want: stapled.StapleNotYetValid, first: opens, make: func(leeway time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, func(_ *testca.Party, r *testca.Response) {
			r.ProducedAt = testca.Now.Add(opens + leeway)
			r.Singles[0].ThisUpdate = r.ProducedAt
		}, nil)
	}},
	{name: "producedAt", want: stapled.StapleNotYetValid, first: opens, make: func(leeway time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, func(_ *testca.Party, r *testca.Response) { r.ProducedAt = testca.Now.Add(opens + leeway) }, nil)
	}},
	{name: "nbf", want: stapled.TokenNotYetValid, first: opens, make: func(leeway time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, nil, func(t *testca.Token) { t.Claims.Set("nbf", unix(opens+leeway)) })
	}},
	{name: "iat", want: stapled.TokenNotYetValid, first: opens, make: func(leeway time.Duration) (*testca.Party, *testca.Token) {
		return windowed(nil, nil, nil, nil, func(t *testca.Token) { t.Claims.Set("iat", unix(opens+leeway)) })
	}},
}

// testWindows is T17: at the edge of each window a token is accepted, and a
// nanosecond outside it is not, whether the verifier has seen it before or not.
// The leeway moves the beginnings, and no end.
func testWindows(t *testing.T) {
	for _, w := range append(certificateWindows(), otherWindows...) {
		for _, leeway := range []time.Duration{time.Second, 9 * time.Minute} {
			t.Run(unsafeName.ReplaceAllString(w.name, "_")+"/leeway_"+leeway.String(), func(t *testing.T) { w.test(t, leeway) })
		}
	}
}

func (w *window) test(t *testing.T, leeway time.Duration) {
	root, token := w.make(leeway)
	another := copyToken(token)
	another.Claims.Set("jti", "another")
	raw, anotherRaw := token.Compact(), another.Compact()

	at := &clock{}
	cfg := Config{Anchors: anchors(root), Audience: "orders", Now: at.read, Leeway: leeway,
		MaxStapleAge: 24 * time.Hour, MaxLifetime: 24 * time.Hour}
	if w.config != nil {
		w.config(&cfg)
	}
	edge, outside := testca.Now.Add(w.last), time.Duration(1)
	if w.first != 0 {
		edge, outside = testca.Now.Add(w.first), -1
	}
	for _, path := range []string{"cold", "warm", "hot"} {
		t.Run(path, func(t *testing.T) {
			v := newVerifier(t, cfg)
			at.now = testca.Now
			switch path {
			case "warm":
				mustAccept(t, v, anotherRaw)
			case "hot":
				mustAccept(t, v, raw)
			}
			// fresh keeps a cold verifier cold, and a warm one no more than warm.
			fresh := func() *Verifier {
				switch path {
				case "cold":
					v = newVerifier(t, cfg)
				case "warm":
					v.tokens = newCache[*accepted](1<<20, smallToken)
				}
				return v
			}
			for _, far := range []time.Duration{1, time.Second, time.Minute} {
				at.now = edge
				accepted := mustAccept(t, fresh(), raw)
				if w.first == 0 && accepted.FreshUntil().Sub(edge).Truncate(time.Second) != 0 {
					t.Errorf("FreshUntil is %s, and the token is accepted until %s", accepted.FreshUntil(), edge)
				}
				at.now = edge.Add(outside * far)
				mustReject(t, fresh(), raw, w.want)
			}
		})
	}
}
