// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// slim applies Slim to an attempt, and checks its error as judge does.
func (a *attempt) slim(t *testing.T) (*ocspstaple.Staple, error) {
	t.Helper()
	authenticated := a.now
	if !a.authenticated.IsZero() {
		authenticated = a.authenticated
	}
	before := slices.Clone(a.der)
	s, err := ocspstaple.Slim(a.der, a.subject, a.issuer, authenticated, a.freshness.Leeway)
	if !bytes.Equal(before, a.der) {
		t.Error("the response was modified")
	}
	if err != nil {
		if s != nil {
			t.Error("a staple beside an error")
		}
		checkError(t, err, stapled.StapleMalformed, stapled.StapleMismatch, stapled.StapleUntrusted)
		return nil, err
	}
	return s, s.Check(a.now, a.freshness)
}

// Slim returns every response with the certificates that its signature needs,
// as if the responder had embedded no others.
func TestSlim(t *testing.T) {
	until := func(hours int) testca.Edit {
		return testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(time.Duration(hours)*time.Hour))
	}
	rows := []struct {
		name string
		make func(*attempt) (needed *x509.Certificate)
	}{
		{"issuer_embeds_nothing", func(*attempt) *x509.Certificate { return nil }},
		{"issuer_embeds_an_empty_list", func(a *attempt) *x509.Certificate {
			certificates(instead(0x30, 0))(a)
			return nil
		}},
		{"issuer_embeds_itself", func(a *attempt) *x509.Certificate {
			a.signedBy(a.ca)
			return nil
		}},
		{"issuer_embeds_its_whole_chain", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.ca, a.ca.Cert, a.root.Cert))
			return nil
		}},
		{"issuer_embeds_a_delegate", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.ca, a.delegate.Cert))
			return nil
		}},
		{"issuer_named_by_key_embeds_itself", func(a *attempt) *x509.Certificate {
			a.signedBy(a.ca, func(r *testca.Response) { r.ResponderID = testca.ByKey(a.ca.Cert) })
			return nil
		}},
		{"issuer_embeds_more_than_four", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.ca, a.ca.Cert, a.root.Cert, a.ca.Cert, a.root.Cert, a.ca.Cert, a.root.Cert))
			return nil
		}},
		{"issuer_embeds_junk", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.ca, junk))
			return nil
		}},
		{"issuer_that_is_a_root_embeds_itself", func(a *attempt) *x509.Certificate {
			a.leaf = a.root.Leaf()
			a.subject, a.issuer = a.leaf.Cert, a.root.Cert
			a.signedBy(a.root)
			return nil
		}},
		{"delegate_alone", func(a *attempt) *x509.Certificate {
			a.signedBy(a.delegate)
			return a.delegate.Cert
		}},
		{"delegate_first_of_its_chain", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.delegate, a.delegate.Cert, a.ca.Cert, a.root.Cert))
			return a.delegate.Cert
		}},
		{"delegate_last_of_its_chain", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.delegate, a.root.Cert, a.ca.Cert, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"delegate_behind_four_others", func(a *attempt) *x509.Certificate {
			other := a.ca.Delegate(testca.Named("Other responder")).Cert
			a.staple(testca.SignedBy(a.delegate, a.root.Cert, a.ca.Cert, other, other, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"delegate_between_junk", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.delegate, junk, a.delegate.Cert, junk))
			return a.delegate.Cert
		}},
		{"delegate_named_by_key", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.delegate, a.ca.Cert, a.delegate.Cert), func(r *testca.Response) {
				r.ResponderID = testca.ByKey(a.delegate.Cert)
			})
			return a.delegate.Cert
		}},
		{"delegate_that_ends_last_comes_first", func(a *attempt) *x509.Certificate {
			short, long := a.ca.Delegate(until(2)), a.ca.Delegate(until(3))
			a.staple(testca.SignedBy(long, long.Cert, short.Cert))
			return long.Cert
		}},
		{"delegate_that_ends_last_comes_last", func(a *attempt) *x509.Certificate {
			short, long := a.ca.Delegate(until(2)), a.ca.Delegate(until(3))
			a.staple(testca.SignedBy(long, short.Cert, long.Cert))
			return long.Cert
		}},
		{"delegate_that_ends_last_is_not_valid_yet", func(a *attempt) *x509.Certificate {
			next := a.ca.Delegate(testca.Valid(testca.Now.Add(time.Hour), testca.Now.Add(48*time.Hour)))
			a.staple(testca.SignedBy(a.delegate, next.Cert, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"delegate_that_ends_last_begins_within_the_leeway", func(a *attempt) *x509.Certificate {
			a.freshness.Leeway = time.Minute
			next := a.ca.Delegate(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(48*time.Hour)))
			a.staple(testca.SignedBy(a.delegate, next.Cert, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"delegate_that_begins_within_the_leeway_alone", func(a *attempt) *x509.Certificate {
			a.freshness.Leeway = time.Minute
			next := a.ca.Delegate(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(48*time.Hour)))
			a.staple(testca.SignedBy(next, next.Cert))
			return next.Cert
		}},
		{"certificate_of_the_delegates_name_that_ends_last_is_another_issuers", func(a *attempt) *x509.Certificate {
			other := a.root.Intermediate(testca.Named("Sibling")).Delegate(until(100))
			a.staple(testca.SignedBy(a.delegate, other.Cert, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"certificate_of_the_delegates_name_that_ends_last_has_another_key", func(a *attempt) *x509.Certificate {
			other := a.ca.Delegate(until(100), testca.WithKey(testca.Key(testca.P256, "other")))
			a.staple(testca.SignedBy(a.delegate, other.Cert, a.delegate.Cert))
			return a.delegate.Cert
		}},
		{"revoked_by_a_delegate", func(a *attempt) *x509.Certificate {
			a.staple(testca.SignedBy(a.delegate, a.ca.Cert, a.delegate.Cert), func(r *testca.Response) {
				r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, 4
			})
			return a.delegate.Cert
		}},
		{"everything_optional", func(a *attempt) *x509.Certificate {
			a.staple(everything, testca.SignedBy(a.ca, a.ca.Cert))
			return nil
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			needed := row.make(a)
			data, algorithm, signature, ok := basic(a.der)
			if !ok {
				t.Fatal("this row has lost its object")
			}
			s, err := a.slim(t)
			if err != nil && !errors.Is(err, stapled.CertificateRevoked) {
				t.Fatal(err)
			}
			// The signed part is the same, and the rest is what testca makes.
			want := a.leaf.Staple(func(r *testca.Response) {
				r.Inside["BasicOCSPResponse"] = instead(slices.Concat(data, algorithm, signature, embedding(needed))...)
			})
			if !bytes.Equal(s.DER(), want) {
				t.Errorf("got\n%x, want\n%x", s.DER(), want)
			}
			if !sameCertificate(s.Delegate(), needed) {
				t.Errorf("the delegate is %v", s.Delegate())
			}
			holdSlim(t, a, s)
		})
	}
}

// embedding is the field certs with one certificate, or nothing.
func embedding(c *x509.Certificate) []byte {
	if c == nil {
		return nil
	}
	donor := testca.New().Leaf().Staple(func(r *testca.Response) { r.Certificates = []*x509.Certificate{c} })
	return donor[len(donor)-len(c.Raw)-8:]
}

func sameCertificate(a, b *x509.Certificate) bool {
	return a == b || a != nil && b != nil && a.Equal(b)
}

// holdSlim checks that a slimmed staple is what it must be, whatever its
// source.
func holdSlim(t *testing.T, a *attempt, s *ocspstaple.Staple) {
	t.Helper()
	if len(s.DER()) > len(a.der) {
		t.Errorf("%d bytes became %d", len(a.der), len(s.DER()))
	}
	// A verifier sees the same.
	again, err := ocspstaple.Authenticate(s.DER(), a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		t.Fatalf("slimmed, and refused: %v", err)
	}
	sameStaple(t, again, s)
	if !sameCertificate(again.Delegate(), s.Delegate()) {
		t.Error("a verifier takes another delegate")
	}
	// There is nothing left to take away.
	twice, err := ocspstaple.Slim(s.DER(), a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil || !bytes.Equal(twice.DER(), s.DER()) {
		t.Errorf("slimmed twice: %v", err)
	}
	// What Authenticate accepts says the same, from the same signer. What it
	// does not accept has too many certificates, or invalid ones.
	fat, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		if !errors.Is(err, stapled.StapleMalformed) {
			t.Errorf("slimming made it acceptable: %v", err)
		}
		return
	}
	sameStaple(t, fat, s)
	if (fat.Delegate() == nil) != (s.Delegate() == nil) {
		t.Fatal("slimming changed who signed")
	}
	if d := s.Delegate(); d != nil && (!bytes.Equal(d.RawSubjectPublicKeyInfo, fat.Delegate().RawSubjectPublicKeyInfo) ||
		d.NotAfter.Before(fat.Delegate().NotAfter) && !fat.Delegate().NotBefore.After(a.now)) {
		t.Errorf("slimming took the delegate %v for %v", d.Subject, fat.Delegate().Subject)
	}
}

func sameStaple(t *testing.T, a, b *ocspstaple.Staple) {
	t.Helper()
	if a.Status() != b.Status() || a.RevocationReason() != b.RevocationReason() || !a.RevokedAt().Equal(b.RevokedAt()) ||
		!a.ProducedAt().Equal(b.ProducedAt()) || !a.ThisUpdate().Equal(b.ThisUpdate()) || !a.NextUpdate().Equal(b.NextUpdate()) {
		t.Errorf("%+v became %+v", a, b)
	}
}

// Lengths around the signed part may be longer than necessary; the result is
// DER.
func TestSlimShortensLengths(t *testing.T) {
	for _, name := range []string{"OCSPResponse", "responseBytes", "ResponseBytes", "response", "BasicOCSPResponse", "certs"} {
		t.Run(name, func(t *testing.T) {
			a := newAttempt()
			a.staple(testca.SignedBy(a.delegate, a.delegate.Cert, a.ca.Cert))
			want, err := a.slim(t)
			if err != nil {
				t.Fatal(err)
			}
			// Do not sign again: ECDSA signatures differ in length.
			data, algorithm, signature, _ := basic(a.der)
			a.staple(func(r *testca.Response) {
				r.Certificates = []*x509.Certificate{a.delegate.Cert, a.ca.Cert}
				r.Inside["BasicOCSPResponse"] = func(content []byte) []byte {
					_, rest := element(content)
					_, rest = element(rest)
					_, certs := element(rest)
					return slices.Concat(data, algorithm, signature, certs)
				}
				r.Around[name] = fourByteLength
			})
			if err := a.judge(t); !errors.Is(err, stapled.StapleMalformed) {
				t.Fatalf("%v: this row has lost its object", err)
			}
			s, err := a.slim(t)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(s.DER(), want.DER()) {
				t.Errorf("got\n%x, want\n%x", s.DER(), want.DER())
			}
			holdSlim(t, a, s)
		})
	}
}

// fourByteLength gives an element of 256 bytes or more a length in four bytes.
func fourByteLength(der []byte) []byte {
	if der[1] != 0x82 {
		panic("not a length of two bytes")
	}
	return slices.Concat([]byte{der[0], 0x84, 0, 0}, der[2:])
}

// Slimming does not bypass a rule: every forgery is refused for the same
// reason, except for what slimming removes.
func TestSlimForgeries(t *testing.T) {
	// What remains is refused for another reason, or not at all.
	takenAway := map[string]stapled.Reason{
		"S23_staple_with_five_certificates": "", "S33_staple_of_a_delegate_behind_an_unparsable_certificate": "",
		"S33_staple_of_a_delegate_before_an_unparsable_certificate": "", "S33_staple_of_the_issuer_with_an_unparsable_certificate": "",
		"S33_staple_of_the_issuer_with_an_unparsable_certificate_behind_its_own": "",
		"S33_staple_of_the_issuer_with_a_certificate_that_is_cut_off":            "",
		"S33_staple_with_a_certificate_of_a_negative_serial":                     "", "S33_staple_with_a_certificate_of_65_names": "",
		"S23_staple_with_length_in_too_many_bytes":                     "",
		"S33_staple_of_a_delegate_between_two_unparsable_certificates": "",
		"S33_staple_with_an_unparsable_fourth_certificate":             "",
		"S33_staple_of_a_delegate_that_is_cut_off":                     stapled.StapleUntrusted,
		"S33_staple_of_nobody_with_an_unparsable_certificate":          stapled.StapleUntrusted,
		"S33_staple_that_says_revoked_with_an_unparsable_certificate":  stapled.CertificateRevoked,
		"S33_staple_with_a_certificate_of_161_parts":                   "", "S33_staple_with_a_certificate_of_6145_bytes": "",
	}
	for _, row := range forgeries() {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.forge(a)
			s, err := a.slim(t)
			rest, gone := takenAway[row.name]
			switch {
			case gone && rest == "" && err != nil:
				t.Errorf("got %v: it is in what Slim takes away", err)
			case gone && rest == "":
				holdSlim(t, a, s)
			case gone && !errors.Is(err, rest):
				t.Errorf("got %v, want %s", err, rest)
			case !gone && !errors.Is(err, row.reason):
				t.Errorf("got %v, want %s", err, row.reason)
			}
		})
	}
	for name := range takenAway {
		if !slices.ContainsFunc(forgeries(), func(row forgery) bool { return row.name == name }) {
			t.Errorf("there is no row %s", name)
		}
	}
}

// The number of certificates does not hide why a delegate was refused.
func TestSlimSaysWhyTheDelegateIsRefused(t *testing.T) {
	a := newAttempt()
	expired := a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Minute)))
	a.staple(testca.SignedBy(expired, a.ca.Cert, a.root.Cert, a.ca.Cert, a.root.Cert, expired.Cert))
	_, err := a.slim(t)
	if !errors.Is(err, stapled.StapleUntrusted) || !bytes.Contains([]byte(err.Error()), []byte("valid from")) {
		t.Errorf("got %v", err)
	}
}
