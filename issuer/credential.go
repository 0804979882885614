// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// credential is what [Issuer.Rotate] swaps: a chain, its key, the source of its
// staples, and the last header made from them. It holds no other state, so
// nothing of one credential can end up in another's token.
type credential struct {
	issuer    *Issuer
	chain     []*x509.Certificate
	anchor    *x509.Certificate // nil if the identity has none
	key       crypto.Signer
	staples   StapleSource
	algorithm jose.SignatureAlgorithm
	hash      crypto.Hash // 0 for EdDSA
	kid       string
	// notBefore and notAfter limit the time in which the whole chain is valid.
	notBefore, notAfter time.Time
	// claims is the beginning of every payload.
	claims []byte

	built    atomic.Pointer[header]
	building sync.Mutex
}

// newCredential checks everything that does not need a staple.
func (i *Issuer) newCredential(id *certs.Identity, staples StapleSource) (*credential, error) {
	// The Identity may have been made without its constructor.
	anchor := id.Anchor
	id, err := certs.NewIdentity(id.Chain, id.Key)
	if err != nil {
		return nil, err
	}
	if anchor == nil {
		anchor = id.Anchor
	}
	c := &credential{
		issuer: i, chain: id.Chain, anchor: anchor, key: id.Key, staples: staples, kid: certx5c.KeyID(id.Leaf()),
	}

	// 1. The algorithm fits the key (RFC 8725 §3.1).
	pub := id.Leaf().PublicKey
	if c.algorithm, err = certkey.AlgorithmFor(pub); err != nil {
		return nil, err
	}
	if i.algorithm != "" {
		c.algorithm = i.algorithm
	}
	if c.hash, err = certkey.Hash(c.algorithm); err != nil {
		return nil, refuse(stapled.ConfigInvalid, "alg %.20q: %w", c.algorithm, err)
	}
	if err := certkey.CheckAlgorithm(pub, c.algorithm); err != nil {
		return nil, err
	}

	// 2. The certificates form a chain, and its leaf may sign tokens. Verifiers
	// would reject it too, but the bearer could not fix it.
	if err := c.checkChain(); err != nil {
		return nil, err
	}

	// 3. The leaf names the issuer.
	names, err := san.Of(id.Leaf())
	if err != nil {
		return nil, err
	}
	if i.name == "" {
		// Only in New; later, a certificate that names another issuer does not
		// belong to this one.
		i.name = names.Issuer()
	}
	if i.name == "" {
		return nil, refuse(stapled.IssuerMismatch, "the certificate of %s has neither a URI nor a DNS name in its subjectAltName, so it cannot name an issuer", certname.Of(id.Leaf()))
	}
	if err := names.CheckIssuer(i.name); err != nil {
		return nil, err
	}
	c.claims = appendString([]byte(`{"iss":`), i.name)

	// 4. The chain is not larger than verifiers accept.
	total := 0
	for n, cert := range c.chain {
		if _, err := certx5c.ParseDER(cert.Raw); err != nil { // too many names
			return nil, stapled.In(fmt.Sprintf("certificate %d, %s", n, certname.Of(cert)), err)
		}
		total += len(cert.Raw)
	}
	if total > stapled.MaxChainBytes {
		return nil, refuse(stapled.TooLarge, "the certificates have %d bytes, and verifiers accept %d", total, stapled.MaxChainBytes)
	}
	return c, nil
}

func (c *credential) checkChain() error {
	leaf := c.chain[0]
	if leaf.IsCA || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return refuse(stapled.KeyUsage, "the certificate of %s must be no CA's and have the key usage digitalSignature (RFC 5280 §4.2.1.3)",
			certname.Of(leaf))
	}
	c.notBefore, c.notAfter = leaf.NotBefore, leaf.NotAfter
	for n, cert := range c.chain {
		if cert.NotBefore.After(c.notBefore) {
			c.notBefore = cert.NotBefore
		}
		if cert.NotAfter.Before(c.notAfter) {
			c.notAfter = cert.NotAfter
		}
		if err := certkey.Check(cert.PublicKey); err != nil {
			return stapled.In(fmt.Sprintf("certificate %d, %s", n, certname.Of(cert)), err)
		}
		issuer := c.issuerOf(n)
		if issuer == nil {
			continue // its staple, if any, will be refused
		}
		if err := cert.CheckSignatureFrom(issuer); err != nil {
			return refuse(stapled.ChainInvalid, "%s did not issue %s, which names %s: %w", certname.Of(issuer), certname.Of(cert), certname.IssuerOf(cert), err)
		}
	}
	return nil
}

// issuerOf returns the certificate that issued certificate n, or nil if that is
// an anchor missing from the identity.
func (c *credential) issuerOf(n int) *x509.Certificate {
	if n+1 < len(c.chain) {
		return c.chain[n+1]
	}
	return c.anchor
}

// header returns a header to sign with now, or an error that says which
// condition fails. It checks the conditions for every token, but makes the
// header only once per set of staples.
func (c *credential) header(now time.Time) (*header, error) {
	staples, err := c.usable(now)
	if err != nil {
		return nil, err
	}
	if h := c.headerOf(staples); h != nil {
		return h, nil
	}
	c.building.Lock()
	defer c.building.Unlock()
	if h := c.headerOf(staples); h != nil {
		return h, nil
	}
	h, err := c.newHeader(staples, now)
	if err != nil {
		return nil, err
	}
	c.built.Store(h)
	c.issuer.log.Info("new token header", "kid", c.kid, "staples", len(staples),
		"fresh_until", h.freshUntil, "bytes", len(h.segment))
	return h, nil
}

// headerOf returns the last header if it was made from these staples, else nil.
func (c *credential) headerOf(staples []*ocspstaple.Staple) *header {
	if h := c.built.Load(); h != nil && slices.Equal(h.staples, staples) {
		return h
	}
	return nil
}

// usable returns the staples if this credential may sign with them now.
func (c *credential) usable(now time.Time) ([]*ocspstaple.Staple, error) {
	if now.After(c.notAfter) {
		return nil, refuse(stapled.CertificateExpired, "the chain ended at %s, and it is %s: enroll a new certificate",
			timetext.Stamp(c.notAfter), timetext.Stamp(now))
	}
	if now.Before(c.notBefore) {
		return nil, refuse(stapled.CertificateNotYetValid, "the chain begins at %s, and it is %s", timetext.Stamp(c.notBefore), timetext.Stamp(now))
	}
	staples, err := c.staples.Current(now)
	if err != nil {
		c.nudge()
		return nil, refuseStaple(err)
	}
	if err := c.checkStaples(staples, now); err != nil {
		c.nudge()
		return nil, err
	}
	return staples, nil
}

// nudge tells a source that is a [Nudger] that its staples are needed.
func (c *credential) nudge() {
	if n, ok := c.staples.(Nudger); ok {
		n.Nudge()
	}
}

func (c *credential) checkStaples(staples []*ocspstaple.Staple, now time.Time) error {
	if len(staples) == 0 {
		return refuse(stapled.StapleMissing, "the source has none")
	}
	if len(staples) > len(c.chain) {
		return refuse(stapled.StapleMismatch, "%d staples for %d certificates", len(staples), len(c.chain))
	}
	for n, staple := range staples {
		if staple == nil {
			return refuse(stapled.StapleMissing, "the source has none for certificate %d", n)
		}
		if err := staple.Check(now, c.issuer.freshness); err != nil {
			return refuseStaple(err)
		}
	}
	return nil
}
