// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// checkParity checks that three verifiers give the same outcome: one that has
// seen the header, one that has seen the token, and one that has seen neither.
func checkParity(t *testing.T, cfg Config, at *clock, seen, then time.Time, token *testca.Token, prepare ...string) {
	t.Helper()
	another := copyToken(token)
	another.Claims.Set("jti", "another")
	raw := token.Compact()
	outcome := func(first string) stapled.Reason {
		v := newVerifier(t, cfg)
		at.now = seen
		if first != "" {
			mustAccept(t, v, first)
		}
		at.now = then
		for _, other := range prepare {
			if _, err := v.Verify(other); err == nil {
				t.Fatal("what prepares is accepted")
			}
		}
		_, err := v.Verify(raw)
		var e *stapled.Error
		if errors.As(err, &e) {
			return e.Reason
		}
		return ""
	}
	cold, warm, hot := outcome(""), outcome(another.Compact()), outcome(raw)
	if warm != cold || hot != cold {
		t.Errorf("cold %q, warm %q, hot %q", cold, warm, hot)
	}
}

// After an anchor is renewed, with the same name and key, the new one accepts
// what the old one proved.
func TestRenewedAnchor(t *testing.T) {
	const soon = 10 * time.Minute
	old := testca.New(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(soon)))
	for _, c := range []struct {
		name    string
		renewed *testca.Party
	}{
		{"both valid at first", testca.New()},
		{"new one not valid at first", testca.New(testca.Valid(testca.Now.Add(soon/2), testca.Now.Add(time.Hour)))},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := &clock{}
			cfg := Config{Anchors: anchors(old, c.renewed), Audience: "orders", Now: at.read}
			leaf := old.Intermediate().Leaf()
			token := testca.NewToken(leaf, leaf.Staple(roomyFor(time.Hour)))
			token.Claims.Set("exp", unix(time.Hour))
			for _, then := range []time.Duration{soon, soon + time.Second} {
				checkParity(t, cfg, at, testca.Now, testca.Now.Add(then), token)
			}
			v := newVerifier(t, cfg)
			at.now = testca.Now
			mustAccept(t, v, token.Compact())
			at.now = testca.Now.Add(soon + time.Second)
			mustAccept(t, v, token.Compact())
		})
	}
}

func roomyFor(d time.Duration) func(*testca.Response) {
	return func(r *testca.Response) { r.Singles[0].NextUpdate = testca.Now.Add(d) }
}

// If two windows have closed, every path gives the reason for the same one.
func TestTwoClosedWindows(t *testing.T) {
	w := theWorld()
	brief := testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(5*time.Minute))
	delegate := w.root.Delegate(brief)
	issuing := w.intermediate.Delegate(brief)
	for _, c := range []struct {
		name    string
		staples [2][]byte
	}{
		{"stale, then delegate expired", [2][]byte{
			w.leaf.Staple(roomyFor(5 * time.Minute)), w.intermediate.Staple(roomyFor(time.Hour), testca.SignedBy(delegate, delegate.Cert)),
		}},
		{"delegate expired, then stale", [2][]byte{
			w.leaf.Staple(roomyFor(time.Hour), testca.SignedBy(issuing, issuing.Cert)), w.intermediate.Staple(roomyFor(5 * time.Minute)),
		}},
		{"both of one staple", [2][]byte{
			w.leaf.Staple(roomyFor(5*time.Minute), testca.SignedBy(issuing, issuing.Cert)), w.intermediate.Staple(roomyFor(time.Hour)),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := &clock{}
			token := testca.NewToken(w.leaf, c.staples[0], c.staples[1])
			token.Claims.Set("exp", unix(6*time.Minute))
			for _, then := range []time.Duration{5*time.Minute + time.Second, 6 * time.Minute, 25 * time.Hour, -2 * time.Hour} {
				checkParity(t, w.config(at), at, testca.Now, testca.Now.Add(then), token)
			}
		})
	}
	t.Run("delegate expired, and a newer revoked seen", func(t *testing.T) {
		at := &clock{}
		token := testca.NewToken(w.leaf, w.leaf.Staple(roomyFor(time.Hour), testca.SignedBy(issuing, issuing.Cert)))
		token.Claims.Set("exp", unix(time.Hour))
		revoked := tokenWith(w.leaf, since(0, testca.Revoked))
		for _, then := range []time.Duration{time.Minute, 5*time.Minute + time.Second} {
			checkParity(t, w.config(at), at, testca.Now, testca.Now.Add(then), token, revoked)
		}
	})
}
