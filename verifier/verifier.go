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
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Verifier verifies tokens. It is safe for concurrent use. The zero Verifier
// accepts nothing: use [New].
type Verifier struct {
	*core
	view view
}

// core is what the views of a verifier share.
type core struct {
	cfg         Config // for the fields of ViewConfig, see the view
	freshness   ocspstaple.Freshness
	leeway      time.Duration
	trust       atomic.Pointer[trust]
	views       atomic.Uint64
	tokens      *cache[*accepted]
	headers     *cache[*provenHeader]
	links       *cache[*link]
	revocations revocations
	scratch     sync.Pool
	tally       tally
}

// New returns a verifier. It rejects a configuration that is incomplete or has
// an invalid value. The error names the field. It is not a [*stapled.Error],
// because it is meant for the programmer.
func New(cfg Config) (*Verifier, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &core{
		cfg:       cfg,
		freshness: ocspstaple.Freshness{MaxAge: cfg.MaxStapleAge, Leeway: cfg.Leeway},
		leeway:    leeway.Of(cfg.Leeway),
		scratch:   sync.Pool{New: func() any { return new(scratch) }},
	}
	c.newCaches()
	c.trust.Store(&trust{anchors: cfg.Anchors})
	return c.newView(ViewConfig{Audience: cfg.Audience, Issuers: cfg.Issuers, Type: cfg.Type, MaxLifetime: cfg.MaxLifetime})
}

var errZeroVerifier = stapled.Errorf(stapled.ConfigInvalid, "the zero Verifier accepts nothing: use New")

// Verify accepts or rejects a token in compact serialization (RFC 7515 §7.1).
// The error is a [*stapled.Error] with the reason, returned with the zero
// Token.
//
// It rejects a token that is bound to a peer or to a request: use
// [Verifier.VerifyBound].
func (v *Verifier) Verify(raw string) (Token, error) { return v.VerifyBound(raw, Bindings{}) }

// moment is what a verification depends on beside the token, read once.
type moment struct {
	now   time.Time
	trust *trust
}

// holds reports whether what a header has proven still counts: with these
// anchors, and at this time. Outside its window another certificate of the
// anchor may vouch for the chain.
func (m moment) holds(h *provenHeader, leeway time.Duration) bool {
	return h.generation == m.trust.generation && h.window.Check(m.now, leeway) == nil
}

func (v *Verifier) verify(raw string, b Bindings) (*accepted, error) {
	at := moment{now: v.cfg.Now(), trust: v.trust.Load()}
	// 1. Size and shape.
	t, err := split(raw)
	if err != nil {
		return nil, err
	}
	if token, ok := v.tokens.get(v.view.id, t.rest); ok && token.header.segment == t.header && at.holds(token.header, v.leeway) {
		v.tally[v.tally.shard()].token.Add(1)
		return v.verifyAgain(token, b, at.now)
	}
	if h, ok := v.headers.get(everyView, t.header); ok && at.holds(h, v.leeway) {
		v.tally[v.tally.shard()].header.Add(1)
		return v.verifyProven(t, h, b, at.now)
	}
	v.tally[v.tally.shard()].none.Add(1)
	return v.verifyWhole(t, b, at)
}

// verifyWhole verifies a token whose header has not been seen before.
func (v *Verifier) verifyWhole(t compact, b Bindings, at moment) (*accepted, error) {
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
	c, err := v.newCandidate(h, t.header, at.trust)
	if err != nil {
		return nil, err
	}
	// 4. Chain: an anchor vouches for the key of x5c[0].
	linked, err := c.ordered.Link(certpath.Rules{Now: at.now, Leeway: v.leeway, KeyUsage: v.cfg.KeyUsage}, c.chain)
	if err != nil {
		return nil, err
	}
	// 5. Signature: the sender holds that key. Only then look at what may cost
	// more.
	if err := c.signer.begin(t.header, segments.end); err != nil {
		return nil, reject(stapled.SignatureInvalid, "%w", err)
	}
	if err := c.signer.verify(t, segments); err != nil {
		return nil, reject(stapled.SignatureInvalid, "%w", err)
	}
	path, err := linked.Path()
	if err != nil {
		return nil, err
	}
	names, err := c.chain.namesWithin(path.Anchor)
	if err != nil {
		return nil, err
	}
	// 6. Staples.
	proven, err := v.prove(c, path, names, h, at)
	if err != nil {
		return nil, err
	}
	// 7. Claims.
	token, err := v.newToken(proven, string(segments.payload), b, at.now)
	if err != nil {
		return nil, err
	}
	// Every signature has been verified, so cache the result.
	c.chain.Add(path.Chain[0], path.Issuer(0))
	v.rememberHeader(proven)
	v.rememberToken(t.rest, token)
	return token, nil
}

// verifyProven verifies another token with a proven header, which may have been
// proven for another view.
func (v *Verifier) verifyProven(t compact, h *provenHeader, b Bindings, now time.Time) (*accepted, error) {
	buffer := v.scratch.Get().(*scratch)
	defer v.scratch.Put(buffer)
	segments, err := t.decode(buffer)
	if err != nil {
		return nil, err
	}
	if err := v.view.checkType(h.typ); err != nil {
		return nil, err
	}
	if err := h.signer.verify(t, segments); err != nil {
		return nil, reject(stapled.SignatureInvalid, "%w", err)
	}
	if err := v.checkStaples(h, now); err != nil {
		return nil, err
	}
	token, err := v.newToken(h, string(segments.payload), b, now)
	if err != nil {
		return nil, err
	}
	v.rememberToken(t.rest, token)
	return token, nil
}

// verifyAgain accepts a token that this view has accepted before, if the time
// and the bindings permit.
func (v *Verifier) verifyAgain(token *accepted, b Bindings, now time.Time) (*accepted, error) {
	if err := v.checkStaples(token.header, now); err != nil {
		return nil, err
	}
	if err := token.checkClaimTimes(now, v.leeway); err != nil {
		return nil, err
	}
	if err := token.checkBindings(b); err != nil {
		return nil, err
	}
	return token, nil
}
