// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapledtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

var billing = issuer.Claims{Audience: []string{"billing"}}

// authorities are the two kinds of CA that issue identities.
func authorities(t *testing.T) map[string]*stapledtest.CA {
	return map[string]*stapledtest.CA{
		"root":         stapledtest.NewCA(t),
		"intermediate": stapledtest.NewCA(t).Intermediate(),
	}
}

func TestToken(t *testing.T) {
	for kind, ca := range authorities(t) {
		for _, row := range []struct {
			names  []string
			issuer string
		}{
			{[]string{"https://orders.internal"}, "https://orders.internal"},
			{[]string{"spiffe://internal/orders", "orders.internal"}, "spiffe://internal/orders"},
			{[]string{"orders.internal"}, "https://orders.internal"},
		} {
			t.Run(kind+"/"+row.names[0], func(t *testing.T) {
				id := ca.Identity(row.names[0], row.names[1:]...)
				if id.Anchor == nil || ca.Anchors().Of(id.Anchor) == nil {
					t.Error("the identity does not have its anchor")
				}
				v := ca.Verifier("billing")
				if _, err := v.Verify(ca.Token(id, billing)); err != nil {
					t.Error(err)
				}
				only, err := verifier.New(verifier.Config{
					Anchors: ca.Anchors(), Audience: "billing", Issuers: []string{row.issuer}, Now: ca.Clock.Now,
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := only.Verify(ca.Token(id, billing)); err != nil {
					t.Error(err)
				}
				_, err = ca.Verifier("shipping").Verify(ca.Token(id, billing))
				if !errors.Is(err, stapled.AudienceMismatch) {
					t.Errorf("for another audience: %v", err)
				}
			})
		}
	}
}

// A staple of each status has the documented effect.
func TestStapleStatuses(t *testing.T) {
	for kind, ca := range authorities(t) {
		id := ca.Identity("https://orders.internal")
		for _, row := range []struct {
			name   string
			staple []byte
			want   error
		}{
			{"good", ca.Staple(id, stapledtest.Good), nil},
			{"revoked", ca.Staple(id, stapledtest.Revoked), stapled.CertificateRevoked},
			{"unknown", ca.Staple(id, stapledtest.Unknown), stapled.StapleUnknown},
			{"stale", ca.Staple(id, stapledtest.Stale), stapled.StapleStale},
			{"not yet valid", ca.Staple(id, stapledtest.NotYetValid), stapled.StapleNotYetValid},
			{"untrusted", ca.Staple(id, stapledtest.Untrusted), stapled.StapleUntrusted},
			{"of another certificate", ca.Staple(ca.Identity("other.internal"), stapledtest.Good), stapled.StapleMismatch},
			{"none", nil, stapled.StapleMissing},
		} {
			t.Run(kind+"/"+row.name, func(t *testing.T) {
				// A new verifier: one that has seen the revoked staple
				// remembers it.
				_, err := ca.Verifier("billing").Verify(ca.TokenWithStaple(id, row.staple, "billing"))
				if !errors.Is(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
			})
		}
	}
}

func TestRevoke(t *testing.T) {
	for kind, ca := range authorities(t) {
		t.Run(kind, func(t *testing.T) {
			id, other := ca.Identity("https://orders.internal"), ca.Identity("https://orders.internal")
			iss := ca.Issuer(id)
			before, err := iss.Sign(t.Context(), billing)
			if err != nil {
				t.Fatal(err)
			}
			ca.Revoke(id, 1)
			if _, err := iss.Sign(t.Context(), billing); !errors.Is(err, stapled.CertificateRevoked) {
				t.Errorf("the issuer gives %v", err)
			}
			ca.Token(other, billing) // fails the test if it cannot be signed

			v := ca.Verifier("billing")
			if _, err := v.Verify(before); err != nil {
				t.Errorf("the token from before: %v", err)
			}
			ca.Clock.Advance(stapledtest.StapleValidity + time.Second)
			if _, err := v.Verify(before); !errors.Is(err, stapled.StapleStale) {
				t.Errorf("the token from before, later: %v", err)
			}

			staple, err := ocspstaple.Authenticate(ca.Staple(id, stapledtest.Revoked), id.Leaf(), issuerOf(id.Chain, id.Anchor), ca.Clock.Now(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := staple.RevocationReason().String(); got != "keyCompromise" {
				t.Errorf("revoked for the reason %s", got)
			}
		})
	}
}

func issuerOf[C any](chain []C, anchor C) C { return append(chain[:len(chain):len(chain)], anchor)[1] }

func TestClock(t *testing.T) {
	noon := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	synctest.Test(t, func(t *testing.T) {
		var c stapledtest.Clock
		if !c.Now().Equal(time.Now()) {
			t.Errorf("a new clock shows %s", c.Now())
		}
		c.Advance(time.Hour)
		time.Sleep(time.Minute)
		if got := time.Until(c.Now()); got != time.Hour {
			t.Errorf("a running clock moved by an hour is %s ahead", got)
		}
		c.Set(noon)
		time.Sleep(time.Minute)
		if !c.Now().Equal(noon) {
			t.Errorf("a clock that was set to %s shows %s", noon, c.Now())
		}
		c.Advance(-time.Hour)
		if got := noon.Sub(c.Now()); got != time.Hour {
			t.Errorf("a stopped clock moved back by an hour is %s behind", got)
		}
	})
}

// A staple is fresh up to its last second, and a token is accepted as long.
func TestStoppedClockIsExact(t *testing.T) {
	ca := stapledtest.NewCA(t)
	ca.Clock.Set(time.Date(2031, time.July, 1, 12, 0, 0, 0, time.UTC))
	id, v := ca.Identity("https://orders.internal"), ca.Verifier("billing")
	staple := ca.Staple(id, stapledtest.Good)
	ca.Clock.Advance(stapledtest.StapleValidity)
	raw := ca.TokenWithStaple(id, staple, "billing")
	if _, err := v.Verify(raw); err != nil {
		t.Error(err)
	}
	ca.Clock.Advance(time.Nanosecond)
	if _, err := v.Verify(raw); !errors.Is(err, stapled.StapleStale) {
		t.Errorf("after nextUpdate: %v", err)
	}
	ca.Clock.Advance(stapledtest.IdentityLifetime)
	if _, err := v.Verify(raw); !errors.Is(err, stapled.CertificateExpired) {
		t.Errorf("after notAfter: %v", err)
	}
}

// An issuer of this package never runs out of staples while its certificate
// lasts, and keeps its header as long as it can.
func TestIssuerHasFreshStaples(t *testing.T) {
	ca := stapledtest.NewCA(t)
	ca.Clock.Set(time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC))
	iss, v := ca.Issuer(ca.Identity("https://orders.internal")), ca.Verifier("billing")
	headers := make(map[string]bool)
	for range 60 {
		raw, err := iss.Sign(t.Context(), billing)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(raw); err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(raw, ".")
		headers[header] = true
		ca.Clock.Advance(time.Minute)
	}
	if len(headers) != 12 {
		t.Errorf("%d headers in an hour, want one for each 5 minutes", len(headers))
	}
}

func TestSharedClock(t *testing.T) {
	one, two := stapledtest.NewCA(t), stapledtest.NewCA(t)
	two.Clock = one.Clock
	one.Clock.Set(time.Date(2040, time.March, 1, 12, 0, 0, 0, time.UTC))
	raw := two.Token(two.Identity("https://orders.internal"), billing)
	if _, err := one.Verifier("billing").Verify(raw); !errors.Is(err, stapled.ChainUntrusted) {
		t.Errorf("a token of another CA: %v", err)
	}
	if _, err := two.Verifier("billing").Verify(raw); err != nil {
		t.Error(err)
	}
}

// A stapler can fetch from the CA, in the time of a bubble.
func TestFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := stapledtest.NewCA(t).Intermediate()
		id := ca.Identity("https://orders.internal")
		keeper, err := stapler.New(stapler.Config{Chain: id.Chain, Anchor: id.Anchor, Fetcher: ca})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- keeper.Run(t.Context()) }()
		if err := keeper.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ca.Revoke(id, 1)
		if err := <-ended; !errors.Is(err, stapled.CertificateRevoked) {
			t.Errorf("the stapler ended with %v", err)
		}

		stranger := stapledtest.NewCA(t).Identity("https://orders.internal")
		if _, err := ca.Fetch(t.Context(), stapler.Request{Certificate: stranger.Leaf(), Issuer: stranger.Anchor}); !errors.Is(err, stapler.Unauthorized) {
			t.Errorf("asked for another CA: %v", err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := ca.Fetch(canceled, stapler.Request{Certificate: id.Leaf(), Issuer: id.Chain[1]}); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end of the context: %v", err)
		}
	})
}

// fatal is a test that records how it failed.
type fatal struct {
	testing.TB
	text string
}

func (f *fatal) Helper() {}

func (f *fatal) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	panic(f)
}

// Mistakes in the use of this package fail the test, and say why.
func TestMistakesFailTheTest(t *testing.T) {
	stranger := stapledtest.NewCA(t).Identity("https://orders.internal")
	for _, row := range []struct {
		name    string
		mistake func(ca *stapledtest.CA)
		want    string
	}{
		{"name that is no URI", func(ca *stapledtest.CA) { ca.Identity("https://%zz") }, "invalid"},
		{"name that is empty", func(ca *stapledtest.CA) { ca.Identity("") }, "names no issuer"},
		{"name that is a wildcard", func(ca *stapledtest.CA) { ca.Identity("orders.internal", "*.internal") }, "names no issuer"},
		{"verifier without audience", func(ca *stapledtest.CA) { ca.Verifier("") }, "Audience is required"},
		{"staple of a stranger", func(ca *stapledtest.CA) { ca.Staple(stranger, stapledtest.Good) }, "did not issue"},
		{"revocation of a stranger", func(ca *stapledtest.CA) { ca.Revoke(stranger, 1) }, "did not issue"},
		{"issuer of a stranger", func(ca *stapledtest.CA) { ca.Issuer(stranger) }, "did not issue"},
		{"token of a stranger", func(ca *stapledtest.CA) { ca.TokenWithStaple(stranger, nil, "billing") }, "did not issue"},
		{"token without audience", func(ca *stapledtest.CA) { ca.Token(ca.Identity("orders.internal"), issuer.Claims{}) }, "claims_invalid"},
		{"status that is none", func(ca *stapledtest.CA) { ca.Staple(ca.Identity("orders.internal"), 6) }, "no such status"},
		{"reason that is none", func(ca *stapledtest.CA) { ca.Revoke(ca.Identity("orders.internal"), 7) }, "no CRLReason"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &fatal{TB: t}
			ca := stapledtest.NewCA(f)
			defer func() {
				if r := recover(); r != any(f) || !strings.Contains(f.text, row.want) {
					t.Errorf("%v: %q, want %q", r, f.text, row.want)
				}
			}()
			row.mistake(ca)
		})
	}
}
