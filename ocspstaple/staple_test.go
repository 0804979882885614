// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Neither nil nor the zero value is ever good or fresh.
func TestZeroStaple(t *testing.T) {
	if s := ocspstaple.Status(0); s != ocspstaple.Unknown {
		t.Errorf("the zero status is %s", s)
	}
	for name, s := range map[string]*ocspstaple.Staple{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			for _, now := range []time.Time{{}, testca.Now} {
				if err := s.Check(now, ocspstaple.Freshness{}); !errors.Is(err, stapled.StapleUnknown) {
					t.Errorf("at %s: %v", now, err)
				}
			}
			if until := s.FreshUntil(ocspstaple.Freshness{}); !until.Before(testca.Now) {
				t.Errorf("fresh until %s", until)
			}
		})
	}
}

// A staple is fresh from thisUpdate minus the leeway, and not a nanosecond
// sooner. Zero means the default; NoLeeway means none.
func TestLeeway(t *testing.T) {
	for _, row := range []struct {
		name   string
		leeway time.Duration
		ahead  time.Duration
	}{
		{"default", 0, time.Minute},
		{"none", stapled.NoLeeway, 0},
		{"a second", time.Second, time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
			if err != nil {
				t.Fatal(err)
			}
			begins := s.ThisUpdate()
			if s.ProducedAt().After(begins) {
				begins = s.ProducedAt()
			}
			first := begins.Add(-row.ahead)
			if err := s.Check(first, ocspstaple.Freshness{Leeway: row.leeway}); err != nil {
				t.Error(err)
			}
			if err := s.Check(first.Add(-1), ocspstaple.Freshness{Leeway: row.leeway}); !errors.Is(err, stapled.StapleNotYetValid) {
				t.Errorf("a nanosecond sooner: %v", err)
			}
		})
	}
}

// The leeway moves the beginning of a delegate's certificate, for Authenticate,
// Slim and Check, and not its end.
func TestLeewayOfDelegate(t *testing.T) {
	for _, row := range []struct {
		name          string
		leeway, ahead time.Duration
	}{
		{"default", 0, time.Minute},
		{"none", stapled.NoLeeway, 0},
		{"a second", time.Second, time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			from, to := testca.Now.Add(2*time.Minute), testca.Now.Add(5*time.Minute)
			a.signedBy(a.ca.Delegate(testca.Valid(from, to)))
			s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, from, row.leeway)
			if err != nil {
				t.Fatal(err)
			}
			for at, want := range map[time.Time]bool{
				from.Add(-row.ahead - 1): false, from.Add(-row.ahead): true, to: true, to.Add(1): false,
			} {
				_, authenticate := ocspstaple.Authenticate(a.der, a.subject, a.issuer, at, row.leeway)
				_, slim := ocspstaple.Slim(a.der, a.subject, a.issuer, at, row.leeway)
				check := s.Check(at, ocspstaple.Freshness{Leeway: row.leeway})
				for name, err := range map[string]error{"Authenticate": authenticate, "Slim": slim, "Check": check} {
					if want && err != nil || !want && !errors.Is(err, stapled.StapleUntrusted) {
						t.Errorf("%s at %s: %v", name, at, err)
					}
				}
			}
		})
	}
}

// CheckFresh is Check whatever the staple says.
func TestCheckFresh(t *testing.T) {
	for name, s := range map[string]*ocspstaple.Staple{"nil": nil, "zero": {}} {
		for _, now := range []time.Time{{}, testca.Now} {
			if err := s.CheckFresh(now, ocspstaple.Freshness{}); !errors.Is(err, stapled.StapleUnknown) {
				t.Errorf("%s at %s: %v", name, now, err)
			}
		}
	}
	for _, row := range []struct {
		name   string
		status testca.CertStatus
		at     time.Duration
		want   error
	}{
		{"good", testca.Good, 0, nil},
		{"revoked", testca.Revoked, 0, nil},
		{"unknown", testca.Unknown, 0, nil},
		{"early", testca.Revoked, -3 * time.Minute, stapled.StapleNotYetValid},
		{"stale", testca.Revoked, 9*time.Minute + 1, stapled.StapleStale},
		{"old", testca.Revoked, 4*time.Minute + 1, stapled.StapleStale},
		{"delegate expired", testca.Revoked, 2*time.Minute + 1, stapled.StapleUntrusted},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			a.staple(func(r *testca.Response) { r.Singles[0].Status = row.status })
			if row.name == "delegate expired" {
				a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(2*time.Minute))))
			}
			s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, 0)
			if err != nil {
				t.Fatal(err)
			}
			freshness := ocspstaple.Freshness{}
			if row.name == "old" {
				freshness.MaxAge = 5 * time.Minute
			}
			err = s.CheckFresh(testca.Now.Add(row.at), freshness)
			if row.want == nil && err != nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

// RFC 6960 §2.2: revoked may mean that the responder has not heard of it.
func TestExtendedRevoke(t *testing.T) {
	extension := []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 9}, Value: []byte{5, 0}}}
	for _, row := range []struct {
		name string
		edit func(*testca.Response)
		want bool
	}{
		{"revoked", func(*testca.Response) {}, false},
		{"as RFC 6960 says", func(r *testca.Response) {
			r.Extensions, r.Singles[0].Reason, r.Singles[0].RevokedAt = extension, 6, time.Unix(0, 0)
		}, true},
		{"extension", func(r *testca.Response) { r.Extensions = extension }, true},
		{"extension in the wrong place", func(r *testca.Response) { r.Singles[0].Extensions = extension }, true},
		{"1970", func(r *testca.Response) { r.Singles[0].RevokedAt = time.Unix(0, 0) }, true},
		{"a second later", func(r *testca.Response) { r.Singles[0].RevokedAt = time.Unix(1, 0) }, false},
		{"good with the extension", func(r *testca.Response) {
			r.Extensions, r.Singles[0].Status = extension, testca.Good
		}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			a.staple(func(r *testca.Response) { r.Singles[0].Status = testca.Revoked }, row.edit)
			s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.ExtendedRevoke(); got != row.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// A staple is fresh until FreshUntil, and not a nanosecond longer.
func TestFreshUntil(t *testing.T) {
	rows := []struct {
		name   string
		make   func(*attempt)
		maxAge time.Duration
		want   time.Duration // after testca.Now
	}{
		{"next_update", func(*attempt) {}, 0, 9 * time.Minute},
		{"age", func(*attempt) {}, 5 * time.Minute, 4 * time.Minute},
		{"default_age", single(func(s *testca.Single) { s.NextUpdate = testca.Now.Add(24 * time.Hour) }), 0, 59 * time.Minute},
		{"delegate", func(a *attempt) {
			a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(2*time.Minute))))
		}, 0, 2 * time.Minute},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.make(a)
			s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
			if err != nil {
				t.Fatal(err)
			}
			policy := ocspstaple.Freshness{MaxAge: row.maxAge, Leeway: stapled.MaxLeeway}
			until := s.FreshUntil(policy)
			if !until.Equal(testca.Now.Add(row.want)) {
				t.Errorf("fresh until %s", until)
			}
			if err := s.Check(until, policy); err != nil {
				t.Errorf("at the last instant: %v", err)
			}
			if err := s.Check(until.Add(1), policy); err == nil {
				t.Error("accepted after the last instant")
			}
		})
	}
}

// Check is all that a cached verification repeats.
func TestCheckDoesNotAllocate(t *testing.T) {
	a := newAttempt()
	a.signedBy(a.delegate)
	s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { err = s.Check(a.now, a.freshness) }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
}

// The names are part of the interface: logs, metrics and vectors use them.
func TestStrings(t *testing.T) {
	for got, want := range map[string]string{
		ocspstaple.Good.String():           "good",
		ocspstaple.Revoked.String():        "revoked",
		ocspstaple.Unknown.String():        "unknown",
		stapled.StapleMalformed.Error():    "staple_malformed",
		stapled.StapleMismatch.Error():     "staple_mismatch",
		stapled.StapleUntrusted.Error():    "staple_untrusted",
		stapled.StapleNotYetValid.Error():  "staple_not_yet_valid",
		stapled.StapleStale.Error():        "staple_stale",
		stapled.StapleUnknown.Error():      "staple_unknown",
		stapled.CertificateRevoked.Error(): "certificate_revoked",
	} {
		if got != want {
			t.Errorf("%s is not %s", got, want)
		}
	}
	cause := errors.New("cause")
	err := error(&stapled.Error{Reason: stapled.StapleStale, Err: cause})
	if err.Error() != "staple_stale: cause" || !errors.Is(err, cause) || errors.Is(err, stapled.StapleMismatch) {
		t.Errorf("%v", err)
	}
}
