// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"hash"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled/internal/certkey"
)

// signer verifies signatures by one leaf key over one header.
type signer struct {
	alg  jose.SignatureAlgorithm
	key  crypto.PublicKey
	hash crypto.Hash
	// prefix is the digest state after the header and its dot, so that another
	// token with this header costs only the digest of its payload. It is nil
	// for EdDSA, which signs the message itself.
	prefix hash.Cloner
}

// newSigner checks alg against the key (RFC 8725 §3.1).
func newSigner(key crypto.PublicKey, alg jose.SignatureAlgorithm) (*signer, error) {
	digest, err := certkey.Hash(alg)
	if err != nil {
		return nil, err
	}
	if err := certkey.CheckAlgorithm(key, alg); err != nil {
		return nil, err
	}
	return &signer{alg: alg, key: key, hash: digest}, nil
}

// begin digests the header, which may be long: a stranger's is not worth it. It
// uses buffer as scratch memory.
func (s *signer) begin(segment string, buffer []byte) error {
	if s.hash == 0 {
		return nil
	}
	state, ok := s.hash.New().(hash.Cloner)
	if !ok {
		return errors.New("the digest does not support cloning")
	}
	start := len(buffer)
	buffer = append(append(buffer, segment...), '.')
	state.Write(buffer[start:])
	s.prefix = state
	return nil
}

var errSignature = errors.New("signature verification failed")

// verify checks the signature over the exact bytes received (RFC 7515 §5.2).
func (s *signer) verify(t compact, decoded segments) error {
	buffer, signature := decoded.end, decoded.signature
	start := len(buffer)
	if s.hash == 0 {
		key, ok := s.key.(ed25519.PublicKey)
		message := append(buffer, t.input...)[start:]
		if !ok || !ed25519.Verify(key, message, signature) {
			return errSignature
		}
		return nil
	}
	state, err := s.prefix.Clone()
	if err != nil {
		return err
	}
	buffer = append(buffer, t.payload...)
	state.Write(buffer[start:])
	buffer = state.Sum(buffer[:start])
	return s.verifyDigest(buffer[start:], signature, buffer)
}

// verifyDigest appends the scratch memory it needs to buffer.
func (s *signer) verifyDigest(digest, signature, buffer []byte) error {
	switch key := s.key.(type) {
	case *ecdsa.PublicKey:
		// R and S at their full width, nothing else (RFC 7518 §3.4).
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return errSignature
		}
		der := appendECDSASignature(buffer, signature[:size], signature[size:])[len(buffer):]
		if !ecdsa.VerifyASN1(key, digest, der) {
			return errSignature
		}
		return nil
	case *rsa.PublicKey:
		switch s.alg {
		case jose.RS256, jose.RS384, jose.RS512:
			return rsa.VerifyPKCS1v15(key, s.hash, digest, signature)
		case jose.PS256, jose.PS384, jose.PS512:
			// The salt is as long as the digest (RFC 7518 §3.5).
			return rsa.VerifyPSS(key, s.hash, digest, signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	}
	return errSignature
}

// appendECDSASignature encodes R and S as an Ecdsa-Sig-Value (RFC 3279 §2.2.3).
// It leaves their range to crypto/ecdsa.
func appendECDSASignature(der, r, s []byte) []byte {
	r, s = minimal(r), minimal(s)
	size := integerSize(r) + integerSize(s)
	der = append(der, 0x30)
	if size > 127 {
		der = append(der, 0x81)
	}
	der = append(der, byte(size))
	return appendInteger(appendInteger(der, r), s)
}

// minimal drops leading zeros, but keeps the last byte.
func minimal(n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	return n
}

// integerSize is the size of a DER INTEGER. A set high bit would make the
// number negative, so it needs another byte.
func integerSize(n []byte) int { return 2 + len(n) + int(n[0]>>7) }

func appendInteger(der, n []byte) []byte {
	der = append(der, 0x02, byte(integerSize(n)-2))
	if n[0]>>7 == 1 {
		der = append(der, 0)
	}
	return append(der, n...)
}
