// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
)

// FuzzChain presents arbitrary certificates, concatenated as DER, below an
// arbitrary anchor. Nothing panics, every error is one of those documented,
// memory is bounded by the size of the input, certificates survive their encoding, and whatever is accepted crypto/x509
// accepts too.
func FuzzChain(f *testing.F) {
	seeds := 0
	add := func(anchor *x509.Certificate, chain []*x509.Certificate) {
		var all []byte
		for _, c := range chain {
			all = append(all, c.Raw...)
		}
		f.Add(all, anchor.Raw)
		seeds++
	}
	for _, row := range pathForgeries {
		p := newPresented()
		row.forge(p)
		if len(p.chain) <= stapled.MaxChain+1 {
			add(p.anchors[0], p.chain)
		}
	}
	for _, kind := range testca.Kinds() {
		root := testca.New(testca.Keyed(kind))
		add(root.Cert, root.Intermediate(testca.Keyed(kind)).Leaf(testca.Keyed(kind)).Chain())
	}
	if vectors.Available() {
		for _, c := range vectors.Load[chainCase](f, "chain-boringssl.json").Cases {
			if leaf, others, err := c.certificates(); err == nil {
				if _, roots, err := c.anchors(); err == nil {
					add(roots[0], append([]*x509.Certificate{leaf}, others...))
				}
			}
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, ders, anchor []byte) {
		root, err := certx5c.ParseDER(anchor)
		if err != nil {
			return
		}
		anchors, err := certs.NewAnchors(root)
		if err != nil {
			return
		}
		chain, err := x509.ParseCertificates(ders)
		if err != nil {
			return
		}
		var again []*x509.Certificate
		x5c := certx5c.Encode(chain)
		bounds.Hold(t, 64<<10+64*uint64(len(ders)), func() { again, err = certx5c.Parse(x5c) })
		if err != nil {
			t.Fatalf("x5c: %v", err)
		}
		for i, c := range chain {
			if !bytes.Equal(c.Raw, again[i].Raw) {
				t.Fatal("x5c does not survive its encoding")
			}
			checkNames(t, c)
		}
		if _, err := certpath.Order(anchors, chain); err != nil {
			if !isOneOf(err, []error{stapled.ChainInvalid, stapled.AlgorithmRejected, stapled.AlgorithmRejected}) {
				t.Fatalf("Order: %v", err)
			}
			return
		}
		// The time is one at which the chain has a chance.
		now := chain[0].NotBefore
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
			var path *certpath.Path
			bounds.Hold(t, 256<<10+64*uint64(len(ders)), func() { path, err = validate(anchors, chain, now, usage, nil) })
			if err != nil {
				if path != nil || !isOneOf(err, []error{stapled.ChainUntrusted, stapled.CertificateExpired, stapled.CertificateNotYetValid, stapled.KeyUsage}) {
					t.Fatalf("Verify: %v", err)
				}
				continue
			}
			// It counts self-issued certificates against pathLenConstraint.
			if err := standardLibrary(path.Chain, []*x509.Certificate{root}, now, usage); err != nil && !isTooMany(err, path) {
				t.Fatalf("accepted, but crypto/x509 says: %v", err)
			}
		}
	})
}

// isTooMany reports whether crypto/x509 refuses a path for its length, which
// self-issued certificates do not add to (RFC 5280 §4.2.1.9).
func isTooMany(err error, path *certpath.Path) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.TooManyIntermediates &&
		slices.ContainsFunc(path.Chain[1:], func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) })
}

// checkNames holds what a certificate names against what crypto/x509 says.
func checkNames(t *testing.T, c *x509.Certificate) {
	names, err := san.Of(c)
	if err != nil {
		if !errors.Is(err, stapled.IssuerMismatch) {
			t.Fatalf("NamesOf: %v", err)
		}
		return
	}
	if len(names.URIs) != len(c.URIs) || len(names.DNS) != len(c.DNSNames) {
		t.Fatalf("%+v, but crypto/x509 has %v and %v", names, c.URIs, c.DNSNames)
	}
	for i, dns := range names.DNS {
		if dns != c.DNSNames[i] {
			t.Fatalf("%q, but crypto/x509 has %q", dns, c.DNSNames[i])
		}
	}
}
