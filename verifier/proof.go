// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// provenHeader is a header whose signatures have all been verified: those of
// the chain, the staples and at least one token. Another token with the same
// header needs only its own signature and the times checked. It is immutable.
type provenHeader struct {
	segment string
	// generation is that of the anchors with which it was proven.
	generation uint64
	anchor     *certs.Anchor
	typ        string
	signer     *signer
	// window is the time in which all certificates are valid: those in the path
	// and those that signed the staples.
	window     certpath.Window
	leaf       []byte // DER; parsed, it would take more than all the rest together
	names      san.Names
	identity   string
	staples    []provenStaple
	unstapled  []certificateID // the rest of the path
	freshUntil time.Time
}

// provenStaple is an authentic staple and the certificate it is about.
type provenStaple struct {
	staple *ocspstaple.Staple
	cert   certificateID
}

// candidate is what a header claims, not yet proven.
type candidate struct {
	segment string
	trust   *trust
	chain   *chain
	ordered certpath.Ordered
	signer  *signer
}

// newCandidate does steps 2 and 3: it checks that the header is allowed and
// that its parts fit together.
func (v *Verifier) newCandidate(h *header, segment string, trust *trust) (candidate, error) {
	alg, err := h.check(&v.view, v.cfg.Algorithms)
	if err != nil {
		return candidate{}, err
	}
	chain, err := parseChain(h.x5c, v.links, trust.generation)
	if err != nil {
		return candidate{}, err
	}
	ordered, err := certpath.Order(trust.anchors, chain.certs)
	if err != nil {
		return candidate{}, err
	}
	signer, err := newSigner(chain.certs[0].PublicKey, alg)
	if err != nil {
		return candidate{}, err
	}
	id := chain.keyID()
	if h.hasKid && h.kid != id {
		return candidate{}, reject(stapled.KeyMismatch, "kid is not the SHA-256 digest of the leaf")
	}
	if h.hasDigest && h.digest != id {
		return candidate{}, reject(stapled.KeyMismatch, "x5t#S256 is not the SHA-256 digest of the leaf")
	}
	return candidate{segment: segment, trust: trust, chain: chain, ordered: ordered, signer: signer}, nil
}

// prove does step 6: every certificate in the path that needs a staple has one,
// and every staple of the path proves that its certificate is good. Staples of
// what x5c holds beyond the path say nothing.
func (v *Verifier) prove(c candidate, path *certpath.Path, names san.Names, h *header, at moment) (*provenHeader, error) {
	staples, required := h.ocsp, 1
	if v.cfg.StapleChain {
		required = len(path.Chain)
	}
	switch {
	case len(staples) < required:
		return nil, reject(stapled.StapleMissing, "%d staples, where %d are required", len(staples), required)
	case len(staples) > len(c.chain.certs):
		return nil, reject(stapled.StapleMalformed, "%d staples for %d certificates", len(staples), len(c.chain.certs))
	}
	staples = staples[:min(len(staples), len(path.Chain))]
	proven := &provenHeader{
		segment: c.segment, generation: c.trust.generation, anchor: path.Anchor, typ: v.view.own(h.typ),
		signer: c.signer, window: path.Window, leaf: path.Chain[0].Raw, names: names,
		identity: names.Identity(),
		staples:  make([]provenStaple, len(staples)), freshUntil: path.Until,
	}
	for i, value := range staples {
		der, err := certx5c.DecodeBase64(value)
		if err != nil {
			return nil, reject(stapled.StapleMalformed, "ocsp[%d]: %w", i, err)
		}
		staple, err := ocspstaple.Authenticate(der, path.Chain[i], path.Issuer(i), at.now, v.freshness.Leeway)
		if err != nil {
			return nil, rejectStaple(err, i)
		}
		proven.staples[i] = provenStaple{staple: staple, cert: certificateIDOf(path.Chain[i], path.Issuer(i))}
		if delegate := staple.Delegate(); delegate != nil {
			proven.narrow(delegate)
		}
		v.revocations.learn(proven.staples[i], i > 0, at.now, v.freshness)
		if until := staple.FreshUntil(v.freshness); until.Before(proven.freshUntil) {
			proven.freshUntil = until
		}
	}
	for i := len(staples); i < len(path.Chain); i++ {
		proven.unstapled = append(proven.unstapled, certificateIDOf(path.Chain[i], path.Issuer(i)))
	}
	if err := v.checkStaples(proven, at.now); err != nil {
		return nil, err
	}
	return proven, nil
}

// narrow limits the window to the validity of the certificate.
func (h *provenHeader) narrow(c *x509.Certificate) {
	if c.NotBefore.After(h.window.NotBefore) {
		h.window.NotBefore = c.NotBefore
	}
	if c.NotAfter.Before(h.window.NotAfter) {
		h.window.NotAfter = c.NotAfter
	}
}

// checkStaples does the parts of step 6 that depend on the time and on
// revocations seen.
func (v *Verifier) checkStaples(h *provenHeader, now time.Time) error {
	for i, s := range h.staples {
		if err := v.revocations.checkStapled(s, now, v.freshness); err != nil {
			return rejectStaple(err, i)
		}
		if err := s.staple.Check(now, v.freshness); err != nil {
			return rejectStaple(err, i)
		}
	}
	for i, cert := range h.unstapled {
		if err := v.revocations.checkUnstapled(cert, now); err != nil {
			return stapled.In(fmt.Sprintf("x5c[%d]", len(h.staples)+i), err)
		}
	}
	return nil
}
