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

// header is the protected header of all tokens signed with one set of staples.
// Verifiers recognize its bytes and skip what they have already proven, so its
// members have a fixed order and nothing in it differs between tokens. It is
// immutable.
type header struct {
	credential *credential
	staples    []*ocspstaple.Staple
	// segment is its base64url encoding and the dot after it.
	segment string
	// prefix is the digest state after the segment, so that a token costs only
	// the digest of its payload. It is nil for EdDSA, which signs the message
	// itself.
	prefix hash.Hash
	// freshUntil is the last instant at which every staple is fresh.
	freshUntil time.Time
}

// newHeader makes a header from checked staples, and proves it.
func (c *credential) newHeader(staples []*ocspstaple.Staple, now time.Time) (*header, error) {
	// 1. The staples are about these certificates. A source may have been
	// paired with another identity by mistake. Drop what verifiers do not need;
	// a stapler has already done so.
	h := &header{credential: c, staples: slices.Clone(staples)}
	size := 0
	var slim []*ocspstaple.Staple
	for n, staple := range staples {
		issuer := c.issuerOf(n)
		if issuer == nil {
			return nil, refuse(stapled.ConfigInvalid, "the staple of certificate %d cannot be authenticated without its issuer: set Identity.Anchor", n)
		}
		staple, err := ocspstaple.Slim(staple.DER(), c.chain[n], issuer, now, c.issuer.freshness.Leeway)
		if err != nil {
			return nil, refuseStaple(err)
		}
		slim = append(slim, staple)
		size += len(staple.DER())
		if until := staple.FreshUntil(c.issuer.freshness); h.freshUntil.IsZero() || until.Before(h.freshUntil) {
			h.freshUntil = until
		}
	}
	// 2. Their size is acceptable to verifiers.
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
	// 4. An independent implementation verifies a signature over it.
	if err := h.prove(); err != nil {
		return nil, err
	}
	return h, nil
}

// minClaims is the size in base64url of the claims in every token, if all of
// them are short.
const minClaims = 256

// checkRoom refuses a header segment that leaves no room for claims.
func (c *credential) checkRoom(segment int) error {
	room := stapled.MaxTokenBytes - segment - minClaims - 1 - base64.RawURLEncoding.EncodedLen(c.signatureSize())
	if room < 0 {
		return refuse(stapled.TooLarge, "a header of %d bytes leaves no room for claims in a token of %d: "+
			"use smaller keys and certificates", segment, stapled.MaxTokenBytes)
	}
	return nil
}

// appendHeader writes the JOSE header (RFC 7515 §4): alg, typ, kid, x5c and
// ocsp, in this order.
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
// accepts, and has go-jose verify it with the key of the leaf. The issuer never
// uses a header that fails this.
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
