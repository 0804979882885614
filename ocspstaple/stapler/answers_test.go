// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"golang.org/x/crypto/ocsp"
)

// answering is a responder for certificates of one CA. A test sets its answer.
type answering struct {
	leaf, delegate *testca.Party
	answer         []byte
}

func newAnswering(t *testing.T) *answering {
	a := new(answering)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(a.answer)
	}))
	t.Cleanup(server.Close)
	ca := testca.New().Intermediate()
	a.leaf = ca.Leaf(func(c *testca.Template) { c.OCSPServer = []string{server.URL} })
	a.delegate = ca.Delegate()
	return a
}

// ask returns what a stapler holds after asking at a given time.
func (a *answering) ask(t *testing.T, now time.Time) (*ocspstaple.Staple, error) {
	t.Helper()
	s, err := stapler.New(stapler.Config{Chain: a.leaf.Chain()})
	if err != nil {
		t.Fatal(err)
	}
	stapler.SetClockForTest(s, func() time.Time { return now })
	if err := s.Refresh(t.Context()); err != nil {
		return nil, err
	}
	staples, err := s.Current(now)
	if err != nil {
		return nil, err
	}
	return staples[0], nil
}

// The stapler accepts the answers of real responders, and holds them as
// verifiers want them.
func TestRealResponderAnswers(t *testing.T) {
	type row struct {
		name  string
		at    time.Duration // since testca.Now, which is a whole minute
		make  func(a *answering) []byte
		embed func(a *answering) *x509.Certificate // in what is held
	}
	nothing := func(*answering) *x509.Certificate { return nil }
	itsDelegate := func(a *answering) *x509.Certificate { return a.delegate.Cert }
	var rows []row
	// Vault, OpenBao and others: producedAt is rounded down to the minute.
	for _, offset := range []time.Duration{0, time.Second, 8 * time.Second, 59 * time.Second} {
		rows = append(rows,
			row{fmt.Sprintf("x/crypto/ocsp at %s, by the issuer", offset), offset,
				func(a *answering) []byte { return byXCrypto(t, a, a.leaf.Issuer, offset) }, nothing},
			row{fmt.Sprintf("x/crypto/ocsp at %s, by a delegate", offset), offset,
				func(a *answering) []byte { return byXCrypto(t, a, a.delegate, offset) }, itsDelegate})
	}
	// Responders that embed more than is needed.
	embedding := func(name string, embed func(*answering) *x509.Certificate, signer func(*answering) *testca.Party,
		list func(a *answering, ca, root *x509.Certificate) []*x509.Certificate) {
		rows = append(rows, row{name, 0, func(a *answering) []byte {
			return a.leaf.Staple(testca.SignedBy(signer(a), list(a, a.leaf.Issuer.Cert, a.leaf.Issuer.Issuer.Cert)...))
		}, embed})
	}
	issuer := func(a *answering) *testca.Party { return a.leaf.Issuer }
	delegate := func(a *answering) *testca.Party { return a.delegate }
	embedding("issuer that embeds itself", nothing, issuer, func(_ *answering, ca, _ *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{ca}
	})
	embedding("issuer that embeds its chain", nothing, issuer, func(_ *answering, ca, root *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{ca, root}
	})
	embedding("issuer that embeds seven certificates", nothing, issuer, func(_ *answering, ca, root *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{ca, root, ca, root, ca, root, ca}
	})
	embedding("delegate first of its chain", itsDelegate, delegate, func(a *answering, ca, root *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{a.delegate.Cert, ca, root}
	})
	embedding("delegate last of its chain", itsDelegate, delegate, func(a *answering, ca, root *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{root, ca, a.delegate.Cert}
	})
	embedding("delegate behind six others", itsDelegate, delegate, func(a *answering, ca, root *x509.Certificate) []*x509.Certificate {
		return []*x509.Certificate{ca, root, ca, root, ca, root, a.delegate.Cert}
	})
	embedding("delegate behind 40 KiB of others", itsDelegate, delegate, func(a *answering, ca, _ *x509.Certificate) []*x509.Certificate {
		large := a.leaf.Issuer.Delegate(testca.Named("large"), func(c *testca.Template) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 32473, 1}, Value: make([]byte, 40<<10)}}
		})
		return []*x509.Certificate{large.Cert, ca, a.delegate.Cert}
	})
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a, now := newAnswering(t), testca.Now.Add(row.at)
			a.answer = row.make(a)
			staple, err := a.ask(t, now)
			if err != nil {
				t.Fatal(err)
			}
			// It is what a verifier accepts.
			got, err := ocspstaple.Authenticate(staple.DER(), a.leaf.Cert, a.leaf.Issuer.Cert, now, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Check(now, ocspstaple.Freshness{Leeway: stapled.NoLeeway}); err != nil {
				t.Error(err)
			}
			needed := row.embed(a)
			if (got.Delegate() == nil) != (needed == nil) || needed != nil && !needed.Equal(got.Delegate()) {
				t.Errorf("the delegate is %v, want %v", got.Delegate(), needed)
			}
			for _, c := range []*x509.Certificate{a.leaf.Issuer.Cert, a.leaf.Issuer.Issuer.Cert} {
				if bytes.Contains(staple.DER(), c.Raw) {
					t.Errorf("what is held embeds %s", c.Subject)
				}
			}
		})
	}
}

// byXCrypto returns an answer by golang.org/x/crypto/ocsp, made this long after
// testca.Now.
func byXCrypto(t *testing.T, a *answering, signer *testca.Party, offset time.Duration) (der []byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(testca.Now.Add(offset)))
		now := time.Now().UTC()
		template := ocsp.Response{
			Status: ocsp.Good, SerialNumber: a.leaf.Cert.SerialNumber, IssuerHash: crypto.SHA256,
			ThisUpdate: now, NextUpdate: now.Add(10 * time.Minute),
		}
		if signer != a.leaf.Issuer {
			template.Certificate = signer.Cert
		}
		var err error
		if der, err = ocsp.CreateResponse(a.leaf.Issuer.Cert, signer.Cert, template, signer.Key); err != nil {
			t.Fatal(err)
		}
	})
	return der
}
