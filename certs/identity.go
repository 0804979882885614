// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto"
	"crypto/x509"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Identity is a certificate chain and the private key of its leaf: what a party
// needs to sign tokens. Do not modify it after construction.
type Identity struct {
	// Chain is leaf first and omits the trust anchor, as x5c carries it.
	Chain []*x509.Certificate
	// Key is the private key of Chain[0].
	Key crypto.Signer
	// Anchor issued the last certificate of Chain: the self-signed certificate at
	// the end of the chain, which many files include, or what [Identity.Below]
	// found. It is nil if there was none.
	Anchor *x509.Certificate
}

// NewIdentity returns an identity, or an error if the key does not belong to
// the leaf. A self-signed certificate at the end of the chain, which many files
// include, becomes the Anchor.
func NewIdentity(chain []*x509.Certificate, key crypto.Signer) (*Identity, error) {
	var anchor *x509.Certificate
	if last := len(chain) - 1; last > 0 && isSelfSigned(chain[last]) {
		chain, anchor = chain[:last], chain[last]
	}
	if len(chain) == 0 || len(chain) > stapled.MaxChain {
		return nil, stapled.Errorf(stapled.ChainInvalid, "%d certificates", len(chain))
	}
	if !belongs(key, chain[0]) {
		for i, c := range chain[1:] {
			if belongs(key, c) {
				return nil, stapled.Errorf(stapled.KeyMismatch, "the private key is the one of certificate %d, %s: put the leaf first", i+1, certname.Of(c))
			}
		}
		return nil, stapled.Errorf(stapled.KeyMismatch, "the private key is not the one of the certificate of %s", certname.Of(chain[0]))
	}
	return &Identity{Chain: chain, Key: key, Anchor: anchor}, nil
}

// Below returns the identity with a chain that ends below the first certificate
// that is one of these anchors, as the path of a verifier that trusts them does;
// that certificate becomes the Anchor. Use it if every verifier of the tokens
// trusts the anchors: tokens get smaller, and what is left out needs no staple.
// If the chain contains none of them, or they are nil, Below returns the identity
// unchanged.
func (id *Identity) Below(agreed *Anchors) *Identity {
	if agreed == nil {
		return id
	}
	for n := 1; n < len(id.Chain); n++ { // a leaf is no anchor
		if agreed.Of(id.Chain[n]) != nil {
			return &Identity{Chain: id.Chain[:n:n], Key: id.Key, Anchor: id.Chain[n]}
		}
	}
	return id
}

func belongs(key crypto.Signer, c *x509.Certificate) bool {
	pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key != nil && pub.Equal(key.Public())
}

// Leaf returns the certificate that the key belongs to; nil if there is none,
// which [NewIdentity] rules out.
func (id *Identity) Leaf() *x509.Certificate {
	if len(id.Chain) == 0 {
		return nil
	}
	return id.Chain[0]
}

// isSelfSigned checks the signature: a CA that certifies its own new key with
// the old one also names itself as the issuer. Nothing depends on the
// algorithm.
func isSelfSigned(c *x509.Certificate) bool {
	return isSelfIssued(c) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
