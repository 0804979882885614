// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"hash"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// sign returns a token in compact serialization (RFC 7515 §7.1) with this
// header and the payload.
func (h *header) sign(payload []byte) (string, error) {
	encoding := base64.RawURLEncoding
	segment := encoding.AppendEncode(make([]byte, 0, encoding.EncodedLen(len(payload))), payload)
	// Check before using the key: it may be a remote service.
	width := encoding.EncodedLen(h.credential.signatureSize())
	size := len(h.segment) + len(segment) + 1 + width
	if size > stapled.MaxTokenBytes {
		return "", refuse(stapled.TooLarge, "a token of %d bytes, and verifiers accept %d: use fewer claims", size, stapled.MaxTokenBytes)
	}
	signature, err := h.signature(segment)
	if err != nil {
		return "", err
	}
	var raw strings.Builder
	raw.Grow(size)
	raw.WriteString(h.segment)
	raw.Write(segment)
	raw.WriteByte('.')
	raw.Write(encoding.AppendEncode(make([]byte, 0, width), signature))
	return raw.String(), nil
}

// signature signs the JWS Signing Input (RFC 7515 §5.1).
func (h *header) signature(segment []byte) ([]byte, error) {
	c := h.credential
	if c.hash == 0 {
		input := make([]byte, 0, len(h.segment)+len(segment))
		input = append(append(input, h.segment...), segment...)
		signature, err := c.key.Sign(rand.Reader, input, crypto.Hash(0))
		return signature, c.checkSignature(signature, err)
	}
	digest := h.digest(segment)
	var options crypto.SignerOpts = c.hash
	switch c.algorithm {
	case jose.PS256, jose.PS384, jose.PS512:
		// The salt is as long as the digest (RFC 7518 §3.5).
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: c.hash}
	}
	signature, err := c.key.Sign(rand.Reader, digest, options)
	if err == nil {
		switch c.algorithm {
		case jose.ES256, jose.ES384, jose.ES512:
			signature, err = fixedWidth(signature, c.signatureSize()/2)
		}
	}
	return signature, c.checkSignature(signature, err)
}

// digest continues the digest of the header with the payload segment.
func (h *header) digest(segment []byte) []byte {
	if cloner, ok := h.prefix.(hash.Cloner); ok {
		if state, err := cloner.Clone(); err == nil {
			state.Write(segment)
			return state.Sum(nil)
		}
	}
	// A module that replaces the standard library's digests may not support
	// cloning.
	state := h.credential.hash.New()
	state.Write([]byte(h.segment))
	state.Write(segment)
	return state.Sum(nil)
}

// signatureSize returns the length of a signature: r and s at full width (RFC
// 7518 §3.4), 64 bytes for Ed25519 (RFC 8037 §3.1), or the length of the
// modulus.
func (c *credential) signatureSize() int {
	switch c.algorithm {
	case jose.ES256, jose.EdDSA:
		return 64
	case jose.ES384:
		return 96
	case jose.ES512:
		return 132
	}
	if pub, ok := c.key.Public().(*rsa.PublicKey); ok {
		return pub.Size()
	}
	return 0 // unreachable: newCredential paired key and algorithm
}

func (c *credential) checkSignature(signature []byte, err error) error {
	if err != nil {
		return refuse(stapled.SigningFailed, "the private key: %w", err)
	}
	if len(signature) != c.signatureSize() {
		return refuse(stapled.SigningFailed, "the private key made a signature of %d bytes, not %d", len(signature), c.signatureSize())
	}
	return nil
}

var errSignature = errors.New("not an ECDSA signature of this curve")

// fixedWidth converts an ECDSA-Sig-Value (RFC 3279 §2.2.3), as every
// crypto.Signer returns it, to r and s at full width (RFC 7518 §3.4).
func fixedWidth(der []byte, width int) ([]byte, error) {
	var r, s []byte
	input, inner := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadASN1(&inner, cbasn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&s) || !inner.Empty() ||
		len(r) > width || len(s) > width {
		return nil, errSignature
	}
	signature := make([]byte, 2*width)
	copy(signature[width-len(r):], r)
	copy(signature[2*width-len(s):], s)
	return signature, nil
}
