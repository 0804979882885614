// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Identity is a certificate chain and the private key of its leaf: what a
// party needs to sign tokens. It is not modified after construction.
type Identity struct {
	// Chain is leaf first and leaves the trust anchor out, as x5c carries it.
	Chain []*x509.Certificate
	// Key is the private key of Chain[0].
	Key crypto.Signer
	// Anchor is the self-signed certificate that stood at the end of the chain,
	// as many files carry it. It is nil where there was none.
	Anchor *x509.Certificate
}

// NewIdentity checks that the key is the leaf's. A self-signed certificate at
// the end of the chain, as many files carry it, becomes the Anchor.
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

func belongs(key crypto.Signer, c *x509.Certificate) bool {
	pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key != nil && pub.Equal(key.Public())
}

// Leaf is the certificate that the key belongs to.
func (id *Identity) Leaf() *x509.Certificate { return id.Chain[0] }

// isSelfSigned asks the signature: a CA that certifies its own new key by the
// old one names itself as the issuer too. Nothing rests on the algorithm.
func isSelfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
