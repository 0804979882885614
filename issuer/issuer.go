// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package issuer signs stapled tokens: JWTs that carry the certificate chain of
// their signer and a fresh OCSP response for it, both under the signature.
//
// An [Issuer] signs only while it has a fresh staple that says good for the
// very certificate it signs with. It gets its staples from a [StapleSource],
// usually a *stapler.Stapler:
//
//	iss, err := issuer.New(issuer.Config{Identity: identity, Staples: keeper})
//	…
//	token, err := iss.Sign(ctx, issuer.Claims{Audience: []string{"orders"}})
//
// A [Transport] adds tokens to the requests of an http.Client, and a
// [TokenSource] supplies them to anything else that sends them.
package issuer

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// DefaultTTL is the default of [Config].TTL.
const DefaultTTL = 5 * time.Minute

// StapleSource provides the staples of a certificate chain.
type StapleSource interface {
	// Current returns the staples to sign with at a given time, leaf first:
	// element i is for certificate i. An error says which condition fails; it
	// wraps a [stapled.Reason] if there is one. The same slice means that
	// nothing has changed; the issuer does not modify it.
	Current(now time.Time) ([]*ocspstaple.Staple, error)
}

// Nudger is a [StapleSource] that fetches staples by itself, and sooner if told
// that they are needed. [Issuer.Sign] and [TokenSource.Token] call Nudge
// whenever they refuse because staples are missing or unusable, and do not wait
// for the result. Nudge must not block. A *stapler.Stapler is a Nudger.
type Nudger interface {
	StapleSource
	Nudge()
}

// StaticStaples is a [StapleSource] of staples that the caller keeps fresh.
type StaticStaples []*ocspstaple.Staple

// Current returns the staples unchanged: the issuer checks them.
func (f StaticStaples) Current(time.Time) ([]*ocspstaple.Staple, error) { return f, nil }

// Config says who signs and how.
type Config struct {
	// Identity is the chain and the private key to sign with. Required. Any
	// crypto.Signer works, including one that calls a key management service.
	// x5c has its whole chain; [certs.Identity.Below] leaves out what verifiers
	// have anyway. Its Anchor is needed to authenticate a staple of the last
	// certificate of the chain: if that is the only one, or if the source staples
	// the whole chain.
	Identity *certs.Identity
	// Staples provides the staples for Identity. Required.
	Staples StapleSource
	// Issuer is the iss claim (RFC 7519 §4.1.1). The leaf must name it.
	// Default: the leaf's first URI, else https:// and its first DNS name.
	Issuer string
	// TTL is the maximum time from iat to exp, at least a second. It must not
	// exceed the verifiers' MaxLifetime. A token ends earlier if a staple or a
	// certificate does. Default [DefaultTTL].
	TTL time.Duration
	// Type is the typ header parameter (RFC 8725 §3.11). Default [stapled.Type].
	Type string
	// Algorithm is the alg header parameter (RFC 7518 §3.1), such as "PS256".
	// Default: the one for the key's curve, EdDSA, or RS256.
	Algorithm string
	// MaxStapleAge limits the time since a staple's thisUpdate, and no token
	// outlives it. It must not exceed the verifiers' MaxStapleAge, or they
	// refuse such a token. Default [stapled.DefaultMaxStapleAge], which is also
	// the verifiers' default.
	MaxStapleAge time.Duration
	// Leeway is how far the clock of the CA or the responder may be ahead. It
	// extends nothing. 0 means [stapled.DefaultLeeway], one minute;
	// [stapled.NoLeeway] means none. At most [stapled.MaxLeeway].
	Leeway time.Duration
	// Now is the clock. Default [time.Now].
	Now func() time.Time
	// Logger logs new headers and rotations. Default: no logs.
	Logger *slog.Logger
}

// Issuer signs tokens. It is safe for concurrent use.
type Issuer struct {
	name      string
	ttl       time.Duration
	typ       string
	algorithm jose.SignatureAlgorithm // "" for the key's own
	freshness ocspstaple.Freshness
	now       func() time.Time
	log       *slog.Logger

	current atomic.Pointer[credential]
}

// New returns an issuer. It does not ask for staples yet: [Issuer.Sign] refuses
// until there are any. The error is a [*stapled.Error].
func New(cfg Config) (*Issuer, error) {
	if cfg.Identity == nil || cfg.Staples == nil {
		return nil, refuse(stapled.ConfigInvalid, "Identity and Staples are required")
	}
	for name, d := range map[string]time.Duration{"TTL": cfg.TTL, "MaxStapleAge": cfg.MaxStapleAge} {
		if d < 0 {
			return nil, refuse(stapled.ConfigInvalid, "%s is negative", name)
		}
	}
	if err := leeway.Check(cfg.Leeway); err != nil {
		return nil, refuse(stapled.ConfigInvalid, "Leeway: %w", err)
	}
	i := &Issuer{
		name:      cfg.Issuer,
		ttl:       cfg.TTL,
		typ:       cfg.Type,
		algorithm: jose.SignatureAlgorithm(cfg.Algorithm),
		freshness: ocspstaple.Freshness{MaxAge: cfg.MaxStapleAge, Leeway: cfg.Leeway},
		now:       cfg.Now,
		log:       cfg.Logger,
	}
	if i.ttl == 0 {
		i.ttl = DefaultTTL
	}
	if i.ttl < time.Second {
		return nil, refuse(stapled.ConfigInvalid, "a TTL of %s: exp has whole seconds (RFC 7519 §2), so it must be a second or more", timetext.Duration(i.ttl))
	}
	if i.typ == "" {
		i.typ = stapled.Type
	}
	if strings.ContainsFunc(i.typ, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, refuse(stapled.ConfigInvalid, "typ %q is not a media type", i.typ)
	}
	if i.now == nil {
		i.now = time.Now
	}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	c, err := i.newCredential(cfg.Identity, cfg.Staples)
	if err != nil {
		return nil, err
	}
	i.current.Store(c)
	return i, nil
}

// Rotate swaps certificate, key and staples together: every token is signed
// with either the old set or the new one. It checks, by the same rules as
// [Issuer.Sign], that the new set can sign now; if not, the old one stays in
// use. The new leaf must name the same issuer. The error is a [*stapled.Error].
//
// The old source may be stopped after Rotate returns.
func (i *Issuer) Rotate(id *certs.Identity, staples StapleSource) error {
	if id == nil || staples == nil {
		return refuse(stapled.ConfigInvalid, "an identity and its staples are required")
	}
	c, err := i.newCredential(id, staples)
	if err != nil {
		return err
	}
	if _, err := c.header(i.now()); err != nil {
		return err
	}
	i.current.Store(c)
	i.log.Info("certificate rotated", "kid", c.kid, "not_after", c.notAfter)
	return nil
}

// Sign returns a signed token. It refuses with a [*stapled.Error] that says
// which condition fails, most notably if there is no fresh staple that says
// good for the leaf. It waits only for the private key. If the staples are not
// usable, Sign nudges a source that is a [Nudger], and a later call may
// succeed.
func (i *Issuer) Sign(ctx context.Context, claims Claims) (string, error) {
	if ctx.Err() != nil {
		return "", &stapled.Error{Reason: stapled.Canceled, Err: context.Cause(ctx)}
	}
	now := i.now()
	c := i.current.Load()
	h, err := c.header(now)
	if err != nil {
		return "", err
	}
	raw, _, err := i.sign(h, claims, now)
	return raw, err
}

// sign returns the token and its exp claim.
func (i *Issuer) sign(h *header, claims Claims, now time.Time) (string, time.Time, error) {
	exp, err := i.expiry(h, claims.TTL, now)
	if err != nil {
		return "", time.Time{}, err
	}
	buffer := make([]byte, 0, 256)
	payload, err := h.credential.appendPayload(buffer, claims, now, exp)
	if err != nil {
		return "", time.Time{}, err
	}
	raw, err := h.sign(payload)
	if err != nil {
		return "", time.Time{}, err
	}
	return raw, exp, nil
}

// expiry returns min(now + TTL, the end of the staples, the end of the chain),
// in whole seconds. Beyond any of these, the token would claim more than it
// proves.
func (i *Issuer) expiry(h *header, ttl time.Duration, now time.Time) (time.Time, error) {
	switch {
	case ttl < 0 || ttl > i.ttl:
		return time.Time{}, i.refuseTTL(ttl)
	case ttl == 0:
		ttl = i.ttl
	}
	// From iat, which is also in whole seconds, so exp - iat never exceeds the
	// TTL.
	exp, reason := time.Unix(now.Unix(), 0).Add(ttl), stapled.ClaimsInvalid
	if h.freshUntil.Before(exp) {
		exp, reason = h.freshUntil, stapled.StapleStale
	}
	if h.credential.notAfter.Before(exp) {
		exp, reason = h.credential.notAfter, stapled.CertificateExpired
	}
	if exp.Unix() <= now.Unix() {
		return time.Time{}, refuse(reason, "the token would end at %s, and it is %s",
			exp.UTC().Format(time.RFC3339Nano), now.UTC().Format(time.RFC3339Nano))
	}
	return time.Unix(exp.Unix(), 0), nil
}

func (i *Issuer) refuseTTL(ttl time.Duration) error {
	return refuse(stapled.ClaimsInvalid, "a TTL of %s: the issuer permits up to %s", timetext.Duration(ttl), timetext.Duration(i.ttl))
}
