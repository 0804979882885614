// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// since makes a response say what was known some time ago.
func since(ago time.Duration, status testca.CertStatus) func(*testca.Response) {
	return func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(-ago)
		r.Singles[0].ThisUpdate = r.ProducedAt
		r.Singles[0].NextUpdate = testca.Now.Add(time.Hour)
		r.Singles[0].Status = status
	}
}

// tokenWith is a token of a party with this staple.
func tokenWith(p *testca.Party, edit func(*testca.Response)) string {
	return testca.NewToken(p, p.Staple(edit)).Compact()
}

// mauled is a certificate with another valid signature by the same ECDSA key:
// with s, the order minus s is a signature too.
func mauled(c *x509.Certificate, issuer *testca.Party) *x509.Certificate {
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(c.Signature, &signature); err != nil {
		panic(err)
	}
	signature.S.Sub(issuer.Key.Public().(*ecdsa.PublicKey).Params().N, signature.S)
	der, err := asn1.Marshal(signature)
	if err != nil {
		panic(err)
	}
	var whole struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &whole); err != nil {
		panic(err)
	}
	whole.Signature = asn1.BitString{Bytes: der, BitLength: 8 * len(der)}
	if der, err = asn1.Marshal(whole); err != nil {
		panic(err)
	}
	return testca.MustParse(der)
}

// testStickyRevocation is S32: after an authentic "revoked", an older "good" is
// refused although it is fresh, in every state of the caches.
func testStickyRevocation(t *testing.T) {
	w := theWorld()
	at := &clock{testca.Now}
	good := tokenWith(w.leaf, since(5*time.Minute, testca.Good))
	revoked := tokenWith(w.leaf, since(3*time.Minute, testca.Revoked))
	for _, c := range []struct {
		name string
		seen []string       // before
		then string         // the token
		want stapled.Reason // empty if it is to be accepted
	}{
		{"cold", []string{revoked}, good, stapled.CertificateRevoked},
		{"hot", []string{good, revoked}, good, stapled.CertificateRevoked},
		{"warm", []string{
			testca.NewToken(w.leaf, w.leaf.Staple(since(5*time.Minute, testca.Good))).Compact(), good, revoked,
		}, good, stapled.CertificateRevoked},
		{"of the same time", []string{revoked}, tokenWith(w.leaf, since(3*time.Minute, testca.Good)), stapled.CertificateRevoked},
		{"one second older", []string{revoked}, tokenWith(w.leaf, since(3*time.Minute+time.Second, testca.Good)), stapled.CertificateRevoked},
		{"newer, a hold that was lifted", []string{revoked}, tokenWith(w.leaf, since(3*time.Minute-time.Second, testca.Good)), ""},
		{"older again, after the newer", []string{revoked, tokenWith(w.leaf, since(time.Minute, testca.Good))}, good, stapled.CertificateRevoked},
		{"revoked seen twice, the older last", []string{revoked, tokenWith(w.leaf, since(10*time.Minute, testca.Revoked))}, good, stapled.CertificateRevoked},
		{"revoked seen twice, the newer last", []string{revoked, tokenWith(w.leaf, since(time.Minute, testca.Revoked))},
			tokenWith(w.leaf, since(2*time.Minute, testca.Good)), stapled.CertificateRevoked},
		{"of the certificate with another signature", []string{revoked}, w.leaf.Token(func(t *testca.Token) {
			present(t, w.leaf.Key, mauled(w.leaf.Cert, w.intermediate), w.intermediate.Cert)
			t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(since(5*time.Minute, testca.Good))))
		}), stapled.CertificateRevoked},
		{"of the intermediate", []string{withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			withCAStaple(w, since(5*time.Minute, testca.Good)), stapled.CertificateRevoked},
		{"of the intermediate, whose staple is then left out", []string{withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			w.leaf.Token(), stapled.CertificateRevoked},
		{"of the intermediate, of another leaf", []string{withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			w.other.Token(), stapled.CertificateRevoked},
		{"of the intermediate, after a token without its staple", []string{w.leaf.Token(), withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			w.leaf.Token(), stapled.CertificateRevoked},
		{"of the intermediate, lifted by a newer good one, then left out", []string{
			withCAStaple(w, since(3*time.Minute, testca.Revoked)), withCAStaple(w, since(time.Minute, testca.Good)),
		}, w.other.Token(), ""},
		{"of the intermediate, not lifted by an older good one", []string{
			withCAStaple(w, since(3*time.Minute, testca.Revoked)), withCAStaple(w, since(5*time.Minute, testca.Good)),
		}, w.other.Token(), stapled.CertificateRevoked},
		{"of the intermediate, not lifted by a good one from the future", []string{
			withCAStaple(w, since(3*time.Minute, testca.Revoked)), withCAStaple(w, since(-10*time.Minute, testca.Good)),
		}, w.other.Token(), stapled.CertificateRevoked},
		{"of the intermediate, lifted, and the revoked one again", []string{
			withCAStaple(w, since(3*time.Minute, testca.Revoked)), withCAStaple(w, since(time.Minute, testca.Good)),
			withCAStaple(w, since(3*time.Minute, testca.Revoked)),
		}, w.other.Token(), ""},
		{"of the intermediate, of an outdated staple, then left out", []string{withCAStaple(w, func(r *testca.Response) {
			since(3*time.Minute, testca.Revoked)(r)
			r.Singles[0].NextUpdate = testca.Now.Add(-time.Second)
		})}, w.leaf.Token(), ""},
		{"of the intermediate, then a newer good one of it", []string{withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			withCAStaple(w, since(time.Minute, testca.Good)), ""},
		{"of another intermediate", []string{withCAStaple(w, since(3*time.Minute, testca.Revoked))},
			w.root.Intermediate(testca.Named("Another")).Leaf().Token(), ""},
		{"of another certificate", []string{revoked}, tokenWith(w.other, since(5*time.Minute, testca.Good)), ""},
		{"after an unknown", []string{tokenWith(w.leaf, since(3*time.Minute, testca.Unknown))}, good, ""},
		{"after a revoked that the leaf signed", []string{tokenWith(w.leaf, func(r *testca.Response) {
			since(3*time.Minute, testca.Revoked)(r)
			testca.SignedBy(w.leaf, w.leaf.Cert)(r)
		})}, good, ""},
		{"after a revoked for another, by the other", []string{w.other.Token(func(t *testca.Token) {
			t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(since(3*time.Minute, testca.Revoked))))
		})}, good, ""},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			for _, sizes := range []CacheSizes{{}, {Tokens: -1, Headers: -1, Certificates: -1}} {
				cfg := w.config(at)
				cfg.Cache = sizes
				v := newVerifier(t, cfg)
				for _, raw := range c.seen {
					if _, err := v.Verify(raw); err == nil {
						mustAccept(t, v, raw)
					}
				}
				if c.want != "" {
					mustReject(t, v, c.then, c.want)
					mustReject(t, v, c.then, c.want)
				} else {
					mustAccept(t, v, c.then)
				}
			}
		})
	}
}

func withCAStaple(w *world, edit func(*testca.Response)) string {
	return testca.NewToken(w.leaf, w.leaf.Staple(), w.intermediate.Staple(edit)).Compact()
}

// What is remembered of revocations is bounded, and what is forgotten first is
// what has lost its use.
func TestRevocationsAreBounded(t *testing.T) {
	w := theWorld()
	authentic := func(ago time.Duration, status testca.CertStatus) provenStaple {
		s, err := ocspstaple.Authenticate(w.leaf.Staple(since(ago, status)), w.leaf.Cert, w.intermediate.Cert, testca.Now)
		if err != nil {
			t.Fatal(err)
		}
		return provenStaple{staple: s}
	}
	numbered := func(s provenStaple, n int) provenStaple {
		binary.BigEndian.PutUint32(s.cert[:], uint32(n))
		return s
	}
	maxAge := ocspstaple.Freshness{MaxAge: time.Hour}
	late, early := authentic(time.Minute, testca.Revoked), authentic(2*time.Minute, testca.Revoked)
	good := authentic(10*time.Minute, testca.Good)

	var r revocations
	r.add(numbered(early, 0), testca.Now, maxAge)
	for n := 1; n < maxRevocations; n++ {
		r.add(numbered(late, n), testca.Now, maxAge)
	}
	if len(r.seen) != maxRevocations || !r.cover(numbered(good, 0)) {
		t.Fatalf("%d remembered", len(r.seen))
	}
	r.add(numbered(late, maxRevocations), testca.Now, maxAge)
	if len(r.seen) != maxRevocations {
		t.Errorf("%d remembered, want %d", len(r.seen), maxRevocations)
	}
	if r.cover(numbered(good, 0)) {
		t.Error("the one that loses its use first is remembered")
	}
	for _, n := range []int{1, maxRevocations - 1, maxRevocations} {
		if !r.cover(numbered(good, n)) {
			t.Errorf("number %d is forgotten", n)
		}
	}
	// Where all have lost their use, all go.
	after := testca.Now.Add(59*time.Minute + time.Second)
	r.add(numbered(authentic(0, testca.Revoked), maxRevocations+1), after, maxAge)
	if len(r.seen) != 1 || int(r.count.Load()) != 1 {
		t.Errorf("%d remembered, %d counted, want 1", len(r.seen), r.count.Load())
	}
	// What has lost its use before it is seen is not remembered.
	r.add(numbered(late, maxRevocations+2), after, maxAge)
	if len(r.seen) != 1 {
		t.Errorf("%d remembered, want 1", len(r.seen))
	}
}
