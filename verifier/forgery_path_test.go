// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

var (
	hourAgo, inAnHour = testca.Now.Add(-time.Hour), testca.Now.Add(time.Hour)
	expired           = testca.Valid(testca.Now.Add(-2*time.Hour), testca.Now.Add(-time.Second))
	notYetValid       = testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(2*time.Hour))
	unknownCritical   = pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 55555, 1}, Critical: true, Value: []byte{5, 0}}
)

func usages(list ...x509.ExtKeyUsage) testca.Edit {
	return func(t *testca.Template) { t.ExtKeyUsage = list }
}

func signedWith(alg x509.SignatureAlgorithm) testca.Edit {
	return func(t *testca.Template) { t.SignatureAlgorithm = alg }
}

func extended(e pkix.Extension) testca.Edit {
	return func(t *testca.Template) { t.ExtraExtensions = append(t.ExtraExtensions, e) }
}

// trusting makes another party the only anchor besides the world's.
func trusting(more func(w *world) *testca.Party) func(*world, *Config) {
	return func(w *world, cfg *Config) { cfg.Anchors = anchors(w.root, more(w)) }
}

// withOID replaces the last byte of an RSA signature algorithm, in both places.
func withOID(c *x509.Certificate, last byte) *x509.Certificate {
	sha256WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
	other := append(bytes.Clone(sha256WithRSA[:8]), last)
	return testca.MustParse(bytes.ReplaceAll(c.Raw, sha256WithRSA, other))
}

func weaklySigned(oid byte) func(*world) *testca.Party {
	return func(w *world) *testca.Party {
		leaf := w.root.Intermediate(testca.Keyed(testca.RSA2048)).Leaf()
		leaf.Cert = withOID(leaf.Cert, oid)
		return leaf
	}
}

func oversized(bits int) testca.Edit {
	return func(t *testca.Template) { t.PublicKey = testca.OversizedRSA(bits) }
}

// expiredRoot is an anchor, and all below it would be valid.
var expiredRoot = testca.New(testca.Named("Expired root"), expired)

// serverRoot is an anchor for servers only.
var serverRoot = testca.New(testca.Named("Server root"), usages(x509.ExtKeyUsageServerAuth))

// pathForgeries are T5: whose chain does not lead to an anchor, or not for this.
var pathForgeries = []forgery{
	{row: "T05", name: "self-signed leaf", want: stapled.ChainUntrusted, edit: func(w *world, t *testca.Token) {
		self := testca.New(testca.Named("client"), func(t *testca.Template) {
			t.IsCA, t.KeyUsage = false, x509.KeyUsageDigitalSignature
			t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			t.URIs = w.leaf.Cert.URIs
		})
		present(t, self.Key, self.Cert)
	}},
	{row: "T05", name: "self-signed leaf with the anchor's name", want: stapled.ChainUntrusted, edit: func(w *world, t *testca.Token) {
		self := testca.New(testca.WithKey(testca.Key(testca.P256, "attacker")))
		present(t, self.Key, self.Cert)
	}},
	{row: "T05", name: "unknown root", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party { return w.stranger.Intermediate().Leaf() }},
	{row: "T05", name: "unknown root of the same name", want: stapled.ChainUntrusted, leaf: func(*world) *testca.Party {
		return testca.New(testca.WithKey(testca.Key(testca.P256, "attacker"))).Intermediate().Leaf()
	}},
	{row: "T05", name: "unknown root of the same name and key identifier", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party {
		return testca.New(testca.WithKey(testca.Key(testca.P256, "attacker")), func(t *testca.Template) {
			t.SubjectKeyId = w.root.Cert.SubjectKeyId
		}).Intermediate().Leaf()
	}},
	{row: "T05", name: "intermediate signed by another key", want: stapled.ChainUntrusted,
		leaf: below(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "attacker") })},
	{row: "T05", name: "leaf signed by another key", want: stapled.ChainUntrusted,
		leaf: leafOf(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "attacker") })},
	{row: "T05", name: "leaf signed by its own key", want: stapled.ChainUntrusted,
		leaf: leafOf(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "client") })},
	{row: "T05", name: "leaf signed by a sibling CA", want: stapled.ChainUntrusted, edit: func(w *world, t *testca.Token) {
		forged := w.intermediate.Leaf(func(t *testca.Template) { t.SigningKey = w.sibling.Key })
		present(t, forged.Key, forged.Cert, w.intermediate.Cert)
	}},
	{row: "T05", name: "issued by another leaf", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party { return w.other.Leaf() }},
	{row: "T05", name: "issued by an OCSP responder", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party { return w.intermediate.Delegate().Leaf() }},
	{row: "T05", name: "intermediate without keyCertSign", want: stapled.ChainUntrusted,
		leaf: below(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageCRLSign })},
	{row: "T05", name: "intermediate without basicConstraints", want: stapled.ChainUntrusted,
		leaf: below(func(t *testca.Template) { t.BasicConstraintsValid, t.IsCA = false, false })},
	{row: "T05", name: "intermediate with cA false", want: stapled.ChainUntrusted,
		leaf: below(func(t *testca.Template) { t.BasicConstraintsValid, t.IsCA = true, false })},
	{row: "T05", name: "flipped bit in the leaf's signature", want: stapled.ChainUntrusted, edit: func(w *world, t *testca.Token) {
		der := bytes.Clone(w.leaf.Cert.Raw)
		der[len(der)-1] ^= 1
		present(t, w.leaf.Key, testca.MustParse(der), w.intermediate.Cert)
	}},

	{row: "T05", name: "leaf expired", want: stapled.CertificateExpired, leaf: leafOf(expired)},
	{row: "T05", name: "leaf not yet valid", want: stapled.CertificateNotYetValid, leaf: leafOf(notYetValid)},
	{row: "T05", name: "leaf not yet valid within the leeway", want: stapled.CertificateNotYetValid,
		leaf: leafOf(testca.Valid(testca.Now.Add(time.Second), inAnHour))},
	{row: "T05", name: "leaf whose window is empty", want: stapled.CertificateExpired, leaf: leafOf(testca.Valid(inAnHour, hourAgo))},
	{row: "T05", name: "intermediate expired", want: stapled.CertificateExpired, leaf: below(expired)},
	{row: "T05", name: "intermediate not yet valid", want: stapled.CertificateNotYetValid, leaf: below(notYetValid)},
	{row: "T05", name: "anchor expired", want: stapled.CertificateExpired,
		config: trusting(func(*world) *testca.Party { return expiredRoot }),
		leaf:   func(*world) *testca.Party { return expiredRoot.Intermediate().Leaf() }},

	{row: "T05", name: "leaf is a CA", want: stapled.KeyUsage, leaf: leafOf(func(t *testca.Template) {
		t.BasicConstraintsValid, t.IsCA = true, true
		t.KeyUsage |= x509.KeyUsageCertSign
	})},
	{row: "T05", name: "intermediate signs the token", want: stapled.KeyUsage, edit: func(w *world, t *testca.Token) {
		present(t, w.intermediate.Key, w.intermediate.Cert)
	}},
	{row: "T05", name: "no digitalSignature", want: stapled.KeyUsage, leaf: leafOf(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyAgreement })},
	{row: "T05", name: "no keyUsage", want: stapled.KeyUsage, leaf: leafOf(func(t *testca.Template) { t.KeyUsage = 0 })},
	{row: "T05", name: "serverAuth only", want: stapled.KeyUsage, leaf: leafOf(usages(x509.ExtKeyUsageServerAuth))},
	{row: "T05", name: "anyExtendedKeyUsage only", want: stapled.KeyUsage, leaf: leafOf(usages(x509.ExtKeyUsageAny))},
	{row: "T05", name: "no extended key usage", want: stapled.KeyUsage, leaf: leafOf(usages())},
	{row: "T05", name: "an unknown extended key usage", want: stapled.KeyUsage, leaf: leafOf(usages(), func(t *testca.Template) {
		t.UnknownExtKeyUsage = append(t.UnknownExtKeyUsage, []int{1, 3, 6, 1, 4, 1, 55555, 2})
	})},
	{row: "T05", name: "OCSP responder signs the token", want: stapled.KeyUsage, leaf: func(w *world) *testca.Party {
		return w.intermediate.Delegate()
	}, edit: setClaim("iss", "Responder")},
	{row: "T05", name: "clientAuth where serverAuth is configured", want: stapled.KeyUsage,
		config: func(_ *world, cfg *Config) { cfg.KeyUsage = x509.ExtKeyUsageServerAuth },
		party:  leafOf(usages(x509.ExtKeyUsageServerAuth)),
		leaf:   func(w *world) *testca.Party { return w.other }},
	{row: "T05", name: "intermediate for serverAuth only", want: stapled.KeyUsage, leaf: below(usages(x509.ExtKeyUsageServerAuth))},
	{row: "T05", name: "anchor for serverAuth only", want: stapled.KeyUsage,
		config: trusting(func(*world) *testca.Party { return serverRoot }),
		leaf:   func(*world) *testca.Party { return serverRoot.Intermediate().Leaf() }},

	{row: "T05", name: "DNS name constraint violated", want: stapled.ChainUntrusted, leaf: below(func(t *testca.Template) {
		t.PermittedDNSDomainsCritical, t.PermittedDNSDomains = true, []string{"elsewhere.example"}
	})},
	{row: "T05", name: "DNS name excluded", want: stapled.ChainUntrusted, leaf: below(func(t *testca.Template) {
		t.ExcludedDNSDomains = []string{"test.example"}
	})},
	{row: "T05", name: "URI excluded", want: stapled.ChainUntrusted, leaf: below(func(t *testca.Template) {
		t.ExcludedURIDomains = []string{"test.example"}
	})},
	{row: "T05", name: "name constraint of a CA further up", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party {
		return w.root.Intermediate(func(t *testca.Template) {
			t.ExcludedURIDomains = []string{"test.example"}
		}).Intermediate(testca.Named("Issuing")).Leaf()
	}},
	{row: "T05", name: "path length 0 with a further intermediate", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party {
		return w.root.Intermediate(func(t *testca.Template) { t.MaxPathLenZero = true }).Intermediate(testca.Named("Issuing")).Leaf()
	}},
	{row: "T05", name: "path length 1 with two further intermediates", want: stapled.ChainUntrusted, leaf: func(w *world) *testca.Party {
		return w.root.Intermediate(func(t *testca.Template) { t.MaxPathLen = 1 }).
			Intermediate(testca.Named("Issuing")).Intermediate(testca.Named("Last")).Leaf()
	}},
	{row: "T05", name: "unknown critical extension in the leaf", want: stapled.ChainUntrusted, leaf: leafOf(extended(unknownCritical))},
	{row: "T05", name: "unknown critical extension in the intermediate", want: stapled.ChainUntrusted, leaf: below(extended(unknownCritical))},
	{row: "T05", name: "explicit policy required and none there", want: stapled.ChainUntrusted, leaf: below(extended(pkix.Extension{
		Id: []int{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0},
	}))},

	{row: "T05", name: "leaf signed with SHA-1", want: stapled.AlgorithmRejected, leaf: leafOf(signedWith(x509.ECDSAWithSHA1))},
	{row: "T05", name: "leaf signed with SHA-1 and RSA", want: stapled.AlgorithmRejected, leaf: func(w *world) *testca.Party {
		return w.root.Intermediate(testca.Keyed(testca.RSA2048)).Leaf(signedWith(x509.SHA1WithRSA))
	}},
	{row: "T05", name: "intermediate signed with SHA-1", want: stapled.AlgorithmRejected, leaf: below(signedWith(x509.ECDSAWithSHA1))},
	{row: "T05", name: "leaf signed with MD5", want: stapled.AlgorithmRejected, leaf: weaklySigned(4)},
	{row: "T05", name: "leaf signed with MD2", want: stapled.AlgorithmRejected, leaf: weaklySigned(2)},
	{row: "T05", name: "leaf RSA 1024", want: stapled.AlgorithmRejected, leaf: leafOf(testca.Keyed(testca.RSA1024))},
	{row: "T05", name: "intermediate RSA 1024", want: stapled.AlgorithmRejected, leaf: below(testca.Keyed(testca.RSA1024))},
	{row: "T05", name: "leaf P-224", want: stapled.AlgorithmRejected, leaf: leafOf(testca.Keyed(testca.P224)), edit: setHeader("alg", "ES256")},
	{row: "T05", name: "intermediate P-224", want: stapled.AlgorithmRejected, leaf: below(testca.Keyed(testca.P224))},
	{row: "T05", name: "leaf RSA 4097", want: stapled.AlgorithmRejected, edit: oversizedLeaf(4097)},
	{row: "T05", name: "leaf RSA 16384", want: stapled.AlgorithmRejected, edit: oversizedLeaf(16384)},
	{row: "T05", name: "intermediate RSA 16384", want: stapled.AlgorithmRejected, edit: func(w *world, t *testca.Token) {
		ca := w.root.Intermediate(oversized(16384))
		leaf := ca.Leaf(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "attacker") })
		present(t, leaf.Key, leaf.Cert, ca.Cert)
	}},
}

// oversizedLeaf presents a leaf whose private key nobody has.
func oversizedLeaf(bits int) edit {
	return func(w *world, t *testca.Token) {
		leaf := w.intermediate.Leaf(oversized(bits))
		present(t, w.leaf.Key, leaf.Cert, w.intermediate.Cert)
		t.Header.Set("alg", "RS256")
	}
}

func named(uri, dns string) testca.Edit {
	return func(t *testca.Template) {
		t.URIs, t.DNSNames = nil, nil
		if uri != "" {
			parsed, err := url.Parse(uri)
			if err != nil {
				panic(err)
			}
			t.URIs = []*url.URL{parsed}
		}
		if dns != "" {
			t.DNSNames = []string{dns}
		}
	}
}
