// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestDelegateRefuses: a certificate that shows that the template was not used
// is an error that says what to add to ca.json.
func TestDelegateRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		edit testca.Edit
		says string // nothing for a delegate
	}{
		{"as in the template", func(*testca.Template) {}, ""},
		{"a CA", func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true }, "it is a CA certificate"},
		{"another key usage", func(t *testca.Template) { t.KeyUsage |= x509.KeyUsageKeyEncipherment }, "its key usage is not digitalSignature alone"},
		{"no key usage", func(t *testca.Template) { t.KeyUsage = 0 }, "its key usage is not digitalSignature alone"},
		{"also for clients", func(t *testca.Template) { t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth) }, "its extended key usage is not OCSPSigning alone"},
		{"for nothing", func(t *testca.Template) { t.ExtKeyUsage = nil }, "its extended key usage is not OCSPSigning alone"},
		{"without id-pkix-ocsp-nocheck", func(t *testca.Template) { t.ExtraExtensions = nil }, "it lacks id-pkix-ocsp-nocheck"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFakeCA(t)
			f.handlers["/1.0/sign"] = f.signDelegate(row.edit)
			id, err := f.client(t, nil).Delegate(t.Context(), DelegateRequest{})
			if row.says == "" {
				if err != nil || id.Leaf() == nil {
					t.Errorf("got %v, %v", id, err)
				}
				return
			}
			wantOneLine(t, err, stapled.Refused, row.says)
			wantOneLine(t, err, stapled.Refused, `in ca.json, add "options": {"x509": {"templateFile": "/ABSOLUTE/PATH/ocsp-delegate.tpl"}} to provisioner "admin"`)
			if id != nil {
				t.Error("an identity beside the error")
			}
		})
	}
	if _, err := newFakeCA(t).client(t, nil).Delegate(t.Context(), DelegateRequest{Validity: -1}); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("negative validity: %v", err)
	}
}

// signDelegate certifies the key of the request as a delegate.
func (f *fakeCA) signDelegate(edit testca.Edit) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		csr, err := requestIn(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		leaf := f.intermediate.Delegate(func(t *testca.Template) {
			t.PublicKey = csr.PublicKey
			t.NotBefore, t.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
		}, edit)
		answer(http.StatusCreated, map[string]any{"certChain": []string{pemOf(leaf.Cert), pemOf(f.intermediate.Cert)}})(w, r)
	}
}

// TestX5CToken looks at what the CA receives from a client with a certificate:
// the chain, the provisioner in the audience, and a signature by the
// certificate's key, whatever kind it is.
func TestX5CToken(t *testing.T) {
	for kind, algorithm := range map[testca.Kind]jose.SignatureAlgorithm{
		testca.P256: jose.ES256, testca.P384: jose.ES384, testca.P521: jose.ES512, testca.Ed25519: jose.EdDSA, testca.RSA2048: jose.RS256,
	} {
		t.Run(string(algorithm), func(t *testing.T) {
			f := newFakeCA(t)
			now := time.Now()
			party := f.intermediate.Leaf(testca.Keyed(kind), testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
			calls := 0
			c := f.client(t, func(cfg *Config) {
				cfg.Password = nil
				cfg.X5C = func() (*certs.Identity, error) {
					calls++
					return certs.NewIdentity(party.Chain(), party.Key)
				}
			})
			var in struct{ OTT string }
			f.handlers["/1.0/sign"] = func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
					t.Error(err)
				}
				reply(http.StatusForbidden, `{"message":"no"}`)(w, r)
			}
			for range 2 {
				_, err := c.Delegate(t.Context(), DelegateRequest{})
				wantOneLine(t, err, stapled.Refused, "403 Forbidden: no")
			}
			if calls != 2 {
				t.Errorf("X5C was called %d times for two tokens", calls)
			}
			token, err := jwt.ParseSigned(in.OTT, []jose.SignatureAlgorithm{algorithm})
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AddCert(f.root.Cert)
			chains, err := token.Headers[0].Certificates(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			if err != nil || !chains[0][0].Equal(party.Cert) {
				t.Fatalf("x5c: %v", err)
			}
			var claims jwt.Claims
			if err := token.Claims(party.Cert.PublicKey, &claims); err != nil {
				t.Fatal(err)
			}
			if claims.Issuer != provisionerName || claims.Subject != DelegateName || !claims.Audience.Contains(f.url+"/1.0/sign#x5c/"+provisionerName) {
				t.Errorf("claims %+v", claims)
			}
		})
	}
}

func TestX5CRefuses(t *testing.T) {
	f := newFakeCA(t)
	now := time.Now()
	expired := f.intermediate.Leaf(testca.Valid(now.Add(-2*time.Hour), now.Add(-time.Hour)))
	for _, row := range []struct {
		name string
		x5c  func() (*certs.Identity, error)
		want stapled.Reason
		says string
	}{
		{"unreadable", func() (*certs.Identity, error) { return nil, errors.New("no such file") }, stapled.ConfigInvalid, "no such file"},
		{"missing", func() (*certs.Identity, error) { return nil, nil }, stapled.ConfigInvalid, "its key is missing"},
		{"expired", func() (*certs.Identity, error) { return certs.NewIdentity(expired.Chain(), expired.Key) }, stapled.CertificateExpired, "renew it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := f.client(t, func(cfg *Config) { cfg.Password, cfg.X5C = nil, row.x5c }).Delegate(t.Context(), DelegateRequest{})
			wantOneLine(t, err, row.want, row.says)
		})
	}
	_, err := f.client(t, func(cfg *Config) {
		cfg.Provisioner, cfg.Password, cfg.X5C = "", nil, func() (*certs.Identity, error) { return nil, nil }
	}).Delegate(t.Context(), DelegateRequest{})
	wantOneLine(t, err, stapled.ConfigInvalid, "no provisioner name")
}
