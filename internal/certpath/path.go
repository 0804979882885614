// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certpath validates a chain of certificates from the leaf up to an
// anchor (RFC 5280 §6.1). It takes each step only once the one before has shown
// that it is worth it: [Order] looks at bytes, [Ordered.Link] checks signatures,
// and [Linked.Path] what the CAs of the path permit.
package certpath

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Path is a chain that has been verified up to an anchor. It is immutable.
type Path struct {
	// Chain is the leaf-first chain, without the anchor.
	Chain []*x509.Certificate
	// Anchor issued the last certificate of the chain.
	Anchor *certs.Anchor
	// Top is the certificate of the anchor with which the path is valid.
	Top *x509.Certificate
	// Window is when every certificate of the path is valid, including Top.
	Window Window
	// Until is when the path ends with every certificate of the anchor.
	Until time.Time
}

// newPath returns the path from the leaf to one of the anchor's certificates.
func newPath(chain []*x509.Certificate, anchor *certs.Anchor, top *x509.Certificate) *Path {
	p := &Path{Chain: chain, Anchor: anchor, Top: top}
	p.Window = p.intersectWindows()
	return p
}

// Issuer returns the certificate that issued Chain[i].
func (p *Path) Issuer(i int) *x509.Certificate { return p.at(i + 1) }

// at returns a certificate of the path: the chain's, then the anchor's.
func (p *Path) at(i int) *x509.Certificate {
	if i < len(p.Chain) {
		return p.Chain[i]
	}
	return p.Top
}

// check does what step 4 asks of every certificate of the path.
func (p *Path) check(rules Rules) error {
	// 1. No CA has more intermediates below it than its pathLenConstraint permits,
	// or an unknown critical extension (RFC 5280 §6.1.4 (l) to (o), §6.1.5 (f)).
	if err := p.checkConstraints(); err != nil {
		return err
	}
	// 2. The time is inside every window (§6.1.3 (a)(2)).
	if err := p.Window.Check(rules.Now, rules.Leeway); err != nil {
		return err
	}
	// 3. The leaf may sign tokens, and no CA restricts it to something else.
	return p.checkUsage(rules.KeyUsage)
}

// validLater reports whether only the time is wrong, and a later time may be
// right.
func (p *Path) validLater(rules Rules) bool {
	rules.Now = p.Window.NotAfter
	return p.check(rules) == nil && p.checkNames() == nil
}

func (p *Path) checkConstraints() error {
	below := 0 // intermediates that are not self-issued, which do not count
	for i := range p.Chain {
		ca := p.Issuer(i)
		if i > 0 && !bytes.Equal(p.Chain[i].RawIssuer, p.Chain[i].RawSubject) {
			below++
		}
		// OCSP responses signed with the CA's key would be the leaf's own. Both are the
		// only encoding of their key ([Order], [certs.NewAnchors]).
		if bytes.Equal(ca.RawSubjectPublicKeyInfo, p.Chain[0].RawSubjectPublicKeyInfo) {
			return stapled.Errorf(stapled.ChainUntrusted, "the leaf has the key of %s", certname.Of(ca))
		}
		limited := ca.MaxPathLen > 0 || ca.MaxPathLen == 0 && ca.MaxPathLenZero
		if limited && below > ca.MaxPathLen {
			return stapled.Errorf(stapled.ChainUntrusted, "%s permits %d intermediates below it, not %d", certname.Of(ca), ca.MaxPathLen, below)
		}
	}
	for i := range len(p.Chain) + 1 {
		c := p.at(i)
		if unknown := unknownCritical(c); len(unknown) > 0 {
			return stapled.Errorf(stapled.ChainUntrusted, "%s has the unknown critical extension %.60s", certname.Of(c), unknown[0])
		}
		if err := checkExtensions(c); err != nil {
			return err
		}
	}
	return nil
}

func (p *Path) checkUsage(usage x509.ExtKeyUsage) error {
	leaf := p.Chain[0]
	if leaf.IsCA {
		return stapled.Errorf(stapled.KeyUsage, "the leaf is a CA certificate")
	}
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return stapled.Errorf(stapled.KeyUsage, "the leaf lacks digitalSignature (RFC 5280 §4.2.1.3)")
	}
	if !lists(leaf, usage) {
		return stapled.Errorf(stapled.KeyUsage, "the leaf does not list the extended key usage asked for (RFC 5280 §4.2.1.12)")
	}
	for i := range p.Chain {
		ca := p.Issuer(i)
		// In a CA certificate, an absent extension restricts nothing.
		restricted := len(ca.ExtKeyUsage)+len(ca.UnknownExtKeyUsage) > 0
		if restricted && !lists(ca, usage) && !lists(ca, x509.ExtKeyUsageAny) {
			return stapled.Errorf(stapled.KeyUsage, "%s issues for other extended key usages only", certname.Of(ca))
		}
	}
	return nil
}

func lists(c *x509.Certificate, usage x509.ExtKeyUsage) bool {
	for _, u := range c.ExtKeyUsage {
		if u == usage {
			return true
		}
	}
	return false
}
