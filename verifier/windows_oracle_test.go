// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// The oracle's policy: short, so that every window closes often.
const (
	oracleLeeway = 30 * time.Second
	oracleAge    = 20 * time.Minute
)

// span is a validity, both ends included.
type span struct{ from, to time.Time }

func spanOf(c *x509.Certificate) span { return span{c.NotBefore, c.NotAfter} }

// judged is a token, and all that its outcome depends on.
type judged struct {
	raw, audience        string
	intermediate, leaf   span
	delegate             *span
	this, next, produced time.Time
	nbf, iat, exp        time.Time
	// ends are the instants at which something begins or ends.
	ends []time.Time
}

// windowsOracle makes random tokens and says what becomes of them.
type windowsOracle struct {
	*rand.Rand
	root, renewed, intermediate *testca.Party
	tokens                      []judged
	sets                        [][]*testca.Party
}

// seconds returns a duration of at least a second and at most this many.
func (o *windowsOracle) seconds(most int) time.Duration {
	return time.Duration(1+o.IntN(most)) * time.Second
}

// span returns a validity that contains testca.Now.
func (o *windowsOracle) span() span {
	return span{testca.Now.Add(-o.seconds(2400)), testca.Now.Add(o.seconds(2400))}
}

func (s span) edit() testca.Edit { return testca.Valid(s.from, s.to) }

func newWindowsOracle(seed uint64) *windowsOracle {
	o := &windowsOracle{Rand: rand.New(rand.NewPCG(seed, 10))}
	o.root = testca.New(o.span().edit())
	o.renewed = testca.New(testca.WithKey(o.root.Key), o.span().edit())
	stranger := testca.New(testca.Named("Stranger"))
	for range 4 {
		ca := o.root.Intermediate(o.span().edit())
		o.intermediate = cmp.Or(o.intermediate, ca)
		for range 3 {
			leaf := ca.Leaf(o.span().edit())
			for range 3 {
				o.tokens = append(o.tokens, o.token(ca, leaf)...)
			}
		}
	}
	o.sets = [][]*testca.Party{
		{o.root}, {o.renewed}, {o.root, o.renewed}, {o.renewed, o.root}, {o.root, stranger},
		{o.intermediate}, {o.root, o.intermediate}, {stranger},
	}
	return o
}

// token makes two tokens of one header.
func (o *windowsOracle) token(ca, leaf *testca.Party) []judged {
	j := judged{intermediate: spanOf(ca.Cert), leaf: spanOf(leaf.Cert)}
	j.this = testca.Now.Add(-o.seconds(1200))
	j.next = testca.Now.Add(o.seconds(2400))
	j.produced = j.this.Add(time.Duration(o.IntN(120)-59) * time.Second)
	staple := leaf.Staple(func(r *testca.Response) {
		r.ProducedAt, r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = j.produced, j.this, j.next
		if o.IntN(2) == 0 {
			s := o.span()
			delegate := ca.Delegate(s.edit())
			j.delegate = &s
			testca.SignedBy(delegate, delegate.Cert)(r)
		}
	})
	var pair []judged
	for range 2 {
		one := j
		one.audience = []string{"orders", "billing"}[o.IntN(2)]
		one.iat, one.nbf, one.exp = testca.Now.Add(-o.seconds(900)), testca.Now.Add(-o.seconds(900)), testca.Now.Add(o.seconds(1800))
		t := testca.NewToken(leaf, staple)
		t.Claims.Set("aud", one.audience)
		t.Claims.Set("iat", one.iat.Unix())
		t.Claims.Set("nbf", one.nbf.Unix())
		t.Claims.Set("exp", one.exp.Unix())
		one.raw = t.Compact()
		one.ends = []time.Time{one.this, one.next, one.produced, one.this.Add(oracleAge), one.iat, one.nbf, one.exp}
		for _, s := range []*span{&one.intermediate, &one.leaf, one.delegate} {
			if s != nil {
				one.ends = append(one.ends, s.from, s.to)
			}
		}
		for _, p := range []*testca.Party{o.root, o.renewed} {
			one.ends = append(one.ends, p.Cert.NotBefore, p.Cert.NotAfter)
		}
		for _, end := range one.ends {
			one.ends = append(one.ends, end.Add(-oracleLeeway))
		}
		pair = append(pair, one)
	}
	return pair
}

// judge applies the windows of docs/format.md, in its order. It returns the end
// of freshness for a token that must be accepted.
func (o *windowsOracle) judge(j *judged, trusted []*testca.Party, audience string, now time.Time) (until time.Time, reason stapled.Reason) {
	// 4.1: where is the path cut, and which certificates does its anchor have?
	chain, tops := []span{j.leaf}, []*x509.Certificate(nil)
	if slices.Contains(trusted, o.intermediate) { // all have its name and key
		tops = append(tops, o.intermediate.Cert)
	} else {
		chain = append(chain, j.intermediate)
		for _, p := range trusted {
			if p == o.root || p == o.renewed {
				tops = append(tops, p.Cert)
			}
		}
	}
	if len(tops) == 0 {
		return until, stapled.ChainUntrusted
	}
	// 4.3
	slices.SortFunc(tops, func(a, b *x509.Certificate) int { return b.NotAfter.Compare(a.NotAfter) })
	refused := stapled.Reason("")
	held := false
	for i, top := range tops {
		end, why := tops[i].NotAfter, stapled.Reason("")
		for _, s := range append(slices.Clone(chain), spanOf(top)) {
			end = earlier(end, s.to)
			if now.Before(s.from.Add(-oracleLeeway)) && why == "" {
				why = stapled.CertificateNotYetValid
			}
			if now.After(s.to) {
				why = stapled.CertificateExpired
			}
		}
		if i == 0 {
			refused, until = why, end
		}
		held = held || why == ""
	}
	if !held {
		return until, refused
	}
	// 6.9
	if d := j.delegate; d != nil {
		until = earlier(until, d.to)
		if now.Before(d.from.Add(-oracleLeeway)) || now.After(d.to) {
			return until, stapled.StapleUntrusted
		}
	}
	until = earlier(earlier(until, j.next), earlier(j.this.Add(oracleAge), j.exp))
	switch {
	case now.Before(j.this.Add(-oracleLeeway)) || now.Before(j.produced.Add(-oracleLeeway)): // 6.12
		return until, stapled.StapleNotYetValid
	case now.After(j.next) || now.After(j.this.Add(oracleAge)): // 6.13, 6.14
		return until, stapled.StapleStale
	case j.audience != audience: // 7.4
		return until, stapled.AudienceMismatch
	case !now.Before(j.exp): // 7.6
		return until, stapled.TokenExpired
	case now.Before(j.nbf.Add(-oracleLeeway)) || now.Before(j.iat.Add(-oracleLeeway)): // 7.7
		return until, stapled.TokenNotYetValid
	}
	return until, ""
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// jump moves the clock: usually a little, sometimes to the very edge of a
// window, sometimes far, forwards and back.
func (o *windowsOracle) jump(now time.Time, j *judged) time.Time {
	switch o.IntN(8) {
	case 0:
		return testca.Now.Add(o.seconds(7200) - time.Hour)
	case 1, 2:
		edge := j.ends[o.IntN(len(j.ends))]
		return edge.Add([]time.Duration{0, 1, -1, time.Second, -time.Second}[o.IntN(5)])
	case 3, 4:
		return testca.Now
	}
	return now.Add(time.Duration(o.IntN(5)-2) * time.Second)
}

// Verifiers with caches of any size, and one without, agree with the oracle at
// any time, while the clock jumps, the anchors change, and two audiences take
// turns.
func TestWindowsOracle(t *testing.T) {
	const all = 20_000 // times three verifiers
	now := new(clock)
	sizes := map[string]CacheSizes{"cached": {}, "tiny": {Tokens: 12 << 10, Headers: 12 << 10, Certificates: 12 << 10}, "uncached": none}
	outcomes, steps := make(map[stapled.Reason]int), 0
	for seed := range uint64(4) {
		o := newWindowsOracle(seed)
		views := make(map[string]map[string]*Verifier)
		for name, size := range sizes {
			v := newVerifier(t, Config{Anchors: anchors(o.root), Audience: "orders", Leeway: oracleLeeway, MaxStapleAge: oracleAge, Cache: size, Now: now.read})
			billing, err := v.View(ViewConfig{Audience: "billing"})
			if err != nil {
				t.Fatal(err)
			}
			views[name] = map[string]*Verifier{"orders": v, "billing": billing}
		}
		trusted := o.sets[0]
		now.now = testca.Now
		for range exhaustive.Of(t, all, 5000) / 4 {
			j := &o.tokens[o.IntN(len(o.tokens))]
			now.now = o.jump(now.now, j)
			if o.IntN(20) == 0 {
				trusted = o.sets[o.IntN(len(o.sets))]
				for name := range views {
					if err := views[name]["orders"].SetAnchors(anchors(trusted...)); err != nil {
						t.Fatal(err)
					}
				}
			}
			audience := []string{j.audience, j.audience, j.audience, "orders"}[o.IntN(4)]
			until, want := o.judge(j, trusted, audience, now.now)
			outcomes[want]++
			for name := range views {
				steps++
				token, got := views[name][audience].outcome(t, j.raw)
				if got != want {
					t.Fatalf("seed %d, %s: %q, want %q at %s of %.400s", seed, name, got, want, now.now, fmt.Sprintf("%+v", j)[len(j.raw):])
				}
				if want == "" && (!token.FreshUntil().Equal(until) || token.Anchor() == (certs.AnchorID{})) {
					t.Fatalf("seed %d, %s: fresh until %s, want %s; anchor %v", seed, name, token.FreshUntil(), until, token.Anchor())
				}
			}
		}
	}
	t.Logf("%d verifications: %v", steps, outcomes)
	for _, reason := range []stapled.Reason{"", stapled.ChainUntrusted, stapled.CertificateExpired, stapled.CertificateNotYetValid, stapled.StapleUntrusted,
		stapled.StapleNotYetValid, stapled.StapleStale, stapled.AudienceMismatch, stapled.TokenExpired, stapled.TokenNotYetValid} {
		if outcomes[reason] < 20 {
			t.Errorf("the outcome %q occurred %d times only", reason, outcomes[reason])
		}
	}
}
