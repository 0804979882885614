// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestNoForgeriesOfPaths(t *testing.T) {
	rows := []struct {
		name string
		make func(*presented)
	}{
		{"leaf_of_an_intermediate", func(*presented) {}},
		{"leaf_of_the_anchor", func(p *presented) { p.through(p.root) }},
		{"anchor_is_the_intermediate", func(p *presented) {
			p.anchors, p.chain = []*x509.Certificate{p.ca.Cert}, p.chain[:1]
		}},
		{"five_certificates", func(p *presented) { p.deep(5) }},
		{"path_length_just_kept", func(p *presented) {
			p.through(p.root.Intermediate(func(c *testca.Template) { c.MaxPathLen = 1 }).Intermediate(testca.Named("Second")))
		}},
		{"first_second", func(p *presented) { p.now = p.leaf.Cert.NotBefore }},
		{"last_second", func(p *presented) { p.now = p.leaf.Cert.NotAfter }},
		{"intermediate_for_any_extended_key_usage", intermediate(usages(x509.ExtKeyUsageAny))},
		{"intermediate_for_clientAuth_among_others", intermediate(usages(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth))},
		{"intermediate_without_key_usage", intermediate(func(c *testca.Template) { c.KeyUsage = 0 })},
		{"leaf_for_another_usage_that_is_asked_for", func(p *presented) {
			p.through(p.ca, usages(x509.ExtKeyUsageCodeSigning))
			p.usage = x509.ExtKeyUsageCodeSigning
		}},
		{"leaf_for_more_than_is_asked_for", leaf(usages(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth))},
		{"name_constraint_kept", intermediate(func(c *testca.Template) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"test.example"}
			c.PermittedURIDomains = []string{"test.example"}
		})},
		{"several_anchors", func(p *presented) {
			p.anchors = []*x509.Certificate{testca.New(testca.Named("Other")).Cert, p.root.Cert, p.root.Cert}
		}},
		{"two_anchors_of_one_name", func(p *presented) {
			p.anchors = []*x509.Certificate{testca.New(testca.WithKey(testca.Key(testca.P256, "namesake"))).Cert, p.root.Cert}
		}},
		{"two_anchors_of_one_name_without_identifiers", func(p *presented) {
			bare := func(c *testca.Template) { c.SubjectKeyId = []byte{} }
			p.under(bare)
			p.anchors = []*x509.Certificate{
				testca.New(testca.Named("Edited root"), testca.WithKey(testca.Key(testca.P256, "namesake")), bare).Cert, p.root.Cert,
			}
		}},
		{"anchor_beside_its_expired_predecessor", func(p *presented) {
			old := testca.New(testca.Valid(testca.Now.AddDate(-9, 0, 0), testca.Now.Add(-time.Hour)))
			p.anchors = []*x509.Certificate{old.Cert, p.root.Cert}
		}},
		{"intermediate_certified_by_itself", func(p *presented) { p.through(p.ca.Intermediate()) }},
		{"root_included", func(p *presented) { p.chain = append(p.chain, p.root.Cert) }},
		{"root_of_another_key_identifier", func(p *presented) {
			p.through(testca.New(func(c *testca.Template) { c.SubjectKeyId = []byte("another") }).Intermediate())
		}},
		{"self_issued_certificate_below_a_path_length", func(p *presented) {
			p.under(func(c *testca.Template) { c.MaxPathLen = 1 })
			p.through(p.root.Intermediate(testca.Named("Edited root"), testca.WithKey(testca.Key(testca.P256, "new"))).Intermediate())
		}},
		{"twin_of_the_anchor", func(p *presented) { p.through(p.root.Intermediate(testca.Named("Root"))) }},
		{"new_key_of_a_CA_certified_by_the_old", func(p *presented) {
			p.through(p.root.Intermediate(testca.Named("Root"), testca.WithKey(testca.Key(testca.P256, "new"))))
		}},
	}
	for _, kind := range testca.Kinds() {
		rows = append(rows, struct {
			name string
			make func(*presented)
		}{string(kind), func(p *presented) {
			p.under(testca.Keyed(kind))
			p.through(p.root.Intermediate(testca.Keyed(kind)), testca.Keyed(kind))
		}})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := newPresented()
			row.make(p)
			path, err := p.verify(t)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(path.Chain, p.chain[:len(path.Chain)]) || !slices.ContainsFunc(p.anchors, path.Top.Equal) {
				t.Error("another path than the one presented")
			}
			for i, c := range path.Chain {
				if err := c.CheckSignatureFrom(path.Issuer(i)); err != nil {
					t.Errorf("Issuer(%d): %v", i, err)
				}
			}
		})
	}
}

// The window of a path is where those of its certificates overlap.
func TestPathWindow(t *testing.T) {
	p := newPresented()
	from, to := testca.Now.Add(-time.Minute), testca.Now.Add(time.Minute)
	p.through(p.root.Intermediate(testca.Valid(from, testca.Now.AddDate(1, 0, 0))),
		testca.Valid(testca.Now.Add(-time.Hour), to))
	path, err := p.verify(t)
	if err != nil {
		t.Fatal(err)
	}
	if want := (certpath.Window{NotBefore: from, NotAfter: to}); path.Window != want {
		t.Errorf("window %v, want %v", path.Window, want)
	}
}

// The anchors of the system are never trusted.
func TestSystemRootIsNoAnchor(t *testing.T) {
	system := testca.New(testca.Named("System root"))
	leaf := system.Leaf()
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: system.Cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	// The library reads the variable once in the life of a process. Nothing
	// else in this package asks for the system's roots.
	t.Setenv("SSL_CERT_FILE", file)
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := leaf.Cert.Verify(x509.VerifyOptions{CurrentTime: testca.Now, KeyUsages: usage}); err != nil {
		t.Fatalf("the root is not one of the system's: %v", err)
	}
	p := newPresented()
	p.chain = leaf.Chain()
	if _, err := p.verify(t); err == nil {
		t.Error("a system root is trusted")
	}
}

// links remembers signatures, and counts.
type links struct {
	known map[[2]string]bool
	asked int
	hits  int
}

func (l *links) Known(c, issuer *x509.Certificate) bool {
	l.asked++
	known := l.known[[2]string{string(c.Raw), string(issuer.Raw)}]
	if known {
		l.hits++
	}
	return known
}

func (l *links) Add(c, issuer *x509.Certificate) {
	l.known[[2]string{string(c.Raw), string(issuer.Raw)}] = true
}

// What is remembered below an anchor is a signature that was verified, and
// never makes a path good that is not.
func TestLinks(t *testing.T) {
	p := newPresented()
	p.deep(4)
	anchors, err := certs.NewAnchors(p.anchors...)
	if err != nil {
		t.Fatal(err)
	}
	memory := &links{known: make(map[[2]string]bool)}
	for range 2 {
		if _, err := validate(anchors, p.chain, p.now, p.usage, memory); err != nil {
			t.Fatal(err)
		}
	}
	// That of the leaf is for the caller to add.
	if len(memory.known) != 3 || memory.hits != 3 {
		t.Errorf("%d links, %d hits", len(memory.known), memory.hits)
	}
	memory.Add(p.chain[0], p.chain[1])
	if _, err := validate(anchors, p.chain, p.now, p.usage, memory); err != nil {
		t.Fatal(err)
	}
	if memory.hits != 7 {
		t.Errorf("%d hits", memory.hits)
	}
	if _, err := validate(anchors, p.chain, testca.Now.AddDate(2, 0, 0), p.usage, memory); err == nil {
		t.Error("an expired chain is accepted from memory")
	}

	// A stranger's chain of certificates that certify each other leaves nothing
	// behind, and costs one verification: that of its last certificate.
	stranger := newPresented()
	stranger.through(testca.New(testca.WithKey(testca.Key(testca.P256, "namesake"))).Intermediate(testca.WithKey(testca.Key(testca.P256, "stranger"))))
	if _, err := validate(anchors, stranger.chain, p.now, p.usage, memory); err == nil {
		t.Error("a stranger's chain is accepted")
	}
	if len(memory.known) != 4 {
		t.Error("a stranger's signatures are remembered")
	}
}

// No step of the validation can be left out: what the one before it has not made
// leads nowhere.
func TestValidationInOrder(t *testing.T) {
	if linked, err := (certpath.Ordered{}).Link(certpath.Rules{Now: testca.Now, KeyUsage: x509.ExtKeyUsageClientAuth}, nil); linked != nil || !errors.Is(err, stapled.ChainInvalid) {
		t.Errorf("Link of nothing: %v, %v", linked, err)
	}
	if path, err := new(certpath.Linked).Path(); path != nil || !errors.Is(err, stapled.ChainUntrusted) {
		t.Errorf("Path of nothing: %v, %v", path, err)
	}
	p := newPresented()
	p.through(p.root, testca.Keyed(testca.RSA1024))
	anchors, err := certs.NewAnchors(p.anchors...)
	if err != nil {
		t.Fatal(err)
	}
	if path, err := validate(anchors, p.chain, p.now, p.usage, nil); path != nil || !errors.Is(err, stapled.AlgorithmRejected) {
		t.Errorf("Verify of a weak key: %v, %v", path, err)
	}
	if set, err := certs.NewAnchors(nil); set != nil || err == nil {
		t.Errorf("a nil anchor: %v, %v", set, err)
	}
}

// Of several anchors of one name, the one that a certificate identifies as its
// issuer comes first, and the others still count: a CA may change how it derives
// the identifier.
func TestAnchorsInOrderOfTheirKeyIdentifier(t *testing.T) {
	p := newPresented()
	p.through(p.root)
	for _, name := range []string{"a", "b", "c"} {
		p.anchors = append(p.anchors, testca.New(testca.WithKey(testca.Key(testca.P256, name))).Cert)
	}
	for _, row := range []struct {
		name    string
		anchors []*x509.Certificate
		asked   int
		want    error
	}{
		{"identified", p.anchors, 1, nil},
		{"absent", p.anchors[1:], 3, stapled.ChainUntrusted},
	} {
		t.Run(row.name, func(t *testing.T) {
			anchors, err := certs.NewAnchors(row.anchors...)
			if err != nil {
				t.Fatal(err)
			}
			memory := &links{known: make(map[[2]string]bool)}
			if _, err := validate(anchors, p.chain, p.now, p.usage, memory); !errors.Is(err, row.want) || memory.asked != row.asked {
				t.Errorf("%d anchors tried, want %d; %v", memory.asked, row.asked, err)
			}
		})
	}
}
