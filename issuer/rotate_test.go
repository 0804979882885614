// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// TestRotateWhileSigning: each token uses either one set or the other for its
// key, certificate and staple.
func TestRotateWhileSigning(t *testing.T) {
	parties := []*testca.Party{
		newParty(testca.P256), newParty(testca.P256, testca.Named("another key")), newParty(testca.Ed25519),
	}
	byKeyID := make(map[string]*testca.Party)
	var staples []issuer.StaticStaples
	for _, party := range parties {
		byKeyID[certx5c.KeyID(party.Cert)] = party
		staples = append(staples, fixed(t, party))
	}
	iss := newIssuer(t, parties[0], staples[0])

	var wg sync.WaitGroup
	tokens := make(chan string, 200)
	for range 4 {
		wg.Go(func() {
			for range 50 {
				raw, err := iss.Sign(t.Context(), forOrders)
				if err != nil {
					t.Error(err)
					return
				}
				tokens <- raw
			}
		})
	}
	for n := range 60 {
		if err := iss.Rotate(identity(t, parties[n%3]), staples[n%3]); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	close(tokens)
	for raw := range tokens {
		header, _ := unverified(t, raw)
		party := byKeyID[header["kid"].(string)]
		if party == nil {
			t.Fatalf("kid %v is nobody's", header["kid"])
		}
		open(t, raw, party.Cert)
		if got, want := header["x5c"].([]any)[0], certx5c.Encode(party.Chain())[0]; got != want {
			t.Fatal("the certificate is not the one of kid")
		}
		der, err := certx5c.DecodeBase64(header["ocsp"].([]any)[0].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ocspstaple.Authenticate(der, party.Cert, party.Issuer.Cert, testca.Now, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRotateRefused(t *testing.T) {
	old := newParty(testca.P256)
	renewed := newParty(testca.P384)
	other := newParty(testca.P256, func(t *testca.Template) { t.URIs, t.DNSNames = nil, []string{"other.test.example"} })
	broken := newParty(testca.P256)
	brokenKey := &counting{Signer: broken.Key, err: errDown}
	for _, row := range []struct {
		name    string
		id      *certs.Identity
		staples issuer.StapleSource
		reason  stapled.Reason // "" for accepted
	}{
		{"renewed certificate", identity(t, renewed), fixed(t, renewed), ""},
		{"no identity", nil, fixed(t, renewed), stapled.ConfigInvalid},
		{"no source", identity(t, renewed), nil, stapled.ConfigInvalid},
		{"source that has no staple yet", identity(t, renewed), issuer.StaticStaples(nil), stapled.StapleMissing},
		{"source of the old certificate", identity(t, renewed), fixed(t, old), stapled.StapleMismatch},
		{"revoked already", identity(t, renewed), issuer.StaticStaples{staple(t, renewed, saying(testca.Revoked))}, stapled.CertificateRevoked},
		{"certificate of another name", identity(t, other), fixed(t, other), stapled.IssuerMismatch},
		{"key of another certificate", &certs.Identity{Chain: renewed.Chain(), Key: old.Key}, fixed(t, renewed), stapled.KeyMismatch},
		{"key that does not sign", &certs.Identity{Chain: broken.Chain(), Key: brokenKey}, fixed(t, broken), stapled.SigningFailed},
		{"expired certificate", identity(t, newParty(testca.P256, testca.Valid(testca.Now.Add(-2*time.Hour), testca.Now.Add(-time.Hour)))), fixed(t, old), stapled.CertificateExpired},
	} {
		t.Run(row.name, func(t *testing.T) {
			iss := newIssuer(t, old, fixed(t, old))
			err := iss.Rotate(row.id, row.staples)
			if row.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				open(t, sign(t, iss, forOrders), renewed.Cert)
				return
			}
			wantReason(t, err, row.reason)
			open(t, sign(t, iss, forOrders), old.Cert)
		})
	}
}

// TestRotateAcrossARoot: the new certificate is below another root with a
// different name and key, and the whole chain is stapled.
func TestRotateAcrossARoot(t *testing.T) {
	old := testca.New().Leaf()
	iss := newIssuer(t, old, fixed(t, old), func(c *issuer.Config) { below(c, old.Issuer.Cert) })
	renewed := testca.New(testca.Named("New root"), testca.WithKey(testca.Key(testca.P256, "new root"))).Intermediate().Leaf()
	id := identity(t, renewed)
	staples := fixed(t, renewed, renewed.Issuer)
	if err := iss.Rotate(id, staples); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("without its anchor: %v", err)
	}
	id.Anchor = renewed.Issuer.Issuer.Cert
	if err := iss.Rotate(id, staples); err != nil {
		t.Fatal(err)
	}
	open(t, sign(t, iss, forOrders), renewed.Cert)
}
