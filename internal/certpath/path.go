// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certpath validates a chain of certificates from the leaf up to an
// anchor (RFC 5280 §6.1). It takes each step only once the one before has shown
// that it is worth it.
package certpath

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Path is a chain that has been verified up to an anchor. It is immutable.
type Path struct {
	// Chain is the leaf-first chain, without the anchor.
	Chain []*x509.Certificate
	// Anchor issued the last certificate of the chain.
	Anchor *x509.Certificate
	// Window is when every certificate of the path is valid, including the anchor.
	Window Window
}

// Issuer returns the certificate that issued Chain[i].
func (p *Path) Issuer(i int) *x509.Certificate { return p.at(i + 1) }

// at returns a certificate of the path: the chain's, then the anchor.
func (p *Path) at(i int) *x509.Certificate {
	if i < len(p.Chain) {
		return p.Chain[i]
	}
	return p.Anchor
}

// Links remembers which certificates an issuer below an anchor has signed, so
// that each of these signatures is checked once.
type Links interface {
	Known(c, issuer *x509.Certificate) bool
	Add(c, issuer *x509.Certificate)
}

// Ordered is a chain that has passed every check that needs no signature.
type Ordered struct {
	chain   []*x509.Certificate
	anchors *certs.Anchors
}

// Order begins the validation of a chain. It returns ChainInvalid unless the
// chain has 1 to [stapled.MaxChain] certificates, each names the next as its
// issuer (RFC 7515 §4.1.6), none occurs twice, and none is an anchor; and
// AlgorithmRejected if a certificate relies on weak cryptography.
func Order(anchors *certs.Anchors, chain []*x509.Certificate) (Ordered, error) {
	if len(chain) == 0 || len(chain) > stapled.MaxChain {
		return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "%d certificates", len(chain))
	}
	for i, c := range chain {
		if anchors.Contains(c) {
			return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "certificate %d, %s, is a trust anchor, which a chain leaves out: "+
				"the sender has to leave it out, or the verifier to trust only what is above it", i, certname.Of(c))
		}
		for _, other := range chain[:i] {
			if c.Equal(other) {
				return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "certificate %d occurs twice", i)
			}
		}
		if i+1 < len(chain) && string(c.RawIssuer) != string(chain[i+1].RawSubject) {
			return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "certificate %d is issued by %s, and the one after it is %s", i, certname.IssuerOf(c), certname.Of(chain[i+1]))
		}
		if err := certkey.Check(c.PublicKey); err != nil {
			return Ordered{}, stapled.In(fmt.Sprintf("certificate %d", i), err)
		}
		if err := certkey.CheckSignatureAlgorithm(c.SignatureAlgorithm); err != nil {
			return Ordered{}, stapled.In(fmt.Sprintf("certificate %d", i), err)
		}
	}
	return Ordered{chain: chain, anchors: anchors}, nil
}

// Link continues the validation (RFC 5280 §6.1) for a leaf that signs tokens,
// up to the last step, which is [Linked.Path]. The leaf must list the extended
// key usage itself; "any" does not count. Link checks signatures from the
// anchor downwards, so it uses only keys that an anchor vouches for, and a
// chain made up by somebody without a certificate costs one signature check.
//
// Errors name certificates as package certname does, at a bounded cost: anybody
// can write one.
//
// Links may be nil. Link adds the links between CAs; the caller adds the leaf's
// once the leaf has proven possession of its key.
func (o Ordered) Link(now time.Time, usage x509.ExtKeyUsage, links Links) (*Linked, error) {
	if o.anchors == nil {
		return nil, stapled.Errorf(stapled.ChainInvalid, "no chain")
	}
	// 1. An anchor signed the last certificate.
	last := len(o.chain) - 1
	anchor := signerOf(o.anchors, o.chain[last], last > 0, now, links)
	if anchor == nil {
		return nil, stapled.Errorf(stapled.ChainUntrusted, "%s", o.anchors.Missing(o.chain[last]))
	}
	path := Path{Chain: o.chain, Anchor: anchor}

	// 2. The certificate after it signed every other certificate, and is a CA that
	// may sign certificates (RFC 5280 §6.1.3 (a)(1), §6.1.4 (k) and (n)).
	for i := last - 1; i >= 0; i-- {
		if err := checkLink(o.chain[i], o.chain[i+1], i > 0, links); err != nil {
			return nil, stapled.Errorf(stapled.ChainUntrusted, "%s is not issued by %s: %w", certname.Of(o.chain[i]), certname.Of(o.chain[i+1]), err)
		}
	}

	// 3. No CA has more intermediates below it than its pathLenConstraint permits,
	// or an unknown critical extension (§6.1.4 (l) to (o), §6.1.5 (f)).
	if err := path.checkConstraints(); err != nil {
		return nil, err
	}

	// 4. The time is inside every window (§6.1.3 (a)(2)).
	path.Window = path.intersectWindows()
	if err := path.Window.Check(now); err != nil {
		return nil, err
	}

	// 5. The leaf may sign tokens, and no CA restricts it to something else.
	if err := path.checkUsage(usage); err != nil {
		return nil, err
	}
	return &Linked{path: path}, nil
}

// signerOf finds the anchor that signed a certificate, among those with the
// issuer name that it gives; it prefers one that is valid now.
func signerOf(anchors *certs.Anchors, c *x509.Certificate, add bool, now time.Time, links Links) *x509.Certificate {
	var found *x509.Certificate
	for _, anchor := range anchors.Named(c.RawIssuer) {
		if !sameKeyID(c, anchor) || checkLink(c, anchor, add, links) != nil {
			continue
		}
		if found = anchor; !now.Before(anchor.NotBefore) && !now.After(anchor.NotAfter) {
			break
		}
	}
	return found
}

// sameKeyID compares the identifiers that a certificate and its issuer give for
// the issuer's key (RFC 5280 §4.2.1.1), if both give one.
func sameKeyID(c, issuer *x509.Certificate) bool {
	return len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 ||
		bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId)
}

// checkLink checks one signature unless it is known, and may add it.
func checkLink(c, issuer *x509.Certificate, add bool, links Links) error {
	if links != nil && links.Known(c, issuer) {
		return nil
	}
	// CheckSignatureFrom also requires the issuer to be a CA with keyCertSign.
	if err := c.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	// Do not add a leaf in the place of a CA: anybody can put one there.
	if links != nil && add && c.IsCA {
		links.Add(c, issuer)
	}
	return nil
}

func (p *Path) checkConstraints() error {
	for below := range p.Chain {
		ca := p.Issuer(below)
		if !ca.BasicConstraintsValid || !ca.IsCA {
			return stapled.Errorf(stapled.ChainUntrusted, "%s is not a CA", certname.Of(ca))
		}
		// OCSP responses signed with the CA's key would be the leaf's own.
		if certkey.Same(ca, p.Chain[0]) {
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
