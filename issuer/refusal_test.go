// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// lasting sets these times in a response.
func lasting(thisUpdate, nextUpdate time.Time) func(*testca.Response) {
	return func(r *testca.Response) {
		r.ProducedAt = thisUpdate
		r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = thisUpdate, nextUpdate
	}
}

func saying(status testca.CertStatus) func(*testca.Response) {
	return func(r *testca.Response) { r.Singles[0].Status = status }
}

func TestConfigRefused(t *testing.T) {
	root := testca.New()
	intermediate := root.Intermediate()
	leaf := intermediate.Leaf()
	for _, row := range []struct {
		name   string
		edit   func(*issuer.Config)
		reason stapled.Reason
	}{
		{"no identity", func(c *issuer.Config) { c.Identity = nil }, stapled.ConfigInvalid},
		{"no staples", func(c *issuer.Config) { c.Staples = nil }, stapled.ConfigInvalid},
		{"negative TTL", func(c *issuer.Config) { c.TTL = -1 }, stapled.ConfigInvalid},
		{"TTL below a second", func(c *issuer.Config) { c.TTL = time.Millisecond }, stapled.ConfigInvalid},
		{"negative staple age", func(c *issuer.Config) { c.MaxStapleAge = -1 }, stapled.ConfigInvalid},
		{"negative leeway", func(c *issuer.Config) { c.Leeway = -time.Second }, stapled.ConfigInvalid},
		{"leeway of more than ten minutes", func(c *issuer.Config) { c.Leeway = 10*time.Minute + 1 }, stapled.ConfigInvalid},
		{"typ with a space", func(c *issuer.Config) { c.Type = "stapled jwt" }, stapled.ConfigInvalid},
		{"typ with a line break", func(c *issuer.Config) { c.Type = "jwt\n" }, stapled.ConfigInvalid},
		{"alg none", func(c *issuer.Config) { c.Algorithm = "none" }, stapled.ConfigInvalid},
		{"alg HS256", func(c *issuer.Config) { c.Algorithm = "HS256" }, stapled.ConfigInvalid},
		{"alg of another curve", func(c *issuer.Config) { c.Algorithm = "ES384" }, stapled.KeyMismatch},
		{"alg of another kind of key", func(c *issuer.Config) { c.Algorithm = "RS256" }, stapled.KeyMismatch},
		{"key of another certificate", func(c *issuer.Config) {
			c.Identity = &certs.Identity{Chain: leaf.Chain(), Key: testca.Key(testca.P256, "other")}
		}, stapled.KeyMismatch},
		{"no key", func(c *issuer.Config) { c.Identity = &certs.Identity{Chain: leaf.Chain()} }, stapled.KeyMismatch},
		{"no certificate", func(c *issuer.Config) { c.Identity = &certs.Identity{Key: leaf.Key} }, stapled.ChainInvalid},
		{"weak RSA key", func(c *issuer.Config) { c.Identity = identity(t, intermediate.Leaf(testca.Keyed(testca.RSA1024))) }, stapled.AlgorithmRejected},
		{"P-224 key", func(c *issuer.Config) { c.Identity = identity(t, intermediate.Leaf(testca.Keyed(testca.P224))) }, stapled.AlgorithmRejected},
		{"weak key of the intermediate", func(c *issuer.Config) {
			c.Identity = identity(t, root.Intermediate(testca.Keyed(testca.P224)).Leaf())
		}, stapled.AlgorithmRejected},
		{"six certificates", func(c *issuer.Config) {
			party := root
			for n := range 5 {
				party = party.Intermediate(testca.Named(fmt.Sprint("CA ", n)))
			}
			party = party.Leaf()
			c.Identity = &certs.Identity{Chain: party.Chain(), Key: party.Key}
		}, stapled.ChainInvalid},
		{"chain in the wrong order", func(c *issuer.Config) {
			other := root.Intermediate(testca.Named("Other"))
			c.Identity = &certs.Identity{Chain: append(leaf.Chain()[:1:1], other.Cert), Key: leaf.Key}
		}, stapled.ChainInvalid},
		{"issuer of the same name and another key", func(c *issuer.Config) {
			namesake := root.Intermediate(testca.WithKey(testca.Key(testca.P256, "namesake")))
			c.Identity = &certs.Identity{Chain: append(leaf.Chain()[:1:1], namesake.Cert), Key: leaf.Key}
		}, stapled.ChainInvalid},
		{"anchor that issued nothing of it", func(c *issuer.Config) { below(c, testca.New(testca.Named("Other")).Cert) }, stapled.ChainInvalid},
		{"leaf of 65 names", func(c *issuer.Config) {
			c.Identity = identity(t, intermediate.Leaf(func(t *testca.Template) {
				t.DNSNames = slices.Repeat([]string{"client.test.example"}, 65)
			}))
		}, stapled.ChainInvalid},
		{"leaf is a CA", func(c *issuer.Config) { c.Identity = identity(t, intermediate) }, stapled.KeyUsage},
		{"leaf without digitalSignature", func(c *issuer.Config) {
			c.Identity = identity(t, intermediate.Leaf(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyEncipherment }))
		}, stapled.KeyUsage},
		{"issuer that the leaf does not name", func(c *issuer.Config) { c.Issuer = "spiffe://test.example/other" }, stapled.IssuerMismatch},
		{"issuer that begins like the name", func(c *issuer.Config) { c.Issuer = "spiffe://test.example/client/x" }, stapled.IssuerMismatch},
		{"leaf that names nobody", func(c *issuer.Config) {
			c.Identity = identity(t, intermediate.Leaf(func(t *testca.Template) { t.URIs, t.DNSNames = nil, nil }))
		}, stapled.IssuerMismatch},
		{"chain too large for a token", func(c *issuer.Config) {
			large := intermediate.Leaf(func(t *testca.Template) {
				for n := range 60 {
					t.DNSNames = append(t.DNSNames, fmt.Sprintf("%s-%d.test.example", strings.Repeat("long", 30), n))
				}
			})
			c.Identity = identity(t, large)
		}, stapled.TooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := config(t, leaf, fixed(t, leaf))
			row.edit(&cfg)
			iss, err := issuer.New(cfg)
			wantReason(t, err, row.reason)
			if iss != nil {
				t.Error("an issuer beside an error")
			}
		})
	}
}

func TestIssuerNamed(t *testing.T) {
	root := testca.New()
	for _, row := range []struct {
		name, configured, want string
		edit                   testca.Edit
	}{
		{"first URI", "", "spiffe://test.example/client", func(*testca.Template) {}},
		{"DNS name without a URI", "", "https://client.test.example", func(t *testca.Template) { t.URIs = nil }},
		{"DNS name asked for", "client.test.example", "client.test.example", func(*testca.Template) {}},
		{"path below the DNS name", "https://client.test.example/a", "https://client.test.example/a", func(*testca.Template) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := root.Intermediate().Leaf(row.edit)
			iss := newIssuer(t, leaf, fixed(t, leaf), func(c *issuer.Config) { c.Issuer = row.configured })
			if _, claims := open(t, sign(t, iss, forOrders), leaf.Cert); claims["iss"] != row.want {
				t.Errorf("iss is %v, want %s", claims["iss"], row.want)
			}
		})
	}
}

func TestSignRefused(t *testing.T) {
	root := testca.New()
	intermediate := root.Intermediate()
	leaf := intermediate.Leaf()
	at := func(offset time.Duration) func(*issuer.Config) {
		return func(c *issuer.Config) { c.Now = func() time.Time { return testca.Now.Add(offset) } }
	}
	withAnchor := func(c *issuer.Config) { below(c, root.Cert) }
	gives := func(staples ...*ocspstaple.Staple) issuer.StapleSource { return issuer.StaticStaples(staples) }
	good := staple(t, leaf)
	future := root.Intermediate(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(time.Hour))).Leaf()
	down := errors.New("connection refused")
	long := func(t *testca.Template) { // some 3 KB
		for n := range 60 {
			t.DNSNames = append(t.DNSNames, fmt.Sprintf("a-name-of-some-fifty-characters-%02d.test.example", n))
		}
	}
	embedding := func(count int) func(*testca.Response) {
		return func(r *testca.Response) {
			for range count {
				r.Certificates = append(r.Certificates, intermediate.Leaf(long).Cert)
			}
		}
	}
	filling := func(size int) func(*testca.Response) { // signed, so that nothing can be left out
		return func(r *testca.Response) {
			r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 32473, 1}, Value: make([]byte, size)}}
		}
	}
	wide := intermediate.Leaf(long)
	for _, row := range []struct {
		name   string
		source issuer.StapleSource
		edit   func(*issuer.Config)
		reason stapled.Reason
		also   error // what errors.Is has to find besides
	}{
		{"no staple", gives(), nil, stapled.StapleMissing, nil},
		{"nil staple", gives(nil), nil, stapled.StapleMissing, nil},
		{"leaf's staple is nil, the other's is not", gives(nil, staple(t, intermediate)), withAnchor, stapled.StapleMissing, nil},
		{"source fails without a reason", &source{err: down}, nil, stapled.StapleMissing, down},
		{"source says revoked", &source{err: fmt.Errorf("keeper: %w", stapled.CertificateRevoked)}, nil,
			stapled.CertificateRevoked, stapled.CertificateRevoked},
		{"source says stale", &source{err: fmt.Errorf("keeper: %w", stapled.StapleStale)}, nil, stapled.StapleStale, stapled.StapleStale},
		{"revoked", gives(staple(t, leaf, saying(testca.Revoked))), nil, stapled.CertificateRevoked, stapled.CertificateRevoked},
		{"unknown", gives(staple(t, leaf, saying(testca.Unknown))), nil, stapled.StapleUnknown, stapled.StapleUnknown},
		{"past nextUpdate by a second", gives(good), at(9*time.Minute + time.Second), stapled.StapleStale, stapled.StapleStale},
		{"at nextUpdate", gives(good), at(9 * time.Minute), stapled.StapleStale, stapled.StapleStale},
		{"in the last second before nextUpdate", gives(good), at(9*time.Minute - time.Nanosecond), "", nil},
		{"older than the default age", gives(staple(t, leaf, lasting(testca.Now.Add(-time.Hour-time.Second), testca.Now.Add(time.Hour)))), nil,
			stapled.StapleStale, stapled.StapleStale},
		{"older than the age configured", gives(good), func(c *issuer.Config) { c.MaxStapleAge = 59 * time.Second }, stapled.StapleStale, stapled.StapleStale},
		{"as old as the age configured", gives(good), func(c *issuer.Config) { c.MaxStapleAge = time.Minute }, stapled.StapleStale, stapled.StapleStale},
		{"a second younger than the age configured", gives(good), func(c *issuer.Config) { c.MaxStapleAge = time.Minute + time.Second }, "", nil},
		{"from the future", gives(good), at(-2*time.Minute - time.Second), stapled.StapleNotYetValid, stapled.StapleNotYetValid},
		{"from the future, within the leeway", gives(good), at(-2 * time.Minute), "", nil},
		{"from the future, beyond the leeway configured", gives(good), func(c *issuer.Config) {
			at(-time.Minute - 2*time.Second)(c)
			c.Leeway = time.Second
		}, stapled.StapleNotYetValid, stapled.StapleNotYetValid},
		{"of another certificate", gives(staple(t, intermediate.Leaf())), nil, stapled.StapleMismatch, stapled.StapleMismatch},
		{"of the intermediate at the place of the leaf", gives(staple(t, intermediate)), withAnchor, stapled.StapleMismatch, stapled.StapleMismatch},
		{"leaf's at the place of the intermediate", gives(good, good), withAnchor, stapled.StapleMismatch, stapled.StapleMismatch},
		{"more staples than certificates", gives(good, staple(t, intermediate), good), withAnchor, stapled.StapleMismatch, nil},
		{"of the same serial under another CA", gives(otherCA(t, leaf)), nil, stapled.StapleMismatch, stapled.StapleMismatch},
		{"whole chain without an anchor", gives(good, staple(t, intermediate)), nil, stapled.ConfigInvalid, nil},
		{"whole chain, intermediate revoked", gives(good, staple(t, intermediate, saying(testca.Revoked))), withAnchor,
			stapled.CertificateRevoked, stapled.CertificateRevoked},
		{"whole chain", gives(good, staple(t, intermediate)), withAnchor, "", nil},
		{"staple too large", gives(staple(t, leaf, filling(8<<10))), nil, stapled.TooLarge, nil},
		{"staple that embeds too much", gives(staple(t, leaf, embedding(3))), nil, "", nil},
		{"chain and staple too large together", gives(staple(t, wide, filling(6<<10))), func(c *issuer.Config) { c.Identity = identity(t, wide) }, stapled.TooLarge, nil},
		{"leaf expired", gives(good), at(24*time.Hour + time.Second), stapled.CertificateExpired, nil},
		{"intermediate not yet valid", gives(staple(t, future)), func(c *issuer.Config) { c.Identity = identity(t, future) }, stapled.CertificateNotYetValid, nil},
		{"leaf not yet valid", gives(good), at(-time.Hour - time.Second), stapled.CertificateNotYetValid, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := config(t, leaf, row.source)
			if row.edit != nil {
				row.edit(&cfg)
			}
			iss, err := issuer.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := iss.Sign(t.Context(), forOrders)
			if row.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				open(t, raw, cfg.Identity.Leaf())
				return
			}
			wantReason(t, err, row.reason)
			if row.also != nil && !errors.Is(err, row.also) {
				t.Errorf("error %v does not wrap %v", err, row.also)
			}
			if raw != "" {
				t.Error("a token beside an error")
			}
		})
	}
}

// otherCA is a good staple for a certificate that another CA issued under the
// same serial number.
func otherCA(t *testing.T, leaf *testca.Party) *ocspstaple.Staple {
	return staple(t, testca.New().Intermediate(testca.Named("Other")).Leaf(func(t *testca.Template) {
		t.SerialNumber = leaf.Cert.SerialNumber
	}))
}

func TestSignAfterTheContextHasEnded(t *testing.T) {
	leaf := newParty(testca.P256)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newIssuer(t, leaf, fixed(t, leaf)).Sign(ctx, forOrders)
	wantReason(t, err, stapled.Canceled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v does not wrap context.Canceled", err)
	}
}

// TestRefusalAfterSigning: earlier signatures make no difference.
func TestRefusalAfterSigning(t *testing.T) {
	leaf := newParty(testca.P256)
	for _, row := range []struct {
		name   string
		change func(*source, *clock)
		reason stapled.Reason
	}{
		{"staple gets stale", func(_ *source, c *clock) { c.advance(9*time.Minute + time.Second) }, stapled.StapleStale},
		{"source loses its staple", func(s *source, _ *clock) { s.staples = nil }, stapled.StapleMissing},
		{"source reports a revocation", func(s *source, _ *clock) { s.err = stapled.CertificateRevoked }, stapled.CertificateRevoked},
		{"staple is replaced by a revoked one", func(s *source, _ *clock) {
			s.staples = []*ocspstaple.Staple{staple(t, leaf, saying(testca.Revoked))}
		}, stapled.CertificateRevoked},
		{"staple is replaced by one of another certificate", func(s *source, _ *clock) { s.staples = fixed(t, newParty(testca.P256)) }, stapled.StapleMismatch},
		{"certificate expires", func(_ *source, c *clock) { c.advance(25 * time.Hour) }, stapled.CertificateExpired},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock, staples := newClock(), &source{staples: fixed(t, leaf)}
			iss := newIssuer(t, leaf, staples, func(c *issuer.Config) { c.Now = clock.now })
			sign(t, iss, forOrders)
			row.change(staples, clock)
			_, err := iss.Sign(t.Context(), forOrders)
			wantReason(t, err, row.reason)
		})
	}
}
