// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// x5cSigner signs tokens with the certificate of [Config].X5C, which they carry
// (RFC 7515 §4.1.6).
func (c *Client) x5cSigner() (jose.Signer, error) {
	if c.cfg.Provisioner == "" {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the client has no provisioner name, which enrolling and revoking need")
	}
	id, err := c.cfg.X5C()
	if err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the certificate for provisioner %q: %w", c.cfg.Provisioner, err)
	}
	if id == nil || id.Leaf() == nil || id.Key == nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the certificate for provisioner %q or its key is missing", c.cfg.Provisioner)
	}
	if leaf := id.Leaf(); time.Now().After(leaf.NotAfter) {
		return nil, stapled.Errorf(stapled.CertificateExpired, "the certificate for provisioner %q, %s, expired at %s: renew it", c.cfg.Provisioner, certname.Of(leaf), timetext.Stamp(leaf.NotAfter))
	}
	algorithm := algorithmOf(id.Leaf().PublicKey)
	if algorithm == "" {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the key of the certificate for provisioner %q cannot sign tokens; use ECDSA, Ed25519 or RSA", c.cfg.Provisioner)
	}
	chain := make([]string, len(id.Chain))
	for i, cert := range id.Chain {
		chain[i] = base64.StdEncoding.EncodeToString(cert.Raw)
	}
	// Opaque, because the key may be in a device.
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: cryptosigner.Opaque(id.Key)},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("x5c", chain))
	if err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the key of the certificate for provisioner %q cannot sign: %w", c.cfg.Provisioner, err)
	}
	return signer, nil
}

// algorithmOf returns the algorithm of a key (RFC 7518 §3.1, RFC 8037 §3.1), or
// nothing if there is none.
func algorithmOf(key crypto.PublicKey) jose.SignatureAlgorithm {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return map[int]jose.SignatureAlgorithm{256: jose.ES256, 384: jose.ES384, 521: jose.ES512}[key.Params().BitSize]
	case ed25519.PublicKey:
		return jose.EdDSA
	case *rsa.PublicKey:
		return jose.RS256
	}
	return ""
}
