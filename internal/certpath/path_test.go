// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/nameconstraint"
	"github.com/stapledjwt/stapled/internal/testca"
)

// presented is a chain and what it is held to. It starts as one that is
// accepted, so that a row says only what is wrong.
type presented struct {
	root, ca, leaf *testca.Party

	anchors []*x509.Certificate
	chain   []*x509.Certificate
	now     time.Time
	usage   x509.ExtKeyUsage
}

func newPresented() *presented {
	p := &presented{root: testca.New(), now: testca.Now, usage: x509.ExtKeyUsageClientAuth}
	p.anchors = []*x509.Certificate{p.root.Cert}
	p.through(p.root.Intermediate())
	return p
}

// through presents a leaf of a CA, edited.
func (p *presented) through(ca *testca.Party, edits ...testca.Edit) {
	p.ca, p.leaf = ca, ca.Leaf(edits...)
	p.chain = p.leaf.Chain()
}

// validate takes every step of the validation.
func validate(anchors *certs.Anchors, chain []*x509.Certificate, now time.Time, usage x509.ExtKeyUsage, links certpath.Links) (*certpath.Path, error) {
	ordered, err := certpath.Order(anchors, chain)
	if err != nil {
		return nil, err
	}
	linked, err := ordered.Link(certpath.Rules{Now: now, KeyUsage: usage}, links)
	if err != nil {
		return nil, err
	}
	return linked.Path()
}

// verify does what a verifier does with a chain. Whatever it accepts, the
// standard library must accept too.
func (p *presented) verify(t *testing.T) (*certpath.Path, error) {
	t.Helper()
	anchors, err := certs.NewAnchors(p.anchors...)
	if err != nil {
		return nil, err
	}
	path, err := validate(anchors, p.chain, p.now, p.usage, nil)
	if err != nil {
		if path != nil {
			t.Error("a path beside an error")
		}
		return nil, err
	}
	// It counts self-issued certificates against pathLenConstraint.
	if err := standardLibrary(p.chain, p.anchors, p.now, p.usage); err != nil && !isTooMany(err, path) {
		t.Errorf("accepted, but crypto/x509 says: %v", err)
	}
	return path, nil
}

// standardLibrary returns what crypto/x509 has against a chain. It is not asked
// about name constraints, in which it differs to both sides: it does not know
// directoryName, and refuses every URI without a host. For these, see
// scripts/interop-openssl-verify.sh.
func standardLibrary(chain, anchors []*x509.Certificate, now time.Time, usage x509.ExtKeyUsage) error {
	for _, c := range slices.Concat(chain, anchors) {
		if slices.ContainsFunc(c.Extensions, func(ext pkix.Extension) bool { return ext.Id.Equal(nameconstraint.OID) }) {
			return nil
		}
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range anchors {
		roots.AddCert(c)
	}
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}

// leaf is a chain whose leaf is edited, and intermediate one whose
// intermediate is.
func leaf(edit testca.Edit) func(*presented) {
	return func(p *presented) { p.through(p.ca, edit) }
}

func intermediate(edit testca.Edit) func(*presented) {
	return func(p *presented) { p.through(p.root.Intermediate(edit)) }
}

func critical(c *testca.Template) {
	c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
}

var pathForgeries = []struct {
	name  string
	want  error
	forge func(*presented)
}{
	{"T05_self_signed_leaf", stapled.ChainUntrusted, func(p *presented) {
		p.chain = []*x509.Certificate{testca.New(testca.Named("client"), func(c *testca.Template) {
			c.IsCA, c.ExtKeyUsage = false, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}).Cert}
	}},
	{"T05_unknown_root", stapled.ChainUntrusted, func(p *presented) {
		p.through(testca.New(testca.Named("Other")).Intermediate())
	}},
	{"T05_unknown_root_of_the_same_name", stapled.ChainUntrusted, func(p *presented) {
		p.through(testca.New(testca.WithKey(testca.Key(testca.P256, "namesake"))).Intermediate())
	}},
	{"T05_unknown_root_included", stapled.ChainUntrusted, func(p *presented) {
		p.through(testca.New(testca.Named("Other")).Intermediate())
		p.chain = append(p.chain, p.ca.Issuer.Cert)
	}},
	{"T05_intermediate_that_did_not_sign", stapled.ChainUntrusted, func(p *presented) {
		p.through(p.ca, func(c *testca.Template) { c.SigningKey = testca.Key(testca.P256, "namesake") })
	}},
	{"T05_anchor_that_did_not_sign", stapled.ChainUntrusted, intermediate(func(c *testca.Template) {
		c.SigningKey = testca.Key(testca.P256, "namesake")
	})},
	{"T05_intermediate_expired", stapled.CertificateExpired, intermediate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second)))},
	{"T05_intermediate_not_yet_valid", stapled.CertificateNotYetValid, intermediate(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(time.Hour)))},
	{"T05_leaf_expired", stapled.CertificateExpired, leaf(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second)))},
	{"T05_leaf_not_yet_valid", stapled.CertificateNotYetValid, leaf(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(time.Hour)))},
	{"T05_leaf_expired_a_nanosecond_ago", stapled.CertificateExpired, func(p *presented) { p.now = p.leaf.Cert.NotAfter.Add(1) }},
	{"T05_anchor_expired", stapled.CertificateExpired, func(p *presented) { p.under(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second))) }},
	{"T05_anchor_not_yet_valid", stapled.CertificateNotYetValid, func(p *presented) {
		p.under(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(time.Hour)))
	}},
	{"T05_leaf_is_a_CA", stapled.KeyUsage, leaf(func(c *testca.Template) { c.IsCA, c.BasicConstraintsValid = true, true })},
	{"T05_leaf_without_digitalSignature", stapled.KeyUsage, leaf(func(c *testca.Template) { c.KeyUsage = x509.KeyUsageKeyAgreement })},
	{"T05_leaf_without_key_usage", stapled.KeyUsage, leaf(func(c *testca.Template) { c.KeyUsage = 0 })},
	{"T05_leaf_for_serverAuth", stapled.KeyUsage, leaf(usages(x509.ExtKeyUsageServerAuth))},
	{"T05_leaf_for_any_extended_key_usage", stapled.KeyUsage, leaf(usages(x509.ExtKeyUsageAny))},
	{"T05_leaf_without_extended_key_usage", stapled.KeyUsage, leaf(usages())},
	{"T05_intermediate_for_serverAuth", stapled.KeyUsage, intermediate(usages(x509.ExtKeyUsageServerAuth))},
	{"T05_intermediate_for_something_unknown", stapled.KeyUsage, intermediate(func(c *testca.Template) {
		c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, []int{1, 3, 6, 1, 4, 1, 99999, 2})
	})},
	{"T05_anchor_for_serverAuth", stapled.KeyUsage, func(p *presented) { p.under(usages(x509.ExtKeyUsageServerAuth)) }},
	{"T05_name_constraint_violated", stapled.ChainUntrusted, intermediate(func(c *testca.Template) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"elsewhere.example"}
	})},
	{"T05_name_constraint_of_the_anchor_violated", stapled.ChainUntrusted, func(p *presented) {
		p.under(func(c *testca.Template) { c.ExcludedDNSDomains = []string{"test.example"} })
	}},
	{"T05_URI_constraint_violated", stapled.ChainUntrusted, intermediate(func(c *testca.Template) {
		c.PermittedURIDomains = []string{"elsewhere.example"}
	})},
	{"T05_policy_required_and_absent", stapled.ChainUntrusted, intermediate(extra(36, 0x30, 3, 0x80, 1, 0))},
	{"T05_path_length_violated", stapled.ChainUntrusted, func(p *presented) {
		p.through(p.root.Intermediate(func(c *testca.Template) { c.MaxPathLenZero = true }).Intermediate(testca.Named("Second")))
	}},
	{"T05_path_length_of_one_violated", stapled.ChainUntrusted, func(p *presented) {
		first := p.root.Intermediate(func(c *testca.Template) { c.MaxPathLen = 1 })
		p.through(first.Intermediate(testca.Named("Second")).Intermediate(testca.Named("Third")))
	}},
	{"T05_path_length_of_the_anchor_violated", stapled.ChainUntrusted, func(p *presented) {
		p.under(func(c *testca.Template) { c.MaxPathLenZero = true })
	}},
	{"T05_leaf_signed_with_SHA1", stapled.AlgorithmRejected, leaf(func(c *testca.Template) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })},
	{"T05_intermediate_signed_with_SHA1", stapled.AlgorithmRejected, intermediate(func(c *testca.Template) {
		c.SignatureAlgorithm = x509.ECDSAWithSHA1
	})},
	{"T05_leaf_signed_with_MD5", stapled.AlgorithmRejected, func(p *presented) {
		p.through(p.root.Intermediate(testca.Keyed(testca.RSA2048)))
		p.chain[0] = signedWithMD5(p.chain[0])
	}},
	{"T05_leaf_with_RSA_1024", stapled.AlgorithmRejected, leaf(testca.Keyed(testca.RSA1024))},
	{"T05_intermediate_with_RSA_1024", stapled.AlgorithmRejected, intermediate(testca.Keyed(testca.RSA1024))},
	{"T05_leaf_with_RSA_16384", stapled.AlgorithmRejected, leaf(func(c *testca.Template) { c.PublicKey = testca.OversizedRSA(16384) })},
	{"T05_leaf_with_RSA_4097", stapled.AlgorithmRejected, leaf(func(c *testca.Template) { c.PublicKey = testca.OversizedRSA(4097) })},
	{"T05_leaf_with_P224", stapled.AlgorithmRejected, leaf(testca.Keyed(testca.P224))},
	{"T05_intermediate_is_no_CA", stapled.ChainUntrusted, intermediate(func(c *testca.Template) { c.IsCA = false })},
	{"T05_intermediate_without_basic_constraints", stapled.ChainUntrusted, intermediate(func(c *testca.Template) {
		c.IsCA, c.BasicConstraintsValid = false, false
	})},
	{"T05_intermediate_of_version_1", stapled.ChainUntrusted, func(p *presented) { p.through(p.ca.Version1()) }},
	{"T05_intermediate_without_keyCertSign", stapled.ChainUntrusted, intermediate(func(c *testca.Template) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})},
	{"T05_leaf_issues_a_leaf", stapled.ChainUntrusted, func(p *presented) { p.through(p.leaf, testca.Named("other")) }},
	{"T05_leaf_with_an_unknown_critical_extension", stapled.ChainUntrusted, leaf(critical)},
	{"T05_intermediate_with_an_unknown_critical_extension", stapled.ChainUntrusted, intermediate(critical)},
	{"T05_leaf_with_the_key_of_its_CA", stapled.ChainUntrusted, leaf(testca.WithKey(testca.Key(testca.P256, "Intermediate")))},
	{"T05_leaf_with_the_key_of_its_CA_encoded_otherwise", stapled.AlgorithmRejected, func(p *presented) {
		p.leaf = p.ca.Leaf(testca.WithKey(p.ca.Key)).Alias(3)
		p.chain = p.leaf.Chain()
	}},
	{"T05_leaf_with_the_key_of_its_anchor", stapled.ChainUntrusted, leaf(testca.WithKey(testca.Key(testca.P256, "Root")))},
	{"T05_leaf_with_the_name_and_key_of_its_CA", stapled.ChainUntrusted, leaf(func(c *testca.Template) {
		c.Subject.CommonName, c.URIs, c.DNSNames = "Intermediate", nil, nil
	})},
	{"T05_anchor_with_an_unknown_critical_extension", stapled.ChainUntrusted, func(p *presented) { p.under(critical) }},
	{"T04_no_certificate", stapled.ChainInvalid, func(p *presented) { p.chain = nil }},
	{"T04_six_certificates", stapled.ChainInvalid, func(p *presented) { p.deep(6) }},
	{"T04_200_certificates", stapled.ChainInvalid, func(p *presented) { p.chain = slices.Repeat(p.chain, 100) }},
	{"T04_order_reversed", stapled.ChainInvalid, func(p *presented) { slices.Reverse(p.chain) }},
	{"T04_order_shuffled", stapled.ChainInvalid, func(p *presented) {
		p.deep(4)
		p.chain[1], p.chain[2] = p.chain[2], p.chain[1]
	}},
	{"T04_self_issued_certificate_twice", stapled.ChainInvalid, func(p *presented) {
		p.through(p.root.Intermediate(testca.Named("Root"), testca.WithKey(testca.Key(testca.P256, "new"))))
		p.chain = append(p.chain, p.chain[1])
	}},
	{"T04_leaf_twice", stapled.ChainInvalid, func(p *presented) { p.chain = slices.Insert(p.chain, 0, p.chain[0]) }},
	{"T04_intermediate_twice", stapled.ChainInvalid, func(p *presented) { p.chain = append(p.chain, p.chain[1]) }},
	{"T22_only_the_root", stapled.ChainUntrusted, func(p *presented) { p.chain = []*x509.Certificate{p.root.Cert} }},
	{"T04_unrelated_certificate_inserted", stapled.ChainInvalid, func(p *presented) {
		p.chain = slices.Insert(p.chain, 1, testca.New(testca.Named("unrelated")).Cert)
	}},
	{"T04_unrelated_certificate_appended", stapled.ChainInvalid, func(p *presented) {
		p.chain = append(p.chain, testca.New(testca.Named("unrelated")).Cert)
	}},
	{"T04_intermediate_missing", stapled.ChainUntrusted, func(p *presented) { p.chain = p.chain[:1] }},
}

// under presents a chain below a root that is edited.
func (p *presented) under(edit testca.Edit) {
	p.root = testca.New(testca.Named("Edited root"), edit)
	p.anchors = []*x509.Certificate{p.root.Cert}
	p.through(p.root.Intermediate())
}

// deep presents so many certificates.
func (p *presented) deep(n int) {
	ca := p.root
	for i := range n - 1 {
		ca = ca.Intermediate(testca.Named(string(rune('A' + i))))
	}
	p.through(ca)
}

func usages(list ...x509.ExtKeyUsage) testca.Edit {
	return func(c *testca.Template) { c.ExtKeyUsage = list }
}

// extra adds a critical extension of the arc id-ce.
func extra(number int, value ...byte) testca.Edit {
	return func(c *testca.Template) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, number}, Critical: true, Value: value})
	}
}

// signedWithMD5 makes a certificate say that it is signed with MD5 instead of
// SHA-256; nobody verifies the signature of one that says so.
func signedWithMD5(c *x509.Certificate) *x509.Certificate {
	sha256WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}
	der := slices.Clone(c.Raw)
	for i := range der {
		if slices.Equal(der[i:min(i+9, len(der))], sha256WithRSA) {
			der[i+8] = 4
		}
	}
	return testca.MustParse(der)
}

// weak certifies a key that nobody holds.
func weak(key crypto.PublicKey) testca.Edit {
	return func(t *testca.Template) { t.PublicKey, t.SigningKey = key, testca.Key(testca.P256, "weak") }
}

func TestForgeriesAsAnchors(t *testing.T) {
	for name, root := range map[string]*testca.Party{
		"T05_leaf":                   testca.New().Leaf(),
		"T05_version_1":              {Cert: testca.New().Intermediate().Version1().Cert},
		"T05_no_CA":                  testca.New(func(c *testca.Template) { c.IsCA = false }),
		"T05_without_keyCertSign":    testca.New(func(c *testca.Template) { c.KeyUsage = x509.KeyUsageCRLSign }),
		"T05_RSA_1024":               testca.New(testca.Keyed(testca.RSA1024)),
		"T05_P224":                   testca.New(testca.Keyed(testca.P224)),
		"T26_Ed25519_of_small_order": testca.New(weak(ed25519.PublicKey(testca.SmallOrder()[0]))),
		"T26_RSA_with_a_fingerprint": testca.New(weak(testca.FingerprintedRSA(2048))),
	} {
		t.Run(name, func(t *testing.T) {
			if anchors, err := certs.NewAnchors(testca.New().Cert, root.Cert); err == nil || anchors != nil {
				t.Errorf("%v, %v", anchors, err)
			}
		})
	}
	if anchors, err := certs.NewAnchors(); err == nil || anchors != nil {
		t.Errorf("none: %v, %v", anchors, err)
	}
}

func TestForgeriesOfPaths(t *testing.T) {
	for _, row := range pathForgeries {
		t.Run(row.name, func(t *testing.T) {
			p := newPresented()
			row.forge(p)
			if _, err := p.verify(t); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

// TestNameOfTheIssuer: a chain that no anchor issued says which one was looked for,
// also where a CA has no common name, and which there are.
func TestNameOfTheIssuer(t *testing.T) {
	withoutCN := func(t *testca.Template) {
		t.Subject = pkix.Name{Organization: []string{"SPIRE"}, Country: []string{"US"}}
	}
	spire := testca.New(withoutCN)
	leaf := spire.Leaf(func(t *testca.Template) { t.Subject = pkix.Name{} })
	var many []*x509.Certificate
	for i := range 20 {
		many = append(many, testca.New(testca.Named(fmt.Sprintf("Anchor %d", i))).Cert)
	}
	for _, row := range []struct {
		name    string
		anchors []*x509.Certificate
		want    string
	}{
		{"one", many[:1], `no trust anchor is named "O=SPIRE,C=US", the issuer of "URI:spiffe://test.example/client"; trusted: "CN=Anchor 0"`},
		{"three", many[:3], `; trusted: "CN=Anchor 0", "CN=Anchor 1", "CN=Anchor 2"`},
		{"many", many, `"CN=Anchor 8", "CN=Anchor 9" and 10 more`},
		{"another key", []*x509.Certificate{testca.New(withoutCN, testca.Keyed(testca.P384)).Cert},
			`"URI:spiffe://test.example/client" is not signed by the key of the trust anchor "O=SPIRE,C=US"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			anchors, err := certs.NewAnchors(row.anchors...)
			if err != nil {
				t.Fatal(err)
			}
			ordered, err := certpath.Order(anchors, leaf.Chain())
			if err != nil {
				t.Fatal(err)
			}
			_, err = ordered.Link(certpath.Rules{Now: testca.Now, KeyUsage: x509.ExtKeyUsageClientAuth}, nil)
			if !errors.Is(err, stapled.ChainUntrusted) || !strings.HasSuffix(err.Error(), row.want) {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
}
