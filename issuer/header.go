// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"encoding/base64"
	"hash"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// header is the protected header of all tokens that are signed with one set of
// staples. Verifiers recognize its bytes and skip what they have proven once,
// so it has a fixed order of members and nothing that differs between tokens.
// It is not modified.
type header struct {
	credential *credential
	staples    []*ocspstaple.Staple
	// segment is its base64url encoding and the dot behind.
	segment string
	// prefix is the state of the digest after the segment, so that a token
	// costs the digest of its payload only. It is nil for EdDSA, which signs
	// the message itself.
	prefix hash.Hash
	// freshUntil is the last instant at which every staple is fresh.
	freshUntil time.Time
}

// newHeader makes a header of staples that have been checked, and proves it.
func (c *credential) newHeader(staples []*ocspstaple.Staple, now time.Time) (*header, error) {
	// 1. The staples are about these certificates. A source may have been
	// paired with another identity by mistake. What verifiers do not need of them
	// is left out; a stapler has done so already.
	h := &header{credential: c, staples: slices.Clone(staples)}
	size := 0
	var slim []*ocspstaple.Staple
	for n, staple := range staples {
		issuer := c.issuerOf(n)
		if issuer == nil {
			return nil, refuse(stapled.ConfigInvalid, "the staple of certificate %d cannot be authenticated without its issuer: set Config.Anchor", n)
		}
		staple, err := ocspstaple.Slim(staple.DER(), c.chain[n], issuer, now)
		if err != nil {
			return nil, refuseStaple(err)
		}
		slim = append(slim, staple)
		size += len(staple.DER())
		if until := staple.FreshUntil(c.issuer.freshness); h.freshUntil.IsZero() || until.Before(h.freshUntil) {
			h.freshUntil = until
		}
	}
	// 2. Verifiers accept their size.
	if size > stapled.MaxStapleBytes {
		return nil, refuse(stapled.TooLarge, "staples of %d bytes, and verifiers accept %d: "+
			"use smaller keys, or smaller certificates for responders", size, stapled.MaxStapleBytes)
	}
	// 3. Encode, once.
	h.segment = base64.RawURLEncoding.EncodeToString(c.appendHeader(nil, slim)) + "."
	if err := c.checkRoom(len(h.segment)); err != nil {
		return nil, err
	}
	if c.hash != 0 {
		h.prefix = c.hash.New()
		h.prefix.Write([]byte(h.segment))
	}
	// 4. An implementation that is not ours verifies a signature over it.
	if err := h.prove(); err != nil {
		return nil, err
	}
	return h, nil
}

// minClaims is what the claims that every token has take, in base64url, if all
// of them are short.
const minClaims = 256

// checkRoom refuses a header segment beside which no claims fit.
func (c *credential) checkRoom(segment int) error {
	room := stapled.MaxTokenBytes - segment - minClaims - 1 - base64.RawURLEncoding.EncodedLen(c.signatureSize())
	if room < 0 {
		return refuse(stapled.TooLarge, "a header of %d bytes leaves no room for claims in a token of %d: "+
			"use smaller keys and certificates", segment, stapled.MaxTokenBytes)
	}
	return nil
}

// appendHeader writes the JOSE header (RFC 7515 §4): alg, typ, kid, x5c and
// ocsp in this order.
func (c *credential) appendHeader(b []byte, staples []*ocspstaple.Staple) []byte {
	b = appendString(append(b, `{"alg":`...), string(c.algorithm))
	b = appendString(append(b, `,"typ":`...), c.issuer.typ)
	b = appendString(append(b, `,"kid":`...), c.kid)
	b = appendStrings(append(b, `,"x5c":`...), certx5c.Encode(c.chain))
	ocsp := make([]string, len(staples))
	for n, staple := range staples {
		ocsp[n] = base64.StdEncoding.EncodeToString(staple.DER())
	}
	b = appendStrings(append(b, `,"ocsp":`...), ocsp)
	return append(b, '}')
}

// prove signs a token without claims, which no verifier of stapled tokens
// accepts, and has go-jose verify it with the key of the leaf. A header that
// does not pass is never used.
func (h *header) prove() error {
	const payload = "{}"
	raw, err := h.sign([]byte(payload))
	if err != nil {
		return err
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{h.credential.algorithm})
	if err != nil {
		return refuse(stapled.SigningFailed, "go-jose does not parse a token with the new header: %w", err)
	}
	got, err := jws.Verify(h.credential.chain[0].PublicKey)
	if err != nil {
		return refuse(stapled.SigningFailed, "go-jose does not verify the signature of the private key: %w", err)
	}
	if string(got) != payload {
		return refuse(stapled.SigningFailed, "go-jose reads another payload than was signed")
	}
	return nil
}
