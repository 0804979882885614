// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"fmt"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// A staple embeds at most four certificates. The holder of a certificate of the
// CA, who can make up a staple, makes the verifier verify the issuer's own
// signature, one for each certificate that looks like a delegate's, and one more
// for each that is: nine for a staple if the CA has four delegates of its own
// name, and otherwise five. Anything else that is embedded costs none.
func TestStaplesPrice(t *testing.T) {
	signatures, end := stranger.CountVerifications()
	t.Cleanup(end)
	w := theWorld()
	attacker := testca.Key(testca.P256, "attacker")
	ca := w.intermediate
	// delegates makes four certificates that differ, and one more that signs.
	delegates := func(edits ...testca.Edit) (list []*x509.Certificate) {
		for i := range 4 {
			edits := append(slices.Clone(edits), func(t *testca.Template) { t.Key = testca.Key(testca.P256, fmt.Sprint("delegate ", i)) })
			list = append(list, ca.Delegate(edits...).Cert)
		}
		return list
	}
	namesake := testca.Named("Intermediate") // as the issuer is named
	forged := func(t *testca.Template) { t.SigningKey = attacker }
	embedding := func(list []*x509.Certificate) func(*testca.Response) {
		return func(r *testca.Response) {
			r.SigningKey, r.Certificates = attacker, list
			r.ResponderID = testca.ByName(list[0])
		}
	}
	signer := ca.Delegate()
	const untrusted = stapled.StapleUntrusted
	for _, c := range []struct {
		name   string
		staple func(*testca.Response)
		price  int
		want   stapled.Reason
	}{
		{"signed by the issuer", func(*testca.Response) {}, 1, ""},
		{"signed by a delegate", testca.SignedBy(signer, signer.Cert), 2, ""},
		{"signed by nobody", func(r *testca.Response) { r.SigningKey = attacker }, 1, untrusted},
		{"three made-up delegates before the real one", testca.SignedBy(signer, append(delegates(forged)[:3], signer.Cert)...), 5, ""},
		{"four made-up delegates", embedding(delegates(forged)), 4, untrusted},
		{"four made-up delegates of the issuer's name", embedding(delegates(forged, namesake)), 5, untrusted},
		{"four real delegates", embedding(delegates()), 8, untrusted},
		{"four real delegates of the issuer's name", embedding(delegates(namesake)), 9, untrusted},
		{"four made-up certificates that are not for OCSP", embedding(delegates(forged, func(t *testca.Template) { t.ExtKeyUsage = nil })), 0, untrusted},
		{"four made-up certificates without nocheck", embedding(delegates(forged, func(t *testca.Template) { t.ExtraExtensions = nil })), 0, untrusted},
		{"four delegates that have expired", embedding(delegates(testca.Valid(testca.Now.AddDate(-1, 0, 0), testca.Now.AddDate(0, 0, -1)))), 0, untrusted},
		{"four copies of the leaf", embedding(slices.Repeat([]*x509.Certificate{w.leaf.Cert}, 4)), 0, untrusted},
		{"four copies of the issuer", embedding(slices.Repeat([]*x509.Certificate{ca.Cert}, 4)), 1, untrusted},
		{"delegates of another CA", embedding([]*x509.Certificate{w.sibling.Delegate().Cert, w.root.Delegate().Cert}), 0, untrusted},
		{"four real delegates, and another is named", func(r *testca.Response) {
			embedding(delegates())(r)
			r.ResponderID = testca.ByName(w.other.Cert)
		}, 0, untrusted},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			raw := w.leaf.Token(func(t *testca.Token) { t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(c.staple))) })
			v := newVerifier(t, w.config(&clock{testca.Now}))
			n := signatures(func() {
				if _, got := v.outcome(t, raw); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
			const others = 3 // of the intermediate, the leaf and the token
			if n -= others; n != c.price {
				t.Errorf("the staple costs %d signatures, want %d", n, c.price)
			}
		})
	}
}
