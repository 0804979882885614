// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package verifier decides whether to accept a stapled token.
//
// A stapled token carries, in its protected header, the certificate chain of
// the key that signed it and a fresh OCSP response for that certificate. From
// these, and from configured anchors, [Verifier.Verify] proves that the
// certificate is not revoked. It opens no socket and reads no file.
//
// The steps are numbered as in docs/format.md. The first rule that fails gives
// the reason. The chain comes before the signature: the verifier must not use a
// key, at a cost that its owner chose, before an anchor vouches for it.
package verifier

import (
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	cfg         Config
	freshness   ocspstaple.Freshness
	leeway      time.Duration
	tokens      *cache[*accepted]
	headers     *cache[*provenHeader]
	links       *cache[*link]
	revocations revocations
	scratch     sync.Pool
}

// New returns a verifier. It rejects a configuration that is incomplete or has
// an invalid value. The error names the field. It is not a [*stapled.Error],
// because it is meant for the programmer.
func New(cfg Config) (*Verifier, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	v := &Verifier{
		cfg:       cfg,
		freshness: ocspstaple.Freshness{MaxAge: cfg.MaxStapleAge, Leeway: cfg.Leeway},
		leeway:    leeway.Of(cfg.Leeway),
		scratch:   sync.Pool{New: func() any { return new(scratch) }},
	}
	v.newCaches()
	return v, nil
}

// Verify accepts or rejects a token in compact serialization (RFC 7515 §7.1).
// The error is a [*stapled.Error] with the reason, returned with the zero
// Token.
func (v *Verifier) Verify(raw string) (Token, error) {
	token, err := v.verify(raw)
	if err != nil {
		return Token{}, err
	}
	return Token{token}, nil
}

func (v *Verifier) verify(raw string) (*accepted, error) {
	if v.cfg.Now == nil {
		return nil, reject(stapled.ConfigInvalid, "this Verifier was not made by verifier.New")
	}
	now := v.cfg.Now()
	// 1. Size and shape.
	t, err := split(raw)
	if err != nil {
		return nil, err
	}
	// A cached result says nothing outside its window: a different anchor may
	// vouch for the chain by then.
	if token, ok := v.tokens.get(t.rest); ok && token.header.segment == t.header && token.header.window.Check(now) == nil {
		return v.verifyAgain(token, now)
	}
	if h, ok := v.headers.get(t.header); ok && h.window.Check(now) == nil {
		return v.verifyProven(t, h, now)
	}
	return v.verifyWhole(t, now)
}

// verifyWhole verifies a token whose header has not been seen before.
func (v *Verifier) verifyWhole(t compact, now time.Time) (*accepted, error) {
	buffer := v.scratch.Get().(*scratch)
	defer v.scratch.Put(buffer)
	// 1. Size and shape, continued.
	segments, err := t.decode(buffer)
	if err != nil {
		return nil, err
	}
	text, err := appendSegment(segments.end, t.header)
	if err != nil {
		return nil, reject(stapled.Malformed, "header: %w", err)
	}
	h, err := parseHeader(string(text[len(segments.end):]))
	if err != nil {
		return nil, err
	}
	// 2. and 3. Header, certificates, key.
	c, err := v.newCandidate(h, t.header, segments.end)
	if err != nil {
		return nil, err
	}
	// 4. Chain: an anchor vouches for the key of x5c[0].
	linked, err := c.ordered.Link(now, v.cfg.KeyUsage, c.chain)
	if err != nil {
		return nil, err
	}
	// 5. Signature: the sender holds that key. Only then do what may
	// cost as much as the whole chain again.
	if err := c.signer.verify(t, segments); err != nil {
		return nil, reject(stapled.SignatureInvalid, "%w", err)
	}
	path, err := linked.Path()
	if err != nil {
		return nil, err
	}
	// 6. Staples.
	proven, err := v.prove(c, path, h.ocsp, now)
	if err != nil {
		return nil, err
	}
	// 7. Claims.
	token, err := v.newToken(proven, string(segments.payload), now)
	if err != nil {
		return nil, err
	}
	// Every signature has been verified, so cache the result.
	c.chain.Add(path.Chain[0], path.Issuer(0))
	v.rememberHeader(proven)
	v.rememberToken(t.rest, token)
	return token, nil
}

// verifyProven verifies another token with a proven header.
func (v *Verifier) verifyProven(t compact, h *provenHeader, now time.Time) (*accepted, error) {
	buffer := v.scratch.Get().(*scratch)
	defer v.scratch.Put(buffer)
	segments, err := t.decode(buffer)
	if err != nil {
		return nil, err
	}
	if err := h.signer.verify(t, segments); err != nil {
		return nil, reject(stapled.SignatureInvalid, "%w", err)
	}
	if err := v.checkStaples(h, now); err != nil {
		return nil, err
	}
	token, err := v.newToken(h, string(segments.payload), now)
	if err != nil {
		return nil, err
	}
	v.rememberToken(t.rest, token)
	return token, nil
}

// verifyAgain accepts a previously accepted token, if the time permits.
func (v *Verifier) verifyAgain(token *accepted, now time.Time) (*accepted, error) {
	if err := v.checkStaples(token.header, now); err != nil {
		return nil, err
	}
	if err := token.checkClaimTimes(now, v.leeway); err != nil {
		return nil, err
	}
	return token, nil
}
