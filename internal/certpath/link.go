// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Links remembers which certificates an issuer below an anchor, or an anchor,
// has signed, so that each of these signatures is checked once.
type Links interface {
	Known(c, issuer *x509.Certificate) bool
	Add(c, issuer *x509.Certificate)
}

// Rules are what a verifier requires of a path.
type Rules struct {
	// Now is the time of verification.
	Now time.Time
	// Leeway is how far in the future a certificate may begin. It never moves an
	// end.
	Leeway time.Duration
	// KeyUsage is the extended key usage that the leaf must list itself; "any"
	// does not count (RFC 5280 §4.2.1.12).
	KeyUsage x509.ExtKeyUsage
}

// Linked is a chain that leads to an anchor, before checking whether the CAs of
// the path permit its names and policies. That check waits until the sender of
// the chain has proven possession of the leaf's key.
type Linked struct {
	rules Rules
	// paths are the chain with each of the anchor's certificates, in order, and
	// what step 4 says of each.
	paths []candidate
}

type candidate struct {
	*Path
	refused error
}

// Link continues the validation (RFC 5280 §6.1) for a leaf that signs tokens,
// up to the last step, which is [Linked.Path]. Link checks signatures from the
// anchor downwards, so it uses only keys that an anchor vouches for, and a
// chain made up by somebody without a certificate costs at most one signature
// check for each key that the anchors have under the issuer's name.
//
// Errors name certificates as package certname does, at a bounded cost: anybody
// can write one.
//
// Links may be nil. Link adds the links between CAs; the caller adds the leaf's
// once the leaf has proven possession of its key.
func (o Ordered) Link(rules Rules, links Links) (*Linked, error) {
	if o.anchors == nil || len(o.chain) == 0 {
		return nil, stapled.Errorf(stapled.ChainInvalid, "no chain")
	}
	// 1. The key of an anchor signs no tokens.
	if o.anchors.HaveKeyOf(o.chain[0]) {
		return nil, stapled.Errorf(stapled.ChainUntrusted, "the leaf has the key of a trust anchor")
	}
	// 2. An anchor signed the last certificate: the anchor in x5c and no other, or
	// else one with the issuer's name.
	last := len(o.chain) - 1
	anchor := o.anchor
	if anchor != nil {
		if err := checkLink(o.chain[last], anchor.Certificates()[0], last > 0, links); err != nil {
			return nil, stapled.Errorf(stapled.ChainUntrusted, "%s is not issued by the trust anchor in x5c: %w", certname.Of(o.chain[last]), err)
		}
	} else if anchor = signerOf(o.anchors, o.chain[last], last > 0, links); anchor == nil {
		return nil, stapled.Errorf(stapled.ChainUntrusted, "%s", o.anchors.Missing(o.chain[last]))
	}
	// 3. The certificate after it signed every other certificate, and is a CA that
	// may sign certificates (RFC 5280 §6.1.3 (a)(1), §6.1.4 (k) and (n)).
	for i := last - 1; i >= 0; i-- {
		if err := checkLink(o.chain[i], o.chain[i+1], i > 0, links); err != nil {
			return nil, stapled.Errorf(stapled.ChainUntrusted, "%s is not issued by %s: %w", certname.Of(o.chain[i]), certname.Of(o.chain[i+1]), err)
		}
	}
	// 4. With one of the anchor's certificates, the path is valid so far.
	l := &Linked{rules: rules}
	held := false
	for _, top := range anchor.Certificates() {
		p := newPath(o.chain, anchor, top)
		err := p.check(rules)
		held = held || err == nil
		l.paths = append(l.paths, candidate{p, err})
	}
	if !held {
		return nil, l.paths[0].refused
	}
	return l, nil
}

// signerOf finds the anchor that signed a certificate, among those with the
// issuer name that it gives.
func signerOf(anchors *certs.Anchors, c *x509.Certificate, add bool, links Links) *certs.Anchor {
	for _, anchor := range anchors.IssuersOf(c) {
		if checkLink(c, anchor.Certificates()[0], add, links) == nil {
			return anchor
		}
	}
	return nil
}

var (
	errNoCA       = errors.New("the issuer is not a CA")
	errNoCertSign = errors.New("the issuer's key usage does not permit signing certificates")
)

// checkLink checks that the issuer is a CA that may sign certificates, and its
// signature unless that is known, and may add it.
func checkLink(c, issuer *x509.Certificate, add bool, links Links) error {
	if !issuer.BasicConstraintsValid || !issuer.IsCA {
		return errNoCA
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
		return errNoCertSign
	}
	if links != nil && links.Known(c, issuer) {
		return nil
	}
	if err := issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
		return err
	}
	// Do not add a leaf in the place of a CA: anybody can put one there.
	if links != nil && add && c.IsCA {
		links.Add(c, issuer)
	}
	return nil
}

// Path completes the validation: the names and the policies are those that the
// CAs of this very path permit (RFC 5280 §6.1.3 (b) to (f)). Of the anchor's
// certificates, the first with which everything is valid counts; if there is
// none, the first one gives the reason.
func (l *Linked) Path() (*Path, error) {
	if len(l.paths) == 0 {
		return nil, stapled.Errorf(stapled.ChainUntrusted, "no chain")
	}
	var found *Path
	var until time.Time
	var refused error
	for _, p := range l.paths {
		err := p.refused
		if err == nil {
			err = p.checkNames()
		}
		if refused == nil {
			refused = err
		}
		switch {
		case err == nil && found == nil:
			found = p.Path
			if until.IsZero() {
				until = p.Window.NotAfter
			}
		case until.IsZero() && p.validLater(l.rules):
			until = p.Window.NotAfter
		}
	}
	if found == nil {
		return nil, refused
	}
	found.Until = until
	return found, nil
}
