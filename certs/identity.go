// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"

	"github.com/stapledjwt/stapled"
)

// Identity is a certificate chain and the private key of its leaf: what a
// party needs to sign tokens. It is not modified after construction.
type Identity struct {
	// Chain is leaf first and leaves the trust anchor out, as x5c carries it.
	Chain []*x509.Certificate
	// Key is the private key of Chain[0].
	Key crypto.Signer
}

// NewIdentity checks that the key is the leaf's. A self-signed certificate at
// the end of the chain, as many files carry it, is the anchor and is dropped.
func NewIdentity(chain []*x509.Certificate, key crypto.Signer) (*Identity, error) {
	if len(chain) > 1 && isSelfSigned(chain[len(chain)-1]) {
		chain = chain[:len(chain)-1]
	}
	if len(chain) == 0 || len(chain) > stapled.MaxChain {
		return nil, stapled.Errorf(stapled.ChainInvalid, "%d certificates", len(chain))
	}
	type comparable interface{ Equal(crypto.PublicKey) bool }
	pub, ok := chain[0].PublicKey.(comparable)
	if !ok || key == nil || !pub.Equal(key.Public()) {
		return nil, stapled.Errorf(stapled.KeyMismatch, "the private key is not the one of the certificate for %q", chain[0].Subject)
	}
	return &Identity{Chain: chain, Key: key}, nil
}

// Leaf is the certificate that the key belongs to.
func (id *Identity) Leaf() *x509.Certificate { return id.Chain[0] }

// isSelfSigned asks the signature: a CA that certifies its own new key by the
// old one names itself as the issuer too. Nothing rests on the algorithm.
func isSelfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
